"""The JSON API does what the pages do, for whoever has a key with the scope, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import Agreement, Role, User
from oarlock.community.api.actions import make_token
from oarlock.community.api.models import Scope, Token
from oarlock.community.groups.models import Group
from oarlock.community.ops import limits
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Helped, Reaction, Reply
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough pass phrase"
BOTH = (Scope.READ, Scope.WRITE)


class App:
    """A phone app with somebody's key."""

    def __init__(self, key: str) -> None:
        self.client = Client()
        self.headers = {"authorization": f"Bearer {key}"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.generic(
            method,
            f"/api/v1{path}",
            data="" if body is None else _json(body),
            content_type="application/json",
            headers=self.headers,
        )


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


@pytest.fixture
def ash(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user: User = person("ash")
    join(user, group)
    return user


@pytest.fixture
def kim(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user: User = person("kim")
    join(user, group)
    return user


def app_of(user: User, scopes: tuple[str, ...] = BOTH) -> App:
    return App(make_token(by=user, name="phone", scopes=scopes))


def test_a_conversation_from_end_to_end(ash: User, kim: User, group: Group) -> None:
    seeker, supporter = app_of(ash), app_of(kim)
    made = seeker("POST", "/groups/low-mood/posts", {"body": "grey days", "key": "k"})
    again = seeker("POST", "/groups/low-mood/posts", {"body": "grey days", "key": "k"})
    assert made.status_code == 201
    assert made.json() == again.json()
    post = made.json()["id"]
    (row,) = supporter("GET", "/groups/low-mood/posts").json()["posts"]
    assert (row["id"], row["waiting"]) == (post, True)
    reply = supporter("POST", f"/posts/{post}/replies", {"body": "i hear you"}).json()["id"]
    assert seeker("GET", "/notices").json()[0]["kind"] == "reply"
    react = f"/texts/{reply}/reactions/heard"
    assert seeker("PUT", react, {"on": True}).status_code == 200
    assert (
        seeker("PUT", f"/replies/{reply}/helped", {"helped": True, "rating": 5}).status_code == 200
    )
    thread = supporter("GET", f"/posts/{post}").json()
    assert thread["post"]["by"] == "ash"
    (answer,) = thread["replies"]
    assert answer["helped"]
    assert answer["reactions"] == [{"kind": "heard", "n": 1, "mine": False}]
    assert supporter("DELETE", f"/texts/{reply}").status_code == 204
    assert Text.objects.get(public_id=reply).state == Text.State.DELETED


def test_an_edit_of_an_older_version_is_a_conflict(ash: User, group: Group) -> None:
    post = write_post(by=ash, group=group, body="one")
    app, path = app_of(ash), f"/texts/{post.text.public_id}"
    assert app("PATCH", path, {"body": "two", "version": 1}).status_code == 200
    late = app("PATCH", path, {"body": "three", "version": 1})
    assert late.status_code == 409
    assert "another window" in late.json()["detail"]


def test_what_one_may_not_see_is_not_found(
    ash: User, kim: User, group: Group, closed_group: Group, join: Callable[..., Any]
) -> None:
    join(ash, closed_group)
    hidden = write_post(by=ash, group=closed_group, body="for few").text.public_id
    blocked = write_post(by=ash, group=group, body="for all").text.public_id
    accounts.block(by=ash, other=kim)
    app = app_of(kim)
    for post in (hidden, blocked):
        assert app("GET", f"/posts/{post}").status_code == 404
        assert app("POST", f"/posts/{post}/replies", {"body": "x"}).status_code == 404
        assert app("PATCH", f"/texts/{post}", {"body": "x", "version": 1}).status_code == 404
        assert app("DELETE", f"/texts/{post}").status_code == 404
    assert Reply.objects.count() == 0


def test_only_the_poster_says_what_helped(ash: User, kim: User, group: Group) -> None:
    post = write_post(by=ash, group=group, body="x")
    reply = write_reply(by=kim, post=post, body="y")
    answer = app_of(kim)("PUT", f"/replies/{reply.text.public_id}/helped", {"helped": True})
    assert answer.status_code == 403
    assert not Helped.objects.exists()


def test_without_a_key_or_with_a_wrong_or_old_one_nobody_gets_in(ash: User) -> None:
    assert Client().get("/api/v1/me").status_code == 401
    assert App("oarlock_wrong")("GET", "/me").status_code == 401
    app = app_of(ash)
    assert app("GET", "/me").json()["handle"] == "ash"
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert app("GET", "/me").status_code == 401


def test_a_browser_session_is_no_key(ash: User, sign_in: Callable[[User], Client]) -> None:
    assert sign_in(ash).get("/api/v1/me").status_code == 401


def test_a_key_does_what_its_scope_says(ash: User, group: Group) -> None:
    reader = app_of(ash, (Scope.READ,))
    assert reader("GET", "/groups").status_code == 200
    refused = reader("POST", "/groups/low-mood/posts", {"body": "x"})
    assert refused.status_code == 403
    assert "scope write" in refused.json()["detail"]
    assert app_of(ash, (Scope.WRITE,))("GET", "/groups").status_code == 403
    assert not Text.objects.exists()


def test_staff_keys_and_old_agreements_are_refused(person: Callable[..., User], ash: User) -> None:
    mo = person("mo")
    app = app_of(mo)
    User.objects.filter(pk=mo.pk).update(role=Role.MODERATOR)
    assert app("GET", "/groups").status_code == 403
    mo.refresh_from_db()
    with pytest.raises(ValidationError, match="in the browser"):
        app_of(mo)
    app = app_of(ash)
    Agreement.objects.create(version="2")
    assert app("GET", "/groups").status_code == 403


def test_a_key_is_shown_once_kept_as_a_hash_and_can_be_taken_back(
    ash: User, sign_in: Callable[[User], Client]
) -> None:
    browser = sign_in(ash)
    wanted = {"name": "phone", "scopes": ["read"]}
    assert "reauthenticate" in browser.post("/me/apps", wanted)["Location"]
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    page = browser.post("/me/apps", wanted).content.decode()
    key = page.split("<code>")[1].split("</code>")[0]
    assert key not in browser.get("/me/apps").content.decode()
    assert key not in str(Token.objects.values())
    assert App(key)("GET", "/me").status_code == 200
    browser.post(f"/me/apps/{Token.objects.get().pk}/take-back")
    assert App(key)("GET", "/me").status_code == 401


def test_a_key_of_somebody_else_cannot_be_taken_back(
    ash: User, kim: User, sign_in: Callable[[User], Client]
) -> None:
    app = app_of(ash)
    sign_in(kim).post(f"/me/apps/{Token.objects.get().pk}/take-back")
    assert app("GET", "/me").status_code == 200


def test_calls_that_come_too_fast_are_told_to_wait(
    ash: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oarlock.community.api.auth.READ_WINDOWS", ((60, 2),))
    app = app_of(ash)
    assert [app("GET", "/me").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/groups/low-mood/posts", {"body": ""}),
        ("POST", "/groups/low-mood/posts", {"body": "x", "wanted": "gold"}),
        ("POST", "/groups/low-mood/posts", {"body": "\u200b"}),
        ("POST", "/groups/low-mood/posts", []),
        ("GET", "/posts/not-an-id", None),
        ("GET", "/search?q=" + "x" * 300, None),
    ],
)
def test_bad_input_is_refused_in_json(
    ash: User, group: Group, method: str, path: str, body: Any
) -> None:
    answer = app_of(ash)(method, path, body)
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]
    assert not Text.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_input_breaks_the_api(ash: User, kim: User, group: Group, monkeypatch: Any) -> None:
    """Schemathesis makes requests from the OpenAPI document; none may end in a server error."""
    from oarlock.community.asgi import application

    monkeypatch.setattr(limits, "over_limit", lambda who, windows: False)
    monkeypatch.setattr("oarlock.community.api.auth.over_limit", lambda who, windows: False)
    post = write_post(by=ash, group=group, body="x")
    write_reply(by=kim, post=post, body="y")
    Reaction.objects.create(text=post.text, by=kim, kind="heard")
    key = make_token(by=ash, name="fuzz", scopes=BOTH)
    schema = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", application, config=SchemathesisConfig()
    )
    n = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @schemathesis_given(operation)
        def fuzz(case: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}
            response = case.call()
            assert response.status_code < 500, f"{case.method} {case.path}"

        fuzz()
        n += 1
    assert n >= 20


def schemathesis_given(operation: Any) -> Callable[..., Any]:
    from hypothesis import given

    return given(case=operation.as_strategy())
