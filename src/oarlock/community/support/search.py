"""Search over the posts and replies that somebody may see.

Only titles and bodies are searched, never handles: looking for a handle cannot tell who wrote
anonymously. Every word has to be there, at least its beginning. Time is bounded: the newest
`CANDIDATES` texts with these words are looked at, found by an index of the database.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import OperationalError, connection, transaction
from django.db.models import F, Max, QuerySet

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.support.models import Post, Reply
from oarlock.community.support.queries import excerpt, folds, warning_labels, warnings_of
from oarlock.community.texts.models import IN_THREADS, Text

CANDIDATES, RESULTS, WORDS = 500, 30, 8
SECONDS = 2
#: How many of the newest texts are looked through before older ones; None: all.
SPANS = (50_000, 500_000, None)
#: Has no endings of one language: texts are in several. The index names it too.
CONFIG = "simple"


class TooSlowError(Exception):
    """The database took too long; a rarer word helps."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A post or reply that was found; a folded one shows no word of its text."""

    thing: Post | Reply
    post: Post
    excerpt: str
    folded: bool
    warnings: Sequence[str]

    @property
    def is_reply(self) -> bool:
        return isinstance(self.thing, Reply)


def words(query: str) -> list[str]:
    """Return the words of a query: letters and digits, two or more, at most eight."""
    found = [word[:40] for word in re.findall(r"[^\W_]+", query) if len(word) > 1]
    return list(dict.fromkeys(found))[:WORDS]


def search(by: User, query: str) -> list[Hit]:
    """Return what `by` may see of the texts with these words, the newest first.

    Raises:
        TooSlowError: The time was up.
    """
    wanted = words(query)
    if not wanted:
        return []
    try:
        with transaction.atomic():
            pks = _postgres(wanted) if connection.vendor == "postgresql" else _sqlite(wanted)
    except OperationalError as error:
        raise TooSlowError from error
    found: list[Post | Reply] = [
        *access.posts(by).filter(pk__in=pks).order_by("-pk")[:RESULTS],
        *access.all_replies(by).filter(pk__in=pks).order_by("-pk")[:RESULTS],
    ]
    found.sort(key=lambda thing: thing.pk, reverse=True)
    return [_hit(by, thing, wanted) for thing in found[:RESULTS]]


def matching(wanted: Sequence[str]) -> QuerySet[Text]:
    """Return the texts with these words, in PostgreSQL. Says what its index says."""
    query = " & ".join(f"'{word}':*" for word in wanted)
    return (
        Text.objects.filter(kind__in=IN_THREADS)
        .annotate(words=SearchVector("title", "body", config=CONFIG))
        .filter(words=SearchQuery(query, search_type="raw", config=CONFIG))
        # Not by the key alone: the database would then read all texts along it, newest first.
        .order_by((F("pk") + 0).desc())
    )


def _postgres(wanted: Sequence[str]) -> list[int]:
    """Look through the newest texts first: of a frequent word only the newest are wanted."""
    newest = Text.objects.aggregate(pk=Max("pk"))["pk"] or 0
    ends, pks = time.monotonic() + SECONDS, list[int]()
    with connection.cursor() as cursor:
        before = newest + 1
        for span in SPANS:
            left = max(1, round(1000 * (ends - time.monotonic())))
            cursor.execute(f"SET LOCAL statement_timeout = {left}")
            after = 0 if span is None else max(0, newest - span)
            part = matching(wanted).filter(pk__gt=after, pk__lt=before)
            pks += part.values_list("pk", flat=True)[: CANDIDATES - len(pks)]
            if len(pks) >= CANDIDATES or after == 0:
                break
            before = after + 1
        cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    return pks


def _sqlite(wanted: Sequence[str]) -> list[int]:
    match = " ".join(f'"{word}"*' for word in wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rowid FROM support_search WHERE support_search MATCH %s"
            " ORDER BY rowid DESC LIMIT %s",
            [match, CANDIDATES],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _hit(by: User, thing: Post | Reply, wanted: Sequence[str]) -> Hit:
    post = thing if isinstance(thing, Post) else thing.post
    folded = folds(by, thing) or (folds(by, post) and thing.text.author_id != by.pk)
    text = "" if folded else _around(f"{thing.text.title}\n{thing.text.body}", wanted)
    return Hit(thing, post, text, folded, warning_labels(warnings_of(thing)))


def _around(text: str, wanted: Sequence[str]) -> str:
    """Return the words around the first hit."""
    places = [m.start() for word in wanted if (m := re.search(re.escape(word), text, re.I))]
    start = max(0, min(places, default=0) - 60)
    if start:
        start = text.find(" ", start) + 1 or start
    return ("…" if start else "") + excerpt(text[start:])
