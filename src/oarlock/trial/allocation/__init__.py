"""Who goes into which arm: drawn from a secret seed, logged in a chain, recomputed by a checker.

    seed = new_seed()
    log = [open_log(protocol, seed, at=now)]
    log.append(next_arm(protocol, seed, log, unit, {"severity": "mild"}, at=now))
    verify(log, [protocol], seed).is_sound

Needs the standard library alone: a web process calls it while it holds the lock on the log.
"""

from oarlock.trial.allocation.drawing import close_log, next_arm, open_log
from oarlock.trial.allocation.entries import Entry, entry_hash, log_lines, read_log
from oarlock.trial.allocation.seeds import commitment, new_seed, parse_seed
from oarlock.trial.allocation.verification import Finding, Verification, verify

__all__ = [
    "Entry",
    "Finding",
    "Verification",
    "close_log",
    "commitment",
    "entry_hash",
    "log_lines",
    "new_seed",
    "next_arm",
    "open_log",
    "parse_seed",
    "read_log",
    "verify",
]
