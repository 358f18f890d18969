"""The draft cut at the coach's spans, for a page that tints each sentence."""

from __future__ import annotations

from dataclasses import dataclass

from oarlock.coach import Feedback, SentenceFeedback


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the draft: a sentence with its feedback, or what lies between two."""

    text: str
    sentence: SentenceFeedback | None = None

    @property
    def tint(self) -> str:
        """Class of the tint; colour is never the only carrier: the name stands beside it."""
        if self.sentence is None:
            return ""
        if not self.sentence.reliable:
            return "unsure"
        return {"MI-adherent": "with", "MI-non-adherent": "against"}.get(
            self.sentence.family,
            "skill"
            if "Question" in self.sentence.code or "Reflection" in self.sentence.code
            else "",
        )


def segments(draft: str, feedback: Feedback) -> list[Segment]:
    """Return the pieces of the draft in order; joined they are the draft."""
    result, at = [], 0
    for sentence in feedback.sentences:
        if sentence.start > at:
            result.append(Segment(draft[at : sentence.start]))
        result.append(Segment(draft[sentence.start : sentence.end], sentence))
        at = sentence.end
    if at < len(draft):
        result.append(Segment(draft[at:]))
    return result
