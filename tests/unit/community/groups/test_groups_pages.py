"""Groups: who finds, joins, leaves, asks, answers, changes and puts away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts.models import Role, User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.groups import actions
from oarlock.community.groups.models import Group, Membership, Topic
from oarlock.community.support.actions import write_post
from oarlock.community.texts.models import Text

People = Callable[..., User]
SignIn = Callable[[User], Client]
State = Membership.State


@pytest.fixture
def ash(person: People) -> User:
    return person("ash")


@pytest.fixture
def moderator(person: People, closed_group: Group, join: Callable[..., Any]) -> User:
    user = person("moss", Role.MODERATOR)
    join(user, closed_group, moderates=True)
    return user


def state(user: User, group: Group) -> str | None:
    return (
        Membership.objects.filter(person=user, group=group).values_list("state", flat=True).first()
    )


def test_groups_are_listed_by_topic_without_a_query_per_group(
    ash: User, sign_in: SignIn, group: Group, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        Group.objects.create(slug=f"g{n}", name=f"Group {n}", about="x", topic=Topic.SLEEP)
    browser = sign_in(ash)
    with django_assert_max_num_queries(7):
        page = browser.get("/groups/").content.decode()
    assert page.index("Low mood") < page.index("Sleep")
    assert "Group 11" in page


def test_stranger_is_sent_to_sign_in(client: Client, group: Group) -> None:
    for address in ("/groups/", "/groups/low-mood", "/groups/low-mood/write"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/")


def test_open_group_is_joined_and_left(ash: User, sign_in: SignIn, group: Group) -> None:
    browser = sign_in(ash)
    browser.post("/groups/low-mood/join")
    browser.post("/groups/low-mood/join")
    assert state(ash, group) == State.MEMBER
    assert AuditEvent.objects.filter(action="group.joined").count() == 1
    browser.post("/groups/low-mood/leave")
    assert state(ash, group) is None


@pytest.mark.parametrize("what", ["join", "leave", "archive", "requests/ash"])
def test_changing_address_refuses_get(
    person: People, sign_in: SignIn, group: Group, what: str
) -> None:
    boss = person("boss", Role.SUPERVISOR)
    assert sign_in(boss).get(f"/groups/low-mood/{what}").status_code == 405


def test_closed_group_is_not_joined_without_asking(
    ash: User, sign_in: SignIn, closed_group: Group
) -> None:
    assert sign_in(ash).post("/groups/grief/join").status_code == 403
    assert state(ash, closed_group) is None


def test_closed_group_hides_its_threads_from_strangers_and_shows_them_to_members(
    ash: User, person: People, sign_in: SignIn, closed_group: Group, join: Callable[..., Any]
) -> None:
    kim = person("kim")
    join(kim, closed_group)
    post = write_post(by=kim, group=closed_group, title="An empty chair", body="since may")
    assert "An empty chair" in sign_in(kim).get("/groups/grief").content.decode()
    browser = sign_in(ash)
    page = browser.get("/groups/grief").content.decode()
    assert "An empty chair" not in page
    assert "Ask to join" in page
    assert browser.get(f"/threads/{post.text.public_id}").status_code == 404


def test_request_goes_through_the_door_and_is_accepted(
    ash: User, moderator: User, sign_in: SignIn, closed_group: Group
) -> None:
    form = {"body": "i lost my brother", "key": "k1"}
    browser = sign_in(ash)
    assert browser.post("/groups/grief/ask", form).status_code == 302
    browser.post("/groups/grief/ask", form)
    text = Text.objects.get()
    assert (text.kind, text.screenings.count()) == (Text.Kind.REQUEST, 1)
    assert state(ash, closed_group) == State.ASKED
    desk = sign_in(moderator)
    assert (
        "ash" in desk.get("/home").content.decode()
        or "1 person asks" in desk.get("/home").content.decode()
    )
    assert "i lost my brother" in desk.get("/groups/grief/requests").content.decode()
    desk.post("/groups/grief/requests/ash", {"answer": "yes"})
    assert state(ash, closed_group) == State.MEMBER
    assert desk.post("/groups/grief/requests/ash", {"answer": "no"}).status_code == 404
    assert state(ash, closed_group) == State.MEMBER


def test_refused_person_asks_again_only_after_two_weeks(
    ash: User, moderator: User, sign_in: SignIn, closed_group: Group
) -> None:
    browser = sign_in(ash)
    browser.post("/groups/grief/ask", {"body": "please"})
    sign_in(moderator).post("/groups/grief/requests/ash", {"answer": "no"})
    assert state(ash, closed_group) == State.REFUSED
    again = browser.post("/groups/grief/ask", {"body": "please once more"})
    assert again.status_code == 422
    assert "please once more" in again.content.decode()
    Membership.objects.update(at=timezone.now() - timedelta(days=15))
    assert browser.post("/groups/grief/ask", {"body": "please once more"}).status_code == 302
    assert state(ash, closed_group) == State.ASKED


def test_empty_request_is_refused_in_words(ash: User, sign_in: SignIn, closed_group: Group) -> None:
    answer = sign_in(ash).post("/groups/grief/ask", {"body": " "})
    assert answer.status_code == 422
    assert state(ash, closed_group) is None


def test_requests_open_for_moderators_of_the_group_alone(
    person: People, moderator: User, sign_in: SignIn, closed_group: Group, ash: User
) -> None:
    assert sign_in(moderator).get("/groups/grief/requests").status_code == 200
    assert sign_in(person("other", Role.MODERATOR)).get("/groups/grief/requests").status_code == 403
    assert sign_in(ash).get("/groups/grief/requests").status_code == 403
    assert sign_in(person("boss", Role.SUPERVISOR)).get("/groups/grief/requests").status_code == 200


def test_description_is_changed_by_moderators_of_the_group_alone(
    person: People, moderator: User, sign_in: SignIn, closed_group: Group, ash: User
) -> None:
    form = {"about": "After somebody died.", "guidelines": "No advice unasked.\n<script>"}
    for stranger in (ash, person("other", Role.MODERATOR)):
        assert sign_in(stranger).post("/groups/grief/edit", form).status_code == 403
    assert sign_in(moderator).post("/groups/grief/edit", form).status_code == 302
    closed_group.refresh_from_db()
    assert closed_group.about == "After somebody died."
    page = sign_in(moderator).get("/groups/grief").content.decode()
    assert "No advice unasked.\n&lt;script&gt;" in page


def test_group_is_created_given_moderators_and_put_away_by_those_who_run_groups(
    person: People, sign_in: SignIn, ash: User
) -> None:
    operator, mo = person("op", Role.OPERATOR), person("moss", Role.MODERATOR)
    form = {"name": "Night owls", "topic": "sleep", "about": "Awake at four.", "by_request": "on"}
    assert sign_in(ash).post("/groups/new", form).status_code == 403
    browser = sign_in(operator)
    assert browser.post("/groups/new", form)["Location"] == "/groups/night-owls/moderators"
    group = Group.objects.get(slug="night-owls")
    assert not group.open
    again = browser.post("/groups/new", form)
    assert again.status_code == 422
    assert "Awake at four." in again.content.decode()
    address = "/groups/night-owls/moderators"
    assert browser.post(address, {"handle": "ash"}).status_code == 422
    assert browser.post(address, {"handle": "nobody"}).status_code == 422
    assert browser.post(address, {"handle": "moss"}).status_code == 302
    assert Membership.objects.get(person=mo, group=group).moderates
    browser.post(address, {"handle": "moss", "dismiss": "yes"})
    assert not Membership.objects.get(person=mo, group=group).moderates
    browser.post("/groups/night-owls/archive", {"archived": "yes"})
    assert sign_in(ash).get("/groups/night-owls").status_code == 404
    browser.post("/groups/night-owls/archive", {"archived": "no"})
    assert sign_in(ash).get("/groups/night-owls").status_code == 200


def test_group_cannot_take_the_address_of_a_page(person: People, sign_in: SignIn) -> None:
    form = {"name": "New", "topic": "sleep", "about": "x"}
    answer = sign_in(person("op", Role.OPERATOR)).post("/groups/new", form)
    assert answer.status_code == 422
    assert not Group.objects.exists()


def test_archived_group_takes_nobody_and_no_post(ash: User, group: Group) -> None:
    actions.join(by=ash, group=group)
    group.archived_at = timezone.now()
    group.save()
    with pytest.raises(PermissionDenied):
        write_post(by=ash, group=group, body="hello")
    actions.leave(by=ash, group=group)
    with pytest.raises(PermissionDenied):
        actions.join(by=ash, group=group)


def test_threads_are_listed_by_activity_in_pages_of_steady_cost(
    ash: User,
    sign_in: SignIn,
    group: Group,
    join: Callable[..., Any],
    django_assert_max_num_queries: Any,
) -> None:
    join(ash, group)
    start = timezone.now() - timedelta(days=9)
    for n in range(45):
        post = write_post(by=ash, group=group, title=f"thread-{n:02d}-", body="words")
        # Every third shares its time with the next one: ties must not lose a thread.
        type(post).objects.filter(pk=post.pk).update(active_at=start + timedelta(hours=n // 3))
    browser = sign_in(ash)
    seen: list[str] = []
    address = "/groups/low-mood"
    for _page in range(3):
        with django_assert_max_num_queries(14):
            page = browser.get(address).context["page"]
        seen += [row.heading for row in page.rows]
        address = f"/groups/low-mood?before={page.older}"
    assert seen == [f"thread-{n:02d}-" for n in reversed(range(45))]
    assert page.older == ""


@pytest.mark.parametrize("before", ["x", "1.aaaaaaaaaaaaaa", "99999999999999999.x", "%00", "-1.2"])
def test_forged_cursor_shows_the_first_page(
    ash: User, sign_in: SignIn, group: Group, before: str
) -> None:
    assert sign_in(ash).get(f"/groups/low-mood?before={before}").status_code == 200
