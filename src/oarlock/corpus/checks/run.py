"""Holds a folder against the rules, a table at a time, larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from oarlock.corpus.carries import what_falls_away
from oarlock.corpus.checks.report import N_EXAMPLES, ORDER, Finding, Report
from oarlock.corpus.checks.rules import RULES, Rule, id_column
from oarlock.corpus.engine import DEFAULT_MEMORY, ZONED, connect, literal, name, rows
from oarlock.corpus.schema import REQUIRED, TABLES, Column
from oarlock.errors import UserError

Progress = Callable[[int, int], None]


def check_folder(
    folder: Path, *, memory: str = DEFAULT_MEMORY, progress: Progress | None = None
) -> Report:
    """Return what is wrong with the corpus in a folder.

    Args:
        folder: With one Parquet file per table.
        memory: Limit such as "2GB"; what is larger goes to disk.
        progress: Told after each step how many are done, of how many.

    Raises:
        UserError: There is no such folder, no table in it, or a file is no whole Parquet file.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder.", remedy="Check the path.")
    there = {table: path for table in TABLES if (path := folder / f"{table}.parquet").is_file()}
    if not there:
        raise UserError(
            f"{folder}: no table of a corpus is in it.",
            remedy="Name a folder that `oarlock export` or `oarlock corpus import` wrote.",
        )
    with connect(memory) as connection:
        findings = [_no_table(table) for table in REQUIRED if table not in there]
        n_rows = {}
        for table in TABLES:
            findings += _view(connection, table, there.get(table))
            if table in there:
                n_rows[table] = rows(connection, f"SELECT count(*) n FROM {table}")[0]["n"]
        _texts_view(connection)
        findings += _apply(connection, n_rows, progress)
        findings += _notes(connection, n_rows)
    findings.sort(key=lambda finding: ORDER[finding.level])
    return Report(n_rows, findings)


def _no_table(table: str) -> Finding:
    return Finding(
        "error", "no-table", table, "", 0, 0, (), "the table is missing", "Add it; it may be empty."
    )


def _view(connection: Any, table: str, path: Path | None) -> list[Finding]:
    """Make a view of a table with all its columns, each of its type; return what was amiss."""
    findings, columns = [], []
    try:
        fields = {} if path is None else {f.name: f.type for f in pq.read_schema(path)}
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path}: damaged ({type(error).__name__}).", remedy="Import or export it again."
        ) from None
    for column, wanted in TABLES[table].items():
        kind = _sql_type(wanted.type)
        if column not in fields:
            if path is not None and not wanted.optional:
                findings.append(Finding(
                    "error", "no-column", table, column, 0, 0, (), "the column is missing",
                    "Add it; the reference of the corpus tables says what it holds.",
                ))  # fmt: skip
            columns.append(f"NULL::{kind} AS {name(column)}")
            continue
        columns.append(f"TRY_CAST({name(column)} AS {kind}) AS {name(column)}")
        if fault := _fault_of(fields[column], wanted):
            about, remedy = fault
            if pa.types.is_string(fields[column]) and wanted.type == _TIME:
                about += _zones(connection, path, column)
            findings.append(
                Finding("error", "type", table, column, 0, 0, (), about, remedy)
            )  # fmt: skip
    source = f"FROM read_parquet({literal(path)})" if path is not None else "WHERE false"
    connection.execute(f"CREATE VIEW {table} AS SELECT {', '.join(columns)} {source}")
    return findings


_TIME = pa.timestamp("us", tz="UTC")


def _zones(connection: Any, path: Path | None, column: str) -> str:
    """Return what kinds of times are in a column of texts."""
    (found,) = rows(
        connection,
        f"SELECT count(*) FILTER (WHERE regexp_matches({name(column)}, {literal(ZONED)})) n_zoned, "
        f"count({name(column)}) n FROM read_parquet({literal(path or '')})",
    )
    if 0 < found["n_zoned"] < found["n"]:
        return f"; of {found['n']:,} times, {found['n_zoned']:,} name a zone and the others none"
    return "; none names a zone" if not found["n_zoned"] else ""


