"""Beside `oarlock serve` a worker is always at work."""

from __future__ import annotations

import subprocess
import sys
import time

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


def _until(true: object, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)
