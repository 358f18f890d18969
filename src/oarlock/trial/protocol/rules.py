"""What must hold between the parts of a protocol, beyond each key's own type and limits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations
from typing import Any

from oarlock.trial.protocol.faults import Faults
from oarlock.trial.protocol.lines import Path
from oarlock.trial.protocol.model import PLACEHOLDER, Arm, Factor, Outcome, Protocol

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MAX_NAME = 40


def check_rules(protocol: Protocol, faults: Faults, instruments: Collection[str] | None) -> None:
    """Note every fault between the parts of a protocol that reads well.

    Args:
        protocol: What was read.
        faults: Takes the faults.
        instruments: Names of the instruments that exist; None does not check them.
    """
    _names(protocol, faults)
    _arms(protocol, faults)
    _switches(protocol, faults)
    _eligibility(protocol, faults)
    _consent(protocol, faults)
    _allocation(protocol, faults)
    for place, factor in enumerate(protocol.allocation.factors):
        _factor(protocol, factor, place, faults)
    _waves(protocol, faults)
    _outcomes(protocol, faults)
    _analysis(protocol, faults)
    _sample_size(protocol, faults)
    if PLACEHOLDER not in protocol.contact.email and not _EMAIL.fullmatch(protocol.contact.email):
        faults.add(("contact", "email"), f"'{protocol.contact.email}'", "an e-mail address")
    if instruments is not None:
        _instruments(protocol, instruments, faults)


def _names(protocol: Protocol, faults: Faults) -> None:
    named: list[tuple[Path, str]] = [(("name",), protocol.name)]
    tables: dict[tuple[str, ...], Sequence[Any]] = {
        ("arms",): protocol.arms,
        ("waves",): protocol.waves,
        ("outcomes",): protocol.outcomes,
        ("allocation", "factors"): protocol.allocation.factors,
    }
    for path, items in tables.items():
        seen: dict[str, int] = {}
        for place, item in enumerate(items):
            here: Path = (*path, place, "name")
            named.append((here, item.name))
            if item.name in seen:
                faults.add(
                    here,
                    f"'{item.name}' a second time",
                    "each name once",
                    f"The first is on line {faults.line((*path, seen[item.name], 'name'))}; "
                    "give one of them another name.",
                )
            seen.setdefault(item.name, place)
    for here, name in named:
        if PLACEHOLDER in name or (_NAME.fullmatch(name) and len(name) <= _MAX_NAME):
            continue
        faults.add(
            here, f"'{name[:50]}'",
            f"small letters, digits and hyphens, at most {_MAX_NAME}, beginning with a letter",
            "Put the long name into label or title.",
        )  # fmt: skip


def _arms(protocol: Protocol, faults: Faults) -> None:
    arms, design = protocol.arms, protocol.design
    roles = [arm.role for arm in arms]
    if not arms:
        faults.add(("arms",), "no arm", "one or more tables [[arms]]")
    elif design == "pre-post":
        if len(arms) != 1:
            faults.add(
                ("arms", 1), f"{len(arms)} arms", "one arm in the design pre-post",
                "Name one arm, or choose another design.",
            )  # fmt: skip
    elif len(arms) < 2:
        faults.add(("arms",), "one arm", f"two or more in the design {design}", "Add an arm.")
    elif design in {"control", "waitlist"} and (roles.count(design) < 1 or "active" not in roles):
        faults.add(
            ("arms",), f"the roles {', '.join(roles)}",
            f"an arm with the role active and one with the role {design}",
        )  # fmt: skip
    elif design == "active" and set(roles) != {"active"}:
        faults.add(("arms",), f"the roles {', '.join(roles)}", "only active arms in this design")
    for place, arm in enumerate(arms):
        if arm.role == "waitlist" and arm.delay_days == 0:
            faults.add(
                ("arms", place, "delay_days"), "0", "the days that the waiting list waits, over 0"
            )


def _switches(protocol: Protocol, faults: Faults) -> None:
    arms = protocol.arms
    switched = {name: arm.name for arm in arms for name in arm.switches if name != "groups"}
    for place, arm in enumerate(arms):
        for name, first in switched.items():
            if name not in arm.switches:
                example = "'free'" if name == "replies" else "false"
                faults.add(
                    ("arms", place, name),
                    "nothing",
                    f"a value, because the arm {first} switches {name}",
                    f"Write {name} = {example} if this arm goes without.",
                )
    for (_, one), (place, other) in combinations(enumerate(arms), 2):
        if _effect(one) == _effect(other):
            faults.add(
                ("arms", place),
                f"the same switches as the arm {one.name}",
                "arms that differ in at least one of coach, training, groups, replies, delay_days",
            )


def _effect(arm: Arm) -> tuple[Any, ...]:
    return (arm.coach, arm.training, frozenset(arm.groups), arm.replies, arm.delay_days)


def _asked_before(protocol: Protocol) -> set[str]:
    """Return the instruments whose score is known before allocation, or at the first wave."""
    if not protocol.is_randomised:
        return set(protocol.waves[0].instruments) if protocol.waves else set()
    return {
        name for wave in protocol.waves if wave.is_before_allocation for name in wave.instruments
    }


def _need_before(protocol: Protocol, path: Path, name: str, faults: Faults) -> None:
    if name not in _asked_before(protocol):
        before = ", ".join(sorted(_asked_before(protocol))) or "none is"
        faults.add(
            path, f"'{name}'", f"an instrument of a wave that closes before allocation ({before})",
            "Add it to a wave with close_day 0 or less.",
        )  # fmt: skip


def _eligibility(protocol: Protocol, faults: Faults) -> None:
    who = protocol.eligibility
    if who.max_age is not None and who.max_age < who.min_age:
        faults.add(("eligibility", "max_age"), str(who.max_age), f"min_age ({who.min_age}) or more")
    for place, limit in enumerate(who.scores):
        path = ("eligibility", "scores", place)
        _need_before(protocol, (*path, "instrument"), limit.instrument, faults)
        low, high = limit.min_score, limit.max_score
        if low is None and high is None:
            faults.add(path, "no limit", "min_score, max_score or both")
        elif low is not None and high is not None and low > high:
            faults.add((*path, "max_score"), f"{high:g}", f"min_score ({low:g}) or more")


def _consent(protocol: Protocol, faults: Faults) -> None:
    for place, question in enumerate(protocol.consent.questions):
        path = ("consent", "questions", place)
        if len(question.answers) < 2:
            faults.add((*path, "answers"), f"{len(question.answers)}", "two answers or more")
        if question.correct not in question.answers:
            faults.add(
                (*path, "correct"), f"'{question.correct[:50]}'",
                "one of the answers, word for word",
            )  # fmt: skip
    if not protocol.consent.on_withdrawal:
        faults.add(("consent", "on_withdrawal"), "an empty list", "keep, delete or both")


def _allocation(protocol: Protocol, faults: Faults) -> None:
    plan = protocol.allocation
    path = ("allocation", "method")
    if protocol.is_randomised == (plan.method == "none"):
        expected = (
            "simple, blocks, stratified or minimisation" if protocol.is_randomised else "none"
        )
        faults.add(path, f"'{plan.method}'", f"{expected} in the design {protocol.design}")
        return
    total = sum(arm.share for arm in protocol.arms)
    if plan.method in {"blocks", "stratified"}:
        if not plan.block_sizes:
            faults.add(
                ("allocation", "block_sizes"), "nothing", "a list of sizes",
                f"Write, for example, block_sizes = [{2 * total}, {3 * total}].",
            )  # fmt: skip
        for place, size in enumerate(plan.block_sizes):
            if size % total or size < 2:
                faults.add(
                    ("allocation", "block_sizes", place), str(size),
                    f"a multiple of {total}, the sum of the shares",
                )  # fmt: skip
    known = [factor.name for factor in plan.factors]
    _known(("allocation", "strata"), plan.strata, known, faults)
    if plan.method in {"stratified", "minimisation"} and not plan.factors:
        faults.add(
            ("allocation", "factors"), "nothing", "one or more tables [[allocation.factors]]",
            "Add a factor, or choose the method blocks.",
        )  # fmt: skip


def _factor(protocol: Protocol, factor: Factor, place: int, faults: Faults) -> None:
    path = ("allocation", "factors", place)
    if len(factor.levels) < 2:
        faults.add((*path, "levels"), shown_list(factor.levels), "two levels or more")
    is_cut = factor.source in {"score", "age", "number"}
    if is_cut and len(factor.cuts) != len(factor.levels) - 1:
        faults.add(
            (*path, "cuts"), f"{len(factor.cuts)} cuts for {len(factor.levels)} levels",
            f"{len(factor.levels) - 1}, one between each two levels",
        )  # fmt: skip
    if not is_cut and factor.cuts:
        faults.add((*path, "cuts"), "cuts", f"none for the source {factor.source}")
    if list(factor.cuts) != sorted(factor.cuts):
        faults.add((*path, "cuts"), "numbers that fall", "numbers that rise")
    if factor.source == "score":
        if factor.instrument is None:
            faults.add((*path, "instrument"), "nothing", "the instrument whose score is cut")
        else:
            _need_before(protocol, (*path, "instrument"), factor.instrument, faults)
    elif factor.instrument is not None:
        faults.add((*path, "instrument"), factor.instrument, f"none for the source {factor.source}")


def shown_list(items: Iterable[str]) -> str:
    return ", ".join(items) or "an empty list"


def _waves(protocol: Protocol, faults: Faults) -> None:
    for place, wave in enumerate(protocol.waves):
        path = ("waves", place)
        if not wave.open_day <= wave.day <= wave.close_day:
            faults.add(
                path, f"open_day {wave.open_day}, day {wave.day}, close_day {wave.close_day}",
                "open_day <= day <= close_day",
            )  # fmt: skip
        if protocol.is_randomised and wave.open_day < 0 < wave.close_day:
            faults.add(
                (*path, "close_day"), str(wave.close_day),
                "a window wholly before allocation (close_day 0) or after it (open_day 0)",
                "An answer from before allocation cannot also be one from after it.",
            )  # fmt: skip
        for number, day in enumerate(wave.reminders):
            if wave.open_day + day > wave.close_day:
                faults.add(
                    (*path, "reminders", number), f"{day}",
                    f"at most {wave.close_day - wave.open_day}, the days that the window is open",
                )  # fmt: skip
        if not wave.instruments:
            faults.add((*path, "instruments"), "an empty list", "one instrument or more")
    for (_, one), (place, other) in combinations(enumerate(protocol.waves), 2):
        both = [name for name in other.instruments if name in one.instruments]
        # A day belongs to one wave only, or nobody could say which wave an answer is of.
        if both and one.open_day <= other.close_day and other.open_day <= one.close_day:
            faults.add(
                ("waves", place, "open_day"),
                f"days {other.open_day} to {other.close_day}, which overlap those of {one.name} "
                f"({one.open_day} to {one.close_day}) while both ask {both[0]}",
                "windows that do not overlap",
                f"Open {other.name} after day {one.close_day}, or close {one.name} sooner.",
            )


def _outcomes(protocol: Protocol, faults: Faults) -> None:
    if not protocol.primary:
        faults.add(("outcomes",), "no primary outcome", "at least one with role = 'primary'")
    waves = {wave.name: wave for wave in protocol.waves}
    for place, outcome in enumerate(protocol.outcomes):
        path = ("outcomes", place)
        wave = waves.get(outcome.wave)
        if wave is None:
            near = difflib.get_close_matches(outcome.wave, waves, n=1)
            faults.add(
                (*path, "wave"), f"'{outcome.wave}'",
                f"a wave of the schedule: {', '.join(waves) or 'there is none'}",
                f"Did you mean {near[0]}?" if near else "Add the wave, or name another.",
            )  # fmt: skip
        elif outcome.instrument not in wave.instruments:
            faults.add(
                (*path, "instrument"), f"'{outcome.instrument}'",
                f"an instrument that the wave {wave.name} asks: {', '.join(wave.instruments)}",
                f"Add it to the wave {wave.name}.",
            )  # fmt: skip
        elif protocol.is_randomised and wave.is_before_allocation:
            faults.add((*path, "wave"), f"'{wave.name}'", "a wave that opens after allocation")
        _limit(outcome, path, faults)
    _harms(protocol, faults)


def _limit(outcome: Outcome, path: Path, faults: Faults) -> None:
    n_limits = (outcome.at_most is not None) + (outcome.at_least is not None)
    if outcome.type == "binary" and n_limits != 1:
        faults.add((*path, "at_most"), f"{n_limits} limits", "at_most or at_least, one of them")
    if outcome.type == "score" and n_limits:
        faults.add(
            path, "a limit for an outcome of type score", "no at_most and no at_least",
            "Write type = 'binary' if a share is compared.",
        )  # fmt: skip


def _harms(protocol: Protocol, faults: Faults) -> None:
    after = {
        name
        for wave in protocol.waves
        if not (protocol.is_randomised and wave.is_before_allocation)
        for name in wave.instruments
    }
    for place, name in enumerate(protocol.harms.instruments):
        if name not in after:
            faults.add(
                ("harms", "instruments", place), f"'{name}'",
                f"an instrument of a wave after allocation: {', '.join(sorted(after)) or 'none'}",
                "Add it to a wave.",
            )  # fmt: skip
    if not protocol.harms.events:
        faults.add(("harms", "events"), "an empty list", "at least one adverse event to record")


def _analysis(protocol: Protocol, faults: Faults) -> None:
    plan = protocol.analysis
    factors = [factor.name for factor in protocol.allocation.factors]
    _known(("analysis", "covariates"), plan.covariates, ["baseline", "age", *factors], faults)
    _known(("analysis", "subgroups"), plan.subgroups, factors, faults)
    path = ("analysis", "model")
    if protocol.design == "pre-post" and plan.model not in {"change", "mixed", "gee"}:
        faults.add(path, f"'{plan.model}'", "change, mixed or gee in the design pre-post")
    if protocol.design != "pre-post" and plan.model == "change":
        faults.add(
            path, "'change'", "ancova, mixed, gee or ols in a randomised trial",
            "ANCOVA adjusts for the score before and is never less precise.",
        )  # fmt: skip
    types = {outcome.type for outcome in protocol.primary}
    if "binary" in types and plan.model in {"ancova", "mixed", "change"}:
        faults.add(path, f"'{plan.model}'", "gee or ols for a primary outcome of type binary")
    if plan.set == "per-protocol" and not plan.per_protocol:
        faults.add(("analysis", "per_protocol"), "nothing", "who took part as planned, in words")
    if plan.model == "ancova" or "baseline" in plan.covariates:
        for place, outcome in enumerate(protocol.outcomes):
            if outcome.role == "primary" and outcome.instrument not in _asked_before(protocol):
                _need_before(
                    protocol, ("outcomes", place, "instrument"), outcome.instrument, faults
                )


def _known(
    path: tuple[str, ...], names: Iterable[str], known: Collection[str], faults: Faults
) -> None:
    for place, name in enumerate(names):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            faults.add(
                (*path, place), f"'{name}'", f"one of {', '.join(known) or 'no factor is defined'}",
                f"Did you mean {near[0]}?" if near else "Define it under [[allocation.factors]].",
            )  # fmt: skip


def _sample_size(protocol: Protocol, faults: Faults) -> None:
    plan = protocol.sample_size
    rates = (plan.rate_control, plan.rate_active)
    is_binary = bool(protocol.primary) and protocol.primary[0].type == "binary"
    here = ("sample_size",)
    if is_binary:
        if None in rates:
            faults.add((*here, "rate_control"), "one rate or none", "rate_control and rate_active")
        elif rates[0] == rates[1]:
            faults.add((*here, "rate_active"), f"{rates[1]}", "a rate other than rate_control")
    elif plan.effect is None:
        faults.add((*here, "effect"), "nothing", "the standardised difference worth finding")
    if protocol.allocation.is_cluster:
        for name in ("cluster_size", "icc"):
            if getattr(plan, name) is None:
                faults.add((*here, name), "nothing", "a number, because clusters are allocated")
    if plan.n < len(protocol.arms) * 2:
        faults.add((*here, "n"), str(plan.n), "at least two people per arm")


def _instruments(protocol: Protocol, known: Collection[str], faults: Faults) -> None:
    named: list[tuple[Path, str]] = []
    for place, wave in enumerate(protocol.waves):
        named += [(("waves", place, "instruments", i), n) for i, n in enumerate(wave.instruments)]
    for path, name in named:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            faults.add(
                path, f"'{name}'", f"one of {', '.join(sorted(known))}",
                f"Did you mean {near[0]}?" if near else "Add the instrument to the registry.",
            )  # fmt: skip
