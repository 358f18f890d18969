"""Adjusted association of each behaviour with each outcome, by stratum, and its dose-response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from oarlock.study.estimation.design import Fit, NotEstimableError, design, fit, is_binary

#: Replies with a behaviour, and without it, below which nothing is said of it.
MIN_EXPOSED: Final = 10
#: Counts of a behaviour from here on are one dose.
TOP_DOSE: Final = 3

Scale = Literal["log-odds", "difference"]


@dataclass(frozen=True, slots=True)
class Association:
    """How an outcome differs with a behaviour, other behaviours and circumstances alike.

    Attributes:
        behaviour: Code, in words of the frame (`open_question`).
        outcome: Outcome, as in the frame without `y_`.
        stratum: "all", or kind and value, such as "severity=crisis".
        scale: "log-odds" for yes-or-no outcomes, else "difference" in units of the outcome.
        estimate: Log odds ratio or difference; `low` and `high` bound its 95 % interval.
        p: Two-sided.
        q: Benjamini-Hochberg over everything that was estimated in the same stratum.
        crude: The same without adjustment; NaN where it cannot be had.
        n: Replies; `n_exposed` with the behaviour; `n_events` with the outcome.
        n_threads: Threads.
        n_repliers: Repliers; 0 where the corpus names nobody.
        reason: Why there is no estimate; empty where there is one.
    """

    behaviour: str
    outcome: str
    stratum: str
    scale: Scale
    estimate: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    standard_error: float = float("nan")
    p: float = float("nan")
    q: float = float("nan")
    crude: float = float("nan")
    n: int = 0
    n_exposed: int = 0
    n_events: int = 0
    n_threads: int = 0
    n_repliers: int = 0
    reason: str = ""

    @property
    def is_estimated(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Dose:
    """Odds (or means) by how often a behaviour occurs in a reply, against replies without it.

    Attributes:
        counts: 1, 2, ... up to "this or more"; one per estimate.
        estimates: Log odds ratios or differences, with `lows` and `highs`.
        n: Replies with each count.
        trend_p: p of a linear trend over the counts.
        reason: Why there is nothing; empty where there is.
    """

    behaviour: str
    outcome: str
    counts: tuple[int, ...] = ()
    estimates: tuple[float, ...] = ()
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    n: tuple[int, ...] = ()
    trend_p: float = float("nan")
    reason: str = ""


def strata(frame: pd.DataFrame, kinds: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield everybody, then each value of each kind of stratum that occurs."""
    yield "all", frame
    for kind in kinds:
        if kind in frame:
            for value in sorted(frame[kind].dropna().unique()):
                yield f"{kind}={value}", frame[frame[kind] == value]


