"""What is measured: the codes, their families, definitions, examples and near-misses.

The text of the codebook lives in `codes/*.toml`, one file per code, and is checked when it is
loaded. Everything is frozen and loaded once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from oarlock.errors import OarlockError, UserError

Level = Literal["sentence", "reply", "seeker"]

TOPICS: tuple[str, ...] = (
    "anxiety",
    "low mood",
    "exams",
    "money",
    "relationships",
    "identity",
    "grief",
    "eating",
    "self-harm recovery",
    "substance use",
    "general",
)

FAMILY_NAMES: tuple[str, ...] = ("MI-adherent", "MI-non-adherent", "other")


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence or reply that shows a code.

    Attributes:
        text: The words, as young peers write them.
        topic: One of `TOPICS`.
        context: What the seeker wrote; only where the code depends on it.
        strength: 1 (weak) or 2 (strong) for an empathy mechanism, else None.
    """

    text: str
    topic: str
    context: str | None = None
    strength: int | None = None


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A sentence or reply that looks like a code and is another.

    Attributes:
        text: The words.
        right_code: Full name of the code that it has.
        reason: Why it is that code, in one sentence.
        context: What the seeker wrote; only where the code depends on it.
    """

    text: str
    right_code: str
    reason: str
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One code of the codebook.

    Attributes:
        name: Full name, the key everywhere in Oarlock.
        abbreviation: As in column names (`p_QUO`).
        level: What is coded: a sentence, a whole reply, or the seeker's own text.
        family: "MI-adherent", "MI-non-adherent" or "other" for sentence codes, else "summary",
            "empathy" or "talk".
        definition: What it is.
        when: When to give it.
        when_not: When not to, and what to give instead.
        source: Manual and section.
        examples: Texts that have the code.
        near_misses: Texts that seem to have it and have another.
    """

    name: str
    abbreviation: str
    level: Level
    family: str
    definition: str
    when: tuple[str, ...]
    when_not: tuple[str, ...]
    source: str
    examples: tuple[Example, ...]
    near_misses: tuple[NearMiss, ...]

    def examples_on(self, topic: str) -> tuple[Example, ...]:
        """Return the examples on `topic` first, then those on "general", then the others."""
        order = {topic: 0, "general": 1}
        return tuple(sorted(self.examples, key=lambda example: order.get(example.topic, 2)))


@dataclass(frozen=True, slots=True)
class Family:
    """A group of sentence codes: `name` and the full names of its `codes`."""

    name: str
    codes: tuple[str, ...]


# File names in `codes/`, in the order of the codebook.
_SENTENCE_FILES = (
    "open_question",
    "closed_question",
    "simple_reflection",
    "complex_reflection",
    "affirm",
    "support",
    "emphasize_autonomy",
    "give_information",
    "advise_with_permission",
    "advise_without_permission",
    "confront",
    "direct",
    "warn",
    "self_disclose",
    "other",
)
_SUMMARY_FILES = ("summary",)
_EMPATHY_FILES = ("emotional_reactions", "interpretations", "explorations")
_TALK_FILES = ("change", "sustain", "neutral")

_GROUP_FAMILIES: dict[str, tuple[str, ...]] = {
    "sentence": FAMILY_NAMES,
    "reply": ("summary", "empathy"),
    "seeker": ("talk",),
}


class CodebookError(OarlockError):
    """The codebook that ships with the package is damaged."""


def _example(raw: Mapping[str, Any]) -> Example:
    return Example(raw["text"], raw["topic"], raw.get("context"), raw.get("strength"))


def _near_miss(raw: Mapping[str, Any]) -> NearMiss:
    return NearMiss(raw["text"], raw["right"], raw["reason"], raw.get("context"))


