"""The forms in which labels come: a module for each reads a file into rows."""
