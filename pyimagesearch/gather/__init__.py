"""From a phrase to photos: one module for each place to search, and one that downloads."""
