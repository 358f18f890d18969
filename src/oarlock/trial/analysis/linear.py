"""Least squares: analysis of covariance, with errors that trust or do not trust its assumptions.

Source: baseline adjustment: Vickers & Altman (2001), doi:10.1136/bmj.323.7321.1123. HC3: Long &
Ervin (2000), doi:10.1080/00031305.2000.10474549. Clusters: Cameron & Miller (2015),
doi:10.3368/jhr.50.2.317.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import statsmodels.api as sm
from scipy import stats

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, arm_term, make
from oarlock.trial.analysis.estimates import arm_effects, coefficients
from oarlock.trial.analysis.results import Model

ERRORS = {
    "classical": "errors of equal variance",
    "robust": "HC3 errors",
    "cluster": "errors robust to clusters",
}


def fit(data: TrialData, design: Design, errors: str, method: str, **more: Any) -> Model:
    """Return a least-squares model; t distribution, for clusters with their number less one."""
    n, p = design.X.shape
    model = sm.OLS(design.y - design.offset, design.X)
    result = model.fit()
    if result.ssr <= 1e-12 * float(np.sum((design.y - design.y.mean()) ** 2)):
        raise NotEstimableError("the covariates give the outcome without error")
    df: float = n - p
    notes: list[str] = []
    cov = result.cov_params()
    if errors == "robust":
        leverage = result.get_influence().hat_matrix_diag
        if leverage.max() > 1 - 1e-9:
            raise NotEstimableError("one person alone decides a term, so HC3 errors do not exist")
        cov = result.get_robustcov_results("HC3").cov_params()
    elif errors == "cluster":
        n_clusters = len(np.unique(design.groups))
        if n_clusters < 3:
            raise NotEstimableError(f"{n_clusters} clusters: errors cannot be told")
        cov = result.get_robustcov_results("cluster", groups=design.groups).cov_params()
        df = n_clusters - 1
        if n_clusters < 40:
            notes.append(f"{n_clusters} clusters: such errors are too small with few of them")
    if design.n_left_out:
        notes.append(f"{design.n_left_out} values left out: a covariate is missing")
    rows = coefficients(design.terms, result.params, cov, [df] * p, data.plan.alpha)
    return Model(
        f"{method}, {ERRORS[errors]}", n, len(set(design.frame["person"])),
        effects=arm_effects(data, design, rows, time=more.get("time")),
        coefficients=rows,
        variance_components={"residual": float(result.scale)},
        overall=overall_test(data, design, result.params, cov, df),
        log_likelihood=float(result.llf), notes=tuple(notes), **more,
    )  # fmt: skip


def overall_test(
    data: TrialData, design: Design, params: Any, cov: Any, df: float
) -> dict[str, Any] | None:
    """Return the joint F test of more than two arms, None where there are two."""
    at = [
        design.terms.index(t) for one in data.arms[1:] if (t := arm_term(data, one)) in design.terms
    ]
    if len(at) < 2:
        return None
    chosen = np.asarray(params)[at]
    f = float(chosen @ np.linalg.solve(np.asarray(cov)[np.ix_(at, at)], chosen)) / len(at)
    return {
        "statistic": f,
        "df": len(at),
        "df_residual": df,
        "p": float(stats.f.sf(f, len(at), df)),
    }


def attempt(method: str, make_model: Any, **more: Any) -> Model:
    """Return the model, or one that says why there is none."""
    try:
        found: Model = make_model()
    except NotEstimableError as error:
        return Model(method, not_estimable=str(error), **more)
    except np.linalg.LinAlgError:
        return Model(method, not_estimable="the equations have no single solution", **more)
    return found


def ancova(data: TrialData, time: float, errors: str = "classical") -> Model:
    """Return the comparison at one time, adjusted for baseline and covariates."""
    name = "ANCOVA" if data.has_baseline or data.covariates else "comparison of means"
    groups = "cluster" if errors == "cluster" else "person"
    return attempt(
        name,
        lambda: fit(data, make(data, data.at(time), groups=groups), errors, name, time=time),
        time=time,
    )


def pooled(data: TrialData, errors: str = "classical") -> Model:
    """Return least squares over all measures, as if each were of another person."""
    name = "least squares over all measures"

    def run() -> Model:
        groups = "cluster" if data.plan.cluster else "person"
        design = make(data, data.long_with_people(), time=linear_time(data), groups=groups)
        return fit(data, design, errors, name)

    return attempt(name, run)


def linear_time(data: TrialData) -> str:
    """Return "linear" where there are several times, else "none"."""
    return "linear" if len(data.times) > 1 else "none"
