"""What the coder returns: plain, frozen records with half-open character spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from oarlock.coder.miti import Measure, MitiSummary, summarise

Talk = Literal["change", "sustain", "neutral"]


@dataclass(frozen=True, slots=True)
class SentenceCode:
    """The MI behaviour predicted for one sentence.

    Attributes:
        start, end: Half-open character span in the reply.
        code: Full name of the code decided on: the most probable one, or a rare one close to it.
        probability: Calibrated probability of `code`, 0 to 1.
        probabilities: Calibrated probability of each of the fifteen codes, by full name; sums to 1.
        reliable: False where the model is known to be unreliable.
        reason: Why it is not reliable: "language", "no words", "rare code" or "uncertain".
    """

    start: int
    end: int
    code: str
    probability: float
    probabilities: dict[str, float]
    reliable: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class EmpathyLevel:
    """Level of one empathy mechanism: 0 none, 1 weak, 2 strong (Sharma et al., EMNLP 2020)."""

    level: int
    probabilities: tuple[float, float, float]


@dataclass(frozen=True)
class ReplyCodes:
    """Everything the coder says of one reply.

    Attributes:
        text_length: Characters of the reply.
        sentences: One record per sentence that holds more than white space.
        summary_probability: Probability that the reply draws together several themes of what the
            seeker wrote (code Summary), 0 to 1.
        empathy: Level of each mechanism, by its name; empty where there is no English sentence.
        language: ISO 639-1 code of the reply's language, "und" where it cannot be told.
        model_version: Tier and release of the weights.
    """

    text_length: int
    sentences: tuple[SentenceCode, ...]
    summary_probability: float
    empathy: dict[str, EmpathyLevel]
    language: str
    model_version: str

    @cached_property
    def miti(self) -> MitiSummary:
        """The MITI 4.2.1 summary measures, with intervals; computed when first asked for.

        Sentences that are not English were not read and are left out.
        """
        read = [s.probabilities for s in self.sentences if s.reason != "language"]
        return summarise(read)


@dataclass(frozen=True, slots=True)
class TalkSentence:
    """Change, sustain or neutral talk in one sentence of a seeker."""

    start: int
    end: int
    talk: Talk
    probability: float
    probabilities: dict[str, float]
    reliable: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeekerTalk:
    """Everything the coder says of a seeker's text."""

    sentences: tuple[TalkSentence, ...]
    counts: dict[str, Measure] = field(default_factory=dict)
    language: str = "en"
    model_version: str = ""
