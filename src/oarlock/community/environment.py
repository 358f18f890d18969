"""Reads settings from the environment, and says of a wrong one what it should be."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import dj_database_url

from oarlock.errors import UserError

#: Connections to PostgreSQL that one process shares among its requests; whoever finds all in use
#: for `timeout` seconds is told to try again. PostgreSQL admits a hundred unless told otherwise.
POOL = {"min_size": 0, "max_size": 20, "timeout": 10}


def wrong(name: str, expected: str, remedy: str) -> UserError:
    """Return the error for a setting; its value may be a secret and is not repeated."""
    return UserError(f"OARLOCK_{name}: expected {expected}.", remedy=remedy)


def text(name: str, default: str = "") -> str:
    """Return the value of a setting; an empty one counts as not set."""
    return os.environ.get(f"OARLOCK_{name}", "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """Return a setting that is yes or no."""
    value = text(name).lower()
    if value not in {"", "0", "1", "false", "true", "no", "yes"}:
        raise wrong(name, "yes or no", f"Set it to yes or no, or unset OARLOCK_{name}.")
    return default if not value else value in {"1", "true", "yes"}


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return a setting that is a whole number."""
    value = text(name, str(default))
    wide = f"of at least {least}" if most is None else f"from {least} to {most}"
    whole = value.isascii() and value.isdigit() and len(value) < 10
    if not whole or int(value) < least or (most is not None and int(value) > most):
        own = least <= default and (most is None or default <= most)
        unset = f", or unset it for {default}" if own else ""
        raise wrong(name, f"a whole number {wide}", f"Set OARLOCK_{name} to such a number{unset}.")
    return int(value)


def origin(name: str, default: str) -> str:
    """Return the address of the place: scheme, host and perhaps port, no path."""
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        good = good and not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:
        good = False
    if not good:
        raise wrong(
            name,
            "an address that begins with https:// or http:// and has no path",
            f"Set it to the address that people use, for instance OARLOCK_{name}="
            "https://peers.example.org.",
        )
    return value


def address(name: str, *schemes: str) -> str:
    """Return a setting that is empty or an address of one of the schemes."""
    value = text(name)
    if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        shown = " or ".join(f"{scheme}://" for scheme in schemes)
        raise wrong(
            name, f"an address that begins with {shown}", f"Mend it, or unset OARLOCK_{name}."
        )
    return value


def country(name: str, default: str) -> str:
    """Return the two capital letters of a country."""
    from django_countries.data import COUNTRIES

    value = text(name, default).upper()
    if value not in COUNTRIES:
        raise wrong(
            name,
            "the two letters of a country in ISO 3166",
            "Write for instance DE for Germany or GB for the United Kingdom.",
        )
    return value


def time_zone(name: str, default: str) -> str:
    """Return the name of a time zone."""
    value = text(name, default)
    if value not in available_timezones():
        raise wrong(
            name, "the name of a time zone", "Write it as Europe/Berlin, America/New_York or UTC."
        )
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """Return Django's settings of the database that an address names: SQLite or PostgreSQL."""
    problem = wrong(
        name,
        "the address of an SQLite or PostgreSQL database",
        "Write it as postgres://user:password@host:5432/name or sqlite:////folder/file.sqlite3, "
        f"or unset OARLOCK_{name} for an SQLite file in OARLOCK_HOME.",
    )
    try:
        # Each request has a thread of its own: a connection that it kept would never be used again.
        found: dict[str, Any] = dict(dj_database_url.parse(text(name, default), conn_max_age=0))
    except ValueError:
        raise problem from None
    if not found.get("ENGINE", "").endswith(("sqlite3", "postgresql")) or not found.get("NAME"):
        raise problem
    if found["ENGINE"].endswith("postgresql"):
        found.setdefault("OPTIONS", {})["pool"] = dict(POOL)
    return found
