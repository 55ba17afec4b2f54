"""Our MLP beside the classical multi-label methods on Mulan's scene, yeast and emotions.

Each method learns from the data set's own training file and is scored on its test file. Settings
are the same for all data sets; none was chosen by looking at a test file. The MLP's were found by
cross-validation on the training files of scene and yeast; here it learns from the whole training
file, with nothing held out, and its numbers are means over --seeds runs.

    python -m benchmarks.tables --data FOLDER
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    coverage_error,
    hamming_loss,
    label_ranking_average_precision_score,
    label_ranking_loss,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyimagesearch.console import silence_native_libraries, status
from pyimagesearch.data.tables import find_xml, read, read_xml
from pyimagesearch.networks import build
from pyimagesearch.training import loop
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.losses import Loss

Floats = NDArray[np.floating]
# Takes training features (N, F), targets (N, L), test features and a seed; returns the scores by
# which labels are ranked, and the labels predicted on, both (M, L).
Method = Callable[[Floats, Floats, Floats, int], tuple[Floats, NDArray[np.bool_]]]
COLUMNS = ("Hamming", "ranking", "one-error", "coverage", "avg prec", "exact")
HIGHER_IS_BETTER = (False, False, False, False, True, True)
CLOSE = 0.02  # of the best, relative

# Zhang and Zhou measured on yeast by ten-fold cross-validation, not on these files: ML-kNN in
# Pattern Recognition 40 (2007) 2038-2048, BP-MLL in IEEE TKDE 18 (2006) 1338-1351. The Hamming
# losses of ML-kNN on the test files: Madjarov et al., Pattern Recognition 45 (2012) 3084-3104.
PUBLISHED: dict[str, dict[str, tuple[float | None, ...]]] = {
    "scene": {"ML-kNN (Madjarov 2012)": (0.099, None, None, None, None, None)},
    "yeast": {
        "ML-kNN (Madjarov 2012)": (0.198, None, None, None, None, None),
        "ML-kNN (Zhang 2007, 10-fold)": (0.194, 0.167, 0.230, 6.275, 0.765, None),
        "BP-MLL (Zhang 2006, 10-fold)": (0.206, 0.171, 0.233, 6.421, 0.756, None),
    },
}


def mlp(loss: str) -> Method:
    """Return our network with the defaults of train.py, and the loss named."""

    def run(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
        everything = np.arange(len(x))
        features, targets = x.astype(np.float32), y.astype(np.float32)
        classes = [str(column) for column in range(y.shape[1])]
        data = loop.Data(features, targets, classes, (), everything, everything)
        defaults = build.DEFAULTS["mlp"]
        schedule = loop.Schedule(
            defaults.epochs, defaults.batch_size, defaults.learning_rate, seed, loss=Loss(loss)
        )
        model = build.build_mlp(features, classes, seed)
        loop.fit(model, data, schedule, Augmentation(), lambda: None, lambda _: None)
        seen, scores = (np.asarray(model(part.astype(np.float32))) for part in (x, new))
        if loss != "ranking":
            return scores, scores >= 0.5
        return scores, scores > fit_thresholds(seen, y, scores)[:, None]

    return run


def fit_thresholds(seen: Floats, y: Floats, scores: Floats) -> Floats:
    """Return a threshold for each row of `scores`, by BP-MLL's linear model of the outputs.

    It is fitted by least squares to the thresholds that divide the training rows best, of several
    to their mean.
    """
    ordered = np.sort(seen, axis=1)
    candidates = np.pad((ordered[:, 1:] + ordered[:, :-1]) / 2, ((0, 0), (1, 1)))
    candidates[:, 0], candidates[:, -1] = ordered[:, 0] - 1e-3, ordered[:, -1] + 1e-3
    wrong = ((seen[:, None, :] > candidates[:, :, None]) != (y[:, None, :] > 0)).sum(axis=2)
    is_best = wrong == wrong.min(axis=1, keepdims=True)
    best = (candidates * is_best).sum(axis=1) / is_best.sum(axis=1)

    def with_one(outputs: Floats) -> Floats:
        return np.column_stack([outputs, np.ones(len(outputs))])

    weights = np.linalg.lstsq(with_one(seen), best, rcond=None)[0]
    thresholds: Floats = with_one(scores) @ weights
    return thresholds


def logistic_regression() -> LogisticRegression:
    """Return scikit-learn's, with its default strength, and steps enough to converge."""
    return LogisticRegression(max_iter=5000)


