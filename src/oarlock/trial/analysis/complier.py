"""What the programme does for those who take it up: per protocol, and by instrument.

Per protocol leaves out those of the active arms who did not adhere, and is open to bias: people who
adhere differ from others. The complier average effect takes allocation as the instrument of
receipt, and rests on allocation working through receipt alone.

Source: Angrist, Imbens & Rubin (1996), doi:10.1080/01621459.1996.10476902; CONSORT 2025 item 21.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.sandbox.regression.gmm import IV2SLS

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import NotEstimableError, make
from oarlock.trial.analysis.estimates import coefficients, effect_of
from oarlock.trial.analysis.linear import attempt, fit
from oarlock.trial.analysis.results import Model

WEAK = 10.0
"""F of the first stage below which the instrument is weak (Staiger & Stock 1997)."""


def per_protocol(data: TrialData, time: float) -> Model:
    """Return the comparison at a time of adherent people with the control."""
    method = "per protocol"

    def run() -> Model:
        frame = data.at(time)
        if "adherence" not in frame:
            raise NotEstimableError("no column of adherence was named")
        kept = (frame["arm"] == data.arms[0]) | (frame["adherence"] >= data.plan.adherent_from)
        chosen = frame[kept]
        groups = "cluster" if data.plan.cluster else "person"
        model = fit(
            data, make(data, chosen, groups=groups),
            "cluster" if data.plan.cluster else "classical", method, time=time,
        )  # fmt: skip
        n_out = int(((~kept) & frame["y"].notna()).sum())
        note = f"{n_out} people of the active arms did not adhere and are left out: open to bias"
        return replace(model, notes=(*model.notes, note))

    return attempt(method, run, time=time)


def complier_effect(data: TrialData, time: float) -> Model:
    """Return the complier average effect at a time by two-stage least squares.

    A binary outcome is on the scale of the risk difference. Receipt that is not known counts as
    none in the control and is left out elsewhere.
    """
    method = "complier average effect, two-stage least squares"

    def run() -> Model:
        frame = data.at(time)
        if "adherence" not in frame:
            raise NotEstimableError("no column of adherence was named")
        if len(data.arms) != 2:
            raise NotEstimableError("with more than two arms one instrument is not enough")
        received = (frame["adherence"] >= data.plan.adherent_from).astype(float)
        unknown = frame["adherence"].isna()
        control = frame["arm"] == data.arms[0]
        frame = frame.assign(received=received)[~unknown | control]
        frame = frame[frame["y"].notna()]
        by_arm = frame.groupby("arm")["received"].mean()
        if by_arm.get(data.arms[1], 0.0) <= by_arm.get(data.arms[0], 0.0):
            raise NotEstimableError(
                "the active arm did not receive more than the control: nobody complied"
            )
        design = make(data, frame, extra=("received",), arm=False)
        z = (design.frame["arm"] == data.arms[1]).to_numpy(dtype=float)
        d = design.column("received")
        x = design.X[:, d]
        took, took_control = float(x[z == 1].mean()), float(x[z == 0].mean())
        Z = design.X.copy()
        Z[:, d] = z
        strength = _first_stage(x, Z, d)
        result: Any = IV2SLS(design.y - design.offset, design.X, Z).fit()
        n, p = design.X.shape
        cov = np.asarray(result.cov_params())
        if data.plan.cluster:
            cov, n_clusters = _clustered(design.y - design.offset, design.X, Z, design.frame)
            df = float(n_clusters - 1)
        else:
            df = float(n - p)
        rows = coefficients(design.terms, np.asarray(result.params), cov, [df] * p, data.plan.alpha)
        row = rows[d]
        notes = [f"received: {took:.0%} of {data.arms[1]}, {took_control:.0%} of {data.arms[0]}"]
        if strength < WEAK:
            notes.append(f"allocation hardly changed receipt (first-stage F {strength:.1f})")
        contrast = f"{data.arms[1]} - {data.arms[0]}, among compliers"
        return Model(
            method, n, n, time=time, effects=(effect_of(row, contrast, n, time=time),),
            coefficients=rows, notes=tuple(notes),
            variance_components={"first_stage_f": strength, "compliers": took - took_control},
        )  # fmt: skip

    return attempt(method, run, time=time)


def _first_stage(x: Any, Z: Any, d: int) -> float:
    if np.allclose(x, Z[:, d]):
        return float("inf")
    first = sm.OLS(x, Z).fit()
    return float(first.tvalues[d] ** 2)


def _clustered(y: Any, X: Any, Z: Any, frame: Any) -> tuple[Any, int]:
    fitted = Z @ np.linalg.solve(Z.T @ Z, Z.T @ X)
    bread = np.linalg.inv(fitted.T @ fitted)
    residuals = y - X @ (bread @ (fitted.T @ y))
    names = frame["cluster"].to_numpy()
    levels = sorted(set(names))
    totals = np.stack([(fitted * residuals[:, None])[names == one].sum(axis=0) for one in levels])
    g, (n, p) = len(levels), X.shape
    correction = g / (g - 1) * (n - 1) / (n - p)
    return correction * bread @ totals.T @ totals @ bread, g
