"""Blocks and mutes tell nobody who is behind a text without a handle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from oarlock.community import access
from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import User
from oarlock.community.api.actions import make_token
from oarlock.community.groups.models import Group
from oarlock.community.notices.models import Notice
from oarlock.community.support import actions, gestures, threads
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Follow, Post
from oarlock.community.support.search import search

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> Any:
    def one(handle: str) -> User:
        user = person(handle)
        join(user, group)
        return user

    return one


def seen(by: User, thread: Post) -> set[str]:
    """Return the words that somebody reads, by list, search and thread."""
    words = {post.text.body for post in access.posts(by)}
    words |= {reply.text.body for reply in access.all_replies(by)}
    words |= {reply.text.body for reply in access.replies(by, thread)}
    words |= {hit.thing.text.body for hit in search(by, "words")}
    return words


@pytest.mark.parametrize("gesture", [accounts.mute, accounts.block])
def test_muting_or_blocking_hides_what_has_a_handle_and_no_more(
    make: Any, group: Group, gesture: Any
) -> None:
    ash, kim = make("ash"), make("kim")
    nameless = write_post(by=ash, group=group, body="nameless words", anonymous=True)
    named = write_post(by=ash, group=group, body="named words")
    own = write_post(by=kim, group=group, body="own words")
    hidden = write_reply(by=ash, post=own, body="nameless words in reply", anonymous=True)
    write_reply(by=ash, post=own, body="named words in reply")
    gestures.react(by=ash, text=own.text, kind="me-too")
    gestures.follow(by=kim, post=nameless)
    gestures.follow(by=kim, post=named)
    before = sum(r.n for r in threads.read(kim, own).entry.reactions)
    gesture(by=kim, other=ash)
    assert seen(kim, own) == {"nameless words", "own words", "nameless words in reply"}
    assert access.post(kim, nameless.text.public_id) == nameless
    assert access.reply(kim, hidden.text.public_id) == hidden
    assert write_reply(by=kim, post=nameless, body="an answer").text.state == "shown"
    assert sum(r.n for r in threads.read(kim, own).entry.reactions) == before
    assert Follow.objects.filter(by=kim, post=nameless).exists()
    told = set(Notice.objects.filter(to=kim).values_list("target", flat=True))
    assert {str(hidden.text), str(own.text)} <= told


def test_notices_without_a_name_still_come_after_muting(make: Any, group: Group) -> None:
    ash, kim = make("ash"), make("kim")
    own = write_post(by=kim, group=group, body="own words")
    accounts.mute(by=kim, other=ash)
    gestures.react(by=ash, text=own.text, kind="me-too")
    nameless = write_reply(by=ash, post=own, body="nameless", anonymous=True)
    named = write_reply(by=ash, post=own, body="named")
    told = set(Notice.objects.filter(to=kim).values_list("target", flat=True))
    assert told == {str(own.text), str(nameless.text)}
    assert str(named.text) not in told


def test_block_of_the_writer_keeps_nameless_texts_from_who_is_blocked(
    make: Any, group: Group
) -> None:
    ash, kim = make("ash"), make("kim")
    nameless = write_post(by=ash, group=group, body="nameless words", anonymous=True)
    accounts.block(by=ash, other=kim)
    assert not access.posts(kim).exists()
    assert search(kim, "words") == []
    with pytest.raises(PermissionDenied):
        write_reply(by=kim, post=nameless, body="an answer")


def test_gap_of_a_block_and_of_a_deletion_are_alike_for_apps(
    make: Any, group: Group, client: Client
) -> None:
    ash, kim, lee = make("ash"), make("kim"), make("lee")
    post = write_post(by=ash, group=group, body="a post")
    for body in ("blocked", "deleted"):
        top = write_reply(by=kim if body == "blocked" else ash, post=post, body=body)
        gestures.react(by=lee, text=top.text, kind="thanks")
        actions.edit(by=top.text.author, text=top.text, body=f"{body} twice", version=1)
        write_reply(by=ash, post=post, body="answer", parent=top)
    actions.delete(by=ash, text=top.text)
    accounts.block(by=kim, other=lee)
    headers = {"Authorization": f"Bearer {make_token(by=lee, name='x', scopes=['read'])}"}
    found = client.get(f"/api/v1/posts/{post.text.public_id}", headers=headers).json()["replies"]
    blocked, deleted = ({k: v for k, v in r.items() if k not in {"id", "answers"}} for r in found)
    assert blocked == deleted
    assert (blocked["gap"], blocked["state"], blocked["version"]) == (True, "deleted", 1)
    assert blocked["written_at"] is blocked["edited_at"] is None
    assert blocked["reactions"] == []


def test_change_by_an_app_leaves_what_it_does_not_name(
    make: Any, group: Group, client: Client
) -> None:
    ash = make("ash")
    post = write_post(
        by=ash, group=group, title="T", body="words", anonymous=True, warnings=["suicide"]
    )
    key = make_token(by=ash, name="x", scopes=["read", "write"])

    def change(**fields: Any) -> tuple[str, bool, list[str], str]:
        answer = client.patch(
            f"/api/v1/texts/{post.text.public_id}",
            {"version": Post.objects.get(pk=post.pk).text.version, **fields},
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 200
        now = Post.objects.get(pk=post.pk)
        return now.text.title, now.anonymous, now.warnings, now.text.body

    assert change(body="mended") == ("T", True, ["suicide"], "mended")
    assert change(body="mended", anonymous=False, title="", warnings=[]) == (
        "", False, [], "mended",
    )  # fmt: skip
