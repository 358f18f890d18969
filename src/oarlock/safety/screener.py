"""The screening of one text: patterns with their context, models, and one order of review."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from oarlock.safety.features import features
from oarlock.safety.matching import Hit, hits
from oarlock.safety.model import Models
from oarlock.safety.normalise import MAX_CHARACTERS, views
from oarlock.safety.patterns import Rulebook, rulebook
from oarlock.safety.results import GRADES, KINDS, Finding, Screening, ScreeningError

#: Longest text that is looked at; a longer one is refused, which sends it to a person.
MAX_TEXT: Final = 4_000_000
#: Score below which a match counts as taken out by its context.
_LEAST_SCORE: Final = 0.5
#: The part of the order of review that each grade of the patterns takes, so that no model can push
#: a stated plan below an ordinary text. A rule of this place, not an estimate.
_BANDS: Final = {
    "none": (0.0, 0.90), "passive": (0.25, 0.90), "active": (0.50, 0.90),
    "plan or intent": (0.90, 0.94), "recent behaviour": (0.94, 0.98), "imminent": (0.98, 1.0),
}  # fmt: skip
#: Words below which a model says nothing of its own: too little to go by.
_LEAST_WORDS: Final = 8
_MODEL_REASONS: Final = {
    "suicide": "Reads like posts that people rated as suicidal thoughts or acts.",
    "insult": "Reads like comments that people rated as insults.",
    "hate": "Reads like messages that people rated as racist or sexist.",
}


def review_score(found: Sequence[Hit], risk: float) -> float:
    """Return the place of a text in the order of review, 0 to 1.

    Args:
        found: What the patterns found.
        risk: Probability of the model.
    """
    low, high = _BANDS[GRADES[max((hit.rank for hit in found), default=0)]]
    if low >= _BANDS["plan or intent"][0]:
        return low + (high - low) * risk
    return max(low, high * risk)


class Screener:
    """Screens one text at a time; may be shared by threads.

    Args:
        book: Patterns and context rules.
        models: Linear models.
    """

    def __init__(self, book: Rulebook, models: Models) -> None:
        self._book = book
        self._models = models
        self.version = models.version

    @classmethod
    def load(cls, folder: Path | None = None) -> Screener:
        """Return the screener that ships, ready for its first text.

        Args:
            folder: Another folder of models, as `oarlock safety train` writes it.

        Raises:
            ScreeningError: Patterns or models are missing or damaged.
        """
        screener = cls(rulebook(), Models.load(folder))
        screener.screen("The first text is slower than the next.")
        return screener

    def screen(self, text: str) -> Screening:
        """Return what a text holds.

        Raises:
            ScreeningError: It could not be screened and must go to a person, marked unscreened.
        """
        if not isinstance(text, str):
            raise ScreeningError(f"A text was expected, not {type(text).__name__}.")
        if len(text) > MAX_TEXT:
            raise ScreeningError("The text is too long to be screened.")
        try:
            return self._screen(text)
        except ScreeningError:
            raise
        except Exception as error:  # noqa: BLE001
            # Whatever failed, the caller must be able to catch it; the cause may hold the text.
            raise ScreeningError(f"Screening failed: {type(error).__name__}.") from None

    def _screen(self, text: str) -> Screening:
        seen = views(text)
        found = hits(seen, self._book)
        p = self._models.probabilities(features(seen.plain, found, self._book))
        findings = [
            *self._risk_of_suicide(found, p, seen.plain),
            *self._others(found, p, seen.plain),
        ]
        grade = max((f.grade or "none" for f in findings), key=GRADES.index, default="none")
        review = review_score(found, p["risk"])
        reasons = [reason for finding in findings for reason in self._reasons(finding)]
        if seen.truncated:
            reasons.append(
                f"Too long to be read whole: only {MAX_CHARACTERS} characters were screened."
            )
        return Screening(
            risk_grade=grade,
            findings=tuple(findings),
            reasons=tuple(dict.fromkeys(reasons)),
            review_score=round(review, 4),
            truncated=seen.truncated,
            screener_version=self.version,
        )

    def _risk_of_suicide(self, found: list[Hit], p: dict[str, float], plain: str) -> list[Finding]:
        matches = [hit for hit in found if hit.pattern.kind == "suicide"]
        findings = []
        for about in ("writer", "someone else"):
            of = sorted((h for h in matches if h.about == about), key=lambda h: -h.rank)
            if of and of[0].rank > 0:
                findings.append(
                    Finding(
                        "suicide",
                        round(max(of[0].score, p["risk"] if about == "writer" else 0.0), 3),
                        GRADES[of[0].rank],
                        about,
                        tuple(h.pattern.id for h in of if h.rank > 0),
                        tuple(dict.fromkeys(c for h in of for c in h.contexts)),
                    )
                )
        limits = self._models.thresholds
        # What patterns saw and context took out stays out, unless the model is very sure.
        taken_out = bool(matches) and not findings
        if not findings and len(plain.split()) >= _LEAST_WORDS:
            needed = limits["active"] if taken_out else limits["passive"]
            if p["risk"] >= needed:
                grade = "active" if p["risk"] >= limits["active"] and not taken_out else "passive"
                contexts = tuple(dict.fromkeys(c for h in matches for c in h.contexts))
                findings.append(
                    Finding("suicide", round(p["risk"], 3), grade, "writer", ("model",), contexts)
                )
        return sorted(findings, key=lambda f: -GRADES.index(f.grade or "none"))

    def _others(self, found: list[Hit], p: dict[str, float], plain: str) -> list[Finding]:
        findings = []
        for kind in KINDS[1:]:
            of = [h for h in found if h.pattern.kind == kind and h.score >= _LEAST_SCORE]
            for about in ("writer", "someone else"):
                same = sorted((h for h in of if h.about == about), key=lambda h: -h.score)
                if same:
                    findings.append(
                        Finding(
                            kind,
                            round(same[0].score, 3),
                            None,
                            about,
                            tuple(h.pattern.id for h in same),
                            tuple(dict.fromkeys(c for h in same for c in h.contexts)),
                        )
                    )
            is_long_enough = kind in p and len(plain.split()) >= _LEAST_WORDS
            if is_long_enough and not of and p[kind] >= self._models.thresholds[kind]:
                findings.append(Finding(kind, round(p[kind], 3), None, "writer", ("model",)))
        return findings

    def _reasons(self, finding: Finding) -> list[str]:
        reasons = []
        for name in finding.pattern_ids:
            reason = _MODEL_REASONS[finding.kind] if name == "model" else self._book.why(name)
            if finding.about != "writer" and not name.startswith("other."):
                reason = f"Of somebody else: {reason}"
            reasons.append(reason)
        softened = [self._book.why(name) for name in finding.contexts]
        return [*reasons, *(f"Weighed down: {why}" for why in softened if why)]
