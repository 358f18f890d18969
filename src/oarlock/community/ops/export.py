"""From the live community to the corpus tables: those who consented, under pseudonyms, masked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from oarlock.community.accounts.ages import possible_ages
from oarlock.community.accounts.models import Consent, User
from oarlock.community.audit.actions import record
from oarlock.community.measures import export as measures
from oarlock.community.support.models import Follow, Post, Reaction, Reply
from oarlock.community.texts.models import CodedSentence, Text
from oarlock.corpus.masking import Masker
from oarlock.corpus.tables import schema, write

#: Width of an age band in years.
BAND = 3
#: What others may know of somebody. When they joined is not in an export at all.
QUASI = ("offers_support", "age_band", "country")

Pseudonym = Callable[[str], str]


def consenting() -> list[User]:
    """Return the people whose newest word on research is yes."""
    newest = Consent.objects.filter(by=OuterRef("pk"), purpose="research").order_by("-at", "-pk")
    return list(
        User.objects.people()
        .annotate(consents_now=Subquery(newest.values("given")[:1]))
        .filter(consents_now=True)
        .order_by("pk")
    )


def _band(person: User) -> str | None:
    if person.birth_year is None or person.birth_month is None:
        return None
    age, _ = possible_ages(person.birth_year, person.birth_month)
    low = age - age % BAND
    return f"{low}-{low + BAND - 1}"


def generalise(rows: list[dict[str, Any]], k: int) -> dict[str, Any]:
    """Blank quasi-identifiers until everybody shares theirs with `k` people; return the report.

    The country goes first, then the age band, then whether they offer support. Who is still one of
    fewer than `k` is taken out. Changes the rows in place.

    Source: k-anonymity by suppression, Sweeney (2002), 10.1142/S0218488502001648.
    """

    def classes() -> Counter[tuple[Any, ...]]:
        return Counter(tuple(row[name] for name in QUASI) for row in rows)

    blanked: dict[str, set[int]] = {name: set() for name in QUASI}
    for name in reversed(QUASI):
        sizes = classes()
        for row in rows:
            if sizes[tuple(row[q] for q in QUASI)] < k and row[name] is not None:
                row[name] = None
                blanked[name].add(id(row))
    sizes = classes()
    kept = [row for row in rows if sizes[tuple(row[q] for q in QUASI)] >= k]
    left_out = len(rows) - len(kept)
    rows[:] = kept
    return {
        "quasi_identifiers": list(QUASI),
        "wanted_k": k,
        "k": min(classes().values(), default=0),
        "people_left_out": left_out,
        "blanked": {name: sum(id(row) in of for row in kept) for name, of in blanked.items()},
    }


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema(name))


def export(folder: Path, *, k: int = 5) -> dict[str, Any]:
    """Write the tables into a new folder and return the facts about them.

    Pseudonyms come from a key that is made for this export and thrown away: two exports cannot be
    joined by them.

    Args:
        folder: Is made; must not exist.
        k: Everybody shares age band, country and offering support with at least so many people
            in the export; nobody who does not is in it, nor any text of theirs.

    Raises:
        UserError: The folder exists.
    """
    key = secrets.token_bytes(32)

    def pseudonym(of: str) -> str:
        return hmac.new(key, of.encode(), hashlib.sha256).hexdigest()[:16]

    with transaction.atomic():
        people = consenting()
        users = _users(people, pseudonym)
        privacy = generalise(users, k)
        kept = {row["user_id"] for row in users}
        people = [person for person in people if pseudonym(person.public_id) in kept]
        masker = Masker(User.objects.values_list("handle", flat=True).iterator())
        tables = {"users": _table("users", users), **_texts(people, pseudonym, masker)}
        for name, rows in measures.rows(people, pseudonym).items():
            tables[name] = _table(name, rows)
        facts = {
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "consent_versions": sorted(
                set(Consent.objects.filter(by__in=people).values_list("version", flat=True))
            ),
            "n_rows": {name: table.num_rows for name, table in tables.items()},
            "k_anonymity": privacy,
        }
        write(folder, tables, facts)
        record("export.made", by=None, target="export", people=len(people), k=privacy["k"])
    return facts


def _users(people: Iterable[User], pseudonym: Pseudonym) -> list[dict[str, Any]]:
    return [
        {
            "user_id": pseudonym(person.public_id),
            "age_band": _band(person),
            "country": person.country or None,
            "offers_support": person.offers_support,
        }
        for person in people
    ]


def _texts(people: list[User], pseudonym: Pseudonym, masker: Masker) -> dict[str, pa.Table]:
    ids = {person.pk: pseudonym(person.public_id) for person in people}

    def author(thing: Post | Reply) -> str:
        """Return who wrote it; without a handle, somebody who is nowhere but in this thread."""
        if not thing.anonymous:
            return ids[thing.text.author_id or 0]
        thread = thing.post_id if isinstance(thing, Reply) else thing.pk
        return pseudonym(f"{ids[thing.text.author_id or 0]} in {thread}")

    theirs = {"text__author__in": ids, "text__state": Text.State.SHOWN}
    posts = list(Post.objects.filter(**theirs).select_related("text", "group").order_by("pk"))
    replies = list(Reply.objects.filter(**theirs).select_related("text", "helped").order_by("pk"))
    both: list[Post | Reply] = [*posts, *replies]
    text_ids = {one.pk: pseudonym(one.text.public_id) for one in both}
    post_pks = {post.pk for post in posts}
    versions = {one.pk: one.text.version for one in both}
    codes = CodedSentence.objects.filter(text__in=text_ids).order_by("text", "start")
    return {
        "posts": _table("posts", [
            {
                "post_id": text_ids[post.pk],
                "user_id": author(post),
                "topic": post.group.topic,
                "written_at": _minute(post.text.created_at),
                "title": masker.mask(post.text.title) or None,
                "text": masker.mask(post.text.body),
                "wanted": post.wanted,
                "mood_before": post.mood_before or None,
                "mood_after": post.mood_after or None,
                "warnings": list(post.warnings),
                "anonymous": post.anonymous,
            }
            for post in posts
        ]),
        "replies": _table("replies", [
            {
                "reply_id": text_ids[reply.pk],
                "post_id": text_ids[reply.post_id] if reply.post_id in post_pks else None,
                "parent_id": text_ids.get(reply.parent_id or 0),
                "user_id": author(reply),
                "written_at": _minute(reply.text.created_at),
                "text": masker.mask(reply.text.body),
                "coached": reply.coached,
                "anonymous": reply.anonymous,
                # The word of the poster, so it takes the poster's consent.
                "helped": hasattr(reply, "helped") if reply.post_id in post_pks else None,
                "rating": reply.helped.rating
                if reply.post_id in post_pks and hasattr(reply, "helped")
                else None,
            }
            for reply in replies
        ]),
        "reactions": _table("reactions", [
            {
                "text_id": text_ids[one.text_id],
                "user_id": ids[one.by_id],
                "kind": one.kind,
                "at": _minute(one.at),
            }
            for one in Reaction.objects.filter(text__in=text_ids, by__in=ids).order_by("pk")
        ]),
        "follows": _table("follows", [
            {
                "post_id": text_ids[one.post_id],
                "user_id": ids[one.by_id],
                "at": _minute(one.at),
            }
            for one in Follow.objects.filter(post__in=post_pks, by__in=ids)
            # It would tell who wrote without a handle.
            .exclude(post__anonymous=True, by=F("post__text__author"))
            .order_by("pk")
        ]),
        "codes": _table("codes", [
            {
                "text_id": text_ids[one.text_id],
                "start": one.start,
                "end": one.end,
                "code": one.code,
                "probability": one.probability,
                "reliable": one.reliable,
                "model_version": one.model_version,
            }
            for one in codes
            if one.version == versions[one.text_id]
        ]),
    }  # fmt: skip
