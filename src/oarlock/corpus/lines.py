"""Rows of text files: CSV, TSV and JSON lines, one line at a time.

Memory stays flat whatever the size of the file, and a line without an end is not loaded.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from oarlock.corpus.formats import N_FIRST_BYTES, refuse_foreign, refuse_parquet
from oarlock.corpus.records import Record, Records, check_header, counted, folded
from oarlock.errors import UserError

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line, and longest CSV row, that is read; a longer one is refused without loading it."""

MAX_COLUMNS = 10_000
"""Most different keys of the objects of a JSONL file."""

SEARCHED_ROWS = 1000
"""Rows of JSONL on standard input that are held back to learn its columns."""

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
_UTF8_REMEDY = (
    "Save the file as UTF-8: in Excel as CSV UTF-8, or for example with "
    "iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW."
)


class _Lines:
    """Decoded lines of a stream; refuses what no text file holds, naming line and byte.

    Attributes:
        number: Lines that were handed out.
        row_bytes: Their size since whoever reads rows last set it to 0.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name
        self._offset = 0
        self._held: tuple[str, int] | None = None
        self.number = 0
        self.row_bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text, n_bytes = self._held or self._read()
        self._held = None
        if not n_bytes:
            raise StopIteration
        self.number += 1
        self.row_bytes += n_bytes
        if self.row_bytes > MAX_LINE_BYTES:
            raise self._too_long(self.number, "the row that ends here")
        return text

    def peek(self) -> str:
        """The next line that is not blank, which stays to be read; "" at the end."""
        while True:
            self._held = self._held or self._read()
            text, n_bytes = self._held
            if text.strip("\r\n") or not n_bytes:
                return text
            next(self)

    def _read(self) -> tuple[str, int]:
        number = self.number + 1
        raw = self._stream.readline(MAX_LINE_BYTES + 1)
        n_bytes = len(raw)
        if self._offset == 0:
            raw = self._without_bom(raw)
        if n_bytes > MAX_LINE_BYTES:
            raise self._too_long(number, "the line")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UserError(
                f"{self._name}, line {number}, byte {self._offset + error.start}: not UTF-8.",
                remedy=_UTF8_REMEDY,
            ) from None
        if "\x00" in text:
            byte = self._offset + raw.index(0)
            raise UserError(
                f"{self._name}, line {number}, byte {byte}: a NUL byte.",
                remedy="This is not a plain text file, or it is damaged. " + _UTF8_REMEDY,
            )
        self._offset += len(raw)
        return text, n_bytes

    def _too_long(self, number: int, what: str) -> UserError:
        return UserError(
            f"{self._name}, line {number}: {what} is longer than {MAX_LINE_BYTES // 2**20} MB.",
            remedy="Write one row per line; in a CSV, look for a quotation mark that is opened and "
            "never closed.",
        )

    def _without_bom(self, raw: bytes) -> bytes:
        refuse_foreign(raw[:N_FIRST_BYTES], self._name)
        refuse_parquet(raw[:N_FIRST_BYTES], self._name)
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise UserError(
                f"{self._name} is UTF-16; UTF-8 is expected.",
                remedy="Save the file as UTF-8: in Excel as CSV UTF-8, or for example with "
                "iconv -f UTF-16 -t UTF-8 OLD > NEW.",
            )
        if raw.startswith(codecs.BOM_UTF8):
            self._offset = len(codecs.BOM_UTF8)
            return raw[len(codecs.BOM_UTF8) :]
        return raw


def read_delimited(stream: IO[bytes], name: str, kind: str, size: int | None) -> Records:
    """Return the rows of CSV or TSV. Where commas give one column, semicolons and tabs are tried.

    Raises:
        UserError: It is empty, or its header names a column twice.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    lines = _Lines(stream, name)
    separator = _separator(lines) if kind == "csv" else "\t"
    found = _SEPARATORS[separator] if kind == "csv" and separator != "," else None
    source = _delimited_rows(lines, name, separator)
    header = tuple(next((cells for _, cells in source if cells), []))
    if not header:
        raise empty(name)
    check_header(header, name)

    def records() -> Iterator[Record]:
        for row, (line, cells) in enumerate(_filled(source, len(header)), start=1):
            if len(cells) != len(header):
                by = f" (separated by {found})" if found else ""
                raise UserError(
                    f"{name}, row {row} (line {line}): {counted(len(cells), 'cell')} where the "
                    f"header has {len(header)}{by}.",
                    remedy="Put quotation marks around cells that hold a separator or a new line.",
                )
            yield Record(row, dict(zip(header, cells, strict=True)))

    return Records(name, kind, header, size, records(), stream.close, separated_by=found)


