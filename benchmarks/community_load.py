"""How the pages of a big community compare with those of a small one, on PostgreSQL.

Fills one private PostgreSQL with a thousand posts and one with `--posts` posts, each with five
times as many replies, and serves both with two processes. Ten people read, write and search in
them in turns for `--seconds` each; then 50 and 200 in the big one. Prints requests per second, p50,
p95 and p99 of each page, and for each page the ratio of its median in the big community to that in
the small one: 1.3 at most is the aim.

    make bench  |  python benchmarks/community_load.py [--posts 1000000] [--seconds 15]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from postgres import cluster, free_port  # noqa: E402 - it lies beside the tests

N_PEOPLE = 400
N_GROUPS = 12
N_REPLIES_PER_POST = 5
SECRET = "b" * 32

PREPARE = """
import json, os, time
from oarlock.community.ops.prepare import prepare, setup
setup(); prepare()
from django.contrib.sessions.backends.db import SessionStore
from oarlock.community.accounts.models import Acceptance, Agreement, User
from oarlock.community.accounts.sessions import BEGAN, SEEN
from oarlock.community.groups.models import Group, Membership
agreement = Agreement.current()
Group.objects.all().delete()
groups = [
    Group.objects.create(slug=f"g{n}", name=f"Group {n}", about="x", topic="other")
    for n in range(%(groups)d)
]
people, sessions = [], []
for n in range(%(people)d):
    user = User(handle=f"person{n}", email=f"p{n}@example.org", birth_year=2003, birth_month=1)
    user.set_unusable_password(); user.save(); people.append(user)
    Acceptance.objects.create(by=user, agreement=agreement)
    Membership.objects.bulk_create(Membership(group=g, person=user) for g in groups)
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = "allauth.account.auth_backends.AuthenticationBackend"
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store[BEGAN] = store[SEEN] = time.time()
    store.create(); sessions.append(store.session_key)
