"""A small table of studies, as people and statistics programs write them.

Beside the formats of `oarlock.corpus.reading` it reads what R writes (`write.table`: white space,
quotation marks, row names), lines of comment, and decimal commas in files with semicolons.
"""

from __future__ import annotations

import csv
import io
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oarlock.corpus.formats import N_FIRST_BYTES, refuse_foreign, refuse_parquet, unreadable
from oarlock.corpus.reading import STANDARD_INPUT, counted, is_missing, read_records
from oarlock.corpus.records import check_header, looks_like_name, no_column
from oarlock.errors import UserError

MAX_BYTES = 32 * 1024 * 1024
"""A table of studies is small; what is larger is another file."""

_WHITE_SPACE = (".txt", ".dat")
_TABLES = (".parquet", ".pq", ".jsonl", ".ndjson")
_ROW_NAMES = "row_names"


def plain_name(column: str) -> str:
    """Return the name of a column without case, signs and spaces: "Hedges' g" is "hedges_g"."""
    return re.sub(r"[^0-9a-z]+", "_", column.strip().casefold().replace("'", "")).strip("_")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with named columns, small enough to hold.

    Attributes:
        name: What messages call the file.
        columns: As the file spells them.
        rows: Cells by column.
        lines: Line of each row in the file; the row itself where a format has no lines.
        decimal_comma: Whether numbers may be written with a comma.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]
    lines: tuple[int, ...]
    decimal_comma: bool = False

    def find(self, names: Iterable[str]) -> str | None:
        """Return the first column that bears one of the plain names, or None."""
        known: dict[str, str] = {}
        for column in self.columns:
            known.setdefault(plain_name(column), column)
        return next((known[name] for name in names if name in known), None)

    def require(self, column: str, option: str) -> str:
        """Return a column that an option names, as the file spells it.

        Raises:
            UserError: It is not there.
        """
        if column in self.columns:
            return column
        found = self.find([plain_name(column)])
        if found is None:
            raise no_column(
                self.name, column, self.columns, f"Name the right column with {option}."
            )
        return found

    def place(self, row: int, column: str | None = None) -> str:
        """Return where a cell is, for a message: "FILE, row 3 (line 5), column 'vi'"."""
        line = self.lines[row]
        where = f"{self.name}, row {row + 1}"
        if line != row + 1:
            where += f" (line {line})"
        if column is not None:
            where += f", column {column!r}" if looks_like_name(column) else ", a column"
        return where

    def text(self, row: int, column: str | None) -> str | None:
        """Return a cell as text, or None where it is missing."""
        value = None if column is None else self.rows[row].get(column)
        if value is None or is_missing(value):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).strip()

    def number(self, row: int, column: str | None, expected: str = "a number") -> float | None:
        """Return a cell as a finite number, or None where it is missing.

        Raises:
            UserError: It is something else; the message does not show what.
        """
        value = None if column is None else self.rows[row].get(column)
        if value is None or is_missing(value):
            return None
        found = as_number(value, decimal_comma=self.decimal_comma)
        if found is None:
            remedy = "Write digits and a decimal point, without units, signs or commas; leave the "
            remedy += "cell empty or write NA where there is no value."
            raise UserError(
                f"{self.place(row, column)}: expected {expected}, found text.", remedy=remedy
            )
        if not math.isfinite(found):
            raise UserError(
                f"{self.place(row, column)}: expected {expected}, found a number that is not "
                "finite.",
                remedy="Leave the cell empty or write NA where there is no value.",
            )
        return found

    def is_numeric(self, column: str) -> bool:
        """Return whether all cells of a column that are there are numbers."""
        cells = [row.get(column) for row in self.rows]
        there = [cell for cell in cells if cell is not None and not is_missing(cell)]
        return bool(there) and all(
            as_number(cell, decimal_comma=self.decimal_comma) is not None for cell in there
        )


def as_number(value: object, *, decimal_comma: bool = False) -> float | None:
    """Return a cell as a number, or None where it is none."""
    if isinstance(value, bool | int | float):
        return float(value)
    text = str(value).strip().replace("\N{MINUS SIGN}", "-")
    if decimal_comma and "." not in text:
        text = text.replace(",", ".")
    # float() also takes "1_000" and digits of other scripts, which are no numbers of a table.
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?[Ii]nf(inity)?", text, re.A):
        return None
    return float(text)


def read_table(source: str | Path) -> Table:
    """Return the table of a file.

    Args:
        source: CSV, TSV, JSONL, Parquet, or .txt and .dat separated by white space or tabs; "-" is
            standard input (CSV).

    Raises:
        UserError: It cannot be read, or has no rows.
    """
    if str(source) != STANDARD_INPUT and Path(source).suffix.lower() in _TABLES:
        with read_records(source) as records:
            found = [(record.row, dict(record.values)) for record in records]
            table = Table(
                records.name, records.columns, tuple(v for _, v in found),
                tuple(n for n, _ in found),
            )  # fmt: skip
    else:
        table = _read_text(source)
    if not table.rows:
        raise UserError(
            f"{table.name} has a header and no rows.", remedy="Give one row per study or effect."
        )
    return table


