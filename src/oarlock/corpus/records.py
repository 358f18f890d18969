"""Rows with named columns: what a reader gives, and how a column is found among those there.

A fault is a `UserError` that names the file, the row and the column, what was expected and the
remedy, and never holds text of the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oarlock.errors import UserError

_MAX_NAME = 40
_MAX_NAME_WORDS = 3
_MISSING = frozenset({"NaN", "nan", "NULL", "null"})
"""Cells by which data frames and databases write a missing value."""
_NO_CELL = frozenset({"", "na", "nan", "null"})
"""What people and programs write where there is nothing, in small letters and without signs. Not
"none": some schemes have a label of that name."""
_SENTENCE = re.compile(r"""[!?…"“”„«»。！？、，؟।\r\n]|[.,;:](?:\s|$)|\w['’]\w""")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file.

    Attributes:
        row: Its number, from 1; the header of a CSV does not count.
        values: Cells by column; in JSONL a missing cell may have no entry.
    """

    row: int
    values: Mapping[str, Any]


@dataclass
class Records:
    """The rows of a file, read once and in order.

    Attributes:
        name: What messages call the file.
        format: "csv", "tsv", "jsonl" or "parquet".
        columns: Names of its columns.
        n_bytes: Size, or None where it is not known before the end.
        separated_by: What parts the cells ("semicolons"), where that had to be found out.
        n_searched: Rows whose keys are `columns`, where later rows may have others; else None.
        absent: Folded names that were looked for in vain; a reader refuses a later row that has one
            of them after all.
    """

    name: str
    format: str
    columns: tuple[str, ...]
    n_bytes: int | None
    _rows: Iterator[Record] = field(repr=False)
    _close: Callable[[], None] = field(repr=False)
    separated_by: str | None = None
    n_searched: int | None = None
    absent: set[str] = field(default_factory=set, repr=False)

    def __iter__(self) -> Iterator[Record]:
        return self._rows

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def find(self, *names: str) -> str | None:
        """Return the first of the columns that is there, as `find_column` does."""
        found = find_column(self.columns, *names, source=self.name)
        self.absent.update(
            folded(name) for name in names[: names.index(found) if found in names else None]
        )
        return found

    def require(self, columns: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return the columns that options name, as the file spells them.

        Args:
            columns: Column by option; None where the option was not given.

        Raises:
            UserError: A column is not there, or several are alike.
        """
        return {
            option: None if column is None else self._required(option, column)
            for option, column in columns.items()
        }

    def _required(self, option: str, column: str) -> str:
        found = self.find(column)
        if found is None:
            raise self.lacks(column, f"Name the right column with {option}.")
        return found

    def lacks(self, column: str, remedy: str) -> UserError:
        """Return the error that there is no such column."""
        if self.n_searched is not None:
            remedy += f" Of {self.name}, the first {self.n_searched} rows are searched for columns."
        return no_column(
            self.name, column, self.columns, remedy, separated_by=self.separated_by or ""
        )


def folded(column: str) -> str:
    """Return a name of a column without case and without spaces around it."""
    return column.strip().casefold()


def find_column(columns: Sequence[str], *names: str, source: str) -> str | None:
    """Return the first of the names that is a column, as the file spells it, or None.

    A column of exactly such a name comes before one that differs in case or outer spaces.

    Args:
        columns: What the file has.
        names: What is looked for.
        source: Name of the file, for messages.

    Raises:
        UserError: Several columns differ from a name in case or outer spaces alone.
    """
    for name in names:
        if name in columns:
            return name
    for name in names:
        alike = [column for column in columns if folded(column) == folded(name)]
        if len(alike) > 1:
            raise UserError(
                f"{source} has no column {name!r}, but {len(alike)} that differ from it in case "
                f"or spaces alone: {', '.join(map(repr, alike))}.",
                remedy="Name one exactly as it is written, or rename the others.",
            )
        if alike:
            return alike[0]
    return None


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 row", "2 rows"."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def looks_like_name(column: str) -> bool:
    """Return whether a column name may be shown: one that is long or a sentence may be a reply."""
    return (
        len(column) <= _MAX_NAME
        and len(column.split()) <= _MAX_NAME_WORDS
        and not _SENTENCE.search(column)
    )


