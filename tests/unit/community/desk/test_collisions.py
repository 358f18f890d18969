"""Author and staff change the same text at once: both get through, one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import closing, reports
from oarlock.community.desk import policy as own
from oarlock.community.desk.models import Case, Report
from oarlock.community.desk.policy import Response
from oarlock.community.groups.models import Group
from oarlock.community.support import actions as support
from oarlock.community.support.models import Post
from oarlock.community.texts import door
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db(transaction=True)
#: SQLite has one writer at a time.
postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="needs row locks")

People = Callable[..., User]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.fixture
def post(
    ash: User, group: Group, screener: Any, found: Any, monkeypatch: pytest.MonkeyPatch
) -> Post:
    row = Response(
        kind="insult", queue="moderation", grade=3, acknowledge_minutes=240, visibility="held",
        second_reader=False,
    )  # fmt: skip
    monkeypatch.setattr(own, "table", lambda *, risk, kinds: [row] if kinds else [])
    screener.found["zonk"] = found(kinds={"insult": 0.9})
    return support.write_post(by=ash, group=group, body="zonk")


def slowly(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let a step wait before it begins, so that the other side takes its first lock."""
    real = getattr(module, name)

    def later(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.8)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, later)


def at_once(*works: Callable[[], object]) -> list[str]:
    """Do all at the same time and return the types of their failures."""
    failures: list[str] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@postgres
def test_edit_and_closing_at_once_both_get_through(
    post: Post, ash: User, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    mod, case = person("mod", Role.MODERATOR), Case.objects.get()
    monkeypatch.setattr(door, "_collided", lambda error: False)
    slowly(monkeypatch, closing, "_settle_text")
    slowly(monkeypatch, door, "_settle")
    assert not at_once(
        lambda: support.edit(by=ash, text=post.text, body="zonk again", version=1),
        lambda: closing.close(by=mod, case=case, outcome="no-concern", text_after="shown"),
    )
    assert Text.objects.get(pk=post.pk).version == 2
    assert Case.objects.filter(state=Case.State.CLOSED).exists()


@postgres
def test_report_and_closing_of_another_report_at_once_both_get_through(
    post: Post, person: People, group: Group, join: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    mod, kim, lou = person("mod", Role.MODERATOR), person("kim"), person("lou")
    Text.objects.update(state=Text.State.SHOWN)
    case = reports.report(by=kim, text=post.text, reason="insult").case
    real = reports._case_for

    def then_wait(*args: Any) -> Case:
        found = real(*args)
        time.sleep(0.8)
        return found

    def close() -> None:
        time.sleep(0.3)
        closing.close(by=mod, case=case, outcome="no-concern")

    monkeypatch.setattr(reports, "_case_for", then_wait)
    assert not at_once(
        lambda: reports.report(by=lou, text=post.text, reason="insult"),
        close,
    )
    assert Report.objects.filter(text=post.text).count() == 2


@postgres
def test_erasing_and_closing_at_once_both_get_through(
    post: Post, ash: User, person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    mod, case = person("mod", Role.MODERATOR), Case.objects.get()
    # The desk has the text, and in the end writes a notice to its author.
    slowly(monkeypatch, closing, "_settle_text")

    def erase() -> None:
        time.sleep(0.3)
        accounts.erase(by=ash, keep_texts=False)

    assert not at_once(
        lambda: closing.close(by=mod, case=case, outcome="no-concern", text_after="shown"),
        erase,
    )
    assert User.objects.get(pk=ash.pk).erased_at is not None
    assert Case.objects.get().state == Case.State.CLOSED
    assert Text.objects.get(pk=post.pk).body == ""


class CollisionError(Exception):
    sqlstate = "40P01"


@pytest.mark.parametrize("how_often", [1, 2])
def test_text_that_collided_is_kept_at_the_second_try(
    how_often: int, ash: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [how_often]
    real = door._settle

    def settle(*args: Any) -> None:
        real(*args)
        if left[0]:
            left[0] -= 1
            raise OperationalError from CollisionError()

    monkeypatch.setattr(door, "_settle", settle)
    if how_often == 1:
        assert support.write_post(by=ash, group=group, body="hello").text.body == "hello"
        assert Text.objects.count() == 1
    else:
        with pytest.raises(OperationalError):
            support.write_post(by=ash, group=group, body="hello")
        assert not Text.objects.exists()


def test_database_that_is_away_is_no_collision(
    ash: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def settle(*args: Any) -> None:
        tries.append(1)
        raise OperationalError

    monkeypatch.setattr(door, "_settle", settle)
    with pytest.raises(OperationalError):
        support.write_post(by=ash, group=group, body="hello")
    assert tries == [1]
