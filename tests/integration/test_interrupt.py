"""Ctrl-C in the middle of a command: one calm line, what is kept, and exit code 130."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fake_coder import FakeCoder
from oarlock.coder.files.batch import code_file
from oarlock.coder.files.replies import Options

TESTS = Path(__file__).resolve().parents[1]
RUN = """
import sys, time
import oarlock.coder, oarlock.coder.coder
from fake_coder import FakeCoder

class SlowCoder(FakeCoder):
    def code_many(self, *args, **kwargs):
        time.sleep(0.05)
        return super().code_many(*args, **kwargs)

    def predict(self, *args, **kwargs):
        print("coding", file=sys.stderr, flush=True)
        time.sleep(60)

oarlock.coder.Coder = oarlock.coder.coder.Coder = SlowCoder
from oarlock.cli.app import main
main(sys.argv[1:])
"""


def start(
    *args: str | Path, stdin: int = subprocess.DEVNULL, cwd: Path | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *map(str, args)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
    )


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    (line,) = (line for line in err.splitlines() if line.startswith("Stopped"))
    assert err.rstrip().endswith(line)
    return out, line


def wait_for_lines(path: Path, n_lines: int) -> None:
    give_up = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < n_lines:
        assert time.monotonic() < give_up, "the run does not get on"
        time.sleep(0.01)


@pytest.fixture
def replies(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    rows = [f"{n},oh no {n}. how are you? take care :)" for n in range(2000)]
    path.write_text("id,text\n" + "\n".join(rows) + "\n")
    return path


def test_code_says_what_is_kept_and_the_same_command_carries_on(
    tmp_path: Path, replies: Path
) -> None:
    whole, out = tmp_path / "whole.csv", tmp_path / "out.csv"
    code_file(str(replies), str(whole), Options(batch_size=3), FakeCoder())
    command = ("code", replies, out, "--batch-size", "3")
    process = start(*command)
    wait_for_lines(tmp_path / "out.csv.partial.journal", 4)
    _, line = interrupted(process)
    n_kept, _, rest = line.removeprefix("Stopped. ").partition(" of 2000 replies are kept in ")
    assert 6 <= int(n_kept) < 2000  # the last chunk may be saved and not yet told
    assert rest == f"{out}.partial; run the same command again to carry on there."
    assert not out.exists()

    process = start(*command)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "in an earlier run" in err
    assert out.read_bytes() == whole.read_bytes()


def test_code_from_standard_input_keeps_nothing_and_says_so(tmp_path: Path, replies: Path) -> None:
    out = tmp_path / "out.csv"
    process = start("code", "-", out, "--batch-size", "3", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(replies.read_text())
    process.stdin.flush()
    wait_for_lines(tmp_path / "out.csv.partial.journal", 3)
    assert "nothing is kept" in interrupted(process)[1]
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_code_to_standard_output_says_that_it_is_not_whole(replies: Path) -> None:
    process = start("code", replies, "-", "--batch-size", "3")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("id,")
    assert process.stdout.readline()
    _, line = interrupted(process)
    assert "standard output is not whole" in line


def test_evaluate_writes_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text("text,label\nwhy?,open\nis it?,closed\n")
    process = start("evaluate", "gold.csv", "--json", "m.json", cwd=tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline() == "coding\n"
    out, line = interrupted(process)
    assert out == ""
    assert "nothing is kept" in line
    assert [path.name for path in tmp_path.iterdir()] == ["gold.csv"]
