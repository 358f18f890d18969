"""Jobs run though workers die; periodic work is done once."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from oarlock.community.ops import jobs, schedule, worker
from oarlock.community.ops.models import Tick

pytestmark = pytest.mark.django_db(transaction=True)

done: list[str] = []


@task()
def note(word: str) -> None:
    done.append(word)


@task()
def break_with(word: str) -> None:
    raise ValueError(word)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    done.clear()
    monkeypatch.setattr(schedule, "PERIODIC", {})


def test_worker_runs_what_waits_and_stops() -> None:
    note.enqueue("a")
    note.enqueue("b")
    worker.run(until_done=True)
    assert sorted(done) == ["a", "b"]


def test_worker_that_starts_again_takes_up_what_it_left(settings: Any) -> None:
    note.enqueue("a")
    own = worker._own_id()
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now(), worker_ids=[own])
    worker.run(until_done=True)
    assert done == ["a"]


def test_jobs_of_a_worker_that_never_comes_back_are_put_back_after_the_lease() -> None:
    note.enqueue("a")
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now(), worker_ids=["other"])
    assert jobs.put_back_lost() == 0
    DBTaskResult.objects.update(started_at=timezone.now() - timedelta(hours=1))
    assert jobs.put_back_lost() == 1


def test_failure_keeps_its_type_and_not_its_words(caplog: pytest.LogCaptureFixture) -> None:
    break_with.enqueue("what somebody wrote")
    with caplog.at_level(logging.INFO):
        worker.run(until_done=True)
    result = DBTaskResult.objects.get()
    assert result.exception_class_path == "builtins.ValueError"
    assert "what somebody wrote" not in result.traceback
    assert "what somebody wrote" not in caplog.text
    assert "job.failed" in caplog.text


def test_failed_jobs_are_tried_again_later_but_not_for_ever() -> None:
    break_with.enqueue("x")
    worker.run(until_done=True)
    assert jobs.try_failed_again() == 0
    for tries in range(2, jobs.MAX_TRIES + 1):
        DBTaskResult.objects.update(finished_at=timezone.now() - timedelta(hours=3))
        assert jobs.try_failed_again() == 1
        worker.run(until_done=True)
        assert len(DBTaskResult.objects.get().worker_ids) == tries
    DBTaskResult.objects.update(finished_at=timezone.now() - timedelta(hours=3))
    assert jobs.try_failed_again() == 0


def _fail(n: int, *, tries: int, hours: int) -> None:
    """Make failed jobs that were tried so often, the last time so long ago."""
    ended = timezone.now() - timedelta(hours=hours)
    for _number in range(n):
        result = note.enqueue("x")
        DBTaskResult.objects.filter(pk=result.id).update(
            status="FAILED", started_at=ended, finished_at=ended, worker_ids=["w"] * tries
        )


def test_hopeless_jobs_keep_no_other_from_another_try() -> None:
    _fail(1, tries=jobs.MAX_TRIES, hours=3)
    one = DBTaskResult.objects.get()
    DBTaskResult.objects.bulk_create(
        DBTaskResult(
            task_path=one.task_path, args_kwargs=one.args_kwargs, status="FAILED",
            queue_name="default", backend_name="default", run_after=one.run_after,
            finished_at=one.finished_at, worker_ids=one.worker_ids,
        )
        for _number in range(600)
    )  # fmt: skip
    _fail(1, tries=1, hours=3)
    assert jobs.try_failed_again() == 1
    assert DBTaskResult.objects.filter(status="FAILED").count() == 601


def test_wait_before_another_try_grows_with_each() -> None:
    for tries in range(1, jobs.MAX_TRIES):
        _fail(1, tries=tries, hours=0)
        ended = timezone.now() - timedelta(minutes=2**tries, seconds=-20)
        DBTaskResult.objects.filter(status="FAILED").update(finished_at=ended)
        assert jobs.try_failed_again() == 0
        DBTaskResult.objects.filter(status="FAILED").update(
            finished_at=ended - timedelta(seconds=40)
        )
        assert jobs.try_failed_again() == 1


def test_jobs_that_were_given_up_are_forgotten_after_a_week() -> None:
    _fail(1, tries=jobs.MAX_TRIES, hours=24 * 8)
    _fail(1, tries=jobs.MAX_TRIES, hours=3)
    _fail(1, tries=2, hours=24 * 8)
    assert jobs.forget_done() == 1
    assert DBTaskResult.objects.count() == 2


@task()
def dawdle(seconds: float) -> None:
    time.sleep(seconds)


def _count_turns(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    turns: list[float] = []
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(schedule, "beat", lambda: turns.append(time.monotonic()))
    monkeypatch.setattr(schedule, "run_due", list)
    return turns


def test_slow_jobs_hold_up_neither_heartbeat_nor_periodic_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = _count_turns(monkeypatch)
    for _number in range(4):
        dawdle.enqueue(0.3)
    worker.run(until_done=True)
    gaps = [later - earlier for earlier, later in pairwise(turns)]
    assert len(turns) > 8
    assert max(gaps) < 0.25


def test_worker_whose_jobs_stand_still_does_not_seem_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = _count_turns(monkeypatch)
    monkeypatch.setattr(jobs, "LEASE", timedelta(seconds=0.2))
    dawdle.enqueue(1.0)
    begin = time.monotonic()
    worker.run(until_done=True)
    assert turns
    assert not [turn for turn in turns if 0.4 < turn - begin < 0.9]


def test_periodic_work_stops_with_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = _count_turns(monkeypatch)
    worker.run(until_done=True)
    n = len(turns)
    time.sleep(0.2)
    assert len(turns) == n
    assert "periodic" not in {thread.name for thread in threading.enumerate()}


def test_failing_turn_does_not_end_periodic_work(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns = _count_turns(monkeypatch)

    def away() -> list[str]:
        raise OperationalError("what somebody wrote")

    monkeypatch.setattr(schedule, "run_due", away)
    dawdle.enqueue(0.4)
    worker.run(until_done=True)
    assert len(turns) > 2
    assert "worker.periodic" in caplog.text
    assert "what somebody wrote" not in caplog.text


def test_periodic_work_is_done_once_in_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "oarlock.community.ops.jobs.forget_done"
    monkeypatch.setattr(schedule, "PERIODIC", {path: 60})
    now = timezone.now()
    assert schedule.run_due(now) == ["ops.jobs.forget_done"]
    assert schedule.run_due(now + timedelta(seconds=30)) == []
    assert schedule.run_due(now + timedelta(seconds=60)) == ["ops.jobs.forget_done"]


def test_one_failure_does_not_keep_the_rest_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        schedule,
        "PERIODIC",
        {"oarlock.community.nowhere.at_all": 60, "oarlock.community.ops.jobs.forget_done": 60},
    )
    assert schedule.run_due() == ["ops.jobs.forget_done"]
    assert Tick.objects.get(name="nowhere.at_all").failed_at is not None
