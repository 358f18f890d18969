"""Generalised estimating equations: an average effect that does not need the right correlation.

Exchangeable working correlation. Scale and correlation divide by the number of measures (and of
pairs), as geepack of R does, not by it less the parameters, which is the default of statsmodels.

Source: Liang & Zeger (1986), doi:10.1093/biomet/73.1.13; few people or clusters: Mancl & DeRouen
(2001), doi:10.1111/j.0006-341X.2001.00126.x.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import statsmodels.api as sm

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, make
from oarlock.trial.analysis.estimates import arm_effects, coefficients, slope_effects
from oarlock.trial.analysis.linear import attempt, linear_time
from oarlock.trial.analysis.results import Model

SCALES = {
    "continuous": "difference",
    "binary": "log odds ratio",
    "count": "log rate ratio",
}
_NAMES = {"continuous": "Gaussian", "binary": "binomial", "count": "Poisson"}
TOO_FAR = 10.0
"""A logarithm of a ratio beyond this is a fit that runs away, not an estimate."""


def family(kind: str, dispersion: float | None = None) -> Any:
    """Return the family of a kind of outcome; a count with dispersion is negative binomial."""
    if dispersion is not None:
        return sm.families.NegativeBinomial(alpha=dispersion)
    families = {"continuous": sm.families.Gaussian, "binary": sm.families.Binomial}
    return families.get(kind, sm.families.Poisson)()


def fit(
    data: TrialData, design: Design, *, method: str, small_sample: bool = False,
    correlation: str = "exchangeable", form: str = "average", dispersion: float | None = None,
) -> Model:  # fmt: skip
    """Return the estimating equations' model.

    Args:
        data: The trial.
        design: What is fitted; its groups are the units that are independent.
        method: What to call it.
        small_sample: Mancl-DeRouen errors and the t distribution with groups less terms.
        correlation: "exchangeable" or "independence".
        form: What the design asks of time, as in `mixed.repeated`.
        dispersion: Count: alpha of a negative binomial variance.
    """
    kind = data.outcome.kind or "continuous"
    n_groups, p = int(design.groups.max()) + 1, design.X.shape[1]
    if n_groups <= p:
        raise NotEstimableError(f"{n_groups} independent groups for {p} terms")
    refuse_empty(data, design, kind)
    order = np.argsort(design.groups, kind="stable")
    structures = sm.cov_struct
    structure = (
        structures.Independence() if correlation == "independence" else structures.Exchangeable()
    )
    linear = kind == "continuous"
    y = design.y - design.offset if linear else design.y
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = sm.GEE(
            y[order], design.X[order], design.groups[order], family=family(kind, dispersion),
            cov_struct=structure, offset=None if linear else design.offset[order],
        )  # fmt: skip
        result = model.fit(
            maxiter=200, ddof_scale=0, cov_type="bias_reduced" if small_sample else "robust"
        )
    if not result.converged:
        raise NotEstimableError("the equations did not converge")
    if not linear and np.abs(result.params).max() > TOO_FAR * max(1.0, 1 / spread(design)):
        raise NotEstimableError("the estimates run away: a group has no event, or only events")
    df: float | None = float(n_groups - p) if small_sample else None
    rows = coefficients(
        design.terms, np.asarray(result.params), np.asarray(result.cov_params()), [df] * p,
        data.plan.alpha,
    )  # fmt: skip
    scale = SCALES[kind]
    effects = arm_effects(data, design, rows, scale=scale)
    if form == "slope":
        effects = slope_effects(data, design, rows, scale=scale)
    elif form == "by_time":
        effects = tuple(
            one for t in sorted(set(design.frame["time"]))
            for one in arm_effects(
                data, design, rows, scale=scale, time=t, suffix=f":time[{t:g}]"
            )
        )  # fmt: skip
    notes = [f"{design.n_left_out} values left out: a covariate is missing"] * bool(
        design.n_left_out
    )
    if not small_sample and n_groups < 50:
        notes.append(f"{n_groups} independent groups: see the version for small samples")
    notes += sorted({str(one.message).split("\n")[0] for one in said if "onverge" in str(one)})
    correlated = structure.dep_params if correlation == "exchangeable" else 0.0
    return Model(
        method, len(design.y), len(set(design.frame["person"])), effects=effects,
        coefficients=rows,
        variance_components={"correlation": float(correlated), "scale": float(result.scale)},
        notes=tuple(notes),
    )  # fmt: skip


def spread(design: Design) -> float:
    """Return the smallest standard deviation of a column that is no constant."""
    deviations = design.X.std(axis=0)
    return float(deviations[deviations > 0].min()) if (deviations > 0).any() else 1.0


def refuse_empty(data: TrialData, design: Design, kind: str) -> None:
    if kind == "continuous" or "arm" not in design.frame or not data.arms:
        return
    for one in data.arms:
        values = design.y[(design.frame["arm"] == one).to_numpy()]
        if values.sum() == 0:
            raise NotEstimableError(f"arm {one!r} has no event, so that a ratio has no end")
        if kind == "binary" and values.all():
            raise NotEstimableError(f"arm {one!r} has events only, so that a ratio has no end")


def repeated(data: TrialData, *, form: str = "average", small_sample: bool = False) -> Model:
    """Return the model of all measures; `form` as in `mixed.repeated`."""
    kind = data.outcome.kind or "continuous"
    name = f"GEE, {_NAMES[kind]}, exchangeable, " + (
        "Mancl-DeRouen errors" if small_sample else "robust errors"
    )
    method = name + {"average": "", "by_time": ", effect at each time",
                     "slope": ", effect linear in time"}[form]  # fmt: skip

    def run() -> Model:
        if form == "by_time" and not data.on_grid:
            raise NotEstimableError(f"{len(data.times)} different times: visits are no levels")
        time = "factor" if form == "by_time" else linear_time(data)
        groups = "cluster" if data.plan.cluster else "person"
        design = make(
            data, data.long_with_people(), time=time, by_arm=form != "average", groups=groups
        )
        return fit(data, design, method=method, small_sample=small_sample, form=form)

    return attempt(method, run)


def negative_binomial(data: TrialData) -> Model:
    """Return the model of counts whose variance is that of a negative binomial variable.

    Its dispersion is that of the residuals of a Poisson regression, by moments. Source: Breslow
    (1984), doi:10.2307/2347661.
    """
    method = "GEE, negative binomial, exchangeable, robust errors"

    def run() -> Model:
        groups = "cluster" if data.plan.cluster else "person"
        design = make(data, data.long_with_people(), time=linear_time(data), groups=groups)
        mu = sm.GLM(design.y, design.X, family=family("count"), offset=design.offset).fit().mu
        dispersion = float((((design.y - mu) ** 2 - mu) / mu**2).sum() / len(mu))
        if dispersion <= 0:
            raise NotEstimableError("the counts vary no more than Poisson variables: use those")
        model = fit(data, design, method=method, dispersion=dispersion)
        parts = {**(model.variance_components or {}), "dispersion": dispersion}
        return replace(model, variance_components=parts)

    return attempt(method, run)


def at_time(data: TrialData, time: float, *, small_sample: bool = True) -> Model:
    """Return the comparison at one time, with clusters or people as independent groups."""
    kind = data.outcome.kind or "continuous"
    clusters = data.plan.cluster is not None
    name = (
        f"GEE, {_NAMES[kind]}, "
        + ("exchangeable within clusters, " if clusters else "one time, ")
        + ("Mancl-DeRouen errors" if small_sample else "robust errors")
    )

    def run() -> Model:
        design = make(data, data.at(time), groups="cluster" if clusters else "person")
        correlation = "exchangeable" if clusters else "independence"
        return fit(data, design, method=name, small_sample=small_sample, correlation=correlation)

    return attempt(name, run, time=time)
