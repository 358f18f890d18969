"""The codebook and the crosswalks as Markdown pages of the documentation."""

from __future__ import annotations

import re

from oarlock.codebook import (
    CODES,
    EMPATHY,
    OARS,
    SUMMARY,
    TALK,
    Code,
    Example,
    NearMiss,
    families,
)
from oarlock.codebook.crosswalks import crosswalk, crosswalk_names

_INTRODUCTION = """\
# The codebook

What Oarlock measures, code by code. All examples are written for this codebook, the way young
peers write: short, lower case, with little punctuation. Every example and every near-miss is also
a test of the coder. This page is made from the files in `src/oarlock/codebook/codes`.

Names are the key everywhere; abbreviations appear in column names (`p_QUO`).
"""

_CROSSWALK_INTRODUCTION = """\
# Crosswalks

A crosswalk translates the labels of another scheme to a task of Oarlock, for example
`oarlock evaluate FILE --crosswalk annomi`. Labels are matched without regard to case, spacing and
punctuation. A label without an equivalent is left out and counted; a label that the scheme does
not have is an error. This page is made from the files in `src/oarlock/codebook/crosswalks`.
"""


def codebook_page() -> str:
    """Return the page of all codes."""
    parts = [_INTRODUCTION, _overview()]
    groups = (
        ("Sentence codes", "Each sentence of a reply has exactly one.", CODES),
        ("Summary", "A property of a whole reply; its sentences keep their own codes.", (SUMMARY,)),
        (
            "Empathy mechanisms",
            "Each is rated 0 (no), 1 (weak) or 2 (strong) for a whole reply to a seeker's post.",
            EMPATHY,
        ),
        ("Seeker talk", "What the seeker's own words lean to.", TALK),
    )
    for title, line, codes in groups:
        parts.append(f"## {title}\n\n{line}\n")
        parts += [_code(code, title) for code in codes]
    return "\n".join(parts)


def crosswalks_page() -> str:
    """Return the page of all crosswalks."""
    parts = [_CROSSWALK_INTRODUCTION]
    for name in crosswalk_names():
        walk = crosswalk(name)
        parts.append(
            f"## {name}\n\n{walk.title}. Task: `{walk.task}`.\n\n{walk.notes}\n\n"
            f"*Source:* {walk.source}.\n\n| label | {walk.task} |\n|---|---|"
        )
        for label, to in walk.mapping.items():
            shown = to if to is not None else f"*no equivalent: {_cell(walk.reasons[label])}*"
            parts.append(f"| {_cell(label)} | {shown} |")
        parts.append("")
    return "\n".join(parts)


def _overview() -> str:
    rows = ["## Families and skills\n", "| family | codes |", "|---|---|"]
    by_name = {code.name: code for code in CODES}
    rows += [
        f"| {family.name} | "
        + ", ".join(f"{name} ({by_name[name].abbreviation})" for name in family.codes)
        + " |"
        for family in families()
    ]
    rows += ["", "| OARS skill | codes |", "|---|---|"]
    rows += [f"| {skill} | {', '.join(codes)} |" for skill, codes in OARS.items()]
    rows.append(
        "\n*Source:* families after the MITI and Welivita & Pu (COLING 2022). Support and Advise"
        " with Permission are MI-adherent as in MITI 3.1.1 (Moyers et al. 2010); MITI 4.2.1 (Moyers"
        " et al. 2014) counts neither. Questions and reflections are counted apart in the MITI and"
        " stand under other. The MI-consistent responses of MISC 2.5 (Houck et al. 2010) are wider:"
        " they include open questions and reflections.\n"
    )
    return "\n".join(rows)


def _code(code: Code, group: str) -> str:
    title = code.name[0].upper() + code.name[1:]
    heading = "" if title == group else f"### {title} ({code.abbreviation})\n\n"
    facts = f"{code.definition}\n\n*Abbreviation:* {code.abbreviation}. *Family:* {code.family}.\n"
    parts = [heading + facts, "**When**\n"]
    parts += [f"- {line}" for line in code.when]
    parts.append("\n**When not**\n")
    parts += [f"- {line}" for line in code.when_not]
    parts.append(f"\n*Source:* {code.source}\n")
    parts.append(_examples(code.examples))
    parts.append(_near_misses(code.near_misses))
    return "\n".join(parts)


def _examples(examples: tuple[Example, ...]) -> str:
    with_context = any(example.context for example in examples)
    with_strength = any(example.strength for example in examples)
    head = ["seeker"] * with_context + ["example", "topic"] + ["level"] * with_strength
    rows = [_row(head), _row(["---"] * len(head))]
    for example in examples:
        cells = [example.context or ""] * with_context + [example.text, example.topic]
        cells += [str(example.strength)] * with_strength
        rows.append(_row(cells))
    return "\n".join(rows) + "\n"


def _near_misses(misses: tuple[NearMiss, ...]) -> str:
    with_context = any(miss.context for miss in misses)
    head = ["seeker"] * with_context + ["near-miss", "right code", "because"]
    rows = [_row(head), _row(["---"] * len(head))]
    for miss in misses:
        cells = [miss.context or ""] * with_context + [miss.text, miss.right_code, miss.reason]
        rows.append(_row(cells))
    return "\n".join(rows) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    """Return the text safe inside a table: no markup, no link is made of it."""
    escaped = re.sub(r"([\\`*_\[\]<>|#~^{}])", r"\\\1", text)
    return escaped.replace("\n", " ").replace("://", "&#58;//")
