"""What the coder makes of every example, near-miss and hard case, and the page that shows it.

`FLOOR_*` are the shares that must be right. Raise them when the coder gets better; a new release of
the weights that falls below one has lost something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from oarlock.codebook import CODES, EMPATHY, SUMMARY, TALK, Code
from oarlock.coder import Coder
from oarlock.coder.tasks import CODE_LABELS
from spec.cases import hard_cases

#: Shares that must be right, by set.
FLOOR_EXAMPLES = 0.80
FLOOR_NEAR_MISSES = 0.75
FLOOR_HARD = 0.70
FLOOR_REPLIES_AND_TALK = 0.62

EXAMPLES = "examples of sentence codes"
NEAR_MISSES = "near-misses of sentence codes"
REPLIES_AND_TALK = "Summary, empathy and seeker talk"
HARD = "hard cases"
FLOORS = {
    EXAMPLES: FLOOR_EXAMPLES,
    NEAR_MISSES: FLOOR_NEAR_MISSES,
    REPLIES_AND_TALK: FLOOR_REPLIES_AND_TALK,
    HARD: FLOOR_HARD,
}

NOT_CODED = "not coded"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One text and what became of it.

    Attributes:
        id: Abbreviation or kind, what it is, and its number in its file.
        set: A key of `FLOORS`.
        group: Name of the code, or kind of hard case.
        text, context: What was coded.
        expected: What counts as right, the best reading first.
        given: What the coder said.
        probability: Of what it said.
        reason: Why it is flagged, or None.
    """

    id: str
    set: str
    group: str
    text: str
    context: str | None
    expected: tuple[str, ...]
    given: str
    probability: float
    reason: str | None = None

    @property
    def right(self) -> bool:
        return self.given in self.expected


def outcomes(coder: Coder) -> list[Outcome]:
    """Return the outcome of every text of the spec."""
    return [
        *(one for code in CODES for one in _sentence_code(coder, code)),
        *_summary(coder),
        *(one for code in EMPATHY for one in _empathy(coder, code)),
        *(one for code in TALK for one in _talk(coder, code)),
        *_hard(coder),
    ]


def _coded(coder: Coder, texts: Sequence[str]) -> Iterator[tuple[str, float, str | None]]:
    """Yield the code of each text: that of its sentence, or of the whole where it has several."""
    p = coder.predict(texts)
    decided = coder.decide(p)
    for k, reply in enumerate(coder.code_many(texts)):
        if len(reply.sentences) == 1:
            one = reply.sentences[0]
            yield one.code, one.probability, one.reason
        else:
            reasons = {sentence.reason for sentence in reply.sentences}
            reason = reasons.pop() if len(reasons) == 1 else None
            yield CODE_LABELS[decided[k]], float(p[k, decided[k]]), reason


def _sentence_code(coder: Coder, code: Code) -> Iterator[Outcome]:
    given = _coded(coder, [one.text for one in code.examples])
    for k, (example, got) in enumerate(zip(code.examples, given, strict=True), start=1):
        name = f"{code.abbreviation} example {k}"
        yield Outcome(name, EXAMPLES, code.name, example.text, example.context, (code.name,), *got)
    given = _coded(coder, [one.text for one in code.near_misses])
    for k, (miss, got) in enumerate(zip(code.near_misses, given, strict=True), start=1):
        name = f"{code.abbreviation} near-miss {k}"
        yield Outcome(
            name, NEAR_MISSES, code.name, miss.text, miss.context, (miss.right_code,), *got
        )


def _summary(coder: Coder) -> Iterator[Outcome]:
    texts = [("example", one.text, one.context) for one in SUMMARY.examples]
    texts += [("near-miss", one.text, one.context) for one in SUMMARY.near_misses]
    replies = coder.code_many([text for _, text, _ in texts], [context for *_, context in texts])
    for k, ((what, text, context), reply) in enumerate(zip(texts, replies, strict=True), start=1):
        p = reply.summary_probability
        expected = SUMMARY.name if what == "example" else f"no {SUMMARY.name}"
        given, p = (SUMMARY.name, p) if p >= 0.5 else (f"no {SUMMARY.name}", 1 - p)
        number = k if what == "example" else k - len(SUMMARY.examples)
        name = f"{SUMMARY.abbreviation} {what} {number}"
        yield Outcome(name, REPLIES_AND_TALK, SUMMARY.name, text, context, (expected,), given, p)


