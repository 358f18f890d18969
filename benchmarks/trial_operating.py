"""Whether the analysis of trials errs as often as it says, on simulated trials.

For each design it draws trials with a fifth of the measures lost at random, without an effect and
with the effect planned for 80 % power, and prints how often the test rejects, how often the
interval holds the truth, and the Monte Carlo error of both. The named peer is the nominal level:
5 % and 95 %. A figure more than three Monte Carlo errors away is marked, and the exit code is 1.

    make bench  |  python benchmarks/trial_operating.py [--trials 1000] [--seconds 600]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

from oarlock.trial.analysis import AnalysisPlan, OutcomePlan, Table, gee, linear, mixed
from oarlock.trial.analysis.data import TrialData, build
from oarlock.trial.analysis.layout import lay_out
from oarlock.trial.analysis.prepost import paired
from oarlock.trial.analysis.results import Model

DROP_OUT = 0.2
ALPHA = 0.05
MAX_ERRORS = 3.0

Floats = NDArray[np.float64]


def table(columns: dict[str, object]) -> Table:
    """Return a made-up file; NaN is an empty cell."""
    cells = {
        name: [None if value != value else str(value) for value in np.asarray(values).tolist()]
        for name, values in columns.items()
    }  # fmt: skip
    return Table("simulated", cells, list(range(1, len(cells["id"]) + 1)))


def data(columns: dict[str, object], plan: AnalysisPlan) -> TrialData:
    """Return the data of the first outcome of a plan."""
    cells = table(columns)
    layout = lay_out(plan, cells)
    return build(layout, cells, layout.plan.outcomes[0])


def lost(rng: np.random.Generator, y: Floats) -> Floats:
    """Return the values with a fifth lost at random."""
    return np.where(rng.random(y.shape) < DROP_OUT, np.nan, y)


def arms(n: int) -> NDArray[np.str_]:
    """Return n people in two equal arms."""
    return np.tile(np.array(["control", "peers"]), n // 2)


def ancova(rng: np.random.Generator, effect: float) -> Model:
    """Return the analysis of 100 people, one time, baseline correlated 0.5."""
    arm, baseline = arms(100), rng.normal(size=100)
    y = 0.5 * baseline + rng.normal(0, math.sqrt(0.75), 100) + effect * (arm == "peers")
    plan = AnalysisPlan(
        (OutcomePlan("post", kind="continuous", baseline="pre"),), id="id", arm="arm"
    )
    columns = {"id": np.arange(100), "arm": arm, "pre": baseline, "post": lost(rng, y)}
    return linear.ancova(data(columns, plan), 1.0)


def repeated(rng: np.random.Generator, effect: float) -> Model:
    """Return the mixed model of 60 people at three times."""
    arm, own = arms(60), rng.normal(0, 0.7, 60)
    columns: dict[str, object] = {"id": np.arange(60), "arm": arm}
    for t in (1, 2, 3):
        y = own + rng.normal(0, 0.7, 60) - 0.1 * t + effect * (arm == "peers")
        columns[f"y.{t}"] = lost(rng, y)
    plan = AnalysisPlan((OutcomePlan("y", kind="continuous"),), id="id", arm="arm")
    return mixed.repeated(data(columns, plan), check=False)[0]


def binary(rng: np.random.Generator, effect: float) -> Model:
    """Return the estimating equations of 160 people at three times, with few-people errors.

    A person's wish to say yes is shared over times through ranks, so that the marginal odds ratio
    is exactly the one that is planted.
    """
    arm = arms(160)
    shared = rng.normal(size=(160, 1))
    u = ndtr(math.sqrt(0.4) * shared + math.sqrt(0.6) * rng.normal(size=(160, 3)))
    share = 1 / (1 + np.exp(-(-0.2 + effect * (arm == "peers"))))
    y = lost(rng, (u < share[:, None]).astype(float))
    columns: dict[str, object] = {"id": np.arange(160), "arm": arm}
    columns |= {f"y.{t + 1}": y[:, t] for t in range(3)}
    plan = AnalysisPlan((OutcomePlan("y", kind="binary"),), id="id", arm="arm")
    return gee.repeated(data(columns, plan), small_sample=True)


def cluster(rng: np.random.Generator, effect: float) -> Model:
    """Return the mixed model of 20 clusters of 5 to 15 people, intraclass correlation 0.05."""
    sizes = rng.integers(5, 16, 20)
    code = np.repeat(np.arange(20), sizes)
    arm = np.where(code % 2 == 0, "control", "peers")
    own = rng.normal(0, math.sqrt(0.05), 20)[code]
    y = own + rng.normal(0, math.sqrt(0.95), len(code)) + effect * (arm == "peers")
    columns = {"id": np.arange(len(code)), "arm": arm, "group": code, "y": lost(rng, y)}
    plan = AnalysisPlan((OutcomePlan("y", kind="continuous"),), id="id", arm="arm", cluster="group")
    return mixed.clustered(data(columns, plan), 1.0, check=False)[0]


def pre_post(rng: np.random.Generator, effect: float) -> Model:
    """Return the paired comparison of 40 people."""
    before = rng.normal(size=40)
    after = 0.5 * before + rng.normal(0, math.sqrt(0.75), 40) + effect
    return paired(
        pd.Series(before), pd.Series(lost(rng, after)), contrast="post - pre", kind="continuous",
        alpha=ALPHA,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Design:
    """A design: its simulation, an effect large enough to be found often, and what is planned.

    Attributes:
        name: Name.
        simulate: One trial and its analysis.
        effect: True effect where there is one.
        se: Error of the estimate by the closed form, with the people who stay.
        df: Degrees of freedom that go with it.
    """

    name: str
    simulate: Callable[[np.random.Generator, float], Model]
    effect: float
    se: float
    df: float

    def planned(self) -> float:
        """Return the power that the closed form promises, drop-out taken off the sample."""
        t = float(stats.t.ppf(1 - ALPHA / 2, self.df))
        return float(stats.nct.sf(t, self.df, self.effect / self.se))


def _binary_error() -> float:
    """Return the error of the log odds ratio: 80 people, 2.4 values each, correlation 0.26."""
    values = 80 * 2.4 / (1 + 1.4 * 0.26)
    shares = [1 / (1 + math.exp(0.2)), 1 / (1 + math.exp(0.2 - 0.8))]
    return math.sqrt(sum(1 / (values * p * (1 - p)) for p in shares))


DESIGNS = (
    Design("RCT, ANCOVA", ancova, 0.55, math.sqrt(0.75 * 2 / 40), 77),
    Design("repeated measures, mixed model", repeated, 0.6,
           math.sqrt((0.49 + 0.49 / 2.4) * 2 / 30), 58),
    Design("clusters, mixed model", cluster, 0.6, math.sqrt((0.05 + 0.95 / 8) * 2 / 10), 18),
    Design("pre-post, paired", pre_post, 0.5, math.sqrt(1 / 32), 31),
    Design("repeated binary, GEE", binary, 0.8, _binary_error(), 155),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operating:
    """What happened over simulated trials; shares, each with its Monte Carlo error.

    Attributes:
        design: Name.
        n: Trials without an effect; as many were drawn with one.
        rejected: Share of those without an effect whose p is below alpha.
        covered: Share of all whose interval holds the truth.
        power: Share of those with an effect whose p is below alpha.
        failed: Trials without an estimate.
    """

    design: str
    n: int
    rejected: float
    covered: float
    power: float
    failed: int

    def errors(self) -> tuple[float, float]:
        """Return how many Monte Carlo errors rejection and coverage are from nominal."""
        spread = math.sqrt(ALPHA * (1 - ALPHA))
        return (
            (self.rejected - ALPHA) / (spread / math.sqrt(self.n)),
            (self.covered - (1 - ALPHA)) / (spread / math.sqrt(2 * self.n)),
        )


def measure(design: Design, n: int, seed: int, *, until: float = math.inf) -> Operating:
    """Return the operating characteristics of a design over at most n trials of each kind."""
    rejected, covered, power, done, failed = 0, 0, 0, 0, 0
    for stream in np.random.SeedSequence(seed).spawn(n):
        if time.monotonic() > until and done >= 2:
            break
        rng = np.random.default_rng(stream)
        models = [design.simulate(rng, effect) for effect in (0.0, design.effect)]
        if not all(model.ok and model.effects for model in models):
            failed += 1
            continue
        done += 1
        null, real = (model.effects[0] for model in models)
        rejected += (null.p or 0) < ALPHA
        power += (real.p or 0) < ALPHA
        covered += null.ci_low <= 0 <= null.ci_high
        covered += real.ci_low <= design.effect <= real.ci_high
    return Operating(design.name, done, rejected / done, covered / (2 * done), power / done, failed)


def main() -> int:
    """Print the table; return 1 where a figure is off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--trials", type=int, default=1000, help="per design, with and without effect"
    )
    parser.add_argument("--seconds", type=float, default=600, help="stop after so long")
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    print(f"{'design':32} trials  type I error (5 %)  coverage (95 %)   power   planned  failed")
    wrong = False
    for i, design in enumerate(DESIGNS):
        # What one design leaves of its time goes to those after it.
        until = time.monotonic() + (end - time.monotonic()) / (len(DESIGNS) - i)
        found = measure(design, options.trials, options.seed + i, until=until)
        type1 = math.sqrt(ALPHA * (1 - ALPHA) / found.n)
        off = max(abs(error) for error in found.errors()) > MAX_ERRORS
        wrong = wrong or off
        print(
            f"{found.design:32} {found.n:6}  {found.rejected:6.1%} +- {type1:5.1%}     "
            f"{found.covered:6.1%} +- {type1 / math.sqrt(2):5.1%}  {found.power:6.1%}  "
            f"{design.planned():6.1%}  {found.failed:6}{'  OFF' if off else ''}"
        )
    print("+- is one Monte Carlo error; OFF is more than three of them away.")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
