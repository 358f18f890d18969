"""Does the effect differ with severity at baseline? Interaction first, effects within second.

Source: Assmann et al. (2000), doi:10.1016/S0140-6736(00)02039-0: a subgroup is read by its
interaction, not by two p values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, arm_term, make
from oarlock.trial.analysis.linear import fit
from oarlock.trial.analysis.results import plain

FEWEST = 5
"""Fewest people in each arm of a subgroup."""


def by_severity(data: TrialData, time: float) -> dict[str, Any]:
    """Return the effect in severe and other people at a time, and the interactions.

    The outcome is analysed as a difference (of means, or of risks).
    """
    frame = data.at(time)
    source = data.plan.severity or data.outcome.baseline
    severity = frame["severity"] if "severity" in frame else frame["baseline"]
    if severity.isna().all():
        return {"not_estimable": "neither a baseline nor a column of severity was named"}
    found: dict[str, Any] = {"of": source or "baseline", "time": time}
    frame = frame.assign(severity=severity)
    try:
        found["continuous"] = _continuous(data, frame)
    except (NotEstimableError, np.linalg.LinAlgError) as error:
        found["continuous"] = {"not_estimable": str(error)}
    if data.plan.severe_from is None:
        found["groups"] = {"not_estimable": "no value was named from which a person is severe"}
        return found
    try:
        found["groups"] = _groups(data, frame, data.plan.severe_from)
    except (NotEstimableError, np.linalg.LinAlgError) as error:
        found["groups"] = {"not_estimable": str(error)}
    return found


def _errors(data: TrialData) -> str:
    if data.plan.cluster:
        return "cluster"
    return "classical" if data.outcome.kind == "continuous" else "robust"


def _fit(data: TrialData, design: Design) -> Any:
    return fit(data, design, _errors(data), "interaction with severity")


def _continuous(data: TrialData, frame: Any) -> dict[str, Any]:
    mean = float(frame.loc[frame["y"].notna(), "severity"].mean())
    centred = frame["severity"] - mean
    extra = {} if "severity" not in data.people else {"severity (centred)": centred}
    names = {f"{arm_term(data, one)}:severity": one for one in data.arms[1:]}
    more = {name: centred * (frame["arm"] == one) for name, one in names.items()}
    wide = frame.assign(**extra, **more)
    groups = "cluster" if data.plan.cluster else "person"
    design = make(data, wide, extra=(*extra, *more), groups=groups)
    model = _fit(data, design)
    return {
        "method": "change of the effect with each unit of severity",
        "centred_at": mean, "n": model.n,
        "interactions": [
            {"contrast": f"{one} - {data.arms[0]}", **plain(model.coefficient(name))}
            for name, one in names.items()
        ],
    }  # fmt: skip


def _groups(data: TrialData, frame: Any, severe_from: float) -> dict[str, Any]:
    frame = frame[frame["severity"].notna()]
    severe = (frame["severity"] >= severe_from).astype(float)
    counts = frame[frame["y"].notna()].groupby(["arm", severe]).size()
    for arm in data.arms:
        for value, name in ((1.0, "severe"), (0.0, "other")):
            if counts.get((arm, value), 0) < FEWEST:
                raise NotEstimableError(
                    f"fewer than {FEWEST} {name} people of arm {arm!r} have a value"
                )
    names = {f"{arm_term(data, one)}:severe": one for one in data.arms[1:]}
    more = {name: severe * (frame["arm"] == one) for name, one in names.items()}
    wide = frame.assign(severe=severe, **more)
    groups = "cluster" if data.plan.cluster else "person"
    design = make(data, wide, extra=("severe", *more), groups=groups)
    model = _fit(data, design)
    flipped = make(
        data,
        wide.assign(
            severe=1 - severe,
            **{name: (1 - severe) * (frame["arm"] == one) for name, one in names.items()},
        ),
        extra=("severe", *more),
        groups=groups,
    )
    other = _fit(data, flipped)
    sides = ((1.0, "severe"), (0.0, "other"))
    contrasts = {one: f"{one} - {data.arms[0]}" for one in data.arms[1:]}
    return {
        "severe_from": severe_from,
        "method": model.method,
        "n": {
            arm: {name: int(counts.get((arm, value), 0)) for value, name in sides}
            for arm in data.arms
        },
        "effects": [
            {"contrast": contrast, "subgroup": name, **plain(m.coefficient(arm_term(data, one)))}
            for one, contrast in contrasts.items()
            for name, m in (("severe", other), ("other", model))
        ],
        "interactions": [
            {"contrast": contrasts[one], **plain(model.coefficient(name))}
            for name, one in names.items()
        ],
    }
