"""One command for each measured claim; see benchmarks/README.md."""

import os

# A keras.json in the home folder may name another backend.
os.environ["KERAS_BACKEND"] = "tensorflow"
