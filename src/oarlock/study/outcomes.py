"""The outcomes of a reply: what the poster did or said afterwards, and what a corpus asked.

Each is a named Ibis expression over the rows of `oarlock.study.rows`; in the frame it is
`y_<name>`. *Zero* says that the platform would have shown it and did not; *missing* says that
nobody can know: the corpus has no such table, poster or replier is unknown, or the corpus ends
before the window does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import ibis

from oarlock.errors import OarlockError, UserError

DAY_SECONDS: Final = 86_400
_PROXY: Final = "proxy of the DSSG Peer Support study (github.com/uwescience/DSSG-Peer-Support)"


@dataclass(frozen=True, slots=True)
class Windows:
    """How long after a reply an outcome is looked for, in days.

    Attributes:
        liked_days, followed_days, thanked_days, mood_days: Of the outcomes of that name.
        instrument: Measure of distress; "" takes the one with the most answers.
    """

    liked_days: float = 7.0
    followed_days: float = 7.0
    thanked_days: float = 7.0
    mood_days: float = 2.0
    instrument: str = ""

    def __post_init__(self) -> None:
        for name in ("liked_days", "followed_days", "thanked_days", "mood_days"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} is {getattr(self, name)}.", remedy="Give days above 0.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome.

    Attributes:
        name: The column is `y_<name>`.
        about: What it is, one line.
        unit: Unit, and what missing means.
        source: Where it comes from.
        needs: Tables or columns without which it is missing throughout.
        window: Field of `Windows` that bounds it, or "".
        proxy: Whether it is read from behaviour, and counts in `any`.
        make: From rows and windows to a numeric column.
    """

    name: str
    about: str
    unit: str
    source: str
    needs: tuple[str, ...]
    window: str
    proxy: bool
    make: Callable[[Any, Windows], Any]


_REGISTRY: dict[str, Outcome] = {}
_Make = Callable[[Any, Windows], Any]


def outcome(
    *, unit: str, source: str, needs: tuple[str, ...], window: str = "", proxy: bool = False
) -> Callable[[_Make], _Make]:
    """Register an outcome under the name of its function."""

    def register(function: _Make) -> _Make:
        about = (function.__doc__ or "").strip().splitlines()[0]
        name = function.__name__
        if name in _REGISTRY:
            raise OarlockError(f"Two outcomes are called {name}.")
        _REGISTRY[name] = Outcome(name, about, unit, source, needs, window, proxy, function)
        return function

    return register


def outcomes() -> dict[str, Outcome]:
    """Return every outcome by name."""
    return dict(_REGISTRY)


def _seen(rows: Any, at: Any, days: float) -> Any:
    """1 where something was seen within the days after the reply, 0 where not, else missing."""
    end = rows.written_at + int(days * DAY_SECONDS)
    hit = at.notnull() & (at >= rows.written_at) & (at <= end)
    watched = rows.poster_id.notnull() & rows.written_at.notnull() & (rows.ends_at >= end)
    return ibis.cases((hit, 1), (watched, 0), else_=ibis.null("int64"))


_ZERO_ONE: Final = "0 or 1; missing: poster not known, or the corpus ends within the window"


@outcome(
    unit="0 or 1; missing: poster not known, or the corpus ends within the window; where reactions "
    "have no times, any reaction of the poster counts",
    source=_PROXY,
    needs=("reactions", "posts.user_id"),
    window="liked_days",
    proxy=True,
)
def liked(rows: Any, windows: Windows) -> Any:
    """The poster reacted to the reply within the window."""
    timed = _seen(rows, rows.liked_at, windows.liked_days)
    untimed = ibis.cases(
        (rows.n_liked.fill_null(0) > 0, 1),
        (rows.poster_id.notnull(), 0),
        else_=ibis.null("int64"),
    )
    return rows.likes_timed.ifelse(timed, untimed)


