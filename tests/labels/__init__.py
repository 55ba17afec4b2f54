"""Tests of pyimagesearch/labels, a file for each module."""
