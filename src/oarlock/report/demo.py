"""The two demonstrations: the made-up forum that ships with Oarlock, and CounselChat."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oarlock.coder.files.replies import Item
from oarlock.corpus import demo
from oarlock.errors import UserError

COUNSELCHAT = (Path("support/counselchat.csv"), Path("counselchat/20200325_counsel_chat.csv"))
"""Where the file lies: in the folder for training, and where `oarlock data fetch` puts it."""


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
    """Return the answers of CounselChat, as prepared for training or as it was fetched.

    Raises:
        UserError: The file is not there, or is not CounselChat.
    """
    path = next((folder / name for name in COUNSELCHAT if (folder / name).is_file()), None)
    if path is None:
        raise UserError(
            f"{folder} holds neither {' nor '.join(name.as_posix() for name in COUNSELCHAT)}.",
            remedy="Run `oarlock data fetch counselchat --to FOLDER` and let OARLOCK_DATA name "
            "that folder, or leave it unset for the corpus that ships.",
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
        # The file of its home names the professionals: they are numbered instead.
        is_named = "responder_id" not in (reader.fieldnames or ())
        numbers: dict[str, str] = {}
        for number, row in enumerate(reader, start=1):
            try:
                text = row["answerText"]
                kept: dict[str, str | None] = {
                    "thread_id": row["questionID"],
                    "supporter_id": (
                        numbers.setdefault(row["therapistURL"], str(len(numbers) + 1))
                        if is_named
                        else row["responder_id"]
                    ),
                    "group": row["topic"],
                }
                context = " ".join((row["questionTitle"], row["questionText"]))
            except KeyError as error:
                raise UserError(
                    f"{path} has no column {error}.", remedy="Fetch the data again."
                ) from error
            if text.strip():
                yield Item(number, str(number), text, context, kept)
