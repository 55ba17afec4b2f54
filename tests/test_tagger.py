from dataclasses import replace

import numpy as np

from pyimagesearch.artifacts import Card
from pyimagesearch.label_groups import LabelGroup
from pyimagesearch.tagger import Tagger
from pyimagesearch.unknown import joint_energy

GROUPS = (LabelGroup("colour", ("blue", "red"), is_colour=True),)
CARD = Card("factored", 8, ("blue", "red"), (0.2, 0.2), GROUPS, (("blue",), ("red",)))
SAID = np.array([[0.9, 0.1], [0.3, 0.1]], np.float32)
PIXELS = np.zeros((2, 8, 8, 3), np.uint8)


def test_an_image_of_too_little_energy_gets_no_tags() -> None:
    sure, unsure = joint_energy(SAID)
    tagger = Tagger(replace(CARD, least_energy=(sure + unsure) / 2), lambda _: SAID)
    assert [tagged.tags for tagged in tagger.tag(PIXELS)] == [("blue",), ()]
    assert tagger.tag(PIXELS)[1].probabilities["blue"] == np.float32(0.3)


def test_without_a_limit_nothing_is_refused() -> None:
    assert [tagged.tags for tagged in Tagger(CARD, lambda _: SAID).tag(PIXELS)] == [("blue",)] * 2


def test_many_images_are_judged_in_order_across_batches() -> None:
    pixels = np.zeros((150, 8, 8, 3), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(150)

    def predict(
        batch: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        first = batch[:, 0, 0, 0].astype(np.float32) / 255
        return np.stack([first, 1 - first], axis=1)

    judged = Tagger(CARD, predict).judge(pixels)
    np.testing.assert_allclose(judged.probabilities[:, 0], np.arange(150) / 255, rtol=1e-6)
    assert judged.decided.sum(axis=1).tolist() == [1] * 150
