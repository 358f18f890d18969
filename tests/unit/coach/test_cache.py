"""Rows that are kept between calls."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from oarlock.coach.cache import RowCache


def lengths(texts: list[str]) -> NDArray[np.float32]:
    return np.array([[len(text), len(set(text))] for text in texts], dtype=np.float32)


@given(
    st.lists(st.lists(st.text(max_size=4), min_size=1, max_size=6), max_size=8), st.integers(1, 5)
)
def test_rows_are_those_of_the_texts_whatever_was_kept(calls: list[list[str]], size: int) -> None:
    cache = RowCache(size)
    for texts in calls:
        assert np.array_equal(cache.rows(texts, lengths), lengths(texts))
        assert len(cache) <= size


def test_row_not_used_for_longest_goes_first() -> None:
    cache = RowCache(2)
    asked: list[list[str]] = []

    def compute(texts: list[str]) -> NDArray[np.float32]:
        asked.append(texts)
        return lengths(texts)

    for texts in (["a"], ["b"], ["a"], ["c"], ["a"], ["b"]):
        cache.rows(texts, compute)
    assert asked == [["a"], ["b"], ["c"], ["b"]]


def test_keys_of_two_caches_differ() -> None:
    one, other = RowCache(4), RowCache(4)
    for cache in (one, other):
        cache.rows(["the same words"], lengths)
    assert not set(one._rows) & set(other._rows)
