"""What many requests ask for at once is loaded once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from oarlock.community.ops.durability import need_not_survive_power_cut
from oarlock.community.ops.models import Tick
from oarlock.community.ops.once import once


def test_requests_that_come_together_share_one_model() -> None:
    loads: list[int] = []

    @once
    def model() -> object:
        loads.append(1)
        time.sleep(0.05)
        return object()

    barrier = threading.Barrier(8)

    def ask() -> int:
        barrier.wait()
        return id(model())

    with ThreadPoolExecutor(8) as pool:
        found = {one.result() for one in [pool.submit(ask) for _ in range(8)]}
    assert len(found) == len(loads) == 1


def test_model_that_failed_to_load_is_tried_again() -> None:
    answers = iter([RuntimeError("the file is away"), "model"])

    @once
    def model() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(RuntimeError):
        model()
    assert model() == "model"


def _waits_for_disk() -> object:
    query = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
    with connection.cursor() as cursor:
        return cursor.execute(query[connection.vendor]).fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_what_people_write_waits_for_the_disk_again_after_a_hasty_write() -> None:
    before = _waits_for_disk()
    now = timezone.now()
    with need_not_survive_power_cut():
        Tick.objects.create(name="hasty", last_at=now)
        assert _waits_for_disk() != before
    assert _waits_for_disk() == before
    with pytest.raises(IntegrityError), need_not_survive_power_cut():
        Tick.objects.bulk_create([Tick(name="lost", last_at=now), Tick(name="hasty", last_at=now)])
    assert _waits_for_disk() == before
    assert list(Tick.objects.filter(last_at=now).values_list("name", flat=True)) == ["hasty"]
