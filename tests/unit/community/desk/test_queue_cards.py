"""The cards of the queue can be told apart, and grave words wait until the case is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from oarlock.community.accounts.models import Role, User
from oarlock.community.coaching.models import Care
from oarlock.community.desk.intake import open_case
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group, Membership
from oarlock.community.support.actions import write_post

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("grade", "warnings", "shown"), [(3, (), True), (2, (), False), (3, ("death",), False)]
)
def test_a_card_shows_the_group_and_the_first_words_of_mild_texts_alone(
    person: Callable[..., User],
    group: Group,
    join: Callable[..., Any],
    sign_in: Callable[[User], Client],
    grade: int,
    warnings: tuple[str, ...],
    shown: bool,
) -> None:
    ash = person("ash")
    join(ash, group)
    post = write_post(by=ash, group=group, body="the kettle broke again", warnings=warnings)
    mod = person("mod", Role.MODERATOR)
    Membership.objects.create(person=mod, group=group, moderates=True)
    open_case(
        queue=Case.Queue.MODERATION,
        origin=Case.Origin.WATCH,
        kind="unanswered",
        grade=grade,
        minutes=90,
        text=post.text,
    )
    page = sign_in(mod).get(reverse("desk")).content.decode()
    assert "Low mood" in page
    assert ("the kettle broke again" in page) is shown
    assert ("folded until you open it" in page) is not shown


@pytest.mark.parametrize("folds", [True, False])
def test_a_post_without_a_title_shows_its_first_words_unless_they_are_folded(
    person: Callable[..., User],
    group: Group,
    join: Callable[..., Any],
    sign_in: Callable[[User], Client],
    folds: bool,
) -> None:
    ash = person("ash")
    kim = person("kim", offers_support=True, folded_warnings=["death"] if folds else [])
    join(ash, group)
    join(kim, group)
    post = write_post(by=ash, group=group, body="her cup is still here", warnings=("death",))
    Care.objects.create(post=post, by=kim)
    page = sign_in(kim).get(reverse("threads")).content.decode()
    assert ("her cup is still here" in page) is not folds
