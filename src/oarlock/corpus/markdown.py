"""The reference pages of the corpus tables and of the mapping file, made from the code."""

from __future__ import annotations

from oarlock.corpus.checks.rules import RULES
from oarlock.corpus.mapping.model import HANDLE, NUMBERS
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


def mapping_page() -> str:
    """Return the page of the mapping file."""
    parts = [_MAPPING.format(numbers=", ".join(f"`{unit}`" for unit in NUMBERS))]
    for table, columns in TABLES.items():
        fits = {name: c for name, c in columns.items() if not str(c.type).startswith("list")}
        needed = ", ".join(f"`{name}`" for name, c in fits.items() if c.required)
        others = [f"`{name}`" for name, c in fits.items() if not c.required]
        if table == "users":
            others.append(f"`{HANDLE}`")
        parts.append(f"| `[{table}]` | {needed} | {', '.join(others)} |")
    return "\n".join(parts) + "\n"


_MAPPING = """# The mapping file

A TOML file that says which tables and columns of a source are which of
[the corpus tables](corpus-tables.md). `oarlock corpus map SOURCE --out map.toml` drafts it,
`oarlock corpus import map.toml --out FOLDER` uses it:
[how to bring your own platform](../how-to/import-a-corpus.md).

## At the top

| key | what it is |
|---|---|
| `source` | A folder of CSV, TSV or Parquet files (a table is the name of a file without its \
ending), one such file, a file of SQLite or DuckDB, or the address of a database that Ibis \
reads (`postgresql://`, `mssql://`, `mysql://` and others; its driver must be installed). A \
path is told from the folder of the mapping. `$NAME` is taken from the environment, so that no \
secret is written down. |
| `time_zone` | Of times that name none, such as `"Europe/Berlin"`. Without it such times are \
refused: a zone is never guessed. |
| `numbers` | Unit of times that are numbers since 1970: {numbers}. |
| `mixed_zones` | `true` where one column mixes times with and without a zone, and those \
without are in `time_zone`. |

## For each table

`[posts]`, `[replies]` and, where there are any, the others. `table` names the table of the \
source, or a list of several with the same columns. Write `[[reactions]]` twice for two sources \
with different columns. Every other key is a column of the corpus:

| written | means |
|---|---|
| `text = "body"` | The column `body`. |
| `is_staff = {{ column = "role", is = ["admin", "guide"] }}` | True where the cell is one of \
these. |
| `anonymous = {{ column = "member_id", missing = true }}` | True where the cell is empty; with \
`false`, where it is not. |
| `kind = {{ column = "type", values = {{ heart = "like", hug = "heard" }} }}` | Theirs = ours; \
what is not named is missing. |
| `kind = {{ always = "like" }}` | The same in every row: a row of this table is a like. |
| `text_id = {{ column = "comment_id", of = "replies" }}` | The id of a reply (or `"posts"`). |
| `where = {{ column = "type", is = ["answer"] }}` | Only these rows of the table. |

Ids of posts get a `p` before them and ids of replies an `r`, so that post 1 and reply 1 \
differ. Ids of people become pseudonyms of this import, unless `--keep-ids` is given. `handle` \
of users is read to be masked in texts, and not kept.

## What each table takes

| table | needed | and, where the source has it |
|---|---|---|"""
