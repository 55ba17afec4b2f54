"""Each claim of the README as one command that prints its ratio."""
