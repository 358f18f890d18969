"""The pooled effect: fixed and random effects, intervals, prediction and heterogeneity.

PyMARE finds tau² (REML, DerSimonian-Laird) and its Q-profile interval, statsmodels that of Paule
and Mandel. What neither has, or prints as metafor does, is here.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import chi2, norm
from scipy.stats import t as student_t
from statsmodels.stats.meta_analysis import combine_effects

with warnings.catch_warnings():
    # PyMARE leaves a file open while it is imported.
    warnings.simplefilter("ignore", ResourceWarning)
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
    from pymare.stats import q_profile

from oarlock.errors import UserError

Array = NDArray[Any]

METHODS = ("REML", "DL", "PM")
"""Estimators of tau². REML: Viechtbauer 2005, doi:10.3102/10769986030003261; DL: DerSimonian &
Laird 1986, doi:10.1016/0197-2456(86)90046-2; PM: Paule & Mandel 1982, doi:10.6028/jres.087.022."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A test and interval of one coefficient.

    Attributes:
        df: Degrees of freedom of the t distribution; None is the normal distribution.
        statistic: z or t.
    """

    estimate: float
    se: float
    low: float
    high: float
    statistic: float
    df: float | None
    p: float


def interval(estimate: float, se: float, df: float | None = None) -> Interval:
    """Return the 95 % interval and two-sided test of an estimate, by normal or t distribution."""
    distribution: Any = norm if df is None else student_t(df)
    half = float(distribution.ppf((1 + LEVEL) / 2)) * se
    statistic = estimate / se
    p = 2 * float(distribution.sf(abs(statistic)))
    return Interval(estimate, se, estimate - half, estimate + half, statistic, df, p)


@dataclass(frozen=True, slots=True)
class Fit:
    """A random-effects (or, with tau² 0, fixed-effect) regression on X.

    Attributes:
        beta, cov: Coefficients and their model-based covariance.
        weights: Inverse of sampling variance and tau².
        knha_factor: What Hartung, Knapp, Sidik and Jonkman multiply the covariance by.
    """

    beta: Array
    cov: Array
    tau2: float
    weights: Array
    knha_factor: float

    @property
    def estimate(self) -> float:
        """The first coefficient: without moderators the pooled effect."""
        return float(self.beta[0])

    @property
    def se(self) -> float:
        """Its model-based standard error."""
        return math.sqrt(self.cov[0, 0])


def tau2_of(y: Array, v: Array, X: Array, method: str) -> float:
    """Return the between-study variance. It needs more studies than coefficients."""
    # Units of the typical study, so that no search depends on the scale of the effects.
    unit = float(np.median(v))
    y, v = (y - np.average(y, weights=1 / v)) / math.sqrt(unit), v / unit
    if method == "REML":
        estimator = VarianceBasedLikelihoodEstimator("REML", small_sample_correction="wald")
    elif method == "DL":
        estimator = DerSimonianLaird(small_sample_correction="wald")
    elif method == "PM" and X.shape[1] == 1:
        if float(((y - np.average(y, weights=1 / v)) ** 2 / v).sum()) <= len(y) - 1:
            return 0.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = combine_effects(y, v, method_re="iterated", atol=1e-10, maxiter=500)
        return max(0.0, float(found.tau2)) * unit
    else:
        raise ValueError(method)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # The search also tries values at which precisions of 1e12 and 1 cancel.
        warnings.simplefilter("ignore")
        found_tau2 = float(np.ravel(estimator.fit(y, v, X).params_["tau2"])[0])
    if not math.isfinite(found_tau2):
        raise UserError(
            "The variance between studies cannot be estimated: the precisions of the studies lie "
            "too far apart.",
            remedy="Look for standard errors among variances, or a scale of measurement that "
            "differs.",
        )
    if method == "REML":
        found_tau2 = _checked(y, v, X, found_tau2)
    return max(0.0, found_tau2) * unit


def _restricted(y: Array, v: Array, X: Array, tau2: float) -> float:
    """Return minus the restricted log-likelihood of tau², up to a constant."""
    fitted = fit_at(y, v, X, tau2)
    residual = y - X @ fitted.beta
    weights = fitted.weights
    determinant = float(np.linalg.slogdet(X.T @ (X * weights[:, None]))[1])
    return 0.5 * (determinant - float(np.log(weights).sum()) + float(weights @ residual**2))


def _checked(y: Array, v: Array, X: Array, tau2: float) -> float:
    """Return tau², or a more likely one: PyMARE's search goes by the mean sampling variance.

    One study that is immensely imprecise makes its steps too wide.
    """
    if v.max() < 1e4 * v.min():
        return tau2
    top = math.log(max(float(np.var(y)), 1.0) * 100)
    grid = np.linspace(math.log(float(v.min())) - 2, top, 200)
    losses = [_restricted(y, v, X, math.exp(one)) for one in grid]
    at = int(np.argmin(losses))
    found = minimize_scalar(
        lambda one: _restricted(y, v, X, math.exp(one)),
        bounds=(grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    candidates = [tau2, 0.0, math.exp(float(found.x))]
    return min(candidates, key=lambda one: _restricted(y, v, X, one))


def fit_at(y: Array, v: Array, X: Array, tau2: float) -> Fit:
    """Return the weighted regression at a tau² that is known."""
    weights = 1 / (v + tau2)
    cov: Array = np.linalg.inv(X.T @ (X * weights[:, None]))
    beta: Array = cov @ (X.T @ (weights * y))
    df = len(y) - X.shape[1]
    residual = y - X @ beta
    factor = float((weights * residual**2).sum() / df) if df > 0 else math.nan
    return Fit(beta, cov, tau2, weights, factor)


def fit(y: Array, v: Array, X: Array | None = None, method: str = "REML") -> Fit:
    """Return the random-effects model; with as many studies as coefficients tau² is taken as 0."""
    X = np.ones((len(y), 1)) if X is None else X
    return fit_at(y, v, X, tau2_of(y, v, X, method) if len(y) > X.shape[1] else 0.0)


def hartung_knapp(fitted: Fit, *, floor: bool = False) -> Interval | None:
    """Return the interval of Hartung and Knapp, or None where there is one study or no spread.

    Args:
        fitted: The random-effects model.
        floor: Never narrower than the interval by the model: the factor is at least 1.

    Source: Hartung & Knapp 2001, doi:10.1002/sim.1009; Sidik & Jonkman 2002,
    doi:10.1002/sim.1262; the floor: Röver et al. 2015, doi:10.1186/s12874-015-0091-1.
    """
    df = len(fitted.weights) - len(fitted.beta)
    if df < 1:
        return None
    factor = max(1.0, fitted.knha_factor) if floor else fitted.knha_factor
    if not factor > 1e-12:
        return None
    return interval(fitted.estimate, fitted.se * math.sqrt(factor), df)


def prediction(estimate: float, se: float, tau2: float, df: int) -> tuple[float, float] | None:
    """Return where the true effect of a new study is expected with 95 %, or None below 1 df.

    Source: Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x (k - 2
    degrees of freedom); k - 1 as metafor's predict with test="knha".
    """
    if df < 1:
        return None
    half = float(student_t.ppf((1 + LEVEL) / 2, df)) * math.sqrt(tau2 + se * se)
    return estimate - half, estimate + half


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How much the studies differ beyond chance.

    Attributes:
        tau2: Variance of the true effects; None with one study.
        tau2_low, tau2_high: Q-profile interval. Source: Viechtbauer 2007, doi:10.1002/sim.2514.
        i2, h2: From tau² and the typical sampling variance, as metafor prints them; percent, ratio.
        i2_q: From Q. Source: Higgins & Thompson 2002, doi:10.1002/sim.1186, which names both.
        q, q_df, q_p: Cochran's test.
    """

    tau2: float | None
    tau2_low: float | None
    tau2_high: float | None
    i2: float | None
    i2_q: float | None
    h2: float | None
    q: float | None
    q_df: int
    q_p: float | None


