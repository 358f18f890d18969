"""The response policy: what follows from a screening, as one table that people can read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from oarlock.safety.results import GRADES, KINDS, Screening, ScreeningError

#: The kind of a text whose screening failed or could not read it whole.
UNSCREENED: Final = "unscreened"
#: The kind of a text in a language that screening has no patterns for.
UNREAD_LANGUAGE: Final = "unread language"
#: What becomes of a text, the mildest first.
SHOWS: Final = ("shows", "folded", "held", "hidden")
QUEUES: Final = ("moderator", "clinician")
LANGUAGES: Final = ("en", "de")
_NOT_SHOWN: Final = ("held", "hidden")
_ALSO_HELD: Final = "also_held"
_NOBODY: Final = {True: "nobody_held", False: "nobody_posted"}


@dataclass(frozen=True, slots=True)
class Message:
    """Words to the writer, in one language; `{time}` is filled in by `Response.words`."""

    title: str
    body: str
    next: str
    hesitate: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What follows from one kind, grade and person spoken of. Fields: see policy.toml."""

    kind: str
    grade: str | None
    about: str
    show: str
    queue: str
    priority: int
    acknowledge_minutes: int
    second_reader: bool
    helplines: bool
    message: str
    peers: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All rows, and the words by message key and language."""

    rows: tuple[Row, ...]
    messages: Mapping[str, Mapping[str, Message]]

    def row(self, kind: str, grade: str | None = None, about: str = "writer") -> Row | None:
        """Return the row of a kind; a row about the writer stands in where there is no other.

        None for suicide of the grade "none", for which nothing follows.
        """
        for wanted in (about, "writer"):
            for row in self.rows:
                if (row.kind, row.grade, row.about) == (kind, grade, wanted):
                    return row
        return None


@dataclass(frozen=True, slots=True)
class Response:
    """What follows from one screening.

    Attributes:
        rows: The rows that apply, the gravest first; empty where nothing follows.
        show: The strictest of theirs: one of `SHOWS`.
        queue: "clinician", "moderator", or None where nobody needs to read the text.
        priority: The lowest number of theirs; None without a queue.
        acknowledge_minutes: The shortest time of theirs; None without a queue.
        second_reader: Whether a second person confirms what is decided.
        helplines: Whether the writer sees helplines.
    """

    rows: tuple[Row, ...]
    show: str
    queue: str | None
    priority: int | None
    acknowledge_minutes: int | None
    second_reader: bool
    helplines: bool

    def words(self, language: str = "en", *, kept: bool = True) -> tuple[Message, ...]:
        """Return what the writer reads, each message once, the gravest first.

        Args:
            language: One of `LANGUAGES`.
            kept: Whether the place can keep the time; else none is promised, and the writer is
                pointed to the numbers.
        """
        book = policy().messages
        chosen: dict[str, Message] = {}
        for row in self.rows:
            message = _in(book[row.message], language)
            # What is promised is what becomes of the whole text, not of one finding alone.
            is_stricter = self.show in _NOT_SHOWN and row.show not in _NOT_SHOWN
            after = _in(book[_ALSO_HELD], language).next if is_stricter else message.next
            if not kept:
                after = _in(book[_NOBODY[self.show in _NOT_SHOWN]], language).next
            after = after.replace("{time}", span(self.acknowledge_minutes or 0, language))
            chosen.setdefault(
                row.message, Message(message.title, message.body, after, message.hesitate)
            )
        return tuple(chosen.values())


@cache
def policy() -> Policy:
    """Return the policy that ships.

    Raises:
        ScreeningError: It is missing or damaged, or has no row for a kind.
    """
    try:
        raw = tomllib.loads((files("oarlock.safety") / "policy.toml").read_text(encoding="utf-8"))
        rows = tuple(
            Row(
                kind=row["kind"], grade=row.get("grade"), about=row.get("about", "writer"),
                show=row["show"], queue=row["queue"], priority=row["priority"],
                acknowledge_minutes=row["acknowledge_minutes"],
                second_reader=row["second_reader"], helplines=row["helplines"],
                message=row["message"], peers=row["peers"], why=row["why"],
                source=raw["sources"][row["source"]],
            )
            for row in raw["row"]
        )  # fmt: skip
        messages = {
            key: {language: Message(**words) for language, words in by_language.items()}
            for key, by_language in raw["messages"].items()
        }
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ScreeningError("The response policy cannot be read.") from error
    found = Policy(rows, messages)
    wanted: list[tuple[str, str | None]] = [("suicide", grade) for grade in GRADES[1:]]
    wanted += [(kind, None) for kind in (*KINDS[1:], UNSCREENED, UNREAD_LANGUAGE)]
    missing = [kind for kind, grade in wanted if found.row(kind, grade) is None]
    if missing or any(row.message not in messages for row in rows):
        raise ScreeningError("The response policy has no row or no words for a kind.")
    return found


def respond(screening: Screening | None) -> Response:
    """Return what follows from a screening; None stands for a text that could not be screened."""
    book = policy()
    rows: list[Row] = []
    if screening is None or screening.truncated:
        rows += _there([book.row(UNSCREENED)])
    if screening is not None:
        rows += _there(book.row(f.kind, f.grade, f.about) for f in screening.findings)
    rows.sort(key=lambda row: (row.priority, row.acknowledge_minutes))
    if not rows:
        return Response((), "shows", None, None, None, False, False)
    return Response(
        rows=tuple(rows),
        show=max((row.show for row in rows), key=SHOWS.index),
        queue=max((row.queue for row in rows), key=QUEUES.index),
        priority=min(row.priority for row in rows),
        acknowledge_minutes=min(row.acknowledge_minutes for row in rows),
        second_reader=any(row.second_reader for row in rows),
        helplines=any(row.helplines for row in rows),
    )


def span(minutes: int, language: str) -> str:
    """Return a time in words, as it stands after "within" or "innerhalb von"."""
    german = language == "de"
    if minutes < 60 or minutes % 60:
        if minutes == 1:
            return "einer Minute" if german else "1 minute"
        return f"{minutes} {'Minuten' if german else 'minutes'}"
    hours = minutes // 60
    if hours == 1:
        return "einer Stunde" if german else "1 hour"
    return f"{hours} {'Stunden' if german else 'hours'}"


def _in(by_language: Mapping[str, Message], language: str) -> Message:
    return by_language.get(language) or by_language["en"]


def _there(rows: Iterable[Row | None]) -> list[Row]:
    return [row for row in rows if row is not None]


def as_markdown() -> str:
    """Return the policy as a page: the table, the reasons, the words in each language."""
    book = policy()
    lines = [
        "# Safety policy",
        "",
        "What happens with a text in which screening found something. Made from",
        "`src/oarlock/safety/policy.toml` by `oarlock safety policy`; change it there. If several",
        "rows apply, the strictest showing, the shortest time and the gravest queue count.",
        "",
        "| found | text | read by | priority | minutes | second reader | helplines | peers see |",
        "|---|---|---|---|---|---|---|---|",
    ]
    yes = {True: "yes", False: ""}
    for row in book.rows:
        lines.append(
            f"| {_name(row)} | {row.show} | {row.queue} | {row.priority} "
            f"| {row.acknowledge_minutes} | {yes[row.second_reader]} | {yes[row.helplines]} "
            f"| {row.peers} |"
        )
    lines += ["", "## Why", "", "| found | reason | source |", "|---|---|---|"]
    lines += [f"| {_name(row)} | {row.why} | {row.source} |" for row in book.rows]
    titles = {"en": "English", "de": "German"}
    for language in LANGUAGES:
        lines += ["", f"## Words to the writer: {titles[language]}"]
        for key, by_language in book.messages.items():
            words = by_language[language]
            lines += ["", f"### {key} ({language})", "", f"**{words.title}.** {words.body}".strip()]
            lines += ["", words.next]
            if words.hesitate:
                lines += ["", f"*{words.hesitate}*"]
    return "\n".join(lines) + "\n"


def _name(row: Row) -> str:
    about = "" if row.about == "writer" else f", {row.about}"
    return f"{row.kind}{': ' + row.grade if row.grade else ''}{about}"
