"""The studies of a file: one effect and variance a row, with names, and what was left out."""

from __future__ import annotations

import math
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
from oarlock.trial.synthesis.table import Table

_KINDS = {
    "smd": "SMD", "g": "SMD", "hedges_g": "SMD", "d": "SMD", "cohens_d": "SMD", "cohen_d": "SMD",
    "log_or": "OR", "logor": "OR", "lnor": "OR", "or": "EXP OR", "odds_ratio": "EXP OR",
    "z": "ZCOR", "zcor": "ZCOR", "fisher_z": "ZCOR", "r": "COR", "cor": "COR",
    "correlation": "COR",
}  # fmt: skip
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
    found = layout(table, options)
    notes: list[str] = []
    kept: list[int] = []
    values: list[Effect] = []
    lacking: list[int] = []
    empty_tables: list[int] = []
    for row in range(len(table.rows)):
        effect = _one(table, row, found, options, empty_tables)
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


def _one(
    table: Table, row: int, found: Layout, options: Options, empty_tables: list[int]
) -> Effect | None:
    """Return the effect of a row, or None where a cell is missing."""
    if found.kind == "means":
        return _of_means(table, row, found)
    if found.kind == "table":
        return _of_table(table, row, found, options, empty_tables)
    if found.kind == "correlation":
        r = table.number(row, found.columns["r"], "a correlation between -1 and 1")
        n = table.number(row, found.columns["n"], "a number of people, above 3")
        if r is None or n is None:
            return None
        _check(table, row, found.columns["r"], -1 < r < 1, "a correlation between -1 and 1")
        _check(table, row, found.columns["n"], n > 3, "a number of people, above 3")
        return effects.fisher_z(r, n)
    return _of_effect(table, row, found)


def _check(table: Table, row: int, column: str, is_right: bool, expected: str) -> None:
    if not is_right:
        raise UserError(
            f"{table.place(row, column)}: expected {expected}.",
            remedy="Correct the cell; leave it empty or write NA where there is no value.",
        )


def _of_means(table: Table, row: int, found: Layout) -> Effect | None:
    cells: list[float] = []
    for role in ("mean1", "sd1", "n1", "mean2", "sd2", "n2"):
        column = found.columns[role]
        expected = {"s": "a standard deviation above 0", "n": "a number of people, 2 or more"}.get(
            role[0], "a mean"
        )
        cell = table.number(row, column, expected)
        if cell is None:
            return None
        if role[0] != "m":
            _check(table, row, column, cell > 0 if role[0] == "s" else cell >= 2, expected)
        cells.append(cell)
    if found.measure == "MD":
        return effects.mean_difference(*cells)
    return effects.standardised_mean_difference(*cells)


def _of_table(
    table: Table, row: int, found: Layout, options: Options, empty_tables: list[int]
) -> Effect | None:
    cells: dict[str, float] = {}
    expected = "a number of people, 0 or more"
    for role, column in found.columns.items():
        cell = table.number(row, column, expected)
        if cell is None:
            return None
        _check(table, row, column, cell >= 0, expected)
        cells[role] = cell
    for events, people, others in (("a", "n1", "b"), ("c", "n2", "d")):
        if people in cells:
            column = found.columns[events]
            _check(table, row, column, cells[events] <= cells[people], "at most the arm's people")
            cells[others] = cells[people] - cells[events]
    a, b, c, d = (cells[one] for one in "abcd")
    arm = "people in both arms"
    _check(table, row, found.columns["a"], a + b > 0, arm)
    _check(table, row, found.columns["c"], c + d > 0, arm)
    nothing = a == c == 0 or (b == d == 0)
    if nothing and found.measure != "RD" and not options.keep_double_zero:
        empty_tables.append(row)
        return None
    return effects.two_by_two(found.measure, a, b, c, d)


