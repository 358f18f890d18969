"""A protocol in plain words, for whoever has to agree to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oarlock.trial.protocol.model import DESIGNS, METHODS, Arm, Factor, Outcome, Protocol, Wave

_MODELS = {
    "ancova": "ANCOVA (adjusted for the score before)",
    "mixed": "a mixed model over all waves",
    "gee": "generalised estimating equations",
    "ols": "least squares",
    "change": "the change from before to after",
}
_SETS = {
    "intention-to-treat": "everybody in the arm that they were given (intention to treat)",
    "per-protocol": "only those who took part as planned (per protocol)",
}
_MISSING = {
    "multiple-imputation": "missing scores by multiple imputation",
    "likelihood": "missing scores by the likelihood of the model",
    "complete-cases": "only people whose scores are complete",
}


def plain_words(protocol: Protocol) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the protocol as headings, each with its sentences."""
    start = "allocation" if protocol.is_randomised else "consent"
    outcomes = [_outcome(one) for one in protocol.outcomes]
    return (
        ("Question", (protocol.question, f"Design: {DESIGNS[protocol.design]}.")),
        ("Arms", tuple(_arm(arm, protocol) for arm in protocol.arms)),
        ("Who takes part", tuple(_eligibility(protocol))),
        ("Consent", tuple(_consent(protocol))),
        ("Allocation", tuple(_allocation(protocol))),
        ("Waves", tuple(_wave(wave, start) for wave in protocol.waves)),
        ("Outcomes", tuple(outcomes)),
        ("Harms", tuple(_harms(protocol))),
        ("Analysis", tuple(_analysis(protocol))),
        ("Sample size", tuple(_sample_size(protocol))),
        ("Stopping", tuple(_stopping(protocol))),
        ("Who answers for it", _who(protocol)),
    )


def _list(items: Any) -> str:
    *first, last = [str(item) for item in items]
    return f"{', '.join(first)} and {last}" if first else last


def _arm(arm: Arm, protocol: Protocol) -> str:
    said: list[str] = []
    if arm.coach is not None:
        said.append(f"coach {'on' if arm.coach else 'off'}")
    if arm.training is not None:
        said.append(f"training {'open' if arm.training else 'closed'}")
    if arm.replies is not None:
        said.append(f"replies {arm.replies}")
    if arm.groups:
        said.append(f"may enter {_list(arm.groups)}")
    if arm.delay_days:
        said.append(f"from day {arm.delay_days}")
    part = f", {arm.share} of {sum(protocol.ratio.values())}" if protocol.is_randomised else ""
    return f"{arm.name} ({arm.role}{part}): {arm.label}; {', '.join(said) or 'switches nothing'}."


def _eligibility(protocol: Protocol) -> list[str]:
    who = protocol.eligibility
    ages = f"{who.min_age} to {who.max_age}" if who.max_age else f"{who.min_age} and older"
    said = [f"Age {ages}; members of {_list(who.groups) if who.groups else 'any group'}."]
    for limit in who.scores:
        low = "" if limit.min_score is None else f"at least {limit.min_score:g}"
        high = "" if limit.max_score is None else f"at most {limit.max_score:g}"
        said.append(f"Score of {limit.instrument} {' and '.join(x for x in (low, high) if x)}.")
    said.append(
        "Nobody who is in another trial."
        if who.other_trials == "none"
        else "Nobody who is in a trial whose arms switch the same."
    )
    return said


def _consent(protocol: Protocol) -> list[str]:
    consent = protocol.consent
    return [
        f"Version {consent.version}, {len(consent.text.split())} words, "
        f"{len(consent.questions)} questions to check understanding.",
        f"Whoever withdraws chooses that data so far are: {' or '.join(consent.on_withdrawal)}.",
    ]


def _factor(factor: Factor) -> str:
    cuts = f", cut at {_list(f'{cut:g}' for cut in factor.cuts)}" if factor.cuts else ""
    source = factor.instrument or factor.source
    return f"{factor.name} (by {source}{cuts}: {', '.join(factor.levels)})"


