"""The clock of a case: it is never put off, and no case is without one while somebody must act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import actions, alarms, closing, queries, talk
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


@pytest.mark.parametrize("how", ["erased", "role taken", "appointed"])
def test_case_of_somebody_who_goes_waits_for_somebody_else(
    how: str, urgent: Case, doc: User, person: People
) -> None:
    actions.acknowledge(by=doc, case=urgent)
    assert alarms.sound(timezone.now() + LATER) == 0
    if how == "erased":
        accounts.erase(by=doc, keep_texts=False)
    elif how == "role taken":
        operator = person("oper", Role.OPERATOR)
        accounts.set_role(by=operator, person=doc, role=Role.MEMBER)
    else:
        accounts.appoint(handle="doc", role="member")
    urgent.refresh_from_db()
    assert urgent.state == Case.State.NEW
    assert urgent.assigned_to is None
    assert urgent.acknowledge_by > timezone.now()
    assert alarms.sound(timezone.now() + LATER) == 1
    actions.acknowledge(by=person("doc2", Role.CLINICIAN), case=urgent)


def test_role_given_again_takes_no_case_away(urgent: Case, doc: User) -> None:
    actions.acknowledge(by=doc, case=urgent)
    accounts.appoint(handle="doc", role="clinician")
    urgent.refresh_from_db()
    assert urgent.assigned_to == doc


def test_proposal_that_waits_for_a_second_reader_has_a_clock_and_alarms(
    urgent: Case, doc: User, person: People, mailoutbox: list[Any]
) -> None:
    doc2, boss = person("doc2", Role.CLINICIAN), person("boss", Role.SUPERVISOR)
    Case.objects.update(acknowledge_by=timezone.now() - timedelta(hours=2), alarm_round=3)
    assert closing.close(by=doc, case=urgent, outcome="supported") is False
    assert alarms.sound() == 0
    urgent.refresh_from_db()
    first = urgent.acknowledge_by
    # Choosing again puts nothing off.
    closing.close(by=doc, case=urgent, outcome="referred")
    urgent.refresh_from_db()
    assert urgent.acknowledge_by == first
    assert alarms.sound(timezone.now() + LATER) == 1
    assert alarms.send.func(Alarm.objects.get().pk)
    assert [m.to for m in mailoutbox] == [[boss.email]]
    assert "second reader" in mailoutbox[0].body
    closing.agree(by=doc2, case=urgent)
    assert alarms.sound(timezone.now() + 2 * LATER) == 0


def test_whoever_proposed_is_not_called_as_second_reader(
    urgent: Case, doc: User, person: People
) -> None:
    doc2 = person("doc2", Role.CLINICIAN)
    closing.close(by=doc, case=urgent, outcome="supported")
    urgent.refresh_from_db()
    assert alarms.recipients(urgent, 1) == [doc2.email]


def test_proposal_of_nobody_read_in_time_counts_as_overdue(urgent: Case, doc: User) -> None:
    closing.close(by=doc, case=urgent, outcome="supported")
    assert queries.trouble()["overdue"] == 0
    Case.objects.update(acknowledge_by=timezone.now() - timedelta(minutes=1))
    assert queries.trouble()["overdue"] == 1


def test_disagreement_makes_the_one_who_has_it_look_again(
    urgent: Case, doc: User, person: People
) -> None:
    doc2 = person("doc2", Role.CLINICIAN)
    closing.close(by=doc, case=urgent, outcome="supported")
    closing.disagree(by=doc2, case=urgent, note="call once more")
    urgent.refresh_from_db()
    assert urgent.outcome == ""
    assert urgent.assigned_to == doc
    assert alarms.sound(timezone.now() + LATER) == 1


def test_graver_grade_by_somebody_who_has_not_said_i_have_it_shortens_the_clock(
    urgent: Case, doc: User, person: People
) -> None:
    boss = person("boss", Role.SUPERVISOR)
    Case.objects.update(grade=4, acknowledge_by=timezone.now() + timedelta(days=2))
    actions.assign(by=boss, case=urgent, to=doc)
    actions.regrade(by=doc, case=urgent, grade=1, note="they have a plan")
    urgent.refresh_from_db()
    assert urgent.acknowledge_by < timezone.now() + timedelta(hours=1)
    # Who has it is at work on it already.
    actions.acknowledge(by=doc, case=urgent)
    Case.objects.update(grade=4)
    actions.regrade(by=doc, case=urgent, grade=1, note="they have a plan")
    urgent.refresh_from_db()
    assert urgent.state == Case.State.ACKNOWLEDGED
