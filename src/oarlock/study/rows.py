"""One row per reply: poster, replier, place, exclusions, evidence of outcomes, history.

All of it are joins and windows in Ibis, the same on DuckDB and Spark; the texts come later.
"""

from __future__ import annotations

from typing import Any, Final

import ibis

from oarlock.study.history import before, events
from oarlock.study.outcomes import DAY_SECONDS, Windows
from oarlock.study.store import Corpus

#: Pleasant and unpleasant words of the circumplex. Source: Russell (1980), doi:10.1037/h0077714.
_PLEASANT: Final = ("happy", "excited", "calm", "relaxed")
_UNPLEASANT: Final = ("sad", "tired", "anxious", "angry")
#: A mood packed beside its time, so that the latest time carries it: see `_moods`.
_PACK, _ZERO = 100_000, 50_000


def base(corpus: Corpus, marks: Any) -> Any:
    """Return every reply with its post, its people and its place; nothing is excluded yet.

    Args:
        corpus: Tables.
        marks: What selection found in posts: post_id, is_empty, is_about, severity.
    """
    posts, replies, users = corpus["posts"], corpus["replies"], corpus["users"]
    of_post = posts.select(
        "post_id",
        poster_id=posts.user_id,
        post_at=posts.written_at,
        topic=posts.topic,
        wanted=posts.wanted,
        poster_anonymous=posts.anonymous,
        mood_word_before=posts.mood_before,
        mood_word_after=posts.mood_after,
        post_there=ibis.literal(True),
    )
    rows = replies.select(
        "reply_id",
        "post_id",
        "parent_id",
        "written_at",
        "helped",
        "rating",
        "score",
        replier_id=replies.user_id,
        replier_anonymous=replies.anonymous,
        is_empty=_is_empty(replies.text),
        position=_position(corpus),
    )
    rows = rows.left_join(of_post, "post_id").drop("post_id_right")
    rows = rows.left_join(marks, "post_id").select(
        *rows.columns,
        severity=marks.severity,
        post_empty=marks.is_empty.fill_null(False),
        post_about=marks.is_about.fill_null(True),
    )
    for side in ("poster", "replier"):
        person = users.select(
            **{
                f"{side}_id": users.user_id,
                f"{side}_staff": users.is_staff.fill_null(False),
                f"{side}_bot": users.is_bot.fill_null(False),
                f"{side}_joined_at": users.joined_at,
                f"{side}_gender": users.gender,
                f"{side}_age": _age(users),
            }
        )
        rows = rows.left_join(person, f"{side}_id").drop(f"{side}_id_right")
    return rows


def _is_empty(text: Any) -> Any:
    """Whether nothing is left of a text: white space, or what platforms put in its place."""
    left = text.strip().lower()
    return text.isnull() | left.isin(["", "[deleted]", "[removed]", "[deleted by user]", "deleted"])


def _position(corpus: Corpus) -> Any:
    replies = corpus["replies"]
    order = ibis.window(group_by=replies.post_id, order_by=[replies.written_at, replies.reply_id])
    counted = ibis.row_number().over(order) + 1
    return ibis.coalesce(
        replies.position.cast("int64"),
        replies.written_at.notnull().ifelse(counted, ibis.null("int64")),
    )


def _age(users: Any) -> Any:
    """Age in years: as told, or the middle of a band such as 18-20; missing for any other band."""
    band = users.age_band
    low = band.re_extract(r"^(\d+)\D+(\d+)$", 1).nullif("").try_cast("float64")
    high = band.re_extract(r"^(\d+)\D+(\d+)$", 2).nullif("").try_cast("float64")
    return ibis.coalesce(users.age.cast("float64"), (low + high) / 2)


def ends_at(corpus: Corpus) -> int | None:
    """Return the last second of the corpus, in seconds since 1970, or None without times."""
    last = [
        corpus[name].aggregate(at=corpus[name][column].max()).execute().iloc[0, 0]
        for name, column in (
            ("posts", "written_at"),
            ("replies", "written_at"),
            ("reactions", "at"),
            ("person_follows", "at"),
        )
        if not corpus.lacks(f"{name}.{column}")
    ]
    known = [int(at) for at in last if at == at and at is not None]
    return max(known) if known else None


