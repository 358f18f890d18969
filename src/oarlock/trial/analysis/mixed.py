"""Mixed models with a random intercept, fitted several times and held against other ways.

statsmodels' MixedLM can stop at a variance of zero and say that it converged
(statsmodels/statsmodels#10239). So every fit is repeated from other starts with other optimisers,
the best likelihood is kept, and it is compared with the maximum on the line (`marginal`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.regression.mixed_linear_model import MixedLMParams

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, make
from oarlock.trial.analysis.estimates import arm_effects, coefficients, slope_effects
from oarlock.trial.analysis.linear import attempt, linear_time, overall_test
from oarlock.trial.analysis.marginal import (
    Optimum,
    log_likelihood,
    optimum,
    satterthwaite,
    solved,
)
from oarlock.trial.analysis.results import Check, Model

BOUND = 0.01
"""Disagreement, in standard errors, between MixedLM and the maximum of its own likelihood."""
WORSE = 0.01
"""Log likelihood that a fit may lack to the best one known."""
_OPTIMISERS = (None, ["lbfgs"], ["powell", "bfgs"], ["nm"])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A mixed model as MixedLM found it, and as it should be.

    Attributes:
        best: The maximum on the line.
        params: Coefficients of MixedLM; None where no attempt gave any.
        between: Its variance of the intercepts.
        residual: Its variance within.
        attempts: What each attempt did.
        agrees: Whether MixedLM is at the maximum.
    """

    best: Optimum
    params: Any
    between: float | None
    residual: float | None
    attempts: tuple[str, ...]
    agrees: bool


def fit_mixedlm(design: Design, *, reml: bool) -> Fitted:
    """Return MixedLM's best fit out of several beside the maximum on the line."""
    y = design.y - design.offset
    best = optimum(y, design.X, design.groups, reml=reml)
    kept: tuple[Any, float, float] | None = None
    kept_value, said = -np.inf, []
    for method in _OPTIMISERS:
        name = "default" if method is None else "+".join(method)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = sm.MixedLM(y, design.X, groups=design.groups)
                start: Any = None
                if method is not None:
                    start = max(best.between / best.residual, 1e-3) ** 0.5
                    start = np.array([start])
                result = model.fit(reml=reml, method=method, start_params=_start(model, start))
            between = float(np.asarray(result.cov_re)[0, 0])
            residual = float(result.scale)
            value = log_likelihood(best.moments, between, residual, reml=reml)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError, IndexError) as error:
            said.append(f"{name}: failed ({type(error).__name__})")
            continue
        said.append(f"{name}: log likelihood {value:.4f}, variance {between:.4g}")
        if value > kept_value:
            kept, kept_value = (np.asarray(result.fe_params), between, residual), value
        if kept_value >= best.log_likelihood - WORSE:
            break
    if kept is None:
        return Fitted(best, None, None, None, tuple(said), agrees=False)
    away = np.abs(kept[0] - best.params) / np.sqrt(np.diag(best.cov))
    agrees = bool(away.max() <= BOUND and kept_value >= best.log_likelihood - WORSE)
    return Fitted(best, kept[0], kept[1], kept[2], tuple(said), agrees)


def _start(model: Any, root: Any) -> Any:
    if root is None:
        return None
    return MixedLMParams.from_components(
        fe_params=np.zeros(model.k_fe), cov_re=np.array([[float(root[0]) ** 2]])
    )


