"""English is told from other languages; what is too short to tell is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oarlock.codebook import ALL_CODES
from oarlock.coder.language import UNKNOWN, language_of, may_be_english, words


@pytest.mark.parametrize(
    "text",
    [
        "that sounds really hard",
        "ngl that sux bro",
        "bro same fr fr",
        "hang in there xx",
        "u got this, im so proud of u",
        "omg same",
        "so sorry for her, she was so nice",
        "I can’t imagine how you feel",
        "have you tried calling Zoë or José?",
        "what do you want to do next?",
        "sending hugs 🫂🫂🫂",
    ],
)
def test_english_of_peers_is_english(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Siento mucho que estés pasando por esto, no estás sola."),
        ("es", "yo tambien me siento asi a veces"),
        ("fr", "je suis vraiment désolé que tu traverses ça"),
        ("pt", "sinto muito que você esteja passando por isso"),
        ("it", "mi dispiace che tu stia male così"),
        # Full of words that English has, too: so, was, is, of, we, have, at, for, will, do.
        ("de", "ich weiß nicht was ich so machen soll"),
        ("de", "das ist so schwer, was hast du schon versucht?"),
        ("de", "ich bin für dich da und will dir zuhören"),
        ("nl", "we weten niet of het goed is met hem"),
        ("da", "det er for meget at have det sådan"),
        ("pl", "do kogo możesz dziś zadzwonić, żeby było lżej?"),
        ("sv", "jag förstår att det är svårt för dig"),
        ("tr", "bunu yaşadığın için çok üzgünüm"),
        ("ru", "мне очень жаль, что тебе плохо"),
        ("ru", "держись"),
        ("el", "λυπάμαι πολύ"),
        ("ja", "つらいですね"),
        ("zh", "你好，我在听"),
        ("ko", "많이 힘들었겠다"),
        ("hi", "आप कैसे हैं"),
        ("he", "אני איתך"),
    ],
)
def test_other_languages_are_told(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["", " ", "😭", "123", "...", "xx", "ayyy bestie", "no estas sola"]
)
def test_what_is_too_short_to_tell_is_unknown(text: str) -> None:
    assert language_of(text) == UNKNOWN


def test_words_leave_out_numbers_and_emoji() -> None:
    assert words("Don't 2 you’re 😭 Été naïve!") == ["don't", "you’re", "été", "naïve"]


@given(st.text(max_size=80))
def test_any_text_has_a_language_or_none(text: str) -> None:
    found = language_of(text)
    assert found == UNKNOWN or (len(found) == 2 and found.isalpha())
    if not words(text):
        assert found == UNKNOWN


def test_half_an_emoji_in_another_script_is_read_over() -> None:
    assert language_of("мне очень жаль \ud83d") == "ru"


def test_examples_of_the_codebook_are_hardly_ever_called_foreign() -> None:
    texts = [item.text for code in ALL_CODES for item in (*code.examples, *code.near_misses)]
    foreign = [text for text in texts if language_of(text) not in {"en", UNKNOWN}]
    assert len(texts) > 150
    assert len(foreign) <= len(texts) // 100, foreign


@pytest.mark.parametrize(
    "text", ["stay strong", "Exactly!", "Take care", "ok", "xoxo", "no, never", "Goodbye"]
)
def test_short_english_may_be_english(text: str) -> None:
    assert may_be_english(text)


@pytest.mark.parametrize(
    "text",
    ["Du solltest schlafen.", "Geh schlafen.", "Die Welt", "no estas sola", "=SUM(A1:A3)", "k", ""],
)
def test_short_texts_without_an_english_word_are_not_taken_for_english(text: str) -> None:
    assert language_of(text) == UNKNOWN
    assert not may_be_english(text)
