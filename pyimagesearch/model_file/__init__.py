"""The file that train.py saves and classify.py loads, and what runs the network in it."""
