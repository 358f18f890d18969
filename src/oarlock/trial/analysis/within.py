"""Trials that compare people with themselves: before and after, and crossover."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oarlock.trial.analysis import mixed
from oarlock.trial.analysis.change import change
from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.describe import described, missing
from oarlock.trial.analysis.parallel import main_time
from oarlock.trial.analysis.prepost import paired, standardised_change
from oarlock.trial.analysis.results import Model, OutcomeResults, plain


def pre_post(data: TrialData) -> OutcomeResults:
    """Return the change of one group from its baseline; the first time where there is none."""
    time, kind = main_time(data), data.outcome.kind or "continuous"
    if data.has_baseline:
        before, name, times = data.people["baseline"], data.baseline_term, data.times
    else:
        before, name, times = data.at(data.times[0])["y"], f"time {data.times[0]:g}", data.times[1:]
    models: dict[str, Any] = {
        "paired": tuple(
            paired(
                before, data.at(one)["y"], contrast=f"{_label(data, one)} - {name}", kind=kind,
                alpha=data.plan.alpha, time=one if len(data.times) > 1 else None,
            )
            for one in (times if data.on_grid else ())
        )
    }  # fmt: skip
    if kind == "continuous" and len(data.times) > 1:
        bare = replace(data, people=data.people.assign(baseline=float("nan")))
        models["mixed"], checks = mixed.repeated(bare)
    else:
        checks = ()
    chosen = next((one for one in models["paired"] if one.time in (time, None)), None)
    changed, _ = change(data, time)
    effects: tuple[dict[str, Any], ...] = ()
    if kind == "continuous" and chosen is not None:
        effects = (
            {"contrast": f"{_label(data, time)} - {name}", "time": time,
             **standardised_change(before, data.at(time)["y"], data.plan.alpha)},
        )  # fmt: skip
    return _results(data, models, "paired", chosen, checks, changed, effects)


def _label(data: TrialData, time: float) -> str:
    return f"time {time:g}" if len(data.times) > 1 else data.outcome.name


def crossover(data: TrialData) -> OutcomeResults:
    """Return the comparison of arms that everybody was in, within each person."""
    wide = data.long.pivot_table(index="person", columns="arm_of_row", values="y", aggfunc="mean")
    control = data.arms[0]
    models: dict[str, Any] = {
        "paired": tuple(
            paired(
                wide[control], wide[arm], contrast=f"{arm} - {control}",
                kind="continuous", alpha=data.plan.alpha,
            )
            for arm in data.arms[1:]
            if arm in wide and control in wide
        )
    }  # fmt: skip
    made = [one for one in models["paired"] if one.ok]
    chosen = made[0] if made else next(iter(models["paired"]), None)
    if len(made) > 1:
        chosen = replace(made[0], effects=tuple(one.effects[0] for one in made))
    return _results(data, models, "paired", chosen, (), {
        "not_estimable": "a crossover trial has no change from a baseline"
    }, ())  # fmt: skip


def _results(
    data: TrialData, models: dict[str, Any], name: str, chosen: Model | None, checks: Any,
    changed: dict[str, Any], effects: tuple[dict[str, Any], ...],
) -> OutcomeResults:  # fmt: skip
    primary: dict[str, Any] = {"outcome": data.outcome.name, "model": name, "effects": []}
    if chosen is None or not chosen.ok:
        primary["not_estimable"] = (
            chosen.not_estimable if chosen is not None else "there is no time to compare with"
        )
    else:
        primary |= {**plain(chosen.effects[0]), "method": chosen.method,
                    "analysis_set": "everybody who was seen twice", "n_people": chosen.n_people,
                    "effects": plain(chosen.effects), "notes": list(chosen.notes)}  # fmt: skip
    reason = {"not_estimable": "needs arms side by side"}
    return OutcomeResults(
        outcome=data.outcome.name, kind=data.outcome.kind or "continuous",
        better=data.outcome.better, times=data.times, columns=data.outcome.columns,
        described=described(data) if not data.crossover else (), primary=primary, models=models,
        variance_components=None, cross_check=checks,
        missing=reason if data.crossover else missing(data), sensitivity=reason,
        subgroup=reason, change=changed, nnt=(), effects=effects,
    )  # fmt: skip
