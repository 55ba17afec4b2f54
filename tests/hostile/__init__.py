"""Model and label files made to do harm, a module a kind, and what classify.py says of them."""
