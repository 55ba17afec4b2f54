"""SmallerVGGNet, the small VGG network of the 2018 tutorial, layer for layer.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
https://arxiv.org/abs/1409.1556, with batch normalisation after each activation.
"""

import keras
from keras import layers

# The default of Keras, 0.99, needs thousands of steps to converge; a run here has a few hundred.
MOMENTUM = 0.9


class SmallerVGGNet:
    """Three stages of 3x3 convolutions, a dense layer of 1024, and one output per label."""

    @staticmethod
    def build(
        width: int, height: int, depth: int, classes: int, finalAct: str = "softmax"
    ) -> keras.Model:
        """Return the uncompiled network for float images scaled to 0..1.

        Its input is (batch, height, width, depth), or (batch, depth, height, width) if the image
        data format of Keras is "channels_first"; its output is (batch, classes). `finalAct` is
        "sigmoid" if an image can have several labels, "softmax" if it has exactly one class.
        """
        channels_first = keras.config.image_data_format() == "channels_first"
        shape = (depth, height, width) if channels_first else (height, width, depth)
        channels = 1 if channels_first else -1

        model = keras.Sequential([keras.Input(shape)], name="smallervggnet")
        for filters, convolutions, pool in ((32, 1, 3), (64, 2, 2), (128, 2, 2)):
            for _ in range(convolutions):
                model.add(layers.Conv2D(filters, 3, padding="same"))
                model.add(layers.Activation("relu"))
                model.add(layers.BatchNormalization(axis=channels, momentum=MOMENTUM))
            model.add(layers.MaxPooling2D(pool))
            model.add(layers.Dropout(0.25))
        model.add(layers.Flatten())
        model.add(layers.Dense(1024))
        model.add(layers.Activation("relu"))
        model.add(layers.BatchNormalization(momentum=MOMENTUM))
        model.add(layers.Dropout(0.5))
        model.add(layers.Dense(classes))
        model.add(layers.Activation(finalAct))
        return model
