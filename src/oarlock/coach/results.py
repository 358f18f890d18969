"""What the coach returns: plain, frozen records with half-open character spans."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["there", "perhaps", "missing"]
Kind = Literal["harm", "risk", "mend", "add"]


@dataclass(frozen=True, slots=True)
class SentenceFeedback:
    """What one sentence of the draft is taken for.

    Attributes:
        start, end: Half-open character span in the draft, in Python characters (code points).
        code: Full name of the code in the codebook.
        name: The code in plain words, in the reader's language.
        family: "MI-adherent", "MI-non-adherent" or "other".
        family_name: The family in plain words.
        probability: Calibrated probability of the code, 0 to 1.
        confidence: The probability in plain words.
        reliable: False where the coder is known to err; such a sentence is never called critical.
        reason: Why it is not reliable, in plain words, or None.
    """

    start: int
    end: int
    code: str
    name: str
    family: str
    family_name: str
    probability: float
    confidence: str
    reliable: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class OarsItem:
    """One of the four core skills: whether the draft has it, and in which sentences.

    Attributes:
        skill: "Open questions", "Affirmations", "Reflections" or "Summaries".
        name: The skill in plain words.
        state: "there", "perhaps" or "missing".
        state_name: The state in plain words.
        spans: Half-open spans of the sentences that show it; empty where it is missing.
    """

    skill: str
    name: str
    state: State
    state_name: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ShownExample:
    """A sentence of the codebook that shows another way; always English, never the reply."""

    text: str
    code: str
    topic: str


@dataclass(frozen=True, slots=True)
class Praise:
    """Something that is good about the draft, tied to a sentence."""

    key: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to think about, tied to a sentence.

    Attributes:
        id: Stable while the sentence stays as it is: the rule, and where the rule is about one
            sentence four hexadecimal digits of it, too few to learn anything of its words.
        rule: The rule in `rules.toml`.
        kind: "harm" (then it is the only one), "risk", "mend" (about something that is there) or
            "add" (something that is missing).
        title: What to do, in a few words.
        why: Why, in plain words.
        start, end: Half-open span of the sentence that it is tied to.
        example: How another person might put it.
    """

    id: str
    rule: str
    kind: Kind
    title: str
    why: str
    start: int
    end: int
    example: ShownExample | None


@dataclass(frozen=True, slots=True)
class Feedback:
    """Everything the coach says of a draft.

    Attributes:
        sentences: One record per sentence.
        oars: The four core skills, in the order of the word.
        praise: What is good, at most two; to be shown first.
        suggestions: At most two, the most pressing first.
        note: That this is a machine and can be wrong; always to be shown.
        limits: What was not read, in plain words; empty where all was.
        example_label: What stands above an example.
        language: Language of the words, ISO 639-1.
        model_version: Tier and release of the weights.
        rules_version: Release of the rules.
    """

    sentences: tuple[SentenceFeedback, ...]
    oars: tuple[OarsItem, ...]
    praise: tuple[Praise, ...]
    suggestions: tuple[Suggestion, ...]
    note: str
    limits: tuple[str, ...]
    example_label: str
    language: str
    model_version: str
    rules_version: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dictionaries, as JSON has them."""
        return asdict(self)
