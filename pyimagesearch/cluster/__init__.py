"""Training and tagging on several processes or machines by Ray; imported only when asked for."""
