"""What an importer is, and how it reads the cells of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oarlock.corpus.reading import Record, Records, cell_text, read_records
from oarlock.errors import UserError

Row = tuple[str, Mapping[str, Any]]
"""Name of a table, and the cells of one row by column; absent cells are missing."""


@dataclass(frozen=True, slots=True)
class Importer:
    """A source that Oarlock knows.

    Attributes:
        name: As the command line calls it.
        title: What it is.
        needs: What PATH must be.
        read: Yields the rows of all tables; told where the source lies.
        lacks: What the source does not hold, in plain words.
        hashes_people: Its ids of people are handles, so they become pseudonyms and are masked.
        as_is: It is masked already.
    """

    name: str
    title: str
    needs: str
    read: Callable[[Path], Iterator[Row]]
    lacks: Sequence[str] = ()
    hashes_people: bool = False
    as_is: bool = False


class Source:
    """Rows of one file with the columns that an importer needs.

    Args:
        path: CSV, TSV, JSONL or Parquet.
        columns: Those without which it is not the file that is meant.

    Raises:
        UserError: There is no such file, or it lacks a column.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self._columns = columns

    def __iter__(self) -> Iterator[Cells]:
        with read_records(self.path) as records:
            for column in self._columns:
                if records.find(column) is None:
                    raise records.lacks(column, "Name the file that the importer is made for.")
            for record in records:
                yield Cells(record, records)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one row; a fault names file, row and column and never the cell."""

    record: Record
    records: Records

    def text(self, column: str) -> str | None:
        """Return a cell as text, or None."""
        return cell_text(self.record, column, self.records.name)

    def needed(self, column: str) -> str:
        """Return a cell that may not be empty."""
        value = self.text(column)
        if value is None:
            raise self.fault(column, "expected something, found nothing")
        return value

    def number(self, column: str) -> float | None:
        """Return a cell as a number, or None where it is missing."""
        value = self.text(column)
        if value is None:
            return None
        try:
            return float(value)
        except ValueError:
            raise self.fault(column, "expected a number, found text") from None

    def whole(self, column: str) -> int | None:
        """Return a cell as a whole number, or None where it is missing."""
        value = self.number(column)
        if value is not None and value != int(value):
            raise self.fault(column, "expected a whole number")
        return None if value is None else int(value)

    def fault(self, column: str, what: str) -> UserError:
        """Return the error that a cell is not as it should be."""
        return UserError(
            f"{self.records.name}, row {self.record.row}, column {column!r}: {what}.",
            remedy="Mend the row, or leave it out.",
        )
