"""What power is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oarlock.errors import UserError
from oarlock.trial.protocol.model import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPlan:
    """The assumptions behind a sample size.

    Attributes:
        n: People in all arms together, before drop-out; None asks how many are needed.
        effect: Standardised difference (Cohen's d); None for a binary outcome.
        rate_control, rate_active: Shares that reach a binary outcome; None for a score.
        shares: Parts of the arms; the power is that of the first comparison, of the smallest active
            arm with the control.
        wanted: Power that is wanted, 0 to 1.
        alpha: Two-sided error rate, before it is shared among comparisons.
        n_comparisons: Comparisons that share alpha (Bonferroni).
        correlation: Between any two measurements of a person, 0 to 1.
        n_before, n_after: Measurements before and after allocation; 0 before for no baseline.
        dropout: Share without the outcome.
        cluster_size: People per cluster; None where people are allocated.
        cluster_cv: Standard deviation of cluster sizes divided by their mean.
        icc: Intracluster correlation.
        is_paired: One arm, before against after.
    """

    n: int | None = None
    effect: float | None = None
    rate_control: float | None = None
    rate_active: float | None = None
    shares: tuple[int, ...] = (1, 1)
    wanted: float = 0.8
    alpha: float = 0.05
    n_comparisons: int = 1
    correlation: float = 0.0
    n_before: int = 1
    n_after: int = 1
    dropout: float = 0.0
    cluster_size: float | None = None
    cluster_cv: float = 0.0
    icc: float = 0.0
    is_paired: bool = False

    def __post_init__(self) -> None:
        """Refuse what no trial can be.

        Raises:
            UserError: A value is out of its range, or the outcome is not said.
        """
        _check_ranges(self)
        _check_outcome(self)
        if len(self.shares) < (1 if self.is_paired else 2) or min(self.shares) < 1:
            raise UserError(
                f"The ratio {':'.join(map(str, self.shares))} is none.",
                remedy="Give a whole number from 1 for each of two or more arms, such as 1,1.",
            )
        if self.is_paired and (self.is_binary or self.cluster_size is not None):
            raise UserError(
                "Power of a pre-post design is known for scores of people only.",
                remedy="Give --effect and no clusters.",
            )

    @property
    def is_binary(self) -> bool:
        return self.rate_active is not None

    @property
    def pair(self) -> tuple[int, int]:
        """Shares of the two arms that are compared: the smallest active arm, and the control."""
        *active, control = self.shares
        return min(active), control

    def n_of_pair(self, n: int) -> tuple[float, float]:
        """Return how many of `n` people are in each of the two arms, once some dropped out."""
        kept = n * (1 - self.dropout) / sum(self.shares)
        return kept * self.pair[0], kept * self.pair[1]

    @property
    def shared_alpha(self) -> float:
        return self.alpha / self.n_comparisons


def _check_ranges(plan: PowerPlan) -> None:
    limits: dict[str, tuple[float, float, str]] = {
        "n": (2, 1e7, "2 people or more"),
        "effect": (0.001, 10, "a difference of 0.001 to 10 standard deviations"),
        "rate_control": (1e-6, 1 - 1e-6, "a share between 0 and 1"),
        "rate_active": (1e-6, 1 - 1e-6, "a share between 0 and 1"),
        "wanted": (0.01, 0.9999, "a power between 0 and 1"),
        "alpha": (1e-9, 0.5, "an error rate between 0 and 0.5"),
        "correlation": (0, 0.999, "a correlation from 0 to below 1"),
        "n_before": (0, 100, "0 to 100 measurements"),
        "n_after": (1, 100, "1 to 100 measurements"),
        "dropout": (0, 0.95, "a share from 0 to 0.95"),
        "cluster_size": (1, 1e6, "1 or more people"),
        "cluster_cv": (0, 5, "0 to 5"),
        "icc": (0, 0.999, "a correlation from 0 to below 1"),
    }
    for name, (low, high, expected) in limits.items():
        value = getattr(plan, name)
        if value is not None and not low <= value <= high:
            raise UserError(
                f"{name.replace('_', ' ')} is {value:g}; expected {expected}.",
                remedy="Change it in the protocol or the option.",
            )


def _check_outcome(plan: PowerPlan) -> None:
    rates = (plan.rate_control, plan.rate_active)
    if (plan.effect is None) == (None in rates) and rates != (None, None):
        raise UserError(
            "Both an effect and rates, or one rate alone, were given.",
            remedy="Give --effect for a score, or --rate-control and --rate-active for a share.",
        )
    if plan.effect is None and rates == (None, None):
        raise UserError(
            "Nothing says what is worth finding.",
            remedy="Give --effect for a score, or --rate-control and --rate-active for a share.",
        )
    if plan.is_binary and rates[0] == rates[1]:
        raise UserError(
            "The two rates are the same, so there is nothing to find.",
            remedy="Give the rate in the active arm that is worth finding.",
        )


def plan_of(protocol: Protocol) -> PowerPlan:
    """Return the plan in a protocol.

    The arms that are no control come first. Waves that ask the instrument of the primary outcome
    count as measurements where the analysis is a mixed model or GEE.
    """
    size, outcome = protocol.sample_size, protocol.primary[0]
    order = sorted(protocol.arms, key=lambda arm: arm.role != "active")
    asking = [wave for wave in protocol.waves if outcome.instrument in wave.instruments]
    n_before = sum(wave.is_before_allocation for wave in asking)
    takes_all = protocol.analysis.model in {"mixed", "gee"}
    adjusts = takes_all or protocol.analysis.model == "ancova" or (
        "baseline" in protocol.analysis.covariates
    )  # fmt: skip
    n_active = max(1, len(protocol.arms) - 1)
    n_comparisons = 1 if protocol.analysis.multiplicity == "none" else n_active
    binary: dict[str, Any] = {"rate_control": size.rate_control, "rate_active": size.rate_active}
    return PowerPlan(
        n=size.n,
        **(binary if outcome.type == "binary" else {"effect": size.effect}),
        shares=tuple(arm.share for arm in order),
        wanted=size.power,
        alpha=protocol.analysis.alpha,
        n_comparisons=n_comparisons,
        correlation=size.correlation,
        n_before=min(1, n_before) if adjusts else 0,
        n_after=max(1, len(asking) - n_before) if takes_all and protocol.is_randomised else 1,
        dropout=size.dropout,
        cluster_size=size.cluster_size if protocol.allocation.is_cluster else None,
        cluster_cv=size.cluster_cv,
        icc=size.icc or 0.0,
        is_paired=not protocol.is_randomised,
    )