def _read_text(source: str | Path) -> Table:
    name, raw, suffix = _bytes_of(source)
    refuse_foreign(raw[:N_FIRST_BYTES], name)
    refuse_parquet(raw[:N_FIRST_BYTES], name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{name}, line {line}: not UTF-8.",
            remedy="Save the file as UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8 OLD "
            "> NEW.",
        ) from None
    lines = text.splitlines()
    kept = [
        (number, line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not kept:
        raise UserError(f"{name} is empty.", remedy="Give a file with a header and rows.")
    separator = _separator(kept[0][1], suffix)
    numbers, cells = _cells(name, kept, separator)
    header, body = cells[0], cells[1:]
    if body and all(len(row) == len(header) + 1 for row in body):
        header = [_ROW_NAMES, *header]  # R writes row names without a heading
    header = [column or (_ROW_NAMES if at == 0 else "") for at, column in enumerate(header)]
    if "" in header:
        raise UserError(
            f"{name}: column {header.index('') + 1} has no name.",
            remedy="Give every column a name in the first row.",
        )
    check_header(header, name)
    for number, row in zip(numbers[1:], body, strict=True):
        if len(row) != len(header):
            by = {"\t": "tabs", ";": "semicolons", " ": "white space"}.get(separator, "commas")
            raise UserError(
                f"{name}, line {number}: {counted(len(row), 'cell')} where the header has "
                f"{len(header)} (separated by {by}).",
                remedy="Put quotation marks around cells that hold a separator; write NA where "
                "there is no value.",
            )
    rows = tuple(dict(zip(header, row, strict=True)) for row in body)
    return Table(name, tuple(header), rows, tuple(numbers[1:]), decimal_comma=separator == ";")


def _bytes_of(source: str | Path) -> tuple[str, bytes, str]:
    if str(source) == STANDARD_INPUT:
        return (
            "standard input",
            _bounded(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"),
            "",
        )
    path = Path(source)
    if not path.exists():
        raise UserError(f"{path}: there is no such file.", remedy="Check the path.")
    if path.is_dir():
        raise UserError(f"{path} is a folder.", remedy="Name a file in it.")
    suffix = path.suffix.lower()
    if suffix not in (*_WHITE_SPACE, ".csv", ".tsv", ".tab"):
        with path.open("rb") as stream:
            refuse_foreign(stream.read(N_FIRST_BYTES), str(path), path)
        raise UserError(
            f"{path}: the format is not known by the suffix {suffix!r}.",
            remedy="Give it a name that ends in .csv, .tsv, .txt, .jsonl or .parquet.",
        )
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise unreadable(str(path), error) from None
    refuse_foreign(raw[:N_FIRST_BYTES], str(path), path)
    return str(path), _bounded(raw, str(path)), suffix


def _bounded(raw: bytes, name: str) -> bytes:
    if len(raw) > MAX_BYTES:
        raise UserError(
            f"{name} is larger than {MAX_BYTES // 2**20} MB: too large for a table of studies.",
            remedy="Give one row per study or effect, not per person.",
        )
    if b"\x00" in raw:
        raise UserError(
            f"{name} holds NUL bytes: it is no plain text file, or it is UTF-16.",
            remedy="Save the file as CSV UTF-8.",
        )
    return raw


def _separator(header: str, suffix: str) -> str:
    if "\t" in header or suffix in (".tsv", ".tab"):
        return "\t"
    if suffix in _WHITE_SPACE:
        return next((one for one in (",", ";") if header.count(one) > 1), " ")
    return ";" if header.count(";") > header.count(",") else ","


def _cells(
    name: str, kept: Sequence[tuple[int, str]], separator: str
) -> tuple[list[int], list[list[str]]]:
    numbers: list[int] = []
    cells: list[list[str]] = []
    text = (line.strip() if separator == " " else line for _, line in kept)
    reader = csv.reader(
        io.StringIO("\n".join(text)),
        delimiter=separator,
        skipinitialspace=separator != "\t",
        strict=True,
    )
    start = 0
    try:
        for row in reader:
            numbers.append(kept[min(start, len(kept) - 1)][0])
            cells.append([cell.strip() for cell in row])
            start = reader.line_num
    except csv.Error as error:
        raise UserError(
            f"{name}, line {kept[min(start, len(kept) - 1)][0]}: not a row of a table ({error}).",
            remedy="Check the quotation marks of the row that begins there.",
        ) from None
    return numbers, cells
