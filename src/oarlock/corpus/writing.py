"""Rows to a file that appears whole or not at all, and that an interruption does not spoil.

Rows go to `OUT.partial`; after every chunk a line in `OUT.partial.journal` says how far it is good.
A later run with the same key cuts the partial file back to there and carries on; the end is an
atomic rename. Parquet, which cannot be cut back, is held as JSON lines until the end.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from oarlock.errors import UserError

STANDARD_OUTPUT = "-"
_PARQUET_ROWS = 10_000
_REMOVES_OPEN_FILES = os.name == "posix"


@dataclass(frozen=True, slots=True)
class Position:
    """How far an output is good.

    Attributes:
        n_records: Records of the input that are done.
        n_rows: Rows written for them.
        n_bytes: Size of the partial file.
    """

    n_records: int
    n_rows: int
    n_bytes: int


class ResumableWriter:
    """Writes rows in chunks; use as a context manager, then `commit` each chunk and `finish`.

    Args:
        path: The output.
        format: "csv", "tsv", "jsonl" or "parquet".
        types: Type by column, in the order of the output.
        key: What the rows depend on; a partial file with another key is never carried on.
        resume: True requires a partial file, False discards it, None carries on if there is one.
        begins_again: The rows cannot be carried on: a partial file with the same key is written
            anew. One with another key is refused as ever, unless `resume` is False.
    """

    def __init__(
        self,
        path: Path,
        format: str,  # noqa: A002  (the word of the option)
        types: Mapping[str, type],
        key: Mapping[str, Any],
        *,
        resume: bool | None = None,
        begins_again: bool = False,
    ) -> None:
        self.path = path
        self._format = format
        self._types = types
        self._key = dict(key)
        self._resume = resume
        self._begins_again = begins_again
        self.partial = path.with_name(path.name + ".partial")
        self.journal = path.with_name(path.name + ".partial.journal")
        self._stream: IO[bytes] | None = None
        self._journal: IO[bytes] | None = None
        self._n_rows = 0
        self.position = Position(0, 0, 0)

    def __enter__(self) -> Self:
        if not self.path.parent.is_dir():
            raise UserError(
                f"The folder {self.path.parent} does not exist.", remedy="Make the folder first."
            )
        if self.path.is_dir():
            raise UserError(f"{self.path} is a folder.", remedy="Name a file in it.")
        if self.path.exists() and not self.path.is_file():
            raise UserError(
                f"{self.path} is not a regular file but a pipe or a device.",
                remedy="Name a file, or - for standard output.",
            )
        try:
            with self._faults():
                self._journal = _open_locked(self.journal, self.path)
                self._stream = self.partial.open("a+b")
                self.position = self._recover()
        except BaseException:
            self._shut()
            raise
        self._n_rows = self.position.n_rows
        return self

    def __exit__(self, *_: object) -> None:
        self._shut()

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows; they count once `commit` returns."""
        assert self._stream is not None
        encode = _delimited if self._format in ("csv", "tsv") else _json_lines
        with self._faults():
            self._stream.write(encode(rows, self._types, self._format))
        self._n_rows += len(rows)

    def commit(self, n_records: int) -> None:
        """Make everything written so far last.

        Args:
            n_records: Records of the input that are done, from its beginning.
        """
        assert self._stream is not None
        assert self._journal is not None
        with self._faults():
            _sync(self._stream)
            self.position = Position(n_records, self._n_rows, self._stream.tell())
            line = {
                "n_records": n_records,
                "n_rows": self._n_rows,
                "n_bytes": self.position.n_bytes,
            }
            self._journal.write(json.dumps(line).encode() + b"\n")
            _sync(self._journal)

    def finish(self) -> None:
        """Put the whole output in its place, and remove the partial file and the journal."""
        assert self._stream is not None
        with self._faults():
            _sync(self._stream)
            whole = self.partial
            if self._format == "parquet":
                whole = self.path.with_name(self.path.name + ".partial.parquet")
                _to_parquet(self._stream, whole, self._types)
            self._stream.close()
            os.replace(whole, self.path)
            sync_folder(self.path.parent)
            self._remove()

    def discard(self) -> None:
        """Remove what was written."""
        with self._faults():
            self._remove()

    def _remove(self) -> None:
        """Removes the partial file and the journal, under the lock: not those of a later run."""
        if not _REMOVES_OPEN_FILES:
            self._shut()
        self.partial.unlink(missing_ok=True)
        self.journal.unlink(missing_ok=True)
        self._shut()

    def _shut(self) -> None:
        for stream in (self._stream, self._journal):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except OSError:
                    # Bytes that no commit covers may be lost: the journal does not count them.
                    continue

    def _recover(self) -> Position:
        """The last good position; the partial file is cut back to it."""
        assert self._stream is not None
        assert self._journal is not None
        self._journal.seek(0)
        lines = list(_journal_lines(self._journal))
        if lines and self._resume is not False:
            self._check_key(lines[0].get("key", {}))
            size = self._stream.seek(0, os.SEEK_END)
            good = [Position(**line) for line in lines[1:] if line["n_bytes"] <= size]
            if good and not self._begins_again:
                self._stream.truncate(good[-1].n_bytes)
                self._stream.seek(0, os.SEEK_END)
                return good[-1]
        elif self._resume:
            self._remove()
            raise UserError(
                f"There is nothing to resume for {self.path}.", remedy="Leave out --resume."
            )
        self._journal.truncate(0)
        self._stream.truncate(0)
        self._journal.write(json.dumps({"key": self._key}).encode() + b"\n")
        if self._format in ("csv", "tsv"):
            self._stream.write(_delimited([], self._types, self._format, header=True))
        _sync(self._stream)
        _sync(self._journal)
        return Position(0, 0, self._stream.tell())

    def _check_key(self, key: Mapping[str, Any]) -> None:
        changed = sorted(
            name for name in {*key, *self._key} if key.get(name) != self._key.get(name)
        )
        if "engine" in changed:
            changed = ["engine"]
        if changed:
            raise UserError(
                f"{self.partial} was begun with another {', '.join(changed)}.",
                remedy="Use the same input and options to carry on, or --restart to begin again.",
            )

    def _faults(self) -> AbstractContextManager[None]:
        """Names the output in faults of the disk; the partial file stays as it is."""
        return faults_of(
            self.path, when_full="Free some space and run the same command again: it carries on."
        )


