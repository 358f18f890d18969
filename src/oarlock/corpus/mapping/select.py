"""From a part of a mapping to one SELECT: types, time zones, values, ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from oarlock.corpus.deidentify import N_DIGITS, PEOPLE
from oarlock.corpus.engine import ZONED, literal, name
from oarlock.corpus.mapping.model import NUMBERS, Mapped, Part, Spec
from oarlock.corpus.schema import TABLES
from oarlock.errors import UserError

_SQL_TYPES: Final = {
    "string": "VARCHAR", "bool": "BOOLEAN", "int8": "TINYINT", "int16": "SMALLINT",
    "int32": "INTEGER", "float": "FLOAT", "double": "DOUBLE",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}  # fmt: skip
_LETTER: Final = {"posts": "p", "replies": "r"}
"""What stands before the ids of texts, so that post 1 and reply 1 differ."""


@dataclass
class Selection:
    """The SQL of one part, with flags that are watched while it streams.

    Attributes:
        columns: Expression by column of the corpus.
        flags: Condition by (column, what): "bad" cell, "zoned" or "naive" time.
    """

    columns: dict[str, str] = field(default_factory=dict)
    flags: dict[tuple[str, str], str] = field(default_factory=dict)

    def sql(self, relation: str, where: str) -> str:
        """Return the SELECT over a relation."""
        given = [f"{expression} AS {name(column)}" for column, expression in self.columns.items()]
        watched = [
            f"({condition}) AS {name(f'{what} {column}')}"
            for (column, what), condition in self.flags.items()
        ]
        return f"SELECT {', '.join(given + watched)} FROM ({relation}) WHERE {where}"


def selection(part: Part, types: Mapping[str, str], mapped: Mapped, key: str | None) -> Selection:
    """Return what to select for a part.

    Args:
        part: A part of the mapping.
        types: Types of the columns of its source, as DuckDB names them.
        mapped: The whole mapping, for time zone and unit.
        key: Key of the pseudonyms; None keeps ids of people.

    Raises:
        UserError: Times that are numbers or name no zone, where the mapping does not say what they
            are.
    """
    chosen = Selection()
    for column, spec in part.columns.items():
        wanted = TABLES[part.table].get(column)
        if wanted is None:  # a handle, which is not kept
            continue
        if wanted.type == pa.timestamp("us", tz="UTC") and spec.column:
            _time(chosen, column, spec, types[spec.column], mapped, part.table)
            continue
        raw = _raw(spec)
        target = _SQL_TYPES.get(str(wanted.type))
        if target is None:
            raise UserError(
                f"[{part.table}] {column}: a mapping cannot fill in lists.", remedy="Leave it out."
            )
        if target == "VARCHAR":
            cell = f"CAST({raw} AS VARCHAR)"
            if column not in ("text", "title"):
                cell = f"nullif(trim({cell}), '')"
        else:
            cell = f"TRY_CAST({raw} AS {target})"
            missing = f"nullif(trim(CAST({raw} AS VARCHAR)), '')"
            chosen.flags[column, "bad"] = f"{missing} IS NOT NULL AND {cell} IS NULL"
        chosen.columns[column] = _identified(cell, part.table, column, spec, key)
    return chosen


def condition(spec: Spec | None) -> str:
    """Return the SQL of `where`; true for every row without one."""
    if spec is None:
        return "true"
    if spec.one_of is None and spec.missing is None:
        raise UserError(
            "where: expected `is` or `missing`.",
            remedy='Write { column = "kind", is = ["answer"] }.',
        )
    return _raw(spec)


def _raw(spec: Spec) -> str:
    if spec.always is not None:
        always = spec.always
        return str(always).lower() if isinstance(always, bool) else literal(str(always))
    column = name(spec.column)
    text = f"CAST({column} AS VARCHAR)"
    if spec.missing is not None:
        test = f"nullif(trim({text}), '') IS NULL"
        return f"({test})" if spec.missing else f"(NOT {test})"
    if spec.one_of is not None:
        given = ", ".join(literal(str(one)) for one in spec.one_of)
        return f"coalesce({text} IN ({given}), false)"
    if spec.values is not None:
        cases = " ".join(
            f"WHEN {literal(theirs)} THEN {literal(str(ours))}"
            for theirs, ours in spec.values.items()
        )
        return f"(CASE {text} {cases} END)" if cases else "NULL"
    return column


def _identified(cell: str, table: str, column: str, spec: Spec, key: str | None) -> str:
    """Return the id of a text with its letter, and that of a person as a pseudonym."""
    wanted = TABLES[table][column]
    kind = table if wanted.unique else (spec.of or wanted.points_to)
    if kind in _LETTER:
        return f"'{_LETTER[kind]}' || {cell}"
    if column in PEOPLE and key is not None:
        return f"substr(sha256({literal(key)} || {cell}), 1, {N_DIGITS})"
    return cell


def _time(
    chosen: Selection, column: str, spec: Spec, kind: str, mapped: Mapped, table: str
) -> None:
    raw, zone = name(spec.column), literal(mapped.time_zone or "UTC")
    place = f"[{table}] {column} = {spec.column!r}"
    if kind.startswith("TIMESTAMP WITH TIME ZONE") or kind == "TIMESTAMPTZ":
        chosen.columns[column] = raw
    elif kind.startswith(("TIMESTAMP", "DATE")):
        if mapped.time_zone is None:
            raise no_zone(place)
        chosen.columns[column] = f"timezone({zone}, CAST({raw} AS TIMESTAMP))"
    elif kind != "VARCHAR" or mapped.numbers is not None:
        if mapped.numbers is None:
            raise UserError(
                f"{place}: times are numbers, and their unit is not told.",
                remedy='Add numbers = "seconds" (or "milliseconds") at the top of the mapping.',
            )
        number = f"TRY_CAST({raw} AS DOUBLE)"
        chosen.columns[column] = f"to_timestamp({number} / {NUMBERS[mapped.numbers]})"
        chosen.flags[column, "bad"] = f"{raw} IS NOT NULL AND {number} IS NULL"
    else:
        text = f"nullif(trim({raw}), '')"
        zoned = f"regexp_matches({text}, {literal(ZONED)})"
        cell = (
            f"CASE WHEN {zoned} THEN TRY_CAST({text} AS TIMESTAMPTZ) "
            f"ELSE timezone({zone}, TRY_CAST({text} AS TIMESTAMP)) END"
        )
        chosen.columns[column] = cell
        chosen.flags[column, "zoned"] = f"coalesce({zoned}, false)"
        chosen.flags[column, "naive"] = f"coalesce(NOT {zoned}, false)"
        chosen.flags[column, "bad"] = f"{text} IS NOT NULL AND ({cell}) IS NULL"


def no_zone(place: str) -> UserError:
    """Return the error that times name no zone."""
    return UserError(
        f"{place}: times without a time zone.",
        remedy='Find out which clock wrote them, and add time_zone = "Europe/Berlin" (or "UTC") '
        "at the top of the mapping.",
    )


class Watch:
    """Looks at the flags of a selection, and refuses as soon as they say so.

    Args:
        part: A part of the mapping.
        mapped: The whole mapping.
        source: Which table of the source it is, in words.
    """

    def __init__(self, part: Part, mapped: Mapped, source: str) -> None:
        self._part = part
        self._mapped = mapped
        self._source = source
        self._first: dict[tuple[str, str], int] = {}
        self._n_rows = 0

    def take(self, batch: pa.RecordBatch, flags: Mapping[tuple[str, str], Any]) -> None:
        """Look at the flags of a batch.

        Raises:
            UserError: A cell that cannot be read, or times whose zone is not told or mixed.
        """
        import pyarrow.compute as pc

        for column, what in flags:
            at = pc.index(batch.column(f"{what} {column}"), pa.scalar(True)).as_py()
            if at >= 0 and (column, what) not in self._first:
                self._first[column, what] = self._n_rows + at + 1
        self._n_rows += batch.num_rows
        for column, what in flags:
            if what == "bad" and (column, what) in self._first:
                kind = str(TABLES[self._part.table][column].type)
                mapped = (
                    f", or say in the mapping what it means: {column} = {{ column = ..., values = "
                    "{ theirs = ours } }; what is not named there is missing"
                )
                raise UserError(
                    f"{self._place(column, what)}: expected {_EXPECTED[kind]}, found something "
                    "else.",
                    remedy=f"Mend it at the source{'' if 'time' in kind else mapped}.",
                )
        for column in {column for column, what in flags if what == "naive"}:
            naive, zoned = (self._first.get((column, what)) for what in ("naive", "zoned"))
            if naive and zoned and not self._mapped.mixed_zones:
                raise UserError(
                    f"{self._place(column, 'naive')}: the time names no zone, but that of row "
                    f"{zoned:,} does.",
                    remedy="Write all with their zone at the source; or, if those without are all "
                    "in time_zone, add mixed_zones = true at the top of the mapping.",
                )
            if naive and self._mapped.time_zone is None:
                raise no_zone(self._place(column, "naive"))

    def _place(self, column: str, what: str) -> str:
        row = self._first[column, what]
        where = "" if self._part.where is None else " of those that `where` keeps"
        theirs = self._part.columns[column].column
        return (
            f"{self._source}, row {row:,}{where}, column {theirs!r} ([{self._part.table}] {column})"
        )


_EXPECTED: Final = {
    "bool": "true or false", "int8": "a whole number up to 127",
    "int16": "a whole number up to 32,767", "int32": "a whole number", "float": "a number",
    "double": "a number",
    "timestamp[us, tz=UTC]": "a time such as 2026-05-04 18:30 or 2026-05-04T18:30:00+02:00",
}  # fmt: skip
