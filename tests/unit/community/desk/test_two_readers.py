"""Two people agree on the same words, and nobody shows a text past them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import actions, closing, measures
from oarlock.community.desk.models import Case
from oarlock.community.desk.policy import Response
from oarlock.community.groups.models import Group
from oarlock.community.support import actions as support
from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text

People = Callable[..., User]
SignIn = Callable[[User], Client]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.fixture
def mod(person: People) -> User:
    return person("mod", Role.MODERATOR)


@pytest.fixture
def mod2(person: People) -> User:
    return person("mod2", Role.MODERATOR)


@pytest.fixture
def post(
    ash: User, group: Group, screener: Any, found: Any, monkeypatch: pytest.MonkeyPatch
) -> Post:
    """A post that is held, with one grave case on it."""
    from oarlock.community.desk import policy as own

    def table(*, risk: str, kinds: dict[str, float]) -> list[Response]:
        return [
            Response(
                kind=kind, queue="moderation", grade=1 if kind == "urge" else 3,
                acknowledge_minutes=60, visibility="held", second_reader=False,
            )
            for kind in kinds
        ]  # fmt: skip

    monkeypatch.setattr(own, "table", table)
    screener.found["zonk"] = found(kinds={"urge": 0.9})
    screener.found["both"] = found(kinds={"urge": 0.9, "insult": 0.9})
    return support.write_post(by=ash, group=group, body="zonk")


@pytest.fixture
def grave(post: Post) -> Case:
    return Case.objects.get(kind="urge")


def state(post: Post) -> str:
    return Text.objects.get(pk=post.pk).state


def test_text_is_not_shown_past_another_open_case(
    post: Post, grave: Case, ash: User, mod: User, mod2: User
) -> None:
    support.edit(by=ash, text=post.text, body="both", version=1)
    light = Case.objects.get(kind="insult")
    with pytest.raises(ValidationError, match="Another case about this text is open"):
        measures.show(by=mod, case=light)
    assert state(post) == Text.State.HELD
    closing.close(by=mod, case=grave, outcome="no-concern", text_after="shown")
    closing.agree(by=mod2, case=grave)
    measures.show(by=mod, case=light)
    assert state(post) == Text.State.SHOWN


def test_text_that_two_people_hid_is_not_shown_by_one(
    post: Post, grave: Case, mod: User, mod2: User, sign_in: SignIn
) -> None:
    closing.close(by=mod, case=grave, outcome="hidden", text_after="hidden")
    closing.agree(by=mod2, case=grave)
    with pytest.raises(ValidationError, match="Reopen the case"):
        measures.show(by=mod, case=grave)
    assert state(post) == Text.State.HIDDEN
    browser = sign_in(mod)
    address = f"/desk/cases/{grave.public_id}"
    assert f"{address}/show" not in browser.get(address).content.decode()
    # The way that the words name leads there.
    actions.reopen(by=mod, case=grave, note="a second look")
    sent = {"outcome": "no-concern", "text_after": "shown", "version": "1"}
    assert browser.post(f"{address}/close", sent).status_code == 302
    assert sign_in(mod2).post(f"{address}/agree", {"version": "1"}).status_code == 302
    assert state(post) == Text.State.SHOWN


def test_new_version_takes_back_what_waits_for_a_second_reader(
    post: Post, grave: Case, ash: User, mod: User, mod2: User
) -> None:
    closing.close(by=mod, case=grave, outcome="no-concern", text_after="shown")
    support.edit(by=ash, text=post.text, body="zonk, and what nobody has read", version=1)
    grave.refresh_from_db()
    assert (grave.state, grave.outcome) == (Case.State.NEW, "")
    assert grave.acknowledge_by > timezone.now()
    with pytest.raises(ValidationError, match="no outcome"):
        closing.agree(by=mod2, case=grave)
    assert state(post) == Text.State.HELD


def test_second_reader_does_not_agree_about_words_that_the_first_never_read(
    post: Post, grave: Case, ash: User, mod: User, mod2: User, sign_in: SignIn
) -> None:
    closing.close(by=mod, case=grave, outcome="no-concern", text_after="shown")
    # Nothing is found in the new version, so it joins no case.
    support.edit(by=ash, text=post.text, body="quite different", version=1)
    with pytest.raises(ValidationError, match="has changed since the outcome was chosen"):
        closing.agree(by=mod2, case=grave)
    address = f"/desk/cases/{grave.public_id}"
    page = sign_in(mod2).get(address).content.decode()
    assert "The text has changed since then" in page
    assert f"{address}/agree" not in page
    # Choosing again, about the new words, and agreeing works.
    closing.close(by=mod2, case=grave, outcome="no-concern", text_after="shown")
    closing.agree(by=mod, case=grave)
    assert state(post) == Text.State.SHOWN


@pytest.mark.parametrize(
    ("do", "fields"),
    [("close", {"outcome": "no-concern", "text_after": "shown"}), ("agree", {}), ("show", {})],
)
def test_page_that_shows_older_words_decides_nothing(
    do: str, fields: dict[str, str], post: Post, grave: Case, ash: User, mod: User, mod2: User,
    sign_in: SignIn,
) -> None:  # fmt: skip
    if do == "agree":
        closing.close(by=mod, case=grave, outcome="no-concern", text_after="shown")
    if do == "show":
        Case.objects.update(grade=3)
    Text.objects.filter(pk=post.pk).update(version=2)
    Case.objects.filter(text_version=1).update(text_version=2)
    browser, address = sign_in(mod2), f"/desk/cases/{grave.public_id}/{do}"
    answer = browser.post(address, {**fields, "version": "1"})
    assert answer.status_code == 422
    assert "The text has changed since you opened this page" in answer.content.decode()
    assert state(post) == Text.State.HELD
    # The page that came back is about the newest words.
    assert 'name="version" value="2"' in answer.content.decode()
    assert 'name="version" value="1"' not in answer.content.decode()
    assert browser.post(address, {**fields, "version": "2"}).status_code == 302


def test_forms_of_a_case_carry_the_version_of_its_text(
    post: Post, grave: Case, mod: User, sign_in: SignIn
) -> None:
    page = sign_in(mod).get(f"/desk/cases/{grave.public_id}").content.decode()
    assert 'name="version" value="1"' in page
