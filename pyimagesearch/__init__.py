"""Multi-label image tagging: the parts behind train.py, classify.py and search_bing_api.py."""

__version__ = "2.0.0.dev0"
