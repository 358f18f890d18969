"""The plan of the analysis that a trial's protocol promises, for the columns of a file.

A file under a protocol is wide: `<instrument>.<wave>` for each score, such as `phq-9.week-6` (or
with `_` between), `arm`, and a column for each factor, `age`, or `group` that the protocol uses.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from oarlock.trial.analysis.plan import AnalysisPlan, OutcomePlan, checked
from oarlock.trial.instruments import instruments
from oarlock.trial.protocol import Outcome, Protocol


def plan_for(protocol: Protocol, columns: Collection[str]) -> AnalysisPlan:
    """Return the plan of a protocol."""
    analysis, unit = protocol.analysis, protocol.allocation.unit
    controls = [one.name for one in protocol.arms if one.role in {"control", "waitlist"}]
    first = protocol.primary[0]
    wave = next(one for one in protocol.waves if one.name == first.wave)
    outcomes = [_outcome(protocol, one, columns) for one in protocol.outcomes]
    outcomes.sort(key=lambda one: one.name != first.name)
    factors = {one.name: one for one in protocol.allocation.factors}
    present = [one for one in analysis.covariates if one in columns and one != "baseline"]
    severe = next(
        (factors[name] for name in analysis.subgroups
         if factors[name].cuts and factors[name].instrument == first.instrument),
        None,
    )  # fmt: skip
    sign = 1.0 if first.better == "lower" else -1.0
    plan = AnalysisPlan(
        outcomes=tuple(outcomes),
        arm=None if protocol.design == "pre-post" else "arm",
        arms=tuple(one.name for one in protocol.arms) if protocol.design != "pre-post" else (),
        control=controls[0] if controls else None,
        no_control=protocol.design == "active",
        pre_post=protocol.design == "pre-post",
        covariates=tuple(one for one in present if one not in factors),
        strata=tuple(one for one in present if one in factors),
        cluster=unit if protocol.allocation.is_cluster else None,
        severe_from=severe.cuts[-1] if severe is not None else None,
        primary_time=float(wave.day),
        alpha=analysis.alpha,
        multiplicity=analysis.multiplicity,
        deltas=tuple(sign * one for one in analysis.deltas),
        model=analysis.model,
    )
    return checked(plan, "the protocol")


def _outcome(protocol: Protocol, one: Outcome, columns: Collection[str]) -> OutcomePlan:
    asked = [wave for wave in protocol.waves if one.instrument in wave.instruments]
    before = [wave for wave in asked if wave.is_before_allocation]
    after = [wave for wave in asked if not wave.is_before_allocation]
    found = {w.name: _column(one.instrument, w.name, columns) for w in (*after, *before)}
    times = [(float(w.day), name) for w in after if (name := found[w.name]) is not None]
    baseline = next((found[w.name] for w in reversed(before) if found[w.name]), None)
    plan = OutcomePlan(
        one.name,
        columns=tuple(name for _, name in times),
        times=tuple(day for day, _ in times),
        kind="binary" if one.type == "binary" else "continuous",
        baseline=baseline,
        better="higher" if one.type == "binary" else one.better,
        at_most=one.at_most if one.type == "binary" else None,
        at_least=one.at_least if one.type == "binary" else None,
    )
    measure = instruments().get(one.instrument)
    if measure is None or one.type == "binary":
        return plan
    reliability = measure.reliability
    return replace(
        plan,
        mcid=measure.difference,
        reliability=None if reliability is None else reliability.coefficient,
    )


def _column(instrument: str, wave: str, columns: Collection[str]) -> str | None:
    """Return the column of a score: signs between the words do not count."""

    def bare(text: str) -> str:
        return re.sub(r"[^0-9a-z]+", "", text.casefold())

    wanted = bare(instrument + wave)
    return next((one for one in columns if bare(one) == wanted), None)
