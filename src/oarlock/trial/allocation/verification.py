"""Recomputes every allocation of a log and says which rows do not hold."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from oarlock.trial.allocation.drawing import arm_at
from oarlock.trial.allocation.entries import CLOSING, NO_ENTRY, OPENING, Entry, entry_hash
from oarlock.trial.allocation.methods import Blocks, Levels
from oarlock.trial.allocation.seeds import commitment
from oarlock.trial.protocol.model import Protocol
from oarlock.trial.protocol.versions import allocation_hash, protocol_hash

Kind = Literal["altered", "deleted", "inserted", "reordered", "seed", "protocol"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a log.

    Attributes:
        kind: What was done, as far as it can be told.
        row: Row in the log as it is, from 1; for a deleted one where it should be.
        index: Number of the entry, where it has one.
        said: What is wrong, in words. Holds pseudonyms at most.
    """

    kind: Kind
    row: int
    index: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a log found.

    Attributes:
        n_allocated: Units in the log.
        arms: Units by arm.
        findings: What is wrong; empty where nothing is.
        notes: What could not be told.
        is_recomputed: Whether every arm was drawn again from the seed.
        head: Hash of the last entry: kept elsewhere, it shows later whether rows were cut off.
    """

    n_allocated: int
    arms: Mapping[str, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    is_recomputed: bool
    head: str

    @property
    def is_sound(self) -> bool:
        return not self.findings


@dataclass
class _Check:
    log: Sequence[Entry]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    """Places, from 0, of rows with a finding."""

    def add(self, kind: Kind, place: int, said: str) -> None:
        index = self.log[place].index if 0 <= place < len(self.log) else None
        self.findings.append(Finding(kind, place + 1, index, said))
        self.broken.add(place)


def verify(
    log: Sequence[Entry],
    protocols: Iterable[Protocol],
    seed: bytes | None = None,
    *,
    anchors: Mapping[int, str] | None = None,
) -> Verification:
    """Return what is wrong with a log: altered, deleted, inserted and reordered rows.

    Args:
        log: The rows, as they stand.
        protocols: Every version of the protocol that was in force.
        seed: The seed; None takes the one that the closing reveals, or checks the chain alone.
        anchors: Hashes of entries by their number, kept outside the log, such as in receipts.

    Returns:
        The findings in the order of the rows. Whoever can write the log and has no seed can rewrite
        the chain, but not the arms that follow from the seed; whoever has both is found by anchors.
    """
    check = _Check(log)
    versions = {protocol_hash(one): one for one in protocols}
    _check_hashes(check)
    _check_order(check)
    _check_content(check, versions)
    _check_anchors(check, anchors or {})
    if seed is None:
        seed = _revealed(check)
    if seed is not None:
        _check_arms(check, versions, seed)
    else:
        check.notes.append("Without the seed the arms were not drawn again; the chain was checked.")
    if not anchors and (not log or log[-1].method != CLOSING):
        check.notes.append(
            "The log is still open: rows cut off its end show only against a hash that was kept "
            "elsewhere."
        )
    given = [entry for entry in log if entry.is_allocation]
    return Verification(
        n_allocated=len(given),
        arms=dict(Counter(entry.arm for entry in given)),
        findings=tuple(sorted(check.findings, key=lambda one: one.row)),
        notes=tuple(check.notes),
        is_recomputed=seed is not None,
        head=log[-1].hash if log else NO_ENTRY,
    )


def _check_hashes(check: _Check) -> None:
    for place, entry in enumerate(check.log):
        if entry.hash != entry_hash(entry):
            check.add("altered", place, "its content is not that of its hash")


def _check_order(check: _Check) -> None:
    """Tell moved, inserted and deleted rows by their numbers and their links."""
    log = check.log
    whole = [place for place in range(len(log)) if place not in check.broken]
    _check_doubles(check, whole)
    whole = [place for place in whole if place not in check.broken]
    kept = _longest_rise([log[place].index for place in whole])
    moved = [place for number, place in enumerate(whole) if number not in kept]
    for place in moved:
        check.add("reordered", place, f"number {log[place].index} is not in its place")
    there = {entry.index for entry in log}
    last = max(there, default=-1)
    if missing := [number for number in range(last + 1) if number not in there]:
        for first, end in _runs(missing):
            place = next((p for p, e in enumerate(log) if e.index > end), len(log))
            numbers = f"number {first} is" if first == end else f"numbers {first} to {end} are"
            check.findings.append(Finding("deleted", place + 1, first, f"{numbers} missing"))
            check.broken.add(place)
    _check_links(check)


def _check_doubles(check: _Check, places: Sequence[int]) -> None:
    """Call a row inserted where another of its number is the one that links on; else all alike."""
    log = check.log
    named = {entry.previous for entry in log}
    for number, n in Counter(log[place].index for place in places).items():
        if n == 1:
            continue
        alike = [place for place in places if log[place].index == number]
        genuine = next((place for place in alike if log[place].hash in named), None)
        for place in alike:
            if place != genuine:
                check.add("inserted", place, f"number {number} is there twice")


def _check_links(check: _Check) -> None:
    """Find breaks of the chain that nothing else has explained."""
    log = check.log
    inserted = {f.row - 1 for f in check.findings if f.kind == "inserted"}
    places = {entry.index: place for place, entry in enumerate(log) if place not in inserted}
    altered = {f.row - 1 for f in check.findings if f.kind == "altered"}
    for place, entry in enumerate(log):
        if place in check.broken:
            continue
        before = places.get(entry.index - 1)
        expected = NO_ENTRY if before is None else log[before].hash
        before_is_known = entry.index == 0 or (before is not None and before not in altered)
        if before_is_known and entry.previous != expected:
            check.add("altered", place, "it does not follow on the entry before it")


def _check_content(check: _Check, versions: Mapping[str, Protocol]) -> None:
    log = check.log
    if not log or log[0].method != OPENING:
        check.add("deleted", 0, "the opening is missing")
    seen: dict[str, int] = {}
    latest = ""
    for place, entry in enumerate(log):
        if place not in check.broken:
            _check_row(check, place, versions)
        if entry.is_allocation and entry.unit in seen and place not in check.broken:
            check.add(
                "inserted",
                place,
                f"the unit {entry.unit} has an arm already (row {seen[entry.unit]})",
            )
        seen.setdefault(entry.unit, place + 1)
        if entry.at < latest:
            check.notes.append(f"Row {place + 1}: the clock went back.")
        latest = entry.at


def _check_row(check: _Check, place: int, versions: Mapping[str, Protocol]) -> None:
    entry, first = check.log[place], check.log[0]
    protocol = versions.get(entry.protocol)
    if (entry.trial, entry.commitment) != (first.trial, first.commitment):
        check.add("inserted", place, "it belongs to another trial or another seed")
    elif protocol is None or allocation_hash(protocol) != entry.allocation:
        check.add("protocol", place, "its protocol is none of those given")
    elif (entry.method == OPENING) != (place == 0):
        check.add("inserted", place, "an opening stands first and nowhere else")
    elif entry.method == CLOSING and place != len(check.log) - 1:
        check.add("inserted", place, "rows follow on the closing")
    elif entry.is_allocation and not _fits(entry, protocol):
        check.add("altered", place, "its method, factors, levels or arm are not of the protocol")


def _fits(entry: Entry, protocol: Protocol) -> bool:
    factors = protocol.allocation.used_factors
    return (
        entry.method == protocol.allocation.method
        and entry.arm in protocol.arm_names
        and [name for name, _ in entry.strata] == [factor.name for factor in factors]
        and all(
            level in factor.levels for (_, level), factor in zip(entry.strata, factors, strict=True)
        )
    )


def _check_anchors(check: _Check, anchors: Mapping[int, str]) -> None:
    places = {entry.index: place for place, entry in enumerate(check.log)}
    for index, known in sorted(anchors.items()):
        if index not in places:
            if index > max(places, default=-1):
                said = f"number {index} was there once, and is cut off"
                check.findings.append(Finding("deleted", len(check.log) + 1, index, said))
        elif check.log[places[index]].hash != known:
            check.add(
                "altered", places[index], "its hash is not the one that was kept: the chain up to "
                "here has been written anew",
            )  # fmt: skip


def _revealed(check: _Check) -> bytes | None:
    text = check.log[-1].seed if check.log else ""
    try:
        return bytes.fromhex(text) or None
    except ValueError:
        check.add("altered", len(check.log) - 1, "the seed that it reveals is no seed")
        return None


def _check_arms(check: _Check, versions: Mapping[str, Protocol], seed: bytes) -> None:
    log = check.log
    if log and commitment(seed) != log[0].commitment:
        said = "the seed is not the one whose hash was published here"
        check.add("seed", 0, said)
        return
    blocks: dict[tuple[str, Levels], Blocks] = {}
    counts: Counter[tuple[str, Levels]] = Counter()
    out_of_step = (place for place, entry in enumerate(log) if entry.index != place)
    first_broken = min([*check.broken, next(out_of_step, len(log))], default=len(log))
    is_cut = False
    for place, entry in enumerate(log):
        protocol = versions.get(entry.protocol)
        if not entry.is_allocation or protocol is None or not _fits(entry, protocol):
            continue
        minimises = protocol.allocation.method == "minimisation"
        which = (entry.allocation, () if minimises else entry.strata)
        counts[which] += 1
        if minimises and place >= first_broken:
            is_cut = True
            continue
        if place in check.broken:
            continue
        if place < first_broken and entry.position != counts[which]:
            check.add(
                "altered", place,
                f"its place in the sequence is {entry.position}, expected {counts[which]}",
            )  # fmt: skip
            continue
        arm = arm_at(protocol, seed, log[:place], entry.strata, entry.position, blocks)
        if arm != entry.arm:
            check.add("altered", place, f"its arm is {entry.arm}, but the seed gives {arm}")
    if is_cut:
        check.notes.append(
            f"Each arm of minimisation depends on all before it, so those from row "
            f"{first_broken + 1} on could not be drawn again."
        )


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int | None] = []
    for place, number in enumerate(numbers):
        at = bisect_left(tails, number)
        tails[at : at + 1] = [number]
        ends[at : at + 1] = [place]
        before.append(ends[at - 1] if at else None)
    found: set[int] = set()
    place_or_none = ends[-1] if ends else None
    while place_or_none is not None:
        found.add(place_or_none)
        place_or_none = before[place_or_none]
    return found


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
