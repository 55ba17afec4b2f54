"""model_file."""
