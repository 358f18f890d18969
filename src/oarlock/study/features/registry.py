"""Registers features by decorator and writes their reference page."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from oarlock.errors import OarlockError

if TYPE_CHECKING:
    from oarlock.study.features.pairs import Pairs

_MODULES: Final = ("place", "people", "text", "lexicons", "closeness", "style")
OARLOCK: Final = "Oarlock"


@dataclass(frozen=True, slots=True)
class Feature:
    """What is known of a feature without computing it.

    Attributes:
        name: The column is `f_<name>`.
        about: What it is, one line.
        unit: Unit; and what missing means, where it can be missing.
        source: Manual section or DOI; "Oarlock" where it is plain counting.
        needs: Tables or columns without which it is missing throughout.
        group: Module that defines it.
    """

    name: str
    about: str
    unit: str
    source: str
    needs: tuple[str, ...]
    group: str


@dataclass(frozen=True, slots=True)
class RowFeature(Feature):
    """An Ibis expression of a row: `make(rows)` returns a numeric column."""

    make: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class TextFeature(Feature):
    """A function of a batch: `make(pairs)` returns (n_replies,) float64, NaN for missing."""

    make: Callable[[Pairs], NDArray[np.float64]]


_REGISTRY: dict[str, Feature] = {}


def _about(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


def _add(entry: Feature) -> None:
    if entry.name in _REGISTRY:
        raise OarlockError(f"Two features are called {entry.name}.")
    if not (entry.about and entry.unit and entry.source):
        raise OarlockError(f"The feature {entry.name} needs a docstring, a unit and a source.")
    _REGISTRY[entry.name] = entry


def row_feature(
    *, unit: str, source: str = OARLOCK, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register an Ibis expression of a row under the name of its function."""

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        group = function.__module__.rpartition(".")[2]
        name = function.__name__
        _add(RowFeature(name, _about(function), unit, source, needs, group, function))
        return function

    return register


_Make = Callable[["Pairs"], NDArray[np.float64]]


def text_feature(
    *, unit: str, source: str = OARLOCK, name: str = "", about: str = ""
) -> Callable[[_Make], _Make]:
    """Register a function of a batch under its own name, or under another."""

    def register(function: _Make) -> _Make:
        group = function.__module__.rpartition(".")[2]
        _add(
            TextFeature(
                name or function.__name__,
                about or _about(function),
                unit,
                source,
                (),
                group,
                function,
            )
        )
        return function

    return register


def features() -> dict[str, Feature]:
    """Return every feature by name, in the order of the modules."""
    for module in _MODULES:
        importlib.import_module(f"oarlock.study.features.{module}")
    return dict(_REGISTRY)


def as_markdown() -> str:
    """Return the reference page: every feature with meaning, unit, source and needs."""
    titles = {
        "place": "Place and time",
        "people": "People, from before",
        "text": "Text",
        "lexicons": "Words",
        "closeness": "Closeness to the post",
        "style": "Style",
    }
    lines = [
        "# Features of a study",
        "",
        "Columns of `frame.parquet`, one row per reply. Made from the docstrings, units and "
        "sources in `src/oarlock/study/features/`. What a corpus cannot carry is missing "
        "throughout, and `frame.json` says why.",
    ]
    known = features()
    for group in _MODULES:
        lines += ["", f"## {titles[group]}", "", "| column | what | unit | source | needs |"]
        lines += ["|---|---|---|---|---|"]
        lines += [
            f"| `f_{one.name}` | {one.about} | {one.unit} | {one.source} "
            f"| {', '.join(one.needs).replace('|', ' or ')} |"
            for one in known.values()
            if one.group == group
        ]
    return "\n".join(lines) + "\n"
