"""Made-up trials with known truth, for tests of the analysis and the benchmark's small version."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from oarlock.trial.analysis import Table


def table(columns: dict[str, Sequence[object]], name: str = "trial.csv") -> Table:
    """Return a file with these cells; None and NaN are missing."""

    def cell(value: object) -> str | None:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return str(value)

    cells = {key: [cell(one) for one in values] for key, values in columns.items()}
    n = len(next(iter(cells.values())))
    return Table(name, cells, list(range(1, n + 1)))


def wide(
    n: int = 60, *, effect: float = -3.0, seed: int = 1, times: Sequence[int] = (1, 2, 3),
    drop_out: float = 0.2,
) -> dict[str, list[object]]:  # fmt: skip
    """Return a parallel trial in wide form: id, arm, sex, mood_pre, mood_1, ..., used, hurt."""
    rng = np.random.default_rng(seed)
    arm = np.array(["wait", "coach"] * (n // 2) + ["wait"] * (n % 2))
    own = rng.normal(0, 3, n)
    baseline = 15 + own + rng.normal(0, 2, n)
    columns: dict[str, list[object]] = {
        "id": [f"p{i:03}" for i in range(n)],
        "arm": list(arm),
        "sex": list(rng.choice(["f", "m", "x"], n)),
        "mood_pre": list(baseline.round(3)),
    }
    for t in times:
        y = 14 + own + effect * (arm == "coach") - 0.3 * t + rng.normal(0, 2, n)
        gone = rng.random(n) < drop_out
        columns[f"mood_{t}"] = [
            None if g else round(float(v), 3) for g, v in zip(gone, y, strict=True)
        ]
    columns["used"] = list(((arm == "coach") & (rng.random(n) < 0.7)).astype(int))
    columns["hurt"] = list((rng.random(n) < 0.15).astype(int))
    return columns


def reordered(columns: dict[str, list[object]], order: Sequence[int]) -> dict[str, list[object]]:
    """Return the same people in another order of rows."""
    return {name: [values[i] for i in order] for name, values in columns.items()}


def long(
    columns: dict[str, list[object]], times: Sequence[int] = (1, 2, 3)
) -> dict[str, list[object]]:
    """Return a wide trial as one row per person and time."""
    kept = ("id", "arm", "sex", "mood_pre")
    rows: dict[str, list[object]] = {name: [] for name in (*kept, "week", "mood")}
    for i in range(len(columns["id"])):
        for t in times:
            for name in kept:
                rows[name].append(columns[name][i])
            rows["week"].append(t)
            rows["mood"].append(columns[f"mood_{t}"][i])
    return rows
