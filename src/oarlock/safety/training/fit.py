"""Fits the linear models, out of fold for every figure, then on everything for what ships."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from oarlock.safety.features import N_BUCKETS, Features, dense_names, features
from oarlock.safety.matching import Hit, hits
from oarlock.safety.model import Linear
from oarlock.safety.normalise import views
from oarlock.safety.patterns import Rulebook
from oarlock.safety.training.data import BEHAVIOUR, IDEATION, MIX_SETS, NO_RISK, Text, mask

N_FOLDS: Final = 5
#: Inverse strength of the penalty, and the least number of texts that a bucket must occur in.
C: Final = {"within": 1.0, "general": 6.0, "severe": 0.25, "insult": 2.0, "hate": 2.0}
#: The score of risk is a sum of three models, each in units of its own spread: risk among posts of
#: people in crisis, risk against everyday texts, and behaviour against thoughts. These and `C`
#: were chosen by cross-validation, `C` by its mean over three splits among 42 settings, so the
#: figures of the card are a little optimistic.
PARTS_OF_RISK: Final = {"within": 1.0, "general": 1.5, "severe": 0.3}
MIN_TEXTS: Final = 3
#: Share of risk that the probabilities are calibrated to.
PREVALENCE: Final = 0.10


@dataclass(frozen=True, slots=True)
class Matrix:
    """All texts as the models see them.

    Attributes:
        counts: (n, 2 * N_BUCKETS) log1p of the counts, sparse.
        dense: (n, n_dense).
        found: What the patterns found, by text.
    """

    counts: sp.csr_matrix
    dense: NDArray[np.float32]
    found: list[list[Hit]]


def matrix(
    texts: Sequence[Text], book: Rulebook, progress: Callable[[int, int], None] | None = None
) -> Matrix:
    """Return the features of all texts."""
    rows: list[Features] = []
    found: list[list[Hit]] = []
    for n, text in enumerate(texts):
        seen = views(text.text)
        found.append(hits(seen, book))
        rows.append(features(seen.plain, found[-1], book))
        if progress is not None and n % 200 == 0:
            progress(n, len(texts))
    ends = np.cumsum([0, *(len(row.buckets) for row in rows)])
    counts = sp.csr_matrix(
        (
            np.log1p(np.concatenate([row.counts for row in rows])),
            np.concatenate([row.buckets for row in rows]),
            ends,
        ),
        shape=(len(rows), 2 * N_BUCKETS),
    )
    assert len(rows[0].dense) == len(dense_names(book))
    return Matrix(counts, np.stack([row.dense for row in rows]), found)


def folds(texts: Sequence[Text], seed: int) -> NDArray[np.int64]:
    """Return the fold of each text; a user's posts share one, and risk is spread evenly."""
    rng = np.random.default_rng(seed)
    result = np.empty(len(texts), dtype=np.int64)
    weight: dict[str, tuple[int, int]] = {}
    for text in texts:
        if text.source == "cssrs":
            grave, risk = weight.get(text.group, (0, 0))
            grave += text.label in BEHAVIOUR
            risk += text.label == IDEATION
            weight[text.group] = (grave, risk)
    users = sorted(weight)
    rng.shuffle(users)
    users.sort(key=lambda user: weight[user], reverse=True)
    load = np.zeros((N_FOLDS, 2))
    of_user = {}
    for user in users:
        fold = int(np.argmin(load @ np.array([4.0, 1.0])))
        of_user[user] = fold
        load[fold] += weight[user]
        load[fold, 1] += 0.01
    for n, text in enumerate(texts):
        result[n] = of_user.get(text.group, -1)
        if result[n] < 0:
            digest = hashlib.sha256(f"{seed} {text.group}".encode()).digest()
            result[n] = digest[0] % N_FOLDS
    return result


@dataclass(frozen=True, slots=True)
class Task:
    """What one model learns: y is 0 or 1, weight 0 leaves a text out."""

    y: NDArray[np.int64]
    weight: NDArray[np.float64]


