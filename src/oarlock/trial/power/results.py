"""One answer: the power, what is needed, what can be found, and the curve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from oarlock.errors import UserError
from oarlock.trial.power.formulas import (
    ancova_factor,
    design_effect,
    detectable_effect,
    needed_n,
    power_by_formula,
)
from oarlock.trial.power.plan import PowerPlan
from oarlock.trial.power.simulation import Progress, Simulated, needs_simulation, simulate

Method = Literal["auto", "formula", "simulation"]
N_POINTS = 41


@dataclass(frozen=True, slots=True)
class PowerResult:
    """What a plan can find.

    Attributes:
        plan: The assumptions.
        n: People in all arms together: those of the plan, or those needed.
        power: By formula, 0 to 1.
        simulated: By simulation, where that was asked for or no formula holds.
        why_simulated: Why the formula alone is not to be trusted, or "".
        needed: People needed for the wanted power, by formula.
        detectable: Least effect, or rate in the active arm, that is found with the wanted power.
        variance_factor: What measurements before and after leave of the variance.
        design_effect: What clusters make of the number of people.
        curve: People and power, by formula.
    """

    plan: PowerPlan
    n: int
    power: float
    simulated: Simulated | None
    why_simulated: str
    needed: int | None
    detectable: float | None
    variance_factor: float
    design_effect: float
    curve: tuple[tuple[int, float], ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compute(
    plan: PowerPlan,
    *,
    method: Method = "auto",
    n_simulations: int = 1000,
    seed: int = 20261123,
    progress: Progress | None = None,
) -> PowerResult:
    """Return the power of a plan, or the people it needs where it names none.

    Raises:
        UserError: The plan names no people, and none would be enough.
    """
    try:
        needed = needed_n(plan)
    except UserError:
        if plan.n is None:
            raise
        needed = None
    n = plan.n or needed or 2
    why = needs_simulation(plan, n)
    simulated = None
    if method == "simulation" or (method == "auto" and why):
        simulated = simulate(plan, n, n_simulations=n_simulations, seed=seed, progress=progress)
    kept = max(1.0, (plan.cluster_size or 1.0) * (1 - plan.dropout))
    paired = 2 * (1 - plan.correlation)
    return PowerResult(
        plan=plan,
        n=n,
        power=power_by_formula(plan, n),
        simulated=simulated,
        why_simulated=why,
        needed=needed,
        detectable=detectable_effect(plan, n),
        variance_factor=paired
        if plan.is_paired
        else 1.0
        if plan.is_binary
        else ancova_factor(plan.correlation, plan.n_before, plan.n_after),
        design_effect=1.0
        if plan.cluster_size is None
        else design_effect(plan.icc, kept, plan.cluster_cv),
        curve=_curve(plan, max(n, needed or n)),
    )


def _curve(plan: PowerPlan, n: int) -> tuple[tuple[int, float], ...]:
    top = max(8, round(n * 1.6))
    points = sorted({max(4, round(top * i / (N_POINTS - 1))) for i in range(N_POINTS)})
    return tuple((point, power_by_formula(plan, point)) for point in points)
