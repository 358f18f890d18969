"""The canonical form of a protocol, its hash, and the chain of its versions.

A protocol is frozen when enrolment opens. What changes later is an amendment: a new version that
names its reason, says in words what changed, and holds the hash of the version before it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, is_dataclass
from typing import Any

from oarlock.errors import UserError
from oarlock.trial.protocol.model import PLACEHOLDER, Protocol, fields_of

SCHEMA = 1
"""Raised when a key or a default changes its meaning, so that an old hash stays what it was."""

NO_VERSION = "0" * 64
"""What the first version names as the one before it."""

FIXED = {
    "name": "the name",
    "design": "the design",
    "allocation.unit": "what is allocated",
    "allocation.seed": "where the seed comes from",
}
"""What no amendment can change once enrolment has opened: that is another trial."""

GRAVE = {
    "arms": "the arms",
    "allocation": "the allocation",
    "eligibility": "who may take part",
    "consent": "what people agreed to",
    "outcomes": "the outcomes",
    "analysis": "the analysis",
    "sample_size": "the sample size",
    "stopping": "the stopping rule",
    "harms": "what is watched",
}
"""What an amendment after the opening may change only with a reason; all but it go without."""

MIN_REASON = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions.

    Attributes:
        key: Path, such as `arms.coach.share`; items with a name go by it, not by their place.
        before, after: Values as JSON would hold them; None where there is none.
    """

    key: str
    before: Any
    after: Any

    @property
    def is_grave(self) -> bool:
        return self.key.partition(".")[0] in GRAVE

    @property
    def is_fixed(self) -> bool:
        return self.key in FIXED

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.key}: added, {_short(self.after)}"
        if self.after is None:
            return f"{self.key}: taken out, was {_short(self.before)}"
        return f"{self.key}: {_short(self.before)} becomes {_short(self.after)}"


@dataclass(frozen=True, slots=True)
class Version:
    """One link in the chain of versions.

    Attributes:
        number: From 1.
        protocol: Hash of the protocol of this version.
        allocation: Hash of what decides allocation; a new one begins new sequences.
        previous: Hash of the version before, or `NO_VERSION`.
        at: Time in UTC, ISO 8601.
        reason: Why it was amended; "" for the first.
        changes: What changed, in words.
        hash: SHA-256 of all of these.
    """

    number: int
    protocol: str
    allocation: str
    previous: str
    at: str
    reason: str
    changes: tuple[str, ...]
    hash: str


def as_mapping(protocol: Protocol) -> dict[str, Any]:
    """Return the protocol as JSON holds it, with every key."""
    return {name: _plain(getattr(protocol, name), False) for name in fields_of(Protocol)}


