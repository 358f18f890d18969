"""A coder that gives each sentence the code that a test wrote before it, as `Code .9: words`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import CODES
from oarlock.coder import SentenceCode

NAMES = [code.name for code in CODES]
UNRELIABLE = {"Simple Reflection", "Complex Reflection", "Confront", "Warn"}


class ScriptedCoder:
    """Codes sentences, one a line, by a table from their text to a code and a probability."""

    model_version = "standard-test"

    def __init__(self, script: Mapping[str, tuple[str, float]], summary: float = 0.0) -> None:
        self.script = script
        self.summary = summary
        self.seen: list[list[str]] = []

    def predict(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        task: str = "codes",
    ) -> NDArray[np.float32]:
        if task == "summary":
            return np.array([[1 - self.summary, self.summary]] * len(texts), dtype=np.float32)
        self.seen.append(list(texts))
        return np.stack([self._row(*self.script.get(text, ("Other", 0.9))) for text in texts])

    @staticmethod
    def _row(code: str, p: float) -> NDArray[np.float32]:
        row = np.full(len(NAMES), (1 - p) / (len(NAMES) - 1), dtype=np.float32)
        row[NAMES.index(code)] = p
        return row

    def code_sentences(
        self,
        reply: str,
        *,
        predict: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    ) -> tuple[SentenceCode, ...]:
        lines, start = [], 0
        for line in reply.split("\n"):
            if line.strip():
                lines.append((start, start + len(line)))
            start += len(line) + 1
        if not lines:
            return ()
        rows = (predict or self.predict)([reply[a:b] for a, b in lines])
        return tuple(self._sentence(a, b, row) for (a, b), row in zip(lines, rows, strict=True))

    @staticmethod
    def _sentence(a: int, b: int, row: NDArray[np.float32]) -> SentenceCode:
        best = int(row.argmax())
        code, p = NAMES[best], float(row[best])
        reason = "rare code" if code in UNRELIABLE else "uncertain" if p < 0.65 else None
        probabilities = dict(zip(NAMES, map(float, row), strict=True))
        return SentenceCode(a, b, code, p, probabilities, reason is None, reason)
