"""People are told once, discreetly, and only what they want to hear about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.notices import digest
from oarlock.community.notices.actions import tell, tell_reply
from oarlock.community.notices.models import Letter, Notice
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Follow, Reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(
    person: Callable[..., User], group: Group, join: Callable[..., Any]
) -> tuple[User, User, User]:
    people = person("ash"), person("kim"), person("lou")
    for one in people:
        join(one, group)
    return people


@pytest.fixture
def reply(three: tuple[User, User, User], group: Group) -> Reply:
    ash, kim, lou = three
    post = write_post(by=ash, group=group, body="a secret worry")
    Follow.objects.create(post=post, by=lou)
    return write_reply(by=kim, post=post, body="a kind answer")


def test_reply_is_told_to_poster_and_followers_once(
    three: tuple[User, User, User], reply: Reply
) -> None:
    ash, _, lou = three
    tell_reply(reply=reply)
    tell_reply(reply=reply)
    assert {(n.to, n.kind) for n in Notice.objects.all()} == {(ash, "reply"), (lou, "follow")}


def test_nobody_is_told_of_somebody_they_shut_out(
    three: tuple[User, User, User], reply: Reply
) -> None:
    ash, kim, lou = three
    accounts.block(by=kim, other=lou)
    accounts.mute(by=ash, other=kim)
    Notice.objects.all().delete()
    tell_reply(reply=reply)
    assert not Notice.objects.exists()


def test_a_kind_that_is_switched_off_is_not_told(three: tuple[User, User, User]) -> None:
    ash, kim, _ = three
    ash.muted_kinds = ["reaction"]
    assert tell(to=ash, kind="reaction", target="", key="a", actor=kim) is None
    assert tell(to=ash, kind="helped", target="", key="b", actor=kim) is not None


def test_notices_page_leads_to_the_thread_and_marks_as_read(
    three: tuple[User, User, User], reply: Reply, sign_in: Callable[[User], Client]
) -> None:
    ash, kim, _ = three
    tell_reply(reply=reply)
    notice = Notice.objects.get(to=ash)
    browser = sign_in(ash)
    page = browser.get("/notices/").content.decode()
    assert "Somebody replied to your post." in page
    assert "secret" not in page
    assert "kind answer" not in page
    assert sign_in(kim).get(f"/notices/{notice.pk}").status_code == 404
    assert browser.get(f"/notices/{notice.pk}").status_code == 302
    notice.refresh_from_db()
    assert notice.read_at is not None


@pytest.mark.django_db(transaction=True)
def test_digest_is_discreet_and_sent_once(three: tuple[User, User, User], reply: Reply) -> None:
    ash, _, lou = three
    User.objects.filter(pk=lou.pk).update(digest="never")
    tell_reply(reply=reply)
    assert digest.write_letters() == 1
    assert digest.write_letters() == 0
    letter = Letter.objects.get()
    for _ in range(3):
        digest.send.call(letter.pk)
    (sent,) = mail.outbox
    assert sent.to == [ash.email]
    assert sent.subject == "Something new for you"
    for word in ("secret", "kind", "kim", "Low mood", "reply", "support"):
        assert word not in sent.subject + sent.body


def test_digest_that_may_have_left_is_never_sent_again(
    three: tuple[User, User, User], reply: Reply
) -> None:
    tell_reply(reply=reply)
    digest.write_letters()
    Letter.objects.update(tried_at=timezone.now())
    assert [digest.send.call(pk) for pk in Letter.objects.values_list("pk", flat=True)] == [
        False,
        False,
    ]
    assert not mail.outbox


def test_digest_waits_for_a_day_and_for_quiet_hours(
    three: tuple[User, User, User], reply: Reply
) -> None:
    ash, _, lou = three
    User.objects.filter(pk=lou.pk).update(digest="never")
    tell_reply(reply=reply)
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    User.objects.filter(pk=ash.pk).update(
        quiet_from=time(22), quiet_to=time(15), time_zone="Europe/Berlin"
    )
    assert digest.write_letters(noon) == 0
    assert digest.write_letters(noon + timedelta(hours=2)) == 1
    tell(to=ash, kind="helped", target="", key="more")
    assert digest.write_letters(noon + timedelta(hours=20)) == 0
    assert digest.write_letters(noon + timedelta(hours=27)) == 1
