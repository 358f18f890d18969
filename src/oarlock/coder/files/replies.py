"""The replies of a file: its columns found, its rows checked, its replies in chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.files.rows import COLUMN_TYPES, PASSED_THROUGH
from oarlock.corpus.reading import Records, cell_text, is_no_text, read_records
from oarlock.errors import UserError

BATCH_SIZE = 256
"""Replies of one chunk. A chunk is coded, written and journaled as one."""

_CHUNK_CHARACTERS = 1_000_000
_TEXT_COLUMNS = ("text", "reply", "body", "comment", "message")
_ID_COLUMNS = ("id", "reply_id", "comment_id")
_CONTEXT_COLUMNS = ("context",)


@dataclass(frozen=True, slots=True)
class Options:
    """What is coded and what is kept.

    Attributes:
        text_column: Column of the replies; None finds it by its usual names.
        id_column: Column of identifiers; None finds "id" or "reply_id", else rows are numbered.
        context_column: Column of what each reply answers; None takes "context" if it is there.
        keep: Columns that are passed through, besides the usual ones.
        with_text: Write the text of each sentence.
        skip_empty: Pass over rows without text instead of refusing them.
        format: Format of the input where its suffix does not tell.
        out_format: Format of the output where its suffix does not tell.
        batch_size: Replies of one chunk.
    """

    text_column: str | None = None
    id_column: str | None = None
    context_column: str | None = None
    keep: tuple[str, ...] = ()
    with_text: bool = False
    skip_empty: bool = False
    format: str | None = None
    out_format: str | None = None
    batch_size: int = BATCH_SIZE


@dataclass(frozen=True, slots=True)
class Item:
    """One reply to be coded.

    Attributes:
        row: Number of its row in the input, from 1.
        id: Its identifier.
        text: What was written.
        context: What it replies to.
        kept: Cells that are passed through.
    """

    row: int
    id: str
    text: str
    context: str | None
    kept: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of an input, by their part in the coding."""

    text: str
    id: str | None
    context: str | None
    kept: tuple[str, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        """All of them."""
        one = (name for name in (self.text, self.id, self.context) if name is not None)
        return tuple(dict.fromkeys([*one, *self.kept]))


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first reading of an input found."""

    n_replies: int
    n_empty: int
    sha256: str


def find_columns(source: str, options: Options) -> Columns:
    """Return the columns of a file by their part, found by option or by their usual names.

    Raises:
        UserError: A column is not there.
    """
    with read_records(source, format=options.format) as records:
        return columns_of(records, options)


def columns_of(records: Records, options: Options) -> Columns:
    """Return the columns of an open input by their part.

    Raises:
        UserError: A column is not there.
    """
    named = records.require(
        {
            "--text-column": options.text_column,
            "--id-column": options.id_column,
            "--context-column": options.context_column,
        }
    )
    text = named["--text-column"] or records.find(*_TEXT_COLUMNS)
    if text is None:
        raise records.lacks(_TEXT_COLUMNS[0], "Name the column of the replies with --text-column.")
    identifier = named["--id-column"] or records.find(*_ID_COLUMNS)
    context = named["--context-column"] or records.find(*_CONTEXT_COLUMNS)
    if context == text and options.context_column is None:
        context = None
    usual = [records.find(name) for name in PASSED_THROUGH]
    asked = [records.require({"--keep": name})["--keep"] for name in options.keep]
    kept = tuple(dict.fromkeys(name for name in (*usual, *asked) if name is not None))
    for name in kept:
        if name in COLUMN_TYPES or (options.with_text and name == "text"):
            raise UserError(
                f"{records.name}: the column {name!r} cannot be kept, because the output has a "
                "column of that name.",
                remedy="Rename it in the input.",
            )
    return Columns(text, identifier, context, kept)


def survey_input(source: str, options: Options, columns: Columns) -> Survey:
    """Return the number of replies and the fingerprint of a file, once every row is checked.

    Raises:
        UserError: The first fault of a row.
    """
    counter = EmptyRows()
    n_replies = 0
    with read_records(source, format=options.format, columns=columns.wanted) as records:
        for _ in items(records, columns, options, counter):
            n_replies += 1
    with open(source, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Survey(n_replies, counter.n, digest)


class EmptyRows:
    """Counts rows without text."""

    def __init__(self) -> None:
        self.n = 0


def items(
    records: Records, columns: Columns, options: Options, empty: EmptyRows | None = None
) -> Iterator[Item]:
    """Yield the replies of a file.

    Raises:
        UserError: A row without text, unless they are passed over; an identifier that is missing
            or occurs twice.
    """
    seen = SeenIds()
    for record in records:
        text = cell_text(record, columns.text, records.name)
        if text is None or is_no_text(text):
            if not options.skip_empty:
                raise UserError(
                    f"{records.name}, row {record.row}, column {columns.text!r}: no text.",
                    remedy="Fill it in, or pass over rows without text with --skip-empty.",
                )
            if empty is not None:
                empty.n += 1
            continue
        identifier = str(record.row)
        if columns.id is not None:
            found = cell_text(record, columns.id, records.name)
            if found is None:
                raise UserError(
                    f"{records.name}, row {record.row}, column {columns.id!r}: no identifier.",
                    remedy="Give every row its own, or name another column with --id-column.",
                )
            if not seen.add(found):
                raise UserError(
                    f"{records.name}, row {record.row}, column {columns.id!r}: an earlier row has "
                    "the same identifier.",
                    remedy="Give every row its own, or name another column with --id-column.",
                )
            identifier = found
        context = None
        if columns.context is not None:
            context = cell_text(record, columns.context, records.name)
            context = None if is_no_text(context) else context
        kept = {name: cell_text(record, name, records.name) for name in columns.kept}
        yield Item(record.row, identifier, text, context, kept)


def chunked(
    replies: Iterable[Item], size: int, characters: int = _CHUNK_CHARACTERS
) -> Iterator[list[Item]]:
    """Yield chunks of at most `size` replies, closed early once they hold many characters.

    The same input gives the same chunks in every run and engine, so that the coder sees the same
    batches and gives the same numbers.
    """
    chunk: list[Item] = []
    held = 0
    for item in replies:
        chunk.append(item)
        held += len(item.text)
        if len(chunk) == size or held >= characters:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def describe(columns: Columns, options: Options) -> Mapping[str, str]:
    """Return the columns that were found without being named, for a message."""
    found: dict[str, str] = {}
    if options.text_column is None:
        found["text"] = columns.text
    if options.id_column is None and columns.id is not None:
        found["identifiers"] = columns.id
    if options.context_column is None and columns.context is not None:
        found["context"] = columns.context
    return found


class SeenIds:
    """Identifiers that have occurred, eight bytes each.

    Two different identifiers are taken for the same with a probability below 1e-5 among ten
    million.
    """

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._sorted: list[NDArray[np.uint64]] = []

    def add(self, identifier: str) -> bool:
        """Return whether the identifier is new, and remember it."""
        digest = hashlib.blake2b(identifier.encode("utf-8", "surrogatepass"), digest_size=8)
        value = int.from_bytes(digest.digest(), "little")
        if value in self._recent or any(_holds(level, value) for level in self._sorted):
            return False
        self._recent.add(value)
        if len(self._recent) >= 65_536:
            level = np.fromiter(self._recent, dtype=np.uint64, count=len(self._recent))
            level.sort()
            while self._sorted and len(self._sorted[-1]) <= len(level):
                level = np.sort(np.concatenate([self._sorted.pop(), level]))
            self._sorted.append(level)
            self._recent = set()
        return True


def _holds(level: NDArray[np.uint64], value: int) -> bool:
    at = int(np.searchsorted(level, np.uint64(value)))
    return at < len(level) and int(level[at]) == value
