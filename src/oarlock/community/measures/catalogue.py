"""The instruments of this place: those that ship, and the operator's own copies of others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.conf import settings

from oarlock.errors import UserError
from oarlock.trial.instruments import Instrument, instruments, read_own_copy

log = logging.getLogger("oarlock.measures")

#: Folder in the home of the place that holds own copies of items.
FOLDER = "instruments"


@cache
def _with_own_copies(folder: Path) -> Mapping[str, Instrument]:
    found = dict(instruments())
    for path in sorted(folder.glob("*.toml")):
        try:
            own = read_own_copy(path)
        except UserError as error:
            # One damaged file must not keep the others from being asked.
            log.error("instruments.damaged", extra={"error": type(error).__name__})
            continue
        found[own.name] = found[own.name].with_wording(next(iter(own.wordings.values())))
    return found


def known() -> Mapping[str, Instrument]:
    """Return all instruments by name; files are read once in the life of a process."""
    return _with_own_copies(Path(settings.HOME) / FOLDER)


def find(name: str) -> Instrument | None:
    """Return an instrument whose items can be asked here, or None."""
    found = known().get(name)
    return found if found is not None and found.ships_items else None
