"""Whoever writes about danger reads places that help at once, whatever the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts.models import Role, User
from oarlock.community.api.actions import make_token
from oarlock.community.desk import talk
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group
from oarlock.community.support import links
from oarlock.community.support.actions import write_post

pytestmark = pytest.mark.django_db

HELPS = "Samaritans"


@pytest.fixture
def ash(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user = person("ash", country="GB")
    join(user, group)
    return user


@pytest.fixture
def kim(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user = person("kim")
    join(user, group)
    return user


@pytest.fixture(autouse=True)
def _risky(screener: Any, found: Any) -> None:
    screener.found["zonk"] = found(risk="active")


def page(browser: Client, address: str, form: dict[str, Any]) -> str:
    answer = browser.post(address, form, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(("body", "helps"), [("zonk", True), ("plain words", False)])
def test_changed_text_is_answered_like_a_new_one(
    ash: User, group: Group, sign_in: Callable[..., Client], body: str, helps: bool
) -> None:
    post = write_post(by=ash, group=group, body="first words")
    form = {"body": body, "title": "", "version": 1}
    shown = page(sign_in(ash), f"/texts/{post.text.public_id}/edit", form)
    assert (HELPS in shown) is helps


@pytest.mark.parametrize(("body", "helps"), [("zonk", True), ("plain words", False)])
def test_request_to_join_is_answered_with_places_that_help(
    ash: User, closed_group: Group, sign_in: Callable[..., Client], body: str, helps: bool
) -> None:
    shown = page(sign_in(ash), f"/groups/{closed_group.slug}/ask", {"body": body, "key": "k" * 14})
    assert (HELPS in shown) is helps


@pytest.mark.parametrize(("body", "helps"), [("zonk", True), ("plain words", False)])
def test_report_is_answered_with_places_that_help(
    ash: User, kim: User, group: Group, sign_in: Callable[..., Client], body: str, helps: bool
) -> None:
    post = write_post(by=kim, group=group, body="plain")
    form = {"reason": "other", "words": body, "key": "k" * 14}
    shown = page(sign_in(ash), links.report("text", post.text.public_id), form)
    assert (HELPS in shown) is helps


@pytest.mark.parametrize(("body", "helps"), [("zonk", True), ("plain words", False)])
def test_answer_to_the_team_is_answered_with_places_that_help(
    ash: User, person: Callable[..., User], sign_in: Callable[..., Client], body: str, helps: bool
) -> None:
    case = Case.objects.create(
        queue="clinical", origin="screening", kind="plan", grade=3, about=ash,
        acknowledge_by=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    talk.write_to_person(by=person("doc", Role.CLINICIAN), case=case, body="hello")
    form = {"body": body, "safety": "", "key": "k" * 14}
    assert (HELPS in page(sign_in(ash), f"/conversations/{case.public_id}", form)) is helps


@pytest.mark.parametrize(("body", "helps"), [("zonk", True), ("plain words", False)])
def test_appeal_is_answered_with_places_that_help(
    ash: User, person: Callable[..., User], sign_in: Callable[..., Client], body: str, helps: bool
) -> None:
    case = Case.objects.create(
        queue="moderation", origin="report", kind="insult", grade=3, about=ash, state="closed",
        acknowledge_by=timezone.now(),
    )  # fmt: skip
    made = case.decisions.create(person=ash, what="warn", reason="unkind")
    form = {"words": body, "key": "k" * 14}
    shown = page(sign_in(ash), f"/appeal/decision/{made.public_id}", form)
    assert (HELPS in shown) is helps


def test_an_app_gets_the_words_and_places_with_every_text(
    ash: User, group: Group, client: Client
) -> None:
    key = make_token(by=ash, name="x", scopes=["read", "write"])
    headers = {"Authorization": f"Bearer {key}"}

    def send(method: str, address: str, **body: Any) -> Any:
        ask = getattr(client, method)
        return ask(address, body, content_type="application/json", headers=headers).json()

    plain = send("post", f"/api/v1/groups/{group.slug}/posts", body="plain words")
    assert (plain["words"], plain["helplines"]) == ([], [])
    risky = send("patch", f"/api/v1/texts/{plain['id']}", body="zonk", version=1)
    assert risky["words"]
    assert HELPS in {line["name"] for line in risky["helplines"]}
