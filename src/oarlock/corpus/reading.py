"""Rows of a file, one at a time: CSV, TSV, JSONL, Parquet or standard input.

Memory stays flat whatever the size of the file. A fault is a `UserError` that names the file, the
row and the column, what was expected and the remedy, and never holds text of the file.
"""

from __future__ import annotations

import codecs
import csv
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from oarlock.errors import UserError

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line, and longest CSV row, that is read; a longer one is refused without loading it."""

STANDARD_INPUT = "-"
FORMATS = ("csv", "tsv", "jsonl", "parquet")
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PARQUET_ROWS = 1024
_MAX_NAME = 40
_MAX_NAME_WORDS = 3
_MISSING = frozenset({"NaN", "nan", "NULL", "null"})
"""Cells by which data frames and databases write a missing value."""
_SENTENCE = re.compile(r"""[!?…"“”„«»。！？、，؟।\r\n]|[.,;:](?:\s|$)|\w['’]\w""")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_UTF8_REMEDY = "Save the file as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW."


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file.

    Attributes:
        row: Its number, from 1; the header of a CSV does not count.
        values: Cells by column.
    """

    row: int
    values: Mapping[str, Any]


@dataclass
class Records:
    """The rows of a file, read once and in order.

    Attributes:
        name: What messages call the file.
        format: "csv", "tsv", "jsonl" or "parquet".
        columns: Names of its columns; those of the first row for JSONL.
        n_bytes: Size, or None where it is not known before the end.
    """

    name: str
    format: str
    columns: tuple[str, ...]
    n_bytes: int | None
    _rows: Iterator[Record] = field(repr=False)
    _close: Callable[[], None] = field(repr=False)

    def __iter__(self) -> Iterator[Record]:
        return self._rows

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def require(self, columns: Mapping[str, str | None]) -> None:
        """Check that the file has the columns that options name.

        Args:
            columns: Column by option; None where the option was not given.

        Raises:
            UserError: A column is not there.
        """
        for option, column in columns.items():
            if column is not None and column not in self.columns:
                remedy = f"Name the right column with {option}.{_separator_hint(self)}"
                raise no_column(self.name, column, self.columns, remedy)


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
    n_columns = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
    return f"{n_columns}; the first row does not look like a header"


def no_column(
    name: str, column: str, columns: Sequence[str], remedy: str, *, besides: str = ""
) -> UserError:
    """Return the error that a file lacks a column.

    Args:
        name: Name of the file.
        column: What it lacks.
        columns: What it has.
        remedy: How to name the right column.
        besides: What else was looked for and not found.
    """
    if not _may_be_shown(columns):
        remedy = f"If the file has no header, add one as its first row. {remedy}"
    if len(columns) == 1 and ";" in columns[0]:
        remedy = f"If it is separated by semicolons, save it with commas (CSV UTF-8). {remedy}"
    return UserError(
        f"{name} has no column {column!r}{besides}. It has: {shown_columns(columns)}.",
        remedy=remedy,
    )


def read_records(
    source: str | Path,
    *,
    format: str | None = None,  # noqa: A002  (the word of the option)
    columns: Sequence[str] | None = None,
    stdin: IO[bytes] | None = None,
) -> Records:
    """Return the rows of a file, to be iterated once.

    Args:
        source: Path, or "-" for standard input.
        format: One of `FORMATS`; by default told by the suffix, and CSV for standard input.
        columns: Read only these, where the format allows it (Parquet); all by default.
        stdin: Standard input, for tests.

    Raises:
        UserError: The file is not there, is empty, or has no such format. Faults of a row are
            raised when the iteration reaches it.
    """
    name = "standard input" if str(source) == STANDARD_INPUT else str(source)
    if str(source) != STANDARD_INPUT:
        _refuse_pipe(Path(source))
    kind = file_format(source, format)
    if str(source) == STANDARD_INPUT:
        if kind == "parquet":
            raise UserError(
                "Parquet cannot be read from standard input.", remedy="Name the file instead."
            )
        stream: IO[bytes] = stdin if stdin is not None else sys.stdin.buffer
        size = None
    else:
        path = Path(source)
        if path.is_dir():
            raise UserError(f"{name} is a folder.", remedy="Name a file in it.")
        if not path.exists():
            raise UserError(f"{name}: there is no such file.", remedy="Check the path.")
        if kind == "parquet":
            return _parquet(path, columns)
        try:
            stream = path.open("rb")
        except OSError as error:
            raise _unreadable(name, error) from None
        size = path.stat().st_size
    lines = _Lines(stream, name)
    try:
        if kind == "jsonl":
            return _jsonl(lines, name, size, stream)
        return _csv(lines, name, kind, size, stream)
    except BaseException:
        stream.close()
        raise


def _refuse_pipe(path: Path) -> None:
    """Refuse what can be read only once: a second reading would begin in the middle of a row."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(
            f"{path} is not a regular file but a pipe or a device.",
            remedy="Name - for the input and pipe it: ... | oarlock code - OUT",
        )


