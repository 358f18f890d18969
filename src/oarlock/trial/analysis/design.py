"""Design matrices with terms that a reader can look up: `treatment[BtheB]`, `drug[Yes]`, `time`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oarlock.trial.analysis.data import TrialData, covariate

Floats = NDArray[np.float64]


class NotEstimableError(Exception):
    """The data cannot carry an estimate; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Design:
    """Outcome, matrix and names of a model.

    Attributes:
        y: Outcome, shape (n,).
        X: Shape (n, p).
        terms: Name of each column of X.
        groups: Person or cluster of each row, as numbers from 0.
        offset: Added to the linear predictor, shape (n,).
        frame: The rows, as they are in y.
        n_left_out: Rows with an outcome that lack a covariate.
    """

    y: Floats
    X: Floats
    terms: tuple[str, ...]
    groups: NDArray[np.int64]
    offset: Floats
    frame: pd.DataFrame
    n_left_out: int

    def column(self, term: str) -> int:
        """Return where a term stands in X."""
        return self.terms.index(term)


def arm_term(data: TrialData, arm: str) -> str:
    """Return the name of the term of an arm."""
    return f"{data.plan.arm}[{arm}]"


def make(
    data: TrialData,
    frame: pd.DataFrame,
    *,
    time: str = "none",
    by_arm: bool = False,
    adjust: bool = True,
    arm: bool = True,
    baseline: bool = True,
    groups: str = "person",
    extra: Sequence[str] = (),
) -> Design:
    """Return the design of a model.

    Args:
        data: The trial.
        frame: Rows with `y`; those without it, or without a covariate, are left out.
        time: "none", "linear" or "factor".
        by_arm: With an effect of the arm that changes with time; for a factor one at each time.
        adjust: With the covariates.
        arm: With the arm.
        baseline: With the baseline, where there is one.
        groups: "person" or "cluster".
        extra: Further numeric columns of `frame`.

    Raises:
        NotEstimableError: Nothing is left, the outcome is constant, or terms cannot be told apart.
    """
    with_baseline = baseline and data.has_baseline
    covariates = [one for one in data.covariates if adjust and covariate(one) in frame]
    needed = ["y", *map(covariate, covariates), *extra, *(["baseline"] if with_baseline else [])]
    if "offset" in frame:
        needed.append("offset")
    seen = frame[frame["y"].notna()]
    rows = seen.dropna(subset=needed)
    if "person" not in rows:
        rows = rows.assign(person=rows.index)
    parts: list[tuple[str, Floats]] = []
    if not (time == "factor" and by_arm):
        parts.append(("Intercept", np.ones(len(rows))))
    if with_baseline:
        parts.append((data.baseline_term, _floats(rows["baseline"])))
    for name in covariates:
        parts += _covariate(name, rows[covariate(name)])
    parts += [(name, _floats(rows[name])) for name in extra]
    parts += _arms_and_times(data, rows, time, by_arm, arm)
    names = tuple(name for name, _ in parts)
    X = np.column_stack([values for _, values in parts]) if parts else np.empty((len(rows), 0))
    offset = _floats(rows["offset"]) if "offset" in rows else np.zeros(len(rows))
    codes = pd.factorize(rows["cluster" if groups == "cluster" else "person"])[0]
    design = Design(
        _floats(rows["y"]), X, names, codes.astype(np.int64), offset, rows, len(seen) - len(rows)
    )
    _check(design, data)
    return design


def _floats(values: pd.Series) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _covariate(name: str, values: pd.Series) -> list[tuple[str, Floats]]:
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return [(name, _floats(values))]
    levels = [one for one in values.cat.categories if (values == one).any()]
    return [(f"{name}[{one}]", _floats(values == one)) for one in levels[1:]]


def _arms_and_times(
    data: TrialData, rows: pd.DataFrame, time: str, by_arm: bool, arm: bool
) -> list[tuple[str, Floats]]:
    parts: list[tuple[str, Floats]] = []
    others = data.arms[1:] if arm else ()
    dummies = {one: _floats(rows["arm"] == one) for one in others}
    if time == "factor":
        times = sorted(set(rows["time"]))
        skip = 0 if by_arm else 1
        parts += [(f"time[{t:g}]", _floats(rows["time"] == t)) for t in times[skip:]]
        if by_arm:
            return parts + [
                (f"{arm_term(data, one)}:time[{t:g}]", values * _floats(rows["time"] == t))
                for one, values in dummies.items()
                for t in times
            ]
    elif time == "linear":
        parts.append((data.plan.time or "time", _floats(rows["time"])))
    parts += [(arm_term(data, one), values) for one, values in dummies.items()]
    if time == "linear" and by_arm:
        parts += [
            (f"{arm_term(data, one)}:{data.plan.time or 'time'}", values * _floats(rows["time"]))
            for one, values in dummies.items()
        ]
    return parts


def _check(design: Design, data: TrialData) -> None:
    n, p = design.X.shape
    if n == 0:
        raise NotEstimableError("nobody has both the outcome and all covariates")
    if data.arms and any(data.plan.arm and t.startswith(f"{data.plan.arm}[") for t in design.terms):
        present = set(design.frame["arm"])
        for one in data.arms:
            if one not in present:
                raise NotEstimableError(f"nobody in arm {one!r} has a value")
    if np.ptp(design.y) == 0:
        raise NotEstimableError("the outcome has the same value for everybody")
    if n <= p:
        raise NotEstimableError(f"{n} values for {p} terms: nothing is left to estimate errors")
    aliased = _aliased(design.X, design.terms)
    if aliased:
        raise NotEstimableError(
            f"the term {aliased[0]!r} cannot be told apart from the others: it is constant, or "
            "follows from them"
        )


def _aliased(X: Floats, terms: Sequence[str]) -> list[str]:
    if X.shape[1] == 0:
        return []
    scale = np.sqrt((X**2).sum(axis=0))
    if (scale == 0).any():
        return [terms[int(i)] for i in np.flatnonzero(scale == 0)]
    r = np.abs(np.diag(np.linalg.qr(X / scale, mode="r")))
    return [terms[int(i)] for i in np.flatnonzero(r < 1e-8)]
