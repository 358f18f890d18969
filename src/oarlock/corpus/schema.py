"""What the tables of a corpus are, and what each of their columns means.

An export of a live community and an imported corpus have the same shape, so that one study runs on
both. A source that has no times, no authors or no likes leaves their cells empty; it never makes
them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

FORMAT: Final = "oarlock-corpus/1"
TIME: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        type: Arrow type.
        about: Meaning, unit, and what missing means.
        required: Whether its cells must be filled in, in every corpus.
        live: Whether an export of a live community always fills them in.
        optional: Whether the whole column may be absent, which is the same as empty.
        unique: Whether it is the key of the table.
        points_to: Table whose key it names; "texts" stands for posts and replies together.
        unless: Column of the same table whose true rows need not point anywhere.
        values: All that it may be; empty for anything.
    """

    type: pa.DataType
    about: str
    required: bool = True
    live: bool = False
    optional: bool = False
    unique: bool = False
    points_to: str = ""
    unless: str = ""
    values: tuple[str, ...] = ()


_S = pa.string()
_AUTHOR: Final = (
    "Author. Where anonymous, a pseudonym for this thread alone, which no row of users has. "
    "Missing: the source names no author."
)
_WRITTEN_AT: Final = "UTC; an export of a community to the minute. Missing: the source has no time."
MOODS: Final = ("happy", "excited", "calm", "relaxed", "sad", "tired", "anxious", "angry")
PHASES: Final = ("before", "after")


def _key(about: str) -> Column:
    return Column(_S, about, unique=True)


def _live(type: pa.DataType, about: str, **more: Any) -> Column:  # noqa: A002
    """Return a column that a live community fills in and another source need not have."""
    return Column(type, about, required=False, live=True, **more)


def _extra(type: pa.DataType, about: str, **more: Any) -> Column:  # noqa: A002
    """Return a column that may be absent."""
    return Column(type, about, required=False, optional=True, **more)


