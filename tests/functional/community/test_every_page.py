"""Every page of every role: usable, quiet, narrow enough, light. The list is the site's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from typing import Any, NamedTuple

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROLES = (
    "stranger", "seeker", "supporter", "newcomer", "moderator", "clinician", "supervisor",
    "operator", "researcher",
)  # fmt: skip

#: Addresses with a part of their own, by name; `{x}` stands for what populate.py knows as x.
ADDRESSES = {
    "group": ("/groups/{slug}", "/groups/{closed}"),
    "group-ask": ("/groups/{closed}/ask",),
    "group-requests": ("/groups/{closed}/requests",),
    "group-edit": ("/groups/{slug}/edit",),
    "group-moderators": ("/groups/{slug}/moderators",),
    "post-new": ("/groups/{slug}/write",),
    "thread": ("/threads/{post}", "/threads/{hidden}", "/threads/{post}?to={reply}"),
    "text-sent": ("/texts/{post}/sent",),
    "text-edit": ("/texts/{post}/edit", "/texts/{reply}/edit"),
    "text-delete": ("/texts/{post}/delete",),
    "text-history": ("/texts/{post}/history",),
    "person": ("/people/{handle}", "/people/{seeker}"),
    "report-new": ("/report/text/{reply}", "/report/person/{handle}"),
    "report": ("/reports/{report}",),
    "appeal-new": ("/appeal/text/{hidden}",),
    "appeal": ("/appeals/{appeal}",),
    "conversation": ("/conversations/{about}",),
    "case": ("/desk/cases/{case}", "/desk/cases/{risk}", "/desk/cases/{about}"),
    "measure": ("/questions/{asked}",),
    "measure-item": ("/questions/{asked}/1", "/questions/{ruler}/1"),
    "measure-help": ("/questions/{asked}/help",),
    "measure-end": ("/questions/{done}/end",),
    "help": ("/help", "/help?country=DE"),
    "staff-list": ("/staff", "/staff?handle={handle}"),
}
#: Names that open no page of their own for anybody, and why.
NO_PAGES = {
    "health-live": "for machines",
    "health-ready": "for machines",
    "metrics": "for machines",
    "help-worker": "a script",
    "export-own": "a file",
    "mfa_download_recovery_codes": "a file",
    "demo-report": "a file that the report's own tests open",
    "notice": "leads on to what happened",
    "reply": "leads on to its place in the thread",
    "account_confirm_email": "a step of joining: see test_joining.py",
    "account_email_verification_sent": "a step of joining: see test_joining.py",
    "account_reset_password_from_key": "leads on, with a key from a letter",
    "account_reset_password_from_key_done": "leads on, after a new password",
    "account_confirm_login_code": "a step of signing in with a code",
    "set_language": "takes changes only",
    "account_set_password": "leads on: everybody has a password",
    "account_reauthenticate": "see test_erasing",
    "mfa_reauthenticate": "only for who has a second factor",
    "mfa_authenticate": "a step of signing in with a second factor",
    "mfa_trust": "a step of signing in with a second factor",
    "mfa_deactivate_totp": "only for who has a second factor",
    "mfa_view_recovery_codes": "only for who has a second factor",
    "mfa_generate_recovery_codes": "only for who has a second factor",
}

#: Addresses with parts that take changes only.
POSTED = {
    "case-act", "coach-dismiss", "debrief", "demo-be", "group-archive", "group-join",
    "group-leave", "group-request-answer", "outside-act", "relate", "reply-helped", "reply-new",
    "set-role", "shift-remove", "sign-out", "text-react", "thread-bookmark", "thread-close",
    "thread-follow", "thread-give-back", "thread-mood", "thread-take", "token-take-back",
}  # fmt: skip

#: Pages of allauth look the same for everybody who is signed in, with a password or without.
OWN, ASKED = ("account_", "mfa_", "usersessions_"), {"stranger", "seeker", "newcomer"}


def _names(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _names(one.url_patterns, route)
        elif isinstance(one, URLPattern) and not route.startswith("api/"):
            yield one.name or route, route


def _plain(route: str) -> str | None:
    """Return the address of a route without parts, else None."""
    return None if re.search(r"[<(]", route) else "/" + re.sub(r"[\^$]|\\Z", "", route)


class _Bones(HTMLParser):
    """The tags of a page with what a rule of accessibility reads of them, without any words."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[Any, ...]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {k: v for k, v in attrs if k in {"class", "role", "type", "name"}}
        said = tuple(sorted(k for k, _ in attrs))
        name = re.sub(r"[\w-]{12,}", "", str(told.get("name", "")))
        self.found.add((tag, told.get("class"), told.get("role"), told.get("type"), name, said))