def typical_variance(v: Array, X: Array | None = None) -> float:
    """Return the typical sampling variance. Source: Higgins & Thompson 2002, eq. 9."""
    X = np.ones((len(v), 1)) if X is None else X
    weights = 1 / v
    XW = X * weights[:, None]
    trace = weights.sum() - np.trace(np.linalg.solve(X.T @ XW, XW.T @ XW))
    return float((len(v) - X.shape[1]) / trace)


def q_statistic(y: Array, v: Array, X: Array | None = None) -> float:
    """Return the weighted sum of squares around the fixed-effect model."""
    X = np.ones((len(y), 1)) if X is None else X
    fixed = fit_at(y, v, X, 0.0)
    return float(((y - X @ fixed.beta) ** 2 / v).sum())


def heterogeneity(y: Array, v: Array, tau2: float, X: Array | None = None) -> Heterogeneity:
    """Return all measures of heterogeneity of studies around their model; few with one study."""
    X = np.ones((len(y), 1)) if X is None else X
    df = len(y) - X.shape[1]
    if df < 1:
        return Heterogeneity(None, None, None, None, None, None, None, df, None)
    q = q_statistic(y, v, X)
    typical = typical_variance(v, X)
    low, high = _q_profile(y, v, X)
    return Heterogeneity(
        tau2=tau2,
        tau2_low=low,
        tau2_high=high,
        i2=100 * tau2 / (tau2 + typical),
        i2_q=100 * max(0.0, (q - df) / q) if q > 0 else 0.0,
        h2=tau2 / typical + 1,
        q=q,
        q_df=df,
        q_p=float(chi2.sf(q, df)),
    )


def _q_profile(y: Array, v: Array, X: Array) -> tuple[float | None, float | None]:
    unit = float(np.median(v))
    shifted = (y - np.average(y, weights=1 / v)) / math.sqrt(unit)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = q_profile(shifted, v / unit, X)
    ends = [float(found[end]) * unit for end in ("ci_l", "ci_u")]
    if ends[1] <= 0:  # the studies differ less than chance alone would make them
        return None, None
    low, high = (end if math.isfinite(end) else None for end in ends)
    return low, high
