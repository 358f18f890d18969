"""Deleted words: staff reads them only while a case about them is open. And short lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import measures
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group
from oarlock.community.support import actions as support
from oarlock.community.support.models import Post

People = Callable[..., User]
SignIn = Callable[[User], Client]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.fixture
def kim(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("kim")
    join(user, group)
    return user


@pytest.fixture
def mod(person: People) -> User:
    return person("mod", Role.MODERATOR)


def case_on(post: Post) -> Case:
    return Case.objects.create(
        queue="moderation", origin="report", kind="insult", grade=3, text=post.text,
        about=post.text.author, acknowledge_by=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


def test_deleted_reply_beside_the_text_of_a_case_is_a_gap(
    ash: User, kim: User, mod: User, group: Group, sign_in: SignIn
) -> None:
    post = support.write_post(by=ash, group=group, body="what the case is about")
    kept = support.write_reply(by=kim, post=post, body="words that stay")
    gone = support.write_reply(by=kim, post=post, body="words taken back")
    support.delete(by=kim, text=gone.text)
    page = sign_in(mod).get(f"/desk/cases/{case_on(post).public_id}").content.decode()
    assert kept.text.body in page
    assert "what the case is about" in page
    assert "words taken back" not in page
    assert "Its author has deleted this." in page


def test_deleted_text_is_read_while_its_case_is_open_and_no_longer(
    ash: User, mod: User, group: Group, sign_in: SignIn
) -> None:
    post = support.write_post(by=ash, group=group, body="first words")
    support.edit(by=ash, text=post.text, body="later words", version=1)
    case = case_on(post)
    support.delete(by=ash, text=post.text)
    browser, address = sign_in(mod), f"/desk/cases/{case.public_id}"
    page = browser.get(address).content.decode()
    assert "later words" in page
    assert "first words" in page
    Case.objects.update(state=Case.State.CLOSED, closed_at=timezone.now())
    page = browser.get(address).content.decode()
    assert "later words" not in page
    assert "first words" not in page


def test_decisions_take_no_query_for_each_row(
    ash: User, mod: User, group: Group, sign_in: SignIn
) -> None:
    browser = sign_in(ash)

    def warn(n: int) -> int:
        for number in range(n):
            post = support.write_post(by=ash, group=group, body=f"words {number}")
            measures.warn(by=mod, case=case_on(post), reason="unkind")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/decisions").status_code == 200
        return len(queries)

    assert warn(2) == warn(6)
