"""Leaves out of a corpus what breaks its keys, and says how much that was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oarlock.corpus.engine import literal, name, rows
from oarlock.corpus.schema import TABLES, key_of


def repair(connection: Any, folder: Path) -> dict[str, int]:
    """Keep the first row of each key, and no row that points to nothing; return what was done.

    An author or rater who is not there becomes missing, and a parent too: the text stays. What only
    makes sense with the row that it names is left out: replies of no post, reactions, labels.

    Args:
        connection: A DuckDB connection.
        folder: With the tables, which are replaced.

    Returns:
        Rows left out by table, and cells emptied by "table.column"; only those above 0.
    """
    done: dict[str, int] = {}
    there = [table for table in TABLES if (folder / f"{table}.parquet").is_file()]
    for table in there:
        source = f"read_parquet({literal(folder / f'{table}.parquet')}, file_row_number = true)"
        key = key_of(table)
        if key is not None:
            source = (
                f"(SELECT * FROM {source} QUALIFY row_number() OVER "
                f"(PARTITION BY {name(key)} ORDER BY file_row_number) = 1)"
            )
        cells, conditions = [], ["true"]
        for column, wanted in TABLES[table].items():
            lost = _lost(folder, there, table, column)
            if lost is None:
                cells.append(name(column))
            elif wanted.required or (table, column) == ("replies", "post_id"):
                conditions.append(f"NOT ({lost})")
                cells.append(name(column))
            else:
                cells.append(
                    f"CASE WHEN {lost} THEN NULL ELSE {name(column)} END AS {name(column)}"
                )
        whole = folder / f"{table}.whole"
        connection.execute(
            f"COPY (SELECT {', '.join(cells)} FROM {source} t WHERE {' AND '.join(conditions)} "
            f"ORDER BY file_row_number) TO {literal(whole)} (FORMAT parquet, COMPRESSION zstd)"
        )
        done |= _differences(connection, table, folder / f"{table}.parquet", whole)
        whole.replace(folder / f"{table}.parquet")
    return done


def _lost(folder: Path, there: list[str], table: str, column: str) -> str | None:
    """Return SQL that is true where a cell names a row that is not there."""
    wanted = TABLES[table][column]
    if not wanted.points_to:
        return None
    targets = ("posts", "replies") if wanted.points_to == "texts" else (wanted.points_to,)
    # A table that is not there has no row. One that comes later is still whole.
    ids = " UNION ALL ".join(
        f"SELECT {key_of(target)} AS id FROM read_parquet({literal(folder / f'{target}.parquet')})"
        for target in targets
        if target in there
    )
    test = f"t.{name(column)} IS NOT NULL"
    if ids:
        test += f" AND t.{name(column)} NOT IN (SELECT id FROM ({ids}) WHERE id IS NOT NULL)"
    if wanted.unless:
        test += f" AND NOT coalesce(t.{name(wanted.unless)}, false)"
    return test


def _differences(connection: Any, table: str, before: Path, after: Path) -> dict[str, int]:
    counts = ", ".join(
        ["count(*) AS n", *(f"count({name(c)}) AS {name(c)}" for c in TABLES[table])]
    )
    old, new = (
        rows(connection, f"SELECT {counts} FROM read_parquet({literal(path)})")[0]
        for path in (before, after)
    )
    out = {table: old["n"] - new["n"]} if old["n"] > new["n"] else {}
    for column, wanted in TABLES[table].items():
        emptied = (old["n"] - new["n"]) - (old[column] - new[column])
        if wanted.points_to and not wanted.required and emptied < 0:
            out[f"{table}.{column}"] = -emptied
    return out
