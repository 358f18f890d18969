"""How close a reply is to the post: in its words, and in its meaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from oarlock.study.features.pairs import Pairs, Side
from oarlock.study.features.registry import text_feature
from oarlock.study.reading import Reading, read

#: Buckets of hashed words; two words share one rarely, and then by chance.
N_BUCKETS: Final = 1 << 18
_SHIFT: Final = np.uint64(40)


def _buckets(reading: Reading) -> NDArray[np.int64]:
    return ((reading.words.hashes >> _SHIFT) % np.uint64(N_BUCKETS)).astype(np.int64)


def document_frequencies(batches: Iterable[pa.Array]) -> NDArray[np.float32]:
    """Return the inverse document frequency of every bucket, (N_BUCKETS,).

    ln((1 + n) / (1 + df)) + 1, so that no word is free.

    Args:
        batches: Texts of posts.

    Source: Salton & Buckley (1988), doi:10.1016/0306-4573(88)90021-0, smoothed as in scikit-learn.
    """
    counts = np.zeros(N_BUCKETS)
    n = 0
    for batch in batches:
        reading = read(batch)
        pairs = np.unique(reading.words.text * N_BUCKETS + _buckets(reading))
        counts += np.bincount(pairs % N_BUCKETS, minlength=N_BUCKETS)
        n += reading.n
    return np.asarray(np.log((1 + n) / (1 + counts)) + 1, dtype=np.float32)


def _weights(side: Side) -> Any:
    """Return (n, N_BUCKETS) sparse rows of length 1."""
    from scipy.sparse import csr_matrix, diags

    reading, idf = side.reading, side.tools.idf
    columns = _buckets(reading)
    bounds = np.concatenate([[0], np.cumsum(reading.n_words)])
    counts: Any = csr_matrix(
        (np.ones(len(columns), np.float32), columns, bounds), (reading.n, N_BUCKETS)
    )
    counts.sum_duplicates()
    counts.data = (1 + np.log(counts.data)) * (idf[counts.indices] if idf is not None else 1.0)
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return diags(1 / np.maximum(lengths, 1e-12)) @ counts


@text_feature(
    unit="0 to 1; missing where reply or post has no words",
    source="cosine of tf-idf weights, Salton & Buckley (1988), doi:10.1016/0306-4573(88)90021-0; "
    "hashed words; frequencies from at most 100,000 posts",
)
def closeness(pairs: Pairs) -> NDArray[np.float64]:
    """How many weighty words reply and post share."""
    replies, posts = _weights(pairs.reply), _weights(pairs.post)
    cosine = np.asarray(replies.multiply(posts[pairs.post_row]).sum(axis=1)).ravel()
    empty = pairs.reply.reading.n_words == 0
    empty |= pairs.post.reading.n_words[pairs.post_row] == 0
    return np.where(empty, np.nan, np.clip(cosine, 0.0, 1.0))
