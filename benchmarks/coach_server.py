"""How long the coach keeps fifty writers waiting, at the server, on two cores.

Serves a community on SQLite with two processes and lets fifty people type replies: every one to
two seconds each sends a draft that has grown by a few words, as the page does after a pause. The
named peer is one writer alone on the same server. Prints requests per second and p50, p95, p99;
150 ms at p95 is the aim.

    make bench  |  python benchmarks/coach_server.py [--people 50] [--seconds 30]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from community_load import N_GROUPS, PREPARE, SECRET, free_port, percentile, serve  # noqa: E402
from oarlock.corpus.demo import joined  # noqa: E402

#: Pause between two questions of one writer, in seconds.
PAUSE = (1.0, 2.0)

POST = """
from oarlock.community.ops.prepare import setup
setup()
from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post
from oarlock.community.texts.models import Text
post = write_post(
    by=User.objects.first(), group=Group.objects.first(),
    body="i moved away for uni and i dont know anyone here. some days i dont get up at all",
)
Text.objects.update(state="shown")
print(post.text.public_id)
"""


def drafts() -> list[str]:
    """Return replies of the demo corpus that are long enough to be typed for a while."""
    return [row["text"] for row in joined() if 40 <= len(row["text"].split()) <= 140]


def write(
    port: int, sessions: list[str], post: str, people: int, seconds: float
) -> tuple[list[float], int]:
    """Return the seconds of each answer, and how many were errors."""
    texts, times, errors = drafts(), [], 0
    lock, end = threading.Lock(), time.perf_counter() + seconds

    def type_on(seed: int) -> None:
        nonlocal errors
        dice = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {
            "Cookie": f"session={sessions[seed]}; csrf={SECRET}",
            "Host": "localhost",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "text/fragment",
        }
        time.sleep(dice.uniform(0, PAUSE[1]))
        words, n = dice.choice(texts).split(), 0
        while time.perf_counter() < end:
            n += dice.randint(3, 8)
            if n > len(words):
                words, n = dice.choice(texts).split(), 5
            form = {"csrfmiddlewaretoken": SECRET, "place": f"post:{post}"}
            body = urlencode({**form, "body": " ".join(words[:n])})
            started = time.perf_counter()
            connection.request("POST", "/coach/review", body, headers)
            response = connection.getresponse()
            response.read()
            took = time.perf_counter() - started
            with lock:
                times.append(took)
                errors += response.status != 200
            time.sleep(dice.uniform(*PAUSE))

    threads = [threading.Thread(target=type_on, args=(1 + n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"OARLOCK_HOME": home, "OARLOCK_DATABASE_URL": ""}

        def python(code: str) -> str:
            done = subprocess.run(
                [sys.executable, "-c", code],
                env=environment, capture_output=True, text=True, check=True,
            )  # fmt: skip
            return done.stdout.splitlines()[-1]

        people = options.people + 1
        known = json.loads(python(PREPARE % {"groups": N_GROUPS, "people": people}))
        post, port = python(POST), free_port()
        server = serve("", home, port, processes=2)
        try:
            write(port, known["sessions"], post, 4, 6.0)  # the models load with the first drafts
            alone, _ = write(port, known["sessions"], post, 1, options.seconds)
            times, errors = write(port, known["sessions"], post, options.people, options.seconds)
        finally:
            server.terminate()
            server.wait(30)
    print("people  requests/s  errors  p50 ms  p95 ms  p99 ms")
    for n, found, wrong in ((1, alone, 0), (options.people, times, errors)):
        figures = "  ".join(f"{1000 * percentile(found, q):6.0f}" for q in (0.5, 0.95, 0.99))
        print(f"{n:6}  {len(found) / options.seconds:10.1f}  {wrong:6}  {figures}")
    ratio = percentile(times, 0.95) / percentile(alone, 0.95)
    print(f"p95 of {options.people} writers / of one: {ratio:.2f}")


if __name__ == "__main__":
    main()
