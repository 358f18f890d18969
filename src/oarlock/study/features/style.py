"""Whether a reply is written in the style of the post."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oarlock.study.features.pairs import Pairs, Side
from oarlock.study.features.registry import text_feature
from oarlock.study.matching import shipped

_MIN_WORDS = 5


def _rates(side: Side) -> NDArray[np.float64]:
    columns = [side.count_of(f"style:{name}") for name in shipped("style")["categories"]]
    return np.stack([side.per_100_words(column) for column in columns], axis=1)


@text_feature(
    unit="0 (unlike) to 1 (alike); missing below five words in reply or post",
    source="Ireland & Pennebaker (2010), doi:10.1037/a0020386, with open word lists",
)
def style_matching(pairs: Pairs) -> NDArray[np.float64]:
    """Language-style matching of reply and post over nine categories of function words.

    1 - |a - b| / (a + b + 0.0001) for the percentages a and b of each category; the mean of all.
    """
    a = _rates(pairs.reply)
    b = _rates(pairs.post)[pairs.post_row]
    short = pairs.reply.reading.n_words < _MIN_WORDS
    short |= pairs.post.reading.n_words[pairs.post_row] < _MIN_WORDS
    matching = np.asarray(np.mean(1.0 - np.abs(a - b) / (a + b + 0.0001), axis=1))
    matching[short] = np.nan
    return matching