def associations(
    frame: pd.DataFrame,
    *,
    behaviours: Sequence[str],
    outcomes: Sequence[str],
    confounders: Sequence[str],
    kinds: Sequence[str] = ("severity", "wanted"),
    exposure: Callable[[pd.DataFrame, str], pd.Series] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> list[Association]:
    """Return one association per behaviour, outcome and stratum, estimated or not.

    All behaviours enter one model per outcome and stratum, beside the confounders, so that each is
    compared at the same mix of the others. A behaviour too rare in a stratum leaves the model
    and says so. Errors are clustered by thread and by replier.

    Args:
        frame: One row per reply, as `oarlock.study.frame` writes it.
        behaviours: Slugs of codes; columns `n_<slug>` hold their sentences.
        outcomes: Names without `y_`.
        confounders: Columns of the frame.
        kinds: Columns whose values are strata; a kind leaves the confounders of its own strata.
        exposure: Gives the column of a behaviour; whether it occurs at all if not given.
        progress: Called once per model.

    Source: Clustering: Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136. Many tests:
        Benjamini & Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    of = exposure or occurs
    found: list[Association] = []
    for stratum, rows in strata(frame, kinds):
        kept = [c for c in confounders if not stratum.startswith(f"{c}=")]
        here: list[Association] = []
        for outcome in outcomes:
            here += _of_outcome(rows, behaviours, outcome, kept, stratum, of)
            progress()
        found += _with_q(here)
    return found


def occurs(frame: pd.DataFrame, behaviour: str) -> pd.Series:
    """Return whether a behaviour occurs in a reply, as 0 or 1."""
    return (frame[f"n_{behaviour}"] > 0).astype("float64")


def _of_outcome(
    rows: pd.DataFrame,
    behaviours: Sequence[str],
    outcome: str,
    confounders: Sequence[str],
    stratum: str,
    of: Callable[[pd.DataFrame, str], pd.Series],
) -> list[Association]:
    rows = rows[rows[f"y_{outcome}"].notna()]
    y = rows[f"y_{outcome}"].astype("float64")
    scale: Scale = "log-odds" if is_binary(y) else "difference"
    exposures = pd.DataFrame({b: of(rows, b) for b in behaviours}, index=rows.index)
    reasons = {b: _too_rare(exposures[b], y, scale) for b in behaviours}
    used = [b for b in behaviours if not reasons[b]]
    adjusted: Fit | None = None
    why = ""
    if used:
        x = pd.concat([exposures[used], design(rows, confounders)], axis=1)
        try:
            adjusted = _fit(rows, y, x)
        except NotEstimableError as error:
            why = str(error)
    made = []
    for b in behaviours:
        blank = Association(
            b, outcome, stratum, scale, n=len(rows), n_exposed=int((exposures[b] > 0.5).sum())
        )
        if adjusted is None or b not in adjusted.names:
            reason = reasons[b] or why or "it cannot be told apart from another column"
            made.append(replace(blank, reason=reason))
            continue
        estimate, low, high, p = adjusted.interval(b)
        made.append(
            replace(
                blank,
                estimate=estimate,
                low=low,
                high=high,
                standard_error=adjusted.standard_error(b),
                p=p,
                crude=_crude(exposures[b], y, scale),
                n_events=adjusted.n_events,
                n_threads=adjusted.n_threads,
                n_repliers=adjusted.n_repliers,
            )
        )
    return made


def _fit(rows: pd.DataFrame, y: pd.Series, x: pd.DataFrame) -> Fit:
    return fit(y, x, rows["post_id"], rows.get("replier_id"))


def _too_rare(exposure: pd.Series, y: pd.Series, scale: Scale) -> str:
    on = exposure > 0.5 if exposure.nunique() > 2 else exposure > 0
    n_on, n_off = int(on.sum()), int((~on).sum())
    if len(y) == 0:
        return "the outcome is missing for every reply"
    if n_on < MIN_EXPOSED:
        return f"{n_on} replies have it: fewer than {MIN_EXPOSED}"
    if n_off < MIN_EXPOSED:
        return f"{n_off} replies lack it: fewer than {MIN_EXPOSED}"
    if scale == "log-odds" and (y[on].nunique() < 2 or y[~on].nunique() < 2):
        return "the outcome is the same for every reply with it, or for every reply without it"
    return ""


def _crude(exposure: pd.Series, y: pd.Series, scale: Scale) -> float:
    on = exposure > 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "difference":
            return float(y[on].mean() - y[~on].mean())
        odds = [y[rows].mean() / (1 - y[rows].mean()) for rows in (on, ~on)]
        return float(np.log(odds[0] / odds[1]))


def _with_q(found: list[Association]) -> list[Association]:
    tested = [one for one in found if one.is_estimated]
    if not tested:
        return found
    adjusted = multipletests([one.p for one in tested], method="fdr_bh")[1]
    q = dict(zip(map(id, tested), adjusted, strict=True))
    return [replace(one, q=float(q[id(one)])) if one.is_estimated else one for one in found]


def dose_response(
    frame: pd.DataFrame, *, behaviour: str, outcome: str, confounders: Sequence[str]
) -> Dose:
    """Return how the outcome goes with the number of sentences of a behaviour in a reply.

    Args:
        frame: One row per reply.
        behaviour: Slug of a code.
        outcome: Name without `y_`.
        confounders: Columns of the frame.
    """
    rows = frame[frame[f"y_{outcome}"].notna()]
    y = rows[f"y_{outcome}"].astype("float64")
    counts = rows[f"n_{behaviour}"].clip(upper=TOP_DOSE)
    sizes = counts.value_counts()
    doses = [d for d in range(1, TOP_DOSE + 1) if sizes.get(d, 0) >= MIN_EXPOSED]
    if not doses or sizes.get(0, 0) < MIN_EXPOSED:
        return Dose(behaviour, outcome, reason="too few replies have it, or lack it")
    # A dose too rare to stand alone joins the one below it.
    joined = counts.map(lambda d: max([x for x in (0, *doses) if x <= d]))
    others = design(rows, confounders)
    steps = pd.DataFrame({f"dose={d}": (joined == d).astype(float) for d in doses}, rows.index)
    try:
        by_dose = _fit(rows, y, pd.concat([steps, others], axis=1))
        line = _fit(rows, y, pd.concat([counts.astype(float).rename("dose"), others], axis=1))
    except NotEstimableError as error:
        return Dose(behaviour, outcome, reason=str(error))
    shown = [d for d in doses if f"dose={d}" in by_dose.names]
    ends = [by_dose.interval(f"dose={d}") for d in shown]
    return Dose(
        behaviour,
        outcome,
        counts=tuple(shown),
        estimates=tuple(e[0] for e in ends),
        lows=tuple(e[1] for e in ends),
        highs=tuple(e[2] for e in ends),
        n=tuple(int((joined == d).sum()) for d in shown),
        trend_p=line.interval("dose")[3] if "dose" in line.names else float("nan"),
    )


def difference_between_strata(
    found: Sequence[Association], *, behaviour: str, outcome: str, kind: str
) -> float:
    """Return p of Cochran's Q over the strata of one kind: whether the association differs.

    NaN where fewer than two strata have an estimate.

    Source: Cochran (1954), doi:10.2307/3001666.
    """
    ones = [
        one
        for one in found
        if one.is_estimated
        and (one.behaviour, one.outcome) == (behaviour, outcome)
        and one.stratum.startswith(f"{kind}=")
    ]
    if len(ones) < 2:
        return float("nan")
    estimates = np.array([one.estimate for one in ones])
    weights = np.array([one.standard_error**-2 for one in ones])
    q = float((weights * (estimates - np.average(estimates, weights=weights)) ** 2).sum())
    return float(stats.chi2.sf(q, len(ones) - 1))
