"""Rows of an input file with their numbers, whatever its format."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from oarlock.errors import UserError

Rows = Iterator[tuple[int, Mapping[str, object]]]


def open_rows(file: str) -> tuple[tuple[str, ...], Rows]:
    """Return the column names of a file, and its rows with the number of their line."""
    path = Path(file)
    if file != "-" and not path.is_file():
        raise UserError(f"{file}: there is no such file.", remedy="Check the path.")

    stream = sys.stdin if file == "-" else path.open(encoding="utf-8-sig", newline="")
    reader = csv.DictReader(stream)

    def rows() -> Rows:
        with stream:
            for row in reader:
                yield reader.line_num, row

    return tuple(reader.fieldnames or ()), rows()


def require(columns: tuple[str, ...], needed: Mapping[str, str | None], file: str) -> None:
    """Check that the file has the columns that options name.

    Args:
        columns: What the file has.
        needed: Column by option; None where the option was not given.
        file: Name of the file, for the message.

    Raises:
        UserError: A column is not there.
    """
    for option, name in needed.items():
        if name is not None and name not in columns:
            raise UserError(
                f"{file} has no column {name!r}. It has: {', '.join(columns) or 'none'}.",
                remedy=f"Name the right column with {option}.",
            )