def file_format(source: str | Path, format: str | None = None) -> str:  # noqa: A002
    """Return the format of a file, by option or by its suffix.

    Raises:
        UserError: It is none of `FORMATS`.
    """
    if format is not None:
        if format not in FORMATS:
            raise UserError(
                f"There is no format {format!r}.", remedy=f"Choose one of: {', '.join(FORMATS)}."
            )
        return format
    if str(source) == STANDARD_INPUT:
        return "csv"
    suffix = Path(source).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UserError(
            f"{source}: the format is not known by the suffix {suffix!r}.",
            remedy=f"Use one of {', '.join(_SUFFIXES)}, or name the format ({', '.join(FORMATS)}).",
        )
    return _SUFFIXES[suffix]


def cell_text(record: Record, column: str, name: str) -> str | None:
    """Return a cell as text; None where it is missing (absent, null, NaN or white space).

    Half a character (a lone surrogate, which JSON can name but no file can hold) becomes U+FFFD.

    Args:
        record: A row.
        column: Name of the column.
        name: Name of the file, for the message.

    Raises:
        UserError: The cell is a list or a table.
    """
    value = record.values.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, list | dict | bytes):
        shown = f"column {column!r}" if looks_like_name(column) else "a column"
        raise UserError(
            f"{name}, row {record.row}, {shown}: expected text, found {type(value).__name__}.",
            remedy="Write one text per row.",
        )
    text = _HALF_CHARACTER.sub("\ufffd", value) if isinstance(value, str) else str(value)
    if text.strip() in _MISSING:
        return None
    return text if text.strip() else None


