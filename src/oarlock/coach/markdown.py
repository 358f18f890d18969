"""The rules of the coach as a Markdown page."""

from __future__ import annotations

from dataclasses import asdict

from oarlock.coach.rules import Rule, rule_book
from oarlock.coach.words import words_in

_KINDS = {
    "risk": (
        "Where the post speaks of suicide",
        "Only where the caller says so; most other rules then keep still.",
    ),
    "mend": (
        "About something that stands in the draft",
        "From a sentence that is reliably coded, or from its wording; never from an uncertain code "
        "alone.",
    ),
    "add": (
        "Something that is missing",
        "One at a time, never in place of one that was dismissed, and not while a draft is short "
        "or points to help in a crisis.",
    ),
}


def rules_page() -> str:
    """Return all rules by priority, with what is said, when, and from which source."""
    book, words = rule_book(), words_in("en")
    parts = [
        "# Rules of the coach\n",
        "What the coach may suggest, the most pressing first, and when. At most two suggestions "
        f"are made at a time. Release {book.version} of the rules.\n",
    ]
    parts += [
        "## Where the draft would hurt somebody\n",
        "Only where the caller says so (`harm`): then this alone is said, with no code, no praise, "
        "no example and no other suggestion.\n",
        f"### {words('suggestions', 'harm', 'title')}\n",
        "- **Rule:** `harm`\n",
        f"> {words('suggestions', 'harm', 'why')}\n",
    ]
    for kind, (title, text) in _KINDS.items():
        parts += [f"## {title}\n", f"{text}\n"]
        for rule in book.rules:
            if rule.kind == kind:
                parts += _rule(rule, words("suggestions", rule.id, "title"))
                parts += [f"> {words('suggestions', rule.id, 'why')}\n"]
    parts += ["## Numbers\n", "| name | value |", "|---|---:|"]
    parts += [
        f"| {name.replace('_', ' ')} | {value} |" for name, value in asdict(book.limits).items()
    ]
    return "\n".join(parts) + "\n"


def _rule(rule: Rule, title: str) -> list[str]:
    return [
        f"### {title}\n",
        f"- **Rule:** `{rule.id}`",
        f"- **When:** {rule.when}",
        f"- **Tied to:** {_ANCHORS[rule.anchor]}",
        f"- **Examples of:** {', '.join(rule.examples)}",
        f"- **Source:** {rule.source}\n",
    ]


_ANCHORS = {
    "match": "the sentence that it is about",
    "first": "the first sentence that was read",
    "last": "the last sentence that was read",
}