def _bones(html: str) -> frozenset[tuple[Any, ...]]:
    parser = _Bones()
    parser.feed(html)
    return frozenset(parser.found)


class Walk(NamedTuple):
    """What opened: one address for each look of a page, by role, and the names that answered."""

    pages: dict[str, list[str]]
    answered: set[str]


def _paths(name: str, route: str, known: dict[str, str]) -> list[str]:
    given = ADDRESSES.get(name) or ((_plain(route),) if _plain(route) else ())
    return [str(address).format(**known) for address in given]


def _is_asked(name: str, role: str, posted: set[str]) -> bool:
    of_allauth = name.startswith(OWN) and role not in ASKED
    return not (name in NO_PAGES or name in posted or of_allauth)


def _get(server: HTTPConnection, path: str, headers: dict[str, str]) -> HTTPResponse:
    """Ask for a page; the server closes a connection that rests while somebody signs in."""
    try:
        server.request("GET", path, headers=headers)
        return server.getresponse()
    except (RemoteDisconnected, ConnectionError):
        server.close()
        server.request("GET", path, headers=headers)
        return server.getresponse()


@pytest.fixture(scope="module")
def walk(place: Any, signed_in: Callable[[str], Any]) -> Walk:
    """What opens for whom. A page built for one role as for another is looked at once."""
    opened: set[str] = set()
    posted: set[str] = set()
    pages: dict[str, list[str]] = {}
    seen: dict[str, list[frozenset[Any]]] = {}
    routes = dict(_names(get_resolver().url_patterns))
    with closing(HTTPConnection(place.origin.split("//")[1], timeout=60)) as server:
        for role in ROLES:
            cookies = (signed_in(role) or {"cookies": []})["cookies"]
            cookie = {"Cookie": "; ".join(f"{c['name']}={c['value']}" for c in cookies)}
            for name in (name for name in routes if _is_asked(name, role, posted)):
                for path in _paths(name, routes[name], place.known):
                    answer = _get(server, path, cookie)
                    html = answer.read().decode("utf-8", "replace")
                    if answer.status == 405:
                        posted.add(name)
                    if answer.status != 200 or "html" not in answer.headers["Content-Type"]:
                        continue
                    opened.add(name)
                    bones, known = _bones(html), seen.setdefault(name, [])
                    if not any(bones <= one for one in known):
                        known.append(bones)
                        pages.setdefault(role, []).append(path)
    return Walk(pages, opened | posted)


def test_every_address_with_parts_is_known_here() -> None:
    """A new page with an id in its address has to be added, or it would not be looked at."""
    unknown = [
        name
        for name, route in _names(get_resolver().url_patterns)
        if _plain(route) is None and name not in {*ADDRESSES, *NO_PAGES, *POSTED}
    ]
    assert unknown == []


@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_usable_quiet_and_narrow(
    role: str, walk: Walk, be: Callable[..., Any]
) -> None:
    eyes, wrong = be(role), []
    for path in walk.pages.get(role, []):
        eyes.go(path)
        try:
            eyes.look()
        except AssertionError as error:
            wrong.append(f"{path}: {error}")
            eyes.complaints.clear()
    assert wrong == []


def test_every_address_opened_for_somebody(walk: Walk) -> None:
    names = {
        name
        for name, route in _names(get_resolver().url_patterns)
        if _plain(route) or name in ADDRESSES
    }
    assert names - walk.answered - set(NO_PAGES) == set()
