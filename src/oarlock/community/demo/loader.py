"""Loads the demo into an empty database: people, threads, cases, reports, as if over six months."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from oarlock.community.accounts.models import Acceptance, Agreement, Consent, Role, User
from oarlock.community.coaching.models import Care
from oarlock.community.demo import desk
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group, Membership
from oarlock.community.measures import actions as measures
from oarlock.community.measures import reminders
from oarlock.community.notices.models import Notice
from oarlock.community.ops import first_things
from oarlock.community.support.actions import count_replies, write_post, write_reply
from oarlock.community.support.models import Follow, Helped, Post, Reaction, Reply
from oarlock.community.texts.models import Screening, Text
from oarlock.errors import UserError

Report = Callable[[str, int, int], None]

#: Unanswered threads of the demo that moderators hear of soon.
N_NEAR_LIMIT = 2


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("oarlock.community.demo").joinpath(name).read_text("utf-8"))


def thread_files() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the threads of each group, by slug."""
    folder = files("oarlock.community.demo").joinpath("threads")
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            yield (
                path.name.removesuffix(".toml"),
                tomllib.loads(path.read_text("utf-8"))["thread"],
            )


def load(report: Report = lambda _what, _done, _all: None) -> dict[str, int]:
    """Fill the database and return how many people, threads and replies there are.

    Raises:
        UserError: Somebody real could be there: the place is not the demo, or it is not empty.
    """
    if not settings.DEMO:
        raise UserError("This is not the demo.", remedy="Set OARLOCK_DEMO=yes.")
    if User.objects.exists():
        raise UserError("People are there already.", remedy="Choose an empty OARLOCK_HOME.")
    now = timezone.now()
    with transaction.atomic():
        first_things.lay_out()
        people = _people(now)
        groups = _groups(people, now)
        n_posts = n_replies = 0
        all_threads = [(groups[slug], thread) for slug, ts in thread_files() for thread in ts]
        _spread_unanswered([thread for _group, thread in all_threads])
        for index, (group, thread) in enumerate(all_threads):
            post = _thread(group, thread, people, now)
            n_posts += 1
            n_replies += post.n_replies
            report("threads", index + 1, len(all_threads))
        desk.work(people, now)
        _questions(people, now)
        Notice.objects.filter(at__lt=now - timedelta(days=7)).update(read_at=now)
    return {"people": len(people), "threads": n_posts, "replies": n_replies}


def _questions(people: Mapping[str, User], now: datetime) -> None:
    """Ask the seeker of the demo how they are, for a week."""
    measures.administer(
        by=None,
        person=people["paperboat"],
        instrument="who-5",
        wave="baseline",
        opens_at=now - timedelta(hours=20),
        closes_at=now + timedelta(days=6),
        source="demo",
    )
    reminders.run(now)


def _people(now: datetime) -> dict[str, User]:
    agreement = Agreement.current()
    assert agreement is not None
    people: dict[str, User] = {}
    for row in _toml("people.toml")["person"]:
        joined = now - timedelta(days=row["joined_days_ago"])
        user = User(
            handle=row["handle"],
            email=f"{row['handle']}@demo.invalid",
            role=row.get("role", Role.MEMBER),
            birth_year=now.year - row["age"] - 1,
            birth_month=1 + len(people) % 12,
            country=row["country"],
            offers_support=row["supporter"],
            topics=row["topics"],
            joined_at=joined,
        )
        user.set_unusable_password()
        user.save()
        Acceptance.objects.create(by=user, agreement=agreement, accepted_at=joined)
        if not user.is_staff and len(people) % 4:
            Consent.objects.create(by=user, given=True, version="2026-11", at=joined)
        people[user.handle] = user
    return people


def _groups(people: Mapping[str, User], now: datetime) -> dict[str, Group]:
    Group.objects.all().delete()
    groups = {}
    for row in _toml("groups.toml")["group"]:
        group = Group.objects.create(
            slug=row["slug"],
            name=row["name"],
            topic=row["topic"],
            about=row["about"],
            guidelines=row["guidelines"],
            open=row["open"],
            created_at=now - timedelta(days=200),
        )
        Membership.objects.create(group=group, person=people[row["moderator"]], moderates=True)
        groups[group.slug] = group
    return groups


