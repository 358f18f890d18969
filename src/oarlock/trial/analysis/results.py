"""What an analysis found: frozen dataclasses that turn into one JSON object."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One term of a model. `df` is None where the interval is that of the normal distribution."""

    term: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    df: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One comparison between arms (or with a person's own baseline).

    `estimate` is on the scale that `scale` names; for logarithms of ratios the three `ratio`
    fields give the ratio itself.
    """

    term: str
    contrast: str
    estimate: float
    se: float | None
    ci_low: float
    ci_high: float
    p: float | None
    n: int
    scale: str = "difference"
    df: float | None = None
    time: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One fitted model, or the reason why the data cannot carry it.

    In JSON the first effect's fields stand beside `method`, so that a model with one comparison
    reads as a row.
    """

    method: str
    n: int = 0
    n_people: int = 0
    time: float | None = None
    effects: tuple[Effect, ...] = ()
    coefficients: tuple[Coefficient, ...] = ()
    variance_components: dict[str, float | None] | None = None
    log_likelihood: float | None = None
    overall: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    not_estimable: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an estimate."""
        return self.not_estimable is None

    def coefficient(self, term: str) -> Coefficient:
        """Return the coefficient of a term."""
        return next(one for one in self.coefficients if one.term == term)


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """What was asked for and cannot be had from these data, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """Two ways to the same effect, held against each other."""

    what: str
    first: str
    second: str
    difference: float
    bound: float
    agrees: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeResults:
    """Everything about one outcome."""

    outcome: str
    kind: str
    better: str | None
    times: tuple[float, ...]
    columns: tuple[str, ...]
    described: tuple[dict[str, Any], ...] = ()
    primary: dict[str, Any] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    variance_components: dict[str, float | None] | None = None
    cross_check: tuple[Check, ...] = ()
    missing: dict[str, Any] = field(default_factory=dict)
    sensitivity: dict[str, Any] = field(default_factory=dict)
    subgroup: dict[str, Any] | None = None
    change: dict[str, Any] = field(default_factory=dict)
    nnt: tuple[dict[str, Any], ...] = ()
    effects: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class TrialResults:
    """What `oarlock trial analyse` found; `primary` outcome first, the others after it."""

    source: str
    design: dict[str, Any]
    n: dict[str, int]
    arms: tuple[dict[str, Any], ...]
    flow: tuple[dict[str, Any], ...]
    outcome: OutcomeResults
    secondary: tuple[OutcomeResults, ...]
    harms: tuple[dict[str, Any], ...]
    multiplicity: dict[str, Any]
    baseline_table: tuple[dict[str, Any], ...]
    plan: dict[str, Any]
    software: dict[str, str]
    not_estimable: tuple[NotEstimable, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the one JSON object; the fields of the primary outcome stand at the top."""
        whole = {one.name: plain(getattr(self, one.name)) for one in fields(self)}
        return {**whole.pop("outcome"), **whole}


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it: no NaN, no infinity, no NumPy."""
    if isinstance(value, Model):
        whole = {one.name: plain(getattr(value, one.name)) for one in fields(value)}
        first = plain(value.effects[0]) if value.effects else {}
        return {**first, **{k: v for k, v in whole.items() if k not in first or k == "n"}}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
