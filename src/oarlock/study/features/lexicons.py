"""What a reply is about, and whether its words please or hurt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oarlock.study.features.pairs import Pairs, Side
from oarlock.study.features.registry import text_feature
from oarlock.study.matching import shipped

_PER_100 = "per 100 words; missing without words"
#: Words before a word among which a negator turns it.
_REACH = 3


def _register(name: str, source: str) -> None:
    category = f"content:{name}"

    @text_feature(
        name=f"about_{name}",
        about=f"Words of the category {name.replace('_', ' ')} in the reply",
        unit=_PER_100,
        source=source,
    )
    def about(pairs: Pairs) -> NDArray[np.float64]:
        return pairs.reply.per_100_words(pairs.reply.count_of(category))


for _name in shipped("content")["categories"]:
    _register(_name, "own list, `lists/content.toml`")


def feelings(side: Side) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many words please and how many hurt, each (n,).

    A negator within three words before, in the same clause, takes a word that hurts out ("not
    stupid") and makes one that pleases hurt ("not happy"). Phrases such as "no problem" count as
    what they say.

    Source: Taboada et al. (2011), doi:10.1162/COLI_a_00049, on shifting by negation.
    """
    if "feelings" not in side._kept:
        side._kept["feelings"] = _feelings(side)
    found: tuple[NDArray[np.float64], NDArray[np.float64]] = side._kept["feelings"]
    return found


def _feelings(side: Side) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    marks, reading = side.feelings, side.reading
    words, free = reading.words, ~marks.covered
    negator = marks.has("negators") & free
    turned = np.zeros(len(negator), dtype=bool)
    for step in range(1, _REACH + 1):
        if len(negator) > step:
            # A clause never spans two texts.
            same = words.clause[step:] == words.clause[:-step]
            turned[step:] |= negator[:-step] & same
    pleases, hurts = marks.has("positive") & free, marks.has("negative") & free
    up = np.bincount(words.text[pleases & ~turned], minlength=reading.n).astype(np.float64)
    down = np.bincount(
        words.text[(hurts & ~turned) | (pleases & turned)], minlength=reading.n
    ).astype(np.float64)
    rows = words.text[marks.phrase_at]
    np.add.at(up, rows, marks.phrase_in[:, marks.places["as positive"]])
    np.add.at(down, rows, marks.phrase_in[:, marks.places["as negative"]])
    return up, down


_SOURCE = (
    "own list, `lists/sentiment.toml`; negation: Taboada et al. (2011), doi:10.1162/COLI_a_00049"
)


@text_feature(unit=_PER_100, source=_SOURCE)
def positive(pairs: Pairs) -> NDArray[np.float64]:
    """Words of the reply that please, negation read."""
    return pairs.reply.per_100_words(feelings(pairs.reply)[0])


@text_feature(unit=_PER_100, source=_SOURCE)
def negative(pairs: Pairs) -> NDArray[np.float64]:
    """Words of the reply that hurt, negation read."""
    return pairs.reply.per_100_words(feelings(pairs.reply)[1])


@text_feature(unit="-1 (all hurt) to 1 (all please); 0 where none does either", source=_SOURCE)
def sentiment(pairs: Pairs) -> NDArray[np.float64]:
    """Balance of words that please and hurt in the reply."""
    return _balance(pairs.reply)


@text_feature(unit="-1 (all hurt) to 1 (all please); 0 where none does either", source=_SOURCE)
def post_sentiment(pairs: Pairs) -> NDArray[np.float64]:
    """Balance of words that please and hurt in the post."""
    return pairs.of_post(_balance(pairs.post))


def _balance(side: Side) -> NDArray[np.float64]:
    up, down = feelings(side)
    return np.divide(up - down, up + down, out=np.zeros(len(up)), where=up + down > 0)
