"""Labels or scores that several people gave to the same units, as a table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook.labels import TASK_LABELS, resolve_label
from oarlock.coder.quality.gold import suggestion
from oarlock.corpus.reading import find_column, is_missing, looks_like_name, no_column
from oarlock.errors import UserError

Rows = Iterable[tuple[int, Mapping[str, object]]]

RATER_PREFIXES = ("rater", "coder", "annotator")


@dataclass(frozen=True, slots=True)
class RatingColumns:
    """Names of the columns; `raters` holds one column per rater (wide), else the file is long."""

    unit: str = "unit"
    rater: str = "rater"
    value: str = "label"
    thread: str | None = None
    session: str | None = None
    raters: tuple[str, ...] = ()


@dataclass(slots=True)
class Ratings:
    """What raters said of units.

    Attributes:
        units, raters: Names, in the order of the file.
        cells: Raw value and row number by (unit, rater).
        threads, sessions: Name of the thread and session of each unit; empty where not known.
        left_out: How many cells or rows were left out, by reason.
    """

    source: str
    columns: RatingColumns
    units: list[str] = field(default_factory=list)
    raters: list[str] = field(default_factory=list)
    cells: dict[tuple[int, int], tuple[str, int]] = field(default_factory=dict)
    threads: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def column_of(self, rater: int) -> str:
        """Return the column that the values of a rater stand in."""
        return self.raters[rater] if self.columns.raters else self.columns.value


def find_columns(columns: Sequence[str], wanted: RatingColumns, source: str) -> RatingColumns:
    """Return the columns to read, as the file spells them.

    Long where unit, rater and label are there, else wide.

    Raises:
        UserError: The file is neither, or a column that was named is not there.
    """

    def named(name: str) -> str:
        found = find_column(columns, name, source=source)
        if found is None:
            raise no_column(source, name, columns, "Check the name of the column.")
        return found

    def spelled(name: str) -> str:
        return find_column(columns, name, source=source) or name

    wanted = RatingColumns(
        unit=spelled(wanted.unit),
        rater=spelled(wanted.rater),
        value=spelled(wanted.value),
        thread=wanted.thread and named(wanted.thread),
        session=wanted.session and named(wanted.session),
        raters=tuple(map(named, wanted.raters)),
    )
    if wanted.raters:
        if len(wanted.raters) < 2:
            raise UserError(
                f"{source}: only one rater is named.",
                remedy="Name at least two columns: --raters a,b.",
            )
        return wanted
    long = {wanted.unit, wanted.rater, wanted.value}
    if long <= set(columns):
        return wanted
    wide = tuple(
        c
        for c in columns
        if c.casefold().startswith(RATER_PREFIXES) and c != wanted.rater and looks_like_name(c)
    )
    if len(wide) >= 2:
        return RatingColumns(
            wanted.unit, wanted.rater, wanted.value, wanted.thread, wanted.session, wide
        )
    missing = next(
        name for name in (wanted.unit, wanted.rater, wanted.value) if name not in columns
    )
    raise no_column(
        source,
        missing,
        columns,
        "Name the columns with --unit-column, --rater-column and --label-column, or one column per "
        "rater with --raters a,b.",
        besides=", and fewer than two columns that begin with rater, coder or annotator",
    )


def read_ratings(rows: Rows, columns: RatingColumns, source: str) -> Ratings:
    """Return the ratings of a long or wide file.

    Raises:
        UserError: An empty unit or rater, two values of one rater for one unit, a unit in two
            threads, fewer than two raters, or no unit that two raters share.
    """
    ratings = Ratings(source=source, columns=columns)
    unit_of: dict[str, int] = {}
    rater_of: dict[str, int] = {name: i for i, name in enumerate(columns.raters)}
    ratings.raters = list(columns.raters)
    for number, row in rows:
        if columns.raters:
            if columns.unit in row and is_missing(row[columns.unit]):
                raise UserError(
                    f"{source}, row {number}, column {columns.unit!r}: empty.",
                    remedy="Give every row a unit, or leave the column away: then rows are units.",
                )
            name = str(row.get(columns.unit, number)).strip()
            if name in unit_of:
                raise UserError(
                    f"{source}, row {number}, column {columns.unit!r}: the unit occurs twice.",
                    remedy="Give every unit one row.",
                )
            unit = _unit(ratings, unit_of, name, row, number)
            for column in columns.raters:
                _put(ratings, unit, rater_of[column], row.get(column), number)
            continue
        for column in (columns.unit, columns.rater):
            if is_missing(row.get(column)):
                raise UserError(
                    f"{source}, row {number}, column {column!r}: empty.",
                    remedy="Every row needs a unit and a rater.",
                )
        unit = _unit(ratings, unit_of, str(row[columns.unit]).strip(), row, number)
        rater_name = str(row[columns.rater]).strip()
        if rater_name not in rater_of:
            rater_of[rater_name] = len(rater_of)
            ratings.raters.append(rater_name)
        _put(ratings, unit, rater_of[rater_name], row.get(columns.value), number)
    if not ratings.units:
        raise UserError(f"{source} has no rows.", remedy="Give a file with labels of two raters.")
    _check_overlap(ratings)
    return ratings


def _unit(
    ratings: Ratings, unit_of: dict[str, int], name: str, row: Mapping[str, object], number: int
) -> int:
    columns = ratings.columns
    thread = _cell(row, columns.thread)
    session = _cell(row, columns.session)
    if name not in unit_of:
        unit_of[name] = len(unit_of)
        ratings.units.append(name)
        ratings.threads.append(thread)
        ratings.sessions.append(session)
    unit = unit_of[name]
    for column, known, here in (
        (columns.thread, ratings.threads[unit], thread),
        (columns.session, ratings.sessions[unit], session),
    ):
        if known != here:
            raise UserError(
                f"{ratings.source}, row {number}, column {column!r}: the unit was in another "
                f"{column} before.",
                remedy="Give every unit a name of its own, and one thread and session.",
            )
    return unit


def _cell(row: Mapping[str, object], column: str | None) -> str:
    value = row.get(column) if column else None
    return "" if is_missing(value) else str(value).strip()


def _put(ratings: Ratings, unit: int, rater: int, value: object, number: int) -> None:
    if is_missing(value):
        ratings.left_out["no label"] += 1
        return
    if (unit, rater) in ratings.cells:
        raise UserError(
            f"{ratings.source}, row {number}: the rater has labelled this unit before, in row "
            f"{ratings.cells[unit, rater][1]}.",
            remedy="Keep one label per unit and rater.",
        )
    ratings.cells[unit, rater] = (str(value).strip(), number)


def _check_overlap(ratings: Ratings) -> None:
    seen = {rater for _, rater in ratings.cells}
    if len(seen) < 2:
        raise UserError(
            f"{ratings.source} holds labels of {len(seen)} rater{'' if len(seen) == 1 else 's'}.",
            remedy="Agreement needs at least two people who labelled the same units.",
        )
    per_unit = Counter(unit for unit, _ in ratings.cells)
    if max(per_unit.values()) < 2:
        raise UserError(
            f"{ratings.source}: no unit was labelled by two raters.",
            remedy="Check that both used the same names of units.",
        )


def label_table(
    ratings: Ratings, *, any_labels: bool = False
) -> tuple[NDArray[np.int64], tuple[str, ...], str | None]:
    """Return labels as numbers, their names, and the task that they belong to.

    Labels that all belong to one task of Oarlock are brought to its spelling. Where most do and
    some do not, the file is refused: a typing error would count as a label of its own.

    Args:
        ratings: What raters said.
        any_labels: Take every label as it is written.

    Returns:
        Shape (n_units, n_raters), -1 where there is none; the names; the task or None.

    Raises:
        UserError: An unknown label.
    """
    written = {value for value, _ in ratings.cells.values()}
    task, canonical = (None, {}) if any_labels else _task_of(written)
    unknown = sorted(
        (number, rater, value)
        for (_, rater), (value, number) in ratings.cells.items()
        if task is not None and value not in canonical
    )
    if unknown and task is not None:
        number, rater, value = unknown[0]
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise UserError(
            f"{ratings.source}, row {number}{more}, column {ratings.column_of(rater)!r}: unknown "
            f"label{suggestion(value, TASK_LABELS[task])}. Expected one of: "
            f"{', '.join(TASK_LABELS[task])}.",
            remedy="Mend the labels, or pass --any-labels to take them as they are.",
        )
    names = {canonical.get(value, value) for value in written}
    order = TASK_LABELS[task] if task else tuple(sorted(names))
    labels = tuple(name for name in order if name in names)
    index = {name: position for position, name in enumerate(labels)}
    table = np.full((len(ratings.units), len(ratings.raters)), -1, dtype=np.int64)
    for (unit, rater), (value, _) in ratings.cells.items():
        table[unit, rater] = index[canonical.get(value, value)]
    return table, labels, task


def _task_of(written: set[str]) -> tuple[str | None, dict[str, str]]:
    best: tuple[str | None, dict[str, str]] = (None, {})
    for task in TASK_LABELS:
        canonical = {}
        for value in written:
            try:
                canonical[value] = resolve_label(task, value)
            except UserError:
                continue
        if 2 * len(canonical) > len(written) and len(canonical) > len(best[1]):
            best = (task, canonical)
    return best


def score_table(ratings: Ratings) -> NDArray[np.float64]:
    """Return scores, shape (n_units, n_raters), NaN where there is none.

    Raises:
        UserError: A value that is no finite number.
    """
    table = np.full((len(ratings.units), len(ratings.raters)), np.nan)
    for (unit, rater), (value, number) in ratings.cells.items():
        try:
            score = float(value)
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise UserError(
                f"{ratings.source}, row {number}, column {ratings.column_of(rater)!r}: expected a "
                "number.",
                remedy="Scores are numbers; leave the cell empty where there is none.",
            )
        table[unit, rater] = score
    return table
