"""How well the coder finds each code, as measured when the weights were made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from oarlock.coder.weights import MIN_SUPPORT, RELIABLE_F1, weights_folder
from oarlock.errors import UserError

_GOOD_F1 = 0.7


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
        """Whether the code can only be taken as a hint: the rule by which the coder flags it."""
        return self.f1 is None or self.f1 < RELIABLE_F1 or self.support < MIN_SUPPORT

    @property
    def words(self) -> str:
        """What the scores mean."""
        if self.f1 is None or self.is_weak:
            return "a hint at most"
        return "fair" if self.f1 < _GOOD_F1 else "good"


def load_reliability(model_version: str) -> tuple[tuple[CodeReliability, ...], str]:
    """Return the scores that ship with the weights, and a caption that says what they are of.

    Empty where the weights carry none.

    Args:
        model_version: Tier and release that coded the file, such as "standard-2026.11"; "" where
            it is not recorded, which is taken for the standard tier.
    """
    path = weights_folder() / "metrics.json"
    if not path.is_file():
        return (), ""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(
            f"The file {path.name} of the weights in {path.parent} is damaged.",
            remedy="Install oarlock again.",
        ) from error
    return read_reliability(content, model_version)


def read_reliability(
    content: dict[str, Any], model_version: str
) -> tuple[tuple[CodeReliability, ...], str]:
    """Return scores and caption out of the metrics of the weights."""
    tier, _, release = model_version.partition("-")
    codes = content.get(tier or "standard", {}).get("codes", {})
    rows = tuple(
        CodeReliability(
            name, one.get("precision"), one.get("recall"), one.get("f1"), int(one["support"])
        )
        for name, one in codes.get("per_class", {}).items()
    )
    if not rows:
        return (), ""
    measured_on = codes.get("measured_on", "labelled sentences that the model was not trained on")
    caption = f"Measured on {measured_on}."
    shipped = content.get("release")
    if release and shipped is not None and release != str(shipped):
        caption += (
            f" These figures are of other weights: release {shipped}, while {model_version} coded "
            "this file."
        )
    return rows, caption
