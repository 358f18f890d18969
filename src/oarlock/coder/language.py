"""Whether a text is English, which is all that the coder can read.

`py3langid` identifies the language where a text has enough words; texts with common English
words skip it, because identification of a few words of slang guesses wildly.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

UNKNOWN = "und"
_MIN_WORDS = 4
_MIN_MARGIN = 6.0
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")
_NOT_LATIN = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)
#: Frequent English words.
_ENGLISH = frozenset(
    """
    the you your u ur im i'm i’m ive i've i’ve it's it’s its that that's that’s this with have
    has had was were been being and for not don't don’t dont can't can’t cant what when how why
    who which they them their there would could should will just like know think feel get got
    really about because want need help hope sorry thank thanks good great much more some all any
    people life time things something yourself myself it is are of my we he she his her if or so
    too up out from by at be do did does going sounds same here hang nice hello hey welcome lol
    yeah yes okay love hugs congrats luck omg idk tbh fr
    """.split()  # noqa: SIM905
)
#: Those of them that are words of German, Dutch, Danish or another candidate, too: they tell
#: little, unless they make up half of the text.
_SHARED = _ENGLISH & frozenset(
    """
    all any at be by do for fr had has have he hello help her hey if im is it lol more my nice
    of okay omg or same she so some sorry them u up ur was we were will yes me
    """.split()  # noqa: SIM905
)
_CANDIDATES = (
    "en es fr de it pt nl pl sv da no fi tr ro cs hu id tl vi ru uk ar fa he hi zh ja ko el"
)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(_CANDIDATES.split())
    return identifier


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; numbers and emoji are none."""
    return _WORD.findall(text.lower())


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, "und" where it has too few words to tell.

    A text of any length in another script is told by its script; a text in Latin script needs at
    least four words, and a clear lead over English, to be called anything but English.
    """
    found = words(text)
    if not text.isascii():
        letters = sum(map(len, found))
        if letters and len(_NOT_LATIN.findall(text)) > letters / 2:
            return str(_identifier().classify(" ".join(found))[0])
    hits = sum(word in _ENGLISH for word in found)
    own = hits - sum(word in _SHARED for word in found)
    many = hits * 4 >= len(found)
    if own >= 2 or (own and many) or (hits and hits * 2 >= len(found)):
        return "en"
    if hits and many and len(found) < _MIN_WORDS:
        return "en"
    if len(found) < _MIN_WORDS:
        return UNKNOWN
    ranked = _identifier().rank(" ".join(found))
    best, score = ranked[0]
    english = next(value for name, value in ranked if name == "en")
    return str(best) if best == "en" or score - english >= _MIN_MARGIN else UNKNOWN
