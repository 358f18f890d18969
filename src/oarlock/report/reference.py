"""Published shares and thresholds that a profile is shown beside, each with its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedShares:
    """Share of utterances or sentences per code, in percent, as published.

    Attributes:
        key: Short name.
        name: What the shares are of.
        shares: Percent by full name of the code; codes without a published figure are absent.
        source: Where the figures come from.
    """

    key: str
    name: str
    shares: dict[str, float]
    source: str


CLINICAL = PublishedShares(
    key="clinical",
    name="clinical sessions",
    shares={
        "Give Information": 13.4,
        "Simple Reflection": 5.4,
        "Complex Reflection": 4.0,
        "Closed Question": 4.5,
        "Open Question": 3.9,
        "Affirm": 1.4,
    },
    source=(
        "The Data Science for Social Good Peer Support study compares its platform with addiction "
        "counselling sessions analysed by Can, Atkins and Narayanan (2015), A dialog act tagging "
        "approach to behavioral coding, INTERSPEECH, 339-343."
    ),
)

ONLINE_PEERS = PublishedShares(
    key="peers",
    name="online peer support",
    shares={
        "Give Information": 39.1,
        "Simple Reflection": 29.4,
        "Complex Reflection": 6.0,
        "Closed Question": 4.9,
        "Open Question": 4.3,
        "Affirm": 5.2,
    },
    source=(
        "Data Science for Social Good Peer Support study, University of Washington eScience "
        "Institute: Analyses & Conclusions (github.com/uwescience/DSSG-Peer-Support); comments "
        "on one large platform, coded by a model trained on clinical sessions."
    ),
)

PUBLISHED = (CLINICAL, ONLINE_PEERS)

CAVEAT = (
    "Read the comparison with care. The published shares were coded with another scheme, the peer "
    "shares by another model, and spoken sessions are counted by utterance, not by sentence. The "
    "study prints its shares as a picture; the figures here are the rounded ones in circulation, "
    "checked only against what the study says of them in words."
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """What MITI 4.2.1 calls fair and good for a trained clinician; expert opinion, no norm."""

    fair: float
    good: float


# Source: Moyers, Manuel & Ernst (2014), MITI Coding Manual 4.2.1, basic competence and proficiency
# thresholds.
THRESHOLDS = {
    "reflection_to_question_ratio": Threshold(fair=1.0, good=2.0),
    "percent_complex_reflections": Threshold(fair=40.0, good=50.0),
}
