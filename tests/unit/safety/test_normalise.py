"""What disguise is taken off, and what is left alone."""

from __future__ import annotations

import pytest

from oarlock.safety.normalise import MAX_CHARACTERS, views


@pytest.mark.parametrize(
    "written",
    [
        "suicide", "SUICIDE", "su1c1de", "su!cide", "su*cide", "s u i c i d e", "s.u.i.c.i.d.e",
        "sui\u200bcide", "suicіde", "𝓼𝓾𝓲𝓬𝓲𝓭𝓮", "ｓｕｉｃｉｄｅ", "sucide", "sewerslide", "s̶u̶i̶c̶i̶d̶e̶",
        "\u202eedicius\u202c",
    ],
)  # fmt: skip
def test_disguise_is_taken_off(written: str) -> None:
    assert "suicide" in views(written).plain


@pytest.mark.parametrize(
    "written",
    ["I have 4 cats and 2 dogs", "b5 or c4", "room 101", "a b c", "10 mg", "50% off!", "e.g. this"],
)
def test_ordinary_signs_are_left_alone(written: str) -> None:
    assert "suicid" not in views(written).plain
    assert "kill" not in views(written).plain


def test_contractions_are_written_out() -> None:
    assert (
        views("I don't, can't, won't; I'm, it's").plain
        == "i do not, can not, will not; i am, it is"
    )
    assert views("dont cant im").plain == "do not can not i am"


def test_light_view_keeps_what_addresses_need() -> None:
    light = views("Mail <b>Anna</b>@Example.org or +49 30 1234").light
    assert "@Example.org" in light
    assert "+49 30 1234" in light


def test_lines_stay_apart_and_spaces_fold() -> None:
    assert views("one\r\n\n  two\t three").plain == "one\ntwo three"


def test_middle_of_a_very_long_text_is_left_out_and_said_so() -> None:
    seen = views("a " * MAX_CHARACTERS)
    assert seen.truncated
    assert len(seen.light) <= MAX_CHARACTERS + 1
    assert not views("a " * 100).truncated


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\ufeff", "👍🏽", "\ud83d", "\x00", "ﷺ" * 50])
def test_texts_without_letters_are_no_fault(text: str) -> None:
    assert isinstance(views(text).plain, str)
