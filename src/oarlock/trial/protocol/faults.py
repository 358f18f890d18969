"""Faults of a protocol file: where, what was found, what is expected, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oarlock.errors import UserError
from oarlock.trial.protocol.lines import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a protocol file.

    Attributes:
        line: Line in the file, from 1; None where there is no file.
        key: Path as a person writes it, such as `arms[2].share`.
        found: What is there.
        expected: What should be.
        remedy: What to do, one sentence; "" where `expected` says it.
    """

    line: int | None
    key: str
    found: str
    expected: str
    remedy: str = ""

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}"
        where = ", ".join(part for part in (place, self.key) if part)
        said = f"{where}: found {self.found}; expected {self.expected}."
        return f"{said} {self.remedy}".rstrip()

    def as_dict(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "key": self.key,
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
        }


class ProtocolError(UserError):
    """A protocol that cannot be used, with every fault that was found."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.name = name
        self.faults = tuple(faults)
        n = len(self.faults)
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(
            f"{name} has {n} fault{'s' if n != 1 else ''}:\n{lines}",
            remedy="Mend the lines and run oarlock trial check again; oarlock trial init writes a "
            "protocol that passes.",
        )


def written(path: Path) -> str:
    """Return a path as a person counts: ("arms", 1, "share") is `arms[2].share`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


class Faults:
    """Collects the faults of one file and knows the lines of its keys."""

    def __init__(self, lines: Mapping[Path, int] | None = None) -> None:
        self._lines = lines
        self.found: list[Fault] = []

    def add(self, path: Path, found: str, expected: str, remedy: str = "") -> None:
        """Note a fault at `path`, on the line of the nearest table that is there."""
        fault = Fault(self.line(path), written(path), found, expected, remedy)
        if fault not in self.found:
            self.found.append(fault)

    def line(self, path: Path) -> int | None:
        """Return the line of `path`, or of what encloses it; None where there is no file."""
        if self._lines is None:
            return None
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)

    def in_order(self) -> list[Fault]:
        return sorted(self.found, key=lambda fault: fault.line or 0)


def shown(value: Any) -> str:
    """Return a value as TOML would write it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        text = value if len(value) <= 50 else value[:48] + "…"
        return f"'{' '.join(text.split())}'"
    return str(value)
