"""What changes while a text is being screened counts; so do replies that come at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import User
from oarlock.community.groups import actions as groups
from oarlock.community.groups.models import Group
from oarlock.community.notices.models import Notice
from oarlock.community.support import actions, events
from oarlock.community.support.models import Post, Reply
from oarlock.community.texts import door
from oarlock.community.texts.models import Text
from oarlock.community.texts.screening import Finding


@pytest.fixture
def make(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> Any:
    def one(handle: str) -> User:
        user = person(handle)
        join(user, group)
        return user

    return one


def meanwhile(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    def screen(title: str, body: str) -> Finding:
        change()
        return Finding(screener_version="test")

    monkeypatch.setattr(door, "screen", screen)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["deleted", "blocked", "closed", "left"])
def test_reply_to_what_changed_during_screening_is_refused(
    make: Any, group: Group, monkeypatch: pytest.MonkeyPatch, sign_in: Callable[..., Client],
    how: str,
) -> None:  # fmt: skip
    ash, kim = make("ash"), make("kim")
    post = actions.write_post(by=ash, group=group, body="a post")
    changes: dict[str, Callable[[], object]] = {
        "deleted": lambda: actions.delete(by=ash, text=post.text),
        "blocked": lambda: accounts.block(by=ash, other=kim),
        "closed": lambda: actions.close(by=ash, post=post),
        "left": lambda: groups.leave(by=kim, group=group),
    }
    meanwhile(monkeypatch, changes[how])
    answer = sign_in(kim).post(f"/threads/{post.text.public_id}/reply", {"body": "late words"})
    assert answer.status_code in {403, 404, 422}
    assert "late words" in answer.content.decode()
    assert not Reply.objects.exists()
    assert not Text.objects.filter(kind="reply").exists()
    assert not Notice.objects.filter(to=ash).exists()


@pytest.mark.django_db
def test_post_in_a_group_that_closed_during_screening_is_refused(
    make: Any, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    ash = make("ash")
    meanwhile(monkeypatch, lambda: groups.leave(by=ash, group=group))
    with pytest.raises(PermissionDenied):
        actions.write_post(by=ash, group=group, body="late words")
    assert not Text.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_two_replies_at_once_are_both_counted(
    make: Any, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    ash, kim, lee = make("ash"), make("kim"), make("lee")
    post = actions.write_post(by=ash, group=group, body="a post")
    monkeypatch.setattr(events, "tell", lambda text: time.sleep(0.5))

    def reply(by: User) -> None:
        try:
            actions.write_reply(by=by, post=Post.objects.get(pk=post.pk), body="hi")
        finally:
            connections.close_all()

    writers = [threading.Thread(target=reply, args=(by,)) for by in (kim, lee)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    post.refresh_from_db()
    assert (post.replies.count(), post.n_replies) == (2, 2)