@outcome(
    unit="0 or 1; missing: poster or replier not known, the poster followed already, the time of "
    "the following is not known, or the corpus ends within the window",
    source=_PROXY,
    needs=("person_follows.at", "posts.user_id", "replies.user_id", "replies.written_at"),
    window="followed_days",
    proxy=True,
)
def followed(rows: Any, windows: Windows) -> Any:
    """The poster began to follow the replier within the window after the reply."""
    seen = _seen(rows, rows.followed_at, windows.followed_days)
    could = rows.replier_id.notnull() & (
        rows.followed_at.isnull() | (rows.followed_at >= rows.written_at)
    )
    unsure = rows.followed_sometime.fill_null(False)
    return (could & ~unsure).ifelse(seen, ibis.null("int64"))


@outcome(
    unit=_ZERO_ONE,
    source=f"{_PROXY}; `oarlock.study.gratitude`",
    needs=("replies.user_id", "posts.user_id", "replies.written_at"),
    window="thanked_days",
    proxy=True,
)
def specific_thanks(rows: Any, windows: Windows) -> Any:
    """The poster then thanked in the thread and said what for, or what it did."""
    return _seen(rows, rows.specific_at, windows.thanked_days)


@outcome(
    unit=_ZERO_ONE,
    source=f"{_PROXY}; `oarlock.study.gratitude`",
    needs=("replies.user_id", "posts.user_id", "replies.written_at"),
    window="thanked_days",
    proxy=True,
)
def general_thanks(rows: Any, windows: Windows) -> Any:
    """The poster then thanked in the thread without saying what for."""
    return _seen(rows, rows.general_at, windows.thanked_days)


@outcome(
    unit="0 or 1; missing: no mood told before the reply, or none within the window after it",
    source=f"{_PROXY}; valence of mood words: Russell (1980), doi:10.1037/h0077714",
    needs=("moods|posts.mood_after",),
    window="mood_days",
    proxy=True,
)
def mood_improved(rows: Any, windows: Windows) -> Any:
    """The poster's next mood is more pleasant than the last one before the reply."""
    del windows  # applied where moods are joined
    return (rows.mood_after > rows.mood_before).cast("int64")


@outcome(
    unit="1 to 5, or the scale of the source; missing: not given",
    source="asked of the poster",
    needs=("replies.rating",),
)
def rating(rows: Any, windows: Windows) -> Any:
    """The rating that the reply was given."""
    del windows
    return rows.rating


@outcome(
    unit="0 or 1; 0 also where nothing was said; missing: the platform does not ask",
    source="asked of the poster",
    needs=("replies.helped",),
)
def helped(rows: Any, windows: Windows) -> Any:
    """The poster said that the reply helped."""
    del windows
    return rows.helped.cast("int64")


@outcome(
    unit="votes up less votes down, of everybody; missing: none kept",
    source="the platform",
    needs=("replies.score",),
)
def score(rows: Any, windows: Windows) -> Any:
    """Votes of the platform for the reply."""
    del windows
    return rows.score


@outcome(
    unit="points of the instrument, below 0 is less distress; missing: not measured before and "
    "after",
    source="the instrument; see the table measures",
    needs=("measures",),
)
def distress_change(rows: Any, windows: Windows) -> Any:
    """The poster's measure after the thread less the one before."""
    del windows
    return rows.measure_after - rows.measure_before


def any_of(columns: dict[str, Any]) -> Any:
    """Return 1 where any proxy is 1, 0 where one is known and none is 1, else missing.

    Args:
        columns: Made outcomes by name; the registered proxies among them are read.
    """
    found = [columns[name] for name, one in _REGISTRY.items() if one.proxy and name in columns]
    return ibis.greatest(*(ibis.coalesce(column, -1) for column in found)).nullif(-1)


ANY: Final = Outcome(
    "any",
    "Any of: liked, followed, specific or general thanks, mood improved",
    "0 or 1; missing: none of them is known",
    _PROXY,
    (),
    "",
    False,
    lambda *_: None,
)