def _join(person: User, group: Group, at: datetime) -> None:
    Membership.objects.get_or_create(group=group, person=person, defaults={"at": at})


def _date(text: Text, at: datetime) -> None:
    """Move everything that a text has brought with it to the time at which it was written."""
    later = timezone.now() - at
    Text.objects.filter(pk=text.pk).update(created_at=at)
    Screening.objects.filter(text=text).update(at=at)
    for case in Case.objects.filter(text=text):
        Case.objects.filter(pk=case.pk).update(
            opened_at=case.opened_at - later, acknowledge_by=case.acknowledge_by - later
        )
    if text.expected_by is not None:
        Text.objects.filter(pk=text.pk).update(expected_by=text.expected_by - later)


def _spread_unanswered(threads: list[dict[str, Any]]) -> None:
    """Let what nobody has answered be new: two near the limit, the others of the last two hours."""
    waiting = [
        one for one in threads if all(reply["by"] == one["by"] for reply in one.get("reply", ()))
    ]
    waiting.sort(key=lambda one: "hours_ago" not in one)
    for number, one in enumerate(waiting):
        if number < N_NEAR_LIMIT:
            one["hours_ago"] = settings.ANSWER_HOURS * (0.85 - 0.05 * number)
        else:
            share = (number - N_NEAR_LIMIT + 1) / (len(waiting) - N_NEAR_LIMIT)
            one["hours_ago"] = min(2.0, settings.ANSWER_HOURS / 3) * share


def _thread(
    group: Group, thread: dict[str, Any], people: Mapping[str, User], now: datetime
) -> Post:
    author = people[thread["by"]]
    at = (now - timedelta(days=thread["days_ago"])).replace(hour=thread["hour"], minute=17)
    if "hours_ago" in thread:
        at = now - timedelta(hours=thread["hours_ago"])
    at = min(at, now - timedelta(minutes=5))
    _join(author, group, at)
    post = write_post(
        by=author,
        group=group,
        title=thread.get("title", ""),
        body=thread["body"].strip(),
        wanted=thread["wanted"],
        mood=thread.get("mood", ""),
        warnings=thread.get("warnings", ()),
        anonymous=thread.get("anonymous", False),
    )
    _date(post.text, at)
    replies: list[Reply | None] = []
    for row in thread.get("reply", ()):
        replies.append(_reply(post, row, replies, people, at, now))
    count_replies(post)
    post.refresh_from_db()
    if post.n_replies == 0:
        post.active_at = at
    post.mood_after = thread.get("mood_after", "")
    post.save()
    return post


def _reply(
    post: Post,
    row: dict[str, Any],
    before: list[Reply | None],
    people: Mapping[str, User],
    start: datetime,
    now: datetime,
) -> Reply | None:
    post.refresh_from_db()
    by = people[row["by"]]
    at = min(start + timedelta(hours=row["after_hours"]), now - timedelta(minutes=5))
    _join(by, post.group, at)
    parent = before[row["to"]] if "to" in row else None
    for answered in (post, parent):
        if answered is not None and answered.text.state != Text.State.SHOWN:
            # A held text takes no answers; in the demo a moderator had shown it by then.
            Text.objects.filter(pk=answered.text_id).update(state=Text.State.SHOWN)
            answered.text.refresh_from_db()
    hidden = post.anonymous and by.pk == post.text.author_id
    reply = write_reply(by=by, post=post, body=row["body"].strip(), parent=parent, anonymous=hidden)
    _date(reply.text, at)
    Reply.objects.filter(pk=reply.pk).update(at=at)
    poster = post.text.author
    for kind in row.get("reactions", ()):
        Reaction.objects.get_or_create(text=reply.text, by=poster, kind=kind, defaults={"at": at})
    if row.get("helped"):
        Helped.objects.create(reply=reply, rating=row["helped"], at=at + timedelta(hours=1))
    if row.get("reported"):
        told = min(at + timedelta(hours=2), now - timedelta(minutes=3))
        desk.report(people[row["reported_by"]], reply.text, row["reported"], told)
    if by != poster:
        Follow.objects.get_or_create(post=post, by=by, defaults={"at": at})
        Care.objects.filter(post=post, by=by).update(accepted_at=at)
    return reply