def binary_relevance(
    x: Floats, y: Floats, new: Floats, seed: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Learn each label alone."""
    model = make_pipeline(StandardScaler(), OneVsRestClassifier(logistic_regression()))
    scores = model.fit(x, y).predict_proba(new)
    return scores, scores >= 0.5


def chains(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Average ten classifier chains in random orders (Read et al. 2011), the same for each seed."""
    scaler = StandardScaler().fit(x)
    scores = np.mean(
        [
            ClassifierChain(logistic_regression(), order="random", random_state=number)
            .fit(scaler.transform(x), y)
            .predict_proba(scaler.transform(new))
            for number in range(10)
        ],
        axis=0,
    )
    return scores, scores >= 0.5


def label_powerset(
    x: Floats, y: Floats, new: Floats, seed: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Take each set of labels for a class; rank a label by the probability of the sets with it."""
    sets, classes = np.unique(y, axis=0, return_inverse=True)
    model = make_pipeline(StandardScaler(), logistic_regression()).fit(x, classes.ravel())
    probabilities = model.predict_proba(new)
    return probabilities @ sets, sets[probabilities.argmax(axis=1)] > 0


def ml_knn(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Judge each label by how many of the 10 nearest rows have it (Zhang and Zhou 2007, s = 1)."""
    k, s = 10, 1.0
    nearest = NearestNeighbors(n_neighbors=k).fit(x)
    prior = (s + y.sum(axis=0)) / (2 * s + len(y))
    # Without arguments a row is no neighbour of its own.
    counts = y[nearest.kneighbors(return_distance=False)].sum(axis=1).astype(int)
    new_counts = y[nearest.kneighbors(new, return_distance=False)].sum(axis=1).astype(int)
    scores = np.empty(new_counts.shape)
    for label in range(y.shape[1]):
        holds = y[:, label] > 0
        with_it, without = (
            np.bincount(counts[rows, label], minlength=k + 1) for rows in (holds, ~holds)
        )
        likely = prior[label] * (s + with_it) / (s * (k + 1) + with_it.sum())
        unlikely = (1 - prior[label]) * (s + without) / (s * (k + 1) + without.sum())
        scores[:, label] = (likely / (likely + unlikely))[new_counts[:, label]]
    return scores, scores > 0.5


def random_forest(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Grow 500 trees of all labels at once."""
    forest = RandomForestClassifier(500, random_state=seed).fit(x, y)
    scores = 1 - np.stack([answer[:, 0] for answer in forest.predict_proba(new)], axis=1)
    return scores, scores >= 0.5


# Those marked True depend on the seed.
METHODS: dict[str, tuple[Method, bool]] = {
    "MLP, cross-entropy": (mlp("bce"), True),
    "MLP, BP-MLL's ranking loss": (mlp("ranking"), True),
    "binary relevance": (binary_relevance, False),
    "classifier chains": (chains, False),
    "label powerset": (label_powerset, False),
    "ML-kNN": (ml_knn, False),
    "random forest": (random_forest, True),
}


def score(y: Floats, scores: Floats, predicted: NDArray[np.bool_]) -> list[float]:
    """Return the values of COLUMNS; coverage counts from 0, as the literature does."""
    one_error = 1 - y[np.arange(len(y)), scores.argmax(axis=1)].mean()
    return [
        float(hamming_loss(y, predicted)),
        float(label_ranking_loss(y, scores)),
        float(one_error),
        float(coverage_error(y, scores) - 1),
        float(label_ranking_average_precision_score(y, scores)),
        float(accuracy_score(y, predicted)),
    ]


def close_to_best(results: dict[str, list[float]]) -> dict[str, list[bool]]:
    """Return for each method in which columns it is the best or within 2 % of it."""
    columns = np.array(list(results.values()))
    best = np.where(HIGHER_IS_BETTER, columns.max(axis=0), columns.min(axis=0))
    return {
        name: list(np.abs(np.array(row) - best) <= CLOSE * best) for name, row in results.items()
    }


def load(folder: Path, name: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Return training features and targets, then those of the test file."""
    parts: list[Floats] = []
    for part in ("train", "test"):
        table = read(folder / f"{name}-{part}.arff")
        labels = read_xml(find_xml(table.path) or folder / f"{name}.xml")
        features = [column for column in table.names if column not in set(labels)]
        parts += [table.columns(features), table.columns(labels)]
    return parts[0], parts[1], parts[2], parts[3]


def print_table(name: str, results: dict[str, list[float]]) -> None:
    """Print the scores, a star at those within 2 % of the best, and what was published."""
    marked = close_to_best(results)
    print(f"\n{name:30}" + "".join(f"{column:>11}" for column in COLUMNS) + "   close")
    for method, row in results.items():
        cells = (f"{v:.3f}{'*' if m else ' '}" for v, m in zip(row, marked[method], strict=True))
        print(
            f"{method:30}" + "".join(f"{cell:>11}" for cell in cells) + f"{sum(marked[method]):8}"
        )
    for source, values in PUBLISHED.get(name, {}).items():
        cells = ("-  " if value is None else f"{value:.3f} " for value in values)
        print(f"{source:30}" + "".join(f"{cell:>11}" for cell in cells))
    print(end="", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every method on every data set and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of Mulan's ARFF files")
    parser.add_argument("--sets", nargs="+", default=["scene", "yeast", "emotions"])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", type=int, default=3, help="runs of what depends on chance")
    options = parser.parse_args(arguments)
    silence_native_libraries()
    for name in options.sets:
        x, y, new, truth = load(options.data, name)
        results = {}
        for title in options.methods:
            method, by_chance = METHODS[title]
            runs = [
                score(truth, *method(x, y, new, seed))
                for seed in range(options.seeds if by_chance else 1)
            ]
            results[title] = list(map(float, np.mean(runs, axis=0)))
            status(f"{name}: {title} done")
        print_table(name, results)
    print("\n* best, or within 2 % of it, of the methods run here; close: in how many columns.")
    print("Lower is better but for average precision and exact match.")


if __name__ == "__main__":
    main()
