"""The record of a community as Arrow tables: held against the schema, written, read.

Files are Parquet, one per table, beside `codebook.json`. For corpora larger than memory see
`oarlock.corpus.checks`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from oarlock.corpus.schema import LIVE, REQUIRED, TABLES, Column, codebook, key_of, schema
from oarlock.errors import UserError

__all__ = ["CODEBOOK", "TABLES", "Column", "check", "codebook", "read", "schema", "write"]

CODEBOOK: Final = "codebook.json"


def check(tables: Mapping[str, pa.Table], *, live: bool = False) -> None:
    """Hold tables against the schema.

    Args:
        tables: By name. Those that `REQUIRED` does not name may be absent.
        live: Hold them to what an export of a live community always fills in.

    Raises:
        UserError: A table, column, key or value is not as it should be; names it without its value.
    """
    if missing := sorted(set(LIVE if live else REQUIRED) - set(tables)):
        raise UserError(f"Tables missing: {', '.join(missing)}.", remedy="Export them all.")
    ids = {
        name: set(table[key].to_pylist())
        for name, table in tables.items()
        if (key := key_of(name)) is not None and key in table.column_names
    }
    ids["texts"] = ids.get("posts", set()) | ids.get("replies", set())
    for name, table in tables.items():
        for column, wanted in TABLES[name].items():
            if column in table.column_names or not wanted.optional:
                _check_column(name, column, wanted, table, ids, live=live)
    for name in ("codes", "labels"):
        if name in tables and tables[name].num_rows:
            spans = tables[name]
            if pc.any(pc.less_equal(spans["end"], spans["start"])).as_py():
                raise UserError(
                    f"{name}: a sentence ends before it starts.", remedy="Code the texts anew."
                )


def _check_column(
    name: str,
    column: str,
    wanted: Column,
    table: pa.Table,
    ids: Mapping[str, set[str]],
    *,
    live: bool,
) -> None:
    where = f"{name}.{column}"
    if column not in table.column_names:
        raise UserError(f"{where}: the column is missing.", remedy="See the codebook.")
    values = table[column]
    if values.type != wanted.type:
        raise UserError(f"{where}: {values.type} instead of {wanted.type}.", remedy="Convert it.")
    if (wanted.required or (live and wanted.live)) and values.null_count:
        raise UserError(f"{where}: missing in {values.null_count} rows.", remedy="Fill it in.")
    if wanted.unique and pc.count_distinct(values).as_py() != len(values):
        raise UserError(f"{where}: a key that is there twice.", remedy="Give each row its own.")
    present = set(values.drop_null().to_pylist()) if wanted.points_to or wanted.values else set()
    if wanted.values and (odd := present - set(wanted.values)):
        raise UserError(
            f"{where}: {len(odd)} values that are not in the codebook.",
            remedy=f"Use one of: {', '.join(wanted.values)}.",
        )
    if wanted.unless and wanted.unless in table.column_names:
        bound = pc.invert(pc.fill_null(table[wanted.unless], False))
        present = set(values.filter(bound).drop_null().to_pylist())
    if wanted.points_to and (lost := present - ids[wanted.points_to]):
        raise UserError(
            f"{where}: {len(lost)} keys that no row of {wanted.points_to} has.",
            remedy="Leave out what points to nothing.",
        )


def write(folder: Path, tables: Mapping[str, pa.Table], facts: Mapping[str, Any]) -> None:
    """Write the tables of a live community and the codebook into a new folder, all or nothing.

    Raises:
        UserError: The folder exists, or a check fails.
        OSError: It cannot be written; nothing is left behind.
    """
    if folder.exists():
        raise UserError(f"{folder}: exists already.", remedy="Choose a new folder.")
    check(tables, live=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        for name, table in tables.items():
            pq.write_table(table, partial / f"{name}.parquet", write_page_checksum=True)
        description = json.dumps(codebook(facts), indent=1, ensure_ascii=False)
        (partial / CODEBOOK).write_text(description, "utf-8")
        os.replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def read(folder: Path) -> dict[str, pa.Table]:
    """Return all tables of a folder, checked; those that it does not have are empty.

    Raises:
        UserError: A file is missing or damaged, or a check fails; names the file.
    """
    tables = {}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if name not in REQUIRED and not path.exists():
            tables[name] = schema(name).empty_table()
            continue
        try:
            table = pq.read_table(path, page_checksum_verification=True)
        except FileNotFoundError:
            raise UserError(
                f"{path}: not found.",
                remedy="Name a folder that `oarlock export` or `oarlock corpus import` wrote.",
            ) from None
        except (pa.ArrowException, OSError) as error:
            raise UserError(
                f"{path}: damaged ({type(error).__name__}).", remedy="Export it again."
            ) from None
        for column, wanted in TABLES[name].items():
            if wanted.optional and column not in table.column_names:
                table = table.append_column(column, pa.nulls(table.num_rows, wanted.type))
        tables[name] = table
    check(tables)
    return tables
