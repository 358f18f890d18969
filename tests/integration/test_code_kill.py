"""`kill -9` in the middle of coding, again and again: no row is lost, none is doubled."""

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
from fake_coder import FakeCoder
from oarlock.coder.files.batch import code_file
from oarlock.coder.files.replies import Options

class SlowCoder(FakeCoder):
    def code_many(self, *args, **kwargs):
        time.sleep(0.05)
        return super().code_many(*args, **kwargs)

code_file(sys.argv[1], sys.argv[2], Options(batch_size=3), SlowCoder())
"""


def n_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_killed_run_carries_on_without_a_lost_or_doubled_row(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in.csv"
    replies = [f"{n},oh no {n}. how are you? take care :)" for n in range(90)]
    source.write_text("id,text\n" + "\n".join(replies) + "\n")
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    code_file(str(source), str(whole), Options(batch_size=3), FakeCoder())

    journal = tmp_path / f"out.{suffix}.partial.journal"
    command = [sys.executable, "-c", RUN, str(source), str(out)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    progress = []
    for _ in range(3):
        before = n_lines(journal)
        process = subprocess.Popen(command, env=environment)
        give_up = time.monotonic() + 120
        while n_lines(journal) < before + 3 and process.poll() is None:
            assert time.monotonic() < give_up, "the run does not get on"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"
        progress.append(n_lines(journal))
        assert not out.exists()
    assert progress == sorted(set(progress)), "a run began again"

    subprocess.run(command, env=environment, check=True, timeout=120)
    assert out.read_bytes() == whole.read_bytes()
    assert not journal.exists()
