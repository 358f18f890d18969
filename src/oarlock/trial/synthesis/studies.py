"""The studies of a file: one effect and variance a row, with names, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from oarlock.corpus.reading import counted
from oarlock.errors import UserError
from oarlock.trial.synthesis import effects
from oarlock.trial.synthesis.columns import (
    RISK_OF_BIAS,
    YEAR,
    Layout,
    Options,
    label_columns,
    layout,
)
from oarlock.trial.synthesis.effects import MEASURES, Effect, Measure
from oarlock.trial.synthesis.pooling import Array
from oarlock.trial.synthesis.rows import KINDS, effect_of_row, kind_of
from oarlock.trial.synthesis.table import Table

_LOG_HAZARD = Measure("GEN", "log ratio as given in the file", is_log=True)


@dataclass(frozen=True, slots=True)
class Studies:
    """Effects to pool, in the order of the file.

    Attributes:
        file: Name of the file.
        measure: What they are.
        y, v: Effects and sampling variances.
        labels: A name for each effect, none twice.
        study: The study that each belongs to.
        rows: Row of each in `table`, from 0.
        table: The file.
        columns: Which column was read as what.
        risk_of_bias: Judgement of each, in its own words; None where there is none.
        year: Of publication.
        n_corrected: Effects with a continuity correction.
        notes: What the reader of the result has to know of the reading.
    """

    file: str
    measure: Measure
    y: Array
    v: Array
    labels: tuple[str, ...]
    study: tuple[str, ...]
    rows: tuple[int, ...]
    table: Table
    columns: dict[str, str]
    risk_of_bias: tuple[str | None, ...]
    year: tuple[float | None, ...]
    n_corrected: int
    notes: tuple[str, ...]

    @property
    def n_studies(self) -> int:
        """Different studies."""
        return len(set(self.study))

    @property
    def is_nested(self) -> bool:
        """Whether a study has several effects."""
        return self.n_studies < len(self.y)

    def subset(self, keep: Sequence[int]) -> Studies:
        """Return some of the effects, by their place."""
        at = list(keep)
        return replace(
            self,
            y=self.y[at],
            v=self.v[at],
            labels=tuple(self.labels[i] for i in at),
            study=tuple(self.study[i] for i in at),
            rows=tuple(self.rows[i] for i in at),
            risk_of_bias=tuple(self.risk_of_bias[i] for i in at),
            year=tuple(self.year[i] for i in at),
        )


def read_studies(table: Table, options: Options) -> Studies:
    """Return the effects of a table.

    Raises:
        UserError: It holds none, or a cell that cannot be right.
    """
    notes: list[str] = []
    found = _with_kinds(table, layout(table, options), options, notes)
    kept: list[int] = []
    values: list[Effect] = []
    lacking: list[int] = []
    empty_tables: list[int] = []
    for row in range(len(table.rows)):
        effect = effect_of_row(table, row, found, options, empty_tables)
        if effect is not None:
            kept.append(row)
            values.append(effect)
        elif row not in empty_tables:
            lacking.append(row)
    if lacking:
        notes.append(
            f"{counted(len(lacking), 'row')} left out, without an effect or its precision: "
            f"{_rows(lacking)}."
        )
    if empty_tables:
        notes.append(
            f"{counted(len(empty_tables), 'study', 'studies')} left out, with no event (or only "
            f"events) in both arms, which tell nothing of a ratio: {_rows(empty_tables)}. "
            "--keep-double-zero keeps them."
        )
    if not kept:
        raise UserError(
            f"{table.name}: none of its {counted(len(table.rows), 'row')} has both an effect and "
            "its precision.",
            remedy="Fill in the effect and its standard error, or name other columns.",
        )
    n_corrected = sum(effect.corrected for effect in values)
    if n_corrected:
        notes.append(
            f"{effects.CONTINUITY} was added to all four cells of "
            f"{counted(n_corrected, 'study', 'studies')} with an empty cell."
        )
    study_column, cluster_column = label_columns(table, options)
    labels = _labels(table, kept, study_column, options)
    belongs = [table.text(row, cluster_column) for row in kept]
    study = tuple(own or f"row {row + 1}" for own, row in zip(belongs, kept, strict=True))
    notes += _doubles(kept, study, values)
    bias_column = (
        table.require(options.risk_of_bias, "--risk-of-bias")
        if options.risk_of_bias
        else table.find(RISK_OF_BIAS)
    )
    columns = dict(found.columns)
    for role, column in (
        ("study", study_column), ("cluster", cluster_column), ("risk_of_bias", bias_column)
    ):  # fmt: skip
        if column:
            columns[role] = column
    is_log = found.measure == "GENLOG"
    return Studies(
        file=table.name,
        measure=_LOG_HAZARD if is_log else MEASURES[found.measure],
        y=np.array([effect.value for effect in values]),
        v=np.array([effect.variance for effect in values]),
        labels=labels,
        study=study,
        rows=tuple(kept),
        table=table,
        columns=columns,
        risk_of_bias=tuple(table.text(row, bias_column) for row in kept),
        year=_years(table, kept),
        n_corrected=n_corrected,
        notes=tuple(notes),
    )


def _with_kinds(table: Table, found: Layout, options: Options, notes: list[str]) -> Layout:
    """Return the layout with the measure that effects of several kinds are turned into.

    Raises:
        UserError: Some rows name a known kind of effect, and one does not.
    """
    column = found.columns.get("kind")
    if column is None or found.given != "GEN":
        return found
    kinds = {row: kind_of(table.text(row, column)) for row in range(len(table.rows))}
    known = {kind.removeprefix("EXP ") for kind in kinds.values() if kind}
    if not known:
        return replace(found, columns={k: c for k, c in found.columns.items() if k != "kind"})
    for row, kind in kinds.items():
        if kind is None:
            raise UserError(
                f"{table.place(row, column)}: the kind of effect is not known.",
                remedy=f"Write one of {', '.join(KINDS)}.",
            )
    only = next(iter(known)) if len(known) == 1 else "SMD"
    measure = options.measure or ("ZCOR" if only == "COR" else only)
    if known != {measure}:
        names = ", ".join(sorted(known))
        notes.append(f"Effects of the kinds {names} were turned into {MEASURES[measure].name}.")
    return replace(found, measure=measure)


def _years(table: Table, rows: Sequence[int]) -> tuple[float | None, ...]:
    column = table.find(YEAR)
    if column is None or not table.is_numeric(column):
        return (None,) * len(rows)
    return tuple(table.number(row, column) for row in rows)


def _rows(rows: Sequence[int]) -> str:
    shown = ", ".join(str(row + 1) for row in rows[:8])
    return f"row{'s' if len(rows) > 1 else ''} {shown}{' ...' if len(rows) > 8 else ''}"


def _labels(
    table: Table, rows: Sequence[int], column: str | None, options: Options
) -> tuple[str, ...]:
    if options.label:
        column = table.require(options.label, "--label")
    year = table.find(YEAR) if column and "author" in column.casefold() else None
    names = []
    for row in rows:
        name = table.text(row, column)
        own_year = table.text(row, year)
        if name and name.isdigit():
            name = f"Study {name}"
        if name and own_year:
            name = f"{name} {own_year}"
        names.append(name or f"Row {row + 1}")
    counts = Counter(names)
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return tuple(result)


def _doubles(rows: Sequence[int], study: Sequence[str], values: Sequence[Effect]) -> list[str]:
    """Return a warning where the same result of the same study is there twice."""
    seen: dict[tuple[str, float, float], int] = {}
    twice = []
    for row, name, effect in zip(rows, study, values, strict=True):
        key = (name, effect.value, effect.variance)
        if key in seen:
            twice.append(f"{seen[key] + 1} and {row + 1}")
        seen.setdefault(key, row)
    if not twice:
        return []
    return [
        f"The same study with the same effect and precision stands in rows {', '.join(twice[:5])}"
        f"{' ...' if len(twice) > 5 else ''}: is one of them a copy? Each is counted."
    ]
