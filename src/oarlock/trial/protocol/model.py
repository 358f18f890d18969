"""What a trial protocol says: frozen dataclasses, one for each table of `trial.toml`.

Every field carries its description and its limits; the reader, the reference page and the messages
are made from them. Only the standard library is imported: the community loads this module.
"""

# ruff: noqa: RUF009  (`key` gives a dataclass field)

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

DESIGNS = {
    "control": "a randomised trial against a control arm",
    "waitlist": "a randomised trial against a waiting list, which starts later",
    "active": "a randomised trial of active arms, without a control arm",
    "pre-post": "one arm, measured before and after, without a comparison",
}
ROLES = ("active", "control", "waitlist")
UNITS = ("person", "group", "thread")
METHODS = {
    "none": "nobody is allocated: there is one arm",
    "simple": "a draw for each unit, whatever came before",
    "blocks": "permuted blocks of random size, each of which holds the arms in their ratio",
    "stratified": "permuted blocks of random size within each stratum",
    "minimisation": "the arm that balances the factors best, with a random element",
}
PLACEHOLDER = "FILL IN"
"""What the template writes where only the researcher knows; a protocol with it cannot be frozen."""


def key(
    doc: str,
    *,
    default: Any = MISSING,
    choices: Sequence[str] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """Return a dataclass field with its description and limits.

    Args:
        doc: One or two sentences for the reference page.
        default: Value where the key is absent; without one the key is required.
        choices: Words that it may be.
        low: Least that a number, or each number of a list, may be.
        high: Most that it may be.
    """
    metadata = {"doc": doc, "choices": tuple(choices), "low": low, "high": high}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """What one arm is called, how large it is, and what it switches for its members.

    A switch that is absent leaves things as they are. What one arm switches, every arm must.
    """

    name: str = key("Short name in data and reports: small letters, digits and hyphens.")
    label: str = key("What the report calls it.")
    role: str = key("What it stands for in the comparison.", choices=ROLES)
    share: int = key(
        "Its part in the ratio: 1 and 1 for two equal arms, 2 and 1 for two to one.",
        default=1, low=1, high=20,
    )  # fmt: skip
    coach: bool | None = key("The coach beside the reply box, on or off.", default=None)
    training: bool | None = key("The MI training, open or closed.", default=None)
    groups: tuple[str, ...] = key(
        "Groups that only this arm may enter, by their short names.", default=()
    )
    replies: str | None = key(
        "Whether the members write replies freely or are guided step by step.",
        choices=("free", "guided"), default=None,
    )  # fmt: skip
    delay_days: int = key(
        "Days from allocation until the switches take effect; for a waiting list.",
        default=0, low=0, high=730,
    )  # fmt: skip

    @property
    def switches(self) -> dict[str, Any]:
        """What the arm switches, by key; empty for an arm that changes nothing."""
        found = {"coach": self.coach, "training": self.training, "replies": self.replies}
        switched = {name: value for name, value in found.items() if value is not None}
        return switched | ({"groups": self.groups} if self.groups else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRange:
    """Who may take part, by the score of an instrument before allocation."""

    instrument: str = key("Instrument of a wave that closes before allocation.")
    min_score: float | None = key("Least score.", default=None)
    max_score: float | None = key("Highest score.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Who may take part."""

    min_age: int = key("Youngest age, in years.", low=10, high=120)
    max_age: int | None = key("Oldest age, in years.", default=None, low=10, high=120)
    groups: tuple[str, ...] = key(
        "Groups whose members may take part, by their short names; empty for all.", default=()
    )
    scores: tuple[ScoreRange, ...] = key("Limits on scores before allocation.", default=())
    other_trials: str = key(
        "Whether people in another trial may take part: in none, or in one whose arms switch "
        "other things. Two trials that switch the same are never joined by one person.",
        choices=("not-clashing", "none"), default="not-clashing",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that shows whether the consent text was understood."""

    question: str = key("The question, in plain words.")
    answers: tuple[str, ...] = key("What can be chosen; two or more.")
    correct: str = key("The right one of the answers, word for word.")
    explanation: str = key("What to show after a wrong answer.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What people agree to."""

    version: str = key("Version of the text; a new text needs a new version and a new consent.")
    text: str = key("The text, in plain words.")
    questions: tuple[Question, ...] = key(
        "Questions that must be answered rightly before consent counts.", default=()
    )
    on_withdrawal: tuple[str, ...] = key(
        "What a person who withdraws may choose: that data so far are kept, or deleted.",
        choices=("keep", "delete"), default=("keep", "delete"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A stratum of stratified blocks, a factor of minimisation, or a subgroup of the analysis."""

    name: str = key("Short name: small letters, digits and hyphens.")
    levels: tuple[str, ...] = key("Names of its levels; two or more, from low to high.")
    source: str = key(
        "Where a unit's level comes from: a score, the age or a number given with it is cut at "
        "`cuts`; a group or a word given with it is itself the level.",
        choices=("score", "age", "number", "group", "word"),
    )
    instrument: str | None = key(
        "Instrument whose score is cut, of a wave that closes before allocation.", default=None
    )
    cuts: tuple[float, ...] = key(
        "Where levels begin: with [10] the first level is below 10, the second 10 and above.",
        default=(),
    )
    weight: float = key("Weight in minimisation.", default=1.0, low=0.001, high=1000)

    def level_of(self, value: float | str) -> str:
        """Return the level of a score, age, number, group or word.

        Raises:
            ValueError: A word that is no level; the message does not hold it.
        """
        if self.cuts:
            return self.levels[sum(float(value) >= cut for cut in self.cuts)]
        if value not in self.levels:
            raise ValueError(f"{self.name}: expected one of {', '.join(self.levels)}")
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Who goes into which arm, and how."""

    method: str = key("How arms are drawn.", choices=tuple(METHODS), default="none")
    unit: str = key(
        "What is allocated: each person, or a whole group or thread (a cluster trial).",
        choices=UNITS, default="person",
    )  # fmt: skip
    block_sizes: tuple[int, ...] = key(
        "Sizes of blocks, drawn at random; each a multiple of the sum of the shares. "
        "Use several: whoever knows a fixed size can tell the last arm of each block.",
        default=(), low=1, high=100,
    )  # fmt: skip
    factors: tuple[Factor, ...] = key(
        "Strata of `stratified`, factors of `minimisation`, and subgroups of the analysis.",
        default=(),
    )
    strata: tuple[str, ...] = key(
        "Names of the factors that allocation uses; empty for all of them.", default=()
    )
    p_best: float = key(
        "In minimisation the probability of the arm that balances best, where shares are equal; "
        "1 would let anybody work out the next arm.",
        default=0.8, low=0.5, high=0.95,
    )  # fmt: skip
    imbalance: str = key(
        "In minimisation what makes an imbalance: the range of the counts, or their variance.",
        choices=("range", "variance"), default="range",
    )  # fmt: skip
    seed: str = key(
        "Where the secret 256-bit seed comes from: the system when enrolment opens, or an "
        "independent person who keeps it.",
        choices=("system", "given"), default="system",
    )  # fmt: skip

    @property
    def used_factors(self) -> tuple[Factor, ...]:
        """Factors over which allocation balances, in their order."""
        if self.method not in {"stratified", "minimisation"}:
            return ()
        return tuple(f for f in self.factors if not self.strata or f.name in self.strata)

    @property
    def is_cluster(self) -> bool:
        return self.unit != "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One time of asking. Days count from allocation, or from consent where nobody is allocated."""

    name: str = key("Short name: small letters, digits and hyphens.")
    instruments: tuple[str, ...] = key("Instruments that are asked, in this order.")
    day: int = key("Day for which it is meant.", low=-365, high=3650)
    open_day: int = key("First day on which it can be answered.", low=-365, high=3650)
    close_day: int = key("Last day on which it can be answered.", low=-365, high=3650)
    reminders: tuple[int, ...] = key(
        "Days after opening on which whoever has not answered is reminded.",
        default=(), low=0, high=365,
    )  # fmt: skip

    @property
    def is_before_allocation(self) -> bool:
        return self.close_day <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is compared between the arms, or before and after."""

    name: str = key("Short name: small letters, digits and hyphens.")
    role: str = key("Whether the verdict rests on it.", choices=("primary", "secondary"))
    instrument: str = key("Instrument that measures it.")
    wave: str = key("Wave at which it is compared.")
    better: str = key("Which scores are good.", choices=("lower", "higher"))
    type: str = key(
        "Whether the score itself is compared, or the share of people past a limit.",
        choices=("score", "binary"), default="score",
    )  # fmt: skip
    at_most: float | None = key("For `binary`: counts from this score downwards.", default=None)
    at_least: float | None = key("For `binary`: counts from this score upwards.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Harms:
    """What is watched so that nobody is hurt unseen."""

    deadline_hours: int = key(
        "Hours within which a person has to answer an adverse event.", low=1, high=168
    )
    events: tuple[str, ...] = key("Adverse events that are recorded, in plain words.")
    instruments: tuple[str, ...] = key(
        "Instruments that ask for harm; each in a wave after allocation.", default=()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """How the outcomes will be compared, said before anybody knows them."""

    set: str = key(
        "Whose data count first.",
        choices=("intention-to-treat", "per-protocol"), default="intention-to-treat",
    )  # fmt: skip
    model: str = key(
        "ANCOVA on the score before, a mixed model over all waves, GEE, plain least squares, or "
        "the change from before to after (pre-post only).",
        choices=("ancova", "mixed", "gee", "ols", "change"),
    )
    covariates: tuple[str, ...] = key(
        "What the model adjusts for: `baseline` (the score before), `age`, or factors by name.",
        default=(),
    )
    subgroups: tuple[str, ...] = key(
        "Factors by which the effect may differ, such as severity before.", default=()
    )
    alpha: float = key("Two-sided error rate.", default=0.05, low=0.0001, high=0.2)
    missing: str = key(
        "What stands in for missing scores.",
        choices=("multiple-imputation", "likelihood", "complete-cases"),
        default="multiple-imputation",
    )
    deltas: tuple[float, ...] = key(
        "Points by which imputed scores are made worse, to see when the verdict tips.",
        default=(), low=-1000, high=1000,
    )  # fmt: skip
    multiplicity: str = key(
        "Correction where there are several primary outcomes or arms: that of Holm, that of "
        "Benjamini and Hochberg, or none.",
        choices=("holm", "bh", "none"), default="holm",
    )  # fmt: skip
    per_protocol: str = key("In plain words, who took part as planned.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """How many, and why so many."""

    n: int = key("People in all arms together.", low=2, high=1_000_000)
    power: float = key("Wanted chance to find the effect.", default=0.8, low=0.5, high=0.999)
    effect: float | None = key(
        "Standardised difference (Cohen's d) worth finding; for an outcome of type `score`.",
        default=None, low=0.01, high=5,
    )  # fmt: skip
    rate_control: float | None = key(
        "Share that reaches a binary outcome in the first control arm.",
        default=None, low=0.0001, high=0.9999,
    )  # fmt: skip
    rate_active: float | None = key(
        "Share that reaches it in the active arm, worth finding.",
        default=None, low=0.0001, high=0.9999,
    )  # fmt: skip
    correlation: float = key(
        "Correlation of the score before with the score after, and between waves.",
        default=0.0, low=0.0, high=0.99,
    )  # fmt: skip
    dropout: float = key("Share without the primary outcome.", default=0.0, low=0.0, high=0.9)
    cluster_size: float | None = key(
        "People per group or thread, on average; for a cluster trial.",
        default=None, low=1, high=100_000,
    )  # fmt: skip
    cluster_cv: float = key(
        "How unequal clusters are: standard deviation of their size divided by its mean.",
        default=0.0, low=0.0, high=3.0,
    )  # fmt: skip
    icc: float | None = key(
        "Intracluster correlation of the primary outcome; for a cluster trial.",
        default=None, low=0.0, high=0.99,
    )  # fmt: skip
    reason: str = key("Where these assumptions come from.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """When enrolment or the trial ends."""

    rule: str = key("In plain words, when the trial is stopped and by whom.")
    enrol_until: dt.date | None = key("Last day of enrolment.", default=None)
    pause_after_serious_events: int | None = key(
        "Serious adverse events in one arm after which enrolment pauses by itself.",
        default=None, low=1, high=1000,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom participants can ask."""

    name: str = key("Name of the person or the office.")
    email: str = key("Address for questions and complaints.")
    phone: str = key("Telephone number.", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ethics:
    """Who approved the trial."""

    committee: str = key("Name of the committee.")
    approval: str = key("Number of the approval.")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A whole trial protocol."""

    name: str = key("Short name of the trial: small letters, digits and hyphens. Never reused.")
    title: str = key("Title that participants and readers see.")
    question: str = key("The question that the trial answers, in one sentence.")
    design: str = key("Kind of comparison.", choices=tuple(DESIGNS))
    arms: tuple[Arm, ...] = key("The arms.")
    eligibility: Eligibility = key("Who may take part.")
    consent: Consent = key("What people agree to.")
    waves: tuple[Wave, ...] = key("The times of asking, in order.")
    outcomes: tuple[Outcome, ...] = key("What is compared; at least one is primary.")
    harms: Harms = key("What is watched.")
    analysis: Analysis = key("How the outcomes will be compared.")
    sample_size: SampleSize = key("How many, and why.")
    stopping: Stopping = key("When it ends.")
    contact: Contact = key("Whom participants can ask.")
    ethics: Ethics = key("Who approved it.")
    allocation: Allocation = key("Who goes into which arm.", default=Allocation())
    registration: str = key("Number in a public register of trials.", default="")

    @cached_property
    def arm_names(self) -> tuple[str, ...]:
        return tuple(arm.name for arm in self.arms)

    @cached_property
    def ratio(self) -> Mapping[str, int]:
        """Share of each arm, in the order of the arms."""
        return {arm.name: arm.share for arm in self.arms}

    @cached_property
    def primary(self) -> tuple[Outcome, ...]:
        return tuple(one for one in self.outcomes if one.role == "primary")

    @property
    def is_randomised(self) -> bool:
        return self.design != "pre-post"

    def arm(self, name: str) -> Arm:
        """Return the arm of this name.

        Raises:
            KeyError: There is none.
        """
        return next((arm for arm in self.arms if arm.name == name), None) or _no(name)

    def wave(self, name: str) -> Wave:
        """Return the wave of this name.

        Raises:
            KeyError: There is none.
        """
        return next((wave for wave in self.waves if wave.name == name), None) or _no(name)

    def every_stratum(self) -> tuple[tuple[str, ...], ...]:
        """Return every combination of levels over which allocation is stratified."""
        return tuple(product(*(factor.levels for factor in self.allocation.used_factors)))


def _no(name: str) -> Any:
    raise KeyError(name)


def clashing_switches(one: Protocol, other: Protocol) -> tuple[str, ...]:
    """Return what both trials switch, so that nobody may be in both; empty where nothing clashes.

    Groups clash only where both trials give access to the same one.
    """
    found = []
    for name in ("coach", "training", "replies"):
        if all(any(name in arm.switches for arm in trial.arms) for trial in (one, other)):
            found.append(name)
    mine, theirs = ({group for arm in trial.arms for group in arm.groups} for trial in (one, other))
    return (*found, *(f"group {group}" for group in sorted(mine & theirs)))


def fields_of(kind: type) -> Mapping[str, Field[Any]]:
    """Return the fields of one of these dataclasses by name."""
    return kind.__dataclass_fields__  # type: ignore[attr-defined, no-any-return]
