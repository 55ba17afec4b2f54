"""Draws garments in scenes: shapes, folds and light, with NumPy and OpenCV only."""
