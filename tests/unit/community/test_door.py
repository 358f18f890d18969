"""Every text is kept exactly once, screened or marked, or refused in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from oarlock.community.accounts.models import User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.texts import door
from oarlock.community.texts.models import Text

People = Callable[..., User]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


def test_post_is_screened_shown_audited_and_queued(ash: User, group: Group) -> None:
    from django_tasks_db.models import DBTaskResult

    post = write_post(by=ash, group=group, title="Exams", body="i can't sleep before them")
    assert post.text.state == Text.State.SHOWN
    assert post.text.screened
    assert post.text.screenings.count() == 1
    assert AuditEvent.objects.filter(action="post.written", target=str(post.text)).count() == 1
    assert DBTaskResult.objects.count() == 1


def test_post_sent_twice_is_kept_once(ash: User, group: Group) -> None:
    first = write_post(by=ash, group=group, body="hello", key="k1")
    again = write_post(by=ash, group=group, body="hello", key="k1")
    assert first == again
    assert Text.objects.count() == 1


def test_broken_screening_holds_the_text_in_front_of_a_person(
    ash: User, group: Group, screener: Any, caplog: pytest.LogCaptureFixture
) -> None:
    screener.broken = True
    with caplog.at_level(logging.INFO):
        post = write_post(by=ash, group=group, body="a very private sentence")
    assert post.text.state == Text.State.HELD
    assert not post.text.screened
    case = Case.objects.get(text=post.text)
    assert case.origin == Case.Origin.UNSCREENED
    assert case.state == Case.State.NEW
    assert "private sentence" not in caplog.text


@pytest.mark.parametrize("body", ["", "   \n ", "\u200b\u200d\ufeff", "\x00\x01"])
def test_text_that_shows_nothing_is_refused_in_words(ash: User, group: Group, body: str) -> None:
    with pytest.raises(ValidationError, match="nothing to read"):
        write_post(by=ash, group=group, body=body)
    assert not Text.objects.exists()


def test_text_of_a_megabyte_is_refused_in_words(ash: User, group: Group) -> None:
    with pytest.raises(ValidationError, match="characters too long"):
        write_post(by=ash, group=group, body="a" * 1_000_000)


def test_emoji_and_right_to_left_text_are_kept_as_they_are(ash: User, group: Group) -> None:
    body = "😔" * 10_000
    assert write_post(by=ash, group=group, body=body).text.body == body
    arabic = "لا أستطيع النوم"
    assert write_post(by=ash, group=group, body=arabic).text.body == arabic


def test_direction_override_is_taken_out(ash: User, group: Group) -> None:
    assert write_post(by=ash, group=group, body="abc\u202egnp").text.body == "abcgnp"


def test_stranger_to_the_group_cannot_post(person: People, group: Group) -> None:
    with pytest.raises(PermissionDenied, match="Join this group"):
        write_post(by=person("kim"), group=group, body="hello")


def test_edit_keeps_the_old_version_and_screens_again(
    ash: User, group: Group, screener: Any
) -> None:
    post = write_post(by=ash, group=group, body="first words")
    door.revise(by=ash, text=post.text, body="second words", version=1)
    post.text.refresh_from_db()
    assert post.text.body == "second words"
    assert post.text.versions.get().body == "first words"
    assert post.text.screenings.count() == 2


def test_edit_of_an_older_version_is_refused(ash: User, group: Group) -> None:
    post = write_post(by=ash, group=group, body="first words")
    door.revise(by=ash, text=post.text, body="second words", version=1)
    with pytest.raises(ValidationError, match="another window"):
        door.revise(by=ash, text=post.text, body="third words", version=1)


def test_edit_of_a_locked_text_is_refused(ash: User, group: Group) -> None:
    post = write_post(by=ash, group=group, body="first words")
    Text.objects.update(locked=True)
    with pytest.raises(PermissionDenied, match="locked"):
        door.revise(by=ash, text=post.text, body="second words")


def test_reply_to_a_deleted_post_is_refused_and_nothing_kept(
    ash: User, person: People, group: Group, join: Callable[..., Any]
) -> None:
    kim = person("kim")
    join(kim, group)
    post = write_post(by=ash, group=group, body="hello")
    Text.objects.update(state=Text.State.DELETED)
    post.text.refresh_from_db()
    with pytest.raises(PermissionDenied, match="deleted while you were writing"):
        write_reply(by=kim, post=post, body="hi")
    assert Text.objects.count() == 1


def test_reply_of_somebody_else_answers_the_post(
    ash: User, person: People, group: Group, join: Callable[..., Any]
) -> None:
    kim = person("kim")
    join(kim, group)
    post = write_post(by=ash, group=group, body="hello")
    write_reply(by=ash, post=post, body="one more thing")
    post.refresh_from_db()
    assert post.answered_at is None
    write_reply(by=kim, post=post, body="i hear you")
    post.refresh_from_db()
    assert post.n_replies == 2
    assert post.answered_at is not None
