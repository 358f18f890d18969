"""The protocol of a trial: one TOML file, checked, hashed, frozen and amended in a chain.

protocol = load("trial.toml")
version = freeze(protocol, at=now)
"""

from __future__ import annotations

from importlib.resources import files

from oarlock.trial.protocol.cautions import cautions
from oarlock.trial.protocol.faults import Fault, ProtocolError
from oarlock.trial.protocol.model import (
    Allocation,
    Analysis,
    Arm,
    Consent,
    Contact,
    Eligibility,
    Ethics,
    Factor,
    Harms,
    Outcome,
    Protocol,
    Question,
    SampleSize,
    ScoreRange,
    Stopping,
    Wave,
    clashing_switches,
)
from oarlock.trial.protocol.reading import from_mapping, load, loads
from oarlock.trial.protocol.versions import (
    Change,
    Version,
    allocation_hash,
    amend,
    as_mapping,
    canonical,
    changes,
    check_chain,
    freeze,
    placeholders,
    protocol_hash,
)
from oarlock.trial.protocol.words import plain_words

__all__ = [
    "Allocation",
    "Analysis",
    "Arm",
    "Change",
    "Consent",
    "Contact",
    "Eligibility",
    "Ethics",
    "Factor",
    "Fault",
    "Harms",
    "Outcome",
    "Protocol",
    "ProtocolError",
    "Question",
    "SampleSize",
    "ScoreRange",
    "Stopping",
    "Version",
    "Wave",
    "allocation_hash",
    "amend",
    "as_mapping",
    "canonical",
    "cautions",
    "changes",
    "check_chain",
    "clashing_switches",
    "freeze",
    "from_mapping",
    "load",
    "loads",
    "placeholders",
    "plain_words",
    "protocol_hash",
    "template",
]


def template() -> str:
    """Return a commented protocol that passes the check."""
    return files("oarlock.trial.protocol").joinpath("template.toml").read_text("utf-8")
