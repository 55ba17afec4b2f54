"""What training minimises; each loss takes (B, L) logits and targets and returns (B, L) float32.

Where an image's mask is 0 for a label, the caller leaves that label's loss out.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

MAX_POSITIVE_WEIGHT = 20.0


Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def make_loss(name: str, positive_weights: Sequence[float] | None = None) -> Loss:
    """Return a function of logits and targets by its name in FUNCTIONS.

    `positive_weights` (L,) say by label how much more a positive counts than a negative.
    """
    loss = FUNCTIONS[name]
    if positive_weights is None:
        return loss
    extra = tf.constant(positive_weights, tf.float32) - 1
    return lambda logits, targets: loss(logits, targets) * (1 + extra * targets)


def binary_cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return -log p of what holds: well calibrated, and right for most data."""
    return tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)


def focal(logits: tf.Tensor, targets: tf.Tensor, gamma: float = 2.0) -> tf.Tensor:
    """Return the cross-entropy, less of it the better a label is already known.

    Lin et al., "Focal loss for dense object detection", https://arxiv.org/abs/1708.02002, without
    its alpha, which positive weights give for each label.
    """
    wrong = tf.abs(targets - tf.sigmoid(logits))
    return tf.pow(wrong, gamma) * binary_cross_entropy(logits, targets)


def asymmetric(
    logits: tf.Tensor, targets: tf.Tensor, gamma: float = 4.0, margin: float = 0.05
) -> tf.Tensor:
    """Return the cross-entropy, easy negatives counting little and the easiest not at all.

    Ridnik et al., "Asymmetric loss for multi-label classification",
    https://arxiv.org/abs/2009.14119, with its settings (gamma of positives 0).
    """
    probability = tf.sigmoid(logits)
    shifted = tf.maximum(probability - margin, 0.0)
    positive = tf.math.softplus(-logits)
    negative = -tf.pow(shifted, gamma) * tf.math.log(1 - shifted + 1e-7)
    return targets * positive + (1 - targets) * negative


def ranking(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """Return exp(-(c - c')) summed over the pairs of a label c that holds and one c' that does not.

    BP-MLL: Zhang and Zhou, "Multilabel neural networks with applications to functional genomics
    and text categorization", IEEE TKDE 18 (2006), doi:10.1109/TKDE.2006.162. The outputs c are
    2 p - 1, which is their tanh. A pair's loss is booked on the label that holds; samples with no
    label or with all teach nothing. It orders labels; 0.5 is no threshold any more.
    """
    output = tf.tanh(logits / 2)
    holds = tf.reduce_sum(targets, axis=1, keepdims=True)
    lacks = tf.reduce_sum(1 - targets, axis=1, keepdims=True)
    against = tf.reduce_sum((1 - targets) * tf.exp(output), axis=1, keepdims=True)
    return tf.math.divide_no_nan(targets * tf.exp(-output) * against, holds * lacks)


def balanced_weights(targets: NDArray[np.float32]) -> tuple[float, ...]:
    """Return for each label of (N, L) targets its negatives by its positives, between 1 and 20.

    So weighted, a label's positives count together as much as its negatives.
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