def _load(file: str) -> Code:
    path = files("oarlock.codebook") / "codes" / f"{file}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        code = Code(
            name=raw["name"],
            abbreviation=raw["abbreviation"],
            level=raw["level"],
            family=raw["family"],
            definition=raw["definition"],
            when=tuple(raw["when"]),
            when_not=tuple(raw["when_not"]),
            source=raw["source"],
            examples=tuple(_example(item) for item in raw["examples"]),
            near_misses=tuple(_near_miss(item) for item in raw["near_misses"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CodebookError(f"codes/{file}.toml cannot be read: {error!r}") from error
    _check(code, file)
    return code


def _check(code: Code, file: str) -> None:
    problems: list[str] = []
    if code.name.casefold().replace(" ", "_").replace("-", "_") != file:
        problems.append(f"the name {code.name!r} does not fit the file")
    if code.family not in _GROUP_FAMILIES.get(code.level, ()):
        problems.append(f"family {code.family!r} at level {code.level!r}")
    texts = [code.definition, code.source, *code.when, *code.when_not]
    texts += [example.text for example in code.examples]
    texts += [part for miss in code.near_misses for part in (miss.text, miss.reason)]
    if not all(text.strip() for text in texts):
        problems.append("an empty text")
    problems += [f"topic {e.topic!r}" for e in code.examples if e.topic not in TOPICS]
    contexts = [example.context for example in code.examples]
    contexts += [miss.context for miss in code.near_misses]
    if code.level == "reply" and not all(contexts):
        problems.append("an example of a reply without the seeker's text")
    if code.family == "empathy" and not all(e.strength in (1, 2) for e in code.examples):
        problems.append("an empathy example whose strength is not 1 or 2")
    if problems:
        raise CodebookError(f"codes/{file}.toml: {'; '.join(problems)}")


def _load_all(*names: str) -> tuple[Code, ...]:
    return tuple(_load(name) for name in names)


CODES: tuple[Code, ...] = _load_all(*_SENTENCE_FILES)
"""The fifteen sentence codes, in the order of every probability vector."""

SUMMARY: Code = _load_all(*_SUMMARY_FILES)[0]
"""The reply-level code."""

EMPATHY: tuple[Code, ...] = _load_all(*_EMPATHY_FILES)
"""The three empathy mechanisms of Sharma et al. (EMNLP 2020), each of level 0, 1 or 2."""

TALK: tuple[Code, ...] = _load_all(*_TALK_FILES)
"""What the seeker's own words lean to: change, sustain, neutral."""

ALL_CODES: tuple[Code, ...] = (*CODES, SUMMARY, *EMPATHY, *TALK)

OARS: Mapping[str, tuple[str, ...]] = {
    "Open questions": ("Open Question",),
    "Affirmations": ("Affirm",),
    "Reflections": ("Simple Reflection", "Complex Reflection"),
    "Summaries": ("Summary",),
}
"""The four core skills and the codes that show them."""

QUESTIONS: tuple[str, ...] = ("Open Question", "Closed Question")
REFLECTIONS: tuple[str, ...] = OARS["Reflections"]
"""Questions and reflections, which the MITI counts apart from its two families."""


@cache
def families() -> tuple[Family, ...]:
    """Return the three families of sentence codes, in the order of the task "families".

    They are those of the MITI and of Welivita & Pu (COLING 2022), who coded peer forums with it.
    Support and Advise with Permission are MI-adherent as in MITI 3.1.1 (Moyers et al. 2010);
    MITI 4.2.1 counts neither. Questions and reflections are in no family of the MITI, which counts
    them apart: here they are "other". The MI-consistent responses of the MISC are wider.
    """
    return tuple(
        Family(name, tuple(code.name for code in CODES if code.family == name))
        for name in FAMILY_NAMES
    )


@cache
def display_groups() -> tuple[Family, ...]:
    """Return the sentence codes in four groups to show them in.

    They are the families, with "other" divided in questions and reflections (first) and the rest.
    """
    apart = (*QUESTIONS, *REFLECTIONS)
    *judged, other = families()
    return (
        Family("Questions and reflections", apart),
        *judged,
        Family("Neither", tuple(name for name in other.codes if name not in apart)),
    )


def fold(label: str) -> str:
    """Return the label without case, spaces and punctuation, to compare by."""
    return re.sub(r"[^0-9a-z]+", "", label.casefold())


@cache
def _by_fold() -> dict[str, Code]:
    table: dict[str, Code] = {}
    for code in ALL_CODES:
        for key in (fold(code.name), fold(code.abbreviation)):
            if key in table:
                raise CodebookError(f"{code.name} and {table[key].name} share a name")
            table[key] = code
    return table


def code_by(name_or_abbreviation: str) -> Code:
    """Return the code of that full name or abbreviation, blind to case and spacing.

    Raises:
        UserError: No code has it; the message lists the names.
    """
    code = _by_fold().get(fold(name_or_abbreviation))
    if code is None:
        known = ", ".join(f"{code.name} ({code.abbreviation})" for code in ALL_CODES)
        raise UserError(f"No code is called {name_or_abbreviation!r}.", remedy=f"Use: {known}.")
    return code


def _check_book() -> None:
    names = {code.name for code in ALL_CODES}
    shown = sorted(name for group in display_groups() for name in group.codes)
    if shown != sorted(code.name for code in CODES):
        raise CodebookError("questions and reflections must be in the family 'other'")
    for code in ALL_CODES:
        for miss in code.near_misses:
            if miss.right_code not in names or miss.right_code == code.name:
                raise CodebookError(f"{code.name}: near-miss of {miss.right_code!r}")
    _by_fold()


_check_book()


def render_markdown() -> str:
    """Return the whole codebook as a Markdown page."""
    from oarlock.codebook.markdown import codebook_page

    return codebook_page()


def render_crosswalks_markdown() -> str:
    """Return all crosswalks as a Markdown page."""
    from oarlock.codebook.markdown import crosswalks_page

    return crosswalks_page()
