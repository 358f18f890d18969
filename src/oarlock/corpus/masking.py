"""Masking of what could name a person in a text. Lengths stay, so that spans of codes still fit.

Patterns catch contacts, handles, and names that are frequent or that the words around them give
away ("my name is ..."). They do not catch every name or place: a text about a life can name
somebody without any of them, which is why a masked corpus is for researchers under an agreement and
never public. How much they catch: the reference page on masking.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import regex

MASK: Final = "×"
KINDS: Final = ("email", "link", "handle", "phone", "postcode", "name")

_PROVIDERS = (
    "gmail|googlemail|hotmail|outlook|yahoo|icloud|gmx|protonmail|proton|live|aol|web|mail|example"
)
_TOP = "com|org|net|edu|gov|info|io|gg|tv|uk|de|fr|nl|ca|au|eu|ie|nz|ch"
# Short domains, which are words too often unless a path follows.
_SHORT_TOP = f"{_TOP}|me|co|ly|be|app|dev"
_PLATFORMS = (
    "instagram|insta|ig|snapchat|snap|sc|discord|kik|telegram|tiktok|twitter|skype|whatsapp|signal"
)
_PATTERNS: Final = {
    "email": rf"""[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,5}}
        |(?<!\w)[\w.+-]{{2,64}}\s?(?:\sat\s|[(\[]at[)\]]|\s@\s)\s?(?:{_PROVIDERS})\s?
         (?:\.|\sdot\s|[(\[]dot[)\]])\s?(?:{_TOP})(?!\w)""",
    "link": rf"""(?:https?://|www\.)\S{{1,2000}}
        |(?<![\w@.-])(?:[\w-]{{2,63}}\.){{1,4}}(?:{_TOP})(?:/\S{{0,2000}}|(?![\w.@]\w))(?!\w)
        |(?<![\w@.-])[\w-]{{1,63}}\.(?:{_SHORT_TOP})/\S{{1,2000}}""",
    "handle": rf"""(?<![\w.])@[\w.-]{{2,40}}
        |(?<![\w/])/?u/[\w-]{{3,40}}
        |(?<!\w)[\w.]{{2,32}}\#\d{{4}}(?!\w)
        |(?<!\w)(?:{_PLATFORMS})(?:\s?(?:handle|name|id|username))?\s?[:=]\s?\K[\w.-]{{3,40}}(?!\w)
        |(?<!\w)(?:{_PLATFORMS})\s?(?:handle|name|id|username)\s+is\s+\K[\w.-]{{3,40}}(?!\w)
        |(?<!\w)(?:my|his|her|their)\s(?:{_PLATFORMS})\s+is\s+\K[\w.-]{{3,40}}(?!\w)""",
    # Seven or more digits with the usual marks between them: no date, years, or thousands.
    "phone": r"""(?<![\w+])(?:\+|\()?(?!\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d))
        (?!\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?!\d))(?!\d{1,3}(?:,\d{3})+(?!\d))(?!\d*000(?!\d))
        (?!(?:19|20)\d\d\s?[-/]\s?(?:19|20)\d\d(?!\d))
        \d(?:[ ()/.-]{0,2}\d){6,14}(?!\w)""",
    # United Kingdom, Canada, United States, the Netherlands, Germany with its prefix.
    "postcode": r"""(?<!\w)[A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}(?!\w)
        |(?<!\w)[A-Za-z]\d[A-Za-z][ -]?\d[A-Za-z]\d(?!\w)
        |(?<!\w)[A-Z]{2},?\s\d{5}(?:-\d{4})?(?!\w)
        |(?<!\w)(?:[zZ][iI][pP](?:\s?[cC]ode)?|[pP]ost(?:al\s)?code|PLZ)(?:\s+is|:)?\s+\K[\dA-Za-z-]{4,8}(?!\w)
        |(?<!\w)\d{4}\s[A-Z]{2}(?!\w)(?=\s[A-Z])
        |(?<!\w)D-\d{5}(?!\w)""",
}  # fmt: skip
_CONTACTS: Final = {
    kind: regex.compile(
        pattern, regex.VERBOSE | (regex.IGNORECASE if kind in ("email", "link") else 0)
    )
    for kind, pattern in _PATTERNS.items()
}
_CONTACTS["handle"] = regex.compile(_PATTERNS["handle"], regex.VERBOSE | regex.IGNORECASE)

#: Handles shorter than this are ordinary words too often.
_LEAST = 4
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞŠŽĆČ", "a-zß-öø-ÿšžćč"
_CAPITAL = re.compile(rf"\b[{_UPPER}][{_LOWER}]+(?:[’'-][{_UPPER}][{_LOWER}]+)?\b")
_SURNAME = re.compile(rf" ([{_UPPER}][{_LOWER}]+(?:[’'-][{_UPPER}][{_LOWER}]+)?)\b")
_TOLD: Final = (
    # One of these must be there, in small letters; then the pattern. Its first group is the name.
    (("name", "heiße"), re.compile(
        r"\b(?:my (?:\w+['’]?s )?name(?: is|['’]?s)|(?:his|her|their) name(?: is| was|['’]?s)"
        r"|ich heiße|mein name ist)\s+([^\W\d_][\w'’-]{1,29})", re.IGNORECASE)),
    (("call me", "known as"), re.compile(
        rf"\b(?:[Cc]all me|known as) ([{_UPPER}][{_LOWER}]{{1,29}})\b")),
    (("dr", "mr", "ms", "mis", "prof", "herr", "frau"), re.compile(
        rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Herr|Frau)\.?\s+([{_UPPER}][\w'’-]{{1,30}})")),
    (("hi", "hey", "hello", "dear", "thank", "cheers", "danke", "liebe", "hallo"), re.compile(
        r"\b(?:[Hh]i|[Hh]ey|[Hh]ello|[Dd]ear|[Tt]hanks|[Tt]hank you|[Cc]heers|[Hh]allo|[Dd]anke"
        rf"|[Ll]ieber?),? ([{_UPPER}][{_LOWER}]{{1,30}})(?=\s?[,!.:\n]|\s*$)")),
    (("\n", "-", "–", "—", "~", ","), re.compile(
        r"(?:^|\n)\s*(?:[-–—~]\s?|(?i:love|regards|yours|best|hugs|xx|lg),?\s{1,4})"
        rf"([{_UPPER}][{_LOWER}]{{1,30}})(?=\W*$)")),
)  # fmt: skip
_NO_NAMES: Final = frozenset((files("oarlock.corpus") / "no_names.txt").read_text("utf-8").split())


@dataclass(frozen=True, slots=True)
class Found:
    """What could name a person: a half-open span of a text, and its kind."""

    start: int
    end: int
    kind: str


@cache
def given_names() -> frozenset[str]:
    """Return the given names that are masked wherever they stand with a capital."""
    text = files("oarlock.corpus").joinpath("given_names.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(name for line in lines for name in line.split())


class Masker:
    """Masks contacts, names and a set of handles.

    Args:
        handles: Of everybody in the community, also of those who have not consented.
        names: Mask names too.
    """

    def __init__(self, handles: Iterable[str] = (), *, names: bool = True) -> None:
        known = sorted({h for h in handles if len(h) >= _LEAST}, key=len, reverse=True)
        self._handles = (
            regex.compile(r"(?<!\w)(?:\L<handles>)(?!\w)", regex.IGNORECASE, handles=known)
            if known
            else None
        )
        self._names = names
        self.n_masked: Counter[str] = Counter()

    def find(self, text: str) -> list[Found]:
        """Return what would be masked, in the order of the text; no two overlap."""
        taken: list[Found] = []
        for found in self._candidates(text):
            if all(found.end <= one.start or one.end <= found.start for one in taken):
                taken.append(found)
        return sorted(taken, key=lambda one: one.start)

    def mask(self, text: str) -> str:
        """Return the text with every match replaced by a mask of the same length."""
        for found in self.find(text):
            text = text[: found.start] + MASK * (found.end - found.start) + text[found.end :]
            self.n_masked[found.kind] += 1
        return text

    def _candidates(self, text: str) -> Iterator[Found]:
        """Yield matches; what comes first keeps its place."""
        for kind in _kinds_possible(text):
            for match in _CONTACTS[kind].finditer(text):
                yield Found(*match.span(), kind)
        if self._handles is not None:
            for match in self._handles.finditer(text):
                yield Found(*match.span(), "handle")
        if self._names:
            yield from _names(text)


def _kinds_possible(text: str) -> list[str]:
    """Return the kinds whose patterns can match at all: looking for a sign is much cheaper."""
    folded = text.casefold()
    digit = any(c.isdigit() for c in text)
    dotted = "." in text
    return [
        kind
        for kind, possible in (
            ("email", "@" in text or ("at" in folded and any(p in folded for p in _MAILBOXES))),
            ("link", dotted and ("www." in folded or "://" in text or _DOMAIN.search(folded))),
            ("handle", "@" in text or "u/" in folded or "#" in text or _PLATFORM.search(folded)),
            ("phone", digit),
            ("postcode", digit),
        )
        if possible
    ]


_MAILBOXES: Final = _PROVIDERS.split("|")
_DOMAIN = regex.compile(rf"\w\.(?:{_TOP})(?!\w)|\w\.(?:{_SHORT_TOP})/")
_PLATFORM = regex.compile(rf"(?<!\w)(?:{_PLATFORMS})(?!\w)")


def _names(text: str) -> Iterator[Found]:
    folded = text.casefold()
    for signs, pattern in _TOLD:
        if any(sign in folded for sign in signs):
            for match in pattern.finditer(text):
                if match.group(1).casefold() not in _NO_NAMES:
                    yield Found(match.start(1), _with_surname(text, match.end(1)), "name")
    known = given_names()
    for match in _CAPITAL.finditer(text):
        if match.group() in known or re.split("['’-]", match.group())[0] in known:
            yield Found(match.start(), _with_surname(text, match.end()), "name")


def _with_surname(text: str, end: int) -> int:
    surname = _SURNAME.match(text, end)
    if surname is None or surname.group(1).casefold() in _NO_NAMES:
        return end
    return surname.end(1)
