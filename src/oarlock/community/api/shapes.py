"""From what the pages show to what the API sends."""

from __future__ import annotations

from typing import Any

from oarlock.community.accounts.models import User
from oarlock.community.accounts.names import name_for
from oarlock.community.api import schemas
from oarlock.community.desk.words import for_writer
from oarlock.community.groups.models import Group, Topic
from oarlock.community.support.models import Reaction, Wanted
from oarlock.community.support.queries import Page, Row
from oarlock.community.support.threads import Entry, Thread
from oarlock.community.texts.models import Text


def group(one: Group, *, member: bool) -> schemas.GroupOut:
    return schemas.GroupOut(
        slug=one.slug,
        name=one.name,
        about=one.about,
        guidelines=one.guidelines,
        topic=Topic(one.topic),
        open=one.open,
        member=member,
    )


def row(one: Row) -> schemas.PostRow:
    return schemas.PostRow(
        id=one.post.text.public_id,
        group=one.post.group.slug,
        heading=one.heading,
        excerpt=one.more,
        warnings=list(one.post.warnings),
        folded=one.folded,
        wanted=Wanted(one.post.wanted),
        n_replies=one.post.n_replies,
        waiting=one.waiting,
        active_at=one.post.active_at,
    )


def page(one: Page) -> schemas.PostPage:
    return schemas.PostPage(posts=[row(r) for r in one.rows], older=one.older)


def _text(by: User, entry: Entry) -> dict[str, Any]:
    text, gap = entry.text, entry.gap
    return {
        "id": text.public_id,
        "by": "" if gap else name_for(entry.thing, by),
        "own": entry.own,
        "gap": gap,
        "title": "" if gap else text.title,
        "body": "" if gap else text.body,
        "state": Text.State.DELETED.value if gap else text.state,
        "version": 1 if gap else text.version,
        "written_at": None if gap else text.created_at,
        "edited_at": None if gap else text.edited_at,
        "reactions": [
            schemas.Reacted(kind=Reaction.Kind(r.kind), n=r.n, mine=r.mine)
            for r in entry.reactions
            if r.n
        ],
    }


def _reply(by: User, entry: Entry) -> schemas.ReplyOut:
    return schemas.ReplyOut(
        **_text(by, entry),
        warnings=list(entry.thing.warnings) if not entry.gap else [],
        folded=entry.folded,
        helped=entry.helped is not None,
        more=entry.more,
        answers=[_reply(by, answer) for answer in entry.answers],
    )


def thread(by: User, one: Thread) -> schemas.ThreadOut:
    post = one.post
    return schemas.ThreadOut(
        group=post.group.slug,
        post=schemas.TextOut(**_text(by, one.entry)),
        wanted=Wanted(post.wanted),
        mood_before=post.mood_before,
        warnings=list(post.warnings),
        folded=one.folded,
        closed=post.closed_at is not None,
        following=one.following,
        bookmarked=one.bookmarked,
        replies=[_reply(by, entry) for entry in one.replies],
        later=one.later,
    )


def written(text: Text) -> schemas.Written:
    said = for_writer(text)
    return schemas.Written(
        id=text.public_id,
        state=text.state,
        expected_by=text.expected_by,
        words=said.words,
        helplines=[
            schemas.HelplineOut(
                name=line.name,
                number=line.number,
                text=line.text,
                url=line.url,
                hours=line.hours,
            )
            for line in said.helplines
        ],
    )
