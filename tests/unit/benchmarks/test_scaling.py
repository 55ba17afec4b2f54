import pytest

from benchmarks import scaling
from pyimagesearch.evaluation.report import EpochPrinter
from pyimagesearch.training.history import EpochMetrics


def test_the_seconds_of_the_epoch_are_read_from_the_line_that_train_py_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    EpochPrinter(1)(EpochMetrics(1, 2.5, 0.4, 0.1, 0.2, 0.3, 0.875, 0.9, 0.95))
    found = scaling.EPOCH.match(capsys.readouterr().err)
    assert found is not None
    assert float(found[1]) == 2.5
