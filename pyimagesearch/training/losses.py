"""The loss functions: each takes (B, L) logits and targets and returns (B, L) float32.

The caller masks the labels that are not known for an image.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

MAX_POSITIVE_WEIGHT = 20.0

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def make_loss(name: str, positive_weights: Sequence[float] | None = None) -> Loss:
    """Return a function of logits and targets by its name in FUNCTIONS.

    `positive_weights` (L,) multiply the loss of the positives of each label.
    """
    loss = FUNCTIONS[name]
    if positive_weights is None:
        return loss
    extra = tf.constant(positive_weights, tf.float32) - 1
    return lambda logits, targets: loss(logits, targets) * (1 + extra * targets)


def binary_cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return the binary cross-entropy: well calibrated, and right for most data."""
    return tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)


def focal(logits: tf.Tensor, targets: tf.Tensor, gamma: float = 2.0) -> tf.Tensor:
    """Return the cross-entropy, weighted down for labels that are already predicted well.

    Lin et al., "Focal loss for dense object detection", https://arxiv.org/abs/1708.02002, without
    its alpha; positive weights do the same for each label.
    """
    wrong = tf.abs(targets - tf.sigmoid(logits))
    return tf.pow(wrong, gamma) * binary_cross_entropy(logits, targets)


def asymmetric(
    logits: tf.Tensor, targets: tf.Tensor, gamma: float = 4.0, margin: float = 0.05
) -> tf.Tensor:
    """Return the cross-entropy, with little weight for easy negatives and none for the easiest.

    Ridnik et al., "Asymmetric loss for multi-label classification",
    https://arxiv.org/abs/2009.14119, with its settings (gamma of positives 0).
    """
    probability = tf.sigmoid(logits)
    shifted = tf.maximum(probability - margin, 0.0)
    positive = tf.math.softplus(-logits)
    negative = -tf.pow(shifted, gamma) * tf.math.log(1 - shifted + 1e-7)
    return targets * positive + (1 - targets) * negative


def ranking(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return the sum of exp(-(c - c')) over pairs of a label that applies and one that does not.

    BP-MLL: Zhang and Zhou, "Multilabel neural networks with applications to functional genomics
    and text categorization", IEEE TKDE 18 (2006), doi:10.1109/TKDE.2006.162. Here c and c' are
    the outputs 2 p - 1 = tanh(logit / 2) of the two labels. The loss of a pair is returned for the
    label that applies; samples with no label, or with all of them, have no loss. The network only
    learns the order of the labels, so 0.5 is not a meaningful threshold.
    """
    output = tf.tanh(logits / 2)
    positives = tf.reduce_sum(targets, axis=1, keepdims=True)
    negatives = tf.reduce_sum(1 - targets, axis=1, keepdims=True)
    against = tf.reduce_sum((1 - targets) * tf.exp(output), axis=1, keepdims=True)
    return tf.math.divide_no_nan(targets * tf.exp(-output) * against, positives * negatives)


def balanced_weights(targets: NDArray[np.float32]) -> tuple[float, ...]:
    """Return for each label of (N, L) targets the negatives per positive, between 1 and 20.

    With these weights, the positives of a label have the same total weight as its negatives.
    """
    positives = np.maximum(targets.sum(axis=0), 1)
    weights = np.clip((len(targets) - positives) / positives, 1, MAX_POSITIVE_WEIGHT)
    return tuple(map(float, weights))


FUNCTIONS = {
    "bce": binary_cross_entropy,
    "focal": focal,
    "asymmetric": asymmetric,
    "ranking": ranking,
}