def _fault_of(found: pa.DataType, wanted: Column) -> tuple[str, str] | None:
    """Return what is wrong with the type of a column, and the remedy; None if nothing is."""
    t = pa.types
    if wanted.type == _TIME:
        if t.is_timestamp(found) and found.tz is None:
            return (
                "times without a time zone",
                "Say which zone they are in with time_zone in a mapping, and import again.",
            )
        if t.is_timestamp(found):
            return None
    families: Iterable[Callable[[pa.DataType], bool]] = (
        lambda x: t.is_string(x) or t.is_large_string(x) or str(x) == "string_view",
        t.is_integer,
        t.is_floating,
        t.is_boolean,
        t.is_list,
    )
    plain = found.value_type if t.is_dictionary(found) else found
    if any(family(plain) and family(wanted.type) for family in families):
        return None
    return f"{found} instead of {wanted.type}", "Write the column with that type."


def _sql_type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return "VARCHAR[]"
    return {
        "string": "VARCHAR", "bool": "BOOLEAN", "int8": "TINYINT", "int16": "SMALLINT",
        "int32": "INTEGER", "float": "FLOAT", "double": "DOUBLE",
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    }[str(type_)]  # fmt: skip


def _texts_view(connection: Any) -> None:
    parts = (
        f"SELECT {key} AS text_id, user_id, written_at, length(text) AS n_characters FROM {table}"
        for table, key in (("posts", "post_id"), ("replies", "reply_id"))
    )
    connection.execute(f"CREATE VIEW texts AS {' UNION ALL '.join(parts)}")


def _apply(connection: Any, n_rows: dict[str, int], progress: Progress | None) -> list[Finding]:
    present = [rule for rule in RULES if n_rows.get(rule.table)]
    alone = [rule for rule in present if not rule.source]
    steps: list[Sequence[Rule]] = [
        list(of) for _, of in groupby(sorted(alone, key=lambda r: r.table), lambda r: r.table)
    ]
    steps += [[rule] for rule in present if rule.source]
    findings = []
    for done, rules in enumerate(steps, start=1):
        for rule, (n, examples) in zip(rules, _count(connection, rules), strict=True):
            if n:
                findings.append(Finding(
                    rule.level, rule.check, rule.table, rule.column, n, n_rows[rule.table],
                    tuple(examples), rule.about, rule.remedy,
                ))  # fmt: skip
        if progress is not None:
            progress(done, len(steps))
    return findings


def _count(connection: Any, rules: Sequence[Rule]) -> list[tuple[int, list[str]]]:
    """Count the rows of rules over one source, in one pass."""
    source = rules[0].source or rules[0].table
    columns = []
    for i, rule in enumerate(rules):
        wrong = f"FILTER (WHERE {rule.condition})"
        shown = rule.id or id_column(rule.table)
        columns += [
            f"count(*) {wrong} AS n{i}",
            f"min({shown}::VARCHAR, {N_EXAMPLES}) {wrong} AS examples{i}",
        ]
    (found,) = rows(connection, f"SELECT {', '.join(columns)} FROM {source}")
    return [(found[f"n{i}"], found[f"examples{i}"] or []) for i in range(len(rules))]


def _notes(connection: Any, n_rows: dict[str, int]) -> list[Finding]:
    """Say what the corpus cannot carry, by what is nowhere filled in."""
    filled: dict[str, set[str]] = {}
    for table, n in n_rows.items():
        if not n:
            continue
        asked = list(TABLES[table])
        counts = ", ".join(f"count({name(c)}) AS {name(c)}" for c in asked)
        (found,) = rows(connection, f"SELECT {counts} FROM {table}")
        filled[table] = {column for column in asked if found[column]}
    return [
        Finding("note", "not-there", table, column, 0, 0, (), about, "")
        for table, column, about in what_falls_away(filled)
    ]
