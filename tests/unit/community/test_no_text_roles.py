"""Operators and researchers read no text, nor learn from the audit log whose one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from oarlock.community.accounts.models import Role, User
from oarlock.community.groups import actions as groups
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post

pytestmark = pytest.mark.django_db

BLIND = [Role.OPERATOR, Role.RESEARCHER]


@pytest.fixture
def ash(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.mark.parametrize(
    ("role", "reads"),
    [*((role, False) for role in BLIND), (Role.MODERATOR, True), (Role.MEMBER, True)],
)
def test_open_groups_are_read_by_members_and_safety_staff_alone(
    ash: User, group: Group, person: Callable[..., User], sign_in: Callable[[User], Client],
    join: Callable[..., Any], role: Role, reads: bool,
) -> None:  # fmt: skip
    post = write_post(by=ash, group=group, title="Nights", body="bicycles at night")
    reader = person("reader", role)
    join(reader, group)
    browser = sign_in(reader)
    assert browser.get(f"/threads/{post.text.public_id}").status_code == (200 if reads else 404)
    pages = [browser.get(address) for address in ("/home", "/groups/low-mood", "/people/ash")]
    pages.append(browser.post("/search", {"q": "bicycles"}))
    shown = [b"Nights" in answer.content or b"bicycles at" in answer.content for answer in pages]
    assert any(shown) is reads


@pytest.mark.parametrize("role", BLIND)
def test_whoever_reads_no_text_neither_joins_nor_writes(
    group: Group, closed_group: Group, person: Callable[..., User], join: Callable[..., Any],
    role: Role,
) -> None:  # fmt: skip
    one = person("one", role)
    with pytest.raises(PermissionDenied):
        groups.join(by=one, group=group)
    with pytest.raises(PermissionDenied):
        groups.ask(by=one, group=closed_group, body="let me in")
    join(one, group)
    with pytest.raises(PermissionDenied):
        write_post(by=one, group=group, body="hello")


def test_audit_names_the_writer_of_a_text_to_safety_staff_alone(
    ash: User, group: Group, person: Callable[..., User], sign_in: Callable[[User], Client]
) -> None:
    post = write_post(by=ash, group=group, body="nameless", anonymous=True)
    ask = {"target": str(post.text)}
    name = f"person:{ash.public_id}"
    blind = sign_in(person("ops", Role.OPERATOR)).get("/desk/audit", ask).content.decode()
    assert "post.written" in blind
    assert "A member" in blind
    assert name not in blind
    seeing = sign_in(person("boss", Role.SUPERVISOR)).get("/desk/audit", ask).content.decode()
    assert name in seeing
