"""Effects of one study and their variances, from what papers report, and from one kind to another.

Pure functions on numbers. Positive means that the first arm has the higher value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import gammaln
from scipy.stats import norm
from scipy.stats import t as student_t

CONTINUITY = 0.5
"""Added to all four cells of a table that has a zero. Source: Sweeting et al. 2004,
doi:10.1002/sim.1761; the default of metafor's escalc (to="only0")."""


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect and its sampling variance.

    Attributes:
        value: On the scale of the measure; ratios as natural logarithms.
        variance: Above 0.
        corrected: Whether a continuity correction was added.
    """

    value: float
    variance: float
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of effect.

    Attributes:
        key: What `--measure` takes.
        name: In words.
        is_log: Whether it is the logarithm of a ratio, so that 0 means a ratio of 1.
    """

    key: str
    name: str
    is_log: bool = False


MEASURES = {
    one.key: one
    for one in (
        Measure("SMD", "standardised mean difference (Hedges' g)"),
        Measure("MD", "mean difference"),
        Measure("RR", "log risk ratio", is_log=True),
        Measure("OR", "log odds ratio", is_log=True),
        Measure("RD", "risk difference"),
        Measure("ZCOR", "correlation (Fisher's z)"),
        Measure("GEN", "effect as given in the file"),
    )
}
BINARY = ("RR", "OR", "RD")
MEANS = ("SMD", "MD")


def small_sample_factor(df: float) -> float:
    """Return Hedges' factor J, by which d is multiplied to give g.

    Args:
        df: Degrees of freedom of the pooled standard deviation, above 1.

    Source: Hedges 1981, doi:10.3102/10769986006002107, the exact form.
    """
    return math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def g_from_d(d: float, n1: float, n2: float) -> Effect:
    """Return Hedges' g with its large-sample variance.

    Source: Hedges 1981, doi:10.3102/10769986006002107; variance: Hedges & Olkin 1985, ch. 5,
    eq. 15 with g, as metafor's escalc (vtype "LS").
    """
    g = small_sample_factor(n1 + n2 - 2) * d
    return Effect(g, 1 / n1 + 1 / n2 + g * g / (2 * (n1 + n2)))


def standardised_mean_difference(
    mean1: float, sd1: float, n1: float, mean2: float, sd2: float, n2: float
) -> Effect:
    """Return Hedges' g of two arms, by the pooled standard deviation."""
    pooled = math.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
    return g_from_d((mean1 - mean2) / pooled, n1, n2)


def mean_difference(
    mean1: float, sd1: float, n1: float, mean2: float, sd2: float, n2: float
) -> Effect:
    """Return the difference of two means, with unequal variances."""
    return Effect(mean1 - mean2, sd1**2 / n1 + sd2**2 / n2)


def two_by_two(measure: str, a: float, b: float, c: float, d: float) -> Effect:
    """Return the log risk ratio, log odds ratio or risk difference of a two-by-two table.

    Args:
        measure: "RR", "OR" or "RD".
        a: People of the first arm with the event.
        b: Without.
        c: People of the second arm with the event.
        d: Without.

    Source: Cochrane Handbook 6.4, section 6.4.1; zero cells: `CONTINUITY`.
    """
    corrected = min(a, b, c, d) == 0
    if corrected:
        a, b, c, d = (cell + CONTINUITY for cell in (a, b, c, d))
    n1, n2 = a + b, c + d
    if measure == "RR":
        return Effect(math.log(a / n1 / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2, corrected)
    if measure == "OR":
        return Effect(math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, corrected)
    return Effect(a / n1 - c / n2, a * b / n1**3 + c * d / n2**3, corrected)


def fisher_z(r: float, n: float) -> Effect:
    """Return Fisher's z of a correlation. Source: Fisher 1921; variance 1/(n - 3)."""
    return Effect(math.atanh(r), 1 / (n - 3))


def d_from_t(t: float, n1: float, n2: float) -> float:
    """Return Cohen's d of a t of two independent groups. Source: Rosenthal 1994, in Cooper."""
    return t * math.sqrt(1 / n1 + 1 / n2)


def d_from_f(f: float, n1: float, n2: float, sign: float) -> float:
    """Return Cohen's d of an F with one degree of freedom; its sign is not in F."""
    return math.copysign(d_from_t(math.sqrt(f), n1, n2), sign)


def d_from_p(p: float, n1: float, n2: float, sign: float) -> float:
    """Return Cohen's d of a two-sided p of a t test; its sign is not in p."""
    return math.copysign(d_from_t(float(student_t.isf(p / 2, n1 + n2 - 2)), n1, n2), sign)


def standard_error_of_interval(low: float, high: float, level: float = 0.95) -> float:
    """Return the standard error behind a symmetric interval of the normal distribution.

    Source: Cochrane Handbook 6.4, section 6.3.
    """
    return (high - low) / (2 * float(norm.ppf((1 + level) / 2)))


# Between kinds. Source: Borenstein et al. 2009, ch. 7, doi:10.1002/9780470743386; log odds ratio
# and d: Chinn 2000, doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M.
_D_PER_LOG_ODDS = math.sqrt(3) / math.pi


def convert(effect: Effect, kind: str, to: str) -> Effect:
    """Return an effect as another kind of effect.

    Args:
        effect: What the study reports.
        kind: "SMD", "OR" (its logarithm), "ZCOR", or "COR" (the correlation itself).
        to: "SMD", "OR" or "ZCOR".

    Raises:
        ValueError: There is no way from the one to the other.
    """
    if kind == to:
        return effect
    if kind == "COR" and to == "ZCOR":
        r = effect.value
        return Effect(math.atanh(r), effect.variance / (1 - r * r) ** 2)
    return _from_d(_to_d(effect, kind), to)


def _to_d(effect: Effect, kind: str) -> Effect:
    value, variance = effect.value, effect.variance
    if kind == "SMD":
        return effect
    if kind == "OR":
        return Effect(value * _D_PER_LOG_ODDS, variance * _D_PER_LOG_ODDS**2)
    if kind == "ZCOR":
        r = math.tanh(value)
        value, variance, kind = r, variance * (1 - r * r) ** 2, "COR"
    if kind == "COR":
        rest = 1 - value * value
        return Effect(2 * value / math.sqrt(rest), 4 * variance / rest**3)
    raise ValueError(kind)


def _from_d(effect: Effect, to: str) -> Effect:
    d, variance = effect.value, effect.variance
    if to == "SMD":
        return effect
    if to == "OR":
        return Effect(d / _D_PER_LOG_ODDS, variance / _D_PER_LOG_ODDS**2)
    if to == "ZCOR":  # arms of equal size: a = 4
        r = d / math.sqrt(d * d + 4)
        of_r = 16 * variance / (d * d + 4) ** 3
        return Effect(math.atanh(r), of_r / (1 - r * r) ** 2)
    raise ValueError(to)


def shown(value: float, measure: Measure) -> float:
    """Return a value as people read it: ratios and correlations back-transformed."""
    if measure.is_log:
        return math.exp(min(value, 700.0))
    return math.tanh(value) if measure.key == "ZCOR" else value
