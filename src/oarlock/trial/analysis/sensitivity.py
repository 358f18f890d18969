"""What missing values could change: imputation, shifts of imputed values, the tipping point.

Source: delta adjustment: Carpenter, Roger & Kenward (2013), doi:10.1080/10543406.2013.834911;
tipping point: Yan, Lee & Li (2009), doi:10.1080/10543400903242829.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.stats.sandwich_covariance import cov_cluster

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, arm_term, make
from oarlock.trial.analysis.gee import SCALES, family
from oarlock.trial.analysis.imputation import LEAST, Imputed, Pooled, impute, pool

_LOG_ODDS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
_STANDARD = (-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0)
"""Shifts by default, in standard deviations of the outcome (binary and counts: in logarithms)."""
FURTHEST = 3.0
"""Tipping points are looked for up to so many standard deviations."""


def sensitivity(data: TrialData, time: float) -> dict[str, Any]:
    """Return what imputation says of the comparison at a time, and of shifted imputed values.

    Returns:
        `not_estimable` with the reason, or `imputation` (m, seed, method, effects), `deltas` (the
        same comparison for each shift) and `tipping_point` for each arm.
    """
    n_missing = int(data.at(time)["y"].isna().sum())
    if n_missing == 0:
        return {"not_estimable": "no value is missing at the primary time: nothing to impute"}
    percent = 100 * n_missing / len(data.people)
    m = data.plan.imputations or max(LEAST, math.ceil(percent))
    try:
        imputed = impute(data, m=m, seed=data.plan.seed)
        completed = Completed.of(data, imputed, time)
        main = completed.pooled(0.0)
    except (NotEstimableError, np.linalg.LinAlgError) as error:
        return {"not_estimable": str(error)}
    kind = data.outcome.kind or "continuous"
    unit = float(data.at(time)["y"].std()) if kind == "continuous" else 1.0
    steps = data.plan.deltas or tuple(
        unit * one for one in (_STANDARD if kind == "continuous" else _LOG_ODDS)
    )
    result: dict[str, Any] = {
        "imputation": {
            "m": m, "seed": data.plan.seed, "method": imputed.method, "time": time,
            "n_imputed": n_missing, "scale": SCALES[kind], "effects": _rows(data, main),
        },
    }  # fmt: skip
    if kind == "count":
        result["deltas"] = []
        result["tipping_point"] = []
        result["note"] = "imputed counts are not shifted"
        return result
    result["delta_unit"] = "units of the outcome" if kind == "continuous" else "log odds"
    result["deltas"] = [
        {"delta": step, "effects": _rows(data, completed.pooled(step))}
        for step in sorted({*steps, 0.0})
    ]
    result["tipping_point"] = [_tipping(completed, i, unit) for i in range(len(data.arms) - 1)]
    return result


def _rows(data: TrialData, pooled: list[Pooled]) -> list[dict[str, Any]]:
    return [
        {"contrast": f"{arm} - {data.arms[0]}", "term": arm_term(data, arm), **asdict(one)}
        for arm, one in zip(data.arms[1:], pooled, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Completed:
    """Imputed data ready for the comparison at one time.

    Attributes:
        data: The trial.
        design: What is fitted, but for its outcome.
        rows: Position among people of each row of the design.
        at: Position of the time.
        active: Which people are imputed at that time in an arm that is not the control.
        imputed: The values.
    """

    data: TrialData
    design: Design
    rows: Any
    at: int
    active: Any
    imputed: Imputed

    @classmethod
    def of(cls, data: TrialData, imputed: Imputed, time: float) -> Completed:
        """Return the imputed data at a time."""
        at, base = data.times.index(time), data.at(time)
        frame = base.assign(y=imputed.values[0][:, at])
        design = make(data, frame, groups="cluster" if data.plan.cluster else "person")
        active = (base["arm"] != data.arms[0]).to_numpy() & imputed.missing[:, at]
        return cls(data, design, design.frame.index.to_numpy(), at, active, imputed)

    def pooled(self, delta: float) -> list[Pooled]:
        """Return each comparison, imputed values of the active arms shifted by delta."""
        fits = []
        for i, values in enumerate(self.imputed.values):
            y = values[:, self.at].copy()
            if self.data.outcome.kind == "binary":
                eta = self.imputed.scores[i][self.active, self.at] + delta
                y[self.active] = self.imputed.draws[i][self.active, self.at] < 1 / (
                    1 + np.exp(-eta)
                )
            else:
                y[self.active] += delta
            fits.append(_fit(self.data, replace(self.design, y=y[self.rows])))
        df = min(one[2] for one in fits)
        return [
            pool([one[0][k] for one in fits], [one[1][k] for one in fits], df, self.data.plan.alpha)
            for k in range(len(self.data.arms) - 1)
        ]


def _fit(data: TrialData, design: Design) -> tuple[list[float], list[float], float]:
    kind = data.outcome.kind or "continuous"
    if np.ptp(design.y) == 0:
        raise NotEstimableError("a completed data set has the same value for everybody")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "continuous":
            model: Any = sm.OLS(design.y - design.offset, design.X).fit()
            df = float(model.df_resid)
        else:
            model = sm.GLM(design.y, design.X, family=family(kind), offset=design.offset).fit()
            df = math.inf
        cov = model.cov_params()
        if data.plan.cluster:
            cov = cov_cluster(model, design.groups)
            df = float(len(np.unique(design.groups)) - 1)
    at = [design.column(arm_term(data, one)) for one in data.arms[1:]]
    errors = np.sqrt(np.diag(np.asarray(cov)))
    if not np.isfinite(errors[at]).all():
        raise NotEstimableError("a completed data set gives no finite errors")
    return [float(model.params[i]) for i in at], [float(errors[i]) for i in at], df


def _tipping(completed: Completed, arm: int, unit: float) -> dict[str, Any]:
    """Return the smallest shift, in either direction, that changes what the test concludes."""
    data = completed.data

    def significant(delta: float) -> bool:
        return completed.pooled(delta)[arm].p < data.plan.alpha

    start = significant(0.0)
    found: dict[str, Any] = {
        "contrast": f"{data.arms[arm + 1]} - {data.arms[0]}", "significant_at_0": start,
    }  # fmt: skip
    for sign, name in ((-1, "downward"), (1, "upward")):
        found[name] = _search(significant, start, sign * FURTHEST * unit)
    return found


def _search(significant: Any, start: bool, end: float) -> float | None:
    """Return where the conclusion turns between 0 and `end`, None where it does not."""
    inside = 0.0
    for outside in np.linspace(0, end, 13)[1:]:
        if significant(float(outside)) != start:
            break
        inside = float(outside)
    else:
        return None
    for _ in range(8):
        middle = (inside + float(outside)) / 2
        if significant(middle) == start:
            inside = middle
        else:
            outside = middle
    return float(outside)
