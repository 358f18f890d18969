"""What is wrong with a corpus: a report with counts, and examples by id only."""

from oarlock.corpus.checks.report import Finding, Report
from oarlock.corpus.checks.run import check_folder

__all__ = ["Finding", "Report", "check_folder"]
