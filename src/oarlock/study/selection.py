"""Which posts and replies are in a study, and how many each exclusion took.

A post is about mental health where its title and text hold one strong word or phrase of
`lists/mental_health.toml`, or enough different weak ones. Its severity is *crisis* where the
patterns of `oarlock.safety` see suicidal thoughts, plans or acts of the writer, *severe* where they
see passive thoughts, or a phrase of `lists/severe.toml` is there, else *general*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from oarlock.safety.matching import hits
from oarlock.safety.normalise import views
from oarlock.safety.patterns import Rulebook, rulebook
from oarlock.safety.results import GRADES, ScreeningError
from oarlock.study.matching import Matcher, entries, shipped
from oarlock.study.reading import Reading, read

SEVERITIES: Final = ("general", "severe", "crisis")
#: Different weak words that make a post one about mental health: in any text, in a long one.
_WEAK, _WEAK_LONG, _LONG_WORDS = 2, 3, 150
_CRISIS_FROM: Final = GRADES.index("active")
_GONE: Final = ("", "[deleted]", "[removed]", "[deleted by user]", "deleted")
#: Characters of a post that the slower patterns read: its start and its end.
_LOOKED_AT: Final = 4_000


@dataclass(frozen=True, slots=True)
class Selection:
    """What is left out.

    Attributes:
        mental_health: Keep only threads about mental health.
        self_replies, bots, staff: Keep replies of posters to themselves, of programs, of staff.
    """

    mental_health: bool = True
    self_replies: bool = False
    bots: bool = False
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the flow.

    Attributes:
        name: Slug.
        about: What was left out, in words.
        n_posts, n_replies, n_people: What is there after this step.
        n_posts_out, n_replies_out: What it took.
    """

    name: str
    about: str
    n_posts: int
    n_replies: int
    n_people: int
    n_posts_out: int
    n_replies_out: int


@cache
def _lists() -> Matcher:
    topic, severe = shipped("mental_health"), shipped("severe")
    return Matcher(
        {
            "strong": entries(topic["strong"]["words"]),
            "weak": entries(topic["weak"]["words"]),
            "severe": entries(severe["severe"]["words"]),
            "closer": entries(severe["look_closer"]["words"]),
        }
    )


@dataclass(frozen=True, slots=True)
class PostMarks:
    """What was found in n posts.

    Attributes:
        is_empty: (n,) nothing is left of the text.
        is_about: (n,) it is about mental health.
        severity: (n,) places in `SEVERITIES`.
    """

    is_empty: NDArray[np.bool_]
    is_about: NDArray[np.bool_]
    severity: NDArray[np.int8]


def mark_posts(texts: pa.Array | Sequence[str | None]) -> PostMarks:
    """Return what posts are about and how severe they are.

    Args:
        texts: (n,) titles and texts.
    """
    reading = read(texts)
    marks = _lists().mark(reading)
    counts = marks.counts()
    column = marks.places
    weak = marks.distinct("weak")
    enough = np.where(reading.n_words > _LONG_WORDS, _WEAK_LONG, _WEAK)
    is_about = (counts[:, column["strong"]] > 0) | (weak >= enough)
    is_empty = np.array([text.strip().lower() in _GONE for text in reading.texts.to_pylist()])
    is_empty = is_empty.astype(bool).reshape(-1)
    severity = (counts[:, column["severe"]] > 0).astype(np.int8)
    for row in np.flatnonzero((counts[:, column["closer"]] > 0) & is_about):
        severity[row] = max(severity[row], _graded(reading, int(row)))
    return PostMarks(is_empty, np.asarray(is_about), severity)


@cache
def _suicide_patterns() -> Rulebook:
    book = rulebook()
    kept = tuple(p for p in book.patterns if p.kind == "suicide" and p.about == "writer")
    return Rulebook(kept, book.rules, (), book.idioms)


def _graded(reading: Reading, row: int) -> int:
    text = reading.texts[row].as_py()
    if len(text) > _LOOKED_AT:
        text = f"{text[: _LOOKED_AT // 2]}\n{text[-_LOOKED_AT // 2 :]}"
    try:
        found = hits(views(text), _suicide_patterns())
    except ScreeningError:
        # A pattern that took too long says nothing; the words of the lists still count.
        return 0
    rank = max((hit.rank for hit in found if hit.about == "writer"), default=0)
    return 2 if rank >= _CRISIS_FROM else int(rank > 0)


