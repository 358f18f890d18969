"""A corpus folder that appears whole or not at all: tables are written beside it first."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from oarlock.corpus.schema import REQUIRED, TABLES, codebook, schema
from oarlock.corpus.tables import CODEBOOK
from oarlock.corpus.writing import faults_of, sync_folder
from oarlock.errors import UserError

_ROWS_AT_A_TIME: Final = 5_000
_FULL: Final = "Free some space, or choose a path on another disk."


def check_target(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that cannot be right, before any work is done.

    Raises:
        UserError: It is there already, unless `overwrite`; or there and no corpus; or in no folder.
    """
    if not folder.absolute().parent.is_dir():
        raise UserError(
            f"The folder {folder.parent} does not exist.", remedy="Make the folder first."
        )
    if not folder.exists():
        return
    if not overwrite:
        raise UserError(
            f"{folder} is there already.", remedy="Name another folder, or give --overwrite."
        )
    if not (folder / CODEBOOK).is_file():
        raise UserError(
            f"{folder} holds no corpus, so it is not written over.", remedy="Name another folder."
        )


class Staging:
    """The folder OUT.partial in which a corpus comes to be; use as a context manager.

    Args:
        folder: Where the corpus goes.
        keep: Leave the partial folder where it is when something fails, for a later run.
    """

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        self.folder = folder
        self.partial = folder.with_name(folder.name + ".partial")
        self._keep = keep
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, list[Mapping[str, Any]]] = {}

    def __enter__(self) -> Self:
        with faults_of(self.partial, when_full=_FULL):
            if not self._keep:
                shutil.rmtree(self.partial, ignore_errors=True)
            # Only for the one who imports: until the end it may hold what is not masked.
            self.partial.mkdir(mode=0o700, exist_ok=self._keep)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()
        if not self._keep and self.partial.exists():
            shutil.rmtree(self.partial, ignore_errors=True)

    def path(self, table: str) -> Path:
        """Return where a table lies until the end."""
        return self.partial / f"{table}.parquet"

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Add a row to a table."""
        waiting = self._rows.setdefault(table, [])
        waiting.append(row)
        if len(waiting) >= _ROWS_AT_A_TIME:
            self._flush(table)

    def write_batch(self, table: str, batch: pa.RecordBatch | pa.Table) -> None:
        """Add rows of the right schema to a table."""
        with faults_of(self.folder, when_full=_FULL):
            if table not in self._writers:
                self._writers[table] = pq.ParquetWriter(
                    self.path(table), schema(table), compression="zstd", write_page_checksum=True
                )
            if isinstance(batch, pa.RecordBatch):
                batch = pa.Table.from_batches([batch])
            self._writers[table].write_table(batch)

    def close(self, table: str) -> None:
        """End a table; one without rows is written empty."""
        self._flush(table)
        if table in self._writers:
            self._writers.pop(table).close()

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write what is left, and the codebook; `publish` then puts the folder in its place."""
        for table in TABLES:
            begun = table in self._writers or bool(self._rows.get(table))
            if begun or (table in REQUIRED and not self.path(table).exists()):
                self.close(table)
        made = {"made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
        with faults_of(self.folder, when_full=_FULL):
            description = json.dumps(codebook({**made, **facts}), indent=1, ensure_ascii=False)
            (self.partial / CODEBOOK).write_text(description, "utf-8")

    def publish(self) -> None:
        """Put the finished folder in its place."""
        umask = os.umask(0)
        os.umask(umask)
        with faults_of(self.folder, when_full=_FULL):
            self.partial.chmod(0o777 & ~umask)
            old = self.folder.with_name(self.folder.name + ".old")
            if self.folder.exists():
                shutil.rmtree(old, ignore_errors=True)
                os.replace(self.folder, old)
            os.replace(self.partial, self.folder)
            shutil.rmtree(old, ignore_errors=True)
            sync_folder(self.folder.absolute().parent)

    def _flush(self, table: str) -> None:
        waiting = self._rows.pop(table, [])
        try:
            rows = pa.Table.from_pylist(waiting, schema=schema(table))
        except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
            raise UserError(
                f"{table}: a value that does not fit its column ({type(error).__name__}).",
                remedy="The reference of the corpus tables says what each column holds.",
            ) from None
        self.write_batch(table, rows)