def thanked(base_rows: Any, own: Any) -> Any:
    """Return which replies were thanked: reply_id, replier_id, kind, at.

    Thanks that answer a reply are for that reply. Thanks to the thread are for every reply since
    the poster last wrote there.

    Args:
        base_rows: From `base`.
        own: Texts of posters in their own threads that thank: post_id, parent_id, at, since (their
            text before it), kind.
    """
    others = base_rows.filter(
        base_rows.poster_id.notnull()
        & base_rows.written_at.notnull()
        & (base_rows.replier_id != base_rows.poster_id).fill_null(True)
    ).select("reply_id", "post_id", "replier_id", "written_at")
    direct = own.filter(own.parent_id.notnull())
    answered = others.join(direct, others.reply_id == direct.parent_id)
    answered = answered.select("reply_id", "replier_id", "kind", "at")
    thread = own.filter(own.parent_id.isnull()).select("post_id", "at", "since", "kind")
    open_ = others.join(
        thread,
        [
            others.post_id == thread.post_id,
            others.written_at <= thread["at"],
            thread.since.isnull() | (others.written_at >= thread.since),
        ],
    ).select("reply_id", "replier_id", "kind", "at")
    return answered.union(open_)


def evidence(corpus: Corpus, kept: Any, thanks: Any, windows: Windows) -> Any:
    """Return the rows that outcomes and features read.

    Args:
        corpus: Tables.
        kept: Replies that are in the study, from `base`.
        thanks: From `thanked`.
        windows: How long after a reply is looked.
    """
    rows = _with_likes(corpus, kept)
    rows = _with_follows(corpus, rows)
    first = thanks.group_by("reply_id").agg(
        specific_at=(thanks.kind == "specific").ifelse(thanks["at"], ibis.null("int64")).min(),
        general_at=(thanks.kind == "general").ifelse(thanks["at"], ibis.null("int64")).min(),
    )
    rows = rows.left_join(first, "reply_id").drop("reply_id_right")
    rows = _with_moods(corpus, rows, windows)
    return _with_measures(corpus, rows, windows)


def _with_likes(corpus: Corpus, rows: Any) -> Any:
    if corpus.lacks("reactions"):
        return rows.mutate(
            liked_at=ibis.null("int64"), n_liked=ibis.null("int64"), likes_timed=ibis.literal(True)
        )
    reactions = corpus["reactions"]
    wanted = rows.select("reply_id", "poster_id")
    by_poster = wanted.join(
        reactions,
        [wanted.reply_id == reactions.text_id, wanted.poster_id == reactions.user_id],
    )
    likes = by_poster.group_by("reply_id").agg(
        liked_at=by_poster["at"].min(), n_liked=by_poster.count()
    )
    rows = rows.left_join(likes, "reply_id").drop("reply_id_right")
    return rows.mutate(likes_timed=ibis.literal(not corpus.lacks("reactions.at")))


def _with_follows(corpus: Corpus, rows: Any) -> Any:
    if corpus.lacks("person_follows"):
        return rows.mutate(followed_at=ibis.null("int64"), followed_sometime=ibis.literal(False))
    follows = corpus["person_follows"]
    since = follows.group_by("follower_id", "followed_id").agg(
        followed_at=follows["at"].min(), n_untimed=follows["at"].isnull().sum()
    )
    rows = rows.left_join(
        since, [rows.poster_id == since.follower_id, rows.replier_id == since.followed_id]
    )
    rows = rows.mutate(followed_sometime=rows.n_untimed > 0)
    return rows.drop("follower_id", "followed_id", "n_untimed")


def _valence(word: Any) -> Any:
    return ibis.cases(
        (word.isin(_PLEASANT), 1.0), (word.isin(_UNPLEASANT), -1.0), else_=ibis.null("float64")
    )