def _may_be_shown(columns: Sequence[str]) -> bool:
    return all(looks_like_name(column) and len(column.split()) < 2 for column in columns)


def shown_columns(columns: Sequence[str]) -> str:
    """Return the columns of a file for a message.

    A file without a header has its first row for one, which can be what somebody wrote. So the
    names are shown only if all of them look like names and are single words.
    """
    if _may_be_shown(columns):
        return ", ".join(columns) or "none"
    return f"{counted(len(columns), 'column')}; the first row does not look like a header"


def no_column(
    name: str,
    column: str,
    columns: Sequence[str],
    remedy: str,
    *,
    besides: str = "",
    separated_by: str = "",
) -> UserError:
    """Return the error that a file lacks a column.

    Args:
        name: Name of the file.
        column: What it lacks.
        columns: What it has.
        remedy: How to name the right column.
        besides: What else was looked for and not found.
        separated_by: What parts the cells, where that had to be found out.
    """
    if not _may_be_shown(columns):
        remedy = f"If the file has no header, add one as its first row. {remedy}"
    if any(";" in one or "\t" in one for one in columns):
        remedy = f"If it is not separated by commas, save it as CSV UTF-8 with commas. {remedy}"
    has = f"Separated by {separated_by}, it has" if separated_by else "It has"
    return UserError(
        f"{name} has no column {column!r}{besides}. {has}: {shown_columns(columns)}.",
        remedy=remedy,
    )


def check_header(header: Sequence[str], name: str) -> None:
    """Refuse a header in which a column occurs twice."""
    seen: set[str] = set()
    for column in header:
        if column in seen:
            if all(map(looks_like_name, header)):
                fault = f"the column {column!r} occurs twice in the header"
            else:
                fault = f"a column occurs twice in {shown_columns(header)}"
            raise UserError(
                f"{name}: {fault}.",
                remedy="Begin the file with a row that gives every column its own name.",
            )
        seen.add(column)


def is_missing(value: object) -> bool:
    """Return whether a cell holds nothing: empty, NaN, "NA", "n/a", "#N/A" or "null"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    text = str(value)
    return text.isascii() and re.sub(r"[^0-9a-z]+", "", text.casefold()) in _NO_CELL


def is_no_text(value: object) -> bool:
    """Return whether a cell of a column of texts holds none: missing, or Python's "None"."""
    return (is_missing(value) and not _signs_alone(value)) or str(value).strip() == "None"


def _signs_alone(value: object) -> bool:
    """Return whether a cell holds signs and nothing else: "?!" is a text, though no label."""
    text = str(value).strip()
    return bool(text) and not any(c.isalnum() for c in text)


def cell_text(record: Record, column: str, name: str) -> str | None:
    """Return a cell as text; None where it is missing (absent, null, NaN or white space).

    Half a character (a lone surrogate, which JSON can name but no file can hold) becomes U+FFFD.

    Args:
        record: A row.
        column: Name of the column.
        name: Name of the file, for the message.

    Raises:
        UserError: The cell is a list or a table, or holds a NUL character.
    """
    value = record.values.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, list | dict | bytes):
        raise UserError(
            f"{name}, row {record.row}, {_shown_column(column)}: expected text, found "
            f"{type(value).__name__}.",
            remedy="Write one text per row.",
        )
    text = _HALF_CHARACTER.sub("\ufffd", value) if isinstance(value, str) else str(value)
    if "\x00" in text:
        raise UserError(
            f"{name}, row {record.row}, {_shown_column(column)}: a NUL character.",
            remedy="No text holds one: the file is damaged, or was not text. Write it again.",
        )
    if text.strip() in _MISSING:
        return None
    return text if text.strip() else None


def _shown_column(column: str) -> str:
    return f"column {column!r}" if looks_like_name(column) else "a column"
