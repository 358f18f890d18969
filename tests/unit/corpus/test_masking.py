"""Masks keep lengths, count what they hide, and take what gives a person away."""

from __future__ import annotations

from itertools import pairwise

import pytest

from oarlock.corpus.masking import MASK, Masker


def test_lengths_stay_and_kinds_are_counted() -> None:
    masker = Masker(["kim_k"])
    text = "kim_k, I'm Sarah Miller: 0123 456 7890, a@b.org, SW1A 1AA, see b.org/x"
    masked = masker.mask(text)
    assert len(masked) == len(text)
    assert masked == (
        f"{MASK * 5}, I'm {MASK * 12}: {MASK * 13}, {MASK * 7}, {MASK * 8}, see {MASK * 7}"
    )
    assert dict(masker.n_masked) == {
        "handle": 1, "name": 1, "phone": 1, "email": 1, "postcode": 1, "link": 1,
    }  # fmt: skip


def test_names_stay_where_they_are_not_asked_for() -> None:
    assert Masker(names=False).mask("I'm Sarah") == "I'm Sarah"
    assert Masker().mask("I'm Sarah") == f"I'm {MASK * 5}"


@pytest.mark.parametrize(
    "text",
    ["Grace is what I lack", "on 2024-05-01 at 10:30", "my name is on the list", "thanks All!"],
)
def test_words_that_only_look_like_identifiers_stay(text: str) -> None:
    assert Masker().mask(text) == text


def test_found_spans_are_in_order_and_do_not_overlap() -> None:
    found = Masker().find("Hi Tess, write to Daniel at daniel@tess.example.org or www.tess.org")
    assert [one.kind for one in found] == ["name", "name", "email", "link"]
    assert all(a.end <= b.start for a, b in pairwise(found))
