"""Helplines by country, and which of them a person has still to verify."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from oarlock.errors import UserError

TOPICS: Final = ("any", "young", "abuse")
#: Days after which a line has to be verified again: numbers and hours change within a year.
VERIFY_AGAIN_DAYS: Final = 365
_FIELDS: Final = frozenset(
    {"name", "topic", "phone", "text", "chat", "hours", "languages", "url", "verified_on"}
)


@dataclass(frozen=True, slots=True)
class Helpline:
    """One line; an empty field is not known.

    Attributes:
        name: As the line calls itself.
        topic: "any", "young" (for young people) or "abuse".
        phone, text, chat: Number; word and number; address.
        hours: As the line gives them.
        languages: ISO 639-1.
        url: Own page.
        verified_on: When a person last checked it; None where nobody has.
    """

    name: str
    topic: str
    phone: str
    text: str
    chat: str
    hours: str
    languages: tuple[str, ...]
    url: str
    verified_on: dt.date | None

    def is_due(self, today: dt.date) -> bool:
        """Tell whether a person has to verify the line before it is shown with confidence."""
        if self.verified_on is None:
            return True
        return (today - self.verified_on).days > VERIFY_AGAIN_DAYS


@dataclass(frozen=True, slots=True)
class Country:
    """Emergency number and lines of one country; `code` is empty for the fallback."""

    code: str
    name: str
    emergency: str
    lines: tuple[Helpline, ...]


@dataclass(frozen=True, slots=True)
class Helplines:
    """All countries, and what is shown where a country is unknown."""

    countries: Mapping[str, Country]
    fallback: Country

    def of(self, code: str | None) -> Country:
        """Return the lines of a country, followed by those that help anywhere.

        Args:
            code: ISO 3166-1 alpha-2 in any case; None or unknown gives the fallback.
        """
        country = self.countries.get((code or "").strip().upper())
        if country is None:
            return self.fallback
        lines = (*country.lines, *self.fallback.lines)
        return Country(country.code, country.name, country.emergency, lines)

    def due(self, today: dt.date) -> list[tuple[str, str]]:
        """Return country code (empty for the fallback) and name of every line to verify."""
        everything = (*self.countries.values(), self.fallback)
        return [(c.code, line.name) for c in everything for line in c.lines if line.is_due(today)]


def shipped() -> Traversable:
    """Return the file of the helplines that ship."""
    return files("oarlock.safety") / "helplines.toml"


@cache
def helplines(path: Path | None = None) -> Helplines:
    """Return the helplines that ship, or an operator's own.

    Args:
        path: A TOML file laid out as helplines.toml.

    Raises:
        UserError: The file is missing or not laid out so; names the country and the field.
    """
    source = path or shipped()
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"The helplines in {path or 'helplines.toml'} cannot be read.",
            remedy="It must be a TOML file laid out as the one that ships.",
        ) from error
    if not isinstance(raw.get("countries"), dict) or "fallback" not in raw:
        raise UserError(
            "The helplines have no [countries] or no [fallback].",
            remedy="Lay the file out as the one that ships.",
        )
    countries = {code: _country(code, entry) for code, entry in raw["countries"].items()}
    return Helplines(countries, _country("", raw["fallback"]))


def _country(code: str, raw: dict[str, Any]) -> Country:
    if code and not (len(code) == 2 and code.isalpha() and code.isupper()):
        raise UserError(f"{code!r} is no country code.", remedy="Use two capital letters.")
    if code and not raw.get("emergency"):
        raise UserError(f"{code}: the emergency number is missing.", remedy="Fill in `emergency`.")
    lines = tuple(_line(code or "fallback", entry) for entry in raw.get("line", ()))
    if not lines:
        raise UserError(f"{code or 'fallback'}: no line is listed.", remedy="List at least one.")
    return Country(code, str(raw.get("name", code)), str(raw.get("emergency", "")), lines)


def _line(code: str, raw: dict[str, Any]) -> Helpline:
    unknown = set(raw) - _FIELDS
    name = str(raw.get("name", "")).strip()
    if unknown or not name:
        what = f"unknown field {sorted(unknown)[0]!r}" if unknown else "a line without a name"
        raise UserError(f"{code}: {what}.", remedy=f"Known fields: {', '.join(sorted(_FIELDS))}.")
    topic = str(raw.get("topic", "any"))
    if topic not in TOPICS:
        raise UserError(f"{code}, {name}: no topic {topic!r}.", remedy=f"One of: {TOPICS}.")
    reach = [str(raw.get(field, "")).strip() for field in ("phone", "text", "chat", "url")]
    if not any(reach):
        raise UserError(
            f"{code}, {name}: no way to reach it.", remedy="Fill in phone, text, chat or url."
        )
    if any(address and not address.startswith("https://") for address in reach[2:]):
        raise UserError(f"{code}, {name}: an address is not https.", remedy="Use https://.")
    return Helpline(
        name, topic, reach[0], reach[1], reach[2], str(raw.get("hours", "")),
        tuple(raw.get("languages", ())), reach[3], _date(code, name, raw.get("verified_on", "")),
    )  # fmt: skip


def _date(code: str, name: str, value: object) -> dt.date | None:
    if isinstance(value, dt.date):
        return value
    if not value:
        return None
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError as error:
        raise UserError(
            f"{code}, {name}: verified_on is no date.", remedy="Write it as 2026-01-31."
        ) from error
