"""A mapping: which tables and columns of a source are which of a corpus, in one TOML file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oarlock.corpus.schema import REQUIRED, TABLES
from oarlock.errors import UserError

NUMBERS: Final = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000}
"""Units of times that are numbers since 1970, by how many make a second."""
HANDLE: Final = "handle"
"""Column of users that is read to be masked in texts, and not kept."""
_TOP: Final = ("source", "time_zone", "numbers", "mixed_zones")
_SPEC: Final = ("column", "values", "is", "missing", "always", "of")


@dataclass(frozen=True, slots=True)
class Spec:
    """Where the cells of a column come from.

    Attributes:
        column: Column of the source; "" where `always` says it.
        values: Ours by theirs; what is not named is missing.
        one_of: True where the cell is one of these.
        missing: True (False) where the cell is (not) missing.
        always: The same for every row.
        of: "posts" or "replies", where the id of a text is meant.
    """

    column: str = ""
    values: Mapping[str, Any] | None = None
    one_of: Sequence[str] | None = None
    missing: bool | None = None
    always: Any = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table of the corpus that come from one or more tables of the source."""

    table: str
    sources: Sequence[str]
    columns: Mapping[str, Spec]
    where: Spec | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A whole mapping.

    Attributes:
        source: Address of the database, or path; may hold what is secret.
        parts: In the order in which they are loaded: users first.
        time_zone: Of times that name none; None refuses such times.
        numbers: Unit of times that are numbers; None refuses them.
        mixed_zones: Whether one column may mix times with and without a zone.
    """

    source: str
    parts: Sequence[Part]
    time_zone: str | None = None
    numbers: str | None = None
    mixed_zones: bool = False


def read_mapping(path: Path) -> Mapped:
    """Return the mapping in a TOML file.

    Raises:
        UserError: It is no TOML, or names what a corpus does not have.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file.", remedy="Check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML: {error}.", remedy="Mend that line.") from None
    reader = _Reader(path)
    for name in content:
        if name not in (*_TOP, *TABLES):
            raise reader.unknown(name, "", (*_TOP, *TABLES))
    parts = [part for table in TABLES for part in reader.parts(table, content.get(table, []))]
    for table in REQUIRED:
        if table != "users" and not any(part.table == table for part in parts):
            raise UserError(
                f"{path}: no [{table}]; a corpus is made of posts and of replies to them.",
                remedy=f"Add [{table}] with table and columns; `oarlock corpus map` drafts it.",
            )
    return Mapped(
        reader.source(content),
        parts,
        reader.zone(content.get("time_zone")),
        reader.unit(content.get("numbers")),
        content.get("mixed_zones") is True,
    )


class _Reader:
    """Reads the parts of one file; every fault names the file and the place in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fault(self, place: str, what: str, remedy: str) -> UserError:
        return UserError(f"{self.path}, {place}: {what}.", remedy=remedy)

    def unknown(self, name: str, place: str, known: Sequence[str]) -> UserError:
        close = get_close_matches(name, known, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        where = f"{self.path}, {place}" if place else str(self.path)
        return UserError(
            f"{where}: there is no {name!r}.{hint}", remedy=f"It may be: {', '.join(known)}."
        )

    def source(self, content: Mapping[str, Any]) -> str:
        given = content.get("source")
        if not isinstance(given, str) or not given:
            raise self.fault("source", "missing", "Name a database or a folder of files.")
        address = expand(given)
        if "://" in address:
            return address
        return str(self.path.parent / address)

    def zone(self, name: object) -> str | None:
        if name is None:
            return None
        try:
            return ZoneInfo(str(name)).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.fault(
                "time_zone", f"there is no zone {name!r}", 'Write "UTC" or "Europe/Berlin".'
            ) from None

    def unit(self, name: object) -> str | None:
        if name is None or name in NUMBERS:
            return None if name is None else str(name)
        raise self.fault("numbers", f"{name!r} is no unit", f"Use: {', '.join(NUMBERS)}.")

    def parts(self, table: str, content: object) -> list[Part]:
        several = content if isinstance(content, list) else [content]
        return [self._part(table, one) for one in several]

    def _part(self, table: str, content: object) -> Part:
        place = f"[{table}]"
        if not isinstance(content, dict):
            raise self.fault(place, "expected a table of TOML", f"Begin it with [{table}].")
        sources = content.get("table")
        sources = [sources] if isinstance(sources, str) else sources
        if not isinstance(sources, list) or not sources:
            raise self.fault(place, "no table of the source is named", 'Add table = "...".')
        known = [*TABLES[table], *([HANDLE] if table == "users" else [])]
        columns = {}
        for name, spec in content.items():
            if name in ("table", "where"):
                continue
            if name not in known:
                raise self.unknown(name, place, known)
            columns[name] = self._spec(spec, f"{place} {name}")
            pointer = TABLES[table][name].points_to if name in TABLES[table] else ""
            if pointer == "texts" and columns[name].of not in ("posts", "replies"):
                raise self.fault(
                    f"{place} {name}",
                    "posts and replies both have ids",
                    f'Write {name} = {{ column = "...", of = "replies" }}, or of = "posts"; for '
                    f"both, give [[{table}]] twice.",
                )
        for name, column in TABLES[table].items():
            if column.required and name not in columns:
                raise self.fault(
                    place, f"the column {name} is missing", f"Add {name}: {column.about}"
                )
        where = content.get("where")
        return Part(
            table, sources, columns, None if where is None else self._spec(where, f"{place} where")
        )

    def _spec(self, spec: object, place: str) -> Spec:
        if isinstance(spec, str):
            return Spec(spec)
        if not isinstance(spec, dict):
            raise self.fault(place, "expected the name of a column", 'Write "..." or { column = }.')
        for key in spec:
            if key not in _SPEC:
                raise self.unknown(key, place, _SPEC)
        if ("always" in spec) == ("column" in spec):
            raise self.fault(place, "expected either column or always", "Give one of the two.")
        return Spec(
            spec.get("column", ""),
            spec.get("values"),
            spec.get("is"),
            spec.get("missing"),
            spec.get("always"),
            spec.get("of", ""),
        )


def expand(address: str) -> str:
    """Return an address with every $NAME taken from the environment.

    Raises:
        UserError: A variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        if match.group(1) not in os.environ:
            raise UserError(
                f"The environment has no {match.group(1)}, which the source names.",
                remedy=f"Set it first, without writing it down: read -rs {match.group(1)}; "
                f"export {match.group(1)}.",
            )
        return os.environ[match.group(1)]

    return re.sub(r"\$([A-Z][A-Z0-9_]*)", value, address)
