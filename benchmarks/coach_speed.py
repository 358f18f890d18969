"""Time of a review while a writer types, against coding the whole draft anew at each step.

Prints one table; the ratio comes from rounds in which both run in turn on the same drafts in the
same process, on one core. Every draft of about 120 words grows word by word, as it is typed,
beside a post of about 200 words, and both see every step. Processor time is measured beside time by
the clock, because other programs slow the clock and hardly the processor time.

    make bench  |  python benchmarks/coach_speed.py [--drafts 6] [--rounds 5] [--step 6]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

DRAFT_WORDS = 120
POST_WORDS = 200


def texts(n: int) -> list[tuple[str, str]]:
    """Return n drafts with posts, made of the demo corpus, in a fixed order."""
    from oarlock.corpus.demo import joined

    rows = joined()
    replies = " ".join(row["text"] for row in rows).split()
    posts = " ".join(row["context"] for row in rows if row["context"]).split()
    return [
        (
            " ".join(replies[k * DRAFT_WORDS : (k + 1) * DRAFT_WORDS]),
            " ".join(posts[k * POST_WORDS : (k + 1) * POST_WORDS]),
        )
        for k in range(n)
    ]


def steps(draft: str, step: int) -> list[str]:
    """Return the draft after every so many words, and whole."""
    words = draft.split()
    return [" ".join(words[:k]) for k in range(step, len(words), step)] + [draft]


def milliseconds(run: Callable[[], object]) -> tuple[float, float]:
    """Return processor and clock milliseconds of one call."""
    processor, clock = time.process_time(), time.perf_counter()
    run()
    return (time.process_time() - processor) * 1e3, (time.perf_counter() - clock) * 1e3


def row(name: str, times: list[tuple[float, float]], ratio: str = "") -> str:
    processor, clock = zip(*times, strict=True)
    p95 = sorted(processor)[int(0.95 * (len(processor) - 1))]
    return (
        f"{name:38s} {statistics.median(processor):9.1f} {p95:9.1f} "
        f"{statistics.median(clock):9.1f}   {ratio}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drafts", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step", type=int, default=6, help="words between two reviews")
    parser.add_argument("--tier", default="standard")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from oarlock.coach.coach import Coach
    from oarlock.coder import Coder

    coder = Coder.load(options.tier, threads=1)
    pairs = texts(options.drafts)
    coder.code_sentences("heute morgen regnet schnee")
    Coach(coder).review(pairs[0][0], post=pairs[0][1])
    whole: list[tuple[float, float]] = []
    first: list[tuple[float, float]] = []
    typed: list[tuple[float, float]] = []
    ratios = []
    for _ in range(options.rounds):
        of_round: tuple[list[float], list[float]] = ([], [])
        for draft, post in pairs:
            # A coach of its own for each draft: nothing of another round is kept.
            first.append(milliseconds(lambda d=draft, p=post: Coach(coder).review(d, post=p)))
            coach = Coach(coder)
            for part in steps(draft, options.step):
                anew = milliseconds(lambda d=part, p=post: coder.code(d, p))
                kept = milliseconds(lambda d=part, p=post, c=coach: c.review(d, post=p))
                whole.append(anew)
                typed.append(kept)
                of_round[0].append(anew[0])
                of_round[1].append(kept[0])
        ratios.append(sum(of_round[0]) / sum(of_round[1]))
    ratios.sort()
    spread = f"{statistics.median(ratios):.1f} ({ratios[0]:.1f}, {ratios[-1]:.1f})"
    print(f"{options.tier} tier, one core, {len(pairs)} drafts, {options.rounds} rounds")
    print("milliseconds                              median       p95   by clock   ratio")
    print(row("coding the draft anew at each step", whole, "1.0"))
    print(row("review at each step, as it is typed", typed, spread))
    print(row("first review of the whole draft", first))


if __name__ == "__main__":
    main()
