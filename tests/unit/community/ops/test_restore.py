"""A restore waits until nobody works on the data, and brings back nobody who has left."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

FIRST = """
from oarlock.community.ops.prepare import prepare, setup
setup(); prepare(pages=False)
from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group, Membership
from oarlock.community.support.actions import write_post
for handle in ("ash", "kim", "lou"):
    user = User.objects.create(handle=handle, email=f"{handle}@example.org")
    group = Group.objects.get(slug="low-mood")
    Membership.objects.create(person=user, group=group)
    write_post(by=user, group=group, body=f"from {handle}")
"""
LEAVING = """
from oarlock.community.ops.prepare import setup
setup()
from oarlock.community.accounts import actions
from oarlock.community.accounts.models import User
actions.erase(by=User.objects.get(handle="ash"), keep_texts=False)
actions.erase(by=User.objects.get(handle="kim"), keep_texts=True)
"""
LOOK = """
from oarlock.community.ops.prepare import setup
setup()
from oarlock.community.accounts.models import User
from oarlock.community.texts.models import Text
print(sorted(User.objects.filter(erased_at=None).values_list("handle", flat=True)))
print(sorted(Text.objects.exclude(body="").values_list("body", flat=True)))
"""


class Place:
    """A community of its own, used from outside as an operator does."""

    def __init__(self, home: Path, database: str = "") -> None:
        self.home = home
        self.environment = os.environ | {
            "OARLOCK_HOME": str(home),
            "OARLOCK_DATABASE_URL": database,
        }

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def do(self, script: str) -> str:
        done = self.python("-c", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def restore(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "oarlock", "restore", *arguments)

    def backup(self, target: Path) -> Path:
        done = self.python("-m", "oarlock", "backup", str(target))
        assert done.returncode == 0, done.stderr
        return target

    @contextmanager
    def running(self, *arguments: str, ready: str) -> Iterator[None]:
        """Run a command for as long as the context lasts, from when it has begun its work."""
        child = subprocess.Popen(
            [sys.executable, "-m", "oarlock", *arguments],
            env=self.environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            end = time.monotonic() + 60
            if ready:
                assert child.stderr is not None
                assert ready in child.stderr.readline()
            else:
                while not (self.home / "worker-id").exists():
                    assert time.monotonic() < end
                    time.sleep(0.05)
            yield
        finally:
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=60)

    def rows(self) -> list[str]:
        with closing(sqlite3.connect(self.home / "community.sqlite3")) as database:
            return sorted(database.iterdump())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with a community of three and its backup, made once."""
    folder = tmp_path_factory.mktemp("first")
    made = Place(folder / "home")
    made.do(FIRST)
    made.backup(folder / "copy.tar")
    return folder


@pytest.fixture
def place(first: Path, tmp_path: Path) -> Place:
    shutil.copytree(first / "home", tmp_path / "home")
    return Place(tmp_path / "home")


@pytest.fixture
def copy(first: Path) -> Path:
    return first / "copy.tar"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize("what", ["worker", "serve"])
def test_restore_waits_until_serve_and_worker_have_stopped(
    place: Place, copy: Path, what: str
) -> None:
    place.do(LEAVING)
    before = place.do(LOOK)
    arguments, ready = (["worker"], "")
    if what == "serve":
        arguments, ready = ["serve", "--no-worker", "--port", free_port()], "Oarlock answers"
    with place.running(*arguments, ready=ready):
        refused = place.restore("--overwrite", str(copy))
        assert refused.returncode == 2
        assert "Stop both" in refused.stderr
    assert place.do(LOOK) == before
    restored = place.restore("--overwrite", str(copy))
    assert restored.returncode == 0, restored.stderr


def test_neither_serve_nor_worker_starts_during_a_restore(place: Place, copy: Path) -> None:
    hold = """
from oarlock.community.ops.prepare import setup
setup()
import subprocess, sys
from oarlock.community.ops import running
with running.alone():
    done = subprocess.run([sys.executable, "-m", "oarlock", "worker", "--until-done"],
                          capture_output=True, text=True)
print(done.returncode, done.stderr)
"""
    said = place.do(hold)
    assert said.startswith("2 ")
    assert "A restore is under way" in said
    after = place.python("-m", "oarlock", "worker", "--until-done")
    assert after.returncode == 0, after.stderr


