"""None of these: are photos of something else told from known ones?

A fifth of the photos is held out. Beside them: noise, gradients, blank pages, logos, faces,
landscapes and shoes as drawn here, pieces of the sample images of scikit-learn and matplotlib, and
garments that a second network never saw (--leave-out). For each kind: AUROC, the share that passes
where 95 % of the known do (FPR at 95 % TPR), and the share that the tagger refuses.

    python -m benchmarks.unknown --dataset PHOTOS
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pyimagesearch.training.run import cross_val_predict

from benchmarks import photos
from pyimagesearch.console import silence_native_libraries
from pyimagesearch.data import splits
from pyimagesearch.evaluation.report import table
from pyimagesearch.images import decoder
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.rejection import joint_energy
from pyimagesearch.tagger import Tagger

Pictures = NDArray[np.uint8]
EACH = 50  # pictures of a kind


def noise(draw: np.random.Generator, side: int) -> Pictures:
    """Return coarse or fine noise in colour."""
    grain = int(draw.integers(4, side))
    return resized(draw.integers(0, 256, (grain, grain, 3)), side)


def gradient(draw: np.random.Generator, side: int) -> Pictures:
    """Return a blend of four colours, one in each corner."""
    return resized(draw.integers(0, 256, (2, 2, 3)), side)


def blank(draw: np.random.Generator, side: int) -> Pictures:
    """Return one flat colour, every other time near white as a page is."""
    colour = draw.integers(235, 256, 3) if draw.random() < 0.5 else draw.integers(0, 256, 3)
    return np.broadcast_to(colour, (side, side, 3)).astype(np.uint8)


def logo(draw: np.random.Generator, side: int) -> Pictures:
    """Return a disc or a square and a word on white."""
    picture = np.full((256, 256, 3), 255, np.uint8)
    ink = [int(value) for value in draw.integers(0, 200, 3)]
    if draw.random() < 0.5:
        cv2.circle(picture, (128, 96), int(draw.integers(30, 70)), ink, -1)
    else:
        cv2.rectangle(picture, (70, 40), (186, 150), ink, -1)
    word = "".join(draw.choice(list("ABCDEFGHKLMNOPRSTUXYZ"), 4))
    cv2.putText(picture, word, (50, 225), cv2.FONT_HERSHEY_SIMPLEX, 1.8, ink, 5)
    return resized(picture, side)


def face(draw: np.random.Generator, side: int) -> Pictures:
    """Return an oval with eyes, mouth and hair."""
    picture = np.full((256, 256, 3), [int(value) for value in draw.integers(120, 256, 3)], np.uint8)
    skin = np.array([236, 188, 150]) * draw.uniform(0.4, 1.05)
    skin_rgb = [int(value) for value in skin.clip(0, 255)]
    hair = [int(value) for value in draw.integers(0, 120, 3)]
    cv2.ellipse(picture, (128, 105), (85, 90), 0, 0, 360, hair, -1)
    cv2.ellipse(picture, (128, 135), (72, 95), 0, 0, 360, skin_rgb, -1)
    for x in (98, 158):
        cv2.ellipse(picture, (x, 120), (13, 7), 0, 0, 360, (255, 255, 255), -1)
        cv2.circle(picture, (x, 120), 5, (40, 40, 60), -1)
    cv2.ellipse(picture, (128, 185), (28, int(draw.integers(4, 14))), 0, 0, 180, (170, 50, 60), -1)
    return resized(picture, side)


def landscape(draw: np.random.Generator, side: int) -> Pictures:
    """Return sky, hills and a sun."""
    sky = np.linspace([70, 130, 220], [200, 220, 250], 256)[:, None] * draw.uniform(0.6, 1.0)
    picture = np.broadcast_to(sky, (256, 256, 3)).astype(np.uint8).copy()
    cv2.circle(picture, (int(draw.integers(20, 236)), 50), 22, (255, 240, 170), -1)
    for base, shade in ((130, 0.5), (170, 0.75), (205, 1.0)):
        x = np.arange(257)
        phase, length = draw.uniform(0, 6), draw.uniform(20, 60)
        y = base + 18 * np.sin(x / length + phase)
        outline = np.vstack([np.column_stack([x, y]), [[256, 256], [0, 256]]]).astype(np.int32)
        green = [int(value) for value in np.array([80, 140, 60]) * shade]
        cv2.fillPoly(picture, [outline], green)
    return resized(picture, side)


def shoe(draw: np.random.Generator, side: int) -> Pictures:
    """Return a sports shoe from the side, on a light ground."""
    picture = np.full((256, 256, 3), [int(value) for value in draw.integers(200, 256, 3)], np.uint8)
    top, toe = int(draw.integers(60, 120)), int(draw.integers(190, 240))
    outline = [(40, top), (95, top), (110, 130), (toe - 40, 155), (toe, 175), (toe, 190), (36, 190)]
    ink = [int(value) for value in draw.integers(0, 200, 3)]
    cv2.fillPoly(picture, [np.array(outline, np.int32)], ink)
    cv2.rectangle(picture, (34, 190), (toe + 4, 206), (int(draw.integers(0, 256)),) * 3, -1)
    for lace in range(4):
        ends = (98 + lace * 14, 128 + lace * 7), (118 + lace * 14, 118 + lace * 9)
        cv2.line(picture, *ends, (255, 255, 255), 3)
    return resized(picture[:, :: int(draw.choice([1, -1]))].copy(), side)


def pieces(pictures: list[Pictures]) -> Callable[[np.random.Generator, int], Pictures]:
    """Return a function that cuts a square of at least half the shorter side from `pictures`."""

    def piece(draw: np.random.Generator, side: int) -> Pictures:
        picture = pictures[int(draw.integers(len(pictures)))]
        height, width = picture.shape[:2]
        size = int(min(height, width) * draw.uniform(0.5, 1))
        top, left = draw.integers(height - size + 1), draw.integers(width - size + 1)
        return resized(picture[top : top + size, left : left + size], side)

    return piece


def sample_photos() -> list[Pictures]:
    """Return a Chinese temple, a flower (scikit-learn) and Grace Hopper (matplotlib)."""
    from matplotlib import cbook
    from sklearn.datasets import load_sample_images

    hopper = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return [*load_sample_images().images, decoder.decode(Path(hopper).read_bytes())]


def resized(picture: NDArray[np.integer], side: int) -> Pictures:
    """Return `picture` as a square of `side` pixels."""
    small = cv2.resize(picture.astype(np.uint8), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def kinds(side: int, seed: int) -> Iterator[tuple[str, Pictures]]:
    """Yield each kind of unknown pictures, (EACH, side, side, 3)."""
    draw = np.random.default_rng(seed)
    drawn = (noise, gradient, blank, logo, face, landscape, shoe)
    makers = [*((maker.__name__, maker) for maker in drawn), ("samples", pieces(sample_photos()))]
    for name, make in makers:
        yield name, np.stack([make(draw, side) for _ in range(EACH)])


def compare(tagger: Tagger, known: Pictures, unknown: Pictures) -> tuple[int, str, str, str]:
    """Return of `unknown` their number, AUROC, FPR at 95 % TPR, and the share refused."""
    from sklearn.metrics import roc_auc_score

    good, bad = (joint_energy(tagger.predict(pixels).uncalibrated) for pixels in (known, unknown))
    truth = np.repeat([1, 0], [len(good), len(bad)])
    return (
        len(bad),
        f"{roc_auc_score(truth, np.concatenate([good, bad])):.3f}",
        f"{(bad >= np.quantile(good, 0.05)).mean():.2f}",
        f"{(bad < tagger.config.energy_threshold).mean():.2f}",
    )


def main() -> None:
    """Train, judge, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--leave-out", nargs="*", default=["jeans"], metavar="LABEL")
    parser.add_argument("--epochs", type=int, help="instead of the architecture's own")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    silence_native_libraries()
    data, duplicate_groups, recipe = photos.prepare(options.dataset, options.seed, options.epochs)
    pixels = np.asarray(data.inputs, np.uint8)
    fold = splits.stratified_folds(data.labelsets, duplicate_groups, 5, options.seed)[0]

    (held,) = cross_val_predict(data, [fold], duplicate_groups, recipe)
    rows = [
        (name, *compare(held.tagger, pixels[fold], pictures))
        for name, pictures in kinds(recipe.settings.image_size, options.seed)
    ]
    for label in options.leave_out:
        carries = data.targets[:, data.classes.index(label)] > 0
        part = np.union1d(fold, np.flatnonzero(carries))
        (blind,) = cross_val_predict(data, [part], duplicate_groups, recipe)
        known = pixels[fold[~carries[fold]]]
        rows.append((f"{label}, never seen", *compare(blind.tagger, known, pixels[carries])))
    print(table(("unknown", "n", "AUROC", "FPR at 95 % TPR", "refused"), rows))

    truth = data.targets[fold]
    lenient = Tagger(replace(held.tagger.config, energy_threshold=0.0), held.tagger.predict)
    exact = [
        metrics.exact_match(tagger.predict(pixels[fold]).predicted, truth)
        for tagger in (held.tagger, lenient)
    ]
    refused = joint_energy(held.predictions.uncalibrated) < held.tagger.config.energy_threshold
    print(
        f"of {len(fold)} known photos, held out, {refused.mean():.3f} refused; "
        f"exact match {exact[0]:.3f}, without refusing any {exact[1]:.3f}"
    )


if __name__ == "__main__":
    main()
