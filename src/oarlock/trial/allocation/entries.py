"""The log of allocations: one entry for each unit, each holding the hash of the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oarlock.errors import UserError
from oarlock.trial.protocol.versions import canonical_json, sha256

NO_ENTRY = "0" * 64
"""What the opening names as the hash before it."""

OPENING = "opening"
CLOSING = "closing"

_TEXTS = ("trial", "protocol", "allocation", "commitment", "unit", "arm", "method", "at", "seed",
          "previous", "hash")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log.

    Attributes:
        index: 0 for the opening, then 1, 2, ... in the order of allocation.
        trial: Name of the trial.
        protocol: Hash of the protocol in force.
        allocation: Hash of what decides allocation in it; a new one begins new sequences.
        commitment: Hash of the seed.
        unit: Pseudonym of the person, group or thread; "" in the opening and the closing.
        strata: Factor and level, in the order of the protocol.
        position: Place in the sequence of this stratum, from 1; 0 where there is none.
        arm: The arm; "" in the opening and the closing.
        method: Method of allocation, or "opening" or "closing".
        at: Time in UTC, ISO 8601.
        seed: The seed in hexadecimal digits, in the closing alone.
        previous: Hash of the entry before.
        hash: SHA-256 of all of the above.
    """

    index: int
    trial: str
    protocol: str
    allocation: str
    commitment: str
    unit: str
    strata: tuple[tuple[str, str], ...]
    position: int
    arm: str
    method: str
    at: str
    seed: str
    previous: str
    hash: str

    @property
    def is_allocation(self) -> bool:
        return self.method not in {OPENING, CLOSING}

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"strata": [list(pair) for pair in self.strata]}


def entry_hash(entry: Entry) -> str:
    """Return the hash that an entry should hold."""
    return _hash(entry.as_dict())


def _hash(content: Mapping[str, Any]) -> str:
    return sha256(canonical_json({k: v for k, v in content.items() if k != "hash"}))


def sealed(**content: Any) -> Entry:
    """Return an entry with its hash."""
    plain = {**content, "strata": [list(pair) for pair in content["strata"]]}
    return Entry(**content, hash=_hash(plain))


def from_mapping(row: Mapping[str, Any]) -> Entry:
    """Return the entry that `Entry.as_dict` gave, such as one from a database.

    Raises:
        ValueError: A key is missing, unknown or of another type; the message names the key.
    """
    names = set(Entry.__slots__)
    if wrong := sorted(names ^ set(row)):
        raise ValueError(f"{wrong[0]} is {'missing' if wrong[0] in names else 'not known'}")
    for name in _TEXTS:
        if not isinstance(row[name], str):
            raise ValueError(f"{name} is no text")
    for name in ("index", "position"):
        if type(row[name]) is not int:
            raise ValueError(f"{name} is no whole number")
    strata = row["strata"]
    if not isinstance(strata, list | tuple) or not all(_is_pair(pair) for pair in strata):
        raise ValueError("strata is no list of pairs")
    return Entry(**{**row, "strata": tuple((factor, level) for factor, level in strata)})


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(part, str) for part in pair)
    )


def log_lines(entries: Iterable[Entry]) -> str:
    """Return a log as a file holds it: one JSON object a line."""
    return "".join(json.dumps(entry.as_dict(), ensure_ascii=False) + "\n" for entry in entries)


def read_log(path: Path) -> Sequence[Entry]:
    """Return the entries of a log, as they stand there.

    Raises:
        UserError: It is not there, is empty, or a line is no entry; names the line.
    """
    if not path.is_file():
        raise UserError(
            f"{path}: there is no such file.",
            remedy="Check the path; oarlock trial allocate writes a log.",
        )
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise UserError(
            f"{path} is not UTF-8, so it is no log of allocations.", remedy="Check the path."
        ) from None
    entries = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("it is no JSON object")
            entries.append(from_mapping(row))
        except ValueError as error:
            said = "it is no JSON" if isinstance(error, json.JSONDecodeError) else error
            raise UserError(
                f"{path}, line {number}: expected an entry of the log, but {said}.",
                remedy="A log is never edited: restore it from a backup.",
            ) from None
    if not entries:
        raise UserError(f"{path} holds no entry.", remedy="Restore it from a backup.")
    return entries
