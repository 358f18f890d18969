"""Health, metrics, limits, logs: what operators see, and what nobody may."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oarlock.community import settings as source
from oarlock.community.accounts.models import Role, User
from oarlock.community.groups.models import Group
from oarlock.community.ops import checks, limits, schedule
from oarlock.community.ops.logs import JsonFormatter
from oarlock.community.ops.models import Tick
from oarlock.community.support.actions import write_post

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[4]


def test_ready_follows_the_worker(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").status_code == 503
    schedule.beat()
    assert client.get("/health/ready").json() == {"status": "ok", "problems": []}
    Tick.objects.update(last_at=timezone.now() - timedelta(minutes=5))
    assert client.get("/health/ready").json()["problems"] == ["worker"]


def test_ready_tells_of_texts_that_nobody_screened(
    client: Client,
    person: Callable[..., User],
    group: Group,
    join: Callable[..., Any],
    screener: Any,
) -> None:
    schedule.beat()
    ash = person("ash")
    join(ash, group)
    screener.broken = True
    write_post(by=ash, group=group, body="hello")
    assert client.get("/health/ready").json() == {"status": "degraded", "problems": ["unscreened"]}


def test_metrics_need_the_token_and_name_views_not_paths(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "t"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    client.get("/people/somebody-secret")
    text = client.get("/metrics", headers={"Authorization": "Bearer t"}).content.decode()
    assert 'oarlock_cases_open{grade="1"} 0.0' in text
    assert "somebody-secret" not in text


def test_too_many_changes_are_refused_and_the_words_given_back(
    person: Callable[..., User],
    sign_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "WINDOWS", ((60, 2),))
    browser = sign_in(person("ash"))
    for _ in range(2):
        assert browser.post("/me/data/consent", {"given": "no"}).status_code == 302
    refused = browser.post("/me/data/consent", {"given": "no", "body": "my long words"})
    assert refused.status_code == 429
    assert "my long words" in refused.content.decode()
    assert browser.get("/home").status_code == 200


def test_stale_form_gives_back_what_was_typed(person: Callable[..., User], group: Group) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person("ash"))
    answer = browser.post("/agreement", {"body": "my long words"})
    assert answer.status_code == 403
    assert "my long words" in answer.content.decode()
    assert "open for too long" in answer.content.decode()


def test_log_lines_hold_no_words_of_others() -> None:
    try:
        raise ValueError("what somebody wrote")
    except ValueError as error:
        record = logging.LogRecord(
            "django.request", logging.ERROR, "", 1, "Error at %s", ("/people/ash",),
            (ValueError, error, error.__traceback__),
        )  # fmt: skip
    line = JsonFormatter().format(record)
    assert json.loads(line)["error"] == "ValueError"
    assert "somebody" not in line
    assert "ash" not in line


HELPLINES = """
[countries.DE]
name = "Germany"
emergency = "112"
[[countries.DE.line]]
name = "Near line"
phone = "111"
verified_on = "{near}"
[countries.FR]
name = "France"
emergency = "112"
[[countries.FR.line]]
name = "Far line"
phone = "222"
[fallback]
[[fallback.line]]
name = "Line for everybody"
url = "https://help.example.org"
verified_on = "{everywhere}"
"""


@pytest.fixture
def checked(settings: Any, tmp_path: Path) -> Callable[..., None]:
    """Gives the place helplines of its own, last verified so many days ago."""

    def give(*, near: int, everywhere: int = 0) -> None:
        days = {"near": near, "everywhere": everywhere}
        dates = {n: timezone.localdate() - timedelta(days=d) for n, d in days.items()}
        path = tmp_path / f"helplines-{near}-{everywhere}.toml"
        path.write_text(HELPLINES.format(**dates), "utf-8")
        settings.HELPLINES, settings.COUNTRY = path, "DE"

    return give


def about_helplines() -> list[checks.Finding]:
    return [finding for finding in checks.findings() if "elplines" in finding.what]


def test_helplines_that_nobody_verified_stop_a_deployment(
    checked: Callable[..., None], person: Callable[..., User]
) -> None:
    (shipped,) = about_helplines()
    assert shipped.level == "stop"
    assert "verified by nobody" in shipped.what
    checked(near=0)
    assert about_helplines() == []
    checked(near=366)
    assert "1 helplines that people here are shown (DE)" in about_helplines()[0].what
    checked(near=0, everywhere=400)
    assert "(anywhere)" in about_helplines()[0].what
    checked(near=0)
    # Lines of a country count once somebody from there has joined.
    person("amelie", country="FR")
    assert "(FR)" in about_helplines()[0].what


def test_own_helplines_are_shown_and_a_broken_file_leaves_nobody_without(
    client: Client, checked: Callable[..., None], settings: Any
) -> None:
    checked(near=0)
    assert "Near line" in client.get("/help").content.decode()
    settings.HELPLINES.with_name("broken.toml").write_text("[countries", "utf-8")
    settings.HELPLINES = settings.HELPLINES.with_name("broken.toml")
    assert "TelefonSeelsorge" in client.get("/help").content.decode()
    assert "cannot be used" in about_helplines()[0].what


def test_check_deploy_names_what_is_missing(
    person: Callable[..., User], settings: Any, checked: Callable[..., None]
) -> None:
    stops = {finding.what for finding in checks.findings() if finding.level == "stop"}
    assert "Pages travel without encryption." in stops
    assert "An alarm would reach nobody." in stops
    assert "Nobody is clinician." in stops
    settings.HTTPS, settings.ALARM_EMAILS = True, ["duty@example.org"]
    checked(near=0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    for role in (Role.SUPERVISOR, Role.OPERATOR, Role.MODERATOR, Role.CLINICIAN):
        person(f"a-{role}", role)
    schedule.beat()
    assert [f.what for f in checks.findings() if f.level == "stop"] == []


def test_every_setting_is_in_the_example_file_and_the_other_way_round() -> None:
    import re

    used = set(
        re.findall(
            r'(?:_(?:text|flag|number)|environment\.\w+)\(\s*"([A-Z_]+)"',
            Path(source.__file__).read_text("utf-8"),
        )
    )
    listed = set(
        re.findall(r"^#? ?OARLOCK_([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.M)
    )
    assert used == listed
