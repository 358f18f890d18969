"""A smaller run of the benchmark: the analysis errs as often as it says, within chance."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "trial_operating.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trial_operating", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["trial_operating"] = module
    spec.loader.exec_module(module)
    return module


operating = load()
TRIALS = {"repeated binary, GEE": 40}


@pytest.mark.parametrize("design", operating.DESIGNS, ids=lambda one: one.name)
def test_error_and_coverage_are_what_they_say_within_chance(design: Any) -> None:
    found = operating.measure(design, TRIALS.get(design.name, 120), seed=11)
    assert found.failed == 0
    assert max(abs(error) for error in found.errors()) <= operating.MAX_ERRORS
    error = (found.power * (1 - found.power) / found.n) ** 0.5
    assert abs(found.power - design.planned()) <= 0.03 + operating.MAX_ERRORS * error


def test_wrong_errors_are_noticed() -> None:
    honest = operating.DESIGNS[0]
    clustered = operating.Design("as if no cluster", _ignoring_clusters, 0.6, 0.2, 18)
    assert max(map(abs, operating.measure(honest, 100, seed=1).errors())) < 3
    assert max(map(abs, operating.measure(clustered, 100, seed=1).errors())) > 3


def _ignoring_clusters(rng: Any, effect: float) -> Any:
    from oarlock.trial.analysis import AnalysisPlan, OutcomePlan, linear

    np = operating.np
    code = np.repeat(np.arange(20), 10)
    arm = np.where(code % 2 == 0, "control", "peers")
    y = rng.normal(size=20)[code] + rng.normal(size=200) + effect * (arm == "peers")
    plan = AnalysisPlan((OutcomePlan("y", kind="continuous"),), id="id", arm="arm")
    return linear.ancova(operating.data({"id": np.arange(200), "arm": arm, "y": y}, plan), 1.0)