class _Lines:
    """Decoded lines of a stream; refuses what no text file holds, naming line and byte."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self.number = 0
        self._offset = 0
        self.row_bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(MAX_LINE_BYTES + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        self.row_bytes += len(raw)
        if len(raw) > MAX_LINE_BYTES or self.row_bytes > MAX_LINE_BYTES:
            what = "the line" if len(raw) > MAX_LINE_BYTES else "the row that ends here"
            raise UserError(
                f"{self._name}, line {self.number}: {what} is longer than "
                f"{MAX_LINE_BYTES // 2**20} MB.",
                remedy="Write one row per line; in a CSV, look for a quotation mark that is "
                "opened and never closed.",
            )
        if self._offset == 0:
            raw = self._without_bom(raw)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UserError(
                f"{self._name}, line {self.number}, byte {self._offset + error.start}: not UTF-8.",
                remedy=_UTF8_REMEDY,
            ) from None
        if "\x00" in text:
            byte = self._offset + raw.index(0)
            raise UserError(
                f"{self._name}, line {self.number}, byte {byte}: a NUL byte.",
                remedy="This is not a plain text file, or it is damaged. " + _UTF8_REMEDY,
            )
        self._offset += len(raw)
        return text

    def _without_bom(self, raw: bytes) -> bytes:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise UserError(
                f"{self._name} is UTF-16; UTF-8 is expected.",
                remedy="Save the file as UTF-8, for example: iconv -f UTF-16 -t UTF-8 OLD > NEW.",
            )
        if raw.startswith(codecs.BOM_UTF8):
            self._offset = len(codecs.BOM_UTF8)
            return raw[len(codecs.BOM_UTF8) :]
        return raw


def _csv(lines: _Lines, name: str, kind: str, size: int | None, stream: IO[bytes]) -> Records:
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(lines, delimiter="\t" if kind == "tsv" else ",", strict=True)

    def rows() -> Iterator[tuple[int, list[str]]]:
        while True:
            lines.row_bytes = 0
            start = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UserError(
                    f"{name}, line {start}: not a CSV row ({error}).",
                    remedy="Check the quotation marks of the row that begins there.",
                ) from None
            yield start, cells

    source = rows()
    header = tuple(next((cells for _, cells in source if cells), []))
    if not header:
        raise _empty(name)
    _check_header(header, name)

    def records() -> Iterator[Record]:
        for row, (line, cells) in enumerate(_filled(source, len(header)), start=1):
            if len(cells) != len(header):
                raise UserError(
                    f"{name}, row {row} (line {line}): {len(cells)} cells where the header has "
                    f"{len(header)}.",
                    remedy="Put quotation marks around cells that hold a separator or a new line.",
                )
            yield Record(row, dict(zip(header, cells, strict=True)))

    return Records(name, kind, header, size, records(), stream.close)


def _filled(
    rows: Iterator[tuple[int, list[str]]], n_columns: int
) -> Iterator[tuple[int, list[str]]]:
    """Yields rows without the blank lines, save those that are rows: of one column, not last."""
    n_blank = 0
    for line, cells in rows:
        if not cells:
            n_blank += n_columns == 1
            continue
        for blank in range(n_blank):
            yield line - n_blank + blank, [""]
        n_blank = 0
        yield line, cells


def _check_header(header: Sequence[str], name: str) -> None:
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


def _jsonl(lines: _Lines, name: str, size: int | None, stream: IO[bytes]) -> Records:
    def records() -> Iterator[Record]:
        row = 0
        for text in lines:
            lines.row_bytes = 0
            if text.strip():
                row += 1
                yield Record(row, _json_object(text, lines.number, name))

    source = records()
    first = next(source, None)
    if first is None:
        raise _empty(name)

    def all_records() -> Iterator[Record]:
        yield first
        yield from source

    return Records(name, "jsonl", tuple(first.values), size, all_records(), stream.close)


def _json_object(text: str, line: int, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{name}, line {line}, character {error.pos + 1}: not JSON ({error.msg}).",
            remedy="Write one JSON object per line.",
        ) from None
    except (RecursionError, ValueError):
        raise UserError(
            f"{name}, line {line}: not JSON that can be read.",
            remedy="Write one flat JSON object per line.",
        ) from None
    if not isinstance(value, dict):
        raise UserError(
            f"{name}, line {line}: expected a JSON object, found {type(value).__name__}.",
            remedy="Write one JSON object per line, without a list around them.",
        )
    return value


def _parquet(path: Path, columns: Sequence[str] | None) -> Records:
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = path.stat().st_size
    if size == 0:
        raise _empty(str(path))

    def damaged(error: BaseException) -> UserError:
        missing = "cut short or damaged" if "magic" in str(error).lower() else "damaged"
        return UserError(
            f"{path} is not a whole Parquet file ({missing}).",
            remedy="Copy or write the file again.",
        )

    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except PermissionError as error:
        raise _unreadable(str(path), error) from None
    except (pa.ArrowException, OSError) as error:
        raise damaged(error) from None
    header = tuple(file.schema_arrow.names)
    _check_header(header, str(path))
    wanted = [name for name in header if columns is None or name in columns]

    def records() -> Iterator[Record]:
        row = 0
        try:
            for batch in file.iter_batches(_PARQUET_ROWS, columns=wanted, use_threads=False):
                for values in batch.to_pylist():
                    row += 1
                    yield Record(row, values)
        except (pa.ArrowException, OSError) as error:
            raise damaged(error) from None

    return Records(str(path), "parquet", header, size, records(), file.close)


def _unreadable(name: str, error: OSError) -> UserError:
    reason = os.strerror(error.errno) if error.errno else "no permission"
    return UserError(f"{name} cannot be read: {reason}.", remedy="Check the permissions.")


def _empty(name: str) -> UserError:
    return UserError(f"{name} is empty.", remedy="Give a file with a header and rows.")


def _separator_hint(records: Records) -> str:
    if records.format == "csv" and len(records.columns) == 1:
        for separator, word in ((";", "semicolons"), ("\t", "tabs")):
            if separator in records.columns[0]:
                return f" The file seems to be separated by {word}; commas are expected."
    return ""
