"""Change of single people: improved, unchanged, worse, beyond what the instrument's error explains.

Source: reliable change: Jacobson & Truax (1991), doi:10.1037/0022-006X.59.1.12. Deterioration is
reported as a harm: Rozental et al. (2017), doi:10.1037/ccp0000158; CONSORT Harms 2022.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from scipy import stats

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import arm_term
from oarlock.trial.analysis.results import Effect
from oarlock.trial.analysis.risks import compare, number_needed, share

STATES = ("improved", "unchanged", "deteriorated")


def reliable_change_bound(sd: float, reliability: float, alpha: float = 0.05) -> float:
    """Return the change that measurement error alone exceeds with probability alpha."""
    error = sd * math.sqrt(1 - reliability)
    return float(stats.norm.ppf(1 - alpha / 2)) * math.sqrt(2) * error


def states(change: pd.Series, bound: float, better: str) -> pd.Series:
    """Return the state of each person from their change (later less earlier)."""
    good = -change if better == "lower" else change
    state = pd.Series("unchanged", index=change.index, dtype=object)
    # A change equal to the bound is none, as Jacobson and Truax define it (RC > 1.96); rounding
    # must not make one.
    slack = 1e-9 * max(1.0, bound)
    state[good > bound + slack] = "improved"
    state[good < -bound - slack] = "deteriorated"
    state[change.isna()] = None
    return state


def change(data: TrialData, time: float) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """Return rates of reliable change at a time, and the numbers needed to treat that they say."""
    outcome = data.outcome
    if outcome.kind != "continuous":
        return {"not_estimable": "reliable change is for continuous outcomes"}, ()
    if not data.has_baseline:
        return {"not_estimable": "there is no baseline"}, ()
    if outcome.better is None:
        return {"not_estimable": "it was not said whether low or high values are better"}, ()
    if outcome.reliability is None and outcome.mcid is None:
        return {
            "not_estimable": "neither the reliability of the instrument nor the smallest "
            "difference that matters was named"
        }, ()
    frame = data.at(time)
    sd = outcome.baseline_sd or float(frame["baseline"].std())
    found: dict[str, Any] = {"time": time, "better": outcome.better}
    nnt: list[dict[str, Any]] = []
    if outcome.reliability is not None:
        bound = reliable_change_bound(sd, outcome.reliability)
        found["reliable"] = {
            "bound": bound, "baseline_sd": sd, "reliability": outcome.reliability,
            "source": "Jacobson & Truax 1991, doi:10.1037/0022-006X.59.1.12",
            **_rates(data, frame, bound, nnt, "reliable"),
        }  # fmt: skip
    if outcome.mcid is not None:
        found["mcid"] = {
            "bound": outcome.mcid, **_rates(data, frame, outcome.mcid * (1 - 1e-9), nnt, "mcid"),
        }  # fmt: skip
    return found, tuple(nnt)


def _rates(
    data: TrialData, frame: pd.DataFrame, bound: float, nnt: list[dict[str, Any]], label: str
) -> dict[str, Any]:
    assert data.outcome.better is not None
    alpha = data.plan.alpha
    state = states(frame["y"] - frame["baseline"], bound, data.outcome.better)
    arms = data.arms or (None,)
    rows, counts = [], {}
    for arm in arms:
        chosen = state if arm is None else state[frame["arm"] == arm]
        seen = chosen.dropna()
        counts[arm] = {one: int((seen == one).sum()) for one in STATES} | {"n": len(seen)}
        rows.append({
            "arm": arm, "n": len(seen), "n_unknown": int(chosen.isna().sum()),
            **{one: share(counts[arm][one], len(seen), alpha) for one in STATES},
        })  # fmt: skip
    comparisons: list[dict[str, Any]] = []
    for arm in data.arms[1:]:
        one, control = counts[arm], counts[data.arms[0]]
        for what in ("improved", "deteriorated"):
            effects = compare(
                one[what], one["n"], control[what], control["n"],
                contrast=f"{arm} - {data.arms[0]}", term=arm_term(data, arm), alpha=alpha,
            )  # fmt: skip
            if effects:
                comparisons.append({"of": what, "effects": effects})
                name = "reliable" if label == "reliable" else "smallest important"
                word = "improvement" if what == "improved" else "deterioration"
                nnt.append(number_needed(effects[0], of=f"{name} {word}", good=what == "improved"))
    return {"arms": rows, "comparisons": comparisons}


def risk_effects(data: TrialData, time: float) -> list[tuple[Effect, ...]]:
    """Return risk difference and ratios of a binary outcome at a time, arm by arm."""
    frame = data.at(time)
    frame = frame[frame["y"].notna()]
    counts = {arm: frame.loc[frame["arm"] == arm, "y"] for arm in data.arms}
    control = counts[data.arms[0]]
    return [
        compare(
            int(counts[arm].sum()), len(counts[arm]), int(control.sum()), len(control),
            contrast=f"{arm} - {data.arms[0]}", term=arm_term(data, arm), alpha=data.plan.alpha,
        )
        for arm in data.arms[1:]
    ]  # fmt: skip
