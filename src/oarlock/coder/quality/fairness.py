"""Does the code change when only the person changes: gender, name, identity, dialect?

`oarlock fairness` prints it. Beside each share of
changed codes stands a yardstick: the share that changes under an edit that means nothing, and for
names and identities also under a change of word within a group.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from oarlock.coder.quality.counterfactuals import KINDS, Pair, edit_pairs, pairs_of, swap_pairs
from oarlock.coder.quality.evaluation import TextCoder

#: 97.5 % quantile of the normal distribution.
_Z = 1.959963984540054
_BATCH = 256


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was seen in n independent trials.

    Source:
        Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    if n == 0:
        return 0.0, 1.0
    centre = share + _Z**2 / (2 * n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    low, high = ((centre + sign * half) / (1 + _Z**2 / n) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


class _Codes:
    """Codes and probabilities of texts taken whole, each text coded once."""

    def __init__(self, coder: TextCoder, texts: Sequence[str]) -> None:
        self.labels = list(coder.labels("codes"))
        unique = sorted(set(texts), key=lambda text: (len(text), text))
        parts = [
            coder.predict(unique[k : k + _BATCH], task="codes")
            for k in range(0, len(unique), _BATCH)
        ]
        self._place = {text: k for k, text in enumerate(unique)}
        self._p = np.concatenate(parts).astype(np.float64)
        self._code = coder.decide(np.concatenate(parts), "codes")

    def code(self, text: str) -> str:
        return self.labels[int(self._code[self._place[text]])]

    def shift(self, pair: Pair) -> float:
        """Return how far the probability of the first text's code moves, 0 to 1."""
        first, second = self._place[pair.text], self._place[pair.variant]
        code = int(self._code[first])
        return abs(float(self._p[second, code] - self._p[first, code]))


def _measured(codes: _Codes, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return how often and how far the code moves in these pairs.

    Pairs made from one sentence go together, so the interval counts sentences, not pairs.
    """
    changes = Counter(
        (codes.code(pair.text), codes.code(pair.variant))
        for pair in pairs
        if codes.code(pair.text) != codes.code(pair.variant)
    )
    n_changed = sum(changes.values())
    n_sentences = len({pair.sentence for pair in pairs})
    share = n_changed / len(pairs)
    return {
        "n_pairs": len(pairs),
        "n_sentences": n_sentences,
        "n_changed": n_changed,
        "share_changed": share,
        "interval": list(wilson(share, n_sentences)),
        "mean_shift": float(np.mean([codes.shift(pair) for pair in pairs])),
        "most_frequent": [[a, b, n] for (a, b), n in changes.most_common(5)],
    }


def _by_group(codes: _Codes, pairs: Sequence[Pair]) -> dict[str, Any]:
    groups = dict.fromkeys(pair.group for pair in pairs)
    return {
        group: _measured(codes, [pair for pair in pairs if pair.group == group]) for group in groups
    }


def _right(codes: _Codes, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return how many texts and variants get the code that was noted for them."""
    noted = [pair for pair in pairs if pair.code is not None]
    result: dict[str, Any] = {"n": len(noted)}
    for name in ("text", "variant"):
        hits = sum(codes.code(getattr(pair, name)) == pair.code for pair in noted)
        result[name] = {
            "n_right": hits,
            "share_right": hits / len(noted),
            "interval": list(wilson(hits / len(noted), len(noted))),
        }
    return result


def fairness_figures(coder: TextCoder) -> dict[str, Any]:
    """Return how often the code changes with gender, names, identity terms and dialect.

    Args:
        coder: The coder that is checked; texts are taken whole.

    Returns:
        By kind: `n_pairs`, `n_sentences`, `n_changed`, `share_changed` with its 95 % `interval`
        (Wilson, over sentences), `mean_shift` (mean absolute change of the probability of the
        first text's code), `most_frequent` changes, the same by `groups`, the same for the
        `yardsticks`, and for dialect the share of `right` codes.
    """
    figures: dict[str, Any] = {}
    for kind in KINDS:
        pairs = pairs_of(kind)
        edits, swaps = edit_pairs(pairs), swap_pairs(kind)
        every = [*pairs, *edits, *swaps]
        codes = _Codes(coder, [text for pair in every for text in (pair.text, pair.variant)])
        yardsticks = {"edit": _measured(codes, edits)}
        if swaps:
            yardsticks["swap"] = _measured(codes, swaps)
        figures[kind] = {
            **_measured(codes, pairs),
            "groups": _by_group(codes, pairs),
            "yardsticks": yardsticks,
        }
        if kind == "dialect":
            figures[kind]["right"] = _right(codes, pairs)
    return figures
