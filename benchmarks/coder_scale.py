"""How time and memory of `oarlock code` grow with the corpus, fast tier.

Codes 1 %, 10 % and 100 % of a million sentences (the demo corpus, repeated), each in a process
of its own, and prints seconds, sentences per second and peak memory. Time grows linearly where
the exponent is near 1; memory is flat where the ratio of the peaks is near 1.

    make bench  |  python benchmarks/coder_scale.py [--sentences 1000000]
"""

from __future__ import annotations

import argparse
import csv
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def write_corpus(path: Path, sentences: int) -> int:
    """Write replies of the demo corpus until they hold this many sentences; return how many."""
    from oarlock.coder.sentences import split
    from oarlock.corpus.demo import joined

    rows = [(row["text"], len(split(row["text"]))) for row in joined()]
    n = i = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        while n < sentences:
            text, k = rows[i % len(rows)]
            writer.writerow([i, text])
            n, i = n + k, i + 1
    return n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=1_000_000)
    parser.add_argument("--tier", default="fast")
    options = parser.parse_args()
    points = []
    print("sentences      seconds  sentences/s  peak MiB")
    with tempfile.TemporaryDirectory() as folder:
        for share in (0.01, 0.1, 1.0):
            source, out = Path(folder) / "corpus.csv", Path(folder) / "codes.csv"
            n = write_corpus(source, int(options.sentences * share))
            command = "from oarlock.cli.app import main; main()"
            wrapped = (
                "import atexit, re;"
                "atexit.register(lambda: print("
                "re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]));" + command
            )
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", wrapped, "code", str(source), str(out)]
                + ["--tier", options.tier, "--quiet"],
                check=True,
                capture_output=True,
                text=True,
            )
            seconds = time.perf_counter() - start
            peak = int(done.stdout.split()[-1]) / 1024
            points.append((n, seconds, peak))
            print(f"{n:9d} {seconds:12.1f} {n / seconds:12.0f} {peak:9.0f}")
            out.unlink()
    (n0, t0, m0), (n1, t1, m1) = points[-2], points[-1]
    print(f"exponent of time, last tenfold step: {math.log(t1 / t0) / math.log(n1 / n0):.2f}")
    print(f"peak memory, last tenfold step: {m1 / m0:.2f} times")


if __name__ == "__main__":
    main()