def _plain(value: Any, only_given: bool) -> Any:
    if is_dataclass(value):
        return {
            name: _plain(getattr(value, name), only_given)
            for name, field in fields_of(type(value)).items()
            if not only_given or field.default is MISSING or getattr(value, name) != field.default
        }
    if isinstance(value, tuple):
        return [_plain(one, only_given) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def canonical(protocol: Protocol) -> str:
    """Return the one text that stands for a protocol, however its file is written.

    JSON with sorted keys, without white space and without keys that hold their default, so that a
    key that a later version of Oarlock adds changes no hash. Comments and the order of keys do not
    count; the order of arms, waves, factors and outcomes does.
    """
    content = {"schema": SCHEMA, "protocol": _plain(protocol, True)}
    return canonical_json(content)


def canonical_json(content: Any) -> str:
    """Return JSON with sorted keys and no white space, in ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def protocol_hash(protocol: Protocol) -> str:
    """Return the SHA-256 of the canonical form, 64 hexadecimal digits."""
    return sha256(canonical(protocol))


def allocation_hash(protocol: Protocol) -> str:
    """Return the SHA-256 of what decides the allocation: method, factors, arms and shares.

    An amendment of anything else leaves the sequences as they run.
    """
    plan = protocol.allocation
    return sha256(
        canonical_json(
            {
                "schema": SCHEMA,
                "trial": protocol.name,
                "arms": [[arm.name, arm.share] for arm in protocol.arms],
                "method": plan.method,
                "unit": plan.unit,
                "block_sizes": sorted(plan.block_sizes),
                "factors": [[f.name, list(f.levels), f.weight] for f in plan.used_factors],
                "p_best": plan.p_best,
                "imbalance": plan.imbalance,
            }
        )
    )


def placeholders(protocol: Protocol) -> tuple[str, ...]:
    """Return the keys that still hold what the template writes for the researcher to fill in."""
    return tuple(
        key
        for key, value in _flat(as_mapping(protocol)).items()
        if isinstance(value, str) and PLACEHOLDER in value
    )


def freeze(protocol: Protocol, *, at: dt.datetime) -> Version:
    """Return the first version: the protocol as it is when enrolment opens.

    Args:
        protocol: What was agreed.
        at: Now, with its time zone.

    Raises:
        UserError: Something is still to be filled in.
    """
    return _version(protocol, (), at=at, reason="", said=())


def amend(
    versions: Sequence[Version],
    old: Protocol,
    new: Protocol,
    *,
    at: dt.datetime,
    reason: str = "",
    has_opened: bool = True,
) -> Version:
    """Return the next version.

    Args:
        versions: The chain so far, the newest last.
        old: Protocol of the newest version.
        new: Protocol as amended.
        at: Now, with its time zone.
        reason: Why; needed for every grave change once enrolment has opened.
        has_opened: Whether enrolment has opened.

    Raises:
        UserError: Nothing changed; something changed that cannot; or the reason is missing.
    """
    if fault := next(iter(check_chain(versions)), None):
        raise UserError(
            f"The chain of versions is broken: {fault}.", remedy="Restore it from a backup."
        )
    if not versions or protocol_hash(old) != versions[-1].protocol:
        raise UserError(
            "The old protocol is not that of the newest version.",
            remedy="Compare with the protocol that was frozen last.",
        )
    found = changes(old, new)
    if not found:
        raise UserError(
            "The protocol is the same as before.", remedy="Comments and order of keys do not count."
        )
    reason = " ".join(reason.split())
    if has_opened:
        _refuse(found, reason)
    if old.consent.text != new.consent.text and old.consent.version == new.consent.version:
        raise UserError(
            f"The consent text changed, but its version is still {new.consent.version}.",
            remedy="Give it a new version, so that people are asked again.",
        )
    return _version(new, versions, at=at, reason=reason, said=tuple(str(one) for one in found))


def _refuse(found: Sequence[Change], reason: str) -> None:
    fixed = [change.key for change in found if change.is_fixed]
    if fixed:
        raise UserError(
            f"Enrolment has opened: {', '.join(FIXED[key] for key in fixed)} cannot change.",
            remedy="Close this trial and open another under a name of its own.",
        )
    grave = list(dict.fromkeys(c.key.partition(".")[0] for c in found if c.is_grave))
    if grave and len(reason) < MIN_REASON:
        raise UserError(
            f"Enrolment has opened: {', '.join(GRAVE[key] for key in grave)} can change only "
            "with a reason.",
            remedy="Give the reason of the amendment in a sentence; the report prints it.",
        )


def _version(
    protocol: Protocol,
    versions: Sequence[Version],
    *,
    at: dt.datetime,
    reason: str,
    said: tuple[str, ...],
) -> Version:
    if missing := placeholders(protocol):
        raise UserError(
            f"Still to be filled in: {', '.join(missing)}.",
            remedy=f"Replace {PLACEHOLDER} in the protocol.",
        )
    content = {
        "number": len(versions) + 1,
        "protocol": protocol_hash(protocol),
        "allocation": allocation_hash(protocol),
        "previous": versions[-1].hash if versions else NO_VERSION,
        "at": in_utc(at),
        "reason": reason,
        "changes": list(said),
    }
    return Version(**content | {"changes": said}, hash=sha256(canonical_json(content)))  # type: ignore[arg-type]


def in_utc(at: dt.datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the microsecond.

    Raises:
        ValueError: It has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def check_chain(versions: Sequence[Version]) -> tuple[str, ...]:
    """Return what is wrong with a chain of versions; empty where nothing is."""
    found = []
    previous = NO_VERSION
    for place, version in enumerate(versions, start=1):
        content = {name: getattr(version, name) for name in Version.__slots__ if name != "hash"}
        content["changes"] = list(version.changes)
        if version.hash != sha256(canonical_json(content)):
            found.append(f"version {version.number} was altered")
        if version.number != place or version.previous != previous:
            found.append(f"version {version.number} does not follow on the one before it")
        previous = version.hash
    return tuple(found)


def changes(old: Protocol, new: Protocol) -> tuple[Change, ...]:
    """Return what differs between two protocols, key by key, in the order of the keys."""
    before, after = _flat(as_mapping(old)), _flat(as_mapping(new))
    found = [
        Change(key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
    for name in ("arms", "waves", "outcomes"):
        order = [[one.name for one in getattr(version, name)] for version in (old, new)]
        if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
            found.append(Change(f"{name}.order", order[0], order[1]))
    return tuple(found)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Return the leaves of a mapping by path; a list is a leaf unless its items have names."""
    if isinstance(value, Mapping):
        items: dict[str, Any] = dict(value)
    elif isinstance(value, list) and value and all(_has_name(one) for one in value):
        items = {one["name"]: one for one in value}
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        items = {str(place): one for place, one in enumerate(value, start=1)}
    else:
        return {path: value}
    flat: dict[str, Any] = {}
    for name, below in items.items():
        flat |= _flat(below, f"{path}.{name}" if path else str(name))
    return flat


def _has_name(value: Any) -> bool:
    return isinstance(value, Mapping) and "name" in value


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value) or "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:58] + "…"
