"""Questionnaires: nothing is lost, nothing counts that came too late, no danger goes unseen."""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.export import personal_export
from oarlock.community.accounts.models import Consent, Role, User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.desk import closing, policy, rota
from oarlock.community.desk.models import Case
from oarlock.community.measures import actions, catalogue, reminders
from oarlock.community.measures.models import GRACE, Administration, Answer, RiskAnswer
from oarlock.community.notices import digest
from oarlock.community.notices.models import Notice
from oarlock.community.ops import export
from oarlock.corpus.tables import read

pytestmark = pytest.mark.django_db

People = Callable[..., User]
SignIn = Callable[[User], Client]


@pytest.fixture
def kim(person: People) -> User:
    return person("kim")


@pytest.fixture
def ask(kim: User) -> Callable[..., Administration]:
    """Asks kim; the window has been open for a day and stays so for another."""

    def make(instrument: str = "phq-9", **more: Any) -> Administration:
        now = timezone.now()
        given = {
            "by": None, "person": kim, "wave": "baseline", "source": "trial:x",
            "opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=1),
        }  # fmt: skip
        return actions.administer(instrument=instrument, **{**given, **more})

    return make


def _at(administration: Administration, item: int | str = "") -> str:
    return f"/questions/{administration.public_id}" + (f"/{item}" if item != "" else "")