print(json.dumps({"person": people[0].pk, "group": groups[0].pk, "sessions": sessions}))
"""


def public_id(n: int) -> str:
    return f"{n:x}".rjust(14, "z").translate(str.maketrans("01", "gh"))


class Visitor:
    """Somebody with a browser: one connection, one session, one thing after the other."""

    def __init__(self, port: int, session: str, posts: int, seed: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = f"session={session}; csrf={SECRET}"
        self.posts, self.dice = posts, random.Random(seed)

    def call(self, method: str, path: str, form: dict[str, str] | None = None) -> int:
        headers = {"Cookie": self.cookie, "Host": "localhost"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": SECRET})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        response.read()
        return response.status

    def group_page(self) -> int:
        return self.call("GET", f"/groups/g{self.dice.randrange(N_GROUPS)}")

    def thread_page(self) -> int:
        return self.call("GET", f"/threads/{public_id(self.dice.randint(1, self.posts))}")

    def write_post(self) -> int:
        form = {"body": "a new post " * 8, "wanted": "heard", "key": f"{self.dice.random()}"}
        return self.call("POST", f"/groups/g{self.dice.randrange(N_GROUPS)}/write", form)

    def write_reply(self) -> int:
        post = public_id(self.dice.randint(1, self.posts))
        form = {"body": "that sounds hard " * 4, "key": f"{self.dice.random()}"}
        return self.call("POST", f"/threads/{post}/reply", form)

    def search(self) -> int:
        word = f"{self.dice.randrange(5000)}"
        import hashlib

        n = int(word)
        text = hashlib.md5(word.encode(), usedforsecurity=False).hexdigest()[: 3 + n % 6]
        return self.call("POST", "/search", {"q": text})


#: What people do, and how often; replies and posts are limited per person and minute.
MIX: tuple[tuple[str, int], ...] = (
    ("group_page", 40), ("thread_page", 40), ("search", 8), ("write_reply", 9), ("write_post", 3),
)  # fmt: skip


def visit(
    port: int, sessions: list[str], posts: int, people: int, seconds: float
) -> tuple[dict[str, list[float]], int]:
    """Return the seconds of each answer by what was done, and how many answers were errors."""
    times: dict[str, list[float]] = {name: [] for name, _ in MIX}
    errors = 0
    lock, end = threading.Lock(), time.perf_counter() + seconds

    def go(seed: int) -> None:
        nonlocal errors
        visitor = Visitor(port, sessions[seed % len(sessions)], posts, seed)
        names, weights = zip(*MIX, strict=True)
        while time.perf_counter() < end:
            name = visitor.dice.choices(names, weights)[0]
            action: Callable[[], int] = getattr(visitor, name)
            started = time.perf_counter()
            status = action()
            took = time.perf_counter() - started
            with lock:
                times[name].append(took)
                errors += status >= 400

    threads = [threading.Thread(target=go, args=(n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, errors


def serve(url: str, home: str, port: int, processes: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "OARLOCK_DATABASE_URL": url,
        "OARLOCK_HOME": home,
        "OARLOCK_ORIGIN": f"http://localhost:{port}",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "oarlock.community.asgi:application", "--port", str(port)]
        + ["--workers", str(processes), "--log-level", "critical", "--lifespan", "off"],
        env=environment,
    )
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health/live", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return process
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start")


def percentile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else float("nan")


@dataclass(frozen=True)
class Place:
    """A community that is being served."""

    posts: int
    port: int
    sessions: list[str]


@contextmanager
def place(posts: int) -> Iterator[Place]:
    """Fill and serve one community for as long as the context lasts."""
    settings = (
        "fsync=off",
        "shared_buffers=2GB",
        "max_connections=300",
        "maintenance_work_mem=1GB",
    )
    with cluster(settings=settings) as url, tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"OARLOCK_DATABASE_URL": url, "OARLOCK_HOME": home}
        started = time.perf_counter()
        made = subprocess.run(
            [sys.executable, "-c", PREPARE % {"groups": N_GROUPS, "people": N_PEOPLE}],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        known = json.loads(made.stdout.splitlines()[-1])
        fill(url, posts, known)
        print(f"{posts:,} posts, {posts * N_REPLIES_PER_POST:,} replies "
              f"(filled in {time.perf_counter() - started:.0f} s)", flush=True)  # fmt: skip
        port = free_port()
        server = serve(url, home, port, processes=2)
        try:
            visit(port, known["sessions"], posts, 4, 3.0)  # the models load with the first texts
            yield Place(posts, port, known["sessions"])
        finally:
            server.terminate()
            server.wait(30)


Times = dict[str, list[float]]


def measure(at: Place, people: int, seconds: float) -> Times:
    """Visit one community, print its figures and return the seconds of each answer."""
    times, errors = visit(at.port, at.sessions, at.posts, people, seconds)
    total = sum(map(len, times.values()))
    for name, values in times.items():
        figures = "  ".join(f"{1000 * percentile(values, q):6.0f}" for q in (0.5, 0.95, 0.99))
        print(f"{at.posts:9,}  {people:6}  {total / seconds:10.1f}  {errors:6}  {name:12}  "
              f"{figures}", flush=True)  # fmt: skip
    return times


def fill(url: str, posts: int, known: dict[str, int]) -> None:
    import psycopg

    sql = Path(__file__).with_name("community_fill.sql").read_text("utf-8")
    statements = sql.format(
        posts=posts, each=N_REPLIES_PER_POST, people=N_PEOPLE, groups=N_GROUPS,
        person=known["person"], group=known["group"],
    )  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        # The index over all words is made once, after the rows: many times faster.
        row = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'support_search'"
        ).fetchone()
        connection.execute("DROP INDEX IF EXISTS support_search")
        connection.execute(statements)
        if row:
            connection.execute(row[0])
        connection.execute("VACUUM ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--people", type=int, nargs="+", default=[10, 50, 200])
    options = parser.parse_args()
    least, rounds = options.people[0], 3
    with place(1_000) as small, place(options.posts) as big:
        print("    posts  people  requests/s  errors  page          p50 ms  p95 ms  p99 ms")
        # In turns, so that other work on the machine slows both alike.
        ratios: dict[str, list[float]] = {name: [] for name, _ in MIX}
        for _ in range(rounds):
            in_small = measure(small, least, options.seconds)
            in_big = measure(big, least, options.seconds)
            for name, found in ratios.items():
                if in_small[name] and in_big[name]:
                    found.append(
                        statistics.median(in_big[name]) / statistics.median(in_small[name])
                    )
        for people in options.people[1:]:
            measure(big, people, options.seconds)
    print(
        f"\nmedian of a page with {options.posts:,} posts / with 1,000, {least} people at a time:"
    )
    print(f"median, lowest and highest of {rounds} rounds")
    for name, found in ratios.items():
        print(f"{name:12}  {statistics.median(found):.2f} ({min(found):.2f}, {max(found):.2f})")


if __name__ == "__main__":
    main()
