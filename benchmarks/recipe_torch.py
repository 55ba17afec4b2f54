"""The network and the schedule of train.py in PyTorch: what one would otherwise write.

Same pictures (our loader and its cache), same network, loss, optimizer, one-cycle schedule and
augmentation, eager as PyTorch users run it. Needs PyTorch, which nothing else here does. A JSON
line per epoch goes to stdout.

    python -m benchmarks.recipe_torch --dataset PHOTOS --validation FILE [--epochs 30]
"""

import argparse
import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pyimagesearch.networks.build import DEFAULTS, colour_columns
from sklearn.preprocessing import MultiLabelBinarizer
from torch import Tensor, nn
from torch.nn import functional

from pyimagesearch import labels
from pyimagesearch.data.cache import load_images
from pyimagesearch.images import decoder
from pyimagesearch.labels import groups
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.thresholds import apply_thresholds, default_thresholds

# Keras's defaults, as in pyimagesearch.networks.factored.
MOMENTUM, EPSILON = 0.1, 1e-3
SETTINGS = DEFAULTS["factored"]
# Those of augment.Augmentation, whose room loads TensorFlow.
ROTATION, SHIFT, SHEAR, ZOOM = 25.0, 0.1, 0.2, 0.2
RECOLOURED, SATURATION, GAMMA, INVERTED = 0.25, 1.6, 1.3, 0.25


def normalized(channels: int) -> nn.BatchNorm2d:
    """Return batch normalisation with Keras's constants."""
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)