def test_restore_erases_again_who_has_left_since(place: Place, copy: Path) -> None:
    place.do(LEAVING)
    listed = (place.home / "erasures").read_text()
    assert not [word for word in ("ash", "kim", "example") if word in listed]
    assert (place.home / "erasures").stat().st_mode & 0o077 == 0
    restored = place.restore("--overwrite", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert "Erased again: 2 people" in restored.stderr
    assert "no list of erasures" not in restored.stderr
    assert place.do(LOOK).splitlines() == ["['lou']", "['from kim', 'from lou']"]


def test_restore_on_a_new_machine_says_that_it_knows_no_erasures(
    place: Place, copy: Path, tmp_path: Path
) -> None:
    place.do(LEAVING)
    other = Place(tmp_path / "other")
    restored = other.restore(str(copy))
    assert restored.returncode == 0, restored.stderr
    assert "no list of erasures" in restored.stderr
    assert other.do(LOOK).startswith("['ash', 'kim', 'lou']")
    # What it says to do: copy the list; they are gone before a page is served.
    (other.home / "erasures").write_bytes((place.home / "erasures").read_bytes())
    started = other.python("-m", "oarlock", "worker", "--until-done")
    assert started.returncode == 0, started.stderr
    assert other.do(LOOK).splitlines() == ["['lou']", "['from kim', 'from lou']"]


def test_erasures_that_were_not_listed_are_found_in_the_database(place: Place, copy: Path) -> None:
    place.do(LEAVING)
    # As after a full disk: the accounts are gone, the lines were never written.
    first = (place.home / "erasures").read_text().splitlines()[0]
    (place.home / "erasures").write_text(first + "\n2026-01-0")
    restored = place.restore("--overwrite", str(copy))
    assert "Erased again: 2 people" in restored.stderr
    assert place.do(LOOK).splitlines() == ["['lou']", "['from kim', 'from lou']"]


def test_restore_that_fails_halfway_leaves_everything_as_it_was(place: Place, copy: Path) -> None:
    place.do(LEAVING)
    (place.home / "secret-key").write_text("another key, made since the backup was written " * 2)
    before, key = place.rows(), (place.home / "secret-key").read_text()
    fails = f"""
from pathlib import Path
from oarlock.community.ops.prepare import setup
setup()
from oarlock.community.ops import backup
def broken(**_): raise OSError("no space left")
backup.prepare = broken
try:
    backup.restore(Path({str(copy)!r}), overwrite=True)
except OSError:
    print("failed")
"""
    assert place.do(fails) == "failed\n"
    assert place.rows() == before
    assert (place.home / "secret-key").read_text() == key
    assert not [path for path in place.home.iterdir() if path.name.startswith("tmp")]
    assert place.restore("--overwrite", str(copy)).returncode == 0
    assert (place.home / "secret-key").read_text() != key


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Makes places with a PostgreSQL database of their own beside that of the tests."""
    base = urlsplit(os.environ["OARLOCK_TEST_DATABASE_URL"])
    names: list[str] = []

    def psql(sql: str) -> None:
        url = urlunsplit(base._replace(path="/postgres"))
        subprocess.run(["psql", "-q", url, "-c", sql], check=True)

    def make(name: str) -> Place:
        names.append(f"{name}_{os.getpid()}")
        psql(f'CREATE DATABASE "{names[-1]}"')
        url = urlunsplit(base._replace(path=f"/{names[-1]}"))
        return Place(tmp_path / name, url)

    yield make
    for name in names:
        psql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.skipif(connection.vendor != "postgresql", reason="make test-postgres")
def test_restore_on_postgresql_waits_for_connections_of_other_machines(
    databases: Callable[[str], Place], tmp_path: Path
) -> None:
    place = databases("here")
    place.do(FIRST)
    copy = place.backup(tmp_path / "copy.tar")
    place.do(LEAVING)
    before = place.do(LOOK)
    elsewhere = Place(tmp_path / "elsewhere", place.environment["OARLOCK_DATABASE_URL"])
    with elsewhere.running("worker", ready=""):
        refused = place.restore("--overwrite", str(copy))
        assert refused.returncode == 2
        assert "connections to the database are open" in refused.stderr
    assert place.do(LOOK) == before
    # The other machine has a list of its own: this one learns of its erasures from the database.
    restored = place.restore("--overwrite", str(copy))
    assert restored.returncode == 0, restored.stderr
    assert "Erased again: 2 people" in restored.stderr
    assert place.do(LOOK).splitlines() == ["['lou']", "['from kim', 'from lou']"]
