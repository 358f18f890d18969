"""Periodic work: what is due, done once however many workers there are."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from oarlock.community.ops.models import Tick

log = logging.getLogger("oarlock.ops")

#: Seconds between two runs, by the function that does the work. Each must stand being run twice.
PERIODIC: Mapping[str, int] = {
    "oarlock.community.desk.alarms.sound": 30,
    "oarlock.community.ops.jobs.put_back_lost": 60,
    "oarlock.community.ops.jobs.try_failed_again": 60,
    "oarlock.community.ops.jobs.forget_done": 3600,
    "oarlock.community.accounts.sessions.forget_ended": 3600,
    "oarlock.community.notices.watch.look": 60,
    "oarlock.community.notices.digest.write_letters": 600,
    "oarlock.community.measures.reminders.run": 300,
    "oarlock.community.desk.recheck.run": 60,
    "oarlock.community.desk.measures.end_terms": 300,
}

#: Written by the worker every few seconds, read by the health page.
HEARTBEAT = "worker"


def beat() -> None:
    """Say that the worker is alive."""
    Tick.objects.update_or_create(name=HEARTBEAT, defaults={"last_at": timezone.now()})


def _claim(name: str, seconds: int, now: datetime) -> bool:
    due = now - timedelta(seconds=seconds)
    if Tick.objects.filter(name=name, last_at__lte=due).update(last_at=now):
        return True
    if Tick.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            Tick.objects.create(name=name, last_at=now)
    except IntegrityError:
        return False
    return True


def run_due(now: datetime | None = None) -> list[str]:
    """Do the work that is due and return its names; a failure does not stop the rest."""
    now = now or timezone.now()
    done = []
    for path, seconds in PERIODIC.items():
        name = path.removeprefix("oarlock.community.")[:40]
        if not _claim(name, seconds, now):
            continue
        try:
            import_string(path)()
        except Exception as error:  # noqa: BLE001 - the others must still run
            Tick.objects.filter(name=name).update(failed_at=now)
            log.error("schedule.failed", extra={"job": name, "error": type(error).__name__})
        else:
            Tick.objects.filter(name=name).update(failed_at=None)
            done.append(name)
    return done
