"""Rows of a file, one at a time: CSV, TSV, JSONL, Parquet or standard input.

This is the door to the readers: `lines` reads text, `parquet` tables, `formats` tells them apart,
`records` holds what they give. A fault is a `UserError` that names the file, the row and the
column, what was expected and the remedy, and never holds text of the file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from oarlock.corpus.formats import (
    N_FIRST_BYTES,
    STANDARD_INPUT,
    file_format,
    refuse_foreign,
    unreadable,
)
from oarlock.corpus.lines import read_delimited, read_jsonl
from oarlock.corpus.parquet import read_parquet
from oarlock.corpus.records import (
    Record,
    Records,
    cell_text,
    counted,
    find_column,
    is_missing,
    is_no_text,
    looks_like_name,
    no_column,
)
from oarlock.errors import UserError

__all__ = [
    "STANDARD_INPUT",
    "Record",
    "Records",
    "cell_text",
    "counted",
    "file_format",
    "find_column",
    "is_missing",
    "is_no_text",
    "looks_like_name",
    "no_column",
    "read_records",
]


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
        columns: Those needed, where they are known from an earlier reading: Parquet then reads no
            others, and JSONL is not read through to learn them. All by default.
        stdin: Standard input, for tests.

    Raises:
        UserError: The file is not there, is empty, or has no such format. Faults of a row are
            raised when the iteration reaches it, or here where JSONL is read through.
    """
    if str(source) == STANDARD_INPUT:
        kind = file_format(source, format)
        if kind == "parquet":
            raise UserError(
                "Parquet cannot be read from standard input.", remedy="Name the file instead."
            )
        stream = stdin if stdin is not None else sys.stdin.buffer
        return _read_text(stream, "standard input", kind, None, columns)
    path = Path(source)
    if not path.exists():
        if format is not None:
            file_format(source, format)
        raise UserError(f"{path}: there is no such file.", remedy="Check the path.")
    _refuse_pipe(path)
    try:
        # Before the suffix is asked: a workbook is told from a file of an unknown kind.
        if path.is_file():
            with path.open("rb") as stream:
                refuse_foreign(stream.read(N_FIRST_BYTES), str(path), path)
        kind = file_format(source, format)
        if kind == "parquet":
            return read_parquet(path, columns)
        return _read_text(path.open("rb"), str(path), kind, path.stat().st_size, columns)
    except OSError as error:
        raise unreadable(str(path), error) from None


def _read_text(
    stream: IO[bytes], name: str, kind: str, size: int | None, columns: Sequence[str] | None
) -> Records:
    try:
        if kind == "jsonl":
            return read_jsonl(stream, name, size, columns)
        return read_delimited(stream, name, kind, size)
    except BaseException:
        stream.close()
        raise


def _refuse_pipe(path: Path) -> None:
    """Refuse what can be read only once: a second reading would begin in the middle of a row."""
    if not path.is_file() and not path.is_dir():
        raise UserError(
            f"{path} is not a regular file but a pipe or a device.",
            remedy="Name - for the input and pipe it: ... | oarlock code - OUT",
        )
