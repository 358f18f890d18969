"""What screening finds of what people rated, at loads that a team can read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from oarlock.safety.training.data import BEHAVIOUR, IDEATION, MIX_SETS, NO_RISK, Text
from oarlock.safety.training.fit import PREVALENCE

#: Shares of all texts that a person reads.
LOADS: Final = (0.01, 0.02, 0.05, 0.10, 0.25)
N_RESAMPLES: Final = 1000
#: Negatives of the second mix: posts of people who seek support, where risk was not rated.
SUPPORT_SETS: Final = ("counselchat", "esconv", "comments")
_POSITIVE: Final = {
    "ideation": (IDEATION,),
    "behaviour and attempt": BEHAVIOUR,
    "behaviour": ("behavior",),
    "attempt": ("attempt",),
}

Statistic = Callable[[NDArray[np.int64]], float]


def evaluate(texts: Sequence[Text], scores: dict[str, NDArray[np.float64]], seed: int) -> Any:
    """Return every figure of the model card.

    Args:
        texts: All texts.
        scores: "review" (order of review), and the probability of each model, out of fold.
        seed: Seed of the bootstrap, in which C-SSRS users and single other texts are drawn.
    """
    return {
        "mix": _mix(texts, scores["review"], MIX_SETS, seed),
        "support_mix": _mix(texts, scores["review"], SUPPORT_SETS, seed),
        "cssrs": _cssrs(texts, scores["review"], seed),
        "harm": {
            "insult": _harm(texts, scores["insult"], "insults_kaggle", seed),
            "hate": _harm(texts, scores["hate"], "twitter_waseem", seed),
        },
    }


def _arrays(texts: Sequence[Text]) -> tuple[Any, Any, Any]:
    source = np.array([text.source for text in texts])
    label = np.array([text.label for text in texts])
    group = np.array([text.group for text in texts])
    return source, label, group


def _resampled(group: Any, of: NDArray[np.int64], seed: int) -> list[NDArray[np.int64]]:
    """Return row numbers of N_RESAMPLES draws of whole groups."""
    rng = np.random.default_rng(seed)
    names, inverse = np.unique(group[of], return_inverse=True)
    members = [of[inverse == n] for n in range(len(names))]
    draws = rng.integers(0, len(names), (N_RESAMPLES, len(names)))
    return [np.concatenate([members[n] for n in draw]) for draw in draws]


def _interval(values: Sequence[float]) -> list[float]:
    finite = [v for v in values if np.isfinite(v)]
    return [round(float(q), 3) for q in np.percentile(finite, [2.5, 97.5])]


def _mix(
    texts: Sequence[Text], score: NDArray[np.float64], sets: Sequence[str], seed: int
) -> dict[str, Any]:
    """Return recall at each load in a mix with PREVALENCE of risk, the sets in equal parts."""
    source, label, group = _arrays(texts)
    risk = (source == "cssrs") & np.isin(label, (IDEATION, *BEHAVIOUR))
    others = [np.flatnonzero(source == name) for name in sets]
    positives = np.flatnonzero(risk)
    weight_others = np.concatenate(
        [np.full(len(rows), (1 - PREVALENCE) / len(sets) / len(rows)) for rows in others]
    )
    negative_scores = score[np.concatenate(others)]

    def threshold(rows: NDArray[np.int64], load: float) -> float:
        values = np.concatenate([score[rows], negative_scores])
        weights = np.concatenate([np.full(len(rows), PREVALENCE / len(rows)), weight_others])
        order = np.argsort(-values, kind="stable")
        place = int(np.searchsorted(np.cumsum(weights[order]), load))
        return float(values[order][min(place, len(order) - 1)])

    draws = _resampled(group, positives, seed)
    result: dict[str, Any] = {
        "n": {name: int(np.isin(label[positives], labels).sum())
              for name, labels in _POSITIVE.items()},
        "n_others": {name: len(rows) for name, rows in zip(sets, others, strict=True)},
        "loads": {},
    }  # fmt: skip
    for load in LOADS:
        at = threshold(positives, load)
        limits = [threshold(draw, load) for draw in draws]
        row = {}
        for name, labels in _POSITIVE.items():
            of = positives[np.isin(label[positives], labels)]
            drawn = []
            for draw, limit in zip(draws, limits, strict=True):
                some = draw[np.isin(label[draw], labels)]
                drawn.append(float((score[some] >= limit).mean()) if len(some) else float("nan"))
            row[name] = [round(float((score[of] >= at).mean()), 3), *_interval(drawn)]
        result["loads"][f"{load:.0%}"] = row
    return result


def _auc(y: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    return float(roc_auc_score(y, score)) if 0 < y.sum() < len(y) else float("nan")


def _cssrs(texts: Sequence[Text], score: NDArray[np.float64], seed: int) -> dict[str, Any]:
    """Return AUCs among rated posts of the C-SSRS set alone, where everybody speaks of suicide."""
    source, label, group = _arrays(texts)
    rated = np.flatnonzero(source == "cssrs")
    result: dict[str, Any] = {"n": len(rated), "users": len(set(group[rated]))}
    draws = _resampled(group, rated, seed)
    for name, labels in _POSITIVE.items():
        for against in ("posts without risk", "all other posts"):
            keep = np.isin(label, labels)
            kept = keep | np.isin(label, NO_RISK) if against == "posts without risk" else None

            def statistic(rows: NDArray[np.int64], keep: Any = keep, kept: Any = kept) -> float:
                of = rows if kept is None else rows[kept[rows]]
                return _auc(keep[of], score[of])

            value = round(statistic(rated), 3)
            result[f"{name} against {against}"] = [value, *_interval(list(map(statistic, draws)))]
    return result


def _harm(
    texts: Sequence[Text], score: NDArray[np.float64], name: str, seed: int
) -> dict[str, Any]:
    """Return AUC, average precision and recall at 1 % false alarms among support posts."""
    source, label, group = _arrays(texts)
    rows = np.flatnonzero(np.isin(label, (f"{name} harm", f"{name} none")))
    y = label == f"{name} harm"
    support = np.isin(source, SUPPORT_SETS)
    limit = float(np.quantile(score[support], 0.99))
    drawn = [_auc(y[draw], score[draw]) for draw in _resampled(group, rows, seed)[:200]]
    return {
        "n": len(rows),
        "harmful": int(y[rows].sum()),
        "auc": [round(_auc(y[rows], score[rows]), 3), *_interval(drawn)],
        "average_precision": round(float(average_precision_score(y[rows], score[rows])), 3),
        "recall_at_1_percent_of_support_posts": round(
            float((score[rows][y[rows]] >= limit).mean()), 3
        ),
    }
