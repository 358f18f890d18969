"""An export of a live community, taken as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from oarlock.corpus.importers.rows import Importer, Row
from oarlock.corpus.reading import read_records
from oarlock.corpus.schema import REQUIRED, TABLES
from oarlock.errors import UserError


def _read(path: Path) -> Iterator[Row]:
    there = {table: path / f"{table}.parquet" for table in TABLES}
    for table in REQUIRED:
        if not there[table].is_file():
            raise UserError(
                f"{there[table]}: not found.", remedy="Name a folder that `oarlock export` wrote."
            )
    for table, file in there.items():
        if file.is_file():
            with read_records(file) as records:
                for record in records:
                    yield table, {c: v for c, v in record.values.items() if c in TABLES[table]}


IMPORTER = Importer(
    "oarlock",
    "An export of an Oarlock community, or another corpus folder, as it is",
    "the folder",
    _read,
    as_is=True,
)
