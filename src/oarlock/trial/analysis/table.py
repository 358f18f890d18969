"""The cells of a trial's file as text and as numbers, with the row each came from."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from oarlock.corpus.reading import cell_text, is_missing, looks_like_name, read_records
from oarlock.errors import UserError

_COMMA = re.compile(r"[+-]?\d+,\d+")
MOSTLY = 0.8
"""A column with this share of numbers is meant to hold numbers: the rest are slips."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file: the text of each cell, None where it is missing.

    Attributes:
        name: The file, for messages.
        columns: Cells of each column, all of the same length.
        rows: Number of each row, as messages name it.
    """

    name: str
    columns: dict[str, list[str | None]]
    rows: list[int]

    def __len__(self) -> int:
        """Rows."""
        return len(self.rows)


def read_table(path: str | Path, *, file_format: str | None = None) -> Table:
    """Return the cells of a CSV, TSV, JSONL or Parquet file.

    Raises:
        UserError: The file cannot be read, or holds no rows.
    """
    cells: dict[str, list[str | None]] = {}
    rows: list[int] = []
    with read_records(path, format=file_format) as records:
        cells = {column: [] for column in records.columns}
        for record in records:
            rows.append(record.row)
            for column, column_cells in cells.items():
                text = cell_text(record, column, records.name)
                column_cells.append(None if text is None or is_missing(text) else text.strip())
        name = records.name
    if not rows:
        raise UserError(f"{name} has no rows.", remedy="A trial needs one row per person.")
    return Table(name, cells, rows)


def number(text: str | None) -> float | None:
    """Return the number in a cell, None where there is none. A decimal comma is understood."""
    if text is None:
        return None
    try:
        value = float(text.replace(",", ".") if _COMMA.fullmatch(text) else text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def numbers(table: Table, column: str) -> list[float]:
    """Return a column as numbers; NaN where a cell is missing.

    Raises:
        UserError: A cell holds something else; it is named, and not shown.
    """
    found = []
    for row, text in zip(table.rows, table.columns[column], strict=True):
        value = number(text)
        if value is None and text is not None:
            raise UserError(
                f"{table.name}, row {row}, {shown(column)}: expected a number.",
                remedy="Write the number alone; leave the cell empty where it is not known.",
            )
        found.append(math.nan if value is None else value)
    return found


def shown(column: str) -> str:
    """Return a column for a message."""
    return f"column {column!r}" if looks_like_name(column) else "a column"


def share_of_numbers(table: Table, column: str) -> float:
    """Return the share of numbers among the cells that are not missing; NaN where all are."""
    filled = [text for text in table.columns[column] if text is not None]
    if not filled:
        return math.nan
    return sum(number(text) is not None for text in filled) / len(filled)


def is_numeric(table: Table, column: str) -> bool:
    """Return whether a column is meant to hold numbers."""
    return share_of_numbers(table, column) >= MOSTLY


NO = {"0", "no", "false", "f", "n", "0.0"}
YES = {"1", "yes", "true", "t", "y", "1.0"}


def as_event(table: Table, column: str, event: str | None) -> list[float]:
    """Return a column as 0 and 1; NaN where a cell is missing.

    Args:
        table: The file.
        column: A column of it.
        event: The value that counts as 1; None where the cells are 0/1, no/yes or false/true.

    Raises:
        UserError: `event` does not occur, or a cell is none of the two.
    """
    cells = table.columns[column]
    if event is not None:
        present = {text.casefold() for text in cells if text is not None}
        if present and event.casefold() not in present:
            raise UserError(
                f"{table.name}, {shown(column)}: the value {event!r} does not occur.",
                remedy="Name with --event a value of that column.",
            )
        if len(present) > 2:
            raise UserError(
                f"{table.name}, {shown(column)}: {len(present)} different values, expected two.",
                remedy="A binary outcome has two values. Make such a column first.",
            )
        wanted = event.casefold()
        return [math.nan if t is None else float(t.casefold() == wanted) for t in cells]
    found = []
    for row, text in zip(table.rows, cells, strict=True):
        if text is not None and text.casefold() not in NO | YES:
            raise UserError(
                f"{table.name}, row {row}, {shown(column)}: expected 0 or 1, or no or yes.",
                remedy="Mend the cell, or name with --event the value that counts as the event.",
            )
        found.append(math.nan if text is None else float(text.casefold() in YES))
    return found


def looks_binary(table: Table, column: str) -> bool:
    """Return whether a column holds both of 0/1, no/yes or false/true, and nothing else."""
    values = {text.casefold() for text in table.columns[column] if text is not None}
    return len(values) == 2 and values <= NO | YES