def _of_effect(table: Table, row: int, found: Layout) -> Effect | None:
    columns = found.columns
    n1, n2 = table.number(row, columns.get("n1")), table.number(row, columns.get("n2"))
    if found.given == "STATISTIC":
        d = _of_statistic(table, row, columns, n1, n2)
        if d is None or n1 is None or n2 is None:
            return None
        return _converted(table, row, found, effects.g_from_d(d, n1, n2), "SMD")
    value = table.number(row, columns["effect"], "an effect")
    if value is None:
        return None
    kind = found.given
    own = table.text(row, columns.get("kind"))
    if own is not None and kind == "GEN" and own.casefold().replace(" ", "_") in _KINDS:
        kind = _KINDS[own.casefold().replace(" ", "_")]
    is_ratio = kind.startswith("EXP ")
    variance = _variance(table, row, columns, is_ratio)
    if is_ratio:
        _check(table, row, columns["effect"], value > 0, "a ratio above 0")
        value, kind = math.log(value), kind.removeprefix("EXP ")
    if kind == "COR":
        _check(table, row, columns["effect"], -1 < value < 1, "a correlation between -1 and 1")
    if variance is None:
        if kind not in ("SMD", "D") or n1 is None or n2 is None:
            return None
        _people(table, row, columns, n1, n2)
        effect = effects.g_from_d(value, n1, n2)
        if kind == "SMD":  # given as g: its own size, the variance of that size
            effect = Effect(value, 1 / n1 + 1 / n2 + value * value / (2 * (n1 + n2)))
    else:
        effect = Effect(value, variance)
    return _converted(table, row, found, effect, "SMD" if kind == "D" else kind)


def _people(table: Table, row: int, columns: dict[str, str], n1: float, n2: float) -> None:
    expected = "a number of people, 2 or more"
    _check(table, row, columns["n1"], n1 >= 2, expected)
    _check(table, row, columns["n2"], n2 >= 2, expected)


def _variance(table: Table, row: int, columns: dict[str, str], is_ratio: bool) -> float | None:
    expected = "a variance above 0"
    variance = table.number(row, columns.get("variance"), expected)
    if variance is not None:
        _check(table, row, columns["variance"], variance > 0, expected)
        return variance
    expected = "a standard error above 0"
    se = table.number(row, columns.get("se"), expected)
    if se is not None:
        _check(table, row, columns["se"], se > 0, expected)
        return se * se
    low = table.number(row, columns.get("low"), "the low end of an interval")
    high = table.number(row, columns.get("high"), "the high end of an interval")
    if low is None or high is None:
        return None
    _check(table, row, columns["high"], high > low, "a high end above the low end")
    if is_ratio:
        _check(table, row, columns["low"], low > 0, "the interval of a ratio, above 0")
        low, high = math.log(low), math.log(high)
    return effects.standard_error_of_interval(low, high) ** 2


def _of_statistic(
    table: Table, row: int, columns: dict[str, str], n1: float | None, n2: float | None
) -> float | None:
    if n1 is None or n2 is None:
        return None
    _people(table, row, columns, n1, n2)
    t = table.number(row, columns.get("t"), "a value of t")
    if t is not None:
        return effects.d_from_t(t, n1, n2)
    for role in ("f", "p"):
        value = table.number(row, columns.get(role), f"a value of {role}")
        if value is None:
            continue
        right = value >= 0 if role == "f" else 0 < value <= 1
        expected = "an F of 0 or more" if role == "f" else "a p above 0 and at most 1"
        _check(table, row, columns[role], right, expected)
        sign = table.number(row, columns.get("sign"), "1 or -1")
        if sign is None or sign == 0:
            raise UserError(
                f"{table.place(row, columns[role])}: {'an F' if role == 'f' else 'a p'} does not "
                "tell which arm did better.",
                remedy="Add a column direction with 1 (first arm higher) or -1.",
            )
        to_d = effects.d_from_f if role == "f" else effects.d_from_p
        return to_d(value, n1, n2, sign)
    return None


def _converted(table: Table, row: int, found: Layout, effect: Effect, kind: str) -> Effect:
    to = found.measure
    if kind == to or "GEN" in (kind, to) or to in ("MD", "RD", "GENLOG"):
        return effect
    try:
        return effects.convert(effect, kind, to)
    except ValueError:
        raise UserError(
            f"{table.place(row)}: there is no way from {kind} to {to}.",
            remedy="Choose another --measure: SMD, OR and ZCOR can be turned into each other.",
        ) from None
