"""Beside `oarlock serve` a worker is always at work."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from oarlock.cli import serve


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return started[-1]

    monkeypatch.setattr(serve, "_start_worker", start)
    monkeypatch.setattr(serve, "PAUSE_SECONDS", 0.2)
    return started


def test_worker_that_dies_is_started_again_after_a_pause(
    children: list[subprocess.Popen[bytes]], capfd: pytest.CaptureFixture[str]
) -> None:
    worker = serve._Worker()
    children[0].kill()
    children[0].wait()
    assert len(children) == 1
    _until(lambda: len(children) == 2)
    assert children[1].poll() is None
    assert "starts again" in capfd.readouterr().err
    worker.end()
    assert children[1].poll() is not None
    time.sleep(0.5)
    assert len(children) == 2


def test_worker_that_serve_has_ended_is_not_started_again(
    children: list[subprocess.Popen[bytes]],
) -> None:
    worker = serve._Worker()
    worker.end()
    time.sleep(0.5)
    assert len(children) == 1
    assert children[0].poll() is not None


@pytest.fixture
def place(settings: Any) -> Any:
    """The settings of a place that sends no e-mail and is its own machine's alone."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = "/srv/outbox"
    settings.ORIGIN, settings.DEBUG, settings.DEMO = "http://localhost:8000", False, False
    return settings


@pytest.mark.django_db
def test_serve_says_where_email_goes_until_there_is_a_server(
    place: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    serve.tell("127.0.0.1")
    assert "written to /srv/outbox" in capfd.readouterr().err
    place.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    serve.tell("127.0.0.1")
    assert capfd.readouterr().err == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "origin", "debug", "told"),
    [
        ("127.0.0.1", "http://localhost:8000", False, False),
        ("0.0.0.0", "http://localhost:8000", False, True),
        ("127.0.0.1", "https://peers.example.org", False, True),
        ("0.0.0.0", "http://localhost:8000", True, False),
    ],
)
def test_serve_names_what_must_be_mended_where_others_reach_the_place(
    host: str, origin: str, debug: bool, told: bool, place: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    place.ORIGIN, place.DEBUG = origin, debug
    serve.tell(host)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("STOP")]
    assert any("An alarm would reach nobody." in line for line in lines) is told
    assert not [line for line in lines if "No worker" in line]
    assert bool(lines) is told


def _until(true: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)