TABLES: Final[Mapping[str, Mapping[str, Column]]] = {
    "users": {
        "user_id": _key("Pseudonym; another one in every export."),
        "age_band": Column(_S, "Bands of three years; missing: left out for k-anonymity.", False),
        "country": Column(_S, "ISO 3166; missing: not told, or left out for k-anonymity.", False),
        "offers_support": Column(
            pa.bool_(),
            "Has said that they would like to answer others; missing: not known, or left out for "
            "k-anonymity.",
            False,
        ),
        "joined_at": _extra(TIME, "When the account was made, UTC; never in a live export."),
        "gender": _extra(_S, "As the source words it; missing: not told."),
        "age": _extra(pa.int16(), "Years, at the time that the source says; never in a live one."),
        "is_staff": _extra(pa.bool_(), "Works for the platform; missing: not known."),
        "is_bot": _extra(pa.bool_(), "A program; missing: not known."),
    },
    "posts": {
        "post_id": _key("Pseudonym."),
        "user_id": _live(_S, _AUTHOR, points_to="users", unless="anonymous"),
        "topic": _live(_S, "Topic of the group; missing: the source has none."),
        "written_at": _live(TIME, _WRITTEN_AT),
        "title": Column(_S, "Masked like the text; missing: none.", False),
        "text": Column(_S, "Names, contacts and handles masked by × of the same length."),
        "wanted": _live(
            _S,
            "Kind of support that was asked for; missing: the source does not ask.",
            values=("heard", "knowledge", "practical"),
        ),
        "mood_before": Column(
            _S, "Circumplex word (Russell 1980); missing: not answered.", False, values=MOODS
        ),
        "mood_after": Column(
            _S, "Chosen after the first answer; missing: not answered.", False, values=MOODS
        ),
        "warnings": _live(pa.list_(_S), "Content warnings of the author; missing: not known."),
        "anonymous": _live(pa.bool_(), "Peers saw no handle; missing: not known."),
        "score": _extra(pa.int32(), "The platform's own votes, up less down; missing: none kept."),
        "n_views": _extra(pa.int32(), "How often it was opened; missing: not counted."),
    },
    "replies": {
        "reply_id": _key("Pseudonym; no post has the same."),
        "post_id": Column(
            _S, "Missing: the author of the post has not consented.", False, points_to="posts"
        ),
        "parent_id": Column(
            _S,
            "Reply that it answers; missing: the post, no consent, or not known.",
            False,
            points_to="replies",
        ),
        "user_id": _live(_S, _AUTHOR, points_to="users", unless="anonymous"),
        "written_at": _live(TIME, _WRITTEN_AT),
        "text": Column(_S, "Masked like that of a post."),
        "coached": _live(pa.bool_(), "The coach was on while it was written; missing: not known."),
        "anonymous": _live(pa.bool_(), "Peers saw no handle; missing: not known."),
        "helped": Column(
            pa.bool_(),
            "The poster said so; false also where nothing was said. Missing: the post is not here, "
            "or the source does not ask.",
            False,
        ),
        "rating": Column(
            pa.int8(),
            "1 to 5 by the poster, or on the scale of the source by `rater_id`; missing: not "
            "given, or the post is not here.",
            False,
        ),
        "rater_id": _extra(_S, "Who rated it, where that was not the poster.", points_to="users"),
        "position": _extra(
            pa.int32(), "Place in the thread from 1, where the source has an order without times."
        ),
        "score": _extra(pa.int32(), "The platform's own votes, up less down; missing: none kept."),
        "n_views": _extra(pa.int32(), "How often it was opened; missing: not counted."),
        "arm": _extra(_S, "Arm of an experiment that the reply comes from; missing: in none."),
    },
    "reactions": {
        "text_id": Column(_S, "Post or reply.", points_to="texts"),
        "user_id": Column(_S, "Who reacted.", points_to="users"),
        "kind": Column(
            _S,
            "Which; `like` only in imported corpora.",
            values=("heard", "helpful", "thanks", "me-too", "like"),
        ),
        "at": _live(TIME, _WRITTEN_AT),
    },
    "follows": {
        "post_id": Column(_S, "Post.", points_to="posts"),
        "user_id": Column(_S, "Who follows it.", points_to="users"),
        "at": _live(TIME, _WRITTEN_AT),
    },
    "codes": {
        "text_id": Column(_S, "Post or reply.", points_to="texts"),
        "start": Column(pa.int32(), "First character of the sentence in the text."),
        "end": Column(pa.int32(), "One behind its last character."),
        "code": Column(_S, "MI code that the coder gave."),
        "probability": Column(pa.float32(), "Calibrated probability of the code, 0 to 1."),
        "reliable": Column(pa.bool_(), "False where the coder is known to err."),
        "model_version": Column(_S, "Tier and release of the weights."),
    },
    "person_follows": {
        "follower_id": Column(_S, "Who follows.", points_to="users"),
        "followed_id": Column(_S, "Whom.", points_to="users"),
        "at": Column(TIME, "Since when, UTC; missing: the source has no time.", False),
    },
    "moods": {
        "user_id": Column(_S, "Who.", points_to="users"),
        "at": Column(TIME, "When it was told, UTC."),
        "mood": Column(_S, "The word that was chosen; missing: only a number was given.", False),
        "valence": Column(
            pa.float32(), "-1 unpleasant to 1 pleasant; missing: the word has no number.", False
        ),
    },
    "measures": {
        "user_id": Column(_S, "Who answered.", points_to="users"),
        "post_id": Column(
            _S, "Thread that it belongs to; missing: to none.", False, points_to="posts"
        ),
        "instrument": Column(_S, "Short name of the questionnaire or of one question of it."),
        "at": Column(TIME, "When, UTC; missing: the source has no time.", False),
        "score": Column(pa.float64(), "On the scale of the instrument."),
        "phase": Column(_S, "`before`, `after`, or the name of a later wave."),
    },
    "answers": {
        "user_id": Column(_S, "Who was asked.", points_to="users"),
        "instrument": Column(_S, "Short name of the questionnaire."),
        "version": Column(_S, "Of its items and scoring."),
        "wave": Column(_S, "Name of the wave."),
        "source": Column(_S, "Who asked, such as a trial."),
        "item": Column(pa.int16(), "Number of the question from 1."),
        "value": Column(pa.int16(), "As answered, not turned round; missing: none.", False),
        "skipped": Column(pa.bool_(), "The person chose not to answer."),
        "n_changes": Column(pa.int16(), "How often another answer was chosen later."),
        "language": Column(_S, "Of the words that were read; missing: not answered.", False),
        "intended_at": Column(TIME, "When the protocol wanted it, UTC."),
        "opens_at": Column(TIME, "Begin of the window, UTC."),
        "closes_at": Column(TIME, "End of the window, UTC."),
        "shown_at": Column(TIME, "First on the screen, UTC; missing: never.", False),
        "answered_at": Column(TIME, "Last answer or skip, UTC; missing: none.", False),
        "seconds": Column(
            pa.float64(), "From the first showing to the last answer; missing: none.", False
        ),
    },
    "labels": {
        "text_id": Column(_S, "Post or reply.", points_to="texts"),
        "start": Column(pa.int32(), "First character of what is labelled; 0 for a whole text."),
        "end": Column(pa.int32(), "One behind its last character."),
        "code": Column(_S, "The label that a person gave, as the scheme spells it."),
        "rater": Column(_S, "Who gave it; missing: not told.", False),
        "scheme": Column(
            _S, "Whose labels these are, such as `esconv`; missing: the codebook's own.", False
        ),
    },
}

LIVE: Final = (
    "users", "posts", "replies", "reactions", "follows", "codes", "measures", "answers",
)  # fmt: skip
"""Tables that an export of a live community writes; the others come with imported corpora."""
REQUIRED: Final = ("users", "posts", "replies")
"""Tables without which there is no corpus; the others may be absent, which is the same as empty."""


def schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table, with its optional columns."""
    return pa.schema(
        [pa.field(n, c.type, nullable=not c.required) for n, c in TABLES[table].items()]
    )


def key_of(table: str) -> str | None:
    """Return the column that is the key of a table, or None."""
    return next((n for n, c in TABLES[table].items() if c.unique), None)


def codebook(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description that lies beside the tables.

    Args:
        facts: What is known of this corpus: when made, consent version, k-anonymity, source.
    """
    return {
        "format": FORMAT,
        **facts,
        "tables": {
            name: {column: _described(c) for column, c in columns.items()}
            for name, columns in TABLES.items()
        },
    }


def _described(column: Column) -> dict[str, Any]:
    return {
        "type": str(column.type),
        "about": column.about,
        "required": column.required,
        **({"values": list(column.values)} if column.values else {}),
        **({"points_to": column.points_to} if column.points_to else {}),
        **({"unless": column.unless} if column.unless else {}),
    }
