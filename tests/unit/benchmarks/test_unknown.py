import numpy as np

from benchmarks import unknown
from pyimagesearch.data.dataset import Inputs
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.scoring.rejection import joint_energy
from pyimagesearch.tagger import Tagger

GROUPS = (LabelGroup("colour", ("blue", "red"), is_colour=True),)


def test_the_pictures_of_each_kind_differ_and_are_the_same_for_the_same_seed() -> None:
    kinds = dict(unknown.kinds(24, seed=1))
    again = dict(unknown.kinds(24, seed=1))
    assert set(kinds) >= {"noise", "blank", "logo", "face", "landscape", "shoe", "samples"}
    for name, pictures in kinds.items():
        assert pictures.shape == (unknown.EACH, 24, 24, 3)
        assert pictures.dtype == np.uint8
        assert len(np.unique(pictures.reshape(unknown.EACH, -1), axis=0)) > unknown.EACH / 2
        np.testing.assert_array_equal(pictures, again[name])


def test_auroc_fpr_and_the_share_refused_are_those_worked_by_hand() -> None:
    # By the largest probability in hundredths: known 21 to 60, unknown 1, 20, 22 and 99.
    sure = {"known": np.arange(21, 61), "unknown": np.array([1, 20, 22, 99])}
    pixels = {kind: np.zeros((len(of), 8, 8, 3), np.uint8) for kind, of in sure.items()}
    for kind, of in sure.items():
        pixels[kind][:, 0, 0, 0] = of

    def predict(batch: Inputs) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.stack([batch[:, 0, 0, 0] / 100, np.zeros(len(batch))], axis=1).astype(np.float32)

    limit = joint_energy(np.array([[0.205, 0]]))[0]
    config = TaggerConfig("factored", 8, ("blue", "red"), (0.2, 0.2), GROUPS, (), (), float(limit))
    row = unknown.compare(Tagger(config, predict), pixels["known"], pixels["unknown"])
    # Of 160 pairs the known one is higher: none for 99, 38.5 for 22 (a tie is half), all for two.
    assert row == (4, f"{(38.5 + 80) / 160:.3f}", "0.25", "0.50")