def _move(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let it be later, or earlier: the clock of the machine is set."""
    real = datetime.now
    monkeypatch.setattr(timezone, "now", lambda: real(UTC) + by)


# --- asking -------------------------------------------------------------------------------------


def test_asking_again_for_the_same_wave_changes_nothing(ask: Callable[..., Administration]) -> None:
    one, again = ask(), ask(closes_at=timezone.now() + timedelta(days=9))
    assert one == again
    assert one.closes_at == again.closes_at
    assert ask(wave="week 4") != one


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"instrument": "nothing"}, "instrument"), ({"instrument": "csq-8"}, "instrument"),
     ({"closes_at": datetime(2000, 1, 1, tzinfo=UTC)}, "window"), ({"wave": ""}, "name"),
     ({"opens_at": datetime(2026, 1, 1)}, "zone")],  # noqa: DTZ001
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(
    ask: Callable[..., Administration], wrong: dict[str, Any], code: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(**wrong)
    assert caught.value.code == code
    assert not Administration.objects.exists()


@pytest.mark.parametrize(("role", "may"), [(Role.RESEARCHER, True), (Role.MODERATOR, False)])
def test_researchers_ask_and_others_do_not(
    ask: Callable[..., Administration], person: People, role: Role, may: bool
) -> None:
    by = person("robin", role)
    if may:
        assert ask(by=by).pk
    else:
        with pytest.raises(PermissionDenied):
            ask(by=by)


def test_own_copy_of_items_in_the_home_of_the_place_can_be_asked(
    ask: Callable[..., Administration], settings: Any, tmp_path: Path, sign_in: SignIn, kim: User
) -> None:
    settings.HOME = tmp_path
    (tmp_path / "instruments").mkdir()
    items = json.dumps([f"made-up item {n}" for n in range(8)])
    (tmp_path / "instruments" / "csq.toml").write_text(
        f'instrument = "csq-8"\nlanguage = "en"\nitems = {items}\nchoices = ["a", "b", "c", "d"]\n',
        "utf-8",
    )
    (tmp_path / "instruments" / "damaged.toml").write_text("instrument = ", "utf-8")
    page = sign_in(kim).get(_at(ask("csq-8"), 8)).content.decode()
    assert "made-up item 7" in page
    assert catalogue.find("who-5") is not None


# --- answering ----------------------------------------------------------------------------------


def test_answers_are_kept_one_by_one_until_the_last_ends_it(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask("who-5"), sign_in(kim)
    for number, value in enumerate((5, 4, 3, 2), start=1):
        browser.get(_at(one, number))
        answer = browser.post(_at(one, number), {"answer": str(value)})
        assert answer["Location"] == _at(one, number + 1)
        assert Answer.objects.get(item=number).value == value
    last = browser.post(_at(one, 5), {"answer": "1"}, follow=True)
    assert "That was all" in last.content.decode()
    one.refresh_from_db()
    assert one.finished_at is not None
    kept = list(Answer.objects.filter(administration=one))
    assert all(a.answered_at and a.answered_at >= a.shown_at for a in kept)
    assert one.shown_at == kept[0].shown_at


def test_a_cut_in_the_middle_loses_nothing_and_another_device_goes_on(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, phone = ask("who-5"), sign_in(kim)
    phone.post(_at(one, 1), {"answer": "5"})
    phone.post(_at(one, 2), {"answer": "4"})
    phone.get(_at(one, 3))  # Shown, and the connection is gone.
    laptop = sign_in(kim)
    page = laptop.get(_at(one)).content.decode()
    assert "You have answered 2 of 5" in page
    assert f'href="{_at(one, 3)}"' in page
    assert Answer.objects.get(item=3).answered_at is None


def test_an_answer_sent_twice_is_one_and_keeps_its_time(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, browser = ask(), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "2"})
    first = Answer.objects.get()
    _move(monkeypatch, timedelta(minutes=5))
    again = browser.post(_at(one, 1), {"answer": "2"})
    assert again["Location"] == _at(one, 2)
    assert Answer.objects.get().answered_at == first.answered_at
    assert Answer.objects.get().n_changes == 0


def test_back_shows_the_answer_and_another_one_takes_its_place(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "2"})
    page = browser.get(_at(one, 1)).content.decode()
    assert 'value="2" checked' in page
    browser.post(_at(one, 1), {"answer": "0"})
    assert (Answer.objects.get().value, Answer.objects.get().n_changes) == (0, 1)


def test_a_question_can_be_skipped_but_not_left_by_mistake(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    empty = browser.post(_at(one, 1))
    assert empty.status_code == 422
    assert "Choose an answer, or skip" in empty.content.decode()
    assert browser.post(_at(one, 1), {"answer": "9"}).status_code == 422
    assert not Answer.objects.filter(answered_at__isnull=False).exists()
    browser.post(_at(one, 1), {"skip": "yes"})
    assert Answer.objects.get(item=1).skipped


def test_a_script_gets_the_next_page_as_json(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one = ask()
    answer = sign_in(kim).post(_at(one, 1), {"answer": "1"}, headers={"Accept": "application/json"})
    assert answer.json() == {"next": _at(one, 2)}


def test_after_the_finish_answers_stay_as_they_were(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask("ruler-readiness"), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "7"})
    again = browser.post(_at(one, 1), {"answer": "1"}, follow=True)
    assert "You have answered these" in again.content.decode()
    assert Answer.objects.get().value == 7


def test_questions_left_out_on_the_way_come_last(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask("who-5"), sign_in(kim)
    for number in (2, 3, 4, 5):
        answer = browser.post(_at(one, number), {"answer": "1"})
    assert answer["Location"] == _at(one, 1)
    one.refresh_from_db()
    assert one.finished_at is None


# --- windows ------------------------------------------------------------------------------------


def test_before_the_window_nothing_is_shown_or_kept(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    now = timezone.now()
    one = ask(opens_at=now + timedelta(hours=1), closes_at=now + timedelta(hours=2))
    browser = sign_in(kim)
    assert "Not open yet" in browser.get(_at(one)).content.decode()
    assert browser.get(_at(one, 1))["Location"] == _at(one)
    browser.post(_at(one, 1), {"answer": "1"})
    assert not Answer.objects.exists()
    assert _at(one) not in browser.get("/questions/").content.decode()


def test_after_the_window_a_late_answer_does_not_count_and_earlier_ones_stay(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, browser = ask(), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "2"})
    _move(monkeypatch, timedelta(days=1) + GRACE + timedelta(minutes=1))
    late = browser.post(_at(one, 2), {"answer": "3"}, follow=True)
    assert late.status_code == 410
    assert "These questions are closed" in late.content.decode()
    assert "1 answer that you gave before is kept" in late.content.decode()
    assert [a.item for a in Answer.objects.all()] == [1]


def test_who_has_begun_in_time_may_finish_a_little_later_and_nobody_else(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, untouched, browser = ask("who-5"), ask("gad-7"), sign_in(kim)
    browser.post(_at(begun, 1), {"answer": "2"})
    _move(monkeypatch, timedelta(days=1, minutes=30))
    browser.post(_at(begun, 2), {"answer": "2"})
    browser.post(_at(untouched, 1), {"answer": "2"})
    assert begun.answers.count() == 2
    assert not untouched.answers.exists()


@pytest.mark.parametrize("month", [3, 10])
def test_a_change_of_the_clocks_leaves_a_window_its_length(
    ask: Callable[..., Administration], month: int
) -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    day = 29 if month == 3 else 25
    opens = datetime(2026, month, day, 0, 0, tzinfo=berlin).astimezone(UTC)
    one = ask(opens_at=opens, closes_at=opens + timedelta(hours=24))
    one.refresh_from_db()
    assert one.closes_at - one.opens_at == timedelta(hours=24)
    assert one.state_at(opens + timedelta(hours=23, minutes=59)) == "open"
    assert one.state_at(opens + timedelta(hours=24)) == "closed"


def test_a_clock_set_back_makes_no_answer_older_than_its_question(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, browser = ask(), sign_in(kim)
    browser.get(_at(one, 1))
    _move(monkeypatch, -timedelta(hours=2))
    browser.post(_at(one, 1), {"answer": "1"})
    kept = Answer.objects.get()
    assert kept.answered_at == kept.shown_at


def test_what_is_called_off_asks_no_more_and_keeps_or_forgets_as_chosen(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "1"})
    assert actions.call_off(by=kim, person=kim, source="trial:x", keep_answers=True) == 1
    assert "not needed any more" in browser.get(_at(one)).content.decode()
    browser.post(_at(one, 2), {"answer": "1"})
    assert Answer.objects.count() == 1
    actions.call_off(by=kim, person=kim, source="trial:x", keep_answers=False)
    assert not Answer.objects.exists()


# --- danger -------------------------------------------------------------------------------------


def test_a_risk_answer_opens_a_case_at_once_and_shows_help(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, person: People
) -> None:
    doc = person("doc", Role.CLINICIAN)
    one, browser = ask(), sign_in(kim)
    answer = browser.post(_at(one, 9), {"answer": "1"})
    assert answer["Location"] == _at(one, "help")
    case = Case.objects.get()
    row = policy.row_of("active")
    assert row is not None
    assert (case.origin, case.kind, case.about) == ("measure", "active", kim)
    assert (case.queue, case.grade) == ("clinical", row.priority)
    page = browser.get(_at(one, "help")).content.decode()
    assert "tel:" in page
    assert "Go on with the questions" in page
    assert rota.keeps_time(case.queue, case.grade)
    assert "within 4 hours" in page
    seen = sign_in(doc).get(f"/desk/cases/{case.public_id}").content.decode()
    assert "Several days" in seen


def test_no_time_is_promised_where_nobody_is_there(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    page = sign_in(kim).post(_at(ask(), 9), {"answer": "1"}, follow=True).content.decode()
    assert "we cannot say when" in page
    assert "within" not in page.split("<h1>")[1].split("helpline")[0][:600]


def test_no_case_comes_of_other_answers(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    for number in range(1, 9):
        browser.post(_at(one, number), {"answer": "3"})
    browser.post(_at(one, 9), {"skip": "yes"})
    assert not Case.objects.exists()
    assert browser.get(_at(one, "help"))["Location"] == _at(one)
    other = ask(wave="two")
    browser.post(_at(other, 9), {"answer": "0"})
    assert not Case.objects.exists()


def test_the_same_risk_answer_twice_is_one_case_and_a_graver_one_restarts_its_clock(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    for _ in range(2):
        browser.post(_at(one, 9), {"answer": "1"})
    case = Case.objects.get()
    assert RiskAnswer.objects.count() == 1
    Case.objects.update(state=Case.State.ACKNOWLEDGED)
    browser.post(_at(one, 9), {"answer": "3"})
    case.refresh_from_db()
    assert case.state == Case.State.NEW
    assert [r.value for r in RiskAnswer.objects.all()] == [1, 3]
    browser.post(_at(one, 9), {"answer": "0"})
    case.refresh_from_db()
    assert case.is_open


def test_a_risk_answer_after_its_case_was_closed_opens_another(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, person: People
) -> None:
    doc = person("doc", Role.CLINICIAN)
    one, browser = ask(), sign_in(kim)
    browser.post(_at(one, 9), {"answer": "1"})
    closing.close(by=doc, case=Case.objects.get(), outcome="supported")
    browser.post(_at(one, 9), {"answer": "1"})
    assert Case.objects.count() == 1
    browser.post(_at(one, 9), {"answer": "2"})
    assert Case.objects.count() == 2


@pytest.mark.parametrize("how", ["late", "finished", "off"])
def test_a_risk_answer_that_does_not_count_still_reaches_a_person(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:  # fmt: skip
    one, browser = ask(), sign_in(kim)
    if how == "finished":
        Administration.objects.update(finished_at=timezone.now())
    elif how == "off":
        actions.call_off(by=None, person=kim, source="trial:x", keep_answers=True)
    else:
        _move(monkeypatch, timedelta(days=2))
    for _ in range(2):
        answer = browser.post(_at(one, 9), {"answer": "2"})
    assert answer["Location"] == _at(one, "help")
    assert Case.objects.count() == 1
    assert not Answer.objects.exists()
    assert browser.get(_at(one, "help")).status_code == 200


def test_answer_and_case_are_kept_together_or_not_at_all(
    ask: Callable[..., Administration], kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ask()

    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(actions, "_keep", breaks)
    with pytest.raises(RuntimeError):
        actions.answer(by=kim, administration=one, item=9, value=3)
    assert not Case.objects.exists()
    assert not Answer.objects.exists()


def test_a_broken_policy_sends_the_answer_to_the_clinicians(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(policy, "responses", breaks)
    sign_in(kim).post(_at(ask(), 9), {"answer": "1"})
    case = Case.objects.get()
    assert (case.queue, case.grade) == ("clinical", 2)


# --- who sees what ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_nobody_else_opens_somebodys_questions(
    ask: Callable[..., Administration], person: People, sign_in: SignIn, role: Role
) -> None:
    one = ask()
    browser = sign_in(person("other", role))
    for path in ("", 1, "help", "end"):
        assert browser.get(_at(one, path)).status_code == 404
    assert browser.post(_at(one, 1), {"answer": "1"}).status_code == 404
    assert not Answer.objects.exists()


def test_a_case_shows_the_answer_that_opened_it_and_no_other(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, person: People
) -> None:
    one, browser = ask(), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "3"})
    browser.post(_at(one, 9), {"answer": "2"})
    case = Case.objects.get()
    page = sign_in(person("doc", Role.CLINICIAN)).get(f"/desk/cases/{case.public_id}")
    shown = page.content.decode()
    assert "More than half the days" in shown
    assert "Little interest" not in shown
    assert "Nearly every day" not in shown
    refused = sign_in(person("res", Role.RESEARCHER)).get(f"/desk/cases/{case.public_id}")
    assert refused.status_code == 403


def test_the_audit_log_holds_no_answer_and_hides_the_person_from_operators(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User, person: People
) -> None:
    one, browser = ask("ruler-readiness"), sign_in(kim)
    browser.post(_at(one, 1), {"answer": "7"})
    rows = AuditEvent.objects.filter(target=str(one))
    assert {row.action for row in rows} == {"measure.scheduled", "measure.finished"}
    assert "7" not in json.dumps([row.details for row in rows])
    ops = sign_in(person("ops", Role.OPERATOR))
    page = ops.get("/desk/audit", {"target": str(one)}).content.decode()
    assert "measure.finished" in page
    assert kim.public_id not in page


def test_pages_name_no_questionnaire_in_title_heading_or_address(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    for path in ("/questions/", _at(one), _at(one, 1)):
        page = browser.get(path).content.decode()
        head = page.split("<details")[0]
        assert "PHQ" not in head
        assert "phq" not in head


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for wave in range(12):
        ask(wave=f"wave {wave}")
    browser = sign_in(kim)
    browser.get("/questions/")
    with django_assert_max_num_queries(10):
        assert browser.get("/questions/").content.decode().count("9 questions") >= 12


def test_a_german_reads_the_german_version_and_english_is_marked_where_there_is_none(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    User.objects.filter(pk=kim.pk).update(language="de")
    browser = sign_in(User.objects.get(pk=kim.pk))
    german, english = ask("phq-9"), ask("rosenberg")
    assert "Wenig Interesse" in browser.get(_at(german, 1)).content.decode()
    page = browser.get(_at(english, 1)).content.decode()
    assert '<legend lang="en">' in page
    browser.post(_at(german, 1), {"answer": "1"})
    assert Answer.objects.get(administration=german, item=1).language == "de"


# --- reminders ----------------------------------------------------------------------------------


def test_two_discreet_notices_at_most_and_none_after_the_finish(
    ask: Callable[..., Administration], kim: User
) -> None:
    now = timezone.now()
    one = ask(opens_at=now, closes_at=now + timedelta(days=7))
    assert reminders.run(now - timedelta(minutes=1))["told"] == 0
    assert [reminders.run(now + timedelta(days=d))["told"] for d in (0, 1, 4, 5, 6)] == [
        1, 0, 1, 0, 0,
    ]  # fmt: skip
    assert {n.kind for n in Notice.objects.filter(to=kim)} == {"measure"}
    other = ask(wave="two", opens_at=now, closes_at=now + timedelta(days=7))
    Administration.objects.filter(pk=other.pk).update(finished_at=now)
    assert reminders.run(now + timedelta(days=1))["told"] == 0
    assert one.n_reminders == 0


def test_letter_names_neither_questions_nor_the_questionnaire(
    ask: Callable[..., Administration], kim: User
) -> None:
    ask()
    reminders.run()
    digest.write_letters()
    from oarlock.community.notices.models import Letter

    digest.send.call(Letter.objects.get().pk)
    letter = mail.outbox[0]
    assert letter.subject == "Something new for you"
    assert not {"PHQ", "phq", "question", "depress"} & set(str(letter.body).split())


def test_notice_leads_to_the_questions_and_is_read_by_opening_them(
    ask: Callable[..., Administration], sign_in: SignIn, kim: User
) -> None:
    one, browser = ask(), sign_in(kim)
    reminders.run()
    notice = Notice.objects.get()
    assert browser.get(f"/notices/{notice.pk}")["Location"] == _at(one)
    other = ask(wave="two")
    reminders.run()
    browser.get(_at(other))
    assert not Notice.objects.filter(target=str(other), read_at=None).exists()


def test_who_does_not_want_such_notices_gets_none(
    ask: Callable[..., Administration], kim: User
) -> None:
    User.objects.update(muted_kinds=["measure"])
    ask()
    assert reminders.run()["told"] == 0
    assert not Notice.objects.exists()


def test_what_was_not_answered_ends_and_its_notice_with_it(
    ask: Callable[..., Administration], kim: User
) -> None:
    one = ask()
    reminders.run()
    assert reminders.run(one.closes_at - timedelta(minutes=1))["expired"] == 0
    assert reminders.run(one.closes_at)["expired"] == 1
    assert reminders.run(one.closes_at + timedelta(days=1))["expired"] == 0
    assert not Notice.objects.filter(read_at=None).exists()


# --- export and erasure -------------------------------------------------------------------------


def _answer_all(one: Administration, by: User, value: int, but: tuple[int, ...] = ()) -> None:
    found = catalogue.find(one.instrument)
    assert found is not None
    for item in range(1, found.n_items + 1):
        actions.show(by=by, administration=one, item=item)
        given = None if item in but else value
        actions.answer(by=by, administration=one, item=item, value=given, language="en")


def test_research_export_holds_items_and_scores_of_those_who_consented(
    ask: Callable[..., Administration], kim: User, person: People, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    no = person("no")
    Consent.objects.create(by=kim, given=True, version="1")
    _answer_all(ask("who-5"), kim, 3)
    _answer_all(ask("gad-7"), kim, 1, but=(1, 2))
    _answer_all(ask("who-5", person=no), no, 5)
    ask("k6")
    export.export(tmp_path / "out", k=1)
    tables = read(tmp_path / "out")
    (score,) = tables["measures"].to_pylist()
    assert (score["instrument"], score["score"], score["phase"]) == ("who-5", 60, "baseline")
    answers = tables["answers"].to_pylist()
    who = [a for a in answers if a["instrument"] == "who-5"]
    assert [a["value"] for a in who] == [3] * 5
    assert all(a["seconds"] >= 0 and a["answered_at"] for a in who)
    skipped = [a["item"] for a in answers if a["instrument"] == "gad-7" and a["skipped"]]
    assert skipped == [1, 2]
    missing = [a for a in answers if a["instrument"] == "k6"]
    assert len(missing) == 6
    assert {a["shown_at"] for a in missing} == {None}
    assert {a["user_id"] for a in answers} == {score["user_id"]}
    assert kim.public_id not in str(answers)


def test_called_off_before_any_answer_is_not_in_the_research_export(
    ask: Callable[..., Administration], kim: User, tmp_path: Path
) -> None:
    Consent.objects.create(by=kim, given=True, version="1")
    ask()
    actions.call_off(by=None, person=kim, source="trial:x", keep_answers=True)
    export.export(tmp_path / "out", k=1)
    assert read(tmp_path / "out")["answers"].num_rows == 0


def test_personal_export_holds_every_answer(
    ask: Callable[..., Administration], kim: User, person: People
) -> None:
    one = ask()
    _answer_all(one, kim, 2)
    (found,) = personal_export(kim)["measures"]
    assert [a["value"] for a in found["answers"]] == [2] * 9
    assert [a["item"] for a in found["answers_that_the_team_read"]] == [9]
    assert personal_export(person("other"))["measures"] == []


def test_erasure_takes_every_answer_and_leaves_the_open_case(
    ask: Callable[..., Administration], kim: User
) -> None:
    _answer_all(ask(), kim, 2)
    accounts.erase(by=kim, keep_texts=True)
    assert not Administration.objects.exists()
    assert not Answer.objects.exists()
    assert not RiskAnswer.objects.exists()
    assert Case.objects.get().is_open
