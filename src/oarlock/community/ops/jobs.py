"""Looking after the job queue: nothing is lost when a worker dies, nothing is tried for ever."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

log = logging.getLogger("oarlock.ops")

#: A job that runs longer than this has lost its worker.
LEASE = timedelta(minutes=10)
MAX_TRIES = 5
KEEP = timedelta(days=7)


def put_back_lost(*, worker: str = "") -> int:
    """Queue the jobs of a dead worker again and return their number.

    Args:
        worker: Id of a worker that has just started: all jobs it seems to run are lost ones.
    """
    lost = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
    if worker:
        pks = [r.pk for r in lost if r.worker_ids and r.worker_ids[-1] == worker]
        lost = lost.filter(pk__in=pks)
    else:
        lost = lost.filter(started_at__lt=timezone.now() - LEASE)
    n = lost.update(status=TaskResultStatus.READY, started_at=None)
    if n:
        log.warning("jobs.put_back", extra={"count": n})
    return n


def try_failed_again() -> int:
    """Queue failed jobs again after a growing wait, five tries in all; return their number."""
    now = timezone.now()
    due = Q()
    for tries in range(MAX_TRIES):
        due |= _tried(tries) & Q(finished_at__lte=now - timedelta(minutes=2**tries))
    return DBTaskResult.objects.filter(due, status=TaskResultStatus.FAILED).update(
        status=TaskResultStatus.READY, started_at=None, finished_at=None, traceback=""
    )


def _tried(tries: int) -> Q:
    """Return the jobs that workers have taken exactly so many times."""
    more = Q(**{f"worker_ids__{tries}__isnull": True})
    return more & Q(**{f"worker_ids__{tries - 1}__isnull": False}) if tries else more


def forget_done() -> int:
    """Drop the records of jobs that were done, or given up, a week ago."""
    old = DBTaskResult.objects.filter(finished_at__lt=timezone.now() - KEEP)
    given_up = Q(status=TaskResultStatus.FAILED, **{f"worker_ids__{MAX_TRIES - 1}__isnull": False})
    return old.filter(Q(status=TaskResultStatus.SUCCESSFUL) | given_up).delete()[0]
