"""When and where in the thread a reply stands."""

from __future__ import annotations

from typing import Any

from oarlock.study.features.registry import row_feature

_HOUR, _DAY = 3600, 86_400
#: 1 January 1970 was a Thursday; Monday is 0.
_FIRST_WEEKDAY = 3


@row_feature(
    unit="hours; missing where a time is not known",
    needs=("posts.written_at", "replies.written_at"),
)
def delay_hours(rows: Any) -> Any:
    """Time from the post to the reply."""
    return (rows.written_at - rows.post_at) / float(_HOUR)


@row_feature(
    unit="1 for the first reply of the thread, the poster's own counted",
    needs=("replies.written_at|replies.position",),
)
def position(rows: Any) -> Any:
    """Place of the reply in its thread."""
    return rows.position


@row_feature(unit="hour of the day in UTC, 0 to 23", needs=("replies.written_at",))
def hour(rows: Any) -> Any:
    """When the reply was written."""
    return (rows.written_at % _DAY) // _HOUR


@row_feature(unit="0 Monday to 6 Sunday, UTC", needs=("replies.written_at",))
def weekday(rows: Any) -> Any:
    """Day of the week of the reply."""
    return (rows.written_at // _DAY + _FIRST_WEEKDAY) % 7


@row_feature(unit="0 or 1", needs=("replies.parent_id",))
def to_reply(rows: Any) -> Any:
    """Whether it answers another reply and not the post itself."""
    return rows.parent_id.notnull().cast("int32")
