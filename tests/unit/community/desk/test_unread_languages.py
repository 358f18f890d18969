"""Texts in a language that screening cannot read, and times that nobody could keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import words
from oarlock.community.desk.models import Case, Shift
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post
from oarlock.community.texts.screening import is_read

pytestmark = pytest.mark.django_db
PLAN = "words of a plan"


@pytest.fixture
def ash(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user: User = person("ash")
    join(user, group)
    return user


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Ya no quiero vivir, tengo las pastillas en la mano", False),
        ("Quiero morir hoy", False),
        ("Je ne veux plus vivre, je vais sauter ce soir", False),
        ("Я не хочу больше жить", False),
        ("I do not want to live any more", True),
        ("Ich will heute nicht mehr leben und habe Angst", True),
        ("gracias amiga", True),
        ("\U0001f622 \U0001f622 \U0001f622", True),
    ],
)
def test_languages_without_patterns_are_told_from_those_with(text: str, read: bool) -> None:
    assert is_read(text) is read


def test_unread_language_shows_waits_for_a_moderator_and_its_author_sees_help(
    ash: User, group: Group, person: Callable[..., User], screener: Any, found: Any
) -> None:
    person("moss", Role.MODERATOR)
    screener.found["vivir"] = found(kinds={"unread language": 1.0})
    text = write_post(by=ash, group=group, body="ya no quiero vivir").text
    case = Case.objects.get(text=text, origin=Case.Origin.SCREENING)
    assert (text.state, case.queue, case.grade) == ("shown", Case.Queue.MODERATION, 3)
    said = words.for_writer(text)
    assert "within 4 hours" in " ".join(said.words)
    assert said.helplines


def test_time_is_promised_only_while_somebody_can_keep_it(
    ash: User, group: Group, person: Callable[..., User], screener: Any, found: Any
) -> None:
    screener.found["plan"] = found(risk="plan or intent")
    text = write_post(by=ash, group=group, body=PLAN).text

    def said() -> str:
        return " ".join(words.for_writer(text).words)

    assert "1 hour" not in said()
    assert "use the numbers below now" in said()
    fern = person("fern", Role.CLINICIAN)
    assert "1 hour" not in said()
    now = timezone.now()
    Shift.objects.create(
        queue=Case.Queue.CLINICAL,
        person=fern,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )
    assert "within 1 hour" in said()
