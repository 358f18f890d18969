"""Labels of other schemes, translated to Oarlock's: one TOML file per scheme and task."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from oarlock.codebook import CodebookError, fold
from oarlock.codebook.labels import TASK_LABELS
from oarlock.errors import UserError


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """A translation from the labels of one scheme to one task of Oarlock.

    Attributes:
        name: As given on the command line, for example "annomi".
        title: The scheme and the column that it reads.
        task: A key of `TASK_LABELS`.
        source: Where the scheme is defined.
        notes: What the translation takes for granted.
        mapping: Label of the scheme to label of the task, or None where there is no equivalent:
            such a row is left out and counted.
        reasons: Why each label with None has no equivalent.
    """

    name: str
    title: str
    task: str
    source: str
    notes: str
    mapping: Mapping[str, str | None]
    reasons: Mapping[str, str]

    def lookup(self, label: str) -> str | None:
        """Return the label of the task for `label`, blind to case, spacing and punctuation.

        Raises:
            UserError: The scheme has no such label; the message lists those that it has.
        """
        table = _folded(self.name)
        key = fold(_signed(label))
        if key not in table:
            raise UserError(
                f"The crosswalk {self.name!r} has no label {label!r}.",
                remedy=f"It accepts: {', '.join(self.mapping)}.",
            )
        return table[key]


def _signed(label: str) -> str:
    """Return the label with a last + or - in words, as MISC marks valence ("C+")."""
    label = label.strip()
    if label.endswith("+"):
        return f"{label[:-1]} positive"
    return f"{label[:-1]} negative" if label.endswith("-") else label


@cache
def crosswalk_names() -> tuple[str, ...]:
    """Return the names of all crosswalks, sorted."""
    folder = files("oarlock.codebook") / "crosswalks"
    return tuple(
        sorted(
            entry.name.removesuffix(".toml")
            for entry in folder.iterdir()
            if entry.name.endswith(".toml")
        )
    )


@cache
def crosswalk(name: str) -> Crosswalk:
    """Return the crosswalk called `name`.

    Raises:
        UserError: There is none; the message lists the names.
    """
    found = {fold(known): known for known in crosswalk_names()}.get(fold(name))
    if found is None:
        raise UserError(
            f"No crosswalk is called {name!r}.", remedy=f"Use: {', '.join(crosswalk_names())}."
        )
    return _load(found)


@cache
def _load(name: str) -> Crosswalk:
    path = files("oarlock.codebook") / "crosswalks" / f"{name}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        reasons: dict[str, str] = raw.get("no_equivalent", {})
        mapping: dict[str, str | None] = {**raw["mapping"], **dict.fromkeys(reasons)}
        walk = Crosswalk(
            name=name,
            title=raw["title"],
            task=raw["task"],
            source=raw["source"],
            notes=raw["notes"],
            mapping=MappingProxyType(mapping),
            reasons=MappingProxyType(reasons),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CodebookError(f"crosswalks/{name}.toml cannot be read: {error!r}") from error
    allowed = TASK_LABELS.get(walk.task, ())
    wrong = [label for label, to in raw["mapping"].items() if to not in allowed]
    if wrong or len({fold(label) for label in mapping}) != len(raw["mapping"]) + len(reasons):
        raise CodebookError(f"crosswalks/{name}.toml: {wrong or 'two labels are the same'}")
    return walk


@cache
def _folded(name: str) -> dict[str, str | None]:
    return {fold(label): to for label, to in _load(name).mapping.items()}
