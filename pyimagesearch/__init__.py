"""Multi-label image tagging: the parts behind train.py, classify.py and search_bing_api.py."""

import os

# An old keras.json in the home folder, as the tutorial's readers have, may name another.
os.environ["KERAS_BACKEND"] = "tensorflow"
