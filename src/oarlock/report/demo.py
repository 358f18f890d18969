"""The two demonstrations: the made-up forum that ships with Oarlock, and CounselChat."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oarlock.coder.files.replies import Item
from oarlock.corpus import demo
from oarlock.errors import UserError

COUNSELCHAT = Path("support") / "counselchat.csv"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A corpus to show.

    Attributes:
        name: Short name, for file names.
        title: Name on the page.
        note: What the reader has to know of it.
        replies: Its replies, with the cells that are passed through.
        is_fiction: Whether its text may be shown.
    """

    name: str
    title: str
    note: str
    replies: tuple[Item, ...]
    is_fiction: bool


def made_up_forum() -> Demonstration:
    """Return the corpus that ships with Oarlock."""
    replies = tuple(
        Item(
            number,
            row["id"],
            row["text"],
            row["context"],
            {key: row[key] for key in ("thread_id", "supporter_id", "group", "time")},
        )
        for number, row in enumerate(demo.joined(), start=1)
    )
    return Demonstration(
        name="demo",
        title="a made-up forum",
        note=(
            "This forum is fiction, written to show Oarlock at work. Some of its supporters listen "
            "well and some do not; nothing in it is advice."
        ),
        replies=replies,
        is_fiction=True,
    )


def counselchat(folder: Path) -> Demonstration:
    """Return the answers of CounselChat, in a folder of the public data.

    Raises:
        UserError: The file is not there, or is not CounselChat.
    """
    path = folder / COUNSELCHAT
    if not path.is_file():
        raise UserError(
            f"{path}: there is no such file.",
            remedy="Let OARLOCK_DATA name the folder of the data, or leave it unset for the demo.",
        )
    return Demonstration(
        name="counselchat",
        title="CounselChat",
        note=(
            "CounselChat: questions of the public, answered in writing by professionals. They are "
            "no peers, and their answers are long and full of information."
        ),
        replies=tuple(_answers(path)),
        is_fiction=False,
    )


def _answers(path: Path) -> Iterator[Item]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for number, row in enumerate(reader, start=1):
            try:
                text = row["answerText"]
                kept: dict[str, str | None] = {
                    "thread_id": row["questionID"],
                    "supporter_id": row["responder_id"],
                    "group": row["topic"],
                }
                context = " ".join((row["questionTitle"], row["questionText"]))
            except KeyError as error:
                raise UserError(
                    f"{path} has no column {error}.", remedy="Fetch the data again."
                ) from error
            if text.strip():
                yield Item(number, str(number), text, context, kept)