def is_about_mental_health(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which texts are about mental health, (n,)."""
    return mark_posts(texts).is_about


def exclusions(rows: Any, chosen: Selection) -> list[tuple[str, str, Any]]:
    """Return the exclusions in their order: name, words, Ibis condition on rows of `rows.base`."""
    steps = [
        ("no-post", "replies whose post is not in the corpus", rows.post_there.isnull()),
        ("empty-post", "posts that are empty or deleted", rows.post_empty),
    ]
    if chosen.mental_health:
        steps.append(("other-topic", "posts not about mental health", ~rows.post_about))
    if not chosen.bots:
        steps.append(("bot-post", "posts of programs", rows.poster_bot.fill_null(False)))
    if not chosen.staff:
        steps.append(("staff-post", "posts of staff", rows.poster_staff.fill_null(False)))
    steps.append(("empty-reply", "replies that are empty or deleted", rows.is_empty))
    if not chosen.bots:
        steps.append(("bot", "replies of programs", rows.replier_bot.fill_null(False)))
    if not chosen.staff:
        steps.append(("staff", "replies of staff", rows.replier_staff.fill_null(False)))
    if not chosen.self_replies:
        own = (rows.replier_id == rows.poster_id).fill_null(False)
        steps.append(("self-reply", "replies of posters to themselves", own))
    early = (rows.written_at < rows.post_at).fill_null(False)
    steps.append(("before-post", "replies dated before their post", early))
    return steps


def excluded(rows: Any, chosen: Selection) -> Any:
    """Return the rows with `excluded`: 0 where kept, else the number of the first exclusion."""
    cases = [
        (condition, number) for number, (_, _, condition) in enumerate(exclusions(rows, chosen), 1)
    ]
    return rows.mutate(excluded=ibis.cases(*cases, else_=0))


def flow(rows: Any, posts: Any, chosen: Selection) -> list[Step]:
    """Return how many posts, replies and people are left after each exclusion.

    A post counts as long as one of its replies is left; at the start all posts count, with and
    without replies.

    Args:
        rows: From `excluded`, kept on disk: it is read a few times.
        posts: The table of posts.
        chosen: What is left out.
    """
    steps = exclusions(rows, chosen)
    last = len(steps) + 1
    survived = (rows.excluded == 0).ifelse(last, rows.excluded)

    def counts(key: Any) -> dict[int, int]:
        table = rows.select(key=key, survived=survived)
        table = table.filter(table.key.notnull()).group_by("key").agg(at=ibis._.survived.max())
        found = table.group_by("at").agg(n=table.count()).execute()
        return {int(at): int(n) for at, n in zip(found["at"], found["n"], strict=True)}

    people = rows.select(key=rows.replier_id, excluded=rows.excluded).union(
        rows.select(key=rows.poster_id, excluded=rows.excluded)
    )
    rows_of_people = people.mutate(at=(people.excluded == 0).ifelse(last, people.excluded)).filter(
        people.key.notnull()
    )
    by_person = rows_of_people.group_by("key").agg(at=rows_of_people["at"].max())
    found = by_person.group_by("at").agg(n=by_person.count()).execute()
    persons = {int(at): int(n) for at, n in zip(found["at"], found["n"], strict=True)}
    replies, threads = counts(rows.reply_id), counts(rows.post_id)

    def left(by_step: dict[int, int], number: int) -> int:
        return sum(n for at, n in by_step.items() if at > number)

    n_posts = int(posts.count().execute())
    result = [Step("all", "everything", n_posts, left(replies, 0), left(persons, 0), 0, 0)]
    result.append(
        Step(
            "no-reply",
            "posts without replies",
            left(threads, 0) - _without_post(rows),
            left(replies, 0),
            left(persons, 0),
            n_posts - left(threads, 0) + _without_post(rows),
            0,
        )
    )
    for number, (name, about, _) in enumerate(steps, 1):
        previous = result[-1]
        n = left(threads, number)
        m = left(replies, number)
        result.append(
            Step(
                name, about, n, m, left(persons, number),
                max(0, previous.n_posts - n), previous.n_replies - m,
            )
        )  # fmt: skip
    return result


def _without_post(rows: Any) -> int:
    """Return how many different posts replies name that are not in the corpus."""
    lost = rows.filter(rows.post_there.isnull() & rows.post_id.notnull())
    return int(lost.post_id.nunique().execute())
