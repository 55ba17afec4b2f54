"""Tests of pyimagesearch/images.py and image_headers.py, and the fuzzing of both."""
