"""Reads `trial.toml` into a `Protocol`, or says everything that is wrong with it at once."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
import tomllib
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, is_dataclass
from pathlib import Path as FilePath
from typing import Any

from oarlock.errors import UserError
from oarlock.trial.protocol.faults import Fault, Faults, ProtocolError, shown
from oarlock.trial.protocol.lines import Path, key_lines
from oarlock.trial.protocol.model import Protocol, fields_of
from oarlock.trial.protocol.rules import check_rules

MAX_BYTES = 1_000_000
"""A protocol is a text that people read; what is larger is another file."""

_WORDS = {str: "text in quotation marks", int: "a whole number", float: "a number",
          bool: "true or false", dt.date: "a date such as 2027-03-31"}  # fmt: skip
_AT_LINE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")


def load(path: FilePath | str, *, instruments: Collection[str] | None = None) -> Protocol:
    """Return the protocol in a file.

    Args:
        path: The file.
        instruments: Names of the instruments that exist; None does not check them.

    Raises:
        ProtocolError: It has faults; all of them are named.
        UserError: It cannot be read.
    """
    path = FilePath(path)
    if not path.is_file():
        raise UserError(
            f"{path}: there is no such file.",
            remedy="Check the path, or make a protocol with oarlock trial init.",
        )
    if path.stat().st_size > MAX_BYTES:
        raise UserError(
            f"{path} is larger than 1 MB, which no protocol is.", remedy="Name the trial.toml."
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8.", remedy="Save the file as UTF-8.") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", remedy="Check the permissions."
        ) from None
    return loads(text, name=str(path), instruments=instruments)


def loads(
    text: str, *, name: str = "trial.toml", instruments: Collection[str] | None = None
) -> Protocol:
    """Return the protocol in a text; see `load`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(name, [_syntax(str(error), text)]) from None
    faults = Faults(key_lines(text))
    protocol = _read_table(Protocol, raw, (), faults)
    if protocol is not None and not faults.found:
        check_rules(protocol, faults, instruments)
    if faults.found:
        raise ProtocolError(name, faults.in_order())
    return typing.cast(Protocol, protocol)


def from_mapping(raw: Mapping[str, Any], *, name: str = "the protocol") -> Protocol:
    """Return the protocol that `as_mapping` gave, such as one from a database.

    Raises:
        ProtocolError: It has faults.
    """
    faults = Faults()
    protocol = _read_table(Protocol, raw, (), faults)
    if protocol is not None and not faults.found:
        check_rules(protocol, faults, None)
    if faults.found:
        raise ProtocolError(name, faults.in_order())
    return typing.cast(Protocol, protocol)


def _syntax(said: str, text: str) -> Fault:
    match = _AT_LINE.search(said)
    line = int(match.group(1)) if match and match.group(1) else text.count("\n") + 1
    what = _AT_LINE.sub("", said).strip().rstrip(".")
    twice = "overwrite" in what or "twice" in what
    return Fault(
        line,
        "",
        "a line that is not TOML" if not twice else "a key or table that is there already",
        "TOML" if not twice else "each key once in its table",
        f"The reader says: {what[:120]}.",
    )


def _read_table(kind: type, raw: Mapping[str, Any], path: Path, faults: Faults) -> Any:
    """Return an instance of a dataclass, or None where anything in it is wrong."""
    fields = fields_of(kind)
    hints = typing.get_type_hints(kind)
    n_before = len(faults.found)
    for name in raw:
        if name not in fields:
            _unknown(name, tuple(fields), (*path, name), faults)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if raw.get(name) is not None:
            values[name] = _read_value(hints[name], field, raw[name], (*path, name), faults)
        elif field.default is MISSING:
            faults.add(
                (*path, name), "nothing", _expected(hints[name], field), f"Add the key {name}."
            )
    return kind(**values) if len(faults.found) == n_before else None


def _unknown(name: str, known: Collection[str], path: Path, faults: Faults) -> None:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    remedy = f"Did you mean {near[0]}?" if near else "Take it out."
    faults.add(path, "a key that is not known", f"one of {', '.join(known)}", remedy)


def _read_value(hint: Any, field: Field[Any], value: Any, path: Path, faults: Faults) -> Any:
    hint = _required(hint)
    if is_dataclass(hint):
        if isinstance(value, Mapping):
            return _read_table(typing.cast(type, hint), value, path, faults)
        faults.add(path, shown(value), f"a table [{path[-1]}]")
    elif typing.get_origin(hint) is tuple:
        if isinstance(value, list | tuple):
            return _read_items(typing.get_args(hint)[0], field, value, path, faults)
        faults.add(path, shown(value), _expected(hint, field), "Write it in square brackets.")
    elif (number := _plain(hint, value)) is None:
        faults.add(path, shown(value), _expected(hint, field), _about_type(hint, value))
    elif _is_outside(number, field):
        near = difflib.get_close_matches(str(value), field.metadata["choices"], n=1)
        remedy = f"Did you mean {near[0]}?" if near else ""
        if value == "cluster":
            remedy = (
                "A cluster trial is one of these designs whose [allocation] has the unit group or "
                "thread."
            )
        faults.add(path, shown(value), _expected(hint, field), remedy)
    else:
        return number
    return None


def _read_items(
    hint: Any, field: Field[Any], values: Collection[Any], path: Path, faults: Faults
) -> tuple[Any, ...]:
    read: list[Any] = []
    for place, value in enumerate(values):
        below = _read_value(hint, field, value, (*path, place), faults)
        if below is not None and not is_dataclass(hint) and below in read:
            faults.add((*path, place), f"{shown(value)} a second time", "each only once")
        read.append(below)
    return tuple(read)


def _required(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(one for one in typing.get_args(hint) if one is not type(None))
    return hint


def _plain(hint: Any, value: Any) -> Any:
    """Return a value of the wanted type, or None where it is of another."""
    if hint is float and type(value) in (int, float):
        return float(value) if math.isfinite(value) else None
    if hint is str and isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if hint is dt.date and isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return value if type(value) is hint else None


def _is_outside(value: Any, field: Field[Any]) -> bool:
    limits = field.metadata
    if limits["choices"]:
        return value not in limits["choices"]
    if isinstance(value, str):
        return not value and field.default != ""
    low, high = limits["low"], limits["high"]
    return (low is not None and value < low) or (high is not None and value > high)


def _expected(hint: Any, field: Field[Any]) -> str:
    hint = _required(hint)
    limits = field.metadata
    if is_dataclass(hint):
        return f"a table [{field.name}]"
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        if is_dataclass(item):
            return f"one or more tables [[{field.name}]]"
        return f"a list, each item {_expected(item, field)}"
    if limits["choices"]:
        return f"one of {', '.join(limits['choices'])}"
    words = _WORDS[hint]
    low, high = limits["low"], limits["high"]
    if low is not None and high is not None:
        return f"{words} from {_number(low)} to {_number(high)}"
    return f"{words}, not empty" if hint is str and field.default is MISSING else words


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _about_type(hint: Any, value: Any) -> str:
    if hint is not str and isinstance(value, str):
        return "Write it without quotation marks."
    if hint is str and not isinstance(value, list | dict):
        return "Put it in quotation marks."
    return ""
