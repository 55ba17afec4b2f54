import numpy as np

from benchmarks import unknown_images


def test_images_of_each_kind_differ_and_are_the_same_for_the_same_seed() -> None:
    kinds = dict(unknown_images.kinds(24, seed=1))
    again = dict(unknown_images.kinds(24, seed=1))
    assert set(kinds) >= {"noise", "blank", "logo", "face", "landscape", "shoe", "samples"}
    for name, images in kinds.items():
        assert images.shape == (unknown_images.EACH, 24, 24, 3)
        assert images.dtype == np.uint8
        different = np.unique(images.reshape(unknown_images.EACH, -1), axis=0)
        assert len(different) > unknown_images.EACH / 2
        np.testing.assert_array_equal(images, again[name])