def _allocation(protocol: Protocol) -> list[str]:
    plan = protocol.allocation
    said = [f"By {plan.unit}: {METHODS[plan.method]}."]
    if plan.method in {"blocks", "stratified"}:
        said.append(f"Blocks of {_list(sorted(plan.block_sizes))}, in random order.")
    if plan.used_factors:
        said.append(f"Over {_list(_factor(factor) for factor in plan.used_factors)}.")
    if plan.method == "minimisation":
        said.append(f"The best arm has probability {plan.p_best:g}; imbalance by {plan.imbalance}.")
    if protocol.is_randomised:
        origin = "made by the system" if plan.seed == "system" else "kept by an independent person"
        said.append(f"The secret seed is {origin}; its hash is published when enrolment opens.")
    return said


def _wave(wave: Wave, start: str) -> str:
    reminders = f"; reminders after {_list(wave.reminders)} days" if wave.reminders else ""
    return (
        f"{wave.name}: day {wave.day} from {start} (open {wave.open_day} to {wave.close_day}), "
        f"{_list(wave.instruments)}{reminders}."
    )


def _outcome(outcome: Outcome) -> str:
    what = f"{outcome.instrument} at {outcome.wave}"
    if outcome.at_most is not None:
        what = f"share with {what} at most {outcome.at_most:g}"
    elif outcome.at_least is not None:
        what = f"share with {what} at least {outcome.at_least:g}"
    return f"{outcome.role.capitalize()}, {outcome.name}: {what}; {outcome.better} is better."


def _harms(protocol: Protocol) -> list[str]:
    harms = protocol.harms
    said = [f"Adverse events ({'; '.join(harms.events)}) are answered in {harms.deadline_hours} h."]
    if harms.instruments:
        said.append(f"Asked by {_list(harms.instruments)}.")
    return said


def _analysis(protocol: Protocol) -> list[str]:
    plan = protocol.analysis
    said = [
        f"{_SETS[plan.set].capitalize()}; {_MODELS[plan.model]}; {_MISSING[plan.missing]}.",
        f"Two-sided error rate {plan.alpha:g}; several comparisons: {plan.multiplicity}.",
    ]
    if plan.covariates:
        said.append(f"Adjusted for {_list(plan.covariates)}.")
    if plan.subgroups:
        said.append(f"Subgroups by {_list(plan.subgroups)}.")
    if plan.deltas:
        said.append(f"Imputed scores made worse by {_list(f'{d:g}' for d in plan.deltas)} points.")
    if plan.per_protocol:
        said.append(f"As planned means: {plan.per_protocol}")
    return said


def _sample_size(protocol: Protocol) -> list[str]:
    plan = protocol.sample_size
    worth = (
        f"a difference of {plan.effect:g} standard deviations"
        if plan.effect is not None
        else f"{plan.rate_active} against {plan.rate_control}"
    )
    said = [f"{plan.n} people for power {plan.power:g} to find {worth}."]
    said.append(f"Correlation {plan.correlation:g}, drop-out {plan.dropout:.0%}.")
    if plan.cluster_size is not None:
        said.append(
            f"Clusters of {plan.cluster_size:g} (coefficient of variation {plan.cluster_cv:g}), "
            f"intracluster correlation {plan.icc or 0:g}."
        )
    return [*said, f"Reason: {plan.reason}"]


def _stopping(protocol: Protocol) -> list[str]:
    plan = protocol.stopping
    said = [plan.rule]
    if plan.enrol_until is not None:
        said.append(f"Enrolment until {plan.enrol_until.isoformat()}.")
    if plan.pause_after_serious_events is not None:
        said.append(f"Pauses after {plan.pause_after_serious_events} serious events in one arm.")
    return said


def _who(protocol: Protocol) -> tuple[str, ...]:
    contact, ethics = protocol.contact, protocol.ethics
    reached = ", ".join(part for part in (contact.email, contact.phone) if part)
    said = (f"{contact.name} ({reached}).", f"{ethics.committee}, approval {ethics.approval}.")
    return (*said, f"Registered as {protocol.registration}.") if protocol.registration else said


def show(words: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """Return headings and sentences as indented text."""
    parts: list[str] = []
    for heading, sentences in words:
        parts += [heading, *(f"  {sentence}" for sentence in sentences)]
    return "\n".join(parts)


def by_heading(protocol: Protocol) -> Mapping[str, list[str]]:
    return {heading: list(sentences) for heading, sentences in plain_words(protocol)}
