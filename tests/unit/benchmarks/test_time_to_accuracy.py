import json
import math

import pytest

from benchmarks import time_to_accuracy
from benchmarks.time_to_accuracy import Training
from pyimagesearch.evaluation.report import EpochPrinter
from pyimagesearch.training.history import EpochMetrics


def test_the_validation_exact_match_is_read_from_the_line_that_train_py_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    EpochPrinter(30)(EpochMetrics(3, 2.5, 0.4, 0.1, 0.2, 0.3, 0.875, 0.9, 0.95))
    assert time_to_accuracy.score_of(capsys.readouterr().err) == 0.875


def test_the_2018_recipe_is_scored_by_its_two_most_likely_labels() -> None:
    line = json.dumps({"epoch": 1, "exact_match": 0.5, "exact_match_top_two": 0.75})
    assert time_to_accuracy.score_of(line) == 0.75


@pytest.mark.parametrize("line", ["training factored on 461 photos", "exact match 0.9", ""])
def test_other_lines_have_no_score(line: str) -> None:
    assert time_to_accuracy.score_of(line) is None


def test_a_training_reaches_a_score_in_the_first_epoch_that_has_it() -> None:
    training = Training("train.py", 9.0, 9.0, 1.0, [(2.0, 0.7), (4.0, 0.9), (6.0, 0.8)], 0.9)
    assert training.seconds_to(0.8) == 4.0
    assert training.seconds_to(0.95) is None


def test_times_faster_is_0_if_the_first_training_never_reaches_the_score() -> None:
    quick = Training("train.py", 9.0, 9.0, 1.0, [(2.0, 0.9)], 0.9)
    slow = Training("2018 recipe", 90.0, 90.0, 1.0, [(8.0, 0.7), (16.0, 0.95)], 0.95)
    assert time_to_accuracy.times_faster(quick, slow, 0.8) == 8.0
    assert time_to_accuracy.times_faster(quick, slow, 0.95) == 0.0
    assert math.isnan(time_to_accuracy.times_faster(slow, quick, 0.95))
