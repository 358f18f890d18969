"""Masking of what could name a person in a text. Lengths stay, so that spans of codes still fit.

Patterns catch contacts and the handles of the community. They do not catch every name or place: a
text about a life can name somebody without any of them, which is why exports are for researchers
under an agreement and never public.
"""

from __future__ import annotations

from collections.abc import Iterable

import regex

MASK = "×"

_PATTERNS = (
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}",  # e-mail
    r"(?:https?://|www\.)\S{1,2000}",
    r"(?<![\w.])@[\w.-]{2,40}",  # handles of other platforms
    # Telephone numbers: seven or more digits with the usual marks between them.
    r"(?<!\w)\+?\d(?:[ ()/.-]{0,2}\d){6,14}(?!\w)",
    # Postcodes of the United Kingdom.
    r"(?<!\w)[A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}(?!\w)",
)
_CONTACTS = regex.compile("|".join(_PATTERNS))
#: Handles shorter than this are ordinary words too often.
_LEAST = 4


class Masker:
    """Masks contacts and a set of handles.

    Args:
        handles: Of everybody in the community, also of those who have not consented.
    """

    def __init__(self, handles: Iterable[str] = ()) -> None:
        known = sorted({h for h in handles if len(h) >= _LEAST}, key=len, reverse=True)
        self._handles = (
            regex.compile(r"(?<!\w)(?:\L<handles>)(?!\w)", regex.IGNORECASE, handles=known)
            if known
            else None
        )

    def mask(self, text: str) -> str:
        """Return the text with every match replaced by a mask of the same length."""
        text = _CONTACTS.sub(lambda m: MASK * len(m.group()), text)
        if self._handles is not None:
            text = self._handles.sub(lambda m: MASK * len(m.group()), text)
        return text
