"""A restore equals its backup; a bad one changes nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

PEOPLE = """
from oarlock.community.ops.prepare import prepare, setup
setup(); prepare(pages=False)
from oarlock.community.accounts.models import User
for n in range({n}): User.objects.create(handle=f"person{{n}}", email=f"p{{n}}@example.org")
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def oarlock(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python(home, "-m", "oarlock", *arguments)


def python(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OARLOCK_HOME": str(home), "OARLOCK_DATABASE_URL": ""}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(home / "community.sqlite3")) as database:
        tables = [
            r[0] for r in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {t: database.execute(f'SELECT * FROM "{t}"').fetchall() for t in sorted(tables)}


def test_restore_equals_backup(home: Path, tmp_path: Path) -> None:
    assert python(home, "-c", PEOPLE.format(n=3)).returncode == 0
    before, key = rows(home), (home / "secret-key").read_text()
    copy = tmp_path / "copy.tar"
    made = oarlock(home, "backup", str(copy))
    assert made.returncode == 0, made.stderr
    assert copy.stat().st_mode & 0o077 == 0
    other = tmp_path / "other"
    restored = oarlock(other, "restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert rows(other) == before
    assert (other / "secret-key").read_text() == key

    refused = oarlock(other, "restore", str(copy))
    assert refused.returncode == 2
    assert "holds people" in refused.stderr

    taken = oarlock(home, "backup", str(copy))
    assert taken.returncode == 2
    assert "exists already" in taken.stderr

    cut = tmp_path / "cut.tar"
    cut.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    damaged = oarlock(other, "restore", "--overwrite", str(cut))
    assert damaged.returncode == 2
    assert "not a whole backup" in damaged.stderr
    assert rows(other) == before
