"""Drafts a mapping from the names and types of a source, and says what it could not find."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from oarlock.corpus.carries import what_falls_away
from oarlock.corpus.engine import DEFAULT_MEMORY, connect
from oarlock.corpus.mapping.model import expand
from oarlock.corpus.mapping.places import open_place
from oarlock.corpus.schema import REQUIRED, TABLES

_TABLE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "users": ("users", "user", "members", "accounts", "people", "profiles", "speakers", "authors"),
    "posts": ("posts", "post", "questions", "threads", "topics", "submissions", "discussions"),
    "replies": ("replies", "reply", "comments", "comment", "answers", "responses"),
    "reactions": ("likes", "hearts", "upvotes", "reactions", "thanks", "votes", "like"),
    "follows": ("post follows", "thread follows", "subscriptions", "bookmarks"),
    "person_follows": ("follows", "followers", "friendships", "user follows", "following"),
    "moods": ("moods", "mood", "feelings", "mood logs", "checkins", "check ins"),
    "measures": ("measures", "scores", "questionnaires", "assessments", "surveys"),
}
"""What tables are called elsewhere, in small letters, the likeliest first."""
_PERSON = ("user id", "author id", "poster id", "member id", "owner id", "userid", "author", "user",
           "responder id", "created by", "speaker", "account id")  # fmt: skip
_TIME = ("written at", "created at", "created", "posted at", "date created", "created utc",
         "timestamp", "date", "time", "at", "inserted at", "creation date", "datetime")  # fmt: skip
_TEXT = ("text", "body", "content", "message", "selftext", "comment", "post text", "question text",
         "answer text", "description")  # fmt: skip
_VOTES = ("score", "votes", "upvotes", "num likes", "like count", "likes", "points", "n likes")
_COLUMN_WORDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "users": {
        "user_id": ("user id", "id", "uid", "member id", "author id", "account id", "name"),
        "handle": ("handle", "username", "user name", "nickname", "nick",
                   "login", "screen name", "display name"),
        "joined_at": ("joined at", "joined", "registered at", "signup", "signup date",
                      "signed up at",
                      "date joined", *_TIME),
        "gender": ("gender", "sex"), "age": ("age", "age years"), "country": ("country",),
        "is_staff": ("is staff", "staff", "is admin", "is moderator", "admin"),
        "is_bot": ("is bot", "bot"),
    },
    "posts": {
        "post_id": ("post id", "id", "question id", "thread id", "topic id", "submission id"),
        "user_id": _PERSON, "written_at": _TIME, "title": ("title", "subject", "headline"),
        "text": _TEXT, "topic": ("topic", "category", "subreddit", "group", "forum", "tag"),
        "score": _VOTES, "n_views": ("views", "n views", "view count"),
        "anonymous": ("anonymous", "is anonymous"),
    },
    "replies": {
        "reply_id": ("reply id", "comment id", "id", "answer id", "response id"),
        "post_id": ("post id", "question id", "thread id", "topic id", "submission id", "postid",
                    "discussion id"),
        "parent_id": ("parent id", "parent comment id", "in reply to", "reply to"),
        "user_id": _PERSON, "written_at": _TIME, "text": _TEXT, "score": _VOTES,
        "rating": ("rating", "stars"), "helped": ("helped", "is helpful", "accepted"),
        "anonymous": ("anonymous", "is anonymous"),
    },
    "reactions": {
        "text_id": ("comment id", "reply id", "answer id", "text id", "post id", "question id"),
        "user_id": _PERSON, "kind": ("kind", "type", "reaction", "reaction type"), "at": _TIME,
    },
    "follows": {
        "post_id": ("post id", "thread id", "question id", "topic id"), "user_id": _PERSON,
        "at": _TIME,
    },
    "person_follows": {
        "follower_id": ("follower id", "follower", "from user id", "source id", "user id"),
        "followed_id": ("followed id", "followee id", "followed", "following id", "to user id",
                        "target id", "friend id"),
        "at": _TIME,
    },
    "moods": {
        "user_id": _PERSON, "at": _TIME, "mood": ("mood", "feeling", "emotion"),
        "valence": ("valence",),
    },
    "measures": {
        "user_id": _PERSON, "post_id": ("post id", "thread id"),
        "instrument": ("instrument", "questionnaire", "measure", "scale", "survey"), "at": _TIME,
        "score": ("score", "total", "value", "sum"), "phase": ("phase", "wave", "timepoint"),
    },
}  # fmt: skip
_OF: Final = {"post": "posts", "question": "posts", "thread": "posts", "topic": "posts"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A first mapping of a source.

    Attributes:
        text: TOML, to be read and mended.
        missing: What must be filled in before it can be used.
        falls_away: What a study of it cannot answer.
    """

    text: str
    missing: list[str]
    falls_away: list[str]


