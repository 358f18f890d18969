"""A wrong setting is named, with what was expected and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oarlock.community import environment
from oarlock.errors import UserError

READERS: dict[str, Callable[[], Any]] = {
    "AGE_MIN": lambda: environment.number("AGE_MIN", 18, least=16),
    "EMAIL_PORT": lambda: environment.number("EMAIL_PORT", 587, least=1, most=65_535),
    "COACH": lambda: environment.flag("COACH", default=True),
    "TIME_ZONE": lambda: environment.time_zone("TIME_ZONE", "UTC"),
    "DATABASE_URL": lambda: environment.database("DATABASE_URL", "sqlite:////tmp/a.sqlite3"),
    "COUNTRY": lambda: environment.country("COUNTRY", "GB"),
    "ORIGIN": lambda: environment.origin("ORIGIN", "http://localhost:8000"),
    "REDIS_URL": lambda: environment.address("REDIS_URL", "redis", "rediss"),
}


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("AGE_MIN", "12", "16"),
        ("AGE_MIN", "-1", "21"),
        ("EMAIL_PORT", "abc", "25"),
        ("EMAIL_PORT", "70000", "65535"),
        ("COACH", "maybe", "no"),
        ("TIME_ZONE", "Mars", "Europe/Berlin"),
        ("DATABASE_URL", "foo", "sqlite:////tmp/b.sqlite3"),
        ("DATABASE_URL", "mysql://a:b@c/d", "postgres://a:b@c:5432/d"),
        ("DATABASE_URL", "postgres://a:b@c:port/d", "postgres://a:b@c/d"),
        ("COUNTRY", "Germany", "de"),
        ("ORIGIN", "foo", "https://peers.example.org"),
        ("ORIGIN", "https://peers.example.org/path", "https://peers.example.org/"),
        ("ORIGIN", "ftp://peers.example.org", "http://localhost:9000"),
        ("REDIS_URL", "localhost", "redis://localhost:6379/0"),
    ],
)
def test_a_wrong_setting_is_named_and_a_right_one_is_taken(
    name: str, wrong: str, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OARLOCK_{name}", wrong)
    with pytest.raises(UserError) as fault:
        READERS[name]()
    assert f"OARLOCK_{name}: expected" in fault.value.message
    assert fault.value.remedy
    assert wrong not in fault.value.message  # an address may hold a password
    monkeypatch.setenv(f"OARLOCK_{name}", right)
    READERS[name]()


def _run(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OARLOCK_")}
    return subprocess.run(
        [sys.executable, "-m", "oarlock", "role", "robin", "nobody"],
        env={**kept, "OARLOCK_HOME": str(home), **more},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_command_tells_a_wrong_setting_apart_from_a_fault_of_oarlock(tmp_path: Path) -> None:
    wrong = _run(tmp_path, OARLOCK_AGE_MIN="12")
    assert wrong.returncode == 2
    assert "error: OARLOCK_AGE_MIN: expected a whole number of at least 16." in wrong.stderr
    assert "fault in Oarlock" not in wrong.stderr
    right = _run(tmp_path, OARLOCK_AGE_MIN="17")
    assert "nobody: no such role." in right.stderr
