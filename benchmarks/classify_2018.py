"""The 2018 tutorial's classify.py on Keras 3, with which tagging is compared.

python -m benchmarks.classify_2018 --model plain.keras --labelbin mlb.pickle --image photo.jpg
"""

import argparse
import pickle
from pathlib import Path

import cv2
import keras
import numpy as np


def main() -> None:
    """Load everything, tag the images one by one, and print the percentage of every label."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-l", "--labelbin", type=Path, required=True)
    parser.add_argument("-i", "--image", nargs="+", required=True)
    options = parser.parse_args()
    model = keras.saving.load_model(options.model)
    binarizer = pickle.loads(options.labelbin.read_bytes())
    side = model.input_shape[1]
    for path in options.image:
        image = cv2.imread(path)
        if image is None:
            raise SystemExit(f"{path}: cannot be read")
        scaled = cv2.resize(image, (side, side)).astype("float") / 255.0
        outputs = model.predict(np.expand_dims(scaled, axis=0), verbose=0)
        # Of networks on a pretrained backbone: probabilities and distances.
        probabilities = outputs[0][0] if isinstance(outputs, list) else outputs[0]
        for label, probability in zip(binarizer.classes_, probabilities, strict=True):
            print(f"{label}: {probability * 100:.2f}%")


if __name__ == "__main__":
    main()
