"""The reference page of the corpus tables, made from the schema and the rules of the check."""

from __future__ import annotations

from oarlock.corpus.checks.rules import RULES
from oarlock.corpus.schema import LIVE, REQUIRED, TABLES, Column

_INTRODUCTION = """# The corpus tables

A corpus is a folder with one Parquet file for each table and `codebook.json`, which says where it
comes from and what was masked. [`oarlock export`](../how-to/run-a-community.md) writes one from a
live community, and [`oarlock corpus import`](../how-to/import-a-corpus.md) from other sources; a
study runs on either. This page is made from the schema in the code.

A cell that is missing says that the source does not have it: nothing is made up, no time, no
author, no like. Columns that *may be absent* need not be in the file at all.
"""


def tables_page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for table, columns in TABLES.items():
        parts.append(f"## {table}\n")
        parts.append(_of_table(table))
        parts.append("| column | type | needed | meaning |\n|---|---|---|---|")
        parts += [f"| `{name}` | {_type(column)} | {_needed(column)} | {_about(column)} |"
                  for name, column in columns.items()]  # fmt: skip
        parts.append("")
    return "\n".join([*parts, _checks()])


def _of_table(table: str) -> str:
    if table in REQUIRED:
        return "Every corpus has it; it may be empty.\n"
    if table in LIVE:
        return "In every export of a live community; else it may be absent.\n"
    return "Comes with imported corpora; it may be absent.\n"


def _type(column: Column) -> str:
    return str(column.type).replace("timestamp[us, tz=UTC]", "time, UTC")


def _needed(column: Column) -> str:
    if column.required:
        return "yes"
    if column.optional:
        return "may be absent"
    return "in a live export" if column.live else "no"


def _about(column: Column) -> str:
    about = column.about
    if column.values:
        about += f" One of: {', '.join(f'`{value}`' for value in column.values)}."
    if column.points_to:
        target = "posts or replies" if column.points_to == "texts" else column.points_to
        about += f" Names a row of {target}."
    return about


def _checks() -> str:
    lines = [
        "## What `oarlock corpus check` looks for\n",
        "Errors break keys or types, and no study runs on them. Warnings are counted and left out "
        "by a study. Beside these, it tells missing tables, missing columns and wrong types, times "
        "without a zone among them.\n",
        "| | check | where | what it is | what to do |",
        "|---|---|---|---|---|",
    ]
    merged: dict[tuple[str, str, str, str], list[str]] = {}
    for rule in RULES:
        where = f"{rule.table}.{rule.column}" if rule.column else rule.table
        remedy = "Use one that the codebook has." if rule.check == "value" else rule.remedy
        merged.setdefault((rule.level, rule.check, rule.about, remedy), []).append(where)
    for (level, check, about, remedy), places in sorted(merged.items()):
        few = ", ".join(dict.fromkeys(places)) if len(places) < 6 else "every such column"
        lines.append(f"| {level} | `{check}` | {few} | {about} | {remedy} |")
    return "\n".join(lines) + "\n"
