"""Every model of a trial with arms side by side, and which of them is the primary one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oarlock.trial.analysis import gee, glm, linear, mixed
from oarlock.trial.analysis.change import change, risk_effects
from oarlock.trial.analysis.complier import complier_effect, per_protocol
from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.describe import described, missing
from oarlock.trial.analysis.effects import standardised
from oarlock.trial.analysis.results import Check, Model, OutcomeResults, plain
from oarlock.trial.analysis.risks import number_needed
from oarlock.trial.analysis.sensitivity import sensitivity
from oarlock.trial.analysis.subgroup import by_severity

ACROSS_METHODS = 0.5
"""Difference, in standard errors, between mixed model and GEE that is reported."""
TO_ANCOVA = 1.0
"""The same between mixed model and ANCOVA at one time, which use different people."""


def main_time(data: TrialData) -> float:
    """Return the time of comparisons at one time: the primary one, else the last."""
    wanted = data.plan.primary_time
    return wanted if wanted in data.times and wanted is not None else data.times[-1]


def analyse(data: TrialData) -> OutcomeResults:
    """Return everything about one outcome of a trial with arms side by side."""
    time, outcome = main_time(data), data.outcome
    models, checks = _models(data, time)
    name, primary = _primary(data, models, time)
    changed, nnt = change(data, time)
    found: list[dict[str, Any]] = list(nnt)
    if outcome.kind == "binary":
        for effects in risk_effects(data, time):
            if effects and outcome.better is not None:
                good = outcome.better == "higher"
                found.insert(0, number_needed(effects[0], of=f"{outcome.name} (event)", good=good))
    adherent = data.plan.adherence is not None
    if adherent:
        models["per_protocol"] = per_protocol(data, time)
        models["complier"] = complier_effect(data, time)
    single = data.on_grid
    adjusted = _at(models, time)
    return OutcomeResults(
        outcome=outcome.name, kind=outcome.kind or "continuous", better=outcome.better,
        times=data.times, columns=outcome.columns, described=described(data),
        primary=_primary_json(data, name, primary, time), models=models,
        variance_components=_components(models), cross_check=checks, missing=missing(data),
        sensitivity=sensitivity(data, time) if single else {
            "not_estimable": f"{len(data.times)} different times: not imputed"
        },
        subgroup=by_severity(data, time) if outcome.kind != "count" else {
            "not_estimable": "subgroups of counts are not analysed"
        },
        change=changed, nnt=tuple(found),
        effects=standardised(data, time, adjusted) if outcome.kind == "continuous" else (),
    )  # fmt: skip


def _components(models: dict[str, Any]) -> dict[str, float | None] | None:
    for name in ("mixed_cluster", "mixed", "mixed_ml", "gee"):
        model = models.get(name)
        if isinstance(model, Model) and model.ok:
            return model.variance_components
    return None


def _at(models: dict[str, Any], time: float) -> Any:
    found = [one for one in models.get("ancova", ()) if one.time == time]
    return found[0].effects if found else ()


def _models(data: TrialData, time: float) -> tuple[dict[str, Any], tuple[Check, ...]]:
    times = data.times if data.on_grid else ()
    models: dict[str, Any] = {}
    checks: list[Check] = []
    clustered = data.plan.cluster is not None
    bare = replace(data, covariates=(), people=data.people.assign(baseline=float("nan")))
    if data.outcome.kind == "continuous":
        models["unadjusted"] = linear.ancova(bare, time, "cluster" if clustered else "classical")
        models["ancova"] = tuple(linear.ancova(data, one) for one in times)
        models["ancova_robust"] = tuple(linear.ancova(data, one, "robust") for one in times)
        models["ols"] = linear.pooled(data)
        models["ols_cluster"] = linear.pooled(data, "cluster")
        if clustered:
            models["ancova_cluster"] = tuple(linear.ancova(data, one, "cluster") for one in times)
            models["mixed_cluster"], found = mixed.clustered(data, time)
            checks += found
        for name, form, reml in (
            ("mixed", "average", True), ("mixed_ml", "average", False),
            ("mixed_by_time", "by_time", True), ("mixed_slope", "slope", True),
        ):  # fmt: skip
            if len(data.times) < 2 and form != "average":
                continue
            models[name], found = mixed.repeated(data, form=form, reml=reml)
            checks += found
    else:
        name = "logistic" if data.outcome.kind == "binary" else "poisson"
        models[name] = tuple(glm.at_time(data, one) for one in times)
        models[f"{name}_robust"] = tuple(glm.at_time(data, one, robust=True) for one in times)
        if data.outcome.kind == "count":
            models["negative_binomial"] = tuple(glm.negative_binomial(data, one) for one in times)
        else:
            models["risks"] = [effect for effects in risk_effects(data, time) for effect in effects]
    models["gee"] = gee.repeated(data)
    if data.outcome.kind == "count":
        models["gee_negative_binomial"] = gee.negative_binomial(data)
    models["gee_small_sample"] = gee.repeated(data, small_sample=True)
    if len(data.times) > 1:
        models["gee_by_time"] = gee.repeated(data, form="by_time")
        models["gee_slope"] = gee.repeated(data, form="slope")
    if clustered:
        models["gee_cluster"] = gee.at_time(data, time)
    checks += _across(models, time)
    return models, tuple(checks)


def _across(models: dict[str, Any], time: float) -> list[Check]:
    checks = []
    pairs: list[tuple[str, Any, float, float | None]] = [
        ("mixed", models.get("gee"), ACROSS_METHODS, None),
        ("mixed_cluster", models.get("gee_cluster"), ACROSS_METHODS, None),
    ]
    ancova = [one for one in models.get("ancova", ()) if one.time == time]
    if ancova:
        pairs.append(("mixed_by_time", ancova[0], TO_ANCOVA, time))
    for name, other, bound, when in pairs:
        model = models.get(name)
        if model is None or other is None or not model.ok or not other.ok:
            continue
        chosen = [one for one in model.effects if when is None or one.time == when]
        both = zip(chosen, other.effects, strict=False)
        away = (abs(a.estimate - b.estimate) / a.se for a, b in both if a.se)
        largest = max(away, default=0.0)
        second = "GEE" if when is None else f"ANCOVA at time {time:g}, of those seen then"
        checks.append(
            Check("arm effect, in standard errors", model.method, second, largest, bound,
                  largest <= bound)
        )  # fmt: skip
    return checks


# --- the primary analysis -------------------------------------------------------------------------


def _order(data: TrialData) -> list[str]:
    """Return the models that may be the primary one, the first choice first."""
    repeated, by_time = len(data.times) > 1, data.plan.primary_time is not None
    chosen = _chosen(data)
    return [*chosen, *(name for name in _usual(data, repeated, by_time) if name not in chosen)]


def _chosen(data: TrialData) -> list[str]:
    """Return the model that the plan names, as far as it fits the kind of outcome."""
    model, repeated = data.plan.model, len(data.times) > 1
    by_time, clustered = data.plan.primary_time is not None, data.plan.cluster is not None
    if model == "gee":
        if clustered:
            return ["gee_cluster"]
        return ["gee_by_time" if by_time and repeated else "gee"]
    if data.outcome.kind != "continuous":
        return []
    if model == "mixed":
        if clustered:
            return ["mixed_cluster"]
        return ["mixed_by_time" if by_time else "mixed"] if repeated else []
    if model == "ancova":
        return ["ancova_cluster" if clustered else "ancova"]
    return ["unadjusted"] if model == "ols" else []


def _usual(data: TrialData, repeated: bool, by_time: bool) -> list[str]:
    kind = data.outcome.kind
    if data.plan.cluster is not None:
        if kind == "continuous":
            return ["mixed_cluster", "ancova_cluster"]
        return ["gee_cluster"]
    if kind == "continuous":
        if not repeated:
            return ["ancova"]
        return ["mixed_by_time" if by_time else "mixed", "ancova"]
    single = {"binary": ["logistic", "risks"], "count": ["poisson_robust"]}[kind or "binary"]
    if not repeated:
        return single
    few = len(data.people) < 50
    average = "gee_small_sample" if few else "gee"
    return ["gee_by_time" if by_time else average, *single]


def _primary(data: TrialData, models: dict[str, Any], time: float) -> tuple[str, Any]:
    order = [name for name in _order(data) if name in models]
    for name in order:
        model = models[name]
        if isinstance(model, tuple):
            model = next((one for one in model if one.time == time), None)
        if isinstance(model, list):
            if model:
                effect = tuple(one for one in model if one.scale == "risk difference")
                return name, Model("risk difference, Fisher's exact test", effect[0].n,
                                   effect[0].n, time=time, effects=effect)  # fmt: skip
            continue
        if model is not None and model.ok and model.effects:
            return name, model
    first = models[order[0]]
    if isinstance(first, tuple):
        first = next((one for one in first if one.time == time), None)
    return order[0], first


def _primary_json(data: TrialData, name: str, model: Any, time: float) -> dict[str, Any]:
    if not isinstance(model, Model) or not model.effects:
        reason = model.not_estimable if isinstance(model, Model) else "no time can be compared"
        return {"outcome": data.outcome.name, "model": name, "not_estimable": reason,
                "effects": []}  # fmt: skip
    effects = model.effects
    if name.endswith("by_time"):
        effects = tuple(one for one in effects if one.time == time)
    if not effects:
        return {"outcome": data.outcome.name, "model": name, "effects": [],
                "not_estimable": f"there is no comparison at time {time:g}"}  # fmt: skip
    return {
        **plain(effects[0]), "outcome": data.outcome.name, "model": name, "method": model.method,
        "analysis_set": "intention to treat: everybody with a value, in the arm allocated",
        "time": effects[0].time if name.endswith("by_time") else model.time,
        "n_people": model.n_people, "effects": plain(effects), "overall": model.overall,
        "notes": list(model.notes),
    }  # fmt: skip
