"""What the coder says of replies, as columns of the frame.

`n_<code>` sentences of which it is the most probable code, `p_<code>` the probability that at least
one sentence is it, `n_sentences`; `m_*` expected counts and their ratios (MITI 4.2.1, see
`oarlock.coder.miti`); `e_*` levels of empathy, 0 to 2 (Sharma et al., EMNLP 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.results import ReplyCodes
from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX

Floats = NDArray[np.float64]

#: Sentences expected in a denominator below which a ratio says nothing; as in `coder.miti`.
_LEAST: Final = 0.5
_EMPATHY: Final = {
    "e_er": "emotional reactions", "e_ip": "interpretations", "e_ex": "explorations",
}  # fmt: skip


class Codes(Protocol):
    """A coder, or what stands in for one."""

    model_version: str

    def code_many(
        self, replies: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> list[ReplyCodes]: ...


def slug(code: str) -> str:
    """Return the name of a code in columns: "Open Question" is open_question."""
    return code.lower().replace(" ", "_").replace("-", "_")


def columns() -> list[str]:
    """Return the names of all columns of codes, in order."""
    named = [slug(code) for code in CODE_LABELS]
    return [
        "n_sentences", *(f"n_{name}" for name in named), *(f"p_{name}" for name in named),
        "p_summary", "m_reflection_to_question", "m_percent_complex", "m_percent_open",
        "m_adherent", "m_non_adherent", *_EMPATHY,
    ]  # fmt: skip


def table(coder: Codes, replies: Sequence[str], posts: Sequence[str | None]) -> dict[str, Floats]:
    """Return the columns of n replies, each (n,), NaN where the coder cannot say.

    Args:
        coder: Codes many replies.
        replies: n texts.
        posts: What each answers.
    """
    found = coder.code_many(replies, posts)
    n, k = len(found), len(CODE_LABELS)
    expected, most, any_of = np.zeros((n, k)), np.zeros((n, k)), np.full((n, k), np.nan)
    n_read = np.zeros(n)
    result: dict[str, Floats] = {}
    for row, one in enumerate(found):
        read = [s for s in one.sentences if s.reason != "language"]
        n_read[row] = len(read)
        if not read:
            continue
        p = np.array([[s.probabilities[code] for code in CODE_LABELS] for s in read])
        expected[row] = p.sum(0)
        any_of[row] = 1 - np.prod(1 - np.clip(p, 0, 1), axis=0)
        for sentence in read:
            most[row, CODE_LABELS.index(sentence.code)] += 1
    result["n_sentences"] = n_read
    for place, code in enumerate(CODE_LABELS):
        result[f"n_{slug(code)}"] = np.where(n_read > 0, most[:, place], np.nan)
    for place, code in enumerate(CODE_LABELS):
        result[f"p_{slug(code)}"] = any_of[:, place]
    known = n_read > 0
    result["p_summary"] = np.where(known, [one.summary_probability for one in found], np.nan)
    result |= _measures(expected, known)
    for name, mechanism in _EMPATHY.items():
        result[name] = np.array([_level(one, mechanism) for one in found], dtype=np.float64)
    return {name: result[name] for name in columns()}


def _level(one: ReplyCodes, mechanism: str) -> float:
    level = one.empathy.get(mechanism)
    return float(level.level) if level is not None else float("nan")


def _measures(expected: Floats, known: NDArray[np.bool_]) -> dict[str, Floats]:
    def of(*codes: str) -> Any:
        return expected[:, [CODE_LABELS.index(code) for code in codes]].sum(1)

    def ratio(top: Any, bottom: Any) -> Floats:
        return np.asarray(
            np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom >= _LEAST)
        )

    simple, complex_ = of("Simple Reflection"), of("Complex Reflection")
    open_, closed = of("Open Question"), of("Closed Question")
    return {
        "m_reflection_to_question": ratio(simple + complex_, open_ + closed),
        "m_percent_complex": 100 * ratio(complex_, simple + complex_),
        "m_percent_open": 100 * ratio(open_, open_ + closed),
        "m_adherent": np.where(known, expected[:, FAMILY_INDEX["MI-adherent"]].sum(1), np.nan),
        "m_non_adherent": np.where(
            known, expected[:, FAMILY_INDEX["MI-non-adherent"]].sum(1), np.nan
        ),
    }
