"""One row of a file of studies: its cells, checked, as an effect."""

from __future__ import annotations

import math

from oarlock.errors import UserError
from oarlock.trial.synthesis import effects
from oarlock.trial.synthesis.columns import Layout, Options
from oarlock.trial.synthesis.effects import Effect
from oarlock.trial.synthesis.table import Table

KINDS = {
    "smd": "SMD", "g": "SMD", "hedges_g": "SMD", "d": "SMD", "cohens_d": "SMD", "cohen_d": "SMD",
    "log_or": "OR", "logor": "OR", "lnor": "OR", "or": "EXP OR", "odds_ratio": "EXP OR",
    "z": "ZCOR", "zcor": "ZCOR", "fisher_z": "ZCOR", "r": "COR", "cor": "COR",
    "correlation": "COR",
}  # fmt: skip
"""Kinds of effects by the words of a column of kinds; "EXP" is a ratio, no logarithm yet."""


def kind_of(text: str | None) -> str | None:
    """Return the kind of effect that a cell names, or None."""
    return None if text is None else KINDS.get(text.casefold().replace(" ", "_"))


def effect_of_row(
    table: Table, row: int, found: Layout, options: Options, empty_tables: list[int]
) -> Effect | None:
    """Return the effect of a row, or None where a cell is missing.

    Args:
        table: The file.
        row: Row, from 0.
        found: How to read it.
        options: What the caller says.
        empty_tables: Rows without an event, or only events, in both arms are added to it.

    Raises:
        UserError: A cell cannot be right.
    """
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
    if kind == "GEN":
        kind = kind_of(table.text(row, columns.get("kind"))) or kind
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
    if kind == to or {kind, to} & {"GEN", "GENLOG"}:
        return effect
    try:
        return effects.convert(effect, kind, to)
    except ValueError:
        raise UserError(
            f"{table.place(row)}: there is no way from {kind} to {to}.",
            remedy="Choose another --measure: SMD, OR and ZCOR can be turned into each other.",
        ) from None
