"""Coded sentences as columns, from a file that `oarlock code` wrote or straight from the coder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import CODES
from oarlock.coder.files.rows import MECHANISM_COLUMNS, PROBABILITY_COLUMNS
from oarlock.corpus.reading import find_column
from oarlock.errors import UserError

MECHANISMS = tuple(MECHANISM_COLUMNS)
_PLACE = {code.name: position for position, code in enumerate(CODES)}

# The first of these that a file has is taken for the role.
ROLE_COLUMNS: dict[str, tuple[str, ...]] = {
    "thread": ("thread_id", "post_id", "questionID", "conversation_id", "thread"),
    "supporter": ("supporter_id", "responder_id", "supporter"),
    "group": ("group", "topic"),
    "time": ("time", "created_at"),
}


@dataclass(slots=True)
class CodedSentences:
    """One entry per sentence, in the order of the file; replies are numbered from 0.

    Attributes:
        probabilities: Shape (n, 15), calibrated, in the order of `oarlock.codebook.CODES`.
        codes: Shape (n,), place of the code decided on; not always the most probable one.
        reply: Shape (n,), number of the reply that a sentence belongs to.
        reply_ids: Identifier of each reply.
        spans: Half-open character span in the reply.
        reasons: Why a sentence is not reliable, or "".
        summary: Shape (n_replies,), probability that the reply holds a Summary; NaN if unknown.
        empathy: Shape (n_replies, 3), level 0 to 2 of er, ip and ex; -1 if unknown.
        roles: Per reply, by role (thread, supporter, group, time); absent roles have no entry.
        texts: Text of each sentence, or None where it was not kept.
    """

    probabilities: NDArray[np.float32]
    codes: NDArray[np.int64]
    reply: NDArray[np.int64]
    reply_ids: list[str]
    spans: list[tuple[int, int]]
    reasons: list[str]
    summary: NDArray[np.float64]
    empathy: NDArray[np.int64]
    roles: dict[str, list[str]]
    model_version: str
    texts: list[str] | None = None
    role_names: dict[str, str] = field(default_factory=dict)

    @property
    def n_replies(self) -> int:
        """Number of replies."""
        return len(self.reply_ids)


class CodedBuilder:
    """Collects rows of `oarlock code` output into `CodedSentences`."""

    def __init__(
        self,
        columns: Iterable[str],
        source: str,
        *,
        roles: Mapping[str, str | None] | None = None,
        with_text: bool = False,
    ) -> None:
        present = tuple(columns)
        missing = [name for name in ("id", "code", *PROBABILITY_COLUMNS) if name not in present]
        if missing:
            raise UserError(
                f"{source} has no column {missing[0]!r}.",
                remedy="Give a file that `oarlock code` wrote.",
            )
        self.source = source
        self.role_names = find_roles(present, roles or {}, source)
        self.with_text = with_text and "text" in present
        self._probabilities: list[list[float]] = []
        self._codes: list[int] = []
        self._reply: list[int] = []
        self._number_of: dict[str, int] = {}
        self._spans: list[tuple[int, int]] = []
        self._reasons: list[str] = []
        self._summary: list[float] = []
        self._empathy: list[list[int]] = []
        self._roles: dict[str, list[str]] = {role: [] for role in self.role_names}
        self._versions: set[str] = set()
        self._texts: list[str] = []

    def add(self, number: int, row: Mapping[str, object]) -> None:
        """Add one sentence.

        Args:
            number: Number of the row, for messages.
            row: Cells by column.

        Raises:
            UserError: A probability, span or level that cannot be one.
        """
        values = [self._number(number, row, name, 0.0, 1.0) for name in PROBABILITY_COLUMNS]
        if not math.isclose(sum(values), 1.0, abs_tol=0.02):
            raise UserError(
                f"{self.source}, row {number}: the probabilities p_{CODES[0].abbreviation} to "
                f"p_{CODES[-1].abbreviation} do not sum to 1.",
                remedy="Code the file again with `oarlock code`.",
            )
        code = _PLACE.get(_text(row.get("code")))
        if code is None:
            raise UserError(
                f"{self.source}, row {number}, column 'code': expected the name of a code.",
                remedy="Code the file again with `oarlock code`.",
            )
        identifier = _text(row.get("id"))
        if not identifier:
            raise UserError(
                f"{self.source}, row {number}, column 'id': empty.",
                remedy="Code the file again with `oarlock code`.",
            )
        reply = self._number_of.setdefault(identifier, len(self._number_of))
        if reply == len(self._summary):
            self._add_reply(number, row)
        self._probabilities.append(values)
        self._codes.append(code)
        self._reply.append(reply)
        self._spans.append(
            (
                int(self._number(number, row, "start", 0, math.inf)),
                int(self._number(number, row, "end", 0, math.inf)),
            )
        )
        self._reasons.append(_text(row.get("reason")))
        if version := _text(row.get("model_version")):
            self._versions.add(version)
        if self.with_text:
            self._texts.append(_text(row.get("text")))

    def _add_reply(self, number: int, row: Mapping[str, object]) -> None:
        known = _text(row.get("summary_probability"))
        self._summary.append(
            self._number(number, row, "summary_probability", 0.0, 1.0) if known else math.nan
        )
        self._empathy.append(
            [
                int(self._number(number, row, name, 0, 2)) if _text(row.get(name)) else -1
                for name in MECHANISMS
            ]
        )
        for role, name in self.role_names.items():
            self._roles[role].append(_text(row.get(name)))

    def _number(
        self, number: int, row: Mapping[str, object], column: str, low: float, high: float
    ) -> float:
        try:
            value = float(row[column])  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            value = math.nan
        if not low <= value <= high:
            raise UserError(
                f"{self.source}, row {number}, column {column!r}: expected a number "
                f"{'of at least' if high == math.inf else 'from'} {low:g}"
                f"{'' if high == math.inf else f' to {high:g}'}.",
                remedy="Code the file again with `oarlock code`.",
            )
        return value

    def build(self) -> CodedSentences:
        """Return what was collected.

        Raises:
            UserError: No rows, or rows of more than one model.
        """
        if not self._reply:
            raise UserError(f"{self.source} has no rows.", remedy="Give a file with replies.")
        if len(self._versions) > 1:
            raise UserError(
                f"{self.source} holds codes of {len(self._versions)} models: "
                f"{', '.join(sorted(self._versions))}.",
                remedy="Code the whole file with one model.",
            )
        return CodedSentences(
            probabilities=np.asarray(self._probabilities, dtype=np.float32),
            codes=np.asarray(self._codes, dtype=np.int64),
            reply=np.asarray(self._reply, dtype=np.int64),
            reply_ids=list(self._number_of),
            spans=self._spans,
            reasons=self._reasons,
            summary=np.asarray(self._summary, dtype=np.float64),
            empathy=np.asarray(self._empathy, dtype=np.int64),
            roles=self._roles,
            model_version=next(iter(self._versions), ""),
            texts=self._texts if self.with_text else None,
            role_names=self.role_names,
        )


def find_roles(
    columns: Sequence[str], given: Mapping[str, str | None], source: str
) -> dict[str, str]:
    """Return the column of each role: the one given, else the first usual name that is there.

    Raises:
        UserError: Several columns differ from a usual name in case or outer spaces alone.
    """
    found = {
        role: given.get(role) or find_column(columns, *names, source=source)
        for role, names in ROLE_COLUMNS.items()
    }
    return {role: name for role, name in found.items() if name is not None}


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def week_of(value: str) -> date | None:
    """Return the Monday of the week of an ISO 8601 time, or None where it cannot be read."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return date.fromisocalendar(*moment.isocalendar()[:2], 1)


def cells_of(values: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct non-empty values in alphabetical order, and the place of each or -1."""
    names = sorted({value for value in values if value}, key=lambda name: (name.casefold(), name))
    place = {name: position for position, name in enumerate(names)}
    return names, np.asarray([place.get(value, -1) for value in values], dtype=np.int64)