class FactoredNet(nn.Module):
    """networks.factored, layer for layer, on (B, 3, S, S) RGB in 0..1; returns logits."""

    def __init__(self, colours: list[int], classes: int) -> None:
        """Build both pathways; `colours` are the columns of the colour labels."""
        super().__init__()
        shapes = [column for column in range(classes) if column not in set(colours)]
        self.order = torch.argsort(torch.tensor([*colours, *shapes]))
        stages: list[nn.Module] = []
        before = 1
        for filters, convolutions, pool in ((32, 1, 3), (64, 2, 2), (128, 2, 2), (192, 1, 1)):
            for number in range(1, convolutions + 1):
                stages.append(nn.Conv2d(before, filters, 3, padding=1, bias=False))
                if number == convolutions and pool > 1:
                    stages.append(nn.MaxPool2d(pool))
                stages += [normalized(filters), nn.ReLU()]
                before = filters
        self.stages = nn.Sequential(*stages)
        self.shape_head = nn.Linear(2 * before, len(shapes))
        patches: list[nn.Module] = [nn.AvgPool2d(2)]
        before = 3
        for filters, kernel in ((32, 3), (32, 1), (32, 3)):
            patches += [nn.Conv2d(before, filters, kernel, bias=False), normalized(filters)]
            patches.append(nn.ReLU())
            before = filters
        self.patches = nn.Sequential(*patches)
        self.colour_logits = nn.Conv2d(before, len(colours), 1)
        self.attention = nn.Conv2d(before, len(colours), 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return (B, L) logits in the binarizer's order."""
        weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
        luminance = (pictures * weights).sum(1, keepdim=True)
        x = self.stages(functional.layer_norm(luminance, luminance.shape[1:], eps=EPSILON))
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        shape = self.shape_head(functional.dropout(pooled, 0.3, self.training))
        y = self.patches(pictures)
        attention = self.attention(y).flatten(2).softmax(2)
        colour = (self.colour_logits(y).flatten(2) * attention).sum(2)
        return torch.cat([colour, shape], 1)[:, self.order]


def uniform(count: int, low: float, high: float) -> Tensor:
    """Return `count` draws from [low, high)."""
    return torch.empty(count).uniform_(low, high)


def warp(pictures: Tensor) -> Tensor:
    """Return the batch rotated, shifted, sheared, zoomed and flipped, as augment.warp does."""
    count = len(pictures)
    turn = math.radians(ROTATION)
    angle, shear = uniform(count, -turn, turn), uniform(count, -SHEAR, SHEAR)
    zoom_x, zoom_y = uniform(count, 1 - ZOOM, 1 + ZOOM), uniform(count, 1 - ZOOM, 1 + ZOOM)
    mirror = torch.sign(uniform(count, -1, 1))
    shift_x, shift_y = (2 * uniform(count, -SHIFT, SHIFT) for _ in range(2))
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = (
        torch.stack([cos * zoom_x * mirror, (shear * cos - sin) * zoom_y, shift_x], 1),
        torch.stack([sin * zoom_x * mirror, (shear * sin + cos) * zoom_y, shift_y], 1),
    )
    grid = functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def recolour(pictures: Tensor) -> Tensor:
    """Return the batch in other colours, as augment.recolour does."""
    count = len(pictures)
    angle = uniform(count, -math.pi, math.pi).view(-1, 1, 1)
    saturation = uniform(count, 0, SATURATION).view(-1, 1, 1)
    inverted = (uniform(count, 0, 1) < INVERTED).view(-1, 1, 1, 1)
    exponent = uniform(count, -GAMMA, GAMMA).exp().view(-1, 1, 1, 1)
    identity, mean = torch.eye(3), torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    rotation = angle.cos() * identity + (1 - angle.cos()) * mean + angle.sin() * cross
    matrix = rotation @ (saturation * identity + (1 - saturation) * mean)
    pictures = torch.einsum("bij,bjhw->bihw", matrix, pictures).clamp(0, 1)
    return (torch.where(inverted, 1 - pictures, pictures) + 1e-4) ** exponent


@dataclass(frozen=True)
class Photos:
    """The photos of train.py, from its cache, with its split."""

    pixels: np.ndarray  # (N, S, S, 3) uint8
    targets: np.ndarray  # (N, L) float32
    training: np.ndarray
    held: np.ndarray
    groups: list[LabelGroup]
    classes: list[str]

    def batch(self, indices: np.ndarray) -> Tensor:
        """Return (B, 3, S, S) in 0..1, laid out as oneDNN likes it."""
        chosen = torch.from_numpy(self.pixels[indices]).permute(0, 3, 1, 2)
        return (chosen.float() / 255).contiguous(memory_format=torch.channels_last)

    def exact_match(self, model: nn.Module) -> float:
        """Return the share of held-out photos with all labels right."""
        model.eval()
        with torch.no_grad():
            parts = [self.batch(self.held[i : i + 256]) for i in range(0, len(self.held), 256)]
            probabilities = torch.cat([model(part).sigmoid() for part in parts]).numpy()
        limits = default_thresholds(self.groups, self.classes)
        predicted = apply_thresholds(probabilities, limits, self.groups, self.classes)
        return metrics.exact_match(predicted, self.targets[self.held])


def load(dataset: Path, validation: Path, cache: Path) -> Photos:
    """Return the photos of `dataset`, those named in `validation` held out."""
    samples = labels.read(dataset).samples
    label_groups = groups.find_groups(samples)
    samples, pixels = load_images(samples, SETTINGS.image_size, decoder.MAX_PIXELS, 0.1, cache)
    binarizer = MultiLabelBinarizer()
    targets = binarizer.fit_transform([sample.labels for sample in samples]).astype(np.float32)
    names = set(validation.read_text().splitlines())
    is_held = np.array([str(sample.path) in names for sample in samples])
    classes = list(map(str, binarizer.classes_))
    return Photos(
        pixels, targets, np.flatnonzero(~is_held), np.flatnonzero(is_held), label_groups, classes
    )


def train(photos: Photos, epochs: int, seed: int) -> dict[str, Tensor]:
    """Return the weights of the best epoch; print a line an epoch."""
    colours = colour_columns(photos.groups, photos.classes)
    batch, peak = SETTINGS.batch_size, SETTINGS.learning_rate
    steps = math.ceil(len(photos.training) / batch)
    model = FactoredNet(colours, len(photos.classes)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, weight_decay=1e-2, eps=1e-7)
    kept = batch - math.ceil(batch * RECOLOURED)
    mask = torch.ones(batch, len(photos.classes))
    mask[kept:, colours] = 0
    order = np.random.default_rng(seed)
    best = -1.0
    weights: dict[str, Tensor] = {}
    start = time.perf_counter()
    for epoch in range(epochs):
        model.train()
        shuffled = np.resize(order.permutation(photos.training), steps * batch)
        for step, chosen in enumerate(shuffled.reshape(steps, batch)):
            optimizer.param_groups[0]["lr"] = one_cycle(epoch * steps + step, epochs * steps, peak)
            inputs = warp(photos.batch(chosen))
            inputs = torch.cat([inputs[:kept], recolour(inputs[kept:])])
            losses = functional.binary_cross_entropy_with_logits(
                model(inputs), torch.from_numpy(photos.targets[chosen]), reduction="none"
            )
            optimizer.zero_grad()
            ((losses * mask).sum() / mask.sum()).backward()
            optimizer.step()
        exact = photos.exact_match(model)
        if exact >= best:
            best, weights = exact, copy.deepcopy(model.state_dict())
        seconds = round(time.perf_counter() - start, 1)
        print(
            json.dumps({"epoch": epoch + 1, "seconds": seconds, "exact_match": exact}), flush=True
        )
    return weights


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Return the learning rate of `step`, as training.one_cycle does without loading Keras."""
    done = (step + 1) / (steps + 1)
    return peak * min(done / 0.25, (1 - done) / 0.75)


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument(
        "--validation", type=Path, required=True, help="a file of paths to hold out"
    )
    parser.add_argument("--output", type=Path, required=True, help="a folder for network and cache")
    parser.add_argument("--epochs", type=int, default=SETTINGS.epochs)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    photos = load(options.dataset, options.validation, options.output)
    torch.save(train(photos, options.epochs, options.seed), options.output / "fashion.pt")


if __name__ == "__main__":
    main()
