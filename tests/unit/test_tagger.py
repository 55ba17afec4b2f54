import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.pictures.plain import write_picture

from pyimagesearch.console import CommandError
from pyimagesearch.data.dataset import Inputs
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.predictors import Outputs, outputs_of
from pyimagesearch.scoring.rejection import joint_energy
from pyimagesearch.tagger import Tagged, Tagger

LABELS = ("black", "blue", "dress", "jeans", "long")
GROUPS = (
    LabelGroup("colour", ("black", "blue"), is_colour=True),
    LabelGroup("group", ("dress", "jeans"), is_colour=False),
)
# black jeans, blue dress long, blue jeans
SEEN = ((0, 3), (1, 2), (1, 3), (1, 4), (2, 4))


def tagger_with(*probabilities: float) -> Tagger:
    """A tagger with the same probabilities for every image; its image size is 4."""
    config = TaggerConfig("factored", 4, LABELS, (0.5,) * 5, GROUPS, SEEN)

    def predict(batch: Inputs) -> Outputs:
        return outputs_of([np.tile(np.array(probabilities, np.float32), (len(batch), 1))])

    return Tagger(config, predict)


def tag_one(*probabilities: float) -> Tagged:
    return tagger_with(*probabilities).tag(np.zeros((4, 4, 3), np.uint8))


def test_tags_are_sorted_by_label_group_then_by_probability() -> None:
    assert tag_one(0.6, 0.1, 0.9, 0.2, 0.95).tags == ("black", "dress", "long")


def test_two_tags_that_never_occurred_together_in_training_are_a_new_combination() -> None:
    assert tag_one(0.9, 0.1, 0.8, 0.2, 0.1).tags == ("black", "dress")
    assert tag_one(0.9, 0.1, 0.8, 0.2, 0.1).is_new_combination
    assert tag_one(0.9, 0.1, 0.1, 0.8, 0.9).is_new_combination  # black, jeans, long


def test_two_tags_that_occurred_with_others_in_training_are_not_a_new_combination() -> None:
    assert not tag_one(0.1, 0.9, 0.8, 0.2, 0.1).is_new_combination  # blue, dress
    assert not tag_one(0.1, 0.9, 0.8, 0.2, 0.7).is_new_combination  # blue, dress, long


def test_one_tag_or_none_is_never_a_new_combination() -> None:
    assert not tag_one(0.9, 0.1, 0.1, 0.1, 0.1).is_new_combination
    assert tag_one(0.1, 0.1, 0.1, 0.1, 0.1) == Tagged((), tag_one(*[0.1] * 5).probabilities, False)


def test_files_are_tagged_in_order_and_broken_ones_have_an_error(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / f"{number:03}.png") for number in range(150)]
    paths[70].write_bytes(b"")
    results = list(tagger_with(0.9, 0, 0.9, 0, 0).tag_files(iter(paths)))
    assert [path for path, _ in results] == paths
    broken = [path for path, result in results if isinstance(result, ImageError)]
    assert broken == [paths[70]]


def tagger_by_brightness() -> Tagger:
    """A tagger that tags bright images blue and dark ones red; its image size is 8."""

    def predict(batch: Inputs) -> Outputs:
        blue = batch.mean(axis=(1, 2, 3)) / 255
        return outputs_of([np.stack([blue, 1 - blue], axis=1).astype(np.float32)])

    return Tagger(CONFIG_OF_TWO, predict)


def test_a_photo_is_a_path_or_an_array_of_any_size(tmp_path: Path) -> None:
    tagger = tagger_by_brightness()
    path = write_picture(tmp_path / "bright.png", (250, 250, 250))
    assert tagger.tag(path).tags == ("blue",)
    assert tagger.tag(str(path)) == tagger.tag(path)
    assert tagger.tag(np.full((30, 50, 3), 250, np.uint8)).tags == ("blue",)
    assert tagger.tag(np.zeros((3, 2, 3), np.uint8)).tags == ("red",)


def test_several_photos_of_both_kinds_are_tagged_in_order(tmp_path: Path) -> None:
    bright = write_picture(tmp_path / "bright.png", (250, 250, 250))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8")
    dark = np.zeros((5, 6, 3), np.uint8)
    results = list(tagger_by_brightness().tag([bright, dark, dark, broken, str(bright)]))
    assert [getattr(one, "tags", None) for one in results] == [
        ("blue",),
        ("red",),
        ("red",),
        None,
        ("blue",),
    ]
    assert isinstance(results[3], ImageError)


def test_the_error_for_an_unsupported_photo_says_what_was_received(tmp_path: Path) -> None:
    tagger = tagger_by_brightness()
    with pytest.raises(ImageError, match=r"gone\.jpg: .*no such file"):
        tagger.tag(tmp_path / "gone.jpg")
    with pytest.raises(ValueError, match=r"Received: float64 \(4, 4, 3\)"):
        tagger.tag(np.zeros((4, 4, 3)))
    with pytest.raises(TypeError, match="not int"):
        list(tagger.tag(b"the bytes of a file"))  # type: ignore[arg-type]


