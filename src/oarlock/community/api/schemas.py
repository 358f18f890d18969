"""The shapes of the API. Times are ISO 8601 in UTC; ids are the public ones of the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Field, Schema

from oarlock.community.groups.models import Topic
from oarlock.community.support.models import ContentWarning, Mood, Reaction, Wanted

Key = Annotated[str, Field(max_length=36, description="Makes a repeated request harmless.")]
Body = Annotated[str, Field(min_length=1, max_length=40_000)]


class Problem(Schema):
    detail: str


class Me(Schema):
    handle: str
    offers_support: bool
    coach_on: bool
    theme: str
    language: str
    n_unread: int


class GroupOut(Schema):
    slug: str
    name: str
    about: str
    guidelines: str
    topic: Topic
    open: bool
    member: bool


class PostRow(Schema):
    """A thread in a list; `heading` is empty words' stand-in where `folded`."""

    id: str
    group: str
    heading: str
    excerpt: str
    warnings: list[str]
    folded: bool
    wanted: Wanted
    n_replies: int
    waiting: bool
    active_at: datetime


class PostPage(Schema):
    posts: list[PostRow]
    older: str


class Reacted(Schema):
    kind: Reaction.Kind
    n: int
    mine: bool


class TextOut(Schema):
    """A post or reply. A `gap` (deleted, or not for this reader) has no words, times, reactions."""

    id: str
    by: str
    own: bool
    gap: bool
    title: str
    body: str
    state: str
    version: int
    written_at: datetime | None
    edited_at: datetime | None
    reactions: list[Reacted]


class ReplyOut(TextOut):
    """A reply; `folded` where its own warnings, beyond those of its thread, fold it."""

    warnings: list[str]
    folded: bool
    helped: bool
    more: bool
    answers: list[ReplyOut]


class ThreadOut(Schema):
    group: str
    post: TextOut
    wanted: Wanted
    mood_before: str
    warnings: list[str]
    folded: bool
    closed: bool
    following: bool
    bookmarked: bool
    replies: list[ReplyOut]
    later: str


class PostIn(Schema):
    body: Body
    title: Annotated[str, Field(max_length=120)] = ""
    wanted: Wanted = Wanted.HEARD
    mood: Mood | None = None
    warnings: list[ContentWarning] = Field(default_factory=list)
    anonymous: bool = False
    key: Key = ""


class ReplyIn(Schema):
    body: Body
    to: Annotated[str, Field(max_length=14)] = ""
    anonymous: bool = False
    key: Key = ""


class EditIn(Schema):
    """What is left out, or null, stays as it is."""

    body: Body
    title: Annotated[str, Field(max_length=120)] | None = None
    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    warnings: list[ContentWarning] | None = None
    anonymous: bool | None = None


class HelplineOut(Schema):
    """A place to turn to. Empty where it does not offer the way; `hours` in words."""

    name: str
    number: str
    text: str
    url: str
    hours: str


class Written(Schema):
    """What became of a text: "shown", or "held" until `expected_by`.

    An app shows `words` and `helplines` to the writer at once, as the pages do.
    """

    id: str
    state: str
    expected_by: datetime | None
    words: list[str]
    helplines: list[HelplineOut]


class HelpedIn(Schema):
    helped: bool
    rating: Annotated[int, Field(ge=1, le=5)] | None = None


class OnIn(Schema):
    on: bool


class NoticeOut(Schema):
    id: int
    kind: str
    words: str
    target: str
    at: datetime
    read: bool


class HitOut(Schema):
    post: str
    reply: str
    excerpt: str
    folded: bool


class ReviewIn(Schema):
    place: Annotated[str, Field(max_length=60, description="post:<id> or reply:<id>")]
    draft: Annotated[str, Field(max_length=40_000)]
