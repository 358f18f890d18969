"""What screening says of one text. Nothing here holds the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oarlock.errors import OarlockError

#: Suicide risk as in the Columbia scale, from none to an act under way (see patterns/suicide.toml).
GRADES: Final = ("none", "passive", "active", "plan or intent", "recent behaviour", "imminent")
#: Risks to a person other than suicide.
OTHER_RISKS: Final = ("self-injury", "abuse", "danger to others", "under-age")
HARMS: Final = (
    "insult",
    "hate",
    "sexual pressure",
    "grooming",
    "attention seeker",
    "encouragement of self-harm",
    "pro-eating-disorder",
)
PRIVACY: Final = ("contact details", "off-platform request", "full name with place")
#: Every kind by its family.
FAMILIES: Final = {"risk": ("suicide", *OTHER_RISKS), "harm": HARMS, "privacy": PRIVACY}
KINDS: Final = tuple(kind for kinds in FAMILIES.values() for kind in kinds)


class ScreeningError(OarlockError):
    """A text could not be screened: it must go to a person, marked unscreened.

    The message names the part that failed and never the text.
    """


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind that was found.

    Attributes:
        kind: One of `KINDS`.
        score: 0 to 1, how sure; only comparable within a kind.
        grade: One of `GRADES` for the kind "suicide", else None.
        about: "writer", or "someone else" of whom the writer speaks.
        pattern_ids: What matched, and "model" where a model did; never the text.
        contexts: Ids of the context rules that lowered the grade of a match.
    """

    kind: str
    score: float
    grade: str | None = None
    about: str = "writer"
    pattern_ids: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Screening:
    """What one text was found to hold.

    Attributes:
        risk_grade: Highest grade of suicide risk, about the writer or someone else.
        findings: At most one per kind and person spoken of, the gravest first.
        reasons: For staff, in plain words, without the text.
        review_score: 0 to 1; the order in which texts are to be read by a person when only a
            share of them can be. Also above 0 where nothing was found.
        truncated: The text was too long to be read whole: a person must.
        screener_version: What has to be stored with the result.
    """

    risk_grade: str
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    review_score: float
    truncated: bool
    screener_version: str

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind that was found; "suicide" only from the grade "passive" up."""
        return frozenset(f.kind for f in self.findings)

    @property
    def is_hurtful(self) -> bool:
        """Whether a pattern found harm; models alone err too often on kind words to count."""
        return any(set(f.pattern_ids) - {"model"} for f in self.of("harm"))

    def of(self, family: str) -> tuple[Finding, ...]:
        """Return the findings of a family: "risk", "harm" or "privacy"."""
        return tuple(f for f in self.findings if f.kind in FAMILIES[family])
