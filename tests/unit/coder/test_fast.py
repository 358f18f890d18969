"""The fast tier's arithmetic against the same written out in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oarlock.coder import fast
from oarlock.coder.fast import MAX_PIECES, StaticEmbeddings, _means, ngrams, pieces
from oarlock.coder.tasks import HEADS
from oarlock.coder.weights import weights_folder

BUCKETS = 32_768
MASK = (1 << 64) - 1
TEXTS = st.lists(st.lists(st.integers(0, 30_521), max_size=9), max_size=6)


def joined(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    flat = np.array([piece for text in texts for piece in text], dtype=np.int64)
    return flat, np.array([len(text) for text in texts], dtype=np.int64)


def ngrams_by_hand(text: list[int], buckets: int) -> list[int]:
    """Return the buckets of one text: at each place its bigram, then its trigram."""
    a, b = int(fast._BIGRAM), int(fast._TRIGRAM)
    row = [fast._EDGE, *text, fast._EDGE]
    found = []
    for i in range(len(row) - 1):
        two = (row[i] * a & MASK) ^ ((row[i + 1] + 7) * b & MASK)
        found.append((two >> 40) % buckets)
        if i + 2 < len(row):
            three = (two * a & MASK) ^ ((row[i + 2] + 13) * b & MASK)
            found.append((three >> 40) % buckets)
    return found


@given(TEXTS, st.sampled_from([7, 1000, BUCKETS]))
def test_ngrams_are_those_written_out_by_hand(texts: list[list[int]], buckets: int) -> None:
    grams, lengths = ngrams(*joined(texts), buckets)
    by_hand = [ngrams_by_hand(text, buckets) for text in texts]
    assert lengths.tolist() == [len(row) for row in by_hand]
    assert grams.tolist() == [gram for row in by_hand for gram in row]


@given(st.lists(st.lists(st.integers(0, 19), max_size=7), max_size=8))
def test_means_are_those_written_out_by_hand(texts: list[list[int]]) -> None:
    table = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    found = _means(table, *joined(texts))
    for row, text in zip(found, texts, strict=True):
        expected = [
            sum(float(table[i, k]) for i in text) / len(text) if text else 0.0 for k in range(3)
        ]
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_means_of_many_long_texts_go_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    texts = rng.integers(0, 20, size=(11, 30)).tolist()
    table = rng.normal(size=(20, 4)).astype(np.float32)
    whole = _means(table, *joined(texts))
    monkeypatch.setattr(fast, "_ROWS_PER_SUM", 64)
    np.testing.assert_array_equal(_means(table, *joined(texts)), whole)
    monkeypatch.setattr(fast, "_ROWS_PER_SUM", 1)
    np.testing.assert_array_equal(_means(table, *joined(texts)), whole)


@pytest.fixture(scope="module")
def model() -> StaticEmbeddings:
    return StaticEmbeddings(weights_folder() / "fast.npz", weights_folder() / "tokenizer.json")


def test_logits_are_those_written_out_by_hand(model: StaticEmbeddings) -> None:
    texts = ["hi there", "", "you are not alone in this", "hi there"]
    found = model.logits(["codes", "talk"], texts)
    for place, text in enumerate(texts):
        flat, _ = pieces(model._tokenizer, [text])
        grams = ngrams_by_hand(flat.tolist(), len(model._ngrams))
        empty = np.zeros(model._unigrams.shape[1], np.float32)
        features = np.concatenate(
            [
                model._unigrams[flat].mean(axis=0) if len(flat) else empty,
                model._ngrams[grams].mean(axis=0),
            ]
        )
        hidden = np.maximum(features @ model._hidden + model._hidden_bias, 0)
        for head in ("codes", "talk"):
            expected = hidden @ model._heads[head] + model._biases[head]
            np.testing.assert_allclose(found[head][place], expected, atol=1e-4)


def test_a_text_alone_and_among_thousands_gets_the_same(
    model: StaticEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"i feel {n} times better today {'and more ' * (n % 7)}" for n in range(50)]
    whole = model.logits(["codes"], texts)["codes"]
    monkeypatch.setattr(fast, "_TEXTS_PER_RUN", 8)
    np.testing.assert_allclose(model.logits(["codes"], texts)["codes"], whole, atol=1e-4)
    alone = model.logits(["codes"], texts[17:18])["codes"][0]
    np.testing.assert_allclose(alone, whole[17], atol=1e-4)


def test_long_text_keeps_its_first_pieces(model: StaticEmbeddings) -> None:
    flat, lengths = pieces(model._tokenizer, ["word " * 5000, "short one"])
    assert lengths.tolist() == [MAX_PIECES, 2]
    assert len(flat) == MAX_PIECES + 2


def test_no_texts_and_empty_texts_have_logits_for_every_head(model: StaticEmbeddings) -> None:
    for texts in ([], [""], ["", "  ", ""]):
        found = model.logits(list(HEADS), texts)
        for head, labels in HEADS.items():
            assert found[head].shape == (len(texts), len(labels))
            assert np.isfinite(found[head]).all()
