"""The command lines of train.py and classify.py, and what they print, write and draw."""
