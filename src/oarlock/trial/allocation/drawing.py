"""Opens a log, gives the next unit its arm, and closes the log. Pure: the caller keeps and locks.

The community calls `next_arm` with the whole log while it holds the lock on it, and stores the
entry in the same transaction. A second entry with the same index must be impossible there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from oarlock.errors import UserError
from oarlock.trial.allocation.entries import CLOSING, NO_ENTRY, OPENING, Entry, sealed
from oarlock.trial.allocation.methods import (
    Blocks,
    Levels,
    draws_for,
    minimised_arm,
    simple_arm,
)
from oarlock.trial.allocation.seeds import SEED_BYTES, commitment, refuse_reuse
from oarlock.trial.protocol.model import Protocol
from oarlock.trial.protocol.versions import allocation_hash, in_utc, protocol_hash


class AllocationError(UserError):
    """An allocation that is refused; nothing has been drawn."""


def open_log(
    protocol: Protocol,
    seed: bytes,
    *,
    at: dt.datetime,
    used: Mapping[str, str] | None = None,
) -> Entry:
    """Return the first entry, which publishes the hash of the seed.

    Args:
        protocol: The frozen protocol.
        seed: 32 secret bytes.
        at: Now, with its time zone.
        used: Names of the trials so far by the commitment of their seed.

    Raises:
        AllocationError: The protocol allocates nobody, or the seed has another length.
        UserError: The seed is that of another trial.
    """
    if not protocol.is_randomised:
        raise AllocationError(
            f"The trial {protocol.name} has one arm: nobody is allocated.",
            remedy="Choose a design with two or more arms.",
        )
    if len(seed) != SEED_BYTES:
        raise AllocationError(
            f"The seed has {len(seed)} bytes; expected {SEED_BYTES}.", remedy="Use new_seed()."
        )
    refuse_reuse(seed, protocol.name, used or {})
    return _entry(protocol, seed, (), OPENING, at=at)


def next_arm(
    protocol: Protocol,
    seed: bytes,
    history: Sequence[Entry],
    unit: str,
    strata: Mapping[str, str],
    *,
    at: dt.datetime,
) -> Entry:
    """Return the entry of the next unit.

    Args:
        protocol: The protocol in force.
        seed: The secret seed.
        history: The whole log so far, in order, with its opening.
        unit: Pseudonym of the person, group or thread; never a name.
        strata: Level by factor, for each factor that allocation uses and no other.
        at: Now, with its time zone.

    Raises:
        AllocationError: The log is not open, the seed is another, the unit is in the log already,
            or a factor or level is not that of the protocol. Nothing is drawn.
    """
    _check_log(protocol, seed, history)
    if not unit or unit != unit.strip():
        raise AllocationError(
            "A unit needs a pseudonym without blanks around it.", remedy="Give it one."
        )
    if any(entry.unit == unit for entry in history if entry.is_allocation):
        raise AllocationError(
            f"The unit {unit} has an arm already.",
            remedy="A unit is allocated once; look its arm up in the log.",
        )
    levels = _levels(protocol, strata)
    allocation = allocation_hash(protocol)
    alike = [entry for entry in history if entry.is_allocation and entry.allocation == allocation]
    if protocol.allocation.method != "minimisation":
        alike = [entry for entry in alike if entry.strata == levels]
    position = len(alike) + 1
    arm = arm_at(protocol, seed, history, levels, position)
    return _entry(
        protocol, seed, history, protocol.allocation.method,
        at=at, unit=unit, strata=levels, position=position, arm=arm,
    )  # fmt: skip


def arm_at(
    protocol: Protocol,
    seed: bytes,
    history: Sequence[Entry],
    levels: Levels,
    position: int,
    blocks: dict[tuple[str, Levels], Blocks] | None = None,
) -> str:
    """Return the arm of a place in a sequence; `blocks` keeps what was drawn for the next call."""
    method = protocol.allocation.method
    draws = draws_for(protocol, seed, levels)
    if method == "simple":
        return simple_arm(draws, protocol.ratio, position)
    if method == "minimisation":
        return minimised_arm(protocol, draws, history, levels, position)
    blocks = {} if blocks is None else blocks
    which = (allocation_hash(protocol), levels)
    if which not in blocks:
        blocks[which] = Blocks(draws, protocol.ratio, protocol.allocation.block_sizes)
    return blocks[which].arm(position)


def close_log(
    protocol: Protocol, seed: bytes, history: Sequence[Entry], *, at: dt.datetime
) -> Entry:
    """Return the last entry: it reveals the seed, so that anybody can recompute every arm.

    Raises:
        AllocationError: The log is not open, or the seed is another.
    """
    _check_log(protocol, seed, history)
    return _entry(protocol, seed, history, CLOSING, at=at, revealed=seed.hex())


def _check_log(protocol: Protocol, seed: bytes, history: Sequence[Entry]) -> None:
    if not history or history[0].method != OPENING:
        raise AllocationError(
            f"The allocation of {protocol.name} has not been opened.",
            remedy="Open it first, which publishes the hash of the seed.",
        )
    if history[-1].method == CLOSING:
        raise AllocationError(
            f"The allocation of {protocol.name} is closed and its seed is public.",
            remedy="Nobody can join any more.",
        )
    if history[0].trial != protocol.name:
        raise AllocationError(
            f"The log is that of the trial {history[0].trial}, not of {protocol.name}.",
            remedy="Give the log and the protocol of the same trial.",
        )
    if history[0].commitment != commitment(seed):
        raise AllocationError(
            "The seed is not the one whose hash was published when allocation opened.",
            remedy="Give the seed of this trial.",
        )
    if [entry.index for entry in history] != list(range(len(history))):
        raise AllocationError(
            "The log has gaps or is out of order, so the next arm would be wrong.",
            remedy="Run oarlock trial verify on it.",
        )


def _levels(protocol: Protocol, strata: Mapping[str, str]) -> Levels:
    factors = {factor.name: factor for factor in protocol.allocation.used_factors}
    wanted = ", ".join(factors) or "none"
    for name in factors:
        if name not in strata:
            raise AllocationError(
                f"The factor {name} is missing.", remedy=f"Give a level for each of: {wanted}."
            )
    for name, level in strata.items():
        if name not in factors:
            raise AllocationError(
                f"{name} is no factor of the allocation.", remedy=f"Its factors: {wanted}."
            )
        if level not in factors[name].levels:
            raise AllocationError(
                f"The factor {name} has no such level.",
                remedy=f"Its levels: {', '.join(factors[name].levels)}.",
            )
    return tuple((name, strata[name]) for name in factors)


def _entry(
    protocol: Protocol,
    seed: bytes,
    history: Sequence[Entry],
    method: str,
    *,
    at: dt.datetime,
    unit: str = "",
    strata: Levels = (),
    position: int = 0,
    arm: str = "",
    revealed: str = "",
) -> Entry:
    return sealed(
        index=len(history),
        trial=protocol.name,
        protocol=protocol_hash(protocol),
        allocation=allocation_hash(protocol),
        commitment=commitment(seed),
        unit=unit,
        strata=strata,
        position=position,
        arm=arm,
        method=method,
        at=in_utc(at),
        seed=revealed,
        previous=history[-1].hash if history else NO_ENTRY,
    )