def test_a_model_for_tables_does_not_tag_photos() -> None:
    tagger = Tagger(replace(CONFIG_OF_TWO, image_size=0, features=("a",)), constant_network)
    with pytest.raises(CommandError, match="tags rows of tables"):
        tagger.tag("photo.jpg")


def test_images_are_predicted_in_the_order_of_the_indices() -> None:
    pixels = np.zeros((200, 8, 8, 3), np.uint8)
    pixels[::2] = 255
    indices = np.array([7, 2, *range(100), 199])
    predictions = tagger_by_brightness().predict(pixels, indices)
    assert np.array_equal(predictions.probabilities[:, 0] == 1, indices % 2 == 0)


def test_several_threads_can_share_a_tagger(tmp_path: Path) -> None:
    tagger = tagger_with(0.9, 0, 0.9, 0, 0)
    paths = [write_picture(tmp_path / f"{number}.png") for number in range(20)]
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(len(list(tagger.tag_files(paths)))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [20] * 4


def test_a_missing_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no such model"):
        Tagger.load(tmp_path / "fashion.model", tmp_path / "mlb.pickle")


TWO = (LabelGroup("colour", ("blue", "red"), is_colour=True),)
CONFIG_OF_TWO = TaggerConfig("factored", 8, ("blue", "red"), (0.2, 0.2), TWO, ())
PROBABILITIES = np.array([[0.9, 0.1], [0.3, 0.1]], np.float32)
PIXELS = np.zeros((2, 8, 8, 3), np.uint8)


def constant_network(_: Inputs) -> Outputs:
    return outputs_of([PROBABILITIES])


def test_an_image_below_the_energy_threshold_gets_no_tags() -> None:
    sure, unsure = joint_energy(PROBABILITIES)
    tagger = Tagger(replace(CONFIG_OF_TWO, energy_threshold=(sure + unsure) / 2), constant_network)
    assert [tagged.tags for tagged in tagger.tag_inputs(PIXELS)] == [("blue",), ()]
    assert tagger.tag_inputs(PIXELS)[1].probabilities["blue"] == np.float32(0.3)


def test_without_an_energy_threshold_nothing_is_rejected() -> None:
    tagger = Tagger(CONFIG_OF_TWO, constant_network)
    assert [tagged.tags for tagged in tagger.tag_inputs(PIXELS)] == [("blue",)] * 2


def test_many_images_are_predicted_in_order_across_batches() -> None:
    pixels = np.zeros((150, 8, 8, 3), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(150)

    def predict(batch: Inputs) -> Outputs:
        first = batch[:, 0, 0, 0].astype(np.float32) / 255
        return outputs_of([np.stack([first, 1 - first], axis=1)])

    predictions = Tagger(CONFIG_OF_TWO, predict).predict(pixels)
    np.testing.assert_allclose(predictions.probabilities[:, 0], np.arange(150) / 255, rtol=1e-6)
    assert predictions.predicted.sum(axis=1).tolist() == [1] * 150


def test_an_image_far_from_all_known_gets_no_tags_and_one_of_unknown_colour_no_colour() -> None:
    labels = ("blue", "dress", "jeans", "red")
    groups = (
        LabelGroup("colour", ("blue", "red"), is_colour=True),
        LabelGroup("garment", ("dress", "jeans"), is_colour=False),
    )
    config = TaggerConfig("pretrained", 32, labels, (0.5,) * 4, groups, (), distance_limits=(1, 2))
    probabilities = np.tile(np.array([0.9, 0.8, 0.1, 0.1], np.float32), (3, 1))
    distances = np.array([[0.5, 1.5], [1.5, 1.5], [0.5, 2.5]], np.float32)
    tagger = Tagger(config, lambda _: Outputs(probabilities, distances))
    tagged = tagger.tag_inputs(np.zeros((3, 32, 32, 3), np.uint8))
    assert [one.tags for one in tagged] == [("blue", "dress"), (), ("dress",)]


def test_a_colour_without_a_known_garment_is_not_a_tag() -> None:
    labels = ("blue", "dress", "red", "shirt")
    groups = (
        LabelGroup("colour", ("blue", "red"), is_colour=True),
        LabelGroup("garment", ("dress", "shirt"), is_colour=False),
    )
    config = TaggerConfig("pretrained", 32, labels, (0.5,) * 4, groups, (), distance_limits=(9, 9))
    probabilities = np.array([[0.9, 0.3, 0.1, 0.2]], np.float32)
    tagger = Tagger(config, lambda _: Outputs(probabilities, np.zeros((1, 2), np.float32)))
    assert tagger.tag(np.zeros((32, 32, 3), np.uint8)).tags == ()
