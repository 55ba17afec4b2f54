"""From a phrase to photos: one module for each search service, and those that download and keep."""
