"""When nobody says "I have it", people are called: once each time, discreetly, again and again."""

from __future__ import annotations

import json
import smtplib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import actions, alarms, rota
from oarlock.community.desk.models import Alarm, Case, Shift

People = Callable[..., User]


@pytest.fixture
def boss(person: People) -> User:
    return person("boss", Role.SUPERVISOR)


@pytest.fixture
def mod(person: People) -> User:
    return person("mod", Role.MODERATOR)


@pytest.fixture
def overdue(person: People) -> Case:
    return Case.objects.create(
        queue="moderation", origin="report", kind="secret-kind", grade=2, about=person("ash"),
        acknowledge_by=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip


def work() -> None:
    """Send what waits, as the worker does; a failure stays a failure of its own alarm."""
    for pk in Alarm.objects.filter(sent_at=None).values_list("pk", flat=True):
        try:
            alarms.send.func(pk)
        except alarms.ChannelError:
            continue


def on_duty(person: User, queue: str = "moderation") -> None:
    now = timezone.now()
    Shift.objects.create(
        queue=queue, person=person, starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip


@pytest.fixture
def webhook(settings: Any) -> Iterator[list[dict[str, Any]]]:
    """A webhook that keeps what it gets; the first item says which status it answers with."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.ALARM_WEBHOOK = f"http://127.0.0.1:{server.server_port}/hook"
    yield got
    server.shutdown()
    server.server_close()
    thread.join()


def test_alarm_reaches_those_on_duty_and_the_list_without_a_word_of_the_case(
    overdue: Case, mod: User, boss: User, settings: Any, webhook: list[dict[str, Any]]
) -> None:
    settings.ALARM_EMAILS = ["night@example.org"]
    on_duty(mod)
    assert alarms.sound() == 2
    work()
    assert sorted(to for m in mail.outbox for to in m.to) == [mod.email, "night@example.org"]
    for message in mail.outbox:
        assert len(message.to) == 1
        assert message.subject == "Something is waiting for you"
        assert f"/desk/cases/{overdue.public_id}" in message.body
        assert "secret-kind" not in message.body
        assert "ash" not in message.body
    assert webhook[0]["case"] == overdue.public_id
    assert "secret-kind" not in json.dumps(webhook)


def test_no_alarm_before_the_clock_or_after_i_have_it(overdue: Case, mod: User) -> None:
    actions.acknowledge(by=mod, case=overdue)
    assert alarms.sound() == 0
    Case.objects.update(state="new", acknowledge_by=timezone.now() + timedelta(minutes=1))
    assert alarms.sound() == 0


def test_two_workers_send_one_alarm(overdue: Case, boss: User) -> None:
    now = timezone.now()
    assert alarms.sound(now) == 1
    assert alarms.sound(now) == 0
    work()
    alarm = Alarm.objects.get()
    assert alarms.send.func(alarm.pk) is False
    assert len(mail.outbox) == 1


def test_a_worker_that_holds_an_older_view_of_the_case_sends_nothing(
    overdue: Case, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Case.objects.get()
    alarms.sound()
    monkeypatch.setattr(
        alarms.Case.objects, "filter",
        lambda *a, _real=Case.objects.filter, **k: Stale([stale]) if a else _real(**k),
    )  # fmt: skip
    assert alarms.sound() == 0
    assert Alarm.objects.count() == 1


class Stale(list[Case]):
    """A list of cases as another worker read it a moment ago."""

    def order_by(self, *names: str) -> Stale:
        return self


def test_alarm_is_repeated_with_growing_gaps_and_calls_supervisors(
    overdue: Case, mod: User, boss: User
) -> None:
    on_duty(mod)
    start = timezone.now()
    times = []
    for minute in range(130):
        if alarms.sound(start + timedelta(minutes=minute)):
            times.append(minute)
    assert times == [0, 5, 15, 35, 75]
    overdue.refresh_from_db()
    assert alarms.recipients(overdue, 1) == [mod.email]
    assert set(alarms.recipients(overdue, 2)) == {mod.email, boss.email}


def test_without_anybody_on_duty_supervisors_are_called_at_once(
    overdue: Case, mod: User, boss: User
) -> None:
    assert alarms.recipients(overdue, 1) == [boss.email]


def test_nobody_is_called_about_themselves(kim_case: Case, boss: User, person: People) -> None:
    other = person("chief", Role.SUPERVISOR)
    assert alarms.recipients(kim_case, 2) == [other.email]


@pytest.fixture
def kim_case(boss: User) -> Case:
    return Case.objects.create(
        queue="supervision", origin="report", kind="team", grade=3, about=boss, not_for=boss,
        acknowledge_by=timezone.now(),
    )  # fmt: skip


def test_dead_webhook_holds_up_no_mail_and_is_seen_on_the_queue_page(
    overdue: Case, mod: User, boss: User, settings: Any, sign_in: Any
) -> None:
    settings.ALARM_WEBHOOK = "http://127.0.0.1:9/dead"
    alarms.sound()
    work()
    assert len(mail.outbox) == 1
    assert Alarm.objects.get(channel="webhook").failed
    page = sign_in(mod).get("/desk/").content.decode()
    assert "The last alarm by Webhook did not get through" in page
    assert "alarms" in Client().get("/health/ready").json()["problems"]


def test_failed_alarm_is_tried_again_and_then_counts_as_sent(
    overdue: Case, boss: User, settings: Any, webhook: list[dict[str, Any]]
) -> None:
    alive, settings.ALARM_WEBHOOK = settings.ALARM_WEBHOOK, "http://127.0.0.1:9/dead"
    alarms.sound()
    alarm = Alarm.objects.get(channel="webhook")
    with pytest.raises(alarms.ChannelError):
        alarms.send.func(alarm.pk)
    settings.ALARM_WEBHOOK = alive
    assert alarms.send.func(alarm.pk)
    alarm.refresh_from_db()
    assert alarm.sent_at is not None
    assert not alarm.failed
    assert len(webhook) == 1


def test_alarm_that_reaches_nobody_is_a_failed_alarm(overdue: Case) -> None:
    alarms.sound()
    work()
    assert Alarm.objects.get().failed


def test_failing_mail_keeps_addresses_out_of_the_log(
    overdue: Case, boss: User, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    alarms.sound()
    work()
    assert Alarm.objects.get().failed
    assert boss.email not in caplog.text


class Server:
    """A mail server that refuses the mailboxes of `refused`, and hangs up after `calls` letters."""

    refused: tuple[str, ...] = ()
    calls = 100
    sent: list[str]

    def __init__(self, *args: object, **kwargs: object) -> None:
        if Server.calls <= 0:
            raise ConnectionRefusedError

    def sendmail(self, _from: str, to: list[str], _words: object) -> None:
        if to[0].startswith(Server.refused):
            raise smtplib.SMTPRecipientsRefused({to[0]: (550, b"no such mailbox")})
        Server.calls -= 1
        Server.sent.append(to[0])

    def quit(self) -> None:
        pass


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    monkeypatch.setattr(smtplib, "SMTP", Server)
    Server.refused, Server.calls, Server.sent = (), 100, []
    return Server


def test_one_refused_mailbox_silences_nobody_else(
    overdue: Case, boss: User, settings: Any, server: type[Server],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    settings.ALARM_EMAILS = ["night@example.org", "day@example.org"]
    server.refused = ("boss",)
    alarms.sound()
    work()
    assert server.sent == ["night@example.org", "day@example.org"]
    assert Alarm.objects.get().sent_at is not None
    told = [record for record in caplog.records if record.msg == "alarm.partly"]
    assert [record.count for record in told] == [1]  # type: ignore[attr-defined]
    assert boss.email not in caplog.text
    work()
    assert len(server.sent) == 2


def test_alarm_that_every_mailbox_refuses_has_failed(
    overdue: Case, boss: User, server: type[Server]
) -> None:
    server.refused = ("boss",)
    alarms.sound()
    work()
    assert Alarm.objects.get().failed


def test_another_try_calls_nobody_twice(
    overdue: Case, boss: User, settings: Any, server: type[Server]
) -> None:
    settings.ALARM_EMAILS = ["night@example.org"]
    server.calls = 1
    alarms.sound()
    work()
    assert server.sent == [boss.email]
    assert Alarm.objects.get().failed
    server.calls = 100
    work()
    assert server.sent == [boss.email, "night@example.org"]
    assert Alarm.objects.get().sent_at is not None


def test_alarms_are_jobs_of_their_own_queue(overdue: Case, boss: User) -> None:
    alarms.sound()
    assert DBTaskResult.objects.get().queue_name == "alarms"


# --- the rota ---------------------------------------------------------------------------------


def test_gaps_of_the_next_seven_days_are_shown(mod: User, boss: User, sign_in: Any) -> None:
    now = timezone.now()
    shift = {"queue": "moderation", "person": mod}
    rota.add(by=boss, starts_at=now, ends_at=now + timedelta(days=2), **shift)  # type: ignore[arg-type]
    rota.add(
        by=boss, starts_at=now + timedelta(days=3), ends_at=now + timedelta(days=9), **shift  # type: ignore[arg-type]
    )  # fmt: skip
    found = [gap for gap in rota.gaps(now) if gap.queue == "moderation"]
    assert [(g.starts_at - now, g.ends_at - now) for g in found] == [
        (timedelta(days=2), timedelta(days=3))
    ]
    page = sign_in(boss).get("/desk/rota").content.decode()
    assert "nobody is on duty" in page
    assert "mod" in page


def test_shift_that_ends_before_it_starts_is_refused(mod: User, boss: User) -> None:
    now = timezone.now()
    with pytest.raises(ValidationError, match="ends after it starts"):
        rota.add(
            by=boss, queue="moderation", person=mod, starts_at=now, ends_at=now - timedelta(hours=1)
        )
    with pytest.raises(ValidationError, match="does not work on that queue"):
        rota.add(
            by=boss, queue="clinical", person=mod, starts_at=now, ends_at=now + timedelta(hours=1)
        )
    with pytest.raises(PermissionDenied):
        rota.add(
            by=mod, queue="moderation", person=mod, starts_at=now, ends_at=now + timedelta(hours=1)
        )


def test_supervisor_adds_and_removes_a_shift_on_the_page(
    mod: User, boss: User, sign_in: Any
) -> None:
    browser = sign_in(boss)
    now = timezone.now()
    data = {
        "queue": "moderation", "person": mod.public_id,
        "starts_at": f"{now:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=8):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert browser.post("/desk/rota", data).status_code == 302
    assert rota.on_duty("moderation") == [mod.pk]
    browser.post(f"/desk/rota/{Shift.objects.get().pk}/remove")
    assert rota.on_duty("moderation") == []
