"""Tests of pyimagesearch/gather and the local web they run against."""
