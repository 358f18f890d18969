"""Scores of the coder, held against scikit-learn and against values worked by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from oarlock.codebook.labels import TASK_LABELS
from oarlock.coder.quality.evaluation import evaluate, score, soft_score
from oarlock.coder.quality.gold import GoldSet

metrics = pytest.importorskip("sklearn.metrics")


def random_case(n: int, n_labels: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, n_labels, n), rng.dirichlet(np.full(n_labels, 0.7), n)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 200), n_labels=st.integers(2, 15), seed=st.integers(0, 2**31))
def test_score_agrees_with_scikit_learn(n: int, n_labels: int, seed: int) -> None:
    truth, probabilities = random_case(n, n_labels, seed)
    predicted = probabilities.argmax(axis=1)
    names = [f"label {i}" for i in range(n_labels)]

    result = score(truth, probabilities, labels=names, n_resamples=0)

    assert result.scores["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    f1 = metrics.f1_score(truth, predicted, labels=range(n_labels), average=None, zero_division=0)
    supported = np.unique(truth)
    assert result.scores["macro_f1"] == pytest.approx(f1[supported].mean())
    assert result.scores["macro_f1_all"] == pytest.approx(f1.mean())
    assert result.scores["macro_f1_seen"] == pytest.approx(
        metrics.f1_score(truth, predicted, average="macro", zero_division=0)
    )
    if len(set(truth) | set(predicted)) > 1:
        assert result.scores["kappa"] == pytest.approx(metrics.cohen_kappa_score(truth, predicted))
    assert result.calibration["nll"] == pytest.approx(
        metrics.log_loss(truth, probabilities, labels=range(n_labels))
    )
    assert result.confusion == tuple(
        map(tuple, metrics.confusion_matrix(truth, predicted, labels=range(n_labels)))
    )


def test_score_matches_values_worked_by_hand() -> None:
    truth = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]])

    result = score(truth, probabilities, labels=["a", "b"], n_resamples=0)

    assert result.scores["accuracy"] == pytest.approx(0.75)
    assert result.scores["kappa"] == pytest.approx(0.5)
    # surest 70 % = 2.8 texts: .9 right, .8 right, and four fifths of .7, right
    assert result.scores["accuracy_surest_70"] == pytest.approx(1.0)
    assert result.calibration["brier"] == pytest.approx((0.02 + 0.72 + 0.08 + 0.18) / 4)
    assert result.calibration["ece"] == pytest.approx((0.1 + 0.6 + 0.2 + 0.3) / 4)
    assert result.per_class["a"].precision == 1.0
    assert result.per_class["a"].recall == 0.5
    assert result.per_class["b"].precision == pytest.approx(2 / 3)


def test_score_says_undefined_where_a_label_was_never_seen() -> None:
    truth = np.array([0, 0])
    probabilities = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1]])
    result = score(truth, probabilities, labels=["a", "b", "c"], n_resamples=0)
    assert result.per_class["b"].recall is None
    assert result.per_class["b"].precision == 0.0
    assert result.per_class["c"].f1 is None
    assert result.scores["macro_f1"] == pytest.approx(2 / 3)


def test_kappa_is_undefined_with_one_label_only() -> None:
    result = score(
        np.zeros(5, dtype=np.int64),
        np.tile([0.9, 0.1], (5, 1)),
        labels=["a", "b"],
        n_resamples=50,
    )
    assert result.scores["kappa"] is None
    assert result.intervals["kappa"] is None


def test_intervals_are_wider_when_rows_of_a_group_move_together() -> None:
    rng = np.random.default_rng(3)
    right = np.repeat(rng.integers(0, 2, 40), 25)
    truth = np.zeros(1000, dtype=np.int64)
    truth[::2] = 1
    probabilities = np.full((1000, 2), 0.2)
    probabilities[np.arange(1000), np.where(right == 1, truth, 1 - truth)] = 0.8
    groups = [str(i // 25) for i in range(1000)]

    by_row = score(truth, probabilities, labels=["a", "b"], n_resamples=300)
    by_group = score(truth, probabilities, labels=["a", "b"], groups=groups, n_resamples=300)

    row, group = by_row.intervals["accuracy"], by_group.intervals["accuracy"]
    assert row is not None
    assert group is not None
    assert group[1] - group[0] > 3 * (row[1] - row[0])
    assert by_group.n_groups == 40
    assert (
        score(truth, probabilities, labels=["a", "b"], groups=groups, n_resamples=300) == by_group
    )


def test_interval_of_macro_f1_is_about_the_labels_of_the_whole_file() -> None:
    # The third label has four examples of 1,012 and is always missed.
    truth = np.repeat([0, 1, 2], [504, 504, 4])
    predicted = np.where(truth == 2, 0, truth)
    result = score(truth, np.eye(3)[predicted], labels=["a", "b", "c"], n_resamples=1000)
    for name in ("macro_f1", "macro_f1_all", "macro_f1_seen"):
        interval, value = result.intervals[name], result.scores[name]
        assert interval is not None
        assert value is not None
        assert interval[0] <= value <= interval[1]
        assert interval[1] <= 2 / 3


def test_label_that_few_groups_hold_leaves_an_interval_around_the_value() -> None:
    # Each of the rare labels is in one of ten groups, so a third of the resamples lack it.
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 200)
    truth[:3], truth[20:23] = 2, 3
    predicted = np.where(rng.random(200) < 0.8, truth, 0)
    groups = [str(row // 20) for row in range(200)]
    result = score(truth, np.eye(4)[predicted], labels=list("abcd"), groups=groups)
    interval, value = result.intervals["macro_f1"], result.scores["macro_f1"]
    assert interval is not None
    assert value is not None
    assert interval[0] <= value <= interval[1]


def test_one_group_gives_no_interval() -> None:
    truth, probabilities = random_case(30, 3, 0)
    result = score(truth, probabilities, labels=["a", "b", "c"], groups=["t"] * 30, n_resamples=20)
    assert set(result.intervals.values()) == {None}


class Fixed:
    """A coder that gives set probabilities, its labels in an order of its own."""

    model_version = "test-1"

    def __init__(self, task: str, probabilities: NDArray[np.float64]) -> None:
        self.task, self.probabilities, self.done = task, probabilities, 0

    def labels(self, task: str) -> Sequence[str]:
        return tuple(reversed(TASK_LABELS[task]))

    def predict(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None, task: str = ""
    ) -> NDArray[np.float32]:
        start, self.done = self.done, self.done + len(texts)
        return self.probabilities[start : self.done, ::-1].astype(np.float32)

    def decide(self, probabilities: NDArray[np.floating], task: str = "") -> NDArray[np.int64]:
        return probabilities.argmax(axis=1)


class Stubborn(Fixed):
    """Decides on the last of its labels, whatever their probability."""

    def decide(self, probabilities: NDArray[np.floating], task: str = "") -> NDArray[np.int64]:
        return np.full(len(probabilities), probabilities.shape[1] - 1)


def test_evaluate_reports_everything_as_json() -> None:
    truth, probabilities = random_case(60, 3, 1)
    gold = GoldSet(
        task="talk",
        texts=["a"] * 60,
        contexts=[None] * 60,
        labels=[int(x) for x in truth],
    )
    gold.left_out["no label"] = 2
    result = evaluate(Fixed("talk", probabilities), gold, tier="standard", n_resamples=20)
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert (content["n"], content["n_left_out"]) == (60, 2)
    assert content["accuracy"] == pytest.approx(
        metrics.accuracy_score(truth, probabilities.argmax(axis=1))
    )
    assert content["model_version"] == "test-1"
    assert list(content["per_class"]) == ["change", "sustain", "neutral"]
    assert "single rows" in content["notes"][0]
    assert content["intervals"]["resampled_by"] == "row"


def test_evaluate_scores_the_decision_with_its_own_probability() -> None:
    truth, probabilities = random_case(40, 3, 2)
    gold = GoldSet("talk", ["a"] * 40, [None] * 40, [int(x) for x in truth])
    result = evaluate(Stubborn("talk", probabilities), gold, tier="standard", n_resamples=0)
    # the last of the reversed labels is the first of the task: "change"
    assert result.scores["accuracy"] == pytest.approx(float((truth == 0).mean()))
    assert result.per_class["change"].n_predicted == 40
    by_hand = score(
        truth,
        probabilities,
        labels=TASK_LABELS["talk"],
        predicted=np.zeros(40, dtype=np.int64),
        n_resamples=0,
    )
    assert result.calibration == pytest.approx(by_hand.calibration, abs=1e-6)


def test_soft_score_follows_the_share_of_annotators() -> None:
    gold = GoldSet(
        task="reflection",
        texts=["a", "a", "b", "b", "c", "c"],
        contexts=[None] * 6,
        labels=[0, 0, 0, 1, 1, 1],
    )
    result = soft_score(gold, np.array([0.1, 0.1, 0.5, 0.5, 0.9, 0.9]))
    assert result["pearson"] == pytest.approx(1.0)
    assert result["spearman"] == pytest.approx(1.0)
    assert (result["n_units"], result["n_units_with_several_labels"]) == (3, 3)
    constant = soft_score(gold, np.full(6, 0.5))
    assert constant["pearson"] is None
