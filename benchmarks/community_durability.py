"""Pulls the plug under load, again and again, and looks at what is left.

Each round starts server and worker on the same database, lets four people write, and kills one of
the two with SIGKILL at a random moment. At the end a last worker finishes the queue. Then: every
text whose sending was acknowledged is there exactly once, screened or in front of a person; every
job ran; everybody was told of each reply once. The named peer is the promise itself: all three
shares have to be 1.

    make bench  |  python benchmarks/community_durability.py [--rounds 200] [--engine sqlite]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from postgres import cluster, free_port  # noqa: E402 - it lies beside the tests

SECRET = "b" * 32
N_PEOPLE = 4

PREPARE = """
import json
from oarlock.community.ops.prepare import prepare, setup
setup(); prepare()
from django.contrib.sessions.backends.db import SessionStore
from oarlock.community.accounts.models import Acceptance, Agreement, User
from oarlock.community.groups.models import Group, Membership
from oarlock.community.support.actions import write_post
group = Group.objects.first()
sessions = []
for n in range(%d):
    user = User.objects.create(handle=f"person{n}", email=f"p{n}@example.org")
    Acceptance.objects.create(by=user, agreement=Agreement.current())
    Membership.objects.create(group=group, person=user)
    if n == 0:
        post = write_post(by=user, group=group, body="a post that many answer")
        from oarlock.community.texts.models import Text
        Text.objects.update(state="shown")
        continue
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store.create(); sessions.append(store.session_key)
print(json.dumps({"post": post.text.public_id, "sessions": sessions}))
"""

LOOK = """
import json, sys
from oarlock.community.ops.prepare import setup
setup()
from collections import Counter
from django_tasks_db.models import DBTaskResult
from oarlock.community.desk.models import Case
from oarlock.community.notices.models import Notice
from oarlock.community.support.models import Reply
from oarlock.community.texts.models import CodedSentence, Text
keys = json.load(open(sys.argv[1]))
there = Counter(Text.objects.filter(key__in=keys).values_list("key", flat=True))
replies = Reply.objects.filter(text__state="shown").exclude(text__author__handle="person0")
notices = Notice.objects.filter(to__handle="person0", kind="reply")
told = Counter(notices.values_list("target", flat=True))
ids = list(replies.values_list("text__public_id", flat=True))
print(json.dumps({
    "acknowledged": len(keys),
    "lost": sum(there[key] == 0 for key in keys),
    "twice": sum(n > 1 for n in there.values()),
    "neither_screened_nor_queued": Text.objects.filter(screened=False).exclude(
        pk__in=Case.objects.values("text")).count(),
    "without_screening": Text.objects.filter(screenings=None).count(),
    "jobs": DBTaskResult.objects.count(),
    "jobs_not_done": DBTaskResult.objects.exclude(status="SUCCESSFUL").count(),
    "texts_not_coded": Text.objects.exclude(pk__in=CodedSentence.objects.values("text")).count(),
    "replies": replies.count(),
    "not_told": sum(told["reply:" + public_id] == 0 for public_id in ids),
    "told_twice": sum(n > 1 for n in told.values()),
}))
"""


@contextlib.contextmanager
def database(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        yield ""
        return
    with cluster() as url:
        yield url


class Place:
    """A community in a folder of its own, its server and its worker."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.port = home, free_port()
        self.environment = os.environ | {
            "OARLOCK_HOME": str(home),
            "OARLOCK_DATABASE_URL": url,
            "OARLOCK_ORIGIN": f"http://localhost:{self.port}",
        }
        self.log = (home.parent / "log").open("ab")

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return done.stdout.splitlines()[-1] if done.stdout else ""

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=self.environment, stdout=self.log, stderr=self.log,
        )  # fmt: skip

    def serve(self) -> subprocess.Popen[bytes]:
        return self.start(
            "uvicorn", "oarlock.community.asgi:application", "--port", str(self.port),
            "--log-level", "critical", "--lifespan", "off",
        )  # fmt: skip

    def answers(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/health/live", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except OSError:
            return False


class Writer(threading.Thread):
    """Sends replies; one without an answer is sent again under the same key, as a browser would."""

    def __init__(self, place: Place, session: str, post: str, name: int) -> None:
        super().__init__(daemon=True)
        self.place, self.post, self.number = place, post, name
        self.cookie = f"session={session}; csrf={SECRET}"
        self.acknowledged: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        n = 0
        while not self.done.is_set():
            key = f"{self.number}-{n}"
            if self.send(key):
                self.acknowledged.append(key)
                n += 1
                time.sleep(0.35)
            else:
                time.sleep(0.05)

    def send(self, key: str) -> bool:
        form = {"body": f"that sounds hard, reply {key}", "key": key, "csrfmiddlewaretoken": SECRET}
        headers = {
            "Cookie": self.cookie,
            "Host": "localhost",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=30)
            connection.request("POST", f"/threads/{self.post}/reply", urlencode(form), headers)
            return connection.getresponse().status == 302
        except (OSError, http.client.HTTPException):
            return False


def pull_the_plug(place: Place, rounds: int, seed: int) -> dict[str, int]:
    """Return what was found in the database at the end."""
    known = json.loads(place.python("-c", PREPARE % N_PEOPLE))
    writers = [
        Writer(place, session, known["post"], n) for n, session in enumerate(known["sessions"])
    ]
    dice = random.Random(seed)
    server, worker = place.serve(), place.start("oarlock", "worker")
    for writer in writers:
        writer.start()
    for number in range(rounds):
        while not place.answers():
            time.sleep(0.1)
        time.sleep(dice.uniform(0.1, 1.2))
        if dice.random() < 0.5:
            server.send_signal(signal.SIGKILL)
            server.wait()
            server = place.serve()
        else:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            worker = place.start("oarlock", "worker")
        n = sum(len(writer.acknowledged) for writer in writers)
        print(f"\rround {number + 1} of {rounds}, {n} acknowledged", end="", file=sys.stderr)
    for writer in writers:
        writer.done.set()
    for writer in writers:
        writer.join(60)
    server.kill()
    worker.kill()
    server.wait()
    worker.wait()
    place.python("-m", "oarlock", "worker", "--until-done")
    keys = place.home.parent / "keys.json"
    keys.write_text(json.dumps([key for writer in writers for key in writer.acknowledged]))
    print(file=sys.stderr)
    return dict(json.loads(place.python("-c", LOOK, str(keys))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    engines = ["sqlite", "postgresql"] if options.engine == "both" else [options.engine]
    broken = False
    for engine in engines:
        with database(engine) as url, tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            home.mkdir()
            found = pull_the_plug(Place(home, url), options.rounds, options.seed)
        kept = found["acknowledged"] - found["lost"] - found["twice"]
        ran = found["jobs"] - found["jobs_not_done"]
        told = found["replies"] - found["not_told"] - found["told_twice"]
        print(f"{engine}: {options.rounds} kills, {found['acknowledged']} acknowledged texts")
        print(f"  there exactly once       {kept / max(1, found['acknowledged']):.4f}")
        print(f"  jobs that ran            {ran / max(1, found['jobs']):.4f}")
        print(f"  replies told once        {told / max(1, found['replies']):.4f}")
        print(f"  {json.dumps(found)}")
        broken |= any(
            found[name]
            for name in ("lost", "twice", "neither_screened_nor_queued", "without_screening",
                         "jobs_not_done", "texts_not_coded", "not_told", "told_twice")
        )  # fmt: skip
    sys.exit(broken)


if __name__ == "__main__":
    main()