def _empathy(coder: Coder, code: Code) -> Iterator[Outcome]:
    texts = [("example", one.text, one.context, one.strength or 0) for one in code.examples]
    texts += [("near-miss", one.text, one.context, 0) for one in code.near_misses]
    replies = coder.code_many([one[1] for one in texts], [one[2] for one in texts])
    for k, ((what, text, context, level), reply) in enumerate(
        zip(texts, replies, strict=True), start=1
    ):
        got = reply.empathy[code.name]
        number = k if what == "example" else k - len(code.examples)
        yield Outcome(
            f"{code.abbreviation} {what} {number}",
            REPLIES_AND_TALK,
            code.name,
            text,
            context,
            (f"level {level}",),
            f"level {got.level}",
            got.probabilities[got.level],
        )


def _talk(coder: Coder, code: Code) -> Iterator[Outcome]:
    texts = [("example", one.text, one.context, code.name) for one in code.examples]
    texts += [("near-miss", one.text, one.context, one.right_code) for one in code.near_misses]
    p = coder.predict([one[1] for one in texts], [one[2] for one in texts], task="talk")
    decided = coder.decide(p, "talk")
    labels = coder.labels("talk")
    for k, (what, text, context, expected) in enumerate(texts):
        number = k + 1 if what == "example" else k + 1 - len(code.examples)
        yield Outcome(
            f"{code.abbreviation} {what} {number}",
            REPLIES_AND_TALK,
            f"{code.name} talk",
            text,
            context,
            (expected,),
            labels[decided[k]],
            float(p[k, decided[k]]),
        )


def _hard(coder: Coder) -> Iterator[Outcome]:
    cases = hard_cases()
    numbers: dict[str, int] = {}
    given = _coded(coder, [case.text for case in cases])
    for case, (code, p, reason) in zip(cases, given, strict=True):
        numbers[case.kind] = numbers.get(case.kind, 0) + 1
        expected = case.codes
        if case.language is not None:
            expected = (NOT_CODED,)
            code = NOT_CODED if reason == "language" else code
        yield Outcome(
            f"{case.kind} {numbers[case.kind]}",
            HARD,
            case.kind,
            case.text,
            case.context,
            expected,
            code,
            p,
            reason,
        )


def share_right(found: Iterable[Outcome]) -> float:
    """Return the share that is right, 0 to 1."""
    right = [one.right for one in found]
    return sum(right) / len(right)


def page(found: Sequence[Outcome], model_version: str) -> str:
    """Return the page of the documentation: shares first, then every miss."""
    parts = [
        "# Test sentences\n",
        "What the coder makes of the examples and near-misses of the "
        "[codebook](codebook.md) and of the hard cases: greetings, advice asked as a question, "
        "sarcasm, negation, emoji, other languages. All are written for Oarlock; no sentence "
        "written to train the codes comes near one (a test checks that). Coded by "
        f"{model_version}; every miss is listed.\n",
        "Near-misses and hard cases are chosen to be hard, so these shares say where the coder "
        "fails, not how often it fails on real text: for that see the [model card](model-card.md)."
        "\n",
        "Right means: the code of the example, or one of those that count as right; of an empathy "
        "mechanism the same level; for texts that are not English, that they are flagged and not "
        "coded.\n",
        "| set | texts | right | share |\n| --- | --- | --- | --- |",
    ]
    parts += [_row(name, [o for o in found if o.set == name]) for name in FLOORS]
    for name in FLOORS:
        of_set = [one for one in found if one.set == name]
        parts.append(f"\n## {name[0].upper()}{name[1:]}\n")
        parts.append("| code or kind | texts | right | share |\n| --- | --- | --- | --- |")
        for group in dict.fromkeys(one.group for one in of_set):
            parts.append(_row(group, [one for one in of_set if one.group == group]))
        misses = [one for one in of_set if not one.right]
        parts.append(f"\n### Misses among {name}\n")
        if not misses:
            parts.append("None.")
            continue
        parts.append("| id | text | right | coder | flagged |\n| --- | --- | --- | --- | --- |")
        parts += [
            f"| {one.id} | {_shown(one)} | {', '.join(one.expected)} "
            f"| {one.given} ({one.probability:.2f}) | {one.reason or ''} |"
            for one in misses
        ]
    return "\n".join(parts) + "\n"


def _row(name: str, found: Sequence[Outcome]) -> str:
    n_right = sum(one.right for one in found)
    return f"| {name} | {len(found)} | {n_right} | {n_right / len(found):.0%} |"


def _shown(one: Outcome) -> str:
    text = _escaped(one.text)
    return text if one.context is None else f"*after:* {_escaped(one.context)} *said:* {text}"


def _escaped(text: str) -> str:
    """Return the text safe inside a table: no markup, no link is made of it."""
    escaped = re.sub(r"([\\`*_\[\]<>|#~^{}:])", r"\\\1", text.replace("&", "&amp;"))
    return escaped.replace("\n", " ").replace("\\:", "&#58;")
