"""Attacks through the browser: what other sites, caches, frames and shared devices get."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.test import Client, RequestFactory
from django.urls import path

from oarlock.community.accounts.models import Block, Role, User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.desk.reports import report
from oarlock.community.groups.models import Group, Membership
from oarlock.community.ops import limits
from oarlock.community.ops.views import bad_request
from oarlock.community.support.actions import write_post
from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough pass phrase"
People = Callable[..., User]
SignIn = Callable[[User], Client]


# --- caches and shared devices ------------------------------------------------------------------


def test_private_pages_stay_in_no_cache_and_public_ones_say_nothing_private(
    person: People, sign_in: SignIn
) -> None:
    browser = sign_in(person("ash"))
    for page in ("/home", "/me/preferences", "/groups", "/search", "/people/ash", "/no-such-page"):
        assert "no-store" in browser.get(page).headers["Cache-Control"], page
    assert "no-store" in Client().get("/account/login/")["Cache-Control"]
    assert "no-store" in Client().get("/api/v1/me")["Cache-Control"]
    assert "Cache-Control" not in Client().get("/").headers


def test_signing_out_clears_the_device_and_a_page_does_not(person: People) -> None:
    person("ash")
    browser = Client()
    browser.post("/account/login/", {"login": "ash@example.org", "password": PASSWORD})
    assert "Clear-Site-Data" not in browser.get("/home").headers
    left = browser.post("/account/logout/")
    assert left["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in left["Cache-Control"]


def test_signing_out_is_one_step_from_every_page(person: People, sign_in: SignIn) -> None:
    browser = sign_in(person("ash"))
    for page in ("/home", "/groups/", "/me/preferences", "/no-such-page"):
        assert 'action="/account/logout/"' in browser.get(page).content.decode(), page
    assert "/account/logout/" not in Client().get("/").content.decode()


# --- headers ------------------------------------------------------------------------------------


def test_every_page_says_what_browsers_have_to_refuse(person: People, sign_in: SignIn) -> None:
    browser = sign_in(person("ash"))
    for client, page in ((Client(), "/"), (browser, "/home"), (browser, "/nowhere"),
                         (Client(), "/api/v1/me"), (Client(), "/account/login/")):  # fmt: skip
        told = client.get(page).headers
        csp = told["Content-Security-Policy"]
        assert "default-src 'none'" in csp
        assert "frame-ancestors 'none'" in csp
        assert "base-uri 'none'" in csp
        assert "form-action 'self'" in csp
        assert "unsafe" not in csp
        assert "report-uri /csp" in csp
        assert told["X-Frame-Options"] == "DENY"
        assert told["X-Content-Type-Options"] == "nosniff"
        assert told["Referrer-Policy"] == "same-origin"
        assert told["Cross-Origin-Opener-Policy"] == "same-origin"
        assert told["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in told["Permissions-Policy"]
        assert "geolocation=()" in told["Permissions-Policy"]
        assert "Access-Control-Allow-Origin" not in told


def test_no_page_of_the_house_has_script_or_style_inside() -> None:
    package = Path(limits.__file__).parents[1]
    for template in package.rglob("*.html"):
        words = template.read_text("utf-8")
        assert " style=" not in words, template
        assert " onclick=" not in words, template
        assert "|safe" not in words, template
        assert "autoescape off" not in words, template
        assert "<script>" not in words, template


def test_a_report_of_the_policy_is_counted_by_its_rule_alone(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    report = {"csp-report": {"effective-directive": "script-src-elem",
                             "document-uri": "https://x.org/threads/secret"}}  # fmt: skip

    def send(body: str) -> int:
        return client.post("/csp", body, content_type="application/csp-report").status_code

    with caplog.at_level(logging.WARNING, logger="oarlock.ops"):
        assert send(json.dumps(report)) == 204
        report["csp-report"]["effective-directive"] = 'x"\n{"event": "forged"}'
        assert send(json.dumps(report)) == 204
    assert [getattr(r, "target", None) for r in caplog.records] == ["script-src-elem"]
    assert "secret" not in caplog.text
    for broken in ("", "[]", "{}", '{"csp-report": 1}', "[" * 5000):
        assert send(broken) == 400
    assert client.get("/csp").status_code == 405


# --- other sites --------------------------------------------------------------------------------


def test_a_form_of_another_site_changes_nothing(person: People, sign_in: SignIn) -> None:
    ash, kim = person("ash"), person("kim")
    session = sign_in(ash).cookies["session"].value
    forged = Client(enforce_csrf_checks=True)
    forged.cookies["session"] = session
    paths = ("/people/kim/block", "/me/data/consent", "/me/apps", "/account/logout/",
             "/me/break", "/drafts/save", "/agreement")  # fmt: skip
    for one in paths:
        assert forged.post(one, {"given": "yes"}).status_code == 403, one
    assert not Block.objects.exists()
    assert not ash.consents.exists()
    token = forged.get("/account/logout/").content.decode().split('csrfmiddlewaretoken" value="')[1]
    own = {"csrfmiddlewaretoken": token.split('"')[0]}
    assert forged.post("/people/kim/block", own).status_code == 302
    assert Block.objects.get().other == kim


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
     "https:evil.example", "http://testserver.evil.example/"],
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(person: People, target: str) -> None:
    person("ash")
    browser = Client()
    sent = {"login": "ash@example.org", "password": PASSWORD, "next": target}
    assert browser.post("/account/login/", sent)["Location"] == "/home"
    assert "evil" not in browser.post("/account/logout/", {"next": target})["Location"]


def test_signing_in_leads_back_to_where_somebody_was_going(person: People) -> None:
    person("ash")
    asked = Client().get("/me/people")["Location"]
    assert asked == "/account/login/?next=/me/people"
    sent = {"login": "ash@example.org", "password": PASSWORD, "next": "/me/people"}
    assert Client().post("/account/login/", sent)["Location"] == "/me/people"


def test_a_made_up_host_gets_no_page_and_no_letter(person: People, mailoutbox: list[Any]) -> None:
    person("ash")
    wanted = {"email": "ash@example.org"}
    forged = Client().post("/account/password/reset/", wanted, headers={"host": "evil.example"})
    assert forged.status_code == 400
    assert "evil" not in forged.content.decode()
    assert mailoutbox == []
    Client().post("/account/password/reset/", wanted, headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in mailoutbox[0].body


# --- strict under https -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The settings of a place behind a proxy with an https address."""
    home = tmp_path_factory.mktemp("home") / "new"
    names = [
        "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE",
        "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_HTTPONLY",
        "CSRF_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "ALLOWED_HOSTS", "DEBUG",
        "ALLAUTH_TRUSTED_PROXY_COUNT", "SECURE_PROXY_SSL_HEADER", "STORAGES", "PASSWORD_HASHERS",
        "DATABASES",
    ]  # fmt: skip
    code = (
        "import json; from oarlock.community import settings as s;"
        f"print(json.dumps({{n: getattr(s, n) for n in {names!r}}}))"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OARLOCK_", "DJANGO_"))}
    env = {**kept, "OARLOCK_HOME": str(home), "OARLOCK_ORIGIN": "https://peers.example.org",
           "OARLOCK_BEHIND_PROXY": "yes"}  # fmt: skip
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    return {**json.loads(out.stdout), "home": home}


def test_cookies_are_for_this_host_over_https_and_out_of_reach_of_scripts(
    strict: dict[str, Any],
) -> None:
    for cookie in ("SESSION", "CSRF"):
        assert strict[f"{cookie}_COOKIE_SECURE"]
        assert strict[f"{cookie}_COOKIE_HTTPONLY"]
        assert strict[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
    assert strict["LANGUAGE_COOKIE_SECURE"]
    assert strict["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_https_is_forced_for_a_year_and_only_the_named_host_answers(
    strict: dict[str, Any],
) -> None:
    assert strict["SECURE_SSL_REDIRECT"]
    assert strict["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert strict["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    assert strict["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert strict["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1
    assert set(strict["ALLOWED_HOSTS"]) == {"peers.example.org", "localhost", "127.0.0.1"}
    assert strict["DEBUG"] is False


def test_pages_over_http_lead_to_https_with_hsts(settings: Any, client: Client) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    plain = Client().get("/account/login/")
    assert plain.status_code == 301
    assert plain["Location"].startswith("https://")
    told = Client().get("/account/login/", secure=True)
    assert "max-age=31536000" in told["Strict-Transport-Security"]
    assert Client().get("/health/live").status_code == 200


def test_static_files_are_named_by_their_content_and_passwords_hashed_slowly(
    strict: dict[str, Any],
) -> None:
    assert "Manifest" in strict["STORAGES"]["staticfiles"]["BACKEND"]
    assert "Argon2" in strict["PASSWORD_HASHERS"][0]


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_home_and_key_are_for_their_owner_alone(strict: dict[str, Any]) -> None:
    home = strict["home"]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
    assert len((home / "secret-key").read_text("ascii")) >= 64


def test_sqlite_keeps_relations_and_overwrites_what_is_deleted(strict: dict[str, Any]) -> None:
    import sqlite3

    pragmas = strict["DATABASES"]["default"]["OPTIONS"]["init_command"]
    found = sqlite3.connect(strict["home"] / "try.sqlite3")
    try:
        found.executescript(pragmas)
        asked = ("foreign_keys", "secure_delete", "synchronous", "journal_mode")
        values = [found.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    finally:
        found.close()
    assert values == [1, 1, 2, "wal"]


# --- errors -------------------------------------------------------------------------------------


def _breaks(request: Any) -> None:
    raise RuntimeError("the secret words of ash")


class _Broken:
    from oarlock.community.urls import handler400
    from oarlock.community.urls import urlpatterns as _others

    urlpatterns = (*_others, path("breaks", _breaks))


def test_an_error_page_works_without_script_and_tells_nothing(
    person: People, sign_in: SignIn, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROOT_URLCONF = _Broken
    browser = sign_in(person("ash"))
    browser.raise_request_exception = False
    answer = browser.get("/breaks")
    words = answer.content.decode()
    assert answer.status_code == 500
    assert "your emergency number" in words
    assert "<script" not in words
    for leak in ("secret words", "RuntimeError", "Traceback", "ash"):
        assert leak not in words.replace("lash", "")
    for page, status in (("/nowhere", 404), ("/staff", 403)):
        found = browser.get(page)
        assert found.status_code == status
        assert "Traceback" not in found.content.decode()


def test_a_request_that_is_too_big_is_refused_in_words(rf: RequestFactory) -> None:
    page = bad_request(rf.post("/x"), RequestDataTooBig("the words"))
    assert page.status_code == 413
    assert "shorter text" in page.content.decode()
    told = bad_request(rf.post("/api/v1/me"), RequestDataTooBig("the words"))
    assert (told.status_code, told["Content-Type"]) == (413, "application/json")
    assert json.loads(told.content) == {"detail": "Too long."}
    assert bad_request(rf.get("/x"), None).status_code == 400


# --- bodies -------------------------------------------------------------------------------------


def _ask(parts: list[bytes], *, length: int | None = None, at: str = "/csp") -> tuple[int, bytes]:
    """Send a body in parts through the real application; return status and page."""
    from oarlock.community.ops.bodies import BodyLimit

    got: list[bytes] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            got.append(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"taken"})

    waiting = list(parts)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "path": at, "headers": headers}
    asyncio.run(BodyLimit(inner, limit=1000)(scope, receive, send))
    assert sum(map(len, got)) <= 1000
    return sent[0]["status"], sent[-1]["body"]


def test_a_body_is_bounded_before_it_is_kept_whether_it_says_its_length_or_not() -> None:
    assert _ask([b"x" * 900], length=900) == (200, b"taken")
    assert _ask([b"x" * 400] * 2) == (200, b"taken")
    for status, page in (
        _ask([b"x"], length=10**12),
        _ask([b"x" * 400] * 9),
        _ask([b"x" * 400] * 9, length=1),
    ):
        assert status == 413
        assert b"shorter text" in page
    assert json.loads(_ask([b""], length=5000, at="/api/v1/coach")[1])["detail"].startswith("This")


def test_the_application_that_is_served_has_the_bound(settings: Any) -> None:
    from oarlock.community.asgi import application
    from oarlock.community.ops.bodies import BodyLimit

    assert isinstance(application, BodyLimit)
    assert application.limit == settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_files_are_refused_in_words_and_nothing_is_kept(
    person: People, sign_in: SignIn, group: Group
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    ash = person("ash")
    Membership.objects.create(person=ash, group=group)
    browser = sign_in(ash)
    file = SimpleUploadedFile("me.png", b"x" * 100)
    answer = browser.post("/groups/low-mood/write", {"body": "hello", "file": file})
    assert answer.status_code == 413
    assert "no files" in answer.content.decode()
    assert not Text.objects.exists()
    assert browser.post("/groups/low-mood/write", {"body": "hello"}).status_code == 302


# --- copying the place --------------------------------------------------------------------------


def test_copying_page_after_page_is_slowed_and_help_never(
    person: People, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "READ_WINDOWS", ((60, 3),))
    now = limits.timezone.now()
    monkeypatch.setattr(limits.timezone, "now", lambda: now)
    browser, other = sign_in(person("ash")), sign_in(person("kim"))
    assert [browser.get("/me/people").status_code for _n in range(5)] == [200] * 3 + [429] * 2
    assert other.get("/me/people").status_code == 200
    assert browser.get("/account/logout/").status_code == 200
    assert browser.get("/help").status_code != 429


def test_staff_who_reads_what_peers_cannot_leaves_a_trace(
    person: People, sign_in: SignIn, group: Group, closed_group: Group
) -> None:
    ash, mo = person("ash"), person("mo", Role.MODERATOR)
    kim = person("kim")
    for one in (group, closed_group):
        Membership.objects.create(person=ash, group=one)
    plain = write_post(by=ash, group=group, body="for everybody")
    hidden = write_post(by=ash, group=group, body="without my name", anonymous=True)
    closed = write_post(by=ash, group=closed_group, body="among us")
    read = AuditEvent.objects.filter(action="text.read_by_staff")
    for post in (plain, closed):
        report(by=kim, text=post.text, reason="insult")
    browser = sign_in(mo)
    for post in (plain, hidden, hidden, closed):
        assert browser.get(f"/threads/{post.text.public_id}").status_code == 200
        sign_in(ash).get(f"/threads/{post.text.public_id}")
    assert set(read.values_list("by", "target")) == {
        (mo.pk, str(hidden.text)), (mo.pk, str(closed.text)),
    }  # fmt: skip
    assert read.count() == 2
    browser.get(f"/texts/{plain.text.public_id}/history")
    assert read.filter(target=str(plain.text)).count() == 1


def test_a_thread_cannot_be_found_by_trying_ids(
    person: People, sign_in: SignIn, closed_group: Group
) -> None:
    ash, kim = person("ash"), person("kim")
    Membership.objects.create(person=ash, group=closed_group)
    post: Post = write_post(by=ash, group=closed_group, body="among us")
    unknown = sign_in(kim).get("/threads/22222222222222")
    hidden = sign_in(kim).get(f"/threads/{post.text.public_id}")
    assert (unknown.status_code, hidden.status_code) == (404, 404)
    assert sign_in(ash).get(f"/threads/{post.text.public_id}").status_code == 200
