"""Every address of the place, asked by a stranger, a member and every role: who gets in, who not.

Each view says with `.access` for whom it is (see `roles`). Views of allauth and of Django do not:
they are listed here. A view that says nothing and is not listed fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import measures, reports, talk
from oarlock.community.groups.models import Group
from oarlock.community.measures import actions as questionnaires
from oarlock.community.roles import MATRIX
from oarlock.community.support.actions import write_post, write_reply

#: Views of others, by name: for everybody, or for people who are signed in.
OTHERS = {
    "account_login": "everybody",
    "account_signup": "everybody",
    "account_inactive": "everybody",
    "account_reset_password": "everybody",
    "account_reset_password_done": "everybody",
    "account_reset_password_from_key": "everybody",
    "account_reset_password_from_key_done": "everybody",
    "account_confirm_email": "everybody",
    "account_email_verification_sent": "everybody",
    "account_logout": "everybody",
    "account_confirm_login_code": "everybody",
    "account_request_login_code": "everybody",
    "account_signup_by_passkey": "everybody",
    "account_reauthenticate": "members",
    "account_email": "members",
    "account_change_password": "members",
    "account_set_password": "members",
    "mfa_authenticate": "everybody",
    "mfa_trust": "everybody",
    "mfa_reauthenticate": "members",
    "mfa_index": "members",
    "mfa_activate_totp": "members",
    "mfa_deactivate_totp": "members",
    "mfa_view_recovery_codes": "members",
    "mfa_generate_recovery_codes": "members",
    "mfa_download_recovery_codes": "members",
    "usersessions_list": "members",
    "set_language": "everybody",
}
#: Refused to some members for a reason of the object, not of the role.
OF_THE_OBJECT = {400, 403, 404, 405, 409, 410, 422, 429}


class Address(NamedTuple):
    name: str
    path: str
    access: str | None


def _walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[URLPattern, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield pattern, prefix + str(pattern.pattern)


def _fill(route: str, known: dict[str, str]) -> str:
    """Return a path for a route, with what is known put in for its parts."""

    def part(match: re.Match[str]) -> str:
        return known.get(match["name"], known["public_id"])

    path = re.sub(r"<(?:\w+:)?(?P<name>\w+)>", part, route) if "(?P" not in route else route
    while (start := path.find("(?P<")) >= 0:
        depth, end = 0, start
        for end in range(start, len(path)):
            depth += {"(": 1, ")": -1}.get(path[end], 0)
            if depth == 0:
                break
        name, inside = path[start + 4 : end].split(">", 1)
        choices = inside.split("|")
        plain = len(choices) > 1 and all(re.fullmatch(r"[\w-]+", c) for c in choices)
        path = path[:start] + (choices[0] if plain else known.get(name, "x")) + path[end + 1 :]
    return "/" + path.replace("^", "").replace("$", "").replace("\\Z", "").replace("\\", "")


def _addresses(known: dict[str, str]) -> list[Address]:
    found = []
    for pattern, route in _walk(get_resolver().url_patterns):
        if route.startswith("api/"):
            continue  # The API has tokens of its own, and tests of its own.
        access = getattr(pattern.callback, "access", None) or OTHERS.get(pattern.name or "")
        own = {**known, "public_id": known.get(f"id of {pattern.name}", known["public_id"])}
        found.append(Address(pattern.name or route, _fill(route, own), access))
    return found


@pytest.fixture
def place(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> dict[str, str]:
    """A small place in which every kind of address leads somewhere."""
    ash, kim = person("ash"), person("kim")
    mod = person("first-mod", Role.MODERATOR)
    person("first-boss", Role.SUPERVISOR)
    join(ash, group)
    join(kim, group)
    post = write_post(by=ash, group=group, body="hello")
    write_reply(by=kim, post=post, body="hi")
    made = reports.report(by=kim, text=post.text, reason="other")
    talk.write_to_person(by=mod, case=made.case, body="hello")
    measures.warn(by=mod, case=made.case, reason="other")
    case = made.case.public_id
    now = timezone.now()
    asked = questionnaires.administer(
        by=None, person=kim, instrument="phq-9", wave="baseline", source="trial:x",
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1),
    ).public_id  # fmt: skip
    return {
        "id of case": case,
        "id of case-act": case,
        "id of conversation": case,
        "id of report": made.public_id,
        "id of measure": asked,
        "id of measure-item": asked,
        "id of measure-help": asked,
        "id of measure-end": asked,
        "number": "1",
        "public_id": post.text.public_id,
        "slug": group.slug,
        "group": group.slug,
        "handle": "kim",
        "name": post.text.public_id,
        "kind": "text",
        "do": "take",
        "what": "mute",
        "pk": "1",
        "role": "moderator",
        "uidb36": "1",
        "key": "x-y",
        "path": "x",
    }


def _ask(client: Client, cookies: dict[str, str], method: str, path: str) -> HttpResponse:
    """Ask, and take back whatever the request changed."""
    client.cookies = SimpleCookie(cookies)
    cache.clear()  # Else the limits on requests answer.
    with transaction.atomic():
        answer = getattr(client, method)(path)
        transaction.set_rollback(True)
    return answer  # type: ignore[no-any-return]


def _refused(answer: HttpResponse) -> str:
    """Return how the door was shut: "login", "forbidden", or empty for open."""
    # Without "next" it is a step of signing in that leads back to its first page.
    if answer.status_code == 302 and "/account/login/?next=" in answer.headers["Location"]:
        return "login"
    return "forbidden" if answer.status_code == 403 else ""


def _expected(access: str, role: Role | None) -> str:
    if access == "everybody":
        return ""
    if role is None:
        return "login"
    return "" if access == "members" or role in MATRIX[access] else "forbidden"


def test_every_view_says_for_whom_it_is(place: dict[str, str]) -> None:
    silent = [a.name for a in _addresses(place) if a.access is None]
    assert silent == []


def test_every_access_is_one_of_the_matrix(place: dict[str, str]) -> None:
    known = {"everybody", "members", *MATRIX}
    assert [a for a in _addresses(place) if a.access not in known] == []


@pytest.mark.parametrize("role", [None, *Role], ids=lambda r: r or "stranger")
def test_every_address_opens_for_whom_it_is_and_for_nobody_else(
    role: Role | None,
    place: dict[str, str],
    person: Callable[..., User],
    sign_in: Callable[[User], Client],
    join: Callable[..., Any],
) -> None:
    client = Client()
    if role is not None:
        asks = person(f"the-{role}", role)
        client = sign_in(asks)
        if role == Role.MODERATOR:
            # A moderator answers requests to join in the groups that are theirs.
            join(asks, Group.objects.get(), moderates=True)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    wrong, n = [], 0
    for address in _addresses(place):
        if address.access is None:
            continue
        for method in ("get", "post"):
            answer = _ask(client, cookies, method, address.path)
            expected, refused = _expected(address.access, role), _refused(answer)
            n += 1
            # A page for members may still refuse a member who is not of the group, say.
            of_the_object = (
                not expected
                and address.access in {"everybody", "members"}
                and role is not None
                and answer.status_code in OF_THE_OBJECT
            )
            if address.name == "account_logout" and refused == "login":
                continue
            if refused != expected and not of_the_object:
                wrong.append(f"{method} {address.name}: {answer.status_code}, {address.access}")
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append(f"{method} {address.name}: {answer.status_code}")
    assert wrong == []
    assert n > 80


def test_pages_of_each_role_really_open(
    place: dict[str, str], person: Callable[..., User], sign_in: Callable[[User], Client]
) -> None:
    pages = {
        Role.MEMBER: ["/home", "/reports", "/decisions", "/conversations", "/questions/", "/help"],
        Role.MODERATOR: ["/desk/", "/help"],
        Role.CLINICIAN: ["/desk/"],
        Role.SUPERVISOR: ["/desk/", "/desk/rota", "/desk/audit"],
        Role.OPERATOR: ["/desk/audit", "/desk/outside"],
    }
    for role, paths in pages.items():
        client = sign_in(person(f"the-{role}", role))
        assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
