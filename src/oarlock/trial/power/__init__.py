"""How likely a trial is to find what it looks for: by formula, and by simulation elsewhere."""

from oarlock.trial.power.formulas import (
    ancova_factor,
    design_effect,
    detectable_effect,
    needed_n,
    power_by_formula,
)
from oarlock.trial.power.plan import PowerPlan, plan_of
from oarlock.trial.power.results import PowerResult, compute
from oarlock.trial.power.simulation import Simulated, simulate

__all__ = [
    "PowerPlan",
    "PowerResult",
    "Simulated",
    "ancova_factor",
    "compute",
    "design_effect",
    "detectable_effect",
    "needed_n",
    "plan_of",
    "power_by_formula",
    "simulate",
]
