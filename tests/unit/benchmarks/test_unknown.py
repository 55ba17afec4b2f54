import numpy as np

from benchmarks import unknown
from pyimagesearch.data.dataset import Inputs
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.predictors import Outputs, outputs_of
from pyimagesearch.scoring.rejection import joint_energy
from pyimagesearch.tagger import Tagger

GROUPS = (LabelGroup("colour", ("blue", "red"), is_colour=True),)


def test_auroc_fpr_and_the_fraction_rejected_are_those_computed_by_hand() -> None:
    # By the largest probability in hundredths: known 21 to 60, unknown 1, 20, 22 and 99.
    hundredths = {"known": np.arange(21, 61), "unknown": np.array([1, 20, 22, 99])}
    images = {kind: np.zeros((len(of), 8, 8, 3), np.uint8) for kind, of in hundredths.items()}
    for kind, of in hundredths.items():
        images[kind][:, 0, 0, 0] = of

    def predict(batch: Inputs) -> Outputs:
        probabilities = np.stack([batch[:, 0, 0, 0] / 100, np.zeros(len(batch))], axis=1)
        return outputs_of([probabilities.astype(np.float32)])

    limit = joint_energy(np.array([[0.205, 0]]))[0]
    config = TaggerConfig("factored", 8, ("blue", "red"), (0.2, 0.2), GROUPS, (), (), float(limit))
    row = unknown.compare("noise", Tagger(config, predict), images["known"], images["unknown"])
    # In how many of the 160 pairs is the known one higher? In none with 99, in 38.5 with 22 (a tie
    # is a half), in all with the other two.
    assert row == ("noise", 4, f"{(38.5 + 80) / 160:.3f}", "0.25", "0.50")