class StreamWriter:
    """Writes rows to standard output, as CSV, TSV or JSON lines."""

    def __init__(
        self,
        format: str,  # noqa: A002  (the word of the option)
        types: Mapping[str, type],
        stream: IO[bytes] | None = None,
    ) -> None:
        if format == "parquet":
            raise UserError(
                "Parquet cannot be written to standard output.", remedy="Name a file instead."
            )
        self._format = format
        self._types = types
        self._stream = stream if stream is not None else sys.stdout.buffer
        if format != "jsonl":
            self._stream.write(_delimited([], types, format, header=True))

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows at once."""
        encode = _json_lines if self._format == "jsonl" else _delimited
        self._stream.write(encode(rows, self._types, self._format))
        self._stream.flush()


def _delimited(
    rows: Sequence[Mapping[str, Any]],
    types: Mapping[str, type],
    format: str,  # noqa: A002
    *,
    header: bool = False,
) -> bytes:
    lines = _Lines()
    # A cell with \r needs quotation marks; up to Python 3.12 only characters of the terminator do.
    writer = csv.writer(lines, delimiter="\t" if format == "tsv" else ",", lineterminator="\r\n")
    if header:
        writer.writerow(types)
    writer.writerows([row.get(column) for column in types] for row in rows)
    return "".join(lines).encode("utf-8", "replace")


class _Lines(list[str]):
    """Takes the rows of `csv.writer`, one at a time, and ends each with a line feed alone."""

    def write(self, row: str) -> None:
        self.append(row.removesuffix("\r\n") + "\n")


def _json_lines(
    rows: Sequence[Mapping[str, Any]],
    types: Mapping[str, type],
    format: str,  # noqa: A002, ARG001  (the same shape as `_delimited`)
) -> bytes:
    lines = [
        json.dumps({column: row.get(column) for column in types}, ensure_ascii=False) + "\n"
        for row in rows
    ]
    return "".join(lines).encode("utf-8", "replace")


def _to_parquet(lines: IO[bytes], target: Path, types: Mapping[str, type]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrow = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(column, arrow[kind]) for column, kind in types.items()])
    lines.seek(0)
    with target.open("wb") as out:
        with pq.ParquetWriter(out, schema) as writer:
            rows: list[dict[str, Any]] = []
            for line in lines:
                rows.append(json.loads(line))
                if len(rows) == _PARQUET_ROWS:
                    writer.write_table(pa.Table.from_pylist(rows, schema))
                    rows = []
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, schema))
        _sync(out)


def _journal_lines(journal: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Whole lines of a journal; a kill can leave half a line at its end."""
    for line in journal:
        try:
            yield json.loads(line)
        except ValueError:
            return


def _sync(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


@contextmanager
def faults_of(path: Path, *, when_full: str) -> Iterator[None]:
    """Turns faults of the disk into a `UserError` that names the target, not a partial file.

    Args:
        path: The target.
        when_full: Remedy where the disk is full.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(
                f"{path}: the disk is full or the file may not grow.", remedy=when_full
            ) from None
        raise UserError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="Check the permissions, or choose another path.",
        ) from None


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder last."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _open_locked(journal: Path, path: Path) -> IO[bytes]:
    """Opens the journal under a lock, once that is the journal which the folder shows.

    Between the opening and the lock another run may have ended and removed it: then its lock
    holds off nobody.
    """
    while True:
        stream = journal.open("a+b")
        try:
            _lock(stream, path)
            if os.path.samestat(os.fstat(stream.fileno()), os.stat(journal)):
                return stream
        except FileNotFoundError:
            pass
        except BaseException:
            stream.close()
            raise
        stream.close()


def _lock(stream: IO[bytes], path: Path) -> None:
    """Keeps a second run off the same output; the system lets go when the process ends."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"Another run is writing {path}.", remedy="Wait for it, or choose another path."
        ) from None
