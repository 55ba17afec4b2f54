import keras

from pyimagesearch.model_file.cost import count_activations, count_multiply_adds


def test_activations_and_multiply_adds_of_all_layers_are_counted() -> None:
    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(5, 3, padding="same"),
            keras.layers.DepthwiseConv2D(3, padding="same"),
            keras.layers.MaxPooling2D(2),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(7),
        ]
    )
    convolution, pooling, dense = 8 * 8 * 5, 4 * 4 * 5, 7
    assert count_activations(network) == 2 * convolution + 3 * pooling + dense
    # One each for ReLU and Flatten.
    assert count_multiply_adds(network) == (
        convolution * (3 * 3 * 3)
        + convolution * (3 * 3)
        + pooling * (2 * 2)
        + 2 * pooling
        + dense * (4 * 4 * 5)
    )
