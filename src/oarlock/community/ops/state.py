"""How the place is: counts and ages for the health page and the metrics. No row of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from oarlock.community.desk.models import WAITING, Alarm, Case
from oarlock.community.ops.models import Tick
from oarlock.community.ops.schedule import HEARTBEAT
from oarlock.community.texts.models import Text

#: A worker that has said nothing for this long is taken for dead.
WORKER_SILENT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class State:
    """What an operator has to know.

    Attributes:
        worker_silent_seconds: Since the worker's last sign; None if there was none ever.
        n_jobs_waiting, n_jobs_failed: Queue of background work.
        oldest_job_seconds: Age of the oldest job that waits; 0 for none.
        n_unscreened: Texts that nobody has screened: a person has to read them.
        n_open_cases: Open cases by grade.
        n_overdue: Cases that nobody has acknowledged, or read as second, in time.
        n_alarms_failed: Alarms of the last day that reached nobody.
    """

    worker_silent_seconds: float | None
    n_jobs_waiting: int
    n_jobs_failed: int
    oldest_job_seconds: float
    n_unscreened: int
    n_open_cases: dict[int, int]
    n_overdue: int
    n_alarms_failed: int

    @property
    def worker_alive(self) -> bool:
        silent = self.worker_silent_seconds
        return silent is not None and silent < WORKER_SILENT.total_seconds()


def look(now: datetime | None = None) -> State:
    """Return the state of the place now."""
    now = now or timezone.now()
    beat = Tick.objects.filter(name=HEARTBEAT).first()
    ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    oldest = ready.order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    open_cases = Case.objects.exclude(state=Case.State.CLOSED)
    grades = list(open_cases.values_list("grade", flat=True))
    return State(
        worker_silent_seconds=(now - beat.last_at).total_seconds() if beat else None,
        n_jobs_waiting=ready.count(),
        n_jobs_failed=DBTaskResult.objects.filter(status=TaskResultStatus.FAILED).count(),
        oldest_job_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        n_unscreened=Text.objects.filter(screened=False).exclude(state=Text.State.DELETED).count(),
        n_open_cases={grade: grades.count(grade) for grade in range(1, 6)},
        n_overdue=open_cases.filter(WAITING, acknowledge_by__lt=now).count(),
        n_alarms_failed=Alarm.objects.filter(failed=True, at__gt=now - timedelta(days=1)).count(),
    )


def waiting_migrations() -> int:
    """Return how many changes of the tables have not been made."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
