"""Staff works a case; the person it is about is told, heard, and can object."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import Client
from django.utils import timezone

from oarlock.community import access
from oarlock.community.accounts.actions import erase
from oarlock.community.accounts.models import Role, User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.desk import actions, closing, measures, reports, talk
from oarlock.community.desk.models import Case, Decision
from oarlock.community.desk.policy import Response
from oarlock.community.groups.models import Group
from oarlock.community.notices.models import Notice
from oarlock.community.support.actions import write_post, write_reply
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
def kim(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("kim")
    join(user, group)
    return user


@pytest.fixture
def mod(person: People) -> User:
    return person("mod", Role.MODERATOR)


@pytest.fixture
def mod2(person: People) -> User:
    return person("mod2", Role.MODERATOR)


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets a word of the text decide what the policy says."""
    from oarlock.community.desk import policy as own

    def set_to(**more: Any) -> None:
        row = {
            "kind": "insult",
            "queue": "moderation",
            "grade": 3,
            "acknowledge_minutes": 240,
            "visibility": "held",
            "second_reader": False,
            **more,
        }
        monkeypatch.setattr(own, "table", lambda *, risk, kinds: [Response(**row)])

    return set_to


@pytest.fixture
def held(ash: User, group: Group, screener: Any, policy: Callable[..., None], found: Any) -> Case:
    policy()
    screener.found["zonk"] = found(kinds={"insult": 0.9}, reasons=["Looks like an insult"])
    return Case.objects.get(text=write_post(by=ash, group=group, body="you zonk").text)


def close(by: User, case: Case, outcome: str, **more: Any) -> bool:
    return closing.close(by=by, case=case, outcome=outcome, **more)


# --- the queue and the page of a case --------------------------------------------------------


def test_queue_shows_the_most_urgent_first_with_the_time_in_words(
    held: Case, mod: User, kim: User, ash: User, sign_in: SignIn
) -> None:
    reports.report(by=kim, person=ash, reason="threat")
    page = sign_in(mod).get("/desk/").content.decode()
    assert page.index("Grade 2") < page.index("Grade 3")
    assert "hours left" in page
    assert "minutes left" in page


def test_queue_filters_mine_and_keeps_others_out(
    held: Case, mod: User, mod2: User, sign_in: SignIn
) -> None:
    actions.acknowledge(by=mod, case=held)
    assert held.public_id in sign_in(mod).get("/desk/?mine=on").content.decode()
    assert held.public_id not in sign_in(mod2).get("/desk/?mine=on").content.decode()
    assert held.public_id not in sign_in(mod2).get("/desk/?unassigned=on").content.decode()
    assert held.public_id not in sign_in(mod2).get("/desk/?grade=1").content.decode()


