"""The texts that the models learn from and are measured on."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from oarlock.errors import UserError

#: Labels of the C-SSRS posts without risk, with thoughts, and with behaviour (Gaur et al. 2019).
NO_RISK: Final = ("supportive", "indicator", "uninformative")
IDEATION: Final = "ideation"
BEHAVIOUR: Final = ("behavior", "attempt")
#: Sets that stand for posts without risk in the mix that recall is measured on.
MIX_SETS: Final = ("dreaddit", "cyberbullying", "goemotions")
#: Texts drawn of the large sets.
DRAWN: Final = {
    "insults_kaggle": 2000, "twitter_waseem": 2000, "youtube_users": 200, "goemotions": 2000,
    "dreaddit": 2000, "comments": 1000,
}  # fmt: skip

# Earlier processing put names of symptoms in place of everyday words, and left quotation marks of
# a list around the posts. Without this a model would tell the data sets apart, not the risk.
_REPAIRS: Final = (
    (re.compile(r"Hyperactive behavior"), "like"),
    (re.compile(r"\bTired(?= [a-z])"), "very"),
    (re.compile(r"\bAsthenia\b"), "week"),
    (re.compile(r"\bExcessive upper gastrointestinal gas\b"), "gas"),
    (re.compile(r"\bDrug abuse school\b"), "high school"),
    (re.compile(r"\bCommon cold\b"), "cold"),
    (re.compile(r"\bCrying Reflex, Abnormal\b"), "cry"),
    (re.compile(r"\\xc3\\xa9"), "e"),
    (re.compile(r"\\n"), " "),
)
_REMOVED = re.compile(r"\[?(?:deleted|removed)\]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a data set.

    Attributes:
        text: What was written, repaired.
        source: Data set.
        label: As the set has it.
        group: Texts of one group are never on both sides of a split: one user, or one text.
    """

    text: str
    source: str
    label: str
    group: str


def load(folder: Path, *, seed: int) -> list[Text]:
    """Return all texts, each wording once, in a fixed order.

    Args:
        folder: Folder of the data, with safety/ and support/.
        seed: Seed of what is drawn of the large sets.

    Raises:
        UserError: A file is missing or has other columns.
    """
    rng = np.random.default_rng(seed)
    texts: list[Text] = []
    for part in (
        _cssrs(folder), _sdcnl(folder), _dreaddit(folder, rng), _cyberbullying(folder, rng),
        _goemotions(folder, rng), _support(folder, rng),
    ):  # fmt: skip
        texts.extend(part)
    seen: set[str] = set()
    kept = []
    for text in texts:
        key = " ".join(re.findall(r"\w+", text.text.casefold()))
        if key and key not in seen:
            seen.add(key)
            kept.append(text)
    return kept


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = set(columns) - set(reader.fieldnames or ())
            if missing:
                raise UserError(
                    f"{path.name} has no column {sorted(missing)[0]!r}.",
                    remedy="Take the file as docs/how-to/train-the-screening.md names it.",
                )
            yield from reader
    except FileNotFoundError as error:
        raise UserError(
            f"The data file {path.name} was not found in {path.parent}.",
            remedy="Name with --data or OARLOCK_DATA a folder with safety/ and support/.",
        ) from error


def repaired(text: str) -> str:
    """Return a C-SSRS post as it was probably written."""
    for pattern, meant in _REPAIRS:
        text = pattern.sub(meant, text)
    return text.strip().strip("'\"").strip()


def _cssrs(folder: Path) -> Iterator[Text]:
    path = folder / "safety/cssrs_post_level_dev.csv"
    for row in _rows(path, ("post", "label", "user_level_id")):
        # Two posts of five have no label: they say nothing to learn from or to measure by.
        if row["label"]:
            yield Text(repaired(row["post"]), "cssrs", row["label"], row["user_level_id"])


def _sdcnl(folder: Path) -> Iterator[Text]:
    path = folder / "safety/sdcnl_training.csv"
    for n, row in enumerate(_rows(path, ("title", "selftext", "is_suicide"))):
        body = "" if _REMOVED.fullmatch(row["selftext"].strip()) else row["selftext"]
        label = "suicidewatch" if row["is_suicide"] == "1" else "depression"
        yield Text(f"{row['title']}. {body}", "sdcnl", label, f"sdcnl-{n}")


def _dreaddit(folder: Path, rng: np.random.Generator) -> Iterator[Text]:
    rows = list(enumerate(_rows(folder / "safety/dreaddit_train.csv", ("subreddit", "text"))))
    for n, row in _drawn(rows, DRAWN["dreaddit"], rng):
        yield Text(row["text"], "dreaddit", row["subreddit"], f"dreaddit-{n}")


def _cyberbullying(folder: Path, rng: np.random.Generator) -> Iterator[Text]:
    path = folder / "safety/cyberbullying_dev.csv"
    rows = list(enumerate(_rows(path, ("set", "text", "oh_label"))))
    for name in ("insults_kaggle", "twitter_waseem", "youtube_users"):
        of_set = [pair for pair in rows if pair[1]["set"] == name]
        for n, row in _drawn(of_set, DRAWN.get(name), rng):
            harmful = float(row["oh_label"] or 0) > 0
            label = f"{name} {'harm' if harmful else 'none'}"
            yield Text(row["text"].strip('"'), "cyberbullying", label, f"bully-{n}")


def _goemotions(folder: Path, rng: np.random.Generator) -> Iterator[Text]:
    rows = list(enumerate(_rows(folder / "safety/goemotions_train.csv", ("text", "labels"))))
    for n, row in _drawn(rows, DRAWN["goemotions"], rng):
        yield Text(row["text"], "goemotions", row["labels"], f"goemotions-{n}")


def _support(folder: Path, rng: np.random.Generator) -> Iterator[Text]:
    asked = set()
    columns = ("questionID", "questionTitle", "questionText")
    for row in _rows(folder / "support/counselchat.csv", columns):
        if row["questionID"] not in asked:
            asked.add(row["questionID"])
            text = f"{row['questionTitle']}. {row['questionText']}"
            yield Text(text, "counselchat", "", f"counselchat-{row['questionID']}")
    with (folder / "support/esconv_train_valid.jsonl").open(encoding="utf-8") as lines:
        for n, line in enumerate(lines):
            yield Text(json.loads(line)["situation"], "esconv", "", f"esconv-{n}")
    comments: list[tuple[int, Mapping[str, str]]] = []
    for row in _rows(folder / "support/reddit_hot_comments.csv", ("comment",)):
        comments.append((len(comments), row))
    for n, comment in _drawn(comments, DRAWN["comments"], rng):
        yield Text(comment["comment"], "comments", "", f"comments-{n}")


def _drawn(
    rows: Sequence[tuple[int, Mapping[str, str]]], n: int | None, rng: np.random.Generator
) -> list[tuple[int, Mapping[str, str]]]:
    if n is None or n >= len(rows):
        return list(rows)
    return [rows[i] for i in sorted(rng.choice(len(rows), n, replace=False))]


def mask(texts: Sequence[Text], test: Callable[[Text], bool]) -> np.ndarray:
    """Return (n,) bool, where `test` holds."""
    return np.fromiter((test(text) for text in texts), dtype=bool, count=len(texts))
