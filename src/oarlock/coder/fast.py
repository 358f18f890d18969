"""The fast tier at run time: averaged word-piece and n-gram embeddings, in NumPy.

A student of the standard tier for tens of millions of sentences. It reads each text alone:
what precedes a text is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from oarlock.coder.pieces import clean
from oarlock.coder.tasks import HEADS

#: Pieces of a text that are read; a text beyond that is a reply of some 400 words.
MAX_PIECES = 512
#: Texts in one run, to bound memory.
_TEXTS_PER_RUN = 4096
#: Embeddings gathered at once, to bound memory where all texts are long.
_ROWS_PER_SUM = 1 << 17
_EDGE = 1  # stands before the first and after the last piece in n-grams
_BIGRAM = np.uint64(0x9E3779B97F4A7C15)
_TRIGRAM = np.uint64(0xC2B2AE3D27D4EB4F)


def pieces(
    tokenizer: Tokenizer, texts: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the word pieces of all texts in a row, and how many each text has."""
    encodings = tokenizer.encode_batch_fast(
        [clean(text.lstrip()[: 12 * MAX_PIECES]) for text in texts], add_special_tokens=False
    )
    ids = [encoding.ids for encoding in encodings]
    lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
    if lengths.size and int(lengths.max()) > MAX_PIECES:
        ids = [row[:MAX_PIECES] for row in ids]
        lengths = np.minimum(lengths, MAX_PIECES)
    flat = np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=int(lengths.sum()))
    return flat, lengths


def ngrams(
    flat: NDArray[np.int64], lengths: NDArray[np.int64], buckets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the hashed bigrams and trigrams of all texts in a row, and how many each has.

    Every text is read as `edge, pieces, edge`, so that what begins and ends it counts.
    """
    total = lengths + 2
    ends = np.cumsum(total)
    starts = ends - total
    padded = np.full(int(total.sum()), _EDGE, dtype=np.uint64)
    inner = np.ones(len(padded), dtype=bool)
    inner[starts] = False
    inner[ends - 1] = False
    padded[inner] = flat.astype(np.uint64)
    two = padded[:-1] * _BIGRAM ^ (padded[1:] + np.uint64(7)) * _TRIGRAM
    three = two[:-1] * _BIGRAM ^ (padded[2:] + np.uint64(13)) * _TRIGRAM
    # The bigram that begins at position i, then the trigram; those that cross texts are dropped.
    keep_two = np.ones(len(padded), dtype=bool)
    keep_two[ends - 1] = False
    keep_three = keep_two.copy()
    keep_three[ends - 2] = False
    table = np.zeros((len(padded), 2), dtype=np.int64)
    keep = np.stack([keep_two, keep_three], axis=1)
    shift = np.uint64(40)
    table[:-1, 0] = ((two >> shift) % np.uint64(buckets)).astype(np.int64)
    table[:-2, 1] = ((three >> shift) % np.uint64(buckets)).astype(np.int64)
    return table[keep], 2 * total - 3


def _means(
    table: NDArray[np.float32], index: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the mean row of `table` per text; zeros for an empty text.

    Texts of equal length are summed together, which is several times faster than `add.reduceat`.
    """
    result = np.zeros((len(lengths), table.shape[1]), dtype=np.float32)
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(lengths, kind="stable")
    for length, first, n in zip(
        *np.unique(lengths[order], return_index=True, return_counts=True), strict=True
    ):
        if length:
            # Long texts go few at a time, so that a run of them stays within bounds, too.
            step = max(1, _ROWS_PER_SUM // int(length))
            for begin in range(first, first + n, step):
                rows = order[begin : min(begin + step, first + n)]
                positions = starts[rows, None] + np.arange(length)
                result[rows] = table[index[positions]].sum(axis=1) / length
    return result


class StaticEmbeddings:
    """Logits of any head from averaged embeddings and one hidden layer."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        with np.load(model, allow_pickle=False) as stored:
            self._unigrams = stored["unigrams"].astype(np.float32) * stored["unigram_scale"]
            self._ngrams = stored["ngrams"].astype(np.float32) * stored["ngram_scale"]
            self._hidden = stored["hidden"].astype(np.float32)
            self._hidden_bias = stored["hidden_bias"].astype(np.float32)
            self._heads = {head: stored[f"head {head}"].astype(np.float32) for head in HEADS}
            self._biases = {head: stored[f"bias {head}"].astype(np.float32) for head in HEADS}
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def logits(
        self,
        heads: Sequence[str],
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,  # noqa: ARG002
    ) -> dict[str, NDArray[np.float32]]:
        """Return (n, n_labels) logits by head; contexts are not read."""
        results = {
            head: np.zeros((len(texts), len(HEADS[head])), dtype=np.float32) for head in heads
        }
        for start in range(0, len(texts), _TEXTS_PER_RUN):
            run = slice(start, start + _TEXTS_PER_RUN)
            flat, lengths = pieces(self._tokenizer, texts[run])
            grams, gram_lengths = ngrams(flat, lengths, len(self._ngrams))
            features = np.concatenate(
                [
                    _means(self._unigrams, flat, lengths),
                    _means(self._ngrams, grams, gram_lengths),
                ],
                axis=1,
            )
            hidden = np.maximum(features @ self._hidden + self._hidden_bias, 0.0)
            for head in heads:
                results[head][run] = hidden @ self._heads[head] + self._biases[head]
        return results
