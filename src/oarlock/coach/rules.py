"""The rules of `rules.toml`, and how each is decided from the evidence."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from oarlock.coach.cues import cues
from oarlock.coach.evidence import Evidence, Limits
from oarlock.coach.results import Kind
from oarlock.codebook import QUESTIONS
from oarlock.errors import OarlockError


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; its fields are explained at the top of `rules.toml`."""

    id: str
    kind: Kind
    when: str
    anchor: str
    examples: tuple[str, ...]
    source: str
    groups: frozenset[str]
    at_risk: bool
    example_topic: str | None


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules by priority, their numbers, and the examples that are never shown."""

    version: str
    limits: Limits
    rules: tuple[Rule, ...]
    never: frozenset[str]


@cache
def rule_book() -> RuleBook:
    """Return the rules that ship with the package.

    Raises:
        OarlockError: A rule of the file has no decision in this module, or the other way round.
    """
    path = files("oarlock.coach") / "rules.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    rules = tuple(
        Rule(
            id=one["id"],
            kind=one["kind"],
            when=one["when"],
            anchor=one["anchor"],
            examples=tuple(one["examples"]),
            source=one["source"],
            groups=frozenset(one.get("groups", [one["id"]])),
            at_risk=one.get("at_risk", False),
            example_topic=one.get("example_topic"),
        )
        for one in raw["rules"]
    )
    if {rule.id for rule in rules} != set(DECISIONS):
        raise OarlockError("coach/rules.toml and oarlock.coach.rules name different rules")
    never = frozenset(one["text"] for one in raw["never"])
    return RuleBook(raw["version"], Limits(**raw["limits"]), rules, never)


def matches(rule: Rule, draft: Evidence) -> list[int]:
    """Return the sentences that a rule is about, in the order of the draft; none where it rests."""
    if not draft.read:
        # Nothing could be read; the way to help is still worth a word.
        return [0] if rule.id == "risk_help" and draft.risk and draft.sentences else []
    if draft.risk and not rule.at_risk:
        return []
    if rule.kind == "add" and (
        sum(draft.words) < draft.limits.min_words
        # Whoever points to help in a crisis is not asked for finer skills in the same breath.
        or draft.any_says("crisis")
    ):
        return []
    found = DECISIONS[rule.id](draft)
    if found and rule.anchor == "first":
        return [draft.read[0]]
    if found and rule.anchor == "last":
        return [draft.read[-1]]
    return found


def _risk_help(draft: Evidence) -> list[int]:
    return draft.read if draft.risk and not draft.any_says("help") else []


def _risk_argue(draft: Evidence) -> list[int]:
    return [i for i in _worded(draft, "argue") if draft.risk or draft.says(i, "suicide")]


def _risk_heard(draft: Evidence) -> list[int]:
    limits = draft.limits
    taken_up = any(
        draft.says(i, "heard")
        or draft.p(i, "Support") >= limits.there
        or draft.reflects(i) >= limits.there
        for i in draft.read
    )
    return draft.read if draft.risk and not taken_up else []


def _confront(draft: Evidence) -> list[int]:
    return _worded(draft, "confront")


def _promise(draft: Evidence) -> list[int]:
    return _worded(draft, "promise")


def _warn(draft: Evidence) -> list[int]:
    return _worded(draft, "warn")


def _worded(draft: Evidence, cue: str) -> list[int]:
    """Sentences with a wording, but for those that surely tell of the writer or ask openly."""
    return [
        i
        for i in draft.read
        if draft.says(i, cue) and not draft.sure(i, "Self-Disclose", "Open Question")
    ]


def _diagnose(draft: Evidence) -> list[int]:
    found = []
    for i in _worded(draft, "diagnose"):
        hits = cues().draft["diagnose"].finds(draft.texts[i])
        names = [name[0] for hit in hits for name in cues().illness.finditer(hit)]
        # The first letters, so that "depressed" in the post covers "depression".
        if any(name.split()[-1][:6] not in draft.post for name in names):
            found.append(i)
    return found


def _is_bare_question(draft: Evidence) -> bool:
    """Whether the post asks for a fact and tells nothing that could be said back."""
    short = len(draft.post.split()) <= draft.limits.bare_question_words
    return short and draft.post.endswith("?") and not draft.post_says("feeling")


def _reflect_first(draft: Evidence) -> list[int]:
    if _is_bare_question(draft):
        return []
    perhaps = draft.limits.perhaps
    heard = next((i for i in draft.read if draft.reflects(i) >= perhaps), len(draft.sentences))
    return [i for i in draft.advice[:1] if i < heard]


def _permission(draft: Evidence) -> list[int]:
    if (draft.post_says("asks") or _is_bare_question(draft)) and not draft.post_says("refuses"):
        return []
    asked = [i for i in draft.read if draft.says(i, "permission")]
    return [
        i
        for i in draft.advice
        if draft.sure(i, "Advise without Permission")
        # Leave that was asked just before, or is given just after, holds for the advice.
        and not any(abs(i - other) <= 1 for other in asked)
    ]


def _direct(draft: Evidence) -> list[int]:
    return [i for i in draft.advice if draft.sure(i, "Direct") and not draft.says(i, "permission")]


def _questions(draft: Evidence) -> list[int]:
    found, run = [], 0
    for i in draft.read:
        run = run + 1 if draft.sure(i, *QUESTIONS) else 0
        if run == draft.limits.questions_in_row:
            found.append(i)
    return found


def _self_disclosure(draft: Evidence) -> list[int]:
    limits = draft.limits
    own = [i for i in draft.read if draft.sure(i, "Self-Disclose")]
    words = sum(draft.words[i] for i in own)
    if words < limits.self_disclosure_words:
        return []
    if words < limits.self_disclosure_share * sum(draft.words):
        return []
    turned = any(
        draft.reflects(i) >= limits.perhaps
        or draft.p(i, *QUESTIONS, "Affirm", "Support") >= limits.there
        for i in draft.read
    )
    return [] if turned else own[-1:]


def _open_up(draft: Evidence) -> list[int]:
    if any(draft.p(i, "Open Question") >= draft.limits.perhaps for i in draft.read):
        return []
    return [
        i
        for i in draft.read
        if draft.sure(i, "Closed Question")
        and draft.sentences[i].probability >= draft.limits.quite_sure
        and not draft.says(i, "checking")
    ]


_TELLING = (
    "Give Information",
    "Self-Disclose",
    "Closed Question",
    "Advise without Permission",
    "Advise with Permission",
    "Direct",
    "Warn",
    "Confront",
)


def _tells(draft: Evidence) -> bool:
    return draft.share(*_TELLING) >= draft.limits.telling_share


def _reflect(draft: Evidence) -> list[int]:
    heard = any(
        draft.reflects(i) >= draft.limits.perhaps
        or draft.p(i, "Open Question") >= draft.limits.there
        for i in draft.read
    )
    return [] if heard or _is_bare_question(draft) or not _tells(draft) else draft.read


def _affirm(draft: Evidence) -> list[int]:
    affirmed = any(draft.affirms(i) >= draft.limits.perhaps for i in draft.read)
    return [] if affirmed or not draft.post_says("effort") else draft.read


def _open_question(draft: Evidence) -> list[int]:
    asks = any(
        draft.p(i, *QUESTIONS) >= draft.limits.perhaps or draft.texts[i].endswith("?")
        for i in draft.read
    )
    return [] if asks or _is_bare_question(draft) or not _tells(draft) else draft.read


def _summary(draft: Evidence) -> list[int]:
    limits = draft.limits
    long = (
        len(draft.post.split()) >= limits.summary_post_words
        and sum(draft.words) >= limits.summary_draft_words
    )
    return draft.read if long and _tells(draft) and draft.summary[0] < limits.perhaps else []


DECISIONS: Mapping[str, Callable[[Evidence], list[int]]] = {
    "risk_help": _risk_help,
    "risk_argue": _risk_argue,
    "risk_heard": _risk_heard,
    "confront": _confront,
    "promise": _promise,
    "warn": _warn,
    "diagnose": _diagnose,
    "reflect_first": _reflect_first,
    "permission": _permission,
    "direct": _direct,
    "questions": _questions,
    "self_disclosure": _self_disclosure,
    "open_up": _open_up,
    "reflect": _reflect,
    "affirm": _affirm,
    "open_question": _open_question,
    "summary": _summary,
}
"""How each rule is decided: the sentences that it is about, in the order of the draft."""
