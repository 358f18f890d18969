"""The reference page of `trial.toml`, made from the descriptions of its keys."""

from __future__ import annotations

import datetime as dt
import types
import typing
from dataclasses import MISSING, Field, is_dataclass
from typing import Any

from oarlock.trial.protocol.model import DESIGNS, METHODS, Protocol, fields_of
from oarlock.trial.protocol.versions import FIXED, GRAVE, MIN_REASON

_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false",
          dt.date: "date"}  # fmt: skip

_INTRODUCTION = """# The protocol file: `trial.toml`

One TOML file says what a trial asks, how, and of whom. `oarlock trial init` writes one with
comments, `oarlock trial check` reads it and says in plain words what it means, or all its faults
with their lines. This page is made from the code that reads the file. How to fill it in:
[plan a trial](../how-to/plan-a-trial.md).
"""


def render_markdown() -> str:
    """Return the page."""
    parts = [_INTRODUCTION, "## Designs and methods\n", _choices("design", DESIGNS)]
    parts.append(_choices("method", METHODS))
    parts += ["## Keys of the file itself\n", *_table(Protocol)]
    for heading, kind in _tables(Protocol, ""):
        parts += [f"## {heading}\n", *_table(kind)]
    fixed = ", ".join(f"`{key}`" for key in FIXED)
    grave = ", ".join(f"`{key}`" for key in GRAVE)
    parts.append(
        "## Hash and amendments\n\n"
        "The hash is the SHA-256 of the protocol in JSON with sorted keys, without white space and "
        "without keys that hold their default. Comments and the order of keys do not change it; "
        "the order of arms, waves, factors and outcomes does. Opening enrolment freezes the "
        "protocol: what is still FILL IN is refused. Each amendment is a new version that "
        "holds the hash of the one before it and says in words what changed.\n\n"
        f"Once enrolment has opened, {fixed} cannot change: that is another trial. Changes of "
        f"{grave} need a reason of at least {MIN_REASON} characters. A new consent text needs a "
        "new version of it. A change of the arms, their shares, the method, its blocks or its "
        "factors begins new sequences of allocation; any other leaves them as they run.\n"
    )
    return "\n".join(parts)


def _choices(name: str, words: dict[str, str]) -> str:
    rows = "".join(f"| `{key}` | {said} |\n" for key, said in words.items())
    return f"| `{name}` | means |\n|---|---|\n{rows}"


def _tables(kind: type, above: str) -> list[tuple[str, type]]:
    """Return every table below a dataclass with its heading in TOML, outermost first."""
    found = []
    for name, hint in typing.get_type_hints(kind).items():
        inner, is_list = _inner(hint)
        if is_dataclass(inner) and isinstance(inner, type):
            path = f"{above}{name}"
            found.append((f"`[[{path}]]`" if is_list else f"`[{path}]`", inner))
            found += _tables(inner, f"{path}.")
    return found


def _inner(hint: Any) -> tuple[Any, bool]:
    if isinstance(hint, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], True
    return hint, False


def _table(kind: type) -> list[str]:
    rows = ["| key | takes | if absent | means |", "|---|---|---|---|"]
    hints = typing.get_type_hints(kind)
    for name, field in fields_of(kind).items():
        inner, is_list = _inner(hints[name])
        rows.append(
            f"| `{name}` | {_takes(inner, is_list, field)} | {_default(field)} "
            f"| {field.metadata['doc']} |"
        )
    return [*rows, ""]


def _takes(inner: Any, is_list: bool, field: Field[Any]) -> str:
    if is_dataclass(inner):
        return "tables" if is_list else "a table"
    limits = field.metadata
    said = _TYPES[inner]
    if limits["choices"]:
        said = ", ".join(f"`{choice}`" for choice in limits["choices"])
    elif limits["low"] is not None:
        said += f", {limits['low']:,g} to {limits['high']:,g}"
    return f"list: {said}" if is_list else said


def _default(field: Field[Any]) -> str:
    value = field.default
    if value is MISSING:
        return "required"
    if value is None or value in ("", ()) or is_dataclass(value):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"
