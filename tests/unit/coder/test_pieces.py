"""The encoder's input: what is kept of long texts, where the context goes, how emoji are read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from oarlock.coder.pieces import EMOJI_WORDS, clean, encode_pairs
from oarlock.coder.tasks import MAX_CONTEXT_PIECES, MAX_REPLY_PIECES, MAX_SENTENCE_PIECES
from oarlock.coder.weights import weights_folder


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    loaded = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    loaded.no_padding()
    loaded.no_truncation()
    return loaded


def test_clean_collapses_white_space_and_runs() -> None:
    assert clean("  so\n\ttired   ") == "so tired"
    assert clean("nooooooo!!!!!!") == "nooo!!!"
    assert clean("book 333") == "book 333"


def test_clean_reads_frequent_emoji_as_words() -> None:
    assert clean("thanks😭") == "thanks crying"
    assert clean("🫂🫂") == "hug hug"
    assert all(clean(emoji) == word for emoji, word in EMOJI_WORDS.items())


def test_clean_takes_half_an_emoji() -> None:
    assert clean("hi \ud83d you") == "hi \ufffd you"


@given(st.text(max_size=60))
def test_clean_twice_is_clean_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode()


def test_text_and_context_are_told_apart_by_segment(tokenizer: Tokenizer) -> None:
    ids, mask, segments = encode_pairs(tokenizer, ["hello there", "hi"], ["how are you", None])
    first, last = tokenizer.encode("").ids
    assert ids[0].tolist() == [
        first, *tokenizer.encode("hello there", add_special_tokens=False).ids, last,
        *tokenizer.encode("how are you", add_special_tokens=False).ids, last,
    ]  # fmt: skip
    assert segments[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert mask[0].tolist() == [1] * 8
    assert mask[1].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert not ids[1][3:].any()
    assert not segments[1].any()


@pytest.mark.parametrize("contexts", [None, [None], [""], ["  "]])
def test_no_context_adds_nothing(tokenizer: Tokenizer, contexts: list[str | None] | None) -> None:
    ids, _, segments = encode_pairs(tokenizer, ["hello"], contexts)
    assert ids.shape == (1, 3)
    assert not segments.any()


@pytest.mark.parametrize(
    ("long", "limit"), [(False, MAX_SENTENCE_PIECES), (True, MAX_REPLY_PIECES)]
)
def test_long_text_keeps_its_beginning_and_context_its_end(
    tokenizer: Tokenizer, long: bool, limit: int
) -> None:
    text, context = "start " + "word " * 5000, "word " * 5000 + "end"
    ids, _, segments = encode_pairs(tokenizer, [text], [context], long=long)
    assert (segments[0] == 0).sum() == limit + 2
    assert (segments[0] == 1).sum() == MAX_CONTEXT_PIECES + 1
    start, end = (tokenizer.encode(w, add_special_tokens=False).ids[0] for w in ("start", "end"))
    assert (ids[0, 1], ids[0, -2]) == (start, end)


def test_length_is_rounded_up_with_padding(tokenizer: Tokenizer) -> None:
    ids, mask, _ = encode_pairs(tokenizer, ["hello there"], multiple=8)
    assert ids.shape == (1, 8)
    assert mask.sum() == 4
    assert not ids[mask == 0].any()


def test_nothing_to_encode_gives_no_rows(tokenizer: Tokenizer) -> None:
    assert all(array.shape[0] == 0 for array in encode_pairs(tokenizer, []))


def test_empty_text_keeps_its_frame(tokenizer: Tokenizer) -> None:
    ids, mask, segments = encode_pairs(tokenizer, ["", "  "])
    assert np.array_equal(mask, np.ones((2, 2)))
    assert not segments.any()
    assert ids.tolist() == [tokenizer.encode("").ids] * 2
