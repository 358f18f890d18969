"""Texts to word pieces: the one place where the standard encoder's input is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray
from tokenizers import Tokenizer

from oarlock.coder.tasks import MAX_CONTEXT_PIECES, MAX_REPLY_PIECES, MAX_SENTENCE_PIECES

_SPACE = regex.compile(r"\s+")
#: Characters that carry no words but would fill the input: long runs are cut to three.
_RUN = regex.compile(r"(.)\1{3,}")
#: Emoji that peers use most, as words of the base vocabulary, which has no emoji.
EMOJI_WORDS = {
    "❤": "love", "💕": "love", "💗": "love", "💖": "love", "💙": "love", "💜": "love",
    "💚": "love", "💛": "love", "🖤": "love", "🤍": "love", "♥": "love", "🫶": "love",
    "🫂": "hug", "🤗": "hug", "🙏": "please", "💪": "strong", "👏": "well done",
    "🎉": "congratulations", "🥳": "congratulations", "😭": "crying", "😢": "crying",
    "😔": "sad", "😞": "sad", "☹": "sad", "🙁": "sad", "🥺": "please", "😂": "haha",
    "🤣": "haha", "😅": "haha", "😊": "smile", "🙂": "smile", "😀": "smile", "😄": "smile",
    "☺": "smile", "👍": "good", "🙄": "whatever", "😡": "angry", "😠": "angry",
}  # fmt: skip
_EMOJI = regex.compile("|".join(map(regex.escape, EMOJI_WORDS)))
#: Half an emoji, as a careless cut leaves it: no character, and refused by the tokenizer.
_HALF = regex.compile(r"[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text as the encoder reads it: emoji as words, white space and runs collapsed."""
    if not text.isascii():
        text = _HALF.sub("\ufffd", text)
        text = _EMOJI.sub(lambda match: f" {EMOJI_WORDS[match[0]]} ", text)
    return _SPACE.sub(" ", _RUN.sub(r"\1\1\1", text)).strip()


def encode_pairs(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    contexts: Sequence[str | None] | None = None,
    *,
    long: bool = False,
    multiple: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return input ids, attention mask and segment ids, each (n, length).

    A text keeps its first pieces, a context its last ones (the words nearest to the reply).

    Args:
        tokenizer: Without padding and truncation.
        texts: What is coded.
        contexts: What precedes each text; None or "" for none.
        long: Whether the texts are whole replies, which get a higher limit.
        multiple: Length is rounded up to a multiple of this.
    """
    class_id, separator_id = tokenizer.encode("").ids
    limit = MAX_REPLY_PIECES if long else MAX_SENTENCE_PIECES
    # A piece has at least one character: far longer texts need not be read to the end.
    window = 24 * limit
    first = tokenizer.encode_batch(
        [clean(text.lstrip()[:window]) for text in texts], add_special_tokens=False
    )
    rows: list[list[int]] = [[class_id, *encoding.ids[:limit], separator_id] for encoding in first]
    lengths = [len(row) for row in rows]
    if contexts is not None and any(contexts):
        second = tokenizer.encode_batch(
            [clean((context or "")[-12 * MAX_CONTEXT_PIECES :]) for context in contexts],
            add_special_tokens=False,
        )
        for row, encoding in zip(rows, second, strict=True):
            if encoding.ids:
                row += [*encoding.ids[-MAX_CONTEXT_PIECES:], separator_id]
    width = -(-max(map(len, rows), default=1) // multiple) * multiple
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    segments = np.zeros_like(ids)
    for index, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
        segments[index, length : len(row)] = 1
    return ids, mask, segments
