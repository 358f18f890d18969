"""Shares of people with an event: difference, ratio, odds ratio, and number needed to treat.

Source: interval of the difference: Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873;
of a share: Wilson (1927). Number needed to treat and its interval through infinity: Altman (1998),
doi:10.1136/bmj.317.7168.1309.
"""

from __future__ import annotations

import math
from typing import Any

from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from oarlock.trial.analysis.results import Effect


def share(n_events: int, n: int, alpha: float) -> dict[str, Any]:
    """Return a share with its Wilson interval; None where nobody was seen."""
    if n == 0:
        return {"n": 0, "events": 0, "share": None, "ci_low": None, "ci_high": None}
    low, high = proportion_confint(n_events, n, alpha=alpha, method="wilson")
    low = 0.0 if n_events == 0 else max(float(low), 0.0)
    high = 1.0 if n_events == n else min(float(high), 1.0)
    return {"n": n, "events": n_events, "share": n_events / n, "ci_low": low, "ci_high": high}


def compare(
    events: int, n: int, events_control: int, n_control: int, *, contrast: str, term: str,
    alpha: float,
) -> tuple[Effect, ...]:  # fmt: skip
    """Return risk difference, risk ratio and odds ratio of two groups; p values are Fisher's.

    Ratios are left out where a group has no event or only events: they have no end then.
    """
    if n == 0 or n_control == 0:
        return ()
    table = [[events, n - events], [events_control, n_control - events_control]]
    p = float(stats.fisher_exact(table).pvalue)
    p1, p0 = events / n, events_control / n_control
    low, high = confint_proportions_2indep(
        events, n, events_control, n_control, compare="diff", method="newcomb", alpha=alpha
    )
    se = math.sqrt(p1 * (1 - p1) / n + p0 * (1 - p0) / n_control)
    both = n + n_control
    found = [
        Effect(term, contrast, p1 - p0, se or None, float(low), float(high), p, both,
               "risk difference")
    ]  # fmt: skip
    z = float(stats.norm.ppf(1 - alpha / 2))
    if events and events_control:
        log = math.log(p1 / p0)
        error = math.sqrt(1 / events - 1 / n + 1 / events_control - 1 / n_control)
        found.append(_ratio(term, contrast, log, error, z, p, both, "log risk ratio"))
        if events < n and events_control < n_control:
            log = math.log(p1 / (1 - p1)) - math.log(p0 / (1 - p0))
            error = math.sqrt(sum(1 / cell for row in table for cell in row))
            found.append(_ratio(term, contrast, log, error, z, p, both, "log odds ratio"))
    return tuple(found)


def _ratio(
    term: str, contrast: str, log: float, se: float, z: float, p: float, n: int, scale: str
) -> Effect:
    low, high = log - z * se, log + z * se
    return Effect(
        term, contrast, log, se, low, high, p, n, scale,
        ratio=math.exp(log), ratio_low=math.exp(low), ratio_high=math.exp(high),
    )  # fmt: skip


def number_needed(difference: Effect, *, of: str, good: bool) -> dict[str, Any]:
    """Return the number needed to treat (or to harm) that a risk difference says.

    Args:
        difference: Risk difference, the arm less the control.
        of: What the event is, for the reader.
        good: Whether the event is wanted.

    Returns:
        `nnt` above 0 is a number needed to treat, below 0 one to harm. Where the interval of the
        difference holds 0, that of the number passes infinity: `ci_through_infinity` is true, and
        `words` says both of its halves.
    """
    sign = 1.0 if good else -1.0
    value = sign * difference.estimate
    low, high = sorted((sign * difference.ci_low, sign * difference.ci_high))
    through = low < 0 < high or low == 0 or high == 0
    ends = [None if end == 0 else 1 / end for end in (low, high)]
    if value == 0:
        words = "no difference: the number needed to treat is infinite"
    else:
        words = f"{_name(value)} {abs(1 / value):.1f}"
    if through:
        harm = "infinity" if low >= 0 else f"NNTH {abs(1 / low):.1f}"
        benefit = "infinity" if high <= 0 else f"NNTB {1 / high:.1f}"
        words += f" (from {harm} through infinity to {benefit})"
    else:
        inner = sorted(abs(end) for end in ends if end is not None)
        words += f" ({_name(low)} {inner[0]:.1f} to {inner[1]:.1f})"
    return {
        "contrast": difference.contrast, "of": of, "good": good, "n": difference.n,
        "risk_difference": difference.estimate, "nnt": None if value == 0 else 1 / value,
        "ci_low": ends[1] if not through else ends[0],
        "ci_high": ends[0] if not through else ends[1],
        "ci_through_infinity": through, "words": words,
    }  # fmt: skip


def _name(value: float) -> str:
    return "NNTB" if value > 0 else "NNTH"


def confint_paired(table: Any, alpha: float) -> tuple[float, float]:
    """Return Newcombe's interval of the difference of two shares of the same people.

    Args:
        table: Counts; rows: event before, not; columns: event after, not.
        alpha: Two-sided level.

    Source: Newcombe (1998), doi:10.1002/(SICI)1097-0258(19981130)17:22<2635, method 10.
    """
    a, b, c, d = (float(table[i][j]) for i in (0, 1) for j in (0, 1))
    n = a + b + c + d
    after, before = (a + c) / n, (a + b) / n
    l1, u1 = proportion_confint(a + c, n, alpha=alpha, method="wilson")
    l0, u0 = proportion_confint(a + b, n, alpha=alpha, method="wilson")
    product = (a + b) * (c + d) * (a + c) * (b + d)
    top = a * d - b * c
    if top > 0:
        top = max(top - n / 2, 0.0)
    phi = 0.0 if product == 0 else top / math.sqrt(product)
    dl1, du1, dl0, du0 = after - l1, u1 - after, before - l0, u0 - before
    low = math.sqrt(max(dl1**2 - 2 * phi * dl1 * du0 + du0**2, 0.0))
    high = math.sqrt(max(du1**2 - 2 * phi * du1 * dl0 + dl0**2, 0.0))
    return after - before - low, after - before + high
