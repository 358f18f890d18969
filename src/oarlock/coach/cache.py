"""Probabilities of sentences that were coded before, so that a keystroke costs one sentence."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]


class RowCache:
    """Keeps the newest rows by a keyed digest of their texts; safe to share between threads.

    It holds no text, not even while it lives: a key is the digest of a text under a secret that
    is drawn when the cache is made and ends with it. So nothing that the cache holds can be
    matched against a text by anyone who does not hold the cache itself.

    Args:
        size: Most rows that are kept; the one not used for longest goes first.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._secret = secrets.token_bytes(32)
        self._rows: OrderedDict[bytes, Rows] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._rows)

    def rows(self, texts: Sequence[str], compute: Callable[[list[str]], Rows]) -> Rows:
        """Return (n, k) rows of the texts; only texts without a kept row are computed.

        Two threads may compute the same text at the same time, with the same result; the lock is
        not held meanwhile.

        Args:
            texts: n texts, at least one.
            compute: Gives the rows of some texts.
        """
        keys = [self._key(text) for text in texts]
        found: dict[bytes, Rows] = {}
        with self._lock:
            for key in keys:
                if key in self._rows:
                    self._rows.move_to_end(key)
                    found[key] = self._rows[key]
        new = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in found
        }  # each text once
        if new:
            # A copy of each row, so that one row does not keep its whole batch in memory.
            found |= zip(new, (row.copy() for row in compute(list(new.values()))), strict=True)
            with self._lock:
                for key in new:
                    self._rows[key] = found[key]
                while len(self._rows) > self._size:
                    self._rows.popitem(last=False)
        return np.stack([found[key] for key in keys])

    def _key(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self._secret, digest_size=16).digest()
