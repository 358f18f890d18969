"""Who wrote post and reply, and what they had done before.

Everything that changes in time is counted strictly before a moment: for the replier the second of
the reply, for the poster the second of the post. `oarlock.study.history` makes the counts;
`oarlock.study.leaks` shows that nothing later can change them.
"""

from __future__ import annotations

from typing import Any

import ibis

from oarlock.study.features.registry import row_feature

_DAY = 86_400.0
#: Side -> what it is called, and the column of the moment before which is counted.
_SIDES = {"replier": ("the replier", "written_at"), "poster": ("the poster", "post_at")}
#: Counter of the history -> what it counts, unit, tables.
_COUNTS = {
    "posts": ("Posts that {who} had written before", "posts", ("posts.user_id",)),
    "replies": ("Replies that {who} had written before", "replies", ("replies.user_id",)),
    "liked": (
        "Reactions of others to texts of {who} before",
        "reactions",
        ("reactions.at",),
    ),
    "thanked": (
        "Texts in which a poster had thanked {who} before",
        "thanks",
        ("replies.user_id", "posts.user_id"),
    ),
    "partners": (
        "Different people whom {who} had answered or been answered by before",
        "people",
        ("replies.user_id", "posts.user_id"),
    ),
    "followers": (
        "People who had begun to follow {who} before",
        "people",
        ("person_follows.at",),
    ),
}


def _register(side: str, counter: str) -> None:
    who, moment = _SIDES[side]
    about, unit, needs = _COUNTS[counter]
    times = ("replies.written_at",) if side == "replier" else ("posts.written_at",)

    def count(rows: Any) -> Any:
        known = rows[f"{side}_id"].notnull() & rows[moment].notnull()
        return known.ifelse(rows[f"{side}_{counter}"].fill_null(0), ibis.null("int64"))

    count.__name__ = f"{side}_n_{counter}"
    count.__doc__ = about.format(who=who)
    row_feature(unit=f"{unit}; missing where the person is not known", needs=(*needs, *times))(
        count
    )


def _register_times(side: str) -> None:
    who, moment = _SIDES[side]
    needs = (f"{'replies' if side == 'replier' else 'posts'}.written_at",)

    def tenure_days(rows: Any) -> Any:
        begun = ibis.coalesce(rows[f"{side}_joined_at"], rows[f"{side}_first_at"])
        days = (rows[moment] - begun) / _DAY
        return (days >= 0).ifelse(days, ibis.null("float64"))

    tenure_days.__name__ = f"{side}_tenure_days"
    tenure_days.__doc__ = f"Time since {who} joined, or where that is not known first wrote"
    row_feature(unit="days; missing at their first text", needs=needs)(tenure_days)

    def quiet_days(rows: Any) -> Any:
        return (rows[moment] - rows[f"{side}_last_at"]) / _DAY

    quiet_days.__name__ = f"{side}_quiet_days"
    quiet_days.__doc__ = f"Time since {who} last wrote anything"
    row_feature(unit="days; missing at their first text", needs=needs)(quiet_days)


def _register_persons(side: str) -> None:
    who = _SIDES[side][0]

    def age(rows: Any) -> Any:
        return rows[f"{side}_age"]

    age.__name__, age.__doc__ = f"{side}_age", f"Age of {who}, or the middle of the age band"
    row_feature(unit="years; missing: not told", needs=("users.age|users.age_band",))(age)

    def female(rows: Any) -> Any:
        word = rows[f"{side}_gender"].lower()
        return ibis.cases(
            (word.isin(["f", "female", "woman", "girl"]), 1),
            (word.isin(["m", "male", "man", "boy"]), 0),
            else_=ibis.null("int64"),
        )

    female.__name__, female.__doc__ = f"{side}_female", f"Whether {who} is a woman"
    row_feature(unit="0 man or 1 woman; missing: not told, or neither", needs=("users.gender",))(
        female
    )

    def anonymous(rows: Any) -> Any:
        return rows[f"{side}_anonymous"].cast("int64")

    table = "replies" if side == "replier" else "posts"
    anonymous.__name__ = f"{side}_anonymous"
    anonymous.__doc__ = f"Whether {who} showed no handle, so that their history is not known"
    row_feature(unit="0 or 1", needs=(f"{table}.anonymous",))(anonymous)


for _side in _SIDES:
    for _counter in _COUNTS:
        _register(_side, _counter)
    _register_times(_side)
    _register_persons(_side)


@row_feature(
    unit="replies; missing where one of both is not known",
    needs=("replies.user_id", "posts.user_id", "replies.written_at"),
)
def replier_n_to_poster(rows: Any) -> Any:
    """Replies of the replier to this poster before, in any thread."""
    both = rows.poster_id.notnull() & rows.replier_id.notnull() & rows.written_at.notnull()
    return both.ifelse(rows.n_to_poster, ibis.null("int64"))


@row_feature(unit="years; missing: an age is not told", needs=("users.age|users.age_band",))
def age_gap(rows: Any) -> Any:
    """Difference of age between replier and poster, without sign."""
    return (rows.replier_age - rows.poster_age).abs()
