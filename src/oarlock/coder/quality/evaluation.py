"""How well a coder agrees with human labels, with intervals that respect threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook.labels import TASK_LABELS
from oarlock.coder.quality.gold import GoldSet
from oarlock.errors import OarlockError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_BINS = 15  # Guo et al. (2017), On Calibration of Modern Neural Networks, section 2
SUREST_SHARE = 0.7
_TINY = 1e-12


class TextCoder(Protocol):
    """The part of `oarlock.coder.Coder` that an evaluation needs."""

    @property
    def model_version(self) -> str: ...

    def labels(self, task: str) -> Sequence[str]: ...

    def predict(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None, task: str = ...
    ) -> NDArray[np.float32]: ...

    def decide(self, probabilities: NDArray[np.floating], task: str = ...) -> NDArray[np.int64]: ...


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Precision, recall and F1 of one label; None where undefined (never predicted, never true)."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    n_predicted: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Agreement of a coder with human labels on one file.

    Attributes:
        scores: By name: accuracy, macro_f1 (labels with support), macro_f1_all (all labels of the
            task), macro_f1_seen (labels true or predicted: scikit-learn's default), kappa (Cohen),
            accuracy_surest_70; None where undefined.
        calibration: ece (15 equal-width bins), ece_equal_mass, brier (summed over labels, 0 to 2),
            nll (nats per text).
        intervals: 95 % percentile bootstrap interval of each of these. The F1 means of a resample
            go over the labels that count in the whole file.
        confusion: Rows are human labels, columns predictions, in the order of `labels`.
        soft: Only for reflections: how the probability of "complex" follows the share of labels
            "complex" among rows with the same text and context.
    """

    task: str
    labels: tuple[str, ...]
    n: int
    left_out: dict[str, int]
    model_version: str
    tier: str
    scores: dict[str, float | None]
    calibration: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]
    per_class: dict[str, ClassScores]
    confusion: tuple[tuple[int, ...], ...]
    resampled_by: str
    n_groups: int
    n_resamples: int
    seed: int
    soft: dict[str, float | int | None] | None = None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        with_support = [name for name, one in self.per_class.items() if one.support]
        return {
            "task": self.task,
            "tier": self.tier,
            "model_version": self.model_version,
            "n": self.n,
            "n_left_out": sum(self.left_out.values()),
            "left_out": self.left_out,
            "labels": list(self.labels),
            "labels_with_support": with_support,
            **self.scores,
            "macro_f1_over": "labels with support",
            "per_class": {
                name: {
                    "precision": one.precision,
                    "recall": one.recall,
                    "f1": one.f1,
                    "support": one.support,
                    "n_predicted": one.n_predicted,
                }
                for name, one in self.per_class.items()
            },
            "confusion": {"rows": "human", "columns": "coder", "counts": list(self.confusion)},
            "calibration": self.calibration,
            "intervals": {
                "level": 0.95,
                "method": "percentile bootstrap",
                "resampled_by": self.resampled_by,
                "n_groups": self.n_groups,
                "n_resamples": self.n_resamples,
                "seed": self.seed,
                **{name: pair and list(pair) for name, pair in self.intervals.items()},
            },
            "soft_score": self.soft,
            "notes": list(self.notes),
        }


def evaluate(
    coder: TextCoder,
    gold: GoldSet,
    *,
    tier: str,
    n_resamples: int = 1000,
    seed: int = 20261123,
    progress: Callable[[int], None] | None = None,
    group_name: str | None = None,
) -> Evaluation:
    """Return how well `coder` agrees with the human labels of `gold`.

    Args:
        coder: Predicts calibrated probabilities for whole texts.
        gold: Texts with human labels.
        tier: Name of the coder's tier, for the record.
        n_resamples: Bootstrap resamples; 0 for no intervals.
        seed: Seed of the bootstrap.
        progress: Called with the number of texts done so far.
        group_name: Name of the column that `gold.groups` came from.
    """
    labels = tuple(coder.labels(gold.task))
    if sorted(labels) != sorted(TASK_LABELS[gold.task]):
        raise OarlockError(f"The coder's labels of task {gold.task!r} are not those evaluated.")
    order = [labels.index(label) for label in TASK_LABELS[gold.task]]
    parts = []
    step = 2048
    for start in range(0, len(gold.texts), step):
        stop = min(start + step, len(gold.texts))
        contexts = gold.contexts[start:stop] if any(gold.contexts) else None
        parts.append(coder.predict(gold.texts[start:stop], contexts, task=gold.task))
        if progress is not None:
            progress(stop)
    predicted = np.concatenate([coder.decide(part, gold.task) for part in parts])
    probabilities = np.concatenate(parts).astype(np.float64)[:, order]
    result = score(
        np.asarray(gold.labels, dtype=np.int64),
        probabilities,
        labels=TASK_LABELS[gold.task],
        predicted=np.argsort(order)[predicted],
        groups=gold.groups,
        n_resamples=n_resamples,
        seed=seed,
    )
    soft = None
    if gold.task == "reflection":
        soft = soft_score(gold, probabilities[:, TASK_LABELS["reflection"].index("complex")])
    notes = []
    if n_resamples == 0:
        notes.append("No intervals are given: no resamples were asked for.")
    elif gold.groups is None:
        notes.append("Intervals resample single rows; rows of one thread make them too narrow.")
    elif result.n_groups < 10:
        notes.append(f"Only {result.n_groups} groups: the intervals are rough.")
    return Evaluation(
        task=gold.task,
        labels=TASK_LABELS[gold.task],
        n=len(gold.texts),
        left_out=dict(gold.left_out),
        model_version=coder.model_version,
        tier=tier,
        scores=result.scores,
        calibration=result.calibration,
        intervals=result.intervals,
        per_class=result.per_class,
        confusion=result.confusion,
        resampled_by="row" if gold.groups is None else (group_name or "group"),
        n_groups=result.n_groups,
        n_resamples=n_resamples,
        seed=seed,
        soft=soft,
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True)
class Scores:
    """Point estimates and intervals from labels and probabilities alone; see `Evaluation`."""

    scores: dict[str, float | None]
    calibration: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]
    per_class: dict[str, ClassScores]
    confusion: tuple[tuple[int, ...], ...]
    n_groups: int