def test_queue_turns_pages_without_losing_or_repeating_a_case(
    ash: User, group: Group, mod: User, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    text = write_post(by=ash, group=group, body="hello").text
    clock = timezone.now() + timedelta(hours=1)
    for n in range(65):
        Case.objects.create(
            queue="moderation", origin="report", kind="other", grade=3 + n % 2, text=text,
            about=ash, acknowledge_by=clock,
        )  # fmt: skip
    browser, seen, address = sign_in(mod), [], "/desk/"
    for _ in range(3):
        with django_assert_max_num_queries(25):
            answer = browser.get(address)
        seen += [case.public_id for case, *_ in answer.context["rows"]]
        address = f"/desk/?after={answer.context['after']}"
    assert len(seen) == len(set(seen)) == 65
    assert answer.context["after"] == ""


def test_case_page_shows_text_reasons_and_thread_to_the_right_queue_only(
    held: Case, mod: User, person: People, ash: User, sign_in: SignIn
) -> None:
    address = f"/desk/cases/{held.public_id}"
    page = sign_in(mod).get(address).content.decode()
    assert "you zonk" in page
    assert "Looks like an insult" in page
    assert AuditEvent.objects.filter(action="case.read", by=mod, target=str(held)).exists()
    assert sign_in(person("doc", Role.CLINICIAN)).get(address).status_code == 404
    assert sign_in(ash).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_case_page_asks_the_database_a_bounded_number_of_questions(
    held: Case, mod: User, kim: User, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    measures.show(by=mod, case=held)
    for n in range(9):
        write_reply(by=kim, post=held.text.post, body=f"reply {n}")  # type: ignore[union-attr]
        actions.add_note(by=mod, case=held, body=f"note {n}")
    browser = sign_in(mod)
    with django_assert_max_num_queries(60):
        assert browser.get(f"/desk/cases/{held.public_id}").status_code == 200


def test_markup_in_a_text_is_shown_as_text(
    ash: User, kim: User, mod: User, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, body="<script>alert(1)</script>")
    made = reports.report(by=kim, text=post.text, reason="other", words="<b>look</b>")
    page = sign_in(mod).get(f"/desk/cases/{made.case.public_id}").content.decode()
    assert "<script>alert" not in page
    assert "&lt;b&gt;look" in page


def test_refused_note_gives_back_what_was_typed(held: Case, mod: User, sign_in: SignIn) -> None:
    actions.acknowledge(by=mod, case=held)
    answer = sign_in(mod).post(
        f"/desk/cases/{held.public_id}/hand-over", {"to": "", "note": "she is calm now"}
    )
    assert answer.status_code == 422
    assert "she is calm now" in answer.content.decode()


# --- taking, passing on -----------------------------------------------------------------------


def test_i_have_it_stops_the_clock_and_a_second_person_is_told(
    held: Case, mod: User, mod2: User
) -> None:
    actions.acknowledge(by=mod, case=held)
    held.refresh_from_db()
    assert (held.state, held.assigned_to) == (Case.State.ACKNOWLEDGED, mod)
    with pytest.raises(ValidationError, match="Somebody else has it"):
        actions.acknowledge(by=mod2, case=held)


def test_handover_needs_a_note_and_starts_the_clock_for_the_next(
    held: Case, mod: User, mod2: User
) -> None:
    actions.acknowledge(by=mod, case=held)
    with pytest.raises(ValidationError):
        actions.hand_over(by=mod, case=held, to=mod2, note="  ")
    actions.hand_over(by=mod, case=held, to=mod2, note="calm, wants to talk tomorrow")
    held.refresh_from_db()
    assert (held.state, held.assigned_to) == (Case.State.NEW, mod2)
    assert held.acknowledge_by > timezone.now()
    assert held.notes.get().kind == "handover"


def test_a_case_is_not_given_to_somebody_of_another_queue(
    held: Case, mod: User, person: People
) -> None:
    with pytest.raises(ValidationError, match="cannot take"):
        actions.assign(by=mod, case=held, to=person("doc", Role.CLINICIAN))


def test_passing_an_overdue_case_around_does_not_quieten_its_clock(
    held: Case, mod: User, mod2: User
) -> None:
    past = timezone.now() - timedelta(minutes=5)
    Case.objects.update(acknowledge_by=past, alarm_round=2)
    actions.assign(by=mod, case=held, to=mod2)
    held.refresh_from_db()
    assert (held.acknowledge_by, held.alarm_round) == (past, 2)


# --- closing ----------------------------------------------------------------------------------


def test_closing_shows_a_held_text_counts_it_and_tells_its_author(
    ash: User, kim: User, mod: User, group: Group, screener: Any, policy: Any, found: Any
) -> None:
    post = write_post(by=kim, group=group, body="hello")
    policy()
    screener.found["zonk"] = found(kinds={"insult": 0.9})
    reply = write_reply(by=ash, post=post, body="zonk")
    assert Post.objects.get().n_replies == 0
    case = Case.objects.get(text=reply.text)
    with pytest.raises(ValidationError, match="whether others will see"):
        close(mod, case, "no-concern")
    assert close(mod, case, "no-concern", text_after="shown")
    reply.text.refresh_from_db()
    assert reply.text.state == Text.State.SHOWN
    assert Post.objects.get().n_replies == 1
    assert Notice.objects.filter(to=ash, kind="released").count() == 1


def test_closing_without_an_outcome_is_refused(held: Case, mod: User) -> None:
    for outcome in ("", "nonsense", "upheld"):
        with pytest.raises(ValidationError, match="outcome"):
            close(mod, held, outcome)
    held.refresh_from_db()
    assert held.is_open


def test_a_grave_case_is_closed_by_two_different_people(held: Case, mod: User, mod2: User) -> None:
    Case.objects.update(grade=2)
    assert not close(mod, held, "no-concern", text_after="shown")
    held.text.refresh_from_db()  # type: ignore[union-attr]
    assert held.text.state == Text.State.HELD  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="Somebody else"):
        closing.agree(by=mod, case=held)
    closing.agree(by=mod2, case=held)
    held.refresh_from_db()
    assert (held.state, held.closed_by, held.second_by) == (Case.State.CLOSED, mod, mod2)
    assert Text.objects.get(pk=held.text_id).state == Text.State.SHOWN


def test_a_second_reader_who_disagrees_keeps_the_case_open(
    held: Case, mod: User, mod2: User
) -> None:
    Case.objects.update(grade=1)
    close(mod, held, "no-concern", text_after="shown")
    closing.disagree(by=mod2, case=held, note="read the second line")
    held.refresh_from_db()
    assert held.is_open
    assert held.outcome == ""


def test_a_text_stays_held_while_another_case_on_it_is_open(
    held: Case, mod: User, kim: User
) -> None:
    assert held.text is not None
    Case.objects.create(
        queue="clinical", origin="screening", kind="passive", grade=3, text=held.text,
        about=held.about, acknowledge_by=timezone.now(),
    )  # fmt: skip
    close(mod, held, "no-concern", text_after="shown")
    assert Text.objects.get(pk=held.text_id).state == Text.State.HELD


def test_a_reopened_case_gets_a_clock_and_loses_its_outcome(held: Case, mod: User) -> None:
    close(mod, held, "no-concern", text_after="shown")
    actions.reopen(by=mod, case=held, note="a new sign")
    held.refresh_from_db()
    assert (held.state, held.outcome, held.closed_at) == (Case.State.NEW, "", None)
    assert held.acknowledge_by > timezone.now()


def test_closing_blanks_what_an_erased_person_left_behind(held: Case, ash: User, mod: User) -> None:
    erase(by=ash, keep_texts=False)
    assert Text.objects.get(pk=held.text_id).body == "you zonk"
    close(mod, held, "no-concern")
    assert Text.objects.get(pk=held.text_id).body == ""
    assert not Text.objects.get(pk=held.text_id).screenings.exists()


def test_closing_keeps_what_an_erased_person_wished_to_leave(
    held: Case, ash: User, mod: User
) -> None:
    erase(by=ash, keep_texts=True)
    close(mod, held, "no-concern", text_after="shown")
    assert Text.objects.get(pk=held.text_id).body == "you zonk"


# --- measures ---------------------------------------------------------------------------------


def test_hiding_tells_the_author_why_and_for_how_long(
    ash: User, kim: User, mod: User, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, body="my number is 123")
    case = reports.report(by=kim, text=post.text, reason="contact").case
    measures.hide(by=mod, case=case, reason="private", days=7)
    assert sign_in(kim).get("/home").status_code == 200
    assert Text.objects.get(pk=post.pk).state == Text.State.HIDDEN
    assert Notice.objects.filter(to=ash, kind="hidden").count() == 1
    page = sign_in(ash).get("/decisions").content.decode()
    assert "contact details" in page
    assert "Until" in page
    assert "second look" in page
    assert "contact details" not in sign_in(kim).get("/decisions").content.decode()


def test_a_term_that_is_over_ends_by_itself_but_not_while_a_case_is_open(
    ash: User, kim: User, mod: User, group: Group
) -> None:
    post = write_post(by=ash, group=group, body="hello")
    case = reports.report(by=kim, text=post.text, reason="other").case
    measures.hide(by=mod, case=case, reason="other", days=1)
    Decision.objects.update(until=timezone.now() - timedelta(hours=1))
    assert measures.end_terms() == 0
    close(mod, case, "hidden")
    assert measures.end_terms() == 1
    assert Text.objects.get(pk=post.pk).state == Text.State.SHOWN


def test_a_locked_text_cannot_be_edited_until_unlocked(
    ash: User, kim: User, mod: User, group: Group
) -> None:
    from oarlock.community.texts import door

    post = write_post(by=ash, group=group, body="hello")
    case = reports.report(by=kim, text=post.text, reason="other").case
    measures.lock(by=mod, case=case, reason="heated")
    with pytest.raises(PermissionDenied, match="locked"):
        door.revise(by=ash, text=post.text, body="bye")
    measures.unlock(by=mod, case=case)
    assert door.revise(by=ash, text=post.text, body="bye").body == "bye"


def test_a_suspended_person_cannot_post_but_can_appeal(
    ash: User, kim: User, mod: User, group: Group
) -> None:
    case = reports.report(by=kim, person=ash, reason="insult").case
    measures.suspend(by=mod, case=case, reason="unkind", days=3)
    ash.refresh_from_db()
    with pytest.raises(PermissionDenied):
        write_post(by=ash, group=group, body="hello")
    decision = Decision.objects.get(what="suspend")
    against = reports.decided_case(by=ash, decision=decision)
    assert against is not None
    assert reports.appeal(by=ash, against=against, words="that was a joke").case.is_open


def test_a_member_of_staff_is_not_suspended_from_a_case(
    kim: User, mod: User, person: People
) -> None:
    boss = person("boss", Role.SUPERVISOR)
    case = reports.report(by=kim, person=mod, reason="team").case
    with pytest.raises(ValidationError, match="operator"):
        measures.suspend(by=boss, case=case, reason="unkind", days=3)


def test_a_member_cannot_act_on_a_case(held: Case, kim: User) -> None:
    for action in (actions.acknowledge, measures.show, closing.agree):
        with pytest.raises(Http404):
            action(by=kim, case=held)


# --- talking with the person -----------------------------------------------------------------


def test_the_person_reads_what_the_team_wrote_and_answers(
    held: Case, ash: User, kim: User, mod: User, sign_in: SignIn
) -> None:
    actions.acknowledge(by=mod, case=held)
    talk.write_to_person(by=mod, case=held, body="how are you right now?")
    address = f"/conversations/{held.public_id}"
    assert Notice.objects.get(to=ash, kind="message").target == f"message:{held.public_id}"
    assert "how are you right now?" in sign_in(ash).get(address).content.decode()
    assert sign_in(kim).get(address).status_code == 404
    answer = sign_in(ash).post(address, {"body": "better", "safety": "safe", "key": "k1"})
    assert answer.status_code == 302
    held.refresh_from_db()
    assert (held.state, held.grade) == (Case.State.NEW, 3)
    assert "better" in sign_in(mod).get(f"/desk/cases/{held.public_id}").content.decode()


def test_who_is_not_safe_is_at_the_top_of_the_queue_and_sees_where_to_call(
    held: Case, ash: User, mod: User, sign_in: SignIn
) -> None:
    talk.write_to_person(by=mod, case=held, body="are you safe?")
    browser = sign_in(ash)
    address = f"/conversations/{held.public_id}"
    browser.post(address, {"safety": "unsafe", "body": "", "key": "k1"})
    held.refresh_from_db()
    assert (held.grade, held.state, held.two_readers) == (1, Case.State.NEW, True)
    assert held.acknowledge_by <= timezone.now() + timedelta(minutes=15)
    assert "999" in browser.get(address).content.decode()


def test_an_answer_reopens_a_closed_case(held: Case, ash: User, mod: User) -> None:
    talk.write_to_person(by=mod, case=held, body="hello")
    close(mod, held, "supported", text_after="shown")
    talk.answer(by=ash, case=held, body="one more thing")
    held.refresh_from_db()
    assert held.state == Case.State.NEW


def test_nobody_answers_where_the_team_has_not_written(held: Case, ash: User) -> None:
    with pytest.raises(Http404):
        talk.answer(by=ash, case=held, body="hello?")


def test_a_message_of_staff_arrives_though_it_asks_about_suicide(
    held: Case, mod: User, screener: Any, policy: Any, found: Any
) -> None:
    policy(kind="active", queue="clinical", grade=2, visibility="held", family="risk")
    screener.found["ending your life"] = found(risk="active")
    contact = talk.write_to_person(by=mod, case=held, body="do you think of ending your life?")
    assert contact.text.state == Text.State.SHOWN
    assert contact.text.screenings.get().risk == "active"
    assert not Case.objects.filter(text=contact.text).exists()


def test_harm_in_a_message_of_staff_goes_to_supervisors_past_its_author(
    held: Case, mod: User, mod2: User, person: People, screener: Any, policy: Any, found: Any
) -> None:
    boss = person("boss", Role.SUPERVISOR)
    policy(kind="sexual pressure")
    screener.found["honey"] = found(kinds={"sexual pressure": 0.8})
    contact = talk.write_to_person(by=mod, case=held, body="honey, meet me")
    case = Case.objects.get(text=contact.text)
    assert access.cases(boss).filter(pk=case.pk).exists()
    assert not access.cases(mod).filter(pk=case.pk).exists()
    assert not access.cases(mod2).filter(pk=case.pk).exists()


def test_one_person_alone_does_not_show_a_grave_text(held: Case, mod: User) -> None:
    Case.objects.update(grade=2)
    with pytest.raises(ValidationError, match="Two people"):
        measures.show(by=mod, case=held)
    assert Text.objects.get(pk=held.text_id).state == Text.State.HELD
