"""Read tagger.json, and check that its values fit each other."""

import math
from itertools import pairwise

from pyimagesearch.model_file.config import COLOUR_ORDER, LARGEST_IMAGE, SCALE, TaggerConfig
from pyimagesearch.model_file.guard.refused import RefusedError


def read(data: bytes) -> tuple[TaggerConfig, dict[str, str]]:
    """Return the config and the digests in tagger.json; raises RefusedError."""
    try:
        config, digests = TaggerConfig.from_json(data.decode())
        _check(config)
    except RefusedError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise RefusedError("its tagger.json is damaged") from None
    return config, digests


def _check(config: TaggerConfig) -> None:
    """Raise RefusedError if the values are not those of a tagger."""
    if (config.colour_order, config.scale) != (COLOUR_ORDER, SCALE):
        raise RefusedError("its preprocessing is that of another version")
    if not 0 <= config.image_size <= LARGEST_IMAGE:
        raise RefusedError(f"its images have {config.image_size} pixels per side")
    if bool(config.image_size) == bool(config.features):
        raise RefusedError("its network takes both images and features, or neither")
    if not 0 <= config.energy_threshold < math.inf:
        raise RefusedError("its energy threshold is not a finite number from 0 on")
    if not all(map(math.isfinite, config.distance_limits)):
        raise RefusedError("its distance limits are not finite numbers")
    count = len(config.labels)
    if len(config.thresholds) != count or not all(0 <= t <= 1 for t in config.thresholds):
        raise RefusedError("its thresholds do not fit its labels")
    temperatures = config.temperatures
    if len(temperatures) not in (0, count) or not all(0 < t < math.inf for t in temperatures):
        raise RefusedError("its temperatures do not fit its labels")
    if not all(0 <= first < second < count for first, second in config.pairs):
        raise RefusedError("its pairs of labels do not fit its labels")
    if any(pair >= following for pair, following in pairwise(config.pairs)):
        raise RefusedError("its pairs of labels are not sorted, or one is there twice")
    grouped = [label for group in config.groups for label in group.labels]
    if len(set(grouped)) < len(grouped) or not set(grouped) <= set(config.labels):
        raise RefusedError("its label groups do not fit its labels")
    if not all(group.labels for group in config.groups):
        raise RefusedError("one of its label groups is empty")
