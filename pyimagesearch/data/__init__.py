"""From samples to arrays: images and feature tables, near-duplicates, and how they are split."""
