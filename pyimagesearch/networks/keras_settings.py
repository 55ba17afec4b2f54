"""The settings of Keras with which all networks are built."""

import keras


def set_defaults() -> None:
    """Set float32 and channels last; an old keras.json at home may have set others."""
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
