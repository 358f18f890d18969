"""The community of the demo: made-up people, groups and threads, loaded through the same doors."""

from __future__ import annotations

from typing import Final

#: File under `OARLOCK_HOME` with the corpus report of the demo's own threads.
REPORT_NAME: Final = "report.html"
