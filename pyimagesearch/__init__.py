"""Multi-label image tagging: the parts behind train.py, classify.py and search_bing_api.py."""

import os

# Readers of the 2018 tutorial may have an old keras.json that sets another backend.
os.environ["KERAS_BACKEND"] = "tensorflow"