def fit(
    data: TrialData, design: Design, *, reml: bool, method: str, what: str, check: bool = True,
    form: str = "average", group: str = "person",
) -> tuple[Model, tuple[Check, ...]]:  # fmt: skip
    """Return the mixed model and the comparison of the two ways to it.

    Where MixedLM is at the maximum, its variances are used, with the errors that follow from them
    (generalised least squares); where it is not, those of the maximum, and the check says so.
    """
    y = design.y - design.offset
    best = optimum(y, design.X, design.groups, reml=reml)
    checks: tuple[Check, ...] = ()
    notes: list[str] = []
    between, residual = best.between, best.residual
    params, cov = best.params, best.cov
    if check:
        both = fit_mixedlm(design, reml=reml)
        checks = _compare(data, design, both, what)
        if both.agrees and both.between is not None and both.residual is not None:
            between, residual = both.between, both.residual
            params, cov = solved(best.moments, between, residual)
        else:
            notes.append("MixedLM missed the maximum of the likelihood: estimates are those at it")
    n_groups = int(design.groups.max()) + 1
    df = satterthwaite(best, n_groups)
    if best.between == 0:
        notes.append(f"the variance between {group}s is estimated as 0")
    if n_groups < 20:
        notes.append(f"few {group}s ({n_groups}): the variance between them is hardly known")
    if design.n_left_out:
        notes.append(f"{design.n_left_out} values left out: a covariate is missing")
    rows = coefficients(design.terms, params, cov, [float(d) for d in df], data.plan.alpha)
    effects = arm_effects(data, design, rows)
    if form == "slope":
        effects = slope_effects(data, design, rows)
    elif form == "by_time":
        effects = tuple(
            one for t in sorted(set(design.frame["time"]))
            for one in arm_effects(data, design, rows, time=t, suffix=f":time[{t:g}]")
        )  # fmt: skip
    overall = None
    if form == "average":
        overall = overall_test(data, design, params, cov, float(df.min()))
    model = Model(
        f"{method}, {'REML' if reml else 'ML'}, Satterthwaite degrees of freedom",
        len(design.y), len(set(design.frame["person"])), effects=effects, coefficients=rows,
        variance_components={
            group: between, "residual": residual, "icc": between / (between + residual),
        },
        log_likelihood=best.log_likelihood, notes=tuple(notes),
        overall=overall,
    )  # fmt: skip
    return model, checks


def _compare(data: TrialData, design: Design, both: Fitted, what: str) -> tuple[Check, ...]:
    note = "; ".join(both.attempts)
    first, second = f"MixedLM ({what})", "maximum of its likelihood"
    if both.params is None:
        return (Check(what, first, second, float("nan"), BOUND, False, note),)
    errors = np.sqrt(np.diag(both.best.cov))
    arms = [i for i, t in enumerate(design.terms) if t.startswith(f"{data.plan.arm}[")]
    away = np.abs(both.params - both.best.params) / errors
    largest = float(away[arms].max()) if arms else float(away.max())
    return (
        Check(
            "arm effect, in standard errors", first, second, largest, BOUND, both.agrees,
            "" if both.agrees else note,
        ),
    )  # fmt: skip


def repeated(
    data: TrialData, *, form: str = "average", reml: bool = True, check: bool = True
) -> tuple[Model, tuple[Check, ...]]:
    """Return the mixed model for repeated measures.

    Args:
        data: The trial.
        form: "average": time linear, one effect of the arm; "by_time": time as factor, an effect at
            each time; "slope": an effect that grows with time.
        reml: Restricted or full likelihood.
        check: Whether MixedLM is asked too.
    """
    name = {
        "average": "mixed model, random intercept, linear time",
        "by_time": "mixed model, random intercept, effect at each time",
        "slope": "mixed model, random intercept, effect linear in time",
    }[form]
    checks: tuple[Check, ...] = ()

    def run() -> Model:
        nonlocal checks
        if form == "by_time" and not data.on_grid:
            raise NotEstimableError(f"{len(data.times)} different times: visits are no levels")
        time = "factor" if form == "by_time" else linear_time(data)
        design = make(data, data.long_with_people(), time=time, by_arm=form != "average")
        model, checks = fit(
            data, design, reml=reml, method=name, what=f"{form}, {'REML' if reml else 'ML'}",
            check=check, form=form,
        )  # fmt: skip
        return model

    return attempt(name, run), checks


def clustered(
    data: TrialData, time: float, *, check: bool = True
) -> tuple[Model, tuple[Check, ...]]:
    """Return the comparison at one time with a random intercept for each cluster.

    Source: small-sample behaviour: Leyrat, Morgan, Leurent & Kahan (2018), doi:10.1093/ije/dyx169.
    """
    name = "mixed model, random intercept of the cluster"
    checks: tuple[Check, ...] = ()

    def run() -> Model:
        nonlocal checks
        design = make(data, data.at(time), groups="cluster")
        model, checks = fit(
            data, design, reml=True, method=name, what="cluster, REML", check=check, group="cluster"
        )
        return model

    return attempt(name, run, time=time), checks
