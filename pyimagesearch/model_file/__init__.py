"""What train.py saves of a trained network, and how it is loaded again."""