def score(
    truth: Ints,
    probabilities: Floats,
    *,
    labels: Sequence[str],
    predicted: Ints | None = None,
    groups: Sequence[str] | None = None,
    n_resamples: int = 1000,
    seed: int = 20261123,
) -> Scores:
    """Return agreement and calibration of `probabilities` with `truth`.

    Args:
        truth: Shape (n,), index of the true label.
        probabilities: Shape (n, n_labels), rows summing to 1.
        labels: Names of the labels.
        predicted: Shape (n,), index of the label decided on; None takes the most probable.
        groups: Group of each row, resampled whole; None resamples rows.
        n_resamples: Bootstrap resamples.
        seed: Seed of the bootstrap.
    """
    table = _Table(truth, probabilities, predicted)
    scores, calibration = table.measure(np.ones(len(truth)))
    confusion = table.confusion(np.ones(len(truth))).round().astype(int)
    true_count, predicted_count = confusion.sum(axis=1), confusion.sum(axis=0)
    per_class = {}
    for position, label in enumerate(labels):
        hits = int(confusion[position, position])
        support, n_predicted = int(true_count[position]), int(predicted_count[position])
        per_class[label] = ClassScores(
            precision=hits / n_predicted if n_predicted else None,
            recall=hits / support if support else None,
            f1=2 * hits / (support + n_predicted) if support + n_predicted else None,
            support=support,
            n_predicted=n_predicted,
        )
    group_of = np.arange(len(truth))
    if groups is not None:
        group_of = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)[1]
    n_groups = int(group_of.max()) + 1
    intervals = _intervals(table, group_of, n_groups, n_resamples, seed)
    return Scores(
        scores,
        calibration,
        intervals,
        per_class,
        tuple(tuple(int(cell) for cell in row) for row in confusion),
        n_groups,
    )


def _intervals(
    table: _Table, group_of: Ints, n_groups: int, n_resamples: int, seed: int
) -> dict[str, tuple[float, float] | None]:
    rng = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {}
    names: list[str] = []
    for _ in range(n_resamples):
        drawn = rng.integers(0, n_groups, n_groups)
        weights = np.bincount(drawn, minlength=n_groups).astype(np.float64)[group_of]
        scores, calibration = table.measure(weights)
        names = [*scores, *calibration]
        for name, value in (scores | calibration).items():
            if value is not None:
                draws.setdefault(name, []).append(value)
    result: dict[str, tuple[float, float] | None] = {}
    for name in names:
        values = draws.get(name, [])
        # One group cannot be resampled; a measure undefined in many resamples has no interval.
        if n_groups < 2 or len(values) < 0.9 * n_resamples:
            result[name] = None
        else:
            low, high = np.percentile(values, [2.5, 97.5])
            result[name] = (float(low), float(high))
    return result


