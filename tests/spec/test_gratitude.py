"""Thanks are told apart in cases that were written before the rules; every second is held out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from oarlock.study.gratitude import KINDS, kind_of, kinds

GROUPS = tomllib.loads(
    (Path(__file__).parent / "gratitude_cases.toml").read_text("utf-8")
)["group"]  # fmt: skip


def cases(*, held_out: bool) -> list[tuple[str, str]]:
    return [
        (text, group["kind"])
        for group in GROUPS
        for place, text in enumerate(group["cases"])
        if (place % 2 == 1) is held_out
    ]


def test_there_are_at_least_three_hundred_different_cases() -> None:
    texts = [text for half in (True, False) for text, _ in cases(held_out=half)]
    assert len(texts) == len(set(texts)) >= 300


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_thanks_are_found_and_little_else_is(kind: str) -> None:
    found = [(kind_of(text), true) for text, true in cases(held_out=True)]
    hits = sum(got == true == kind for got, true in found)
    assert hits / sum(true == kind for _, true in found) >= 0.93  # recall
    assert hits / sum(got == kind for got, _ in found) >= 0.93  # precision


def test_missing_text_thanks_nobody() -> None:
    assert kinds([None, "", "thank you"]) == ["none", "none", "general"]
