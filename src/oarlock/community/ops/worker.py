"""The worker: runs queued jobs and periodic work in one process."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import OperationalError, close_old_connections, connections
from django_tasks_db.management.commands.db_worker import Worker as Queue
from django_tasks_db.models import DBTaskResult

from oarlock.community.ids import public_id
from oarlock.community.ops import jobs, schedule

log = logging.getLogger("oarlock.ops")

POLL_SECONDS = 0.5
TICK_SECONDS = 5.0
#: Time for periodic work that is under way to end when the worker stops.
STOP_SECONDS = 20.0
#: Jobs in a row before the worker looks whether it has been told to stop.
BATCH = 50


class _Quiet(Queue):
    """The queue of django-tasks-db, which keeps the type of a failure and drops its words.

    Attributes:
        at_work: When this process last began a job or looked for one.
    """

    at_work = 0.0

    def run_task(self, db_task_result: DBTaskResult[..., object]) -> None:
        _Quiet.at_work = time.monotonic()
        super().run_task(db_task_result)
        if db_task_result.traceback:
            # A traceback ends with the message of the error, which may repeat a text.
            db_task_result.traceback = ""
            db_task_result.save(update_fields=["traceback"])
            log.error(
                "job.failed",
                extra={
                    "job": db_task_result.task_path,
                    "error": db_task_result.exception_class_path,
                },
            )


def _own_id() -> str:
    """Return the id of this machine's worker, the same after a restart."""
    path = settings.HOME / "worker-id"
    if not path.exists():
        path.write_text(public_id(), "ascii")
    return str(path.read_text("ascii"))


class _Periodic(threading.Thread):
    """Heartbeat and periodic work beside the jobs, so that a slow one holds up no alarm."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__(name="periodic", daemon=True)
        self._stop_asked = stop

    def turn(self) -> None:
        """Do what is due now; a failure is told and does not end the next turn."""
        try:
            if time.monotonic() - _Quiet.at_work < jobs.LEASE.total_seconds():
                # A worker whose jobs stand still must not seem alive.
                schedule.beat()
            schedule.run_due()
        except Exception as error:  # noqa: BLE001 - the database may be away for a moment
            log.warning("worker.periodic", extra={"error": type(error).__name__})

    def run(self) -> None:
        try:
            while not self._stop_asked.wait(TICK_SECONDS):
                close_old_connections()
                self.turn()
        finally:
            connections.close_all()


def run(*, until_done: bool = False, ready: Callable[[], None] = lambda: None) -> None:
    """Work until the process is told to stop.

    Args:
        until_done: Stop when the queue is empty instead (for tests and the demo).
        ready: Called once the worker looks at the queue.

    Raises:
        django.db.OperationalError: With `until_done`, when the database is away.
    """
    worker = _own_id()
    stop = threading.Event()
    if not until_done:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    jobs.put_back_lost(worker=worker)
    ready()
    _Quiet.at_work = time.monotonic()
    periodic = _Periodic(stop)
    # The first turn comes before the jobs: what it queues is done in this run.
    periodic.turn()
    periodic.start()
    try:
        _work(worker, stop, until_done=until_done)
    finally:
        stop.set()
        periodic.join(timeout=STOP_SECONDS)


def _work(worker: str, stop: threading.Event, *, until_done: bool) -> None:
    """Run jobs until `stop` is set, or until none is left."""
    while not stop.is_set():
        close_old_connections()
        _Quiet.at_work = time.monotonic()
        try:
            queue = _Quiet(
                queue_names=["*"],
                interval=0,
                batch=True,
                backend_name="default",
                startup_delay=False,
                max_tasks=BATCH,
                worker_id=worker,
                excluded_queue_names=[],
            )
            queue.run()
        except OperationalError as error:
            if until_done:
                raise
            # The database is away or busy: jobs wait in it, so does the worker.
            log.warning("worker.database", extra={"error": type(error).__name__})
            stop.wait(2.0)
            continue
        if until_done and queue._run_tasks == 0:
            return
        if queue._run_tasks == 0:
            stop.wait(POLL_SECONDS)
