"""Taking one's data along, and leaving."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts import actions
from oarlock.community.accounts.export import personal_export
from oarlock.community.accounts.models import Role, User
from oarlock.community.coaching.models import Suggestion
from oarlock.community.desk import closing, reports, talk
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import delete, write_post, write_reply
from oarlock.community.support.models import Draft, Reaction
from oarlock.community.texts import door
from oarlock.community.texts.models import Text

pytestmark = pytest.mark.django_db

People = Callable[..., User]


@pytest.fixture
def thread(person: People, group: Group, join: Callable[..., Any]) -> tuple[User, User]:
    ash, kim = person("ash"), person("kim")
    join(ash, group)
    join(kim, group)
    post = write_post(by=ash, group=group, title="Nights", body="the first words")
    door.revise(by=ash, text=post.text, title="Nights", body="the second words")
    write_reply(by=kim, post=post, body="an answer")
    Draft.objects.create(by=ash, place="group:low-mood", fields={"body": "half a thought"})
    return ash, kim


def test_export_holds_everything_and_no_secret(thread: tuple[User, User]) -> None:
    ash, kim = thread
    found = json.dumps(personal_export(ash), default=str)
    for part in ("ash@example.org", "the first words", "the second words", "half a thought"):
        assert part in found
    assert ash.password not in found
    assert "an answer" not in found
    assert kim.handle not in found


def test_export_covers_every_table_that_points_to_a_person(thread: tuple[User, User]) -> None:
    """A table that is added later has to be exported, or named here with the reason."""
    elsewhere = {
        "audit": "the log of staff and system",
        "emailaddress": "the address is in the account",
        "authenticator": "a secret",
        "logentry": "not used",
        "blocked_by": "tells about others",
        "muted_by": "tells about others",
        "assigned_cases": "work of staff",
        "shifts": "work of staff",
    }
    keys = set(personal_export(thread[0]))
    names = {
        "acceptances": "agreements", "memberships": "groups", "cares": "threads_looked_after",
        "suggestion": "suggestions_of_the_coach", "reaction": "reactions",
        "usersession": "sessions",
    }  # fmt: skip
    missing = [
        r.get_accessor_name()
        for r in User._meta.related_objects
        if (name := (r.get_accessor_name() or "").removesuffix("_set"))
        and name not in elsewhere
        and names.get(name, name) not in keys
    ]
    assert missing == []


def test_export_asks_for_the_password_again(
    thread: tuple[User, User], sign_in: Callable[[User], Client]
) -> None:
    browser = sign_in(thread[0])
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    assert "reauthenticate" in browser.get("/me/data/export")["Location"]


@pytest.mark.parametrize("keep", [True, False])
def test_erasure_keeps_the_thread_readable_and_nothing_personal(
    thread: tuple[User, User], keep: bool
) -> None:
    ash, kim = thread
    Reaction.objects.create(text=Text.objects.get(author=kim), by=ash, kind="thanks")
    actions.erase(by=ash, keep_texts=keep)
    ash.refresh_from_db()
    assert (ash.email, ash.birth_year, ash.country, ash.is_active) == ("", None, "", False)
    assert ash.handle.startswith("gone-")
    assert not ash.has_usable_password()
    assert not Draft.objects.exists()
    assert not Reaction.objects.exists()
    text = Text.objects.get(kind="post")
    assert text.author is None
    assert text.body == ("the second words" if keep else "")
    assert not text.versions.exists()
    assert Text.objects.get(kind="reply").body == "an answer"


def test_erasure_leaves_an_open_case_its_text_but_hides_it_from_peers(
    thread: tuple[User, User],
) -> None:
    ash, _ = thread
    text = Text.objects.get(kind="post")
    Case.objects.create(
        queue="clinical", origin="screening", kind="active", grade=2, text=text, about=ash,
        acknowledge_by=timezone.now(),
    )  # fmt: skip
    actions.erase(by=ash, keep_texts=False)
    text.refresh_from_db()
    assert text.body == "the second words"
    assert text.state == Text.State.DELETED


def test_erasing_through_the_pages_needs_the_own_handle(
    thread: tuple[User, User], sign_in: Callable[[User], Client]
) -> None:
    browser = Client()
    browser.post(
        "/account/login/", {"login": "ash@example.org", "password": "a long enough pass phrase"}
    )
    again = browser.get("/me/data/erase")["Location"]
    browser.post(again, {"password": "a long enough pass phrase"})
    wrong = browser.post("/me/data/erase", {"handle": "kim", "keep_texts": "keep"})
    assert "Nothing was erased" in wrong.content.decode()
    assert User.objects.get(handle="ash").is_active
    done = browser.post("/me/data/erase", {"handle": "ash", "keep_texts": "keep"}, follow=True)
    assert "Your account is gone" in done.content.decode()
    assert not User.objects.filter(handle="ash").exists()
    assert browser.get("/home").status_code == 302


def test_consent_to_research_is_apart_and_can_be_withdrawn(
    thread: tuple[User, User], sign_in: Callable[[User], Client]
) -> None:
    ash, _ = thread
    browser = sign_in(ash)
    assert "counts as no" in browser.get("/me/data").content.decode()
    browser.post("/me/data/consent", {"given": "yes"})
    browser.post("/me/data/consent", {"given": "no"})
    assert [c.given for c in ash.consents.order_by("pk")] == [True, False]


def test_erasure_that_keeps_words_blanks_what_was_deleted_before(
    thread: tuple[User, User],
) -> None:
    ash, _ = thread
    regretted = write_post(by=ash, group=Group.objects.get(), body="words to regret")
    delete(by=ash, text=regretted.text)
    Suggestion.objects.create(by=ash, place="post:x", rule="r", model_version="1")
    actions.erase(by=ash, keep_texts=True)
    regretted.text.refresh_from_db()
    assert (regretted.text.body, regretted.text.author) == ("", None)
    assert Text.objects.filter(body="the second words").exists()
    assert not Suggestion.objects.exists()


def test_erasure_leaves_an_open_case_every_word_about_it_until_it_closes(
    thread: tuple[User, User], person: People
) -> None:
    ash, kim = thread
    moss = person("moss", Role.MODERATOR)
    reports.report(
        by=ash, text=Text.objects.get(author=kim), reason="other", words="words of the report"
    )
    about = Case.objects.create(
        queue="moderation", origin="report", kind="insult", grade=3, about=ash,
        acknowledge_by=timezone.now(),
    )  # fmt: skip
    talk.write_to_person(by=moss, case=about, body="hello")
    talk.answer(by=ash, case=about, body="words to the team")
    decided = Case.objects.create(
        queue="moderation", origin="report", kind="insult", grade=3, about=ash, state="closed",
        acknowledge_by=timezone.now(),
    )  # fmt: skip
    reports.appeal(by=ash, against=decided, words="words of the appeal")
    actions.erase(by=ash, keep_texts=True)

    def words() -> set[str]:
        return set(Text.objects.filter(author=None).exclude(body="").values_list("body", flat=True))

    team = {"words of the report", "words to the team", "words of the appeal"}
    assert team <= words()
    for case in Case.objects.exclude(state="closed"):
        outcome = "upheld" if case.origin == "appeal" else "no-concern"
        closing.close(by=moss, case=case, outcome=outcome)
    assert not team & words()
    assert "the second words" in words()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPERVISOR])
def test_the_last_of_a_role_cannot_leave(person: People, role: Role) -> None:
    first = person("first", role)
    with pytest.raises(ValidationError, match="somebody else with this role"):
        actions.erase(by=first, keep_texts=False)
    first.refresh_from_db()
    assert first.is_active
    person("second", role)
    actions.erase(by=first, keep_texts=False)
    assert list(User.objects.people().filter(role=role).values_list("handle", flat=True)) == [
        "second"
    ]


def test_export_holds_what_was_said_beside_the_words(
    thread: tuple[User, User], person: People
) -> None:
    ash, kim = thread
    write_post(
        by=ash, group=Group.objects.get(), body="low", mood="sad", wanted="practical",
        warnings=["death"], anonymous=True,
    )  # fmt: skip
    case = Case.objects.create(
        queue="clinical", origin="screening", kind="plan", grade=3, about=ash,
        acknowledge_by=timezone.now(),
    )  # fmt: skip
    talk.write_to_person(by=person("doc", Role.CLINICIAN), case=case, body="hello")
    talk.answer(by=ash, case=case, body="", safety="unsure")
    Client().post("/account/login/", {"login": ash.email, "password": "a long enough pass phrase"})
    found = personal_export(ash)
    post = next(t for t in found["texts"] if t["body"] == "low")
    assert (post["mood_before"], post["wanted"]) == ("sad", "practical")
    assert (post["warnings"], post["anonymous"]) == (["death"], True)
    assert [t["safety"] for t in found["texts"] if t["kind"] == "message"] == ["unsure"]
    assert [s["ip"] for s in found["sessions"]] == ["127.0.0.1"]
    assert personal_export(kim)["sessions"] == []
