import json

import pytest
from support.models import CONFIG

from pyimagesearch.model_file.guard import tagger_config
from pyimagesearch.model_file.guard.refused import RefusedError

DIGESTS = {"serving.onnx": "1234"}


def group(*labels: str) -> dict[str, object]:
    return {"name": "colour", "labels": labels, "is_colour": True}


def test_a_config_reads_as_it_was_written() -> None:
    assert tagger_config.read(CONFIG.to_json(DIGESTS).encode()) == (CONFIG, DIGESTS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": ["blue"]}, "its thresholds do not fit its labels"),
        ({"thresholds": [0.5]}, "its thresholds do not fit its labels"),
        ({"thresholds": [float("nan")] * 6}, "its thresholds do not fit its labels"),
        ({"thresholds": [1.5] * 6}, "its thresholds do not fit its labels"),
        ({"image_size": 0}, "its network takes both images and features, or neither"),
        ({"features": ["area"]}, "its network takes both images and features, or neither"),
        ({"image_size": 1025}, "its images have 1025 pixels per side"),
        ({"image_size": float("inf")}, "its tagger.json is damaged"),
        ({"colour_order": "BGR"}, "its preprocessing is that of another version"),
        ({"scale": 1.0}, "its preprocessing is that of another version"),
        ({"groups": 3}, "its tagger.json is damaged"),
        ({"groups": [{"name": "colour"}]}, "its tagger.json is damaged"),
        ({"groups": [group()]}, "one of its label groups is empty"),
        ({"groups": [group("red", "red")]}, "its label groups do not fit its labels"),
        ({"groups": [group("green", "red")]}, "its label groups do not fit its labels"),
        ({"energy_threshold": "much"}, "its tagger.json is damaged"),
        ({"energy_threshold": float("nan")}, "its energy threshold is not a finite number"),
        ({"energy_threshold": -1.0}, "its energy threshold is not a finite number"),
        ({"temperatures": [1.0]}, "its temperatures do not fit its labels"),
        ({"temperatures": [1.0] * 5 + [0.0]}, "its temperatures do not fit its labels"),
        ({"pairs": [[0, 6]]}, "its pairs of labels do not fit its labels"),
        ({"pairs": [[1, 0]]}, "its pairs of labels do not fit its labels"),
        ({"pairs": [[1, 2], [0, 1]]}, "its pairs of labels are not sorted"),
        ({"pairs": [[0, 1, 2]]}, "its tagger.json is damaged"),
        ({"digests": 7}, "its tagger.json is damaged"),
    ],
)
def test_values_that_do_not_fit_each_other_are_refused(
    change: dict[str, object], reason: str
) -> None:
    fields = json.loads(CONFIG.to_json(DIGESTS)) | change
    with pytest.raises(RefusedError, match=f"^{reason}"):
        tagger_config.read(json.dumps(fields).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b"[]", b"7", b'{"labels": []}'])
def test_other_text_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match=r"its tagger\.json is damaged"):
        tagger_config.read(data)
