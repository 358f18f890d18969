"""Joining, standing, preferences, blocks, roles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import Client
from django.utils import timezone

from oarlock.community import access
from oarlock.community.accounts import actions, ages
from oarlock.community.accounts.models import Agreement, Role, User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post

pytestmark = pytest.mark.django_db

People = Callable[..., User]
SignIn = Callable[[User], Client]


def answers(**more: Any) -> dict[str, Any]:
    return {
        "email": "new@example.org",
        "username": "newcomer",
        "password1": "a long enough pass phrase",
        "birth_month": 3,
        "birth_year": timezone.localdate().year - 22,
        "country": "DE",
        "agree": "on",
        **more,
    }


def test_joining_makes_an_account_that_waits_for_its_address(
    client: Client, agreement: Agreement
) -> None:
    response = client.post("/account/signup/", answers())
    assert response.status_code == 302
    user = User.objects.get()
    assert (user.handle, user.country, user.birth_month) == ("newcomer", "DE", 3)
    assert user.acceptances.get().agreement == agreement
    assert client.get("/home").status_code == 302
    (letter,) = mail.outbox
    assert letter.subject == "Your account"
    assert "newcomer" not in letter.subject


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("birth_year", timezone.localdate().year - 15, "is for people of 18 to 29"),
        ("birth_year", timezone.localdate().year - 40, "is for people of 18 to 29"),
        ("agree", "", "Read the agreement"),
        ("username", "a", "at least 3"),
        ("username", "two words", "3 to 24"),
        ("password1", "password", "too common"),
    ],
)
def test_joining_is_refused_in_words(
    client: Client, agreement: Agreement, field: str, value: Any, words: str
) -> None:
    response = client.post("/account/signup/", answers(**{field: value}))
    assert words in response.content.decode()
    assert not User.objects.exists()


def test_joining_with_a_known_address_looks_like_joining(client: Client, person: People) -> None:
    person("ash")
    known = client.post("/account/signup/", answers(email="ash@example.org"))
    new = Client().post("/account/signup/", answers(email="else@example.org", username="other"))
    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    assert User.objects.filter(handle="newcomer").count() == 0


def test_handle_of_somebody_else_is_taken_in_any_case(client: Client, person: People) -> None:
    person("ash")
    response = client.post("/account/signup/", answers(username="ASH"))
    assert response.status_code == 200
    assert User.objects.count() == 1


def test_age_gate_does_not_open_to_another_year_in_the_same_browser(
    client: Client, agreement: Agreement
) -> None:
    young = timezone.localdate().year - 15
    client.post("/account/signup/", answers(birth_year=young))
    assert set(client.session.keys()) == {"join_again_at"}
    again = client.post("/account/signup/", answers())
    assert not User.objects.exists()
    page = client.get("/account/signup/")
    for shown in (again.content.decode(), page.content.decode()):
        assert 'href="/help"' in shown
        assert "mailto:team@localhost" in shown
        assert 'name="birth_year"' not in shown
    # Whoever mistyped is not shut out: another day it is as if nothing had been.
    session = client.session
    session["join_again_at"] -= timedelta(days=1, minutes=1).total_seconds()
    session.save()
    assert 'name="birth_year"' in client.get("/account/signup/").content.decode()
    assert client.post("/account/signup/", answers()).status_code == 302
    assert User.objects.count() == 1


def test_trying_again_does_not_make_the_wait_longer(client: Client, agreement: Agreement) -> None:
    client.post("/account/signup/", answers(birth_year=timezone.localdate().year - 15))
    first = client.session["join_again_at"]
    client.post("/account/signup/", answers(birth_year=timezone.localdate().year - 14))
    assert client.session["join_again_at"] == first


@pytest.mark.parametrize("year", [204, 1900, 2100, timezone.localdate().year])
def test_year_that_cannot_be_is_a_slip_and_not_a_refusal(
    year: int, client: Client, agreement: Agreement
) -> None:
    answer = client.post("/account/signup/", answers(birth_year=year))
    assert 'name="birth_year"' in answer.content.decode()
    assert not User.objects.exists()
    assert client.post("/account/signup/", answers()).status_code == 302


@pytest.mark.parametrize(
    ("today", "ok"),
    [(date(2026, 3, 1), False), (date(2026, 3, 31), False), (date(2026, 4, 1), True)],
)
def test_age_gate_waits_until_the_birth_month_is_over(today: date, ok: bool) -> None:
    assert ages.may_join(2008, 3, today=today) is ok


def test_a_new_agreement_is_asked_of_everybody(person: People, sign_in: SignIn) -> None:
    browser = sign_in(person("ash"))
    assert browser.get("/home").status_code == 200
    Agreement.objects.create(version="2", body={"en": "Be kinder."})
    assert browser.get("/home")["Location"] == "/agreement"
    assert "Be kinder." in browser.get("/agreement").content.decode()
    browser.post("/agreement")
    assert browser.get("/home").status_code == 200


def test_staff_without_a_second_factor_gets_no_further(person: People) -> None:
    browser = Client()
    browser.force_login(person("mo", Role.MODERATOR))
    assert "2fa/totp/activate" in browser.get("/home")["Location"]


def test_preferences_are_kept_and_bad_ones_explained(person: People, sign_in: SignIn) -> None:
    ash = person("ash")
    browser = sign_in(ash)
    good = {"theme": "dark", "digest": "weekly", "caseload_limit": 3, "time_zone": "Europe/Berlin",
            "folded_warnings": ["suicide"]}  # fmt: skip
    assert browser.post("/me/preferences", good).status_code == 302
    ash.refresh_from_db()
    assert (ash.theme, ash.digest, ash.folded_warnings) == ("dark", "weekly", ["suicide"])
    assert 'data-theme="dark"' in browser.get("/home").content.decode()
    bad = browser.post("/me/preferences", {**good, "quiet_from": "22:00", "caseload_limit": 99})
    assert "Fill in both times" in bad.content.decode()
    assert "Twenty is the most" in bad.content.decode()


def test_preferences_page_speaks_the_chosen_language(person: People, sign_in: SignIn) -> None:
    browser = sign_in(person("ash", language="de"))
    assert '<html lang="de"' in browser.get("/home").content.decode()


def test_blocked_people_do_not_exist_for_each_other(
    person: People, group: Group, join: Callable[..., Any]
) -> None:
    ash, kim = person("ash"), person("kim")
    join(ash, group)
    join(kim, group)
    post = write_post(by=ash, group=group, body="hello")
    actions.block(by=kim, other=ash)
    assert not access.posts(kim).exists()
    for one, two in ((ash, kim), (kim, ash)):
        with pytest.raises(Http404):
            access.person(one, two.handle)
    with pytest.raises(Http404):
        access.post(kim, post.text.public_id)
    actions.unblock(by=kim, other=ash)
    assert access.post(kim, post.text.public_id) == post


def test_muting_hides_one_way(person: People, group: Group, join: Callable[..., Any]) -> None:
    ash, kim = person("ash"), person("kim")
    join(ash, group)
    join(kim, group)
    write_post(by=ash, group=group, body="hello")
    write_post(by=kim, group=group, body="hello too")
    actions.mute(by=kim, other=ash)
    assert access.posts(kim).count() == 1
    assert access.posts(ash).count() == 2


def test_the_safety_team_cannot_be_blocked_but_reported(person: People) -> None:
    with pytest.raises(ValidationError, match="report them"):
        actions.block(by=person("ash"), other=person("mo", Role.MODERATOR))


def test_roles_are_given_by_operators_and_never_to_oneself(person: People) -> None:
    olu, ash = person("olu", Role.OPERATOR), person("ash")
    actions.set_role(by=olu, person=ash, role=Role.MODERATOR)
    ash.refresh_from_db()
    assert ash.role == Role.MODERATOR
    assert AuditEvent.objects.get(action="role.set").details == {
        "old": "member",
        "new": "moderator",
    }
    with pytest.raises(PermissionDenied):
        actions.set_role(by=ash, person=olu, role=Role.MEMBER)
    with pytest.raises(PermissionDenied):
        actions.set_role(by=olu, person=olu, role=Role.MEMBER)


def test_the_last_supervisor_stays(person: People) -> None:
    olu, sam = person("olu", Role.OPERATOR), person("sam", Role.SUPERVISOR)
    with pytest.raises(ValidationError, match="somebody else with this role"):
        actions.set_role(by=olu, person=sam, role=Role.MEMBER)


def test_suspended_people_cannot_write_until_the_time_is_over(
    person: People, group: Group, join: Callable[..., Any]
) -> None:
    ash, mo = person("ash"), person("mo", Role.MODERATOR)
    join(ash, group)
    actions.suspend(by=mo, person=ash, until=timezone.now() + timedelta(hours=1))
    with pytest.raises(PermissionDenied, match="cannot write"):
        write_post(by=ash, group=group, body="hello")
    actions.suspend(by=mo, person=ash, until=timezone.now() - timedelta(seconds=1))
    assert write_post(by=ash, group=group, body="hello")
    with pytest.raises(PermissionDenied):
        actions.suspend(by=ash, person=person("kim"), until=timezone.now())
