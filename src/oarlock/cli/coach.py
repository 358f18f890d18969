"""`oarlock coach FILE`: what the coach says of one draft."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from oarlock.cli.options import JsonTarget, Tier
from oarlock.cli.output import console_for_tables, write_json
from oarlock.coach import Feedback
from oarlock.errors import UserError

app = typer.Typer()
STANDARD_INPUT = "-"


@app.command(name="coach")
def main(
    file: Annotated[str, typer.Argument(help="Text file with the draft; - for standard input.")],
    post: Annotated[
        str | None, typer.Option(help="Text file with the post that the draft replies to.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="What it is about, such as exams; else told from the post.")
    ] = None,
    risk: Annotated[
        bool, typer.Option("--risk", help="The post speaks of suicide; the coach does not check.")
    ] = False,
    dismissed: Annotated[
        list[str] | None, typer.Option(help="Id of a suggestion to leave out; may be repeated.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the feedback: en or de.")] = "en",
    tier: Tier = "standard",
    json_target: JsonTarget = None,
) -> None:
    """Show what the coach says of a draft.

    Each sentence with its code, the four core skills, what is good, and at most two suggestions.
    A draft that would hurt somebody, as screening finds, gets that answer alone.
    The draft itself is never changed.
    """
    if post == STANDARD_INPUT == file:
        raise UserError(
            "The draft and the post cannot both come from standard input.",
            remedy="Put one of them in a file.",
        )
    draft = _text(file)
    if not draft.strip():
        shown = "Standard input" if file == STANDARD_INPUT else file
        raise UserError(
            f"{shown} holds no text: expected the draft of a reply.",
            remedy="Write the draft into it first.",
        )
    if topic is not None:
        _check_topic(topic)
    before = _text(post) if post is not None else ""
    from oarlock.coach import Coach
    from oarlock.safety import Screener

    feedback = Coach.load(tier, threads=None).review(
        draft,
        post=before,
        topic=topic,
        risk=risk,
        harm=Screener.load().screen(draft).is_hurtful,
        dismissed=frozenset(dismissed or ()),
        language=language,
    )
    if json_target is not None:
        write_json(
            feedback.to_dict(), json_target, inputs=tuple(one for one in (file, post) if one)
        )
    if json_target != "-":
        _show(feedback, draft)


def _check_topic(topic: str) -> None:
    """Refuse a topic that the examples do not know; "Exams and money" names two that they do."""
    from oarlock.codebook import TOPICS

    if not any(one in topic.casefold() for one in TOPICS):
        raise UserError(
            f"There is no topic {topic!r}.",
            remedy=f"Choose one of: {', '.join(TOPICS)}; or leave --topic away.",
        )


def _text(name: str) -> str:
    data = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        shown = "Standard input" if name == STANDARD_INPUT else name
        raise UserError(
            f"{shown} is no UTF-8 text: byte {error.start} (from 0) does not fit.",
            remedy="Save it as UTF-8.",
        ) from error


def _show(feedback: Feedback, draft: str) -> None:
    console = console_for_tables()
    console.soft_wrap = True

    def quoted(start: int, end: int) -> str:
        return " ".join(draft[start:end].split())

    for one in feedback.sentences:
        doubt = f"; {one.reason}" if one.reason else ""
        console.print(
            f"[{one.name}, {one.confidence} ({one.probability:.2f}){doubt}] "
            f"{quoted(one.start, one.end)}"
        )
    console.print()
    console.print("  ".join(f"{item.name}: {item.state_name}" for item in feedback.oars))
    for praise in feedback.praise:
        console.print(f"\n+ {praise.text}\n  {quoted(praise.start, praise.end)}")
    for suggestion in feedback.suggestions:
        if suggestion.kind == "harm":
            console.print(f"\n> {suggestion.title}\n  {suggestion.why}")
            continue
        console.print(
            f"\n> {suggestion.title} ({suggestion.id})\n  "
            f"{quoted(suggestion.start, suggestion.end)}\n  {suggestion.why}"
        )
        if suggestion.example is not None:
            console.print(f"  {feedback.example_label}: {suggestion.example.text}")
    for line in (*feedback.limits, feedback.note):
        console.print(f"\n{line}")
    console.print(f"{feedback.model_version}, {feedback.rules_version}")
