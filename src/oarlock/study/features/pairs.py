"""A batch of replies with the posts that they answer, read once for all text features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from oarlock.study.matching import Entries, Marks, Matcher, entries, shipped
from oarlock.study.reading import Reading, Vocabulary, read


def _syllables(words: list[str]) -> NDArray[np.float32]:
    """Return the syllables of English words, (n, 1): places to hyphenate, and one.

    Source: hyphenation patterns of pyphen (LibreOffice, after Liang 1983).
    """
    hyphenator = _hyphenator()
    counts = [1 + len(hyphenator.positions(word)) for word in words]
    return np.array(counts, dtype=np.float32).reshape(-1, 1)


def _hyphenator() -> Any:
    import pyphen

    # Kept by pyphen itself: its dictionaries are read once per process.
    return pyphen.Pyphen(lang="en_US", left=1, right=1)


class Tools:
    """Lexicons and memories of words, made once per process.

    Args:
        dictionaries: Further lexicons by name, as `matching.read_dic` reads them.
        idf: Inverse document frequencies of `closeness`, by bucket; None counts all words alike.
    """

    def __init__(
        self,
        dictionaries: Mapping[str, Mapping[str, Entries]] | None = None,
        idf: NDArray[np.float32] | None = None,
    ) -> None:
        self.syllables = Vocabulary(_syllables, 1)
        self.words = Matcher(
            {
                f"{name}:{category}": entries(text)
                for name in ("style", "content")
                for category, text in shipped(name)["categories"].items()
            }
        )
        feelings = shipped("sentiment")
        self.feelings = Matcher(
            {
                **{name: entries(text) for name, text in feelings["categories"].items()},
                "negators": entries(feelings["negators"]["words"]),
                **{f"as {name}": entries(text) for name, text in feelings["phrases"].items()},
            },
            covering=("as positive", "as negative", "as neutral"),
        )
        self.dictionaries = {
            name: Matcher(categories) for name, categories in (dictionaries or {}).items()
        }
        self.idf = idf


@dataclass
class Side:
    """The replies of a batch, or their posts: what several features look at."""

    reading: Reading
    tools: Tools
    _kept: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def words(self) -> Marks:
        """Style and content categories."""
        return self.tools.words.mark(self.reading)

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """(n, n_categories) counts of style and content categories."""
        return self.words.counts()

    @cached_property
    def feelings(self) -> Marks:
        """Words that please or hurt, negators, phrases."""
        return self.tools.feelings.mark(self.reading)

    def per_100_words(
        self, counts: NDArray[np.floating] | NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return counts per hundred words, NaN where a text has none."""
        n = self.reading.n_words
        return np.asarray(np.divide(100.0 * counts, n, out=np.full(len(n), np.nan), where=n > 0))

    def count_of(self, category: str) -> NDArray[np.float64]:
        """Return the count of a category, "style:articles" for example, (n,)."""
        return np.asarray(self.counts[:, self.words.places[category]])


@dataclass
class Pairs:
    """A batch of replies and the posts that they answer.

    Attributes:
        reply: n replies.
        post: The different posts.
        post_row: (n,) row of each reply's post.
    """

    reply: Side
    post: Side
    post_row: NDArray[np.int64]

    @property
    def tools(self) -> Tools:
        """Lexicons of this process."""
        return self.reply.tools

    def of_post(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the different posts, one per reply."""
        return np.asarray(values[self.post_row], dtype=np.float64)


def pair(replies: pa.Array, posts: pa.Array, post_row: NDArray[np.int64], tools: Tools) -> Pairs:
    """Read a batch.

    Args:
        replies: (n,) texts.
        posts: Texts of the different posts.
        post_row: (n,) row of each reply's post.
        tools: Lexicons of this process.
    """
    return Pairs(Side(read(replies), tools), Side(read(posts), tools), post_row)
