"""De-identification on the way into a corpus: pseudonyms for people, masks in their texts."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

from oarlock.corpus.masking import Masker

PEOPLE: Final = ("user_id", "rater_id", "follower_id", "followed_id")
"""Columns that name a person, in any table."""
TEXTS: Final = ("title", "text")
N_DIGITS: Final = 16
"""Length of a pseudonym in hexadecimal digits: 64 bits."""


def new_key() -> str:
    """Return a key for the pseudonyms of one import. It is thrown away with the partial folder."""
    return secrets.token_hex(32)


def pseudonym(person: str, key: str) -> str:
    """Return the pseudonym of a person; without the key nobody can tell whose it is."""
    return hmac.new(key.encode(), person.encode(), hashlib.sha256).hexdigest()[:N_DIGITS]


class Deidentifier:
    """Masks texts and replaces ids of people, row by row.

    Args:
        mask: Mask texts.
        key: Key of the pseudonyms; None keeps ids of people as they are.
    """

    def __init__(self, *, mask: bool, key: str | None) -> None:
        self._key = key
        self._mask = mask
        self._handles: set[str] = set()
        self.masker: Masker | None = None

    def add_handles(self, handles: Iterable[str]) -> None:
        """Add names of accounts, to be masked in texts; takes effect before the first text."""
        self._handles.update(handles)

    def row(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as it may be kept."""
        kept = dict(row)
        if self._key is not None:
            if table == "users":
                self._handles.add(str(row["user_id"]))
            for column in PEOPLE:
                if kept.get(column) is not None:
                    kept[column] = pseudonym(str(kept[column]), self._key)
        if self._mask and table in ("posts", "replies"):
            for column in TEXTS:
                if kept.get(column):
                    kept[column] = self.mask(str(kept[column]))
        return kept

    def mask(self, text: str) -> str:
        """Return a text with masks."""
        if self.masker is None:
            self.masker = Masker(self._handles)
        return self.masker.mask(text)

    def facts(self) -> dict[str, Any]:
        """Return what was done, for the codebook."""
        masked = dict(self.masker.n_masked) if self.masker is not None else {}
        return {
            "masked": masked if self._mask else None,
            "people": "pseudonyms of this import" if self._key else "ids of the source",
        }
