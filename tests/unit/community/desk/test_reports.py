"""Reports have a receipt, an answer and an appeal, and go past the one they concern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from oarlock.community import access
from oarlock.community.accounts.actions import block
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import actions, closing, measures, queries, reports
from oarlock.community.desk.models import Appeal, Case, Report
from oarlock.community.groups.models import Group
from oarlock.community.notices.models import Notice
from oarlock.community.support.actions import write_post
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
def kim(person: People) -> User:
    return person("kim")


@pytest.fixture
def mod(person: People) -> User:
    return person("mod", Role.MODERATOR)


@pytest.fixture
def boss(person: People) -> User:
    return person("boss", Role.SUPERVISOR)


@pytest.fixture
def post(ash: User, group: Group) -> Post:
    return write_post(by=ash, group=group, body="come to my place")


def sees(user: User, case: Case) -> bool:
    return access.cases(user).filter(pk=case.pk).exists()


def test_report_from_the_page_gives_a_receipt_and_then_an_answer(
    post: Post, kim: User, ash: User, mod: User, sign_in: SignIn
) -> None:
    browser = sign_in(kim)
    address = f"/report/text/{post.text.public_id}"
    assert browser.get(address).status_code == 200
    answer = browser.post(address, {"reason": "contact", "words": "he asks everybody", "key": "k"})
    made = Report.objects.get()
    assert answer.headers["Location"] == f"/reports/{made.public_id}"
    assert "Waits to be read" in browser.get(f"/reports/{made.public_id}").content.decode()
    assert made.words is not None
    assert made.words.screenings.exists()
    measures.hide(by=mod, case=made.case, reason="meeting")
    closing.close(by=mod, case=made.case, outcome="hidden")
    page = browser.get(f"/reports/{made.public_id}").content.decode()
    assert "did something" in page
    assert "second look" in page
    assert Notice.objects.get(to=kim, kind="report").target == f"report:{made.public_id}"
    assert sign_in(ash).get(f"/reports/{made.public_id}").status_code == 404
    assert "Answered" in browser.get("/reports").content.decode()


def test_report_sent_twice_is_one_report(post: Post, kim: User) -> None:
    first = reports.report(by=kim, text=post.text, reason="other", words="see", key="k")
    again = reports.report(by=kim, text=post.text, reason="other", words="see", key="k")
    assert first == again
    assert Case.objects.count() == 1


def test_new_words_of_the_same_person_stay_on_the_case(
    post: Post, kim: User, mod: User, sign_in: SignIn
) -> None:
    first = reports.report(by=kim, text=post.text, reason="insult", words="he is rude", key="k")
    more = reports.report(by=kim, text=post.text, reason="insult", words="now to lee", key="l")
    assert more != first
    assert reports.report(by=kim, text=post.text, reason="insult", words=" now to lee") == more
    assert reports.report(by=kim, text=post.text, reason="insult") in {first, more}
    case = Case.objects.get()
    graver = reports.report(by=kim, text=post.text, reason="sexual")
    case.refresh_from_db()
    assert (graver.case, case.grade, case.reports.count()) == (case, 2, 3)
    page = sign_in(mod).get(f"/desk/cases/{case.public_id}").content.decode()
    assert "he is rude" in page
    assert "now to lee" in page


def test_words_of_every_reporter_are_read_before_a_case_is_closed(
    post: Post, kim: User, mod: User, boss: User, person: People, sign_in: SignIn
) -> None:
    case = reports.report(by=kim, text=post.text, reason="threat", words="says kim").case
    closing.close(by=mod, case=case, outcome="no-concern")
    case.refresh_from_db()
    assert case.awaits_second
    reports.report(by=person("lee"), text=post.text, reason="insult", words="says lee")
    with pytest.raises(ValidationError, match="no outcome"):
        closing.agree(by=boss, case=case)
    page = sign_in(mod).get(f"/desk/cases/{case.public_id}").content.decode()
    assert "says kim" in page
    assert "says lee" in page
    case.refresh_from_db()
    assert case.grade == 2


def test_reports_of_several_people_join_one_case_that_gets_more_urgent(
    post: Post, kim: User, person: People
) -> None:
    reports.report(by=kim, text=post.text, reason="advert")
    reports.report(by=person("lee"), text=post.text, reason="sexual")
    case = Case.objects.get()
    assert case.reports.count() == 2
    assert case.grade == 2


def test_a_worry_goes_to_clinicians(post: Post, kim: User, person: People, mod: User) -> None:
    made = reports.report(by=kim, text=post.text, reason="worried")
    assert sees(person("doc", Role.CLINICIAN), made.case)
    assert not sees(mod, made.case)


def test_report_without_a_reason_gives_back_what_was_typed(
    post: Post, kim: User, sign_in: SignIn
) -> None:
    answer = sign_in(kim).post(
        f"/report/text/{post.text.public_id}", {"reason": "", "words": "this one", "key": "k"}
    )
    assert answer.status_code == 422
    assert "this one" in answer.content.decode()
    assert not Report.objects.exists()


def test_report_of_what_one_may_not_see_is_refused(
    post: Post, ash: User, kim: User, sign_in: SignIn
) -> None:
    block(by=ash, other=kim)
    assert sign_in(kim).get(f"/report/text/{post.text.public_id}").status_code == 404
    assert sign_in(kim).get("/report/person/ash").status_code == 404
    assert sign_in(kim).get("/report/text/aaaaaaaaaaaaaa").status_code == 404


def test_nobody_reports_oneself(post: Post, ash: User) -> None:
    with pytest.raises(ValidationError, match="your own"):
        reports.report(by=ash, text=post.text, reason="other")


# --- about the team ---------------------------------------------------------------------------


def test_report_of_a_moderator_goes_to_supervisors_alone(
    kim: User, mod: User, boss: User, person: People, sign_in: SignIn
) -> None:
    made = reports.report(by=kim, person=mod, reason="team", words="mod laughed at me")
    assert sees(boss, made.case)
    for other in (mod, person("mod2", Role.MODERATOR), person("doc", Role.CLINICIAN)):
        assert not sees(other, made.case)
    assert sign_in(mod).get(f"/desk/cases/{made.case.public_id}").status_code == 404


def test_report_of_a_moderators_post_goes_past_that_moderator_too(
    mod: User, boss: User, kim: User, group: Group, join: Callable[..., Any]
) -> None:
    join(mod, group)
    post = write_post(by=mod, group=group, body="pull yourself together")
    made = reports.report(by=kim, text=post.text, reason="insult")
    assert sees(boss, made.case)
    assert not sees(mod, made.case)


def test_report_of_one_supervisor_goes_to_the_other(kim: User, boss: User, person: People) -> None:
    other = person("chief", Role.SUPERVISOR)
    made = reports.report(by=kim, person=boss, reason="team")
    assert sees(other, made.case)
    assert not sees(boss, made.case)
    assert boss not in actions.colleagues(other, made.case)


def test_report_of_the_only_supervisor_needs_an_outside_person(
    kim: User, boss: User, person: People, sign_in: SignIn
) -> None:
    operator = person("op", Role.OPERATOR)
    made = reports.report(by=kim, person=boss, reason="team", words="something private")
    assert made.case.queue == Case.Queue.OUTSIDE
    assert not sees(boss, made.case)
    browser = sign_in(operator)
    page = browser.get("/desk/outside").content.decode()
    assert made.case.public_id in page
    assert "something private" not in page
    assert "boss" not in page
    assert browser.get(f"/desk/cases/{made.case.public_id}").status_code == 403
    give = f"/desk/outside/{made.case.public_id}/give"
    assert "nobody yet" in browser.post(give, follow=True).content.decode()
    outsider = person("outsider", Role.SUPERVISOR)
    browser.post(give)
    assert sees(outsider, made.case)
    assert not sees(boss, made.case)


def test_supervisor_does_not_find_the_report_about_them_in_the_audit_log(
    kim: User, boss: User, person: People
) -> None:
    chief = person("chief", Role.SUPERVISOR)
    made = reports.report(by=kim, person=boss, reason="team", words="see")
    hidden = {str(made.case), f"report:{made.public_id}", str(made.words)}
    assert not hidden & {row.target for row in queries.audit(by=boss).rows}
    assert hidden <= {row.target for row in queries.audit(by=chief).rows}


# --- appeals ----------------------------------------------------------------------------------


@pytest.fixture
def hidden(post: Post, kim: User, mod: User) -> Case:
    case = reports.report(by=kim, text=post.text, reason="contact").case
    measures.hide(by=mod, case=case, reason="meeting")
    closing.close(by=mod, case=case, outcome="hidden")
    return case


def test_appeal_of_the_author_is_decided_by_somebody_else_and_can_change_it(
    hidden: Case, post: Post, ash: User, mod: User, person: People, sign_in: SignIn
) -> None:
    other = person("mod2", Role.MODERATOR)
    browser = sign_in(ash)
    address = f"/appeal/text/{post.text.public_id}"
    assert browser.get(address).status_code == 200
    answer = browser.post(address, {"words": "my place is a forum", "key": "k"})
    made = Appeal.objects.get()
    assert answer.headers["Location"] == f"/appeals/{made.public_id}"
    assert not sees(mod, made.case)
    assert sees(other, made.case)
    closing.close(by=other, case=made.case, outcome="overturned", text_after="shown")
    assert Text.objects.get(pk=post.pk).state == Text.State.SHOWN
    assert "changed the decision" in browser.get(f"/appeals/{made.public_id}").content.decode()
    assert Notice.objects.filter(to=ash, kind="appeal").count() == 1


def test_appeal_of_the_reporter_against_the_answer(
    post: Post, kim: User, mod: User, person: People
) -> None:
    other = person("mod2", Role.MODERATOR)
    made = reports.report(by=kim, text=post.text, reason="contact")
    assert reports.decided_case(by=kim, report=made) is None
    closing.close(by=mod, case=made.case, outcome="no-concern")
    made.refresh_from_db()
    against = reports.decided_case(by=kim, report=made)
    assert against is not None
    appeal = reports.appeal(by=kim, against=against, words="look at the address")
    assert not sees(mod, appeal.case)
    closing.close(by=other, case=appeal.case, outcome="upheld", text_after="shown")
    appeal.refresh_from_db()
    assert appeal.outcome == "upheld"


def test_appeal_goes_to_supervisors_where_the_decider_is_the_only_moderator(
    hidden: Case, ash: User, mod: User, boss: User
) -> None:
    appeal = reports.appeal(by=ash, against=hidden, words="please look")
    assert sees(boss, appeal.case)
    assert not sees(mod, appeal.case)


def test_appeal_goes_outside_where_nobody_else_is_there(hidden: Case, ash: User, mod: User) -> None:
    assert reports.appeal(by=ash, against=hidden, words="look").case.queue == Case.Queue.OUTSIDE


def test_appeal_is_made_once_and_only_by_those_concerned(
    hidden: Case, ash: User, person: People, boss: User
) -> None:
    first = reports.appeal(by=ash, against=hidden, words="please look")
    assert reports.appeal(by=ash, against=hidden, words="please look again") == first
    with pytest.raises(PermissionDenied):
        reports.appeal(by=person("stranger"), against=hidden, words="me too")
    with pytest.raises(PermissionDenied):
        reports.appeal(by=ash, against=first.case, words="and again")


def test_a_shown_text_and_somebody_elses_have_no_appeal(
    post: Post, ash: User, kim: User, sign_in: SignIn
) -> None:
    assert sign_in(ash).get(f"/appeal/text/{post.text.public_id}").status_code == 404
    assert sign_in(kim).get(f"/appeal/text/{post.text.public_id}").status_code == 404
