"""Tests of pyimagesearch/images/decoder.py and image_headers.py, and the fuzzing of both."""