def _with_moods(corpus: Corpus, rows: Any, windows: Windows) -> Any:
    """Add the poster's mood before and after the reply, -1 unpleasant to 1 pleasant.

    From the table moods by time; else from the words beside the post, for the first reply alone:
    the second word is asked for after the first answer.
    """
    first = rows.position == 1
    if corpus.lacks("moods"):
        return rows.mutate(
            mood_before=first.ifelse(_valence(rows.mood_word_before), ibis.null("float64")),
            mood_after=first.ifelse(_valence(rows.mood_word_after), ibis.null("float64")),
        )
    moods = corpus["moods"]
    valence = ibis.coalesce(moods.valence.cast("float64"), _valence(moods.mood))
    told = moods.select(user_id=moods.user_id, at=moods["at"], valence=valence)
    told = told.filter(told.valence.notnull() & told["at"].notnull())
    packed = told["at"] * _PACK + _ZERO + (told.valence * 10_000).round().cast("int64")
    # What is told in the second of the reply counts as before it.
    told = told.select(
        "user_id", "at", key=ibis.null("string"), turn=ibis.literal(0, "int8"), packed=packed
    )
    asked = rows.filter(rows.poster_id.notnull() & rows.written_at.notnull()).select(
        user_id=ibis._.poster_id,
        at=ibis._.written_at,
        key=ibis._.reply_id,
        turn=ibis.literal(1, "int8"),
        packed=ibis.null("int64"),
    )
    line = told.union(asked)
    earlier = ibis.window(group_by="user_id", order_by=["at", "turn"], rows=(None, 0))
    later = ibis.window(group_by="user_id", order_by=["at", "turn"], rows=(0, None))
    found = line.mutate(last=line.packed.max().over(earlier), then=line.packed.min().over(later))
    found = found.filter(found.key.notnull())
    within = (found.then // _PACK) <= found["at"] + int(windows.mood_days * DAY_SECONDS)
    pairs = found.select(
        reply_id=found.key,
        mood_before=(found.last % _PACK - _ZERO) / 10_000.0,
        mood_after=within.ifelse((found.then % _PACK - _ZERO) / 10_000.0, ibis.null("float64")),
    )
    return rows.left_join(pairs, "reply_id").drop("reply_id_right")


def _with_measures(corpus: Corpus, rows: Any, windows: Windows) -> Any:
    if corpus.lacks("measures"):
        return rows.mutate(measure_before=ibis.null("float64"), measure_after=ibis.null("float64"))
    measures = corpus["measures"]
    name = windows.instrument or most_answered(corpus)
    chosen = measures.filter(measures.instrument == name)

    def mean(phase: str) -> Any:
        return (chosen.phase == phase).ifelse(chosen.score, ibis.null("float64")).mean()

    of_thread = chosen.filter(chosen.post_id.notnull())
    threads = of_thread.group_by("post_id", "user_id").agg(
        thread_before=mean("before"), thread_after=mean("after")
    )
    alone = chosen.filter(chosen.post_id.isnull())
    people = alone.group_by("user_id").agg(person_before=mean("before"), person_after=mean("after"))
    threads = threads.rename(thread_post="post_id", thread_user="user_id")
    rows = rows.left_join(
        threads, [rows.post_id == threads.thread_post, rows.poster_id == threads.thread_user]
    ).drop("thread_post", "thread_user")
    people = people.rename(person_user="user_id")
    rows = rows.left_join(people, rows.poster_id == people.person_user).drop("person_user")
    return rows.mutate(
        measure_before=ibis.coalesce(rows.thread_before, rows.person_before),
        measure_after=ibis.coalesce(rows.thread_after, rows.person_after),
    ).drop("thread_before", "thread_after", "person_before", "person_after")


def most_answered(corpus: Corpus) -> str:
    """Return the instrument with the most answers; by name where two have as many."""
    measures = corpus["measures"]
    counts = measures.group_by("instrument").agg(n=measures.count())
    found = counts.order_by([ibis.desc("n"), "instrument"]).limit(1).execute()
    return str(found.iloc[0]["instrument"]) if len(found) else ""


def with_history(corpus: Corpus, base_rows: Any, rows: Any, thanks: Any) -> Any:
    """Return the rows with what poster and replier had done before.

    Args:
        corpus: Tables.
        base_rows: All replies, from `base`: what is excluded from the study still happened.
        rows: Replies that are in the study.
        thanks: From `thanked`.
    """
    happened = events(corpus, base_rows, thanks)
    of_replier = before(happened, rows, "replier_id", "written_at", "reply_id")
    asked = rows.select("post_id", "poster_id", "post_at").distinct()
    of_poster = before(happened, asked, "poster_id", "post_at", "post_id")
    for side, table, key in (
        ("replier", of_replier, "reply_id"),
        ("poster", of_poster, "post_id"),
    ):
        named = table.rename(
            **{f"{side}_{name}": name for name in table.columns if name != "key"}, history_key="key"
        )
        rows = rows.left_join(named, rows[key] == named.history_key).drop("history_key")
    met = base_rows.filter(
        base_rows.replier_id.notnull()
        & base_rows.poster_id.notnull()
        & base_rows.written_at.notnull()
    )
    pair = ibis.window(group_by=[met.poster_id, met.replier_id], order_by=met.written_at)
    times = met.select("reply_id", n_to_poster=ibis.rank().over(pair).cast("int64"))
    return rows.left_join(times, "reply_id").drop("reply_id_right")
