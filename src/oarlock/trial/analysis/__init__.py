"""The analysis of a trial: from a file and a plan to estimates, checks and harms.

from oarlock.trial.analysis import AnalysisPlan, OutcomePlan, analyse_file

plan = AnalysisPlan((OutcomePlan("bdi", better="lower"),), arm="treatment", control="TAU")
results = analyse_file("trial.csv", plan)
results.to_json()["primary"]["estimate"]
"""

from __future__ import annotations

from oarlock.trial.analysis.plan import AnalysisPlan, OutcomePlan, merged, plan_of, read_plan
from oarlock.trial.analysis.results import (
    Check,
    Coefficient,
    Effect,
    Model,
    NotEstimable,
    OutcomeResults,
    TrialResults,
)
from oarlock.trial.analysis.run import analyse_file, analyse_table
from oarlock.trial.analysis.table import Table, read_table

__all__ = [
    "AnalysisPlan",
    "Check",
    "Coefficient",
    "Effect",
    "Model",
    "NotEstimable",
    "OutcomePlan",
    "OutcomeResults",
    "Table",
    "TrialResults",
    "analyse_file",
    "analyse_table",
    "merged",
    "plan_of",
    "read_plan",
    "read_table",
]
