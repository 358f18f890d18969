"""Binary outcomes and counts at one time: logistic, Poisson and negative binomial regression."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import PerfectSeparationError

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, make
from oarlock.trial.analysis.estimates import arm_effects, coefficients
from oarlock.trial.analysis.gee import SCALES, TOO_FAR, family, refuse_empty, spread
from oarlock.trial.analysis.linear import attempt
from oarlock.trial.analysis.results import Model


def _fit(data: TrialData, design: Design, method: str, time: float, robust: bool) -> Model:
    kind = data.outcome.kind or "binary"
    refuse_empty(data, design, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result: Any = sm.GLM(design.y, design.X, family=family(kind), offset=design.offset).fit(
                cov_type="HC1" if robust else "nonrobust"
            )
        except PerfectSeparationError:
            raise NotEstimableError(
                "the covariates tell events from others without error"
            ) from None
    if np.abs(result.params).max() > TOO_FAR * max(1.0, 1 / spread(design)):
        raise NotEstimableError("the estimates run away: a group has no event, or only events")
    rows = coefficients(
        design.terms, np.asarray(result.params), np.asarray(result.cov_params()),
        [None] * len(design.terms), data.plan.alpha,
    )  # fmt: skip
    notes = []
    if kind == "count" and not robust and result.pearson_chi2 / result.df_resid > 1.5:
        notes.append(
            f"counts vary {result.pearson_chi2 / result.df_resid:.1f} times as much as a Poisson "
            "variable would: rely on the robust errors"
        )
    if design.n_left_out:
        notes.append(f"{design.n_left_out} values left out: a covariate is missing")
    return Model(
        method, len(design.y), len(set(design.frame["person"])), time=time,
        effects=arm_effects(data, design, rows, scale=SCALES[kind], time=time),
        coefficients=rows, log_likelihood=float(result.llf), notes=tuple(notes),
    )  # fmt: skip


def at_time(data: TrialData, time: float, *, robust: bool = False) -> Model:
    """Return the logistic (binary) or Poisson (count) regression at one time."""
    name = "logistic regression" if data.outcome.kind == "binary" else "Poisson regression"
    name += ", robust errors" if robust else ""
    return attempt(
        name, lambda: _fit(data, make(data, data.at(time)), name, time, robust), time=time
    )


def negative_binomial(data: TrialData, time: float) -> Model:
    """Return the negative binomial regression (NB2) of a count at one time, by full likelihood."""
    name = "negative binomial regression"

    def run() -> Model:
        design = make(data, data.at(time))
        refuse_empty(data, design, "count")
        if design.y.var() <= design.y.mean():
            raise NotEstimableError("the counts vary no more than Poisson variables: use those")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result: Any = sm.NegativeBinomial(design.y, design.X, offset=design.offset).fit(
                disp=0, maxiter=500
            )
        if not result.mle_retvals["converged"]:
            raise NotEstimableError("the likelihood has no maximum that could be found")
        p = len(design.terms)
        rows = coefficients(
            design.terms, np.asarray(result.params)[:p],
            np.asarray(result.cov_params())[:p, :p], [None] * p, data.plan.alpha,
        )  # fmt: skip
        return Model(
            name, len(design.y), len(design.y), time=time,
            effects=arm_effects(data, design, rows, scale=SCALES["count"], time=time),
            coefficients=rows, log_likelihood=float(result.llf),
            variance_components={"dispersion": float(np.asarray(result.params)[p])},
        )  # fmt: skip

    return attempt(name, run, time=time)
