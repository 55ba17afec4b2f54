"""Metrics, thresholds, calibration, and the rejection of unknown images, on NumPy arrays."""
