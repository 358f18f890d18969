"""Replies from before there were warnings on replies get theirs."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Reply
from oarlock.community.texts.models import Screening

pytestmark = pytest.mark.django_db


def test_replies_that_are_there_get_the_warnings_of_their_present_version(
    person: Callable[..., User], group: Group, join: Callable[..., Any]
) -> None:
    ash = person("ash")
    join(ash, group)
    post = write_post(by=ash, group=group, body="hello")
    found = {
        "risk": {"risk": "active"},
        "both": {"risk": "plan or intent", "kinds": {"abuse": 0.9, "insult": 0.8}},
        "mild": {"risk": "passive", "kinds": {"insult": 0.8}},
        "none": {},
    }
    replies = {}
    for body, what in found.items():
        replies[body] = write_reply(by=ash, post=post, body=body)
        Screening.objects.filter(text=replies[body].text).update(**what)
    Screening.objects.create(
        text=replies["none"].text, version=7, risk="active", screener_version="test"
    )
    assert not Reply.objects.exclude(warnings=[]).exists()
    import_module("oarlock.community.support.migrations.0004_reply_warnings").warn(apps, None)
    assert {body: Reply.objects.get(pk=one.pk).warnings for body, one in replies.items()} == {
        "risk": ["suicide"], "both": ["abuse", "suicide"], "mild": [], "none": [],
    }  # fmt: skip
