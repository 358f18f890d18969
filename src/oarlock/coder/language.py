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
#: More words of English, which tell it where a text is too short to be identified. None of them is
#: a frequent word of another candidate.
_PLAIN = frozenset(
    """
    absolutely actually afraid after again agree agreed ago ah alone already also alright although
    always amazing amen another anxiety anxious anybody anymore anyone anything anytime anyway
    anyways appreciate around ask asking awesome awful away bday beautiful beautifully because
    become been before being believe best better birthday boring both breathe bro bruh bye calm
    came care cares check christmas come coming completely congratulations cool correct could
    counselor crazy crying dad day days deep definitely depressed depression different doctor doing
    done doubt down dude each easier easily easy either else enough even ever every everybody
    everyday everyone everything evening exactly excellent exercise family far fast feeling feels
    felt few find fine first follow following forever forward found free friend friends fun gang
    girlfriend glad gonna gotta grateful guess guys haha hahaha happened happens happy hard hear
    heard heart hello helped helpful helping helps here hi hiya hmm home hopefully hospital hour
    hours hug hugs hurt hurts imagine indeed inside interesting into isn't isnt issues job journal
    journaling joy keep keeping kind knew known last later learn least left let let's lets likewise
    listen little literally live lmao lonely long look lost loved loving lots lovely many mate
    matters may maybe means medication meditate mental might mind miss mom moment months morning
    most mother move must nah never next night nobody nope normal nothing now nowhere off often oh
    ohh old once one oops other others ouch ours out outside over pain panic parents perfect
    perhaps plan please plz possible powerful practice probably problem problems proud quite
    rather read ready relate relatable relationship relax remember respect rest right sad safe said
    same saw say saying scared school see seems seen share since sleep sleeping slowly small
    smart someone sometimes somewhere soon sounds spot start started stay step still stop stressed
    strong stronger struggling such suffering sure take taken talk talking tell than thankful
    thankyou thats then therapist therapy these thing thinking those though thought through tired
    to today together tomorrow tonight took totally tried true trust truth try trying turn ty two
    ugh understand understood until update upset us use used useful usually very wait walk walking
    wanna want wanted watch way week weeks well went what's whatever where which while whole wish
    within without wonderful word words work working works worry worse worst worth wow write wrong
    yay yea year years yep yesterday yet yoga you'll you've young yours yup
    there's there’s they're they’re you're you’re absolute confrontation
    fair goodbye goodness goodnight hate hii howdy loneliness mad play sigh sooo source times tough
    wtf yess yesss bills block brave bravely
    hey heyy lmaooo mhm hmmm hm haha rent report run save stand trouble try warm xx xoxo thx tnx ily
    """.split()  # noqa: SIM905
)
#: Short words of English that other languages have, too.
_PLAIN_SHARED = frozenset(
    "about an am and as back bad god i in me no on ok the".split()  # noqa: SIM905
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


def may_be_english(text: str) -> bool:
    """Return whether a text of unknown language has words that make English likely.

    One frequent word is enough, or half of the words where other languages have them, too. A
    formula, a letter or a few words of another language have none.
    """
    found = words(text)
    shared = sum(word in _SHARED or word in _PLAIN_SHARED for word in found)
    own = sum((word in _ENGLISH or word in _PLAIN) and word not in _SHARED for word in found)
    return bool(own) or bool(shared and shared * 2 >= len(found))
