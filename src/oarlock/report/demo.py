"""The two demonstrations: the made-up forum that ships with Oarlock, and CounselChat."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oarlock.corpus import demo
from oarlock.errors import UserError
from oarlock.report.sources import Reply

COUNSELCHAT = Path("support") / "counselchat.csv"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A corpus to show.

    Attributes:
        name: Short name, for file names.
        title: Name on the page.
        note: What the reader has to know of it.
        replies: Its replies.
        roles: Column by role, None for a role that it does not have.
        is_fiction: Whether its text may be shown.
    """

    name: str
    title: str
    note: str
    replies: tuple[Reply, ...]
    roles: dict[str, str | None]
    is_fiction: bool


def made_up_forum() -> Demonstration:
    """Return the corpus that ships with Oarlock."""
    replies = tuple(
        Reply(
            row["id"],
            row["text"],
            row["context"],
            {key: row[key] for key in ("thread_id", "supporter_id", "group", "time")},
        )
        for row in demo.joined()
    )
    roles: dict[str, str | None] = {
        "thread": "thread_id",
        "supporter": "supporter_id",
        "group": "group",
        "time": "time",
    }
    return Demonstration(
        name="demo",
        title="a made-up forum",
        note=(
            "This forum is fiction, written to show Oarlock at work. Some of its supporters listen "
            "well and some do not; nothing in it is advice."
        ),
        replies=replies,
        roles=roles,
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
        roles={"thread": "thread_id", "supporter": "supporter_id", "group": "group", "time": None},
        is_fiction=False,
    )


def _answers(path: Path) -> Iterator[Reply]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for number, row in enumerate(reader, start=1):
            try:
                text, roles = row["answerText"], {
                    "thread_id": row["questionID"],
                    "supporter_id": row["responder_id"],
                    "group": row["topic"],
                }  # fmt: skip
                context = " ".join((row["questionTitle"], row["questionText"]))
            except KeyError as error:
                raise UserError(
                    f"{path} has no column {error}.", remedy="Fetch the data again."
                ) from error
            if text.strip():
                yield Reply(str(number), text, context, roles)