def _separator(lines: _Lines) -> str:
    """What separates the cells of a CSV: what its first line says, or else shows."""
    line = lines.peek()
    told = _SEPARATOR_LINE.fullmatch(line)
    if told:  # Excel takes such a line for a note to itself
        next(lines)
        return told[1]
    fitting = [separator for separator in _SEPARATORS if _separates(separator, line)]
    return fitting[0] if "," in fitting or len(fitting) == 1 else ","


def _separates(separator: str, line: str) -> bool:
    """Whether a header has several columns with this separator, and no torn quotation marks."""
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return False
    return len(cells) > 1 and not any('"' in cell for cell in cells)


def _delimited_rows(lines: _Lines, name: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.row_bytes = 0
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "new-line" in str(error):
                raise UserError(
                    f"{name}, line {start}: a carriage return that ends no line.",
                    remedy="Put quotation marks around cells that hold one; if all lines end so, "
                    "as on old Macs: tr '\\r' '\\n' < OLD > NEW.",
                ) from None
            raise UserError(
                f"{name}, line {start}: not a CSV row ({error}).",
                remedy="Check the quotation marks of the row that begins there.",
            ) from None
        yield start, cells


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


def read_jsonl(
    stream: IO[bytes], name: str, size: int | None, columns: Sequence[str] | None = None
) -> Records:
    """Return the rows of JSON lines. The columns are the keys of all rows.

    A file is read through for them; of standard input, the first rows are held back.

    Args:
        stream: The file, at its beginning, or standard input.
        name: What messages call it.
        size: Its size; None for standard input, which can be read only once.
        columns: Its columns, where they are known and need not be learned.

    Raises:
        UserError: It is empty, or a row that was read is not a JSON object.
    """
    held: list[Record] = []
    lines = _Lines(stream, name)
    known: dict[str, None] = dict.fromkeys(columns or ())
    if columns is None and size is not None:
        for record in _objects(lines, name):
            _learn(known, record, name)
        stream.seek(0)
        lines = _Lines(stream, name)
    source = _objects(lines, name)
    n_bytes = 0
    for record in source:
        held.append(record)
        n_bytes += lines.row_bytes
        if columns is None:
            _learn(known, record, name)
        if size is not None or len(held) == SEARCHED_ROWS or n_bytes > MAX_LINE_BYTES:
            break
    if not held:
        raise empty(name)
    n_searched = len(held) if size is None and columns is None else None
    absent: set[str] = set()

    def records() -> Iterator[Record]:
        yield from held
        held.clear()
        for record in source:
            if n_searched is not None:
                _refuse_late(record, known, absent, name, n_searched)
            yield record

    return Records(
        name,
        "jsonl",
        tuple(known),
        size,
        records(),
        stream.close,
        n_searched=n_searched,
        absent=absent,
    )


def _objects(lines: _Lines, name: str) -> Iterator[Record]:
    row = 0
    for text in lines:
        if text.strip():
            row += 1
            yield Record(row, _json_object(text, lines.number, name))
        lines.row_bytes = 0


def _learn(known: dict[str, None], record: Record, name: str) -> None:
    known.update(dict.fromkeys(record.values))
    if len(known) > MAX_COLUMNS:
        raise UserError(
            f"{name}, row {record.row}: more than {MAX_COLUMNS} different keys up to here.",
            remedy="Write the same keys in every row: names of columns, not values.",
        )


def _refuse_late(
    record: Record, known: Mapping[str, None], absent: set[str], name: str, n_searched: int
) -> None:
    """Refuses a key that was looked for in the first rows: those before it would lack it unseen."""
    for key in record.values.keys() - known.keys():
        if folded(key) in absent:
            raise UserError(
                f"{name}, row {record.row}: the column {key!r} begins here, after the first "
                f"{counted(n_searched, 'row')}, which are searched for columns.",
                remedy="Name the file instead of piping it, or write the key in the first row too "
                "(null where there is nothing).",
            )


def _json_object(text: str, line: int, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{name}, line {line}, character {error.pos + 1}: not JSON ({error.msg}).",
            remedy="Write one JSON object per line, without a list around them.",
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


def empty(name: str) -> UserError:
    """Return the error that there is nothing in a file."""
    return UserError(f"{name} is empty.", remedy="Give a file with a header and rows.")
