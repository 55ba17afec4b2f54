"""What a network needs around it to tag an image: labels, preprocessing, thresholds."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pyimagesearch.labels.groups import LabelGroup, pathway_colours

LARGEST_IMAGE = 1024  # pixels per side; with more, a batch does not fit into ordinary memory
COLOUR_ORDER, SCALE = "RGB", 1 / 255
STRIDE = 32  # pixels of the image for each cell of a class activation map


@dataclass(frozen=True)
class TaggerConfig:
    """What a network needs around it to tag an image; kept as tagger.json in the model file.

    Images are read as RGB, squashed to a square of `image_size` pixels, and scaled to 0..1. A
    network for feature tables has the image size 0 and takes the columns listed in `features`.
    """

    architecture: str
    image_size: int
    labels: tuple[str, ...]
    thresholds: tuple[float, ...]
    groups: tuple[LabelGroup, ...]
    pairs: tuple[tuple[int, int], ...]  # column indices of labels seen together in training, sorted
    temperatures: tuple[float, ...] = ()  # divide the logits; empty: logits stay as they are
    energy_threshold: float = 0.0  # images with a lower energy get no tags; see scoring.rejection
    # An image gets no tags if its first distance is larger than the first limit, and no colour if
    # the second is. A network that measures distances has them, and maps, as further outputs.
    distance_limits: tuple[float, ...] = ()
    colour_order: str = COLOUR_ORDER
    scale: float = SCALE
    features: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input: (S, S, 3) of uint8, or (F,) of float32."""
        side = self.image_size
        return (side, side, 3) if side else (len(self.features),)

    @property
    def output_shapes(self) -> dict[str, tuple[int, ...]]:
        """The outputs of the network by name, in order, and their shapes for one input."""
        shapes: dict[str, tuple[int, ...]] = {"probabilities": (len(self.labels),)}
        if self.distance_limits:
            cells = self.image_size // STRIDE
            mapped = len(self.labels) - len(pathway_colours(self.groups, self.labels))
            shapes["distances"] = (len(self.distance_limits),)
            shapes["maps"] = (cells, cells, mapped)
        return shapes

    def to_json(self, digests: Mapping[str, str]) -> str:
        """Return the config as JSON text, together with the `archive.digests` of the model file."""
        return json.dumps({**asdict(self), "digests": digests})

    @staticmethod
    def from_json(text: str) -> tuple["TaggerConfig", dict[str, str]]:
        """Return the config and the digests in JSON `text`.

        Raises KeyError, TypeError, ValueError, OverflowError or RecursionError if `text` does not
        have this form; whether the values fit each other is checked by `guard.tagger_config`.
        """
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
            distance_limits=tuple(map(float, fields.get("distance_limits", ()))),
            colour_order=str(fields["colour_order"]),
            scale=float(fields["scale"]),
            features=tuple(map(str, fields.get("features", ()))),
        )
        return config, dict(fields.get("digests", {}))
