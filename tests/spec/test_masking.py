"""Masking catches what was planted, and leaves what was not."""

from __future__ import annotations

import pytest

from spec import masking

RECALLS = {one.name: one for one in masking.recalls()}


@pytest.mark.parametrize("name", masking.FLOORS)
def test_planted_identifiers_are_masked_whole(name: str) -> None:
    assert RECALLS[name].recall >= masking.FLOORS[name]


def test_every_planted_set_has_a_floor() -> None:
    assert set(RECALLS) == set(masking.FLOORS)


def test_texts_without_identifiers_stay_as_they_are() -> None:
    n_words, masked = masking.false_masks()
    assert n_words > 5_000
    assert 1000 * sum(masked.values()) / n_words <= masking.CEILING


def test_page_says_what_is_not_caught() -> None:
    assert "**not** caught" in " ".join(masking.page().split())
    assert f"{RECALLS['rare_name'].recall:.0%}" in masking.page()
