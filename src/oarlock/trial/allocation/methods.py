"""The arm of a place in a sequence: simple draws, permuted blocks, and minimisation.

Source: permuted blocks of random size: Matts & Lachin (1988), doi:10.1016/0197-2456(88)90047-5.
Minimisation with a random element: Pocock & Simon (1975), doi:10.2307/2529712; with unequal shares,
so that each arm keeps its share: Han, Enas & McEntegart (2009), doi:10.1002/sim.3710.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from oarlock.trial.allocation.entries import Entry
from oarlock.trial.allocation.seeds import Draws
from oarlock.trial.protocol.model import Allocation, Factor, Protocol
from oarlock.trial.protocol.versions import allocation_hash

Levels = tuple[tuple[str, str], ...]

_FINE = 1 << 53


def draws_for(protocol: Protocol, seed: bytes, strata: Levels) -> Draws:
    """Return the numbers of one sequence: of a stratum, or of the whole trial.

    Minimisation has one sequence: who came before decides through the counts, not the numbers.
    """
    plan = protocol.allocation
    own = () if plan.method == "minimisation" else strata
    names = [f"{factor}={level}" for factor, level in own]
    return Draws(seed, protocol.name, allocation_hash(protocol), *names)


def simple_arm(draws: Draws, ratio: Mapping[str, int], position: int) -> str:
    """Return the arm at `position`, drawn in the ratio whatever came before."""
    return _in_ratio(draws.below(sum(ratio.values()), position), ratio)


def _in_ratio(drawn: int, ratio: Mapping[str, int]) -> str:
    for arm, share in ratio.items():
        if drawn < share:
            return arm
        drawn -= share
    raise AssertionError("a draw beyond the shares")  # pragma: no cover


class Blocks:
    """The arms of one sequence of permuted blocks, made as far as they are asked for."""

    def __init__(self, draws: Draws, ratio: Mapping[str, int], sizes: Sequence[int]) -> None:
        self._draws = draws
        self._ratio = ratio
        self._sizes = sorted(sizes)
        self._arms: list[str] = []
        self.ends: list[int] = []

    def arm(self, position: int) -> str:
        """Return the arm at `position`, from 1."""
        while len(self._arms) < position:
            self._add_block()
        return self._arms[position - 1]

    def _add_block(self) -> None:
        number = len(self.ends) + 1
        size = self._sizes[self._draws.below(len(self._sizes), number)]
        times = size // sum(self._ratio.values())
        block = [arm for arm, share in self._ratio.items() for _ in range(share * times)]
        for last in range(len(block) - 1, 0, -1):  # Fisher-Yates
            other = self._draws.below(last + 1, number, last)
            block[last], block[other] = block[other], block[last]
        self._arms += block
        self.ends.append(len(self._arms))


def minimised_arm(
    protocol: Protocol, draws: Draws, history: Iterable[Entry], strata: Levels, position: int
) -> str:
    """Return the arm of the next unit by minimisation.

    Args:
        protocol: Arms, shares, factors, weights and the probability of the best arm.
        draws: Numbers of the trial.
        history: Who was allocated before, in any order.
        strata: Levels of the unit.
        position: Its place among all units.
    """
    plan = protocol.allocation
    counts = _counts(protocol.arm_names, plan.used_factors, history, dict(strata))
    totals = {arm: _imbalance(plan, protocol.ratio, counts, arm) for arm in protocol.arm_names}
    least = min(totals.values())
    tied = {arm: protocol.ratio[arm] for arm, total in totals.items() if total == least}
    best = _in_ratio(draws.below(sum(tied.values()), position, 1), tied)
    return _with_chance(draws, protocol.ratio, best, Fraction(plan.p_best), position)


def _counts(
    arms: Sequence[str], factors: Sequence[Factor], history: Iterable[Entry], mine: dict[str, str]
) -> dict[str, dict[str, int]]:
    """Return, for each factor, how many units of the same level are in each arm."""
    counts = {factor.name: dict.fromkeys(arms, 0) for factor in factors}
    for entry in history:
        # An arm that an amendment took out counts no more.
        if not entry.is_allocation or entry.arm not in arms:
            continue
        for name, level in entry.strata:
            if mine.get(name) == level:
                counts[name][entry.arm] += 1
    return counts


def _imbalance(
    plan: Allocation,
    ratio: Mapping[str, int],
    counts: Mapping[str, Mapping[str, int]],
    arm: str,
) -> Fraction:
    """Return the weighted imbalance if the unit went into `arm`; exact, so that ties are ties."""
    total = Fraction(0)
    for factor in plan.used_factors:
        own = counts[factor.name]
        shares = [Fraction(own[one] + (one == arm), ratio[one]) for one in ratio]
        if plan.imbalance == "range":
            spread = max(shares) - min(shares)
        else:
            mean = sum(shares, Fraction(0)) / len(shares)
            spread = sum(((share - mean) ** 2 for share in shares), Fraction(0)) / len(shares)
        total += Fraction(factor.weight) * spread
    return total


def best_chance(ratio: Mapping[str, int], best: str, p_best: Fraction) -> Fraction:
    """Return the probability of the arm that balances best.

    That of the arm with the least share is `p_best`; the others' are such that every arm keeps its
    share in the long run.
    """
    whole = sum(ratio.values())
    return 1 - Fraction(whole - ratio[best], whole - min(ratio.values())) * (1 - p_best)


def _with_chance(
    draws: Draws, ratio: Mapping[str, int], best: str, p_best: Fraction, position: int
) -> str:
    if Fraction(draws.below(_FINE, position, 2), _FINE) < best_chance(ratio, best, p_best):
        return best
    others = {arm: share for arm, share in ratio.items() if arm != best}
    return _in_ratio(draws.below(sum(others.values()), position, 3), others)
