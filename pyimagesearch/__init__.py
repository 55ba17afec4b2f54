"""Multi-label image tagging: the parts behind train.py, classify.py and search_bing_api.py."""
