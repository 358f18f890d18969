"""Calibration finds what was planted; the decision never loses what it is tuned for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.train


def planted(n: int, scale: float, bias: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return logits, and labels drawn from softmax(logits * scale + bias)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2.0, size=(n, len(bias)))
    gumbel = rng.gumbel(size=logits.shape)
    return logits, (logits * scale + bias + gumbel).argmax(axis=1)


def goal(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Return accuracy plus macro-F1 over the labels that occur."""
    scores = []
    for label in np.unique(labels):
        hits = int(((labels == label) & (predicted == label)).sum())
        scores.append(2 * hits / (int((labels == label).sum()) + int((predicted == label).sum())))
    return float((labels == predicted).mean()) + float(np.mean(scores))


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
def test_planted_temperature_and_biases_are_recovered(scale: float) -> None:
    from oarlock.coder.training.calibrate import fit_calibration

    bias = np.array([0.9, -0.6, 0.1, -0.4])
    fitted = fit_calibration(*planted(200_000, scale, bias, seed=1))
    assert fitted.scale == pytest.approx(scale, rel=0.1)
    np.testing.assert_allclose(fitted.bias, bias - bias.mean(), atol=0.15)
    assert fitted.bias.sum() == pytest.approx(0, abs=1e-5)


def test_calibrated_probabilities_are_as_often_right_as_they_say() -> None:
    from oarlock.coder.training.calibrate import fit_calibration

    bias = np.array([0.5, 0.0, -0.5])
    logits, labels = planted(200_000, 0.5, bias, seed=2)
    fitted = fit_calibration(logits[:4000], labels[:4000])
    p = fitted.probabilities(logits[4000:])
    right = p.argmax(axis=1) == labels[4000:]
    for low, high in ((0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        rows = (p.max(axis=1) >= low) & (p.max(axis=1) < high)
        assert rows.sum() > 100
        assert right[rows].mean() == pytest.approx(p.max(axis=1)[rows].mean(), abs=0.05)


def test_label_that_never_occurs_keeps_a_finite_bias() -> None:
    from oarlock.coder.training.calibrate import fit_calibration

    logits, labels = planted(200, 1.0, np.zeros(3), seed=3)
    fitted = fit_calibration(logits[labels != 2], labels[labels != 2])
    assert np.isfinite(fitted.bias).all()
    assert -5 < fitted.bias[2] < 0


def test_fit_is_the_same_every_time() -> None:
    from oarlock.coder.training.calibrate import fit_calibration

    first, second = (fit_calibration(*planted(300, 1.0, np.zeros(5), seed=4)) for _ in range(2))
    assert first.scale == second.scale
    np.testing.assert_array_equal(first.bias, second.bias)
    np.testing.assert_array_equal(first.decision, second.decision)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 15), st.integers(5, 300))
def test_decision_never_lowers_accuracy_and_macro_f1_together(
    seed: int, n_labels: int, n: int
) -> None:
    from oarlock.coder.training.calibrate import fit_decision
    from oarlock.coder.weights import Calibration

    rng = np.random.default_rng(seed)
    prior = rng.dirichlet(np.full(n_labels, 0.5))
    labels = rng.choice(n_labels, size=n, p=prior)
    p = rng.dirichlet(20 * prior + 0.05, size=n) + 0.3 * np.eye(n_labels)[labels]
    p /= p.sum(axis=1, keepdims=True)
    factors = fit_decision(p, labels)
    assert factors.shape == (n_labels,)
    assert factors.max() == 1
    assert factors.min() > 0
    decided = Calibration(1.0, np.zeros(n_labels, np.float32), factors).decide(p)
    assert goal(labels, decided) >= goal(labels, p.argmax(axis=1)) - 1e-9


def test_decision_finds_rare_labels_that_the_most_probable_one_hides() -> None:
    from oarlock.coder.training.calibrate import fit_decision

    labels = np.array([0] * 90 + [1] * 10)
    p = np.array([[0.9, 0.1]] * 90 + [[0.55, 0.45]] * 10)
    factors = fit_decision(p, labels)
    assert factors[0] < factors[1]
    assert (p * factors).argmax(axis=1).tolist() == labels.tolist()


def test_decision_of_one_known_label_changes_nothing() -> None:
    from oarlock.coder.training.calibrate import fit_decision

    p = np.full((4, 3), 1 / 3)
    assert goal(np.zeros(4, int), (p * fit_decision(p, np.zeros(4, int))).argmax(axis=1)) == 2
