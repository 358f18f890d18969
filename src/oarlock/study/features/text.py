"""How long a reply is, how it is built, and whom it addresses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oarlock.study.features.pairs import Pairs, Side
from oarlock.study.features.registry import text_feature
from oarlock.study.matching import entries
from oarlock.study.reading import hash_words, totals

_PER_100 = "per 100 words; missing without words"
_FLESCH = "Flesch (1948), doi:10.1037/h0057532; syllables by pyphen"
_MIN_WORDS = 5


@text_feature(unit="characters")
def characters(pairs: Pairs) -> NDArray[np.float64]:
    """Length of the reply, links left out."""
    return np.diff(pairs.reply.reading.offsets).astype(np.float64)


@text_feature(unit="words")
def words(pairs: Pairs) -> NDArray[np.float64]:
    """Length of the reply in words."""
    return pairs.reply.reading.n_words.astype(np.float64)


@text_feature(unit="ln(1 + words)")
def log_words(pairs: Pairs) -> NDArray[np.float64]:
    """Length of the reply, on a scale where twice as long counts alike."""
    return np.log1p(pairs.reply.reading.n_words)


@text_feature(unit="sentences")
def sentences(pairs: Pairs) -> NDArray[np.float64]:
    """Runs of words that a stop, a mark or a line end closes."""
    return pairs.reply.reading.n_sentences.astype(np.float64)


@text_feature(unit="words per sentence; missing without words")
def words_per_sentence(pairs: Pairs) -> NDArray[np.float64]:
    """Mean length of the reply's sentences."""
    reading = pairs.reply.reading
    return _ratio(reading.n_words, reading.n_sentences)


@text_feature(unit="question marks, a run counted once")
def questions(pairs: Pairs) -> NDArray[np.float64]:
    """Question marks of the reply."""
    return _runs(pairs.reply, "?")


@text_feature(unit="exclamation marks, a run counted once")
def exclamations(pairs: Pairs) -> NDArray[np.float64]:
    """Exclamation marks of the reply."""
    return _runs(pairs.reply, "!")


@text_feature(unit="emoji; a joined or tinted one counted once", source="Unicode TR 51")
def emoji(pairs: Pairs) -> NDArray[np.float64]:
    """Emoji of the reply."""
    reading = pairs.reply.reading
    return reading.per_text(reading.pictures).astype(np.float64)


@text_feature(unit="smileys written in signs")
def emoticons(pairs: Pairs) -> NDArray[np.float64]:
    """Smileys such as :) and :( of the reply."""
    reading = pairs.reply.reading
    points = reading.points
    eyes = np.isin(points, [ord(c) for c in ":;="])
    mouths = np.isin(points, [ord(c) for c in ")(DP/3]["])
    noses = np.isin(points, [ord(c) for c in "-'o"])
    same = ~reading.first
    hits = np.zeros(len(points), dtype=bool)
    if len(points) > 1:
        hits[:-1] |= eyes[:-1] & mouths[1:] & same[1:]
    if len(points) > 2:
        hits[:-2] |= eyes[:-2] & noses[1:-1] & mouths[2:] & same[1:-1] & same[2:]
    return reading.per_text(hits).astype(np.float64)


@text_feature(unit="links")
def links(pairs: Pairs) -> NDArray[np.float64]:
    """Web addresses in the reply."""
    return pairs.reply.reading.n_links.astype(np.float64)


@text_feature(unit="share of letters and digits, 0 to 1; missing without words")
def capitals(pairs: Pairs) -> NDArray[np.float64]:
    """Capital letters of the reply."""
    reading = pairs.reply.reading
    letters = (reading.flags & 1).astype(bool)
    return _ratio(reading.per_text(reading.points != reading.lower), reading.per_text(letters))


@text_feature(unit=_PER_100, source="Tausczik & Pennebaker (2010), doi:10.1177/0261927X09351676")
def long_words(pairs: Pairs) -> NDArray[np.float64]:
    """Words of more than six letters."""
    found = pairs.reply.reading.words
    is_long = (found.ends - found.starts) > 6
    counts = np.bincount(found.text[is_long], minlength=pairs.reply.reading.n)
    return pairs.reply.per_100_words(counts)


@text_feature(unit="0 (hard) to 100 (easy); missing below five words", source=_FLESCH)
def reading_ease(pairs: Pairs) -> NDArray[np.float64]:
    """Flesch reading ease of the reply."""
    reading = pairs.reply.reading
    rows = pairs.tools.syllables.rows(reading)
    table = pairs.tools.syllables.table
    syllables = totals(rows, reading.words.text, reading.n, table)[:, 0]
    n = np.maximum(reading.n_words, 1)
    ease = 206.835 - 1.015 * n / np.maximum(reading.n_sentences, 1) - 84.6 * syllables / n
    ease[reading.n_words < _MIN_WORDS] = np.nan
    return ease


_PERSONS = {
    "first_person": ("I, me, my in the reply", "i i'm im i've ive i'll i'd me my myself mine"),
    "first_plural": (
        "We, us, our in the reply",
        "we we're we've weve we'll we'd us our ours ourselves let's",
    ),
    "second_person": (
        "You, your in the reply",
        "you you're youre you've youve you'll youll you'd youd your yours yourself u ur ya yall "
        "y'all",
    ),
    "third_person": (
        "He, she, they in the reply",
        "he he's hes he'll he'd him his himself she she's shes she'll she'd her hers herself "
        "they they're theyre they've they'll they'd them their theirs themselves",
    ),
}


def _register_person(name: str, about: str, listed: str) -> None:
    keys = np.sort(hash_words(sorted(entries(listed).words)))

    @text_feature(name=name, about=about, unit=_PER_100)
    def person(pairs: Pairs) -> NDArray[np.float64]:
        found = pairs.reply.reading.words
        hits = np.isin(found.hashes, keys)
        return pairs.reply.per_100_words(
            np.bincount(found.text[hits], minlength=pairs.reply.reading.n)
        )


for _name, (_what, _listed) in _PERSONS.items():
    _register_person(_name, _what, _listed)


@text_feature(unit="words")
def post_words(pairs: Pairs) -> NDArray[np.float64]:
    """Length of the post that the reply answers."""
    return pairs.of_post(pairs.post.reading.n_words.astype(np.float64))


@text_feature(unit="question marks, a run counted once")
def post_questions(pairs: Pairs) -> NDArray[np.float64]:
    """Question marks of the post."""
    return pairs.of_post(_runs(pairs.post, "?"))


def _runs(side: Side, sign: str) -> NDArray[np.float64]:
    reading = side.reading
    hits = reading.points == ord(sign)
    begins = hits.copy()
    begins[1:] &= ~hits[:-1] | reading.first[1:]
    return reading.per_text(begins).astype(np.float64)


def _ratio(top: NDArray[np.int64], bottom: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0))
