"""The files a run leaves: fashion.model and mlb.pickle, written whole or not at all."""

import json
import pickle
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file import archive
from pyimagesearch.model_file.archive import CARD, SERVING_COPY, WEIGHTS
from pyimagesearch.model_file.guard import keras_network
from pyimagesearch.networks.build import LARGEST

if TYPE_CHECKING:
    import keras
    from sklearn.preprocessing import MultiLabelBinarizer

DIGESTS = "digests"  # in the card's JSON: of the weights and of their ONNX copy


@dataclass(frozen=True)
class Card:
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
    least_energy: float = 0.0  # images of less get no tags; see unknown.joint_energy
    colour_order: str = "RGB"
    scale: float = 1 / 255
    features: tuple[str, ...] = ()

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input: (S, S, 3) of uint8, or (F,) of float32."""
        side = self.image_size
        return (side, side, 3) if side else (len(self.features),)

    def to_json(self, digests: Mapping[str, str]) -> str:
        """Return the card as JSON text, with the sha256 of members of the model file by name."""
        return json.dumps({**asdict(self), DIGESTS: digests})

    @staticmethod
    def from_json(text: str) -> "Card":
        """Return the card in JSON `text`; raises KeyError, TypeError or ValueError."""
        fields = json.loads(text)
        groups = tuple(
            LabelGroup(str(group["name"]), tuple(group["labels"]), bool(group["is_colour"]))
            for group in fields["groups"]
        )
        card = Card(
            architecture=str(fields["architecture"]),
            image_size=int(fields["image_size"]),
            labels=tuple(map(str, fields["labels"])),
            thresholds=tuple(map(float, fields["thresholds"])),
            groups=groups,
            pairs=tuple((int(first), int(second)) for first, second in fields["pairs"]),
            temperatures=tuple(map(float, fields.get("temperatures", ()))),
            least_energy=float(fields.get("least_energy", 0)),
            colour_order=str(fields["colour_order"]),
            scale=float(fields["scale"]),
            features=tuple(map(str, fields.get("features", ()))),
        )
        if not 0 <= card.least_energy < float("inf"):
            raise ValueError("an energy that no image has")
        if len(card.temperatures) not in (0, len(card.labels)) or not all(
            0 < temperature < float("inf") for temperature in card.temperatures
        ):
            raise ValueError("temperatures that do not fit")
        if (card.colour_order, card.scale) != ("RGB", 1 / 255):
            raise ValueError("preprocessing of another version")
        if not 0 <= card.image_size <= LARGEST:
            raise ValueError("images of a size that no network takes")
        fit = all(0 <= first < second < len(card.labels) for first, second in card.pairs)
        if not fit or any(pair >= following for pair, following in pairwise(card.pairs)):
            raise ValueError("pairs that do not fit the labels")
        if bool(card.image_size) == bool(card.features):
            raise ValueError("takes both images and features, or neither")
        if len(card.thresholds) != len(card.labels) or not all(
            0 <= threshold <= 1 for threshold in card.thresholds
        ):
            raise ValueError("thresholds that do not fit the labels")
        grouped = [label for group in card.groups for label in group.labels]
        if (
            len(set(grouped)) < len(grouped)
            or not set(grouped) <= set(card.labels)
            or not all(group.labels for group in card.groups)
        ):
            raise ValueError("groups that do not fit the labels")
        return card


def save(
    model: "keras.Model",
    card: Card,
    serving_copy: bytes | None,
    binarizer: "MultiLabelBinarizer",
    new_model: Path,
    new_labelbin: Path,
) -> None:
    """Write the model as a .keras archive with two members more, and the binarizer.

    The members are `card` and, where there is one, the ONNX copy, stored without compression so
    that classify.py need not inflate them at each start. The paths are to be those of
    `files.atomic_writes`, with the ending .keras, on which Keras insists.
    """
    model.save(new_model)
    with zipfile.ZipFile(new_model, "a") as archive:
        if serving_copy is not None:
            archive.writestr(SERVING_COPY, serving_copy)
        together = digests(archive) if serving_copy is not None else {}
        archive.writestr(CARD, card.to_json(together))
    new_labelbin.write_bytes(pickle.dumps(binarizer))


def checkpoint_of(model_path: Path) -> Path:
    """Return where the run that makes a model keeps what it goes on from when stopped."""
    return model_path.with_name(f"{model_path.name}.checkpoint")


def read_card(path: Path) -> Card:
    """Return the card in the model file at `path`; raises CommandError where it has none."""
    with archive.opened(path) as archive:
        return Card.from_json(archive.read(CARD).decode())


def read_serving_copy(path: Path) -> bytes | None:
    """Return the ONNX copy in the model file at `path`, None where it holds none.

    Raises CommandError where it is not the copy of the weights beside it.
    """
    with archive.opened(path) as archive:
        if SERVING_COPY not in archive.namelist():
            return None
        if digests(archive) != json.loads(archive.read(CARD))[DIGESTS]:
            raise CommandError(
                f"{path}: its ONNX copy and its weights are not those saved together; train again, "
                "or use --engine keras"
            )
        return archive.read(SERVING_COPY)


def load_keras(path: Path) -> "keras.Model":
    """Return the network in the model file at `path`, checked and with Keras's safe mode on.

    Raises CommandError where Keras cannot or will not read it.
    """
    with archive.opened(path) as archive:
        try:
            keras_network.check(archive)
            return _load_keras(path)
        except Exception as error:  # Keras raises whatever its layers raise
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(f"{path}: Keras cannot load it ({reason}); train again") from None


def _load_keras(path: Path) -> "keras.Model":
    import keras

    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "model.keras"
        link.symlink_to(path.resolve())
        return keras.saving.load_model(link, compile=False, safe_mode=True)


def digests(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the digests of the members that belong together."""
    return {name: archive.digest(archive, name) for name in (WEIGHTS, SERVING_COPY)}


def check_pair(card: Card, labels: Sequence[str], model_path: Path, labelbin_path: Path) -> None:
    """Raise CommandError unless the model and the binarizer speak of the same labels."""
    if card.labels != tuple(labels):
        raise CommandError(
            f"{model_path} and {labelbin_path} do not belong together: one has the labels "
            f"{', '.join(card.labels)}, the other {', '.join(labels)}; use those of one run"
        )
