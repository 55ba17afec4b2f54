"""What a network needs around it to tag an image: labels, preprocessing, thresholds."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise

from pyimagesearch.labels.groups import LabelGroup

LARGEST_IMAGE = 1024  # pixels a side; with more, a batch does not fit into ordinary memory

DIGESTS = "digests"  # in the JSON: of the weights and of their ONNX export


@dataclass(frozen=True)
class TaggerConfig:
    """What a network needs around it to tag an image; kept as a member of the model file.

    Images are read as RGB, squashed to a square of `image_size` pixels, and scaled to 0..1. A
    network for feature tables has the image size 0 and takes the columns named in `features`.
    """

    architecture: str
    image_size: int
    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    groups: tuple[LabelGroup, ...]
    pairs: tuple[tuple[int, int], ...]  # of labels seen together in training, by place
    temperatures: tuple[float, ...] = ()  # divide the logits; none leaves them
    energy_threshold: float = 0.0  # images of less get no tags; see scoring.rejection
    colour_order: str = "RGB"
    scale: float = 1 / 255
    features: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input: (S, S, 3) of uint8, or (F,) of float32."""
        side = self.image_size
        return (side, side, 3) if side else (len(self.features),)

    def to_json(self, digests: Mapping[str, str]) -> str:
        """Return the config as JSON text, with the sha256 of members of the model file by name."""
        return json.dumps({**asdict(self), DIGESTS: digests})

    @staticmethod
    def from_json(text: str) -> "TaggerConfig":
        """Return the config in JSON `text`; raises KeyError, TypeError or ValueError."""
        fields = json.loads(text)
        groups = tuple(
            LabelGroup(str(group["name"]), tuple(group["labels"]), bool(group["is_colour"]))
            for group in fields["groups"]
        )
        config = TaggerConfig(
            architecture=str(fields["architecture"]),
            image_size=int(fields["image_size"]),
            labels=tuple(map(str, fields["labels"])),
            thresholds=tuple(map(float, fields["thresholds"])),
            groups=groups,
            pairs=tuple((int(first), int(second)) for first, second in fields["pairs"]),
            temperatures=tuple(map(float, fields.get("temperatures", ()))),
            # Models saved before 2.0 call it least_energy.
            energy_threshold=float(fields.get("energy_threshold", fields.get("least_energy", 0.0))),
            colour_order=str(fields["colour_order"]),
            scale=float(fields["scale"]),
            features=tuple(map(str, fields.get("features", ()))),
        )
        if not 0 <= config.energy_threshold < float("inf"):
            raise ValueError("an energy that no image has")
        if len(config.temperatures) not in (0, len(config.labels)) or not all(
            0 < temperature < float("inf") for temperature in config.temperatures
        ):
            raise ValueError("temperatures that do not fit")
        if (config.colour_order, config.scale) != ("RGB", 1 / 255):
            raise ValueError("preprocessing of another version")
        if not 0 <= config.image_size <= LARGEST_IMAGE:
            raise ValueError("images of a size that no network takes")
        fit = all(0 <= first < second < len(config.labels) for first, second in config.pairs)
        if not fit or any(pair >= following for pair, following in pairwise(config.pairs)):
            raise ValueError("pairs that do not fit the labels")
        if bool(config.image_size) == bool(config.features):
            raise ValueError("takes both images and features, or neither")
        if len(config.thresholds) != len(config.labels) or not all(
            0 <= threshold <= 1 for threshold in config.thresholds
        ):
            raise ValueError("thresholds that do not fit the labels")
        grouped = [label for group in config.groups for label in group.labels]
        if (
            len(set(grouped)) < len(grouped)
            or not set(grouped) <= set(config.labels)
            or not all(group.labels for group in config.groups)
        ):
            raise ValueError("groups that do not fit the labels")
        return config
