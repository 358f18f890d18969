"""The page of drafts asks the database as often for fifty drafts as for three."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Draft, Post

pytestmark = pytest.mark.django_db


def test_drafts_cost_the_same_however_many_there_are(
    person: Callable[..., User], group: Group, join: Callable[..., Any],
    sign_in: Callable[[User], Client],
) -> None:  # fmt: skip
    ash, kim = person("ash"), person("kim")
    join(ash, group)
    join(kim, group)
    Draft.objects.create(by=ash, place="group:low-mood", fields={"body": "a draft"})
    Draft.objects.create(by=ash, place="group:nowhere", fields={"body": "a lost draft"})

    def fill(n: int) -> None:
        for _ in range(n):
            post: Post = write_post(by=kim, group=group, body="a post")
            reply = write_reply(by=kim, post=post, body="more")
            for place in (str(post.text), str(reply.text)):
                Draft.objects.create(by=ash, place=place, fields={"body": "a draft"})

    def cost() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get("/drafts")
        return len(queries), answer.content.decode()

    browser = sign_in(ash)
    fill(1)
    cost()
    few, _ = cost()
    fill(6)
    many, page = cost()
    assert many == few
    assert page.count("A reply in Low mood") == 7
    assert page.count("An answer to a reply in Low mood") == 7
    assert "The place of this draft is gone" in page
