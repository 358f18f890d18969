"""`kill -9` in the middle of an import: no half corpus; the next run carries on or begins anew."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

MAP = """source = "in"
time_zone = "UTC"
[users]
table = "users"
user_id = "id"
[posts]
table = "posts"
post_id = "id"
user_id = "author"
written_at = "created"
text = "body"
[replies]
table = "replies"
reply_id = "id"
post_id = "post_id"
user_id = "author"
written_at = "created"
text = "body"
"""
N = 200_000
HEAD = "questionID,questionTitle,questionText,topic,answerText,upvotes\n"


def run(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "oarlock", "corpus", "import", *arguments, "--quiet"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def kill_when(process: subprocess.Popen[bytes], there: Path, n_bytes: int) -> None:
    give_up = time.monotonic() + 120
    while not (there.exists() and there.stat().st_size > n_bytes):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < give_up, "the run does not get on"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_killed_mapped_import_leaves_no_corpus_and_carries_on(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    people = "".join(f"{i}\n" for i in range(50))
    (source / "users.csv").write_text("id\n" + people)
    posts = "".join(f"{i},{i % 50},2026-05-04 12:00,no sleep {i}\n" for i in range(100))
    (source / "posts.csv").write_text("id,author,created,body\n" + posts)
    replies = "".join(f"{i},{i % 100},{i % 49},2026-05-05 12:00,rest {i}\n" for i in range(N))
    (source / "replies.csv").write_text("id,post_id,author,created,body\n" + replies)
    mapping, out = tmp_path / "map.toml", tmp_path / "corpus"
    mapping.write_text(MAP)

    partial = tmp_path / "corpus.partial"
    kill_when(run(str(mapping), "--out", str(out)), partial / "replies.0.parquet", 1_000)
    assert not out.exists()
    assert set(json.loads((partial / "journal.json").read_text())["done"]) == {"users", "posts"}
    assert partial.stat().st_mode & 0o077 == 0
    posts_before = (partial / "posts.parquet").stat().st_mtime_ns

    assert run(str(mapping), "--out", str(out)).wait(120) == 0
    assert not partial.exists()
    assert (out / "posts.parquet").stat().st_mtime_ns == posts_before
    ids = pq.read_table(out / "replies.parquet", columns=["reply_id"])["reply_id"].to_pylist()
    assert ids == [f"r{i}" for i in range(N)]


@pytest.mark.parametrize("n_runs", [2])
def test_a_killed_import_of_a_known_corpus_leaves_none_and_begins_anew(
    tmp_path: Path, n_runs: int
) -> None:
    path, out = tmp_path / "counselchat.csv", tmp_path / "corpus"
    rows = "".join(f"{i},How {i},no sleep {i},sleep,rest {i},1\n" for i in range(40_000))
    path.write_text(HEAD + rows)
    for _ in range(n_runs):
        kill_when(
            run("counselchat", str(path), "--out", str(out)),
            tmp_path / "corpus.partial/posts.parquet", 1_000,
        )  # fmt: skip
        assert not out.exists()
    assert run("counselchat", str(path), "--out", str(out)).wait(120) == 0
    assert pq.read_metadata(out / "replies.parquet").num_rows == 40_000
    assert sorted(one.name for one in tmp_path.iterdir()) == ["corpus", "counselchat.csv"]