def draft(source: str, *, beside: Path | None = None, memory: str = DEFAULT_MEMORY) -> Draft:
    """Return a mapping drafted from the names and types of a source; no row is read.

    Args:
        source: Path, or address of a database, in which $NAME stands for what is secret.
        beside: Folder in which the mapping will lie, if not this one; a path is told from there.
        memory: Limit such as "2GB".

    Raises:
        UserError: The source is not there, or cannot be opened.
    """
    with connect(memory) as connection, open_place(connection, expand(source)) as place:
        there = place.tables()
    if "://" not in source and beside is not None:
        source = os.path.relpath(source, beside)
    taken: set[str] = set()
    parts, missing, filled = [], [], {}
    times: set[str] = set()
    for table in _COLUMN_WORDS:
        found = _find(_TABLE_WORDS[table], [one for one in there if one not in taken])
        if found is None:
            if table in REQUIRED:
                missing.append(f"[{table}]: no table looks like it")
                parts.append(_absent(table))
            continue
        taken.add(found)
        lines, lacks, columns = _part(table, found, there[found])
        parts.append(lines)
        missing += [f"[{table}] {column}: no column of {found!r} looks like it" for column in lacks]
        filled[table] = set(columns)
        times |= {_kind(there[found][c]) for o, c in columns.items() if o in _TIMES}
    if times & {"naive", "text"}:
        missing.append(
            "time_zone: of the times that name no zone; not needed where every time names its own"
        )
    if "number" in times:
        missing.append("numbers: the unit of the times that are numbers")
    if "moods" in filled:
        filled["moods"].add("valence")
    text = "\n".join([*_head(source), *parts, *_rest(there, taken)])
    return Draft(text, missing, [about for _, _, about in what_falls_away(filled)])


_TIMES: Final = ("written_at", "at", "joined_at")


def _words(name: str) -> str:
    """Return a name as small words: CreatedAt and created_at are both "created at"."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[^a-zA-Z0-9]+", " ", parted).lower().split())


def _find(wanted: Collection[str], names: Collection[str]) -> str | None:
    """Return the first name that is one of the words, or ends with one ("forum posts")."""
    for word in wanted:
        for name in names:
            if _words(name) == word:
                return name
    for word in wanted:
        for name in names:
            if " " not in word and len(word) > 3 and _words(name).split()[-1:] == [word]:
                return name
    return None


def _kind(type_: str) -> str:
    upper = type_.upper()
    if "ZONE" in upper or "TZ" in upper or "'UTC'" in upper or re.search(r"TIMESTAMP\('", upper):
        return "zoned"
    if upper.startswith(("TIMESTAMP", "DATE")):
        return "naive"
    return "number" if re.match(r"U?(BIG|TINY|SMALL)?INT|FLOAT|DOUBLE|REAL", upper) else "text"


def _part(
    table: str, source: str, there: Mapping[str, str]
) -> tuple[str, list[str], dict[str, str]]:
    """Return the lines of a table, required columns that were not found, and those that were."""
    columns: dict[str, str] = {}
    for column, words in _COLUMN_WORDS[table].items():
        found = _find(words, [one for one in there if one not in columns.values()])
        if found is not None:
            columns[column] = found
    lines, lacks = ["", f"[{table}]", f"table = {_quoted(source)}"], []
    for column in _COLUMN_WORDS[table]:
        if table == "reactions" and column == "kind" and column not in columns:
            lines.append('kind = { always = "like" }  # what a row of this table is')
        elif column in columns:
            lines.append(_line(column, columns[column]))
        elif TABLES[table][column].required if column in TABLES[table] else False:
            lacks.append(column)
            lines.append(f'# {column} = ""  # must be filled in')
    unused = [one for one in there if one not in columns.values()]
    if unused:
        lines.append(f"# not used: {', '.join(unused)}")
    return "\n".join(lines), lacks, columns


def _line(column: str, source: str) -> str:
    if column == "text_id":
        first = _words(source).split()[0]
        return f'text_id = {{ column = {_quoted(source)}, of = "{_OF.get(first, "replies")}" }}'
    if column == "kind":
        return (
            f"kind = {{ column = {_quoted(source)}, "
            'values = { like = "like", thanks = "thanks" } }'
            "  # theirs = ours: heard, helpful, thanks, me-too, like"
        )
    note = "  # only read, to be masked in texts" if column == "handle" else ""
    return f"{column} = {_quoted(source)}{note}"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _absent(table: str) -> str:
    needed = [c for c, wanted in TABLES[table].items() if wanted.required]
    return "\n".join(
        [
            "",
            f"# [{table}]  # no table looks like it",
            '# table = ""',
            *(f'# {c} = ""' for c in needed),
        ]
    )


def _head(source: str) -> list[str]:
    lines = [
        "# Which tables and columns of the source are which of a corpus. Drafted from names: check",
        "# every line, then: oarlock corpus import THIS_FILE --out FOLDER",
        f"source = {_quoted(source)}",
    ]
    # Never filled in by a guess: a wrong zone moves every time, and nobody would see it.
    lines.append('# time_zone = "UTC"  # of times that name none: which clock wrote them?')
    lines.append(
        '# numbers = "seconds"  # of times that are numbers: since 1970, or "milliseconds"'
    )
    return lines


def _rest(there: Mapping[str, Mapping[str, str]], taken: set[str]) -> list[str]:
    left = [table for table in there if table not in taken]
    return ["", f"# tables that are not used: {', '.join(left)}", ""] if left else [""]
