"""The network and the schedule of train.py in PyTorch, as a user of PyTorch would write them.

It uses train.py's loader, and has the same network, loss, optimizer, one-cycle schedule and
augmentation, in eager mode. It needs PyTorch, which nothing else here needs. For each epoch a JSON
line is printed to stdout.

    python -m benchmarks.recipe_torch --dataset PHOTOS --validation FILE --output FOLDER
"""

import argparse
import copy
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import held_out, photos
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.data.splits import Indices
from pyimagesearch.labels.groups import colour_columns
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.thresholds import apply_thresholds, default_thresholds
from pyimagesearch.training.recipe import DEFAULTS

# Keras's defaults, as in pyimagesearch.networks.factored.
MOMENTUM, EPSILON = 0.1, 1e-3
RECIPE = DEFAULTS["factored"]
# Those of pyimagesearch.training.augment.Augmentation, whose module loads TensorFlow.
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

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, L) logits in the binarizer's order."""
        weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
        luminance = (images * weights).sum(1, keepdim=True)
        x = self.stages(functional.layer_norm(luminance, luminance.shape[1:], eps=EPSILON))
        pooled = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        shape = self.shape_head(functional.dropout(pooled, 0.3, self.training))
        y = self.patches(images)
        attention = self.attention(y).flatten(2).softmax(2)
        colour = (self.colour_logits(y).flatten(2) * attention).sum(2)
        return torch.cat([colour, shape], 1)[:, self.order]


def uniform(count: int, low: float, high: float) -> Tensor:
    """Return `count` draws from [low, high)."""
    return torch.empty(count).uniform_(low, high)


def warp(images: Tensor) -> Tensor:
    """Return the batch rotated, shifted, sheared, zoomed and flipped, as augment.warp does."""
    count = len(images)
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
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def recolour(images: Tensor) -> Tensor:
    """Return the batch in other colours, as augment.recolour does."""
    count = len(images)
    angle = uniform(count, -math.pi, math.pi).view(-1, 1, 1)
    saturation = uniform(count, 0, SATURATION).view(-1, 1, 1)
    inverted = (uniform(count, 0, 1) < INVERTED).view(-1, 1, 1, 1)
    exponent = uniform(count, -GAMMA, GAMMA).exp().view(-1, 1, 1, 1)
    identity, mean = torch.eye(3), torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    rotation = angle.cos() * identity + (1 - angle.cos()) * mean + angle.sin() * cross
    matrix = rotation @ (saturation * identity + (1 - saturation) * mean)
    images = torch.einsum("bij,bjhw->bihw", matrix, images).clamp(0, 1)
    return (torch.where(inverted, 1 - images, images) + 1e-4) ** exponent


def to_batch(data: Dataset, indices: Indices) -> Tensor:
    """Return images (B, 3, S, S) in 0..1, with the channels last in memory, which is faster."""
    chosen = torch.from_numpy(data.inputs[indices]).permute(0, 3, 1, 2)
    return (chosen.float() / 255).contiguous(memory_format=torch.channels_last)


def validation_exact_match(model: nn.Module, data: Dataset) -> float:
    """Return the fraction of the validation photos of which all labels are right."""
    model.eval()
    starts = range(0, len(data.validation), 256)
    with torch.no_grad():
        parts = [to_batch(data, data.validation[start : start + 256]) for start in starts]
        probabilities = torch.cat([model(part).sigmoid() for part in parts]).numpy()
    limits = default_thresholds(data.groups, data.classes)
    predicted = apply_thresholds(probabilities, limits, data.groups, data.classes)
    return metrics.exact_match(predicted, data.targets[data.validation])


def load(dataset: Path, validation: Path, cache: Path) -> Dataset:
    """Return the photos of `dataset`; those listed in `validation` are held out."""
    data, _ = photos.load(dataset, seed=0, architecture="factored", cache=cache)
    is_held = held_out.is_listed([sample.path for sample in data.samples], validation)
    return replace(data, training=np.flatnonzero(~is_held), validation=np.flatnonzero(is_held))


def train(data: Dataset, epochs: int, seed: int) -> dict[str, Tensor]:
    """Return the weights of the best epoch; print a JSON line for each epoch."""
    colours = colour_columns(data.groups, data.classes)
    batch, peak = RECIPE.batch_size, RECIPE.learning_rate
    steps = math.ceil(len(data.training) / batch)
    model = FactoredNet(colours, len(data.classes)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=peak, weight_decay=RECIPE.weight_decay, eps=1e-7
    )
    kept = batch - math.ceil(batch * RECOLOURED)
    mask = torch.ones(batch, len(data.classes))
    mask[kept:, colours] = 0
    order = np.random.default_rng(seed)
    best = -1.0
    weights: dict[str, Tensor] = {}
    start = time.perf_counter()
    for epoch in range(epochs):
        model.train()
        shuffled = np.resize(order.permutation(data.training), steps * batch)
        for step, chosen in enumerate(shuffled.reshape(steps, batch)):
            optimizer.param_groups[0]["lr"] = one_cycle(epoch * steps + step, epochs * steps, peak)
            inputs = warp(to_batch(data, chosen))
            inputs = torch.cat([inputs[:kept], recolour(inputs[kept:])])
            losses = functional.binary_cross_entropy_with_logits(
                model(inputs), torch.from_numpy(data.targets[chosen]), reduction="none"
            )
            optimizer.zero_grad()
            ((losses * mask).sum() / mask.sum()).backward()
            optimizer.step()
        exact = validation_exact_match(model, data)
        if exact >= best:
            best, weights = exact, copy.deepcopy(model.state_dict())
        seconds = round(time.perf_counter() - start, 1)
        line = {"epoch": epoch + 1, "seconds": seconds, "exact_match": exact}
        print(json.dumps(line), flush=True)
    return weights


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Return the learning rate of `step`, like loop.one_cycle, whose module loads Keras."""
    done = (step + 1) / (steps + 1)
    return peak * min(done / 0.25, (1 - done) / 0.75)


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument(
        "--validation", type=Path, required=True, help="a file of paths to hold out"
    )
    parser.add_argument("--output", type=Path, required=True, help="a folder for network and cache")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    data = load(options.dataset, options.validation, options.output)
    torch.save(train(data, options.epochs, options.seed), options.output / "fashion.pt")


if __name__ == "__main__":
    main()