class _Table:
    """Labels and probabilities, ready to be measured under many weights.

    The means of F1 go over the labels that count in the whole file, whatever a resample holds: were
    a rare label left out where it is not drawn, the interval would be of a mean over the other,
    easier ones. A label that is drawn neither as truth nor as prediction has no F1 there; its F1 of
    the whole file stands in, because 0 would call it missed and leaving it out would change the
    mean. (Leaving out the whole resample would leave none where a few groups hold a label each.)
    """

    def __init__(self, truth: Ints, probabilities: Floats, predicted: Ints | None) -> None:
        self.n, self.n_labels = probabilities.shape
        self.predicted = probabilities.argmax(axis=1) if predicted is None else predicted
        self.cell = truth * self.n_labels + self.predicted
        self.confidence = probabilities[np.arange(self.n), self.predicted]
        self.correct = (self.predicted == truth).astype(np.float64)
        self.of_truth = probabilities[np.arange(self.n), truth]
        self.brier = (probabilities**2).sum(axis=1) - 2 * self.of_truth + 1
        self.nll = -np.log(np.clip(self.of_truth, _TINY, 1))
        self.width_bin = np.clip(np.ceil(self.confidence * N_BINS).astype(int) - 1, 0, N_BINS - 1)
        # Surest first; ties keep the order of the file.
        self.order = np.argsort(-self.confidence, kind="stable")
        whole = self.confusion(np.ones(self.n))
        self.is_true = whole.sum(axis=1) > 0
        self.is_seen = self.is_true | (whole.sum(axis=0) > 0)
        self.f1 = _f1(whole, np.zeros(self.n_labels))

    def confusion(self, weights: Floats) -> Floats:
        """Return the weighted confusion matrix, shape (n_labels, n_labels)."""
        counts = np.bincount(self.cell, weights=weights, minlength=self.n_labels**2)
        matrix: Floats = counts.astype(np.float64).reshape(self.n_labels, self.n_labels)
        return matrix

    def measure(self, weights: Floats) -> tuple[dict[str, float | None], dict[str, float | None]]:
        """Return scores and calibration when row i counts `weights[i]` times."""
        total = float(weights.sum())
        matrix = self.confusion(weights)
        true_count, predicted_count = matrix.sum(axis=1), matrix.sum(axis=0)
        hits = np.diagonal(matrix)
        f1 = _f1(matrix, self.f1)
        observed = float(hits.sum()) / total
        expected = float(true_count @ predicted_count) / total**2
        ordered = weights[self.order]
        upto = np.cumsum(ordered)
        # A row that straddles the border counts in part.
        target = SUREST_SHARE * total
        taken = np.clip(target - (upto - ordered), 0, ordered)
        scores: dict[str, float | None] = {
            "accuracy": observed,
            "macro_f1": float(f1[self.is_true].mean()),
            "macro_f1_all": float(f1.mean()),
            "macro_f1_seen": float(f1[self.is_seen].mean()),
            "kappa": (observed - expected) / (1 - expected) if expected < 1 - 1e-12 else None,
            "accuracy_surest_70": float(taken @ self.correct[self.order]) / target,
        }
        middle = upto - ordered / 2
        mass_bin = np.clip((middle / total * N_BINS).astype(int), 0, N_BINS - 1)
        calibration: dict[str, float | None] = {
            "ece": self._ece(self.width_bin, weights, self.confidence, self.correct),
            "ece_equal_mass": self._ece(
                mass_bin, ordered, self.confidence[self.order], self.correct[self.order]
            ),
            "brier": float(weights @ self.brier) / total,
            "nll": float(weights @ self.nll) / total,
        }
        return scores, calibration

    @staticmethod
    def _ece(bins: Ints, weights: Floats, confidence: Floats, correct: Floats) -> float:
        gap = np.bincount(bins, weights=weights * (confidence - correct), minlength=N_BINS)
        return float(np.abs(gap).sum() / weights.sum())


def _f1(matrix: Floats, absent: Floats) -> Floats:
    """Return F1 by label out of a confusion matrix; `absent` where a label is in neither margin."""
    both = matrix.sum(axis=1) + matrix.sum(axis=0)
    f1: Floats = np.divide(2 * np.diagonal(matrix), both, out=absent.copy(), where=both > 0)
    return f1


def soft_score(gold: GoldSet, probability: Floats) -> dict[str, float | int | None]:
    """Return how P(complex) follows the share of "complex" among rows of one text and context.

    Where no text repeats, a share is 0 or 1 and Pearson's r is the point-biserial correlation.

    Args:
        gold: Reflections with labels; several rows per text where several people labelled it.
        probability: Shape (n,), the coder's probability of "complex".
    """
    target = TASK_LABELS["reflection"].index("complex")
    units: dict[tuple[str, str | None, str | None], list[int]] = {}
    for row, (text, context) in enumerate(zip(gold.texts, gold.contexts, strict=True)):
        group = gold.groups[row] if gold.groups is not None else None
        units.setdefault((text, context, group), []).append(row)
    labels = np.asarray(gold.labels) == target
    share = np.asarray([labels[rows].mean() for rows in units.values()])
    predicted = np.asarray([probability[rows].mean() for rows in units.values()])
    constant = share.std() == 0 or predicted.std() == 0
    return {
        "pearson": None if constant else float(np.corrcoef(predicted, share)[0, 1]),
        "spearman": None if constant else _spearman(predicted, share),
        "n_units": len(units),
        "n_units_with_several_labels": sum(len(rows) > 1 for rows in units.values()),
    }


def _spearman(first: Floats, second: Floats) -> float:
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Return ranks with ties at their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks
