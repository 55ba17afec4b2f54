"""Training and tagging with several processes or machines through Ray, for --workers only."""
