"""The clock of a case: it is never put off, and no case is without one while somebody must act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import actions, alarms, closing, talk
from oarlock.community.desk.models import Alarm, Case

People = Callable[..., User]
LATER = timedelta(days=30)


@pytest.fixture
def ash(person: People) -> User:
    return person("ash")


@pytest.fixture
def doc(person: People) -> User:
    return person("doc", Role.CLINICIAN)


@pytest.fixture
def urgent(ash: User) -> Case:
    return Case.objects.create(
        queue="clinical", origin="screening", kind="plan", grade=1, about=ash,
        acknowledge_by=timezone.now() + timedelta(minutes=15),
    )  # fmt: skip


def test_who_writes_again_and_again_does_not_put_off_the_own_alarm(
    urgent: Case, ash: User, doc: User
) -> None:
    actions.acknowledge(by=doc, case=urgent)
    talk.write_to_person(by=doc, case=urgent, body="How are you right now?")
    talk.answer(by=ash, case=urgent, body="not well", safety="unsafe")
    urgent.refresh_from_db()
    assert urgent.state == Case.State.NEW
    overdue = timezone.now() - timedelta(minutes=20)
    Case.objects.update(acknowledge_by=overdue, alarm_round=2, alarmed_at=timezone.now())
    talk.answer(by=ash, case=urgent, body="is anybody there", safety="unsafe")
    urgent.refresh_from_db()
    assert urgent.acknowledge_by == overdue
    assert urgent.alarm_round == 2
    assert urgent.alarmed_at is not None


def test_graver_answer_makes_a_running_clock_shorter(urgent: Case, ash: User, doc: User) -> None:
    talk.write_to_person(by=doc, case=urgent, body="How are you right now?")
    Case.objects.update(grade=4, acknowledge_by=timezone.now() + timedelta(days=1))
    talk.answer(by=ash, case=urgent, safety="unsafe", body="")
    urgent.refresh_from_db()
    assert urgent.grade == 1
    assert urgent.acknowledge_by < timezone.now() + timedelta(hours=1)
