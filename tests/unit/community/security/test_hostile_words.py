"""Attacks through words: into the database, the pages, the logs, the API, and by a name."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from oarlock.community.accounts import handles
from oarlock.community.accounts.models import Role, User
from oarlock.community.api.actions import make_token
from oarlock.community.groups.models import Group, Membership
from oarlock.community.ops.logs import JsonFormatter
from oarlock.community.support.actions import write_post
from oarlock.community.support.search import search
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db

People = Callable[..., User]
SignIn = Callable[[User], Client]

SQL = [
    "' OR 1=1 --", '" OR ""="', "'; DROP TABLE texts_text; --", "x') UNION SELECT password",
    "body:*", "NEAR(a b)", "a* AND b*", '"', "%", "\\", ":* | a", "a\x00b",
]  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>"
    "{{ 7|add:7 }}{% debug %}{{ request.user.password }}\"'><svg/onload=alert(1)>"
)


@pytest.fixture
def ash(person: People, group: Group) -> User:
    user = person("ash")
    Membership.objects.create(person=user, group=group)
    return user


@pytest.mark.parametrize("query", SQL)
def test_search_takes_no_orders(
    ash: User, person: People, closed_group: Group, group: Group, sign_in: SignIn, query: str
) -> None:
    kim = person("kim")
    Membership.objects.create(person=kim, group=closed_group)
    write_post(by=kim, group=closed_group, body="hidden among the closed")
    write_post(by=ash, group=group, body="a plain word")
    found = search(ash, query)
    assert all("hidden" not in hit.excerpt for hit in found)
    assert sign_in(ash).post("/search", {"q": query}).status_code in {200, 422}
    assert Text.objects.count() == 2
    assert [hit.excerpt for hit in search(ash, "plain")] == ["a plain word"]


@pytest.mark.parametrize("query", SQL)
def test_addresses_take_no_orders(ash: User, sign_in: SignIn, query: str) -> None:
    browser = sign_in(ash)
    for page, name in (
        ("/groups/low-mood", "before"),
        ("/mine", "before"),
        ("/bookmarks", "before"),
    ):
        assert browser.get(page, {name: query}).status_code == 200, page
    assert User.objects.filter(pk=ash.pk).exists()


def test_words_of_a_person_are_words_on_every_page(
    ash: User, person: People, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, title=HOSTILE[:100], body=HOSTILE)
    browser = sign_in(ash)
    thread = f"/threads/{post.text.public_id}"
    text = f"/texts/{post.text.public_id}"
    pages = [thread, f"{text}/edit", f"{text}/sent", "/home", "/mine", "/groups/low-mood",
             "/people/ash"]  # fmt: skip
    shown = [browser.get(page).content.decode() for page in pages]
    shown.append(browser.post("/search", {"q": "alert script"}).content.decode())
    shown.append(browser.post("/groups/low-mood/write", {"title": HOSTILE}).content.decode())
    staff = sign_in(person("mo", Role.MODERATOR))
    shown.append(staff.get(f"/texts/{post.text.public_id}/history").content.decode())
    for page in shown:
        for bad in ("<script>alert", "<img src=x", "<svg/onload", "add:7 }}14", ash.password):
            assert bad not in page
    assert "&lt;script&gt;alert(1)" in shown[0]
    assert "{{ 7|add:7 }}" in shown[0]


def test_a_stale_form_gives_words_back_as_words(ash: User, sign_in: SignIn) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies["session"] = sign_in(ash).cookies["session"].value
    page = browser.post("/groups/low-mood/write", {"body": f"</textarea>{HOSTILE}"})
    assert page.status_code == 403
    words = page.content.decode()
    assert "&lt;/textarea&gt;&lt;script&gt;" in words
    assert "<script>alert" not in words


def test_logs_stay_one_line_of_json_and_repeat_nothing(caplog: pytest.LogCaptureFixture) -> None:
    forged = 'x\n{"event": "sign_in.done", "target": "person:admin"}'
    with caplog.at_level(logging.INFO):
        Client().get("/nowhere/" + forged.replace("\n", "%0A"), headers={"user-agent": forged})
        Client().get("/", headers={"host": forged.replace("\n", "")})
        Client().post("/account/login/", {"login": "a@example.org", "password": forged})
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert "sign_in.failed" in {json.loads(line)["event"] for line in lines}
    for line in lines:
        assert "\n" not in line
        assert "person:admin" not in line


def test_failed_and_refused_requests_are_in_the_logs_without_who_or_what(
    ash: User, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    browser = sign_in(ash)
    with caplog.at_level(logging.WARNING):
        browser.get("/staff")
        Client().post("/account/login/", {"login": "ash@example.org", "password": "wrong words"})
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert {"django.request", "sign_in.failed"} <= {line["event"] for line in lines}
    assert [line["status"] for line in lines if line["event"] == "django.request"] == [403]
    told = json.dumps(lines)
    for leak in ("ash", "wrong words", "/staff", "example.org"):
        assert leak not in told


# --- the API ------------------------------------------------------------------------------------


@pytest.fixture
def app(ash: User) -> Callable[..., Any]:
    key = make_token(by=ash, name="phone", scopes=["read", "write"])

    def ask(method: str, path: str, body: Any = b"", kind: str = "application/json") -> Any:
        return Client().generic(
            method, f"/api/v1{path}", body, kind, headers={"Authorization": f"Bearer {key}"}
        )

    return ask


def test_the_api_speaks_json_alone_also_when_it_refuses(app: Callable[..., Any]) -> None:
    asked = [("GET", "/me", b""), ("GET", "/posts/22222222222222", b""), ("GET", "/search", b""),
             ("POST", "/groups/low-mood/posts", b"{"), ("POST", "/groups/low-mood/posts", b"[]"),
             ("POST", "/coach", b"[" * 100_000)]  # fmt: skip
    codes = []
    for method, path, body in asked:
        answer = app(method, path, body)
        codes.append(answer.status_code)
        assert answer["Content-Type"] == "application/json; charset=utf-8", path
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert json.loads(answer.content) is not None
        assert b"Traceback" not in answer.content
    assert codes[0] == 200
    assert all(400 <= code < 500 for code in codes[1:])


def test_a_body_that_is_too_big_is_refused_by_the_api_in_json(app: Callable[..., Any]) -> None:
    answer = app("POST", "/groups/low-mood/posts", json.dumps({"body": "x" * 2_000_000}))
    assert answer.status_code == 413
    assert answer.json() == {"detail": "Too long."}
    assert not Text.objects.exists()


def test_a_form_of_another_site_cannot_use_the_api(ash: User, sign_in: SignIn) -> None:
    browser = sign_in(ash)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        forged = browser.generic("POST", "/api/v1/groups/low-mood/posts", '{"body": "x"}', kind)
        assert forged.status_code == 401
    assert not Text.objects.exists()


def test_a_key_is_taken_from_the_header_alone_and_kept_as_a_hash(ash: User) -> None:
    key = make_token(by=ash, name="phone", scopes=["read"])
    assert Client().get("/api/v1/me", {"token": key, "access_token": key}).status_code == 401
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert key not in json.dumps(list(ash.tokens.values()), default=str)  # type: ignore[attr-defined]


def test_nobody_sets_what_is_not_theirs_to_set(
    ash: User, group: Group, sign_in: SignIn, app: Callable[..., Any]
) -> None:
    more = {"role": "supervisor", "is_active": "", "email": "x@example.org", "author": "1",
            "state": "shown", "theme": "dark", "digest": "daily",
            "caseload_limit": "5"}  # fmt: skip
    assert sign_in(ash).post("/me/preferences", more).status_code == 302
    answer = app("POST", "/groups/low-mood/posts", json.dumps({"body": "hi", **more}))
    assert answer.status_code in {201, 422}
    ash.refresh_from_db()
    assert (ash.theme, ash.role, ash.email, ash.is_active) == (
        "dark", Role.MEMBER, "ash@example.org", True,
    )  # fmt: skip


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "handle",
    ["аsh_wood", "kіm", "moderator", "Mod_Ines", "m0d-ines", "the.admin", "dr_amara", "Staff",
     "OARLOCK-team", "therap1st", "support"],
)  # fmt: skip
def test_a_handle_that_passes_for_another_or_the_team_is_refused(
    agreement: Any, handle: str
) -> None:
    with pytest.raises(ValidationError):
        handles.clean(handle)
    page = Client().post("/account/signup/", {"username": handle}).content.decode()
    assert "Choose another" in page or "mixed ones can pass" in page


@pytest.mark.parametrize(
    "handle",
    ["ash_wood", "bär", "мария", "さくら花", "quiet.modest", "tea-m", "rae2004", "supporter"],
)
def test_an_ordinary_handle_is_taken(db: None, handle: str) -> None:
    assert handles.clean(handle) == handle


def test_a_handle_in_other_letters_of_the_same_shape_or_case_is_somebody_elses(
    person: People,
) -> None:
    person("bär")
    for taken in ("BÄR", "Bär".upper(), "ｂäｒ"):
        with pytest.raises(ValidationError, match="already"):
            handles.clean(taken)
    assert handles.clean("bärin") == "bärin"
