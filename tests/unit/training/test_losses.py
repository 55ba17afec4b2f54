import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from support.bars import trained

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.training import losses
from pyimagesearch.training.losses import make_loss
from pyimagesearch.training.recipe import Recipe
from train import build_model

Floats = NDArray[np.float32]
DRAW = np.random.default_rng(0)
LOGITS = DRAW.normal(0, 3, (5, 4)).astype(np.float32)
TARGETS = (DRAW.random((5, 4)) < 0.4).astype(np.float32)


def test_focal_and_asymmetric_without_their_exponents_are_cross_entropy() -> None:
    plain = losses.binary_cross_entropy(LOGITS, TARGETS)
    np.testing.assert_allclose(losses.focal(LOGITS, TARGETS, gamma=0.0), plain, rtol=1e-5)
    unshifted = losses.asymmetric(LOGITS, TARGETS, gamma=0.0, margin=0.0)
    np.testing.assert_allclose(unshifted, plain, rtol=1e-4, atol=1e-5)


def test_focal_and_asymmetric_have_the_values_of_their_papers() -> None:
    logit = np.array([[np.log(3.0)]], np.float32)  # p = 0.75
    yes, no = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    assert float(losses.focal(logit, yes)[0, 0]) == pytest.approx(-(0.25**2) * np.log(0.75))
    assert float(losses.focal(logit, no)[0, 0]) == pytest.approx(-(0.75**2) * np.log(0.25))
    assert float(losses.asymmetric(logit, yes)[0, 0]) == pytest.approx(-np.log(0.75))
    expected = -(0.7**4) * np.log(0.3)
    assert float(losses.asymmetric(logit, no)[0, 0]) == pytest.approx(expected, rel=1e-4)
    easy = np.array([[-4.0]], np.float32)  # p = 0.018 is below the margin
    assert float(losses.asymmetric(easy, no)[0, 0]) == pytest.approx(0, abs=1e-6)


def test_the_ranking_loss_sums_over_pairs_as_bp_mll_does() -> None:
    outputs = np.tanh(LOGITS / 2)
    for index, row in enumerate(np.asarray(losses.ranking(LOGITS, TARGETS))):
        labels, others = np.flatnonzero(TARGETS[index]), np.flatnonzero(TARGETS[index] == 0)
        pairs = [np.exp(outputs[index, j] - outputs[index, i]) for i in labels for j in others]
        assert row.sum() == pytest.approx(np.mean(pairs) if pairs else 0, rel=1e-5)


def test_the_ranking_loss_of_a_sample_with_all_labels_or_none_is_zero() -> None:
    for targets in (np.zeros((1, 4), np.float32), np.ones((1, 4), np.float32)):
        assert np.all(losses.ranking(LOGITS[:1], targets).numpy() == 0)


@pytest.mark.parametrize("name", list(losses.FUNCTIONS))
def test_losses_and_their_gradients_are_finite_for_extreme_logits(name: str) -> None:
    logits = tf.constant([[-200.0, 200.0, -30.0, 30.0]])
    targets = tf.constant([[1.0, 0.0, 0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = make_loss(name, (20.0,) * 4)(logits, targets)
    assert np.isfinite(loss).all()
    assert np.isfinite(tape.gradient(loss, logits)).all()


def test_positive_weights_multiply_the_loss_of_positives_only() -> None:
    weighted = make_loss("bce", (1.0, 2.0, 5.0, 10.0))(LOGITS, TARGETS)
    plain = losses.binary_cross_entropy(LOGITS, TARGETS)
    expected = np.where(TARGETS, [1, 2, 5, 10], 1)
    np.testing.assert_allclose(weighted / plain, expected, rtol=1e-5)


def test_balanced_weights_are_negatives_per_positive_between_1_and_20() -> None:
    targets = np.zeros((100, 4), np.float32)
    targets[:10, 0] = targets[:80, 1] = targets[:1, 2] = 1
    assert losses.balanced_weights(targets) == pytest.approx((9, 1, 20, 20))


def skewed(count: int) -> tuple[Floats, Floats]:
    """Twelve labels, each of 3 % of the rows, hidden in noise."""
    draw = np.random.default_rng(1)
    targets = (draw.random((count, 12)) < 0.03).astype(np.float32)
    features = draw.normal(0, 1, (count, 24)).astype(np.float32)
    features[:, :12] += 2.0 * targets
    return features, targets


def macro_f1_on_skewed_labels(loss: str, positive_weights: bool = False) -> float:
    """Return macro F1 at threshold 0.5 on rows that were not trained on."""
    features, targets = skewed(2000)
    train, test = np.arange(1000), np.arange(1000, 2000)
    names = tuple(f"feature {number}" for number in range(features.shape[1]))
    data = Dataset(
        *(features, targets, [f"label {number:02}" for number in range(12)], ()),
        duplicate_groups=np.arange(2000),
        training=train,
        validation=train,
        feature_names=names,
    )
    recipe = Recipe("mlp", 0, 10, 128, 5e-3, seed=0, loss=loss, positive_weights=positive_weights)
    model, _ = trained(data, recipe, build_model)
    probabilities = np.asarray(model(features[test]))
    return float(f1_score(targets[test], probabilities >= 0.5, average="macro", zero_division=0))


def test_asymmetric_and_weighted_losses_find_more_rare_labels_at_threshold_0_5() -> None:
    plain = macro_f1_on_skewed_labels("bce")
    assert macro_f1_on_skewed_labels("asymmetric") > plain + 0.05
    assert macro_f1_on_skewed_labels("bce", positive_weights=True) > plain + 0.05
