"""What safety staff reads: groups they moderate, threads of their cases, else as a member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import closing
from oarlock.community.desk.intake import open_case
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group, Membership
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db

People = Callable[..., User]
SignIn = Callable[[User], Client]
SAFETY = [Role.MODERATOR, Role.CLINICIAN, Role.SUPERVISOR]
QUEUES = {
    Role.MODERATOR: Case.Queue.MODERATION,
    Role.CLINICIAN: Case.Queue.CLINICAL,
    Role.SUPERVISOR: Case.Queue.SUPERVISION,
}


@pytest.fixture
def ash(person: People, group: Group, closed_group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    join(user, closed_group)
    return user


@pytest.fixture
def among_us(ash: User, closed_group: Group) -> Post:
    post = write_post(by=ash, group=closed_group, title="Bicycles", body="bicycles among us")
    write_reply(by=ash, post=post, body="bicycles again")
    return post


def opened(post: Post, queue: Case.Queue, text: Text | None = None) -> Case:
    return open_case(
        queue=queue, origin=Case.Origin.SCREENING, kind="insult", grade=3, minutes=60,
        text=text or post.text,
    )  # fmt: skip


def reads(browser: Client, post: Post) -> bool:
    """Return whether somebody reads a thread; lists and search agree with its page."""
    page = browser.get(f"/threads/{post.text.public_id}")
    words = "bicycles among us"
    opens = page.status_code == 200 and words in page.content.decode()
    found = words in browser.post("/search", {"q": "bicycles"}).content.decode()
    listed = words in browser.get(f"/groups/{post.group.slug}").content.decode()
    assert (opens, found, listed) in {(True, True, True), (False, False, False)}
    return opens


@pytest.mark.parametrize("role", SAFETY)
def test_closed_group_is_not_read_without_membership_or_case(
    role: Role, among_us: Post, person: People, sign_in: SignIn, closed_group: Group
) -> None:
    one = person("one", role)
    browser = sign_in(one)
    assert not reads(browser, among_us)
    reply = among_us.replies.get()
    assert browser.get(f"/replies/{reply.text.public_id}").status_code == 404
    assert "Only members of this group" in browser.get("/groups/grief").content.decode()
    Membership.objects.create(person=one, group=closed_group)
    assert reads(browser, among_us)


@pytest.mark.parametrize("role", SAFETY)
def test_thread_of_an_own_case_opens_until_the_case_is_closed(
    role: Role, among_us: Post, ash: User, person: People, sign_in: SignIn, closed_group: Group
) -> None:
    one, second = person("one", role), person("two", Role.SUPERVISOR)
    other = write_post(by=ash, group=closed_group, body="bicycles among us, elsewhere")
    browser = sign_in(one)
    case = opened(among_us, QUEUES[role], among_us.replies.get().text)
    assert browser.get(f"/threads/{among_us.text.public_id}").status_code == 200
    assert browser.get(f"/threads/{other.text.public_id}").status_code == 404
    closing.close(by=one, case=case, outcome="no-concern")
    assert not case.two_readers
    assert browser.get(f"/threads/{among_us.text.public_id}").status_code == 404
    assert second.role == Role.SUPERVISOR


@pytest.mark.parametrize(
    ("role", "queue"),
    [
        (Role.MODERATOR, Case.Queue.CLINICAL),
        (Role.CLINICIAN, Case.Queue.MODERATION),
        (Role.MODERATOR, Case.Queue.SUPERVISION),
    ],
)
def test_case_of_another_queue_opens_no_thread(
    role: Role, queue: Case.Queue, among_us: Post, person: People, sign_in: SignIn
) -> None:
    one = person("one", role)
    opened(among_us, queue)
    assert not reads(sign_in(one), among_us)


def test_moderator_reads_all_of_the_own_closed_group_and_nothing_of_others(
    among_us: Post, ash: User, person: People, sign_in: SignIn, group: Group, closed_group: Group
) -> None:
    own, stranger = person("own", Role.MODERATOR), person("else", Role.MODERATOR)
    Membership.objects.create(person=own, group=closed_group, moderates=True)
    Membership.objects.create(person=stranger, group=group, moderates=True)
    Text.objects.filter(pk=among_us.pk).update(state=Text.State.HELD)
    assert reads(sign_in(own), among_us)
    assert not reads(sign_in(stranger), among_us)
    # Who is no moderator any more has only the membership left.
    User.objects.filter(pk=own.pk).update(role=Role.MEMBER)
    assert not reads(sign_in(User.objects.get(pk=own.pk)), among_us)


@pytest.mark.parametrize("role", SAFETY)
def test_staff_reads_an_open_group_as_any_member_does(
    role: Role, ash: User, person: People, sign_in: SignIn, group: Group
) -> None:
    shown = write_post(by=ash, group=group, body="bicycles among us")
    held = write_post(by=ash, group=group, body="bicycles among us, held")
    Text.objects.filter(pk=held.pk).update(state=Text.State.HELD)
    browser = sign_in(person("one", role))
    assert reads(browser, shown)
    assert browser.get(f"/threads/{held.text.public_id}").status_code == 404
    assert "us, held" not in browser.get("/groups/low-mood").content.decode()
    opened(held, QUEUES[role])
    page = browser.get(f"/threads/{held.text.public_id}").content.decode()
    assert "us, held" in page
