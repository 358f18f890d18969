"""Findings of a check, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from oarlock.errors import UserError

Level = Literal["error", "warning", "note"]
ORDER: Final[Mapping[Level, int]] = {"error": 0, "warning": 1, "note": 2}
N_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        level: An error breaks keys or types, and no study runs on it; a warning is counted and
            left out by a study; a note says what the corpus cannot carry.
        check: Short name.
        table: Where.
        column: Of which column; "" for the row.
        n: Rows that it concerns; 0 where it concerns the table.
        of: Rows that were looked at.
        examples: Up to five ids, never texts.
        about: What it is, in words.
        remedy: What to do.
    """

    level: Level
    check: str
    table: str
    column: str
    n: int
    of: int
    examples: tuple[str, ...]
    about: str
    remedy: str

    @property
    def where(self) -> str:
        """Table and column."""
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True, slots=True)
class Report:
    """What the check of a folder found.

    Attributes:
        n_rows: Rows of each table that is there.
        findings: Errors first.
    """

    n_rows: Mapping[str, int]
    findings: Sequence[Finding]

    def at(self, level: Level) -> list[Finding]:
        """Return the findings of a level."""
        return [finding for finding in self.findings if finding.level == level]

    def as_json(self) -> dict[str, Any]:
        """Return the report as one JSON object."""
        return {
            "n_rows": dict(self.n_rows),
            "n_errors": len(self.at("error")),
            "n_warnings": len(self.at("warning")),
            "findings": [asdict(finding) for finding in self.findings],
        }

    def refuse_errors(self, place: str) -> None:
        """Refuse a corpus that breaks keys or types.

        Raises:
            UserError: There is an error; names the first and the number of the others.
        """
        errors = self.at("error")
        if errors:
            first = errors[0]
            more = f" {len(errors) - 1} more errors." if len(errors) > 1 else ""
            ids = f" (such as {', '.join(first.examples)})" if first.examples else ""
            rows = f" in {first.n:,} of {first.of:,} rows{ids}" if first.n else ""
            raise UserError(
                f"{place}: {first.where}: {first.about}{rows}.{more}", remedy=first.remedy
            )
