"""A coder without weights: its probabilities follow from the text alone."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import CODES
from oarlock.codebook.labels import TASK_LABELS
from oarlock.coder.results import EmpathyLevel, ReplyCodes, SentenceCode
from oarlock.coder.sentences import split

NAMES = [code.name for code in CODES]


class FakeCoder:
    """Stands in for `oarlock.coder.Coder`: a question mark makes a question, the rest is hashed."""

    model_version = "standard-test"

    @classmethod
    def load(cls, tier: str = "standard", **_: object) -> FakeCoder:
        return cls()

    @staticmethod
    def labels(task: str) -> tuple[str, ...]:
        return TASK_LABELS[task]

    def decide(self, probabilities: NDArray[np.floating], task: str = "codes") -> NDArray[np.int64]:
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)

    def predict(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        task: str = "codes",
    ) -> NDArray[np.float32]:
        return np.stack([self._row(text, len(TASK_LABELS[task])) for text in texts])

    @staticmethod
    def _row(text: str, n: int) -> NDArray[np.float32]:
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        row = rng.dirichlet(np.full(n, 0.3))
        if text.rstrip().endswith("?"):
            row = 0.1 * row
            row[0] += 0.9
        return row.astype(np.float32)

    def code_many(
        self,
        replies: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> list[ReplyCodes]:
        return [self._code(reply) for reply in replies]

    def _code(self, reply: str) -> ReplyCodes:
        sentences = []
        for span in split(reply):
            row = self._row(reply[span.start : span.end], len(NAMES))
            best = int(row.argmax())
            sentences.append(
                SentenceCode(
                    span.start,
                    span.end,
                    NAMES[best],
                    float(row[best]),
                    dict(zip(NAMES, map(float, row), strict=True)),
                    bool(row[best] > 0.5),
                    None if row[best] > 0.5 else "uncertain",
                )
            )
        mechanisms = ("emotional reactions", "interpretations", "explorations")
        return ReplyCodes(
            text_length=len(reply),
            sentences=tuple(sentences),
            summary_probability=0.1,
            empathy={name: EmpathyLevel(1, (0.2, 0.6, 0.2)) for name in mechanisms},
            language="en",
            model_version=self.model_version,
        )