def tasks(texts: Sequence[Text]) -> dict[str, Task]:
    """Return what each model learns from which texts."""
    source = np.array([text.source for text in texts])
    label = np.array([text.label for text in texts])
    cssrs = source == "cssrs"
    ideation = cssrs & (label == IDEATION)
    behaviour = cssrs & np.isin(label, BEHAVIOUR)
    no_risk = cssrs & np.isin(label, NO_RISK)
    watch = label == "suicidewatch"
    outside = np.isin(source, MIX_SETS)
    ordinary = np.isin(source, ("counselchat", "esconv"))
    # What a set weighs in all does not depend on how many of its texts were drawn; the everyday
    # sets weigh the same, as in the mix, or the longest posts would be learnt from least.
    n_of_set = {name: max(int((source == name).sum()), 1) for name in MIX_SETS}
    each = np.array([1300 / len(MIX_SETS) / n_of_set.get(name, 1) for name in source])
    calm_each = 240 / max(ordinary.sum(), 1)
    depression = label == "depression"
    within = np.select(
        [ideation | behaviour, no_risk, watch, depression, outside, ordinary],
        [6.0, 2.0, 0.5, 0.1, each, calm_each],
    )
    general = np.select(
        [ideation | behaviour, watch, depression, outside, ordinary],
        [6.0, 0.5, 0.1, 2 * each, calm_each],
    )
    severe = np.select(
        [behaviour, ideation | no_risk, watch, outside, ordinary],
        [20.0, 2.0, 0.1, each / 2, calm_each],
    )
    risk = (ideation | behaviour | watch).astype(np.int64)
    insult_set = mask(texts, lambda t: t.label.startswith("insults_kaggle"))
    hate_set = mask(texts, lambda t: t.label.startswith("twitter_waseem"))
    kind = cssrs | ordinary | (source == "comments") | (source == "dreaddit")
    calm = mask(texts, lambda t: t.source == "goemotions" and t.label == "neutral")
    insult = np.select([insult_set, kind | calm], [1.0, 0.5])
    hate = np.select([hate_set, kind | calm], [1.0, 0.5])
    return {
        "within": Task(risk, within),
        "general": Task(risk, general),
        "severe": Task(behaviour.astype(np.int64), severe),
        "insult": Task((label == "insults_kaggle harm").astype(np.int64), insult),
        "hate": Task((label == "twitter_waseem harm").astype(np.int64), hate),
    }


@dataclass(frozen=True, slots=True)
class Scaling:
    """What the training texts say of rarity and size."""

    idf: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def of(cls, data: Matrix, rows: NDArray[np.bool_]) -> Scaling:
        """Return the scaling learnt from some rows."""
        n_texts = np.asarray((data.counts[rows] > 0).sum(axis=0)).ravel()
        idf = np.log((1.0 + rows.sum()) / (1.0 + n_texts)) + 1.0
        idf[n_texts < MIN_TEXTS] = 0.0
        spread = data.dense[rows].std(axis=0)
        # Rare patterns must not get a weight that explodes.
        return cls(idf.astype(np.float16).astype(np.float32), np.maximum(spread, 0.25))

    def apply(self, data: Matrix) -> sp.csr_matrix:
        """Return (n, 2 * N_BUCKETS + n_dense), n-grams of length 1."""
        grams = data.counts @ sp.diags(self.idf)
        norm = np.sqrt(np.asarray(grams.multiply(grams).sum(axis=1)).ravel())
        norm[norm == 0] = 1.0
        grams = sp.diags(1.0 / norm) @ grams
        dense = sp.csr_matrix(data.dense / self.scale * DENSE_SHARE)
        return sp.hstack([grams * GRAM_SHARE, dense]).tocsr()


Parts = dict[str, float]
#: Relative size of the two kinds of feature, which is the relative strength of their penalty.
DENSE_SHARE: Final = 0.08
GRAM_SHARE: Final = 1.0


def fit_one(name: str, X: sp.csr_matrix, task: Task, rows: NDArray[np.bool_]) -> LogisticRegression:
    """Return the model of one task, fitted on some rows."""
    used = rows & (task.weight > 0)
    model = LogisticRegression(C=C[name], max_iter=400)
    model.fit(X[used], task.y[used], sample_weight=task.weight[used])
    return model


def out_of_fold(
    data: Matrix, texts: Sequence[Text], of_fold: NDArray[np.int64], names: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the score of every text by models that saw neither it nor its writer."""
    work = tasks(texts)
    scores = {name: np.zeros(len(texts)) for name in names}
    for fold in range(N_FOLDS):
        train = of_fold != fold
        X = Scaling.of(data, train).apply(data)
        for name in names:
            model = fit_one(name, X, work[name], train)
            scores[name][~train] = model.decision_function(X[~train])
    return scores


def combined(scores: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.float64], Parts]:
    """Return the score of risk, and the share of each part in it."""
    parts = {name: share / float(scores[name].std()) for name, share in PARTS_OF_RISK.items()}
    total = np.sum([share * scores[name] for name, share in parts.items()], axis=0)
    return total, parts


def packed(
    models: Mapping[str, LogisticRegression], parts: Parts, slope: float, offset: float
) -> Linear:
    """Return a sum of fitted models as one that ships: n-gram weights in one byte each."""
    weights = np.sum([share * models[name].coef_[0] for name, share in parts.items()], axis=0)
    bias = sum(share * float(models[name].intercept_[0]) for name, share in parts.items())
    grams = weights[: 2 * N_BUCKETS] * GRAM_SHARE
    step = float(np.abs(grams).max()) / 127 or 1.0
    return Linear(
        np.round(grams / step).astype(np.int8),
        step,
        (weights[2 * N_BUCKETS :] * DENSE_SHARE).astype(np.float32),
        bias,
        slope,
        offset,
    )
