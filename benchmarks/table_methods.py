"""Methods that predict the labels of table rows: the MLP of train.py, and classical methods."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.training import loop
from pyimagesearch.training.recipe import DEFAULTS
from train import build_model

Floats = NDArray[np.floating]
Predicted = NDArray[np.bool_]
# Takes training features (N, F), targets (N, L), test features (M, F) and a seed; returns the
# scores by which labels are ranked, and the predicted labels, both (M, L).
Method = Callable[[Floats, Floats, Floats, int], tuple[Floats, Predicted]]


def mlp(loss: str) -> Method:
    """Return the network for feature tables with the settings of train.py and this loss."""

    def run(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, Predicted]:
        every = np.arange(len(x))
        classes = [str(column) for column in range(y.shape[1])]
        data = Dataset(
            *(x.astype(np.float32), y.astype(np.float32), classes, (), every),
            training=every,
            validation=every,
        )
        recipe = replace(DEFAULTS["mlp"], loss=loss, seed=seed)
        model = build_model(data, recipe)
        loop.fit(model, data, recipe)
        seen, scores = (np.asarray(model(part.astype(np.float32))) for part in (x, new))
        if loss != "ranking":
            return scores, scores >= 0.5
        return scores, scores > fit_thresholds(seen, y, scores)[:, None]

    return run


def fit_thresholds(seen: Floats, y: Floats, scores: Floats) -> Floats:
    """Return a threshold for each row of `scores`, by BP-MLL's linear model of the outputs.

    The model is fitted by least squares to the thresholds that separate the labels of the training
    rows best; if several are equally good for a row, to their mean.
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
    """Return scikit-learn's, with its default regularisation and enough steps to converge."""
    return LogisticRegression(max_iter=5000)


def binary_relevance(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, Predicted]:
    """Train a classifier for each label."""
    model = make_pipeline(StandardScaler(), OneVsRestClassifier(logistic_regression()))
    scores = model.fit(x, y).predict_proba(new)
    return scores, scores >= 0.5


def chains(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, Predicted]:
    """Average ten classifier chains (Read et al. 2011), in random orders that ignore the seed."""
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


def label_powerset(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, Predicted]:
    """Make each labelset a class; rank a label by the probability of all labelsets that have it."""
    labelsets, classes = np.unique(y, axis=0, return_inverse=True)
    model = make_pipeline(StandardScaler(), logistic_regression()).fit(x, classes.ravel())
    probabilities = model.predict_proba(new)
    return probabilities @ labelsets, labelsets[probabilities.argmax(axis=1)] > 0


def ml_knn(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, Predicted]:
    """Predict each label from how many of the 10 nearest rows have it (Zhang and Zhou 2007)."""
    k, s = 10, 1.0  # s is the smoothing of the paper
    nearest = NearestNeighbors(n_neighbors=k).fit(x)
    prior = (s + y.sum(axis=0)) / (2 * s + len(y))
    # Without arguments, a row is not a neighbour of itself.
    counts = y[nearest.kneighbors(return_distance=False)].sum(axis=1).astype(int)
    new_counts = y[nearest.kneighbors(new, return_distance=False)].sum(axis=1).astype(int)
    scores = np.empty(new_counts.shape)
    for label in range(y.shape[1]):
        has_label = y[:, label] > 0
        with_it, without = (
            np.bincount(counts[rows, label], minlength=k + 1) for rows in (has_label, ~has_label)
        )
        likely = prior[label] * (s + with_it) / (s * (k + 1) + with_it.sum())
        unlikely = (1 - prior[label]) * (s + without) / (s * (k + 1) + without.sum())
        scores[:, label] = (likely / (likely + unlikely))[new_counts[:, label]]
    return scores, scores > 0.5


def random_forest(x: Floats, y: Floats, new: Floats, seed: int) -> tuple[Floats, Predicted]:
    """Grow 500 trees, each for all labels."""
    forest = RandomForestClassifier(500, random_state=seed).fit(x, y)
    scores = 1 - np.stack([answer[:, 0] for answer in forest.predict_proba(new)], axis=1)
    return scores, scores >= 0.5


METHODS: dict[str, Method] = {
    "MLP, cross-entropy": mlp("bce"),
    "MLP, BP-MLL's ranking loss": mlp("ranking"),
    "binary relevance": binary_relevance,
    "classifier chains": chains,
    "label powerset": label_powerset,
    "ML-kNN": ml_knn,
    "random forest": random_forest,
}
DEPENDS_ON_CHANCE = {"MLP, cross-entropy", "MLP, BP-MLL's ranking loss", "random forest"}
