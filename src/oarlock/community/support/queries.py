"""Lists of threads, and what the home page shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.groups import queries as group_queries
from oarlock.community.groups.models import Group
from oarlock.community.ids import ALPHABET, LENGTH
from oarlock.community.support.models import ContentWarning, Post, Reply, Wanted
from oarlock.community.texts.models import Text, Version

PAGE = 20
EXCERPT = 160
_CURSOR = re.compile(rf"(\d{{1,17}})\.([{ALPHABET}]{{{LENGTH}}})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def warning_labels(names: Iterable[str]) -> list[str]:
    return [str(ContentWarning(name).label) for name in names if name in ContentWarning]


def folds(by: User, thing: Post | Reply) -> bool:
    """Return whether the reader asked to have such content folded; nobody's own is."""
    return thing.text.author_id != by.pk and not set(by.folded_warnings).isdisjoint(thing.warnings)


def warnings_of(thing: Post | Reply) -> list[str]:
    """Return the warnings of a post, or of a reply with those of its thread."""
    own: list[str] = list(thing.warnings)
    return own if isinstance(thing, Post) else list(dict.fromkeys([*thing.post.warnings, *own]))


def excerpt(body: str, length: int = EXCERPT) -> str:
    line = " ".join(body[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1].rsplit(" ", 1)[0] + "…"


@dataclass(frozen=True, slots=True)
class Row:
    """A thread in a list. A folded one shows its warnings and no word of the text.

    Attributes:
        heading: Title, or the first words.
        more: First words below a title; empty otherwise.
    """

    post: Post
    heading: str
    more: str
    warnings: Sequence[str]
    folded: bool

    @property
    def wanted(self) -> str:
        return str(Wanted(self.post.wanted).label)

    @property
    def waiting(self) -> bool:
        return (
            self.post.answered_at is None
            and self.post.closed_at is None
            and self.post.text.state == Text.State.SHOWN
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `older` is the cursor of the next, empty at the end."""

    rows: Sequence[Row]
    older: str = ""


def row(by: User, post: Post) -> Row:
    folded = folds(by, post)
    if folded:
        heading, more = _("Folded, because of its content warning"), ""
    elif post.text.title:
        heading, more = post.text.title, excerpt(post.text.body)
    else:
        heading, more = excerpt(post.text.body, 90), ""
    return Row(post, heading, more, warning_labels(post.warnings), folded)


def rows(by: User, posts: Iterable[Post]) -> list[Row]:
    return [row(by, post) for post in posts]


def _cursor(at: datetime, post: Post) -> str:
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{post.text.public_id}"


def _read_cursor(cursor: str) -> tuple[datetime, int] | None:
    """Return time and row that a cursor names; None for one that this site did not give."""
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        return None
    pk = Text.objects.filter(public_id=match[2]).values_list("pk", flat=True).first()
    try:
        return None if pk is None else (_EPOCH + timedelta(microseconds=int(match[1])), pk)
    except OverflowError:
        return None


def _page(by: User, posts: QuerySet[Post], field: str, before: str) -> Page:
    """Return a page of posts, the latest first by `field`; keyset, so late pages cost no more."""
    if start := _read_cursor(before):
        at, pk = start
        posts = posts.filter(**{f"{field}__lte": at}).exclude(Q(**{field: at}) & Q(pk__gte=pk))
    found = list(posts.order_by(f"-{field}", "-pk")[: PAGE + 1])
    older = ""
    if len(found) > PAGE:
        last = found[PAGE - 1]
        at = last.active_at if field == "active_at" else last.text.created_at
        older = _cursor(at, last)
    return Page(rows(by, found[:PAGE]), older)


def group_threads(by: User, group: Group, *, before: str = "") -> Page:
    """Return the threads of a group that `by` may see, by last activity."""
    return _page(by, access.posts(by).filter(group=group), "active_at", before)


def own_posts(by: User, *, before: str = "") -> Page:
    """Return what `by` posted, in whatever state, the newest first."""
    posts = Post.objects.select_related("text", "text__author", "group").filter(text__author=by)
    return _page(by, posts.exclude(text__state=Text.State.DELETED), "text__created_at", before)


def bookmarked(by: User, *, before: str = "") -> Page:
    """Return the bookmarked threads that `by` may still see, by last activity."""
    return _page(by, access.posts(by).filter(bookmarks__by=by), "active_at", before)


@dataclass(frozen=True, slots=True)
class Home:
    groups: Sequence[Group]
    waiting: Sequence[Row]
    own: Sequence[Row]
    latest: Sequence[Row]
    requests: Sequence[tuple[Group, int]]


def home(by: User) -> Home:
    """Return what somebody sees first: who waits for an answer, own threads, own groups."""
    groups = list(group_queries.own(by))
    posts = access.posts(by).filter(group__in=groups)
    others = posts.filter(text__state=Text.State.SHOWN).exclude(text__author=by)
    waiting = others.filter(answered_at=None, closed_at=None).order_by("active_at", "pk")[:5]
    return Home(
        groups=groups,
        waiting=rows(by, waiting) if by.offers_support else [],
        own=own_posts(by).rows[:5],
        latest=rows(by, others.order_by("-active_at", "-pk")[:5]),
        requests=group_queries.n_requests(by) if by.is_staff else [],
    )


def posts_of(by: User, person: User) -> list[Row]:
    """Return the latest posts of a person under the own handle; anonymous ones never show here."""
    posts = access.posts(by).filter(
        text__author=person, anonymous=False, text__state=Text.State.SHOWN
    )
    return rows(by, posts.order_by("-text__created_at", "-pk")[:10])


def history(text: Text) -> QuerySet[Version]:
    return Version.objects.filter(text=text)
