"""The coach's words in each language, checked for completeness when they are loaded."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from oarlock.errors import OarlockError, UserError

LANGUAGES: tuple[str, ...] = ("en", "de")


class Words:
    """The strings of one language, by section and key."""

    def __init__(self, language: str, table: dict[str, Any]) -> None:
        self.language = language
        self._table = table

    def __call__(self, *path: str) -> str:
        """Return the string at a path such as ("suggestions", "promise", "why")."""
        found: Any = self._table
        for part in path:
            found = found[part]
        if not isinstance(found, str):
            raise OarlockError(f"coach/words/{self.language}.toml: {'.'.join(path)} is no text")
        return found

    def paths(self) -> frozenset[tuple[str, ...]]:
        """Return the path of every string."""
        return frozenset(_paths(self._table))


def _paths(table: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in table.items():
        found += _paths(value, (*above, key)) if isinstance(value, dict) else [(*above, key)]
    return found


@cache
def words_in(language: str) -> Words:
    """Return the strings of a language.

    Raises:
        UserError: The coach does not speak it.
    """
    if language not in LANGUAGES:
        raise UserError(
            f"The coach does not speak {language!r}.",
            remedy=f"Choose one of: {', '.join(LANGUAGES)}.",
        )
    path = files("oarlock.coach") / "words" / f"{language}.toml"
    try:
        return Words(language, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise OarlockError(f"coach/words/{language}.toml cannot be read") from error
