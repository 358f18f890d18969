"""How well the coder finds each code, as measured when the weights were made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

WEAK_F1 = 0.5
FEW_EXAMPLES = 30


@dataclass(frozen=True, slots=True)
class CodeReliability:
    """Scores of one code; None where it was never predicted or never labelled."""

    code: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int

    @property
    def is_weak(self) -> bool:
        """Whether the code can only be taken as a hint."""
        return self.f1 is None or self.f1 < WEAK_F1 or self.support < FEW_EXAMPLES

    @property
    def words(self) -> str:
        """What the scores mean."""
        if self.support < FEW_EXAMPLES:
            return "too few labelled to know"
        if self.f1 is None or self.f1 < WEAK_F1:
            return "a hint at most"
        return "fair" if self.f1 < 0.7 else "good"


def load_reliability(tier: str) -> tuple[tuple[CodeReliability, ...], str]:
    """Return the scores that ship with the weights of a tier, and what they were measured on.

    Empty where the weights carry none.
    """
    path = files("oarlock.coder") / "weights" / "metrics.json"
    if not path.is_file():
        return (), ""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read_reliability(content, tier)


def read_reliability(content: dict[str, Any], tier: str) -> tuple[tuple[CodeReliability, ...], str]:
    """Return scores and caption out of the metrics of the weights."""
    codes = content.get(tier, content).get("codes", {})
    rows = tuple(
        CodeReliability(
            name, one.get("precision"), one.get("recall"), one.get("f1"), int(one["support"])
        )
        for name, one in codes.get("per_class", {}).items()
    )
    measured_on = codes.get("measured_on", "labelled sentences that the model was not trained on")
    return rows, f"Measured on {measured_on}."
