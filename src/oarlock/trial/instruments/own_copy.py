"""Reading the user's own copy of items that may not be shipped."""

from __future__ import annotations

import tomllib
from pathlib import Path

from oarlock.errors import UserError
from oarlock.trial.instruments.registry import Instrument, instrument, wording

FORM = 'instrument = "ddi", language = "en", stem, items = [...], choices = [...]'


def read_own_copy(path: Path) -> Instrument:
    """Return the instrument with the items of a TOML file.

    The file holds `instrument`, `language`, `items` and `choices` (one list of labels, lowest value
    first unless `order` names the values, or one list for each item), and if wanted `stem` and
    `source`.

    Raises:
        UserError: It cannot be read, or does not fit; names file and line or key, quotes no item.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({type(error).__name__}).") from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: {error}", remedy=f"Write it like this: {FORM}.") from error
    for key in ("instrument", "language", "items", "choices"):
        kind = str if key in {"instrument", "language"} else list
        if not isinstance(raw.get(key), kind) or not raw[key]:
            raise UserError(f"{path}: {key} is missing or empty.", remedy=f"Write it like: {FORM}.")
    known = instrument(raw["instrument"])
    if known.ships_items:
        raise UserError(
            f"{path}: the items of {known.name} come with this program.",
            remedy="Leave this file out.",
        )
    try:
        words = wording(raw["language"], raw, known.n_items, known.values)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {error}.", remedy=f"Write it like: {FORM}.") from error
    return known.with_wording(words)
