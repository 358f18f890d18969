"""What people had done before a moment: one pass over all that happened, in order of time.

Moments that are asked about are sorted among the events, before those of the same second. A running
sum then holds, at each moment, exactly what happened strictly earlier: no row can see itself or
anything simultaneous.
"""

from __future__ import annotations

from typing import Any, Final

import ibis

COUNTERS: Final = ("posts", "replies", "liked", "thanked", "partners", "followers")


def _event(table: Any, user: Any, at: Any, counter: str) -> Any:
    return table.select(
        user_id=user,
        at=at,
        key=ibis.null("string"),
        turn=ibis.literal(1, "int8"),
        **{name: ibis.literal(int(name == counter), "int64") for name in COUNTERS},
    ).filter(ibis._.user_id.notnull() & ibis._.at.notnull())


def _moments(table: Any, user: str, at: str, key: str) -> Any:
    return table.select(
        user_id=table[user],
        at=table[at],
        key=table[key],
        turn=ibis.literal(0, "int8"),
        **{name: ibis.literal(0, "int64") for name in COUNTERS},
    ).filter(ibis._.user_id.notnull() & ibis._.at.notnull())


def authors(posts: Any, replies: Any) -> Any:
    """Return who wrote every text: text_id, author_id."""
    return posts.select(text_id=posts.post_id, author_id=posts.user_id).union(
        replies.select(text_id=replies.reply_id, author_id=replies.user_id)
    )


def events(corpus: Any, base: Any, thanks: Any) -> Any:
    """Return everything that counts, one row each.

    Args:
        corpus: Tables.
        base: Replies with poster and replier.
        thanks: Who was thanked, when: replier_id, at.
    """
    posts, replies = corpus["posts"], corpus["replies"]
    parts = [
        _event(posts, posts.user_id, posts.written_at, "posts"),
        _event(replies, replies.user_id, replies.written_at, "replies"),
        _event(thanks, thanks.replier_id, thanks.at, "thanked"),
    ]
    pairs = base.filter(
        base.poster_id.notnull()
        & base.replier_id.notnull()
        & base.written_at.notnull()
        & (base.poster_id != base.replier_id)
    )
    met = (
        pairs.select(user=pairs.replier_id, other=pairs.poster_id, at=pairs.written_at)
        .union(pairs.select(user=pairs.poster_id, other=pairs.replier_id, at=pairs.written_at))
        .group_by("user", "other")
        .agg(at=ibis._.at.min())
    )
    parts.append(_event(met, met.user, met.at, "partners"))
    if not corpus.lacks("reactions.at"):
        reactions, wrote = corpus["reactions"], authors(posts, replies)
        liked = reactions.join(wrote, reactions.text_id == wrote.text_id)
        liked = liked.filter(liked.user_id != liked.author_id)
        parts.append(_event(liked, liked.author_id, liked["at"], "liked"))
    if not corpus.lacks("person_follows.at"):
        follows = corpus["person_follows"]
        parts.append(_event(follows, follows.followed_id, follows["at"], "followers"))
    return ibis.union(*parts)


def before(happened: Any, asked: Any, user: str, at: str, key: str) -> Any:
    """Return the counts strictly before each moment: key, the counters, first_at, last_at.

    Args:
        happened: From `events`.
        asked: Table of moments.
        user: Its column of whose history is asked.
        at: Its column of the moment, in seconds.
        key: Its column of the name of the moment.
    """
    rows = happened.union(_moments(asked, user, at, key))
    earlier = ibis.window(group_by="user_id", order_by=["at", "turn"], rows=(None, 0))
    wrote = (rows.posts + rows.replies) > 0
    active = wrote.ifelse(rows["at"], ibis.null("int64"))
    counted = rows.mutate(
        **{name: rows[name].sum().over(earlier).cast("int64") for name in COUNTERS},
        first_at=active.min().over(earlier),
        last_at=active.max().over(earlier),
    )
    return counted.filter(counted.turn == 0).select("key", *COUNTERS, "first_at", "last_at")
