"""No post waits longer than the set time without a person who has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import Role, User
from oarlock.community.coaching.models import Care
from oarlock.community.desk import closing
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group
from oarlock.community.notices import watch
from oarlock.community.notices.models import Notice
from oarlock.community.support.actions import delete, write_post, write_reply
from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db

Make = Callable[..., User]


@pytest.fixture
def supporter(person: Make, group: Group, join: Callable[..., Any]) -> Make:
    def make(handle: str, **more: Any) -> User:
        user = person(handle, offers_support=True, **more)
        join(user, group)
        return user

    return make


@pytest.fixture
def post(person: Make, group: Group, join: Callable[..., Any]) -> Post:
    ash = person("ash")
    join(ash, group)
    return write_post(by=ash, group=group, body="is anybody there")


def waited(post: Post, hours: float) -> None:
    Text.objects.filter(pk=post.pk).update(created_at=timezone.now() - timedelta(hours=hours))


def asked() -> set[str]:
    return set(Notice.objects.filter(kind="asked").values_list("to__handle", flat=True))


def test_supporters_who_fit_are_asked_after_a_while(post: Post, supporter: Make) -> None:
    supporter("kim")
    assert watch.look()["asked"] == 0
    waited(post, 2)
    assert watch.look()["asked"] == 1
    assert watch.look()["asked"] == 0
    assert asked() == {"kim"}


def test_people_who_do_not_fit_are_never_asked(
    post: Post, supporter: Make, person: Make, closed_group: Group, join: Callable[..., Any]
) -> None:
    resting = supporter("resting", break_until=timezone.now() + timedelta(days=1))
    full = supporter("full", caseload_limit=1)
    other = write_post(by=resting, group=post.group, body="something else")
    Care.objects.create(post=other, by=full, accepted_at=timezone.now())
    Text.objects.filter(pk=other.pk).update(state=Text.State.HIDDEN)
    blocked = supporter("blocked")
    accounts.block(by=post.text.author, other=blocked)
    muting = supporter("muting")
    accounts.mute(by=muting, other=post.text.author)
    elsewhere = person("elsewhere", offers_support=True)
    join(elsewhere, closed_group)
    waited(post, 2)
    assert watch.look()["asked"] == 0
    assert asked() == set()


def test_at_most_three_are_asked_at_a_time_those_of_the_topic_first(
    post: Post, supporter: Make
) -> None:
    for n in range(5):
        supporter(f"other{n}")
    supporter("knows", topics=["low-mood"])
    waited(post, 2)
    assert watch.look()["asked"] == 3
    assert "knows" in asked()
    assert watch.look(timezone.now() + timedelta(hours=1))["asked"] == 3


def test_moderators_get_a_case_before_the_time_is_over(post: Post) -> None:
    waited(post, 5)
    assert watch.look()["opened"] == 1
    assert watch.look()["opened"] == 0
    case = Case.objects.get()
    assert case.origin == Case.Origin.WATCH
    assert timezone.now() < case.acknowledge_by <= timezone.now() + timedelta(hours=1, minutes=1)


def test_a_case_of_the_watch_closes_itself_when_somebody_answers(
    post: Post, supporter: Make
) -> None:
    waited(post, 5)
    watch.look()
    write_reply(by=supporter("kim"), post=post, body="i am here")
    assert watch.look()["closed"] == 1
    assert Case.objects.get().state == Case.State.CLOSED


def test_a_thread_of_a_supporter_who_disappears_is_offered_to_somebody_else(
    post: Post, supporter: Make
) -> None:
    kim = supporter("kim")
    watch.take(by=kim, post=post)
    supporter("lou")
    waited(post, 3)
    assert watch.look()["asked"] == 0
    Care.objects.update(accepted_at=timezone.now() - timedelta(hours=30))
    assert watch.look()["ended"] == 1
    assert watch.look()["asked"] == 1
    assert asked() == {"lou"}


def test_a_break_frees_the_threads_of_a_supporter(post: Post, supporter: Make) -> None:
    kim = supporter("kim")
    watch.take(by=kim, post=post)
    accounts.take_break(by=kim, until=timezone.now() + timedelta(days=1))
    assert watch.look()["ended"] == 1


@pytest.mark.parametrize("state", [Text.State.HELD, Text.State.HIDDEN, Text.State.DELETED])
def test_a_post_that_peers_do_not_see_is_not_offered(
    post: Post, supporter: Make, state: Text.State
) -> None:
    supporter("kim")
    waited(post, 3)
    Text.objects.update(state=state)
    assert watch.look()["asked"] == 0


def test_post_whose_only_answer_went_is_watched_again(post: Post, supporter: Make) -> None:
    kim = supporter("kim")
    waited(post, 10)
    assert watch.look()["opened"] == 1
    reply = write_reply(by=kim, post=post, body="i hear you")
    assert watch.look()["closed"] == 1
    delete(by=kim, text=reply.text)
    assert watch.look()["opened"] == 1
    assert Case.objects.exclude(state="closed").count() == 1


def test_unanswered_post_that_a_person_looked_at_is_not_opened_twice(
    post: Post, person: Make
) -> None:
    waited(post, 10)
    watch.look()
    closing.close(by=person("moss", Role.MODERATOR), case=Case.objects.get(), outcome="no-concern")
    assert watch.look()["opened"] == 0


def test_watch_lets_go_of_what_its_author_erased(post: Post) -> None:
    waited(post, 10)
    assert watch.look()["opened"] == 1
    accounts.erase(by=post.text.author, keep_texts=False)
    assert watch.look()["closed"] == 1
    text = Text.objects.get(pk=post.pk)
    assert (text.body, text.state) == ("", Text.State.DELETED)


@pytest.mark.parametrize(("hours", "least", "most"), [(4.6, 80, 85), (20, 59, 61)])
def test_the_clock_of_an_unanswered_post_fits_its_grade(
    post: Post, hours: float, least: int, most: int
) -> None:
    waited(post, hours)
    watch.look()
    case = Case.objects.get(origin=Case.Origin.WATCH)
    left = (case.acknowledge_by - timezone.now()).total_seconds() / 60
    assert case.grade == 3
    assert least <= left <= most
