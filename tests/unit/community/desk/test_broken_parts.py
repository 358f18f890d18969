"""Whatever breaks, the text lands in front of a human."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from oarlock.community import access
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import actions, intake, policy, recheck, words
from oarlock.community.desk.models import Case
from oarlock.community.desk.policy import Response
from oarlock.community.groups.models import Group
from oarlock.community.ops import schedule
from oarlock.community.ops.models import Tick
from oarlock.community.support.actions import edit, write_post
from oarlock.community.texts import door, screening, tasks
from oarlock.community.texts.models import Text

People = Callable[..., User]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.fixture
def mod(person: People) -> User:
    return person("mod", Role.MODERATOR)


def in_front_of(mod: User, text: Text, sign_in: Any) -> None:
    """Check that peers do not see the text and that a moderator does, with a clock."""
    text.refresh_from_db()
    assert text.state == Text.State.HELD
    case = access.cases(mod).get(text=text)
    assert case.state == Case.State.NEW
    assert case.acknowledge_by <= timezone.now() + timedelta(minutes=60)
    page = sign_in(mod).get(f"/desk/cases/{case.public_id}").content.decode()
    assert text.body in page


def test_screener_that_raises(
    ash: User, mod: User, group: Group, screener: Any, sign_in: Any
) -> None:
    screener.broken = True
    text = write_post(by=ash, group=group, body="hello out there").text
    assert not text.screened
    in_front_of(mod, text, sign_in)


def test_screener_that_hangs_makes_nobody_wait_for_long(
    ash: User, mod: User, group: Group, monkeypatch: pytest.MonkeyPatch, sign_in: Any
) -> None:
    class Slow:
        def screen(self, text: str) -> None:
            time.sleep(1.5)

    monkeypatch.setattr(screening, "PATIENCE", 0.2)
    monkeypatch.setattr(screening, "screener", Slow)
    start = time.monotonic()
    text = write_post(by=ash, group=group, body="hello out there").text
    assert time.monotonic() - start < 1.4
    assert not text.screened
    in_front_of(mod, text, sign_in)


def test_hanging_screenings_use_up_a_bounded_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    class Slow:
        def screen(self, text: str) -> None:
            time.sleep(1.0)

    monkeypatch.setattr(screening, "PATIENCE", 0.01)
    monkeypatch.setattr(screening, "_SLOTS", threading.BoundedSemaphore(2))
    monkeypatch.setattr(screening, "screener", Slow)
    before = threading.active_count()
    assert all(screening.screen("", "x").failed for _ in range(3))
    assert threading.active_count() <= before + 2


def test_damaged_patterns(
    ash: User, mod: User, group: Group, monkeypatch: pytest.MonkeyPatch, sign_in: Any
) -> None:
    import tomllib

    def load() -> Any:
        return tomllib.loads('pattern = "half of a li')

    monkeypatch.setattr(screening, "screener", load)
    text = write_post(by=ash, group=group, body="hello out there").text
    in_front_of(mod, text, sign_in)


def test_screener_of_a_shape_that_nobody_knows(
    ash: User, mod: User, group: Group, monkeypatch: pytest.MonkeyPatch, sign_in: Any
) -> None:
    class Odd:
        def screen(self, text: str) -> dict[str, str]:
            return {"verdict": "fine"}

    monkeypatch.setattr(screening, "screener", Odd)
    in_front_of(mod, write_post(by=ash, group=group, body="hello out there").text, sign_in)


def test_policy_that_raises(
    ash: User, mod: User, group: Group, monkeypatch: pytest.MonkeyPatch, sign_in: Any
) -> None:
    def broken(**_: Any) -> list[Response]:
        raise KeyError("row")

    monkeypatch.setattr(policy, "table", broken)
    in_front_of(mod, write_post(by=ash, group=group, body="hello out there").text, sign_in)


@pytest.mark.parametrize("what", [{"risk": "new grade"}, {"kinds": {"new kind": 0.4}}])
def test_finding_that_the_policy_does_not_know(
    what: dict[str, Any], ash: User, mod: User, group: Group, screener: Any, found: Any,
    monkeypatch: pytest.MonkeyPatch, sign_in: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(policy, "table", lambda **_: [])
    screener.found["hello"] = found(**what)
    in_front_of(mod, write_post(by=ash, group=group, body="hello out there").text, sign_in)


@pytest.mark.parametrize(
    "odd",
    [{"queue": "nowhere"}, {"grade": 9}, {"visibility": "maybe"}, {"acknowledge_minutes": 0},
     {"queue": "", "visibility": "hidden"}],
)  # fmt: skip
def test_answer_of_the_policy_that_the_desk_does_not_understand(
    odd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"kind": "hate", "queue": "clinical", "grade": 4, "acknowledge_minutes": 9,
           "visibility": "shown", "second_reader": False}  # fmt: skip
    monkeypatch.setattr(policy, "table", lambda **_: [Response(**row)])  # type: ignore[arg-type]
    assert policy.responses(risk="none", kinds={"hate": 1.0})[0].queue == "clinical"
    monkeypatch.setattr(policy, "table", lambda **_: [Response(**{**row, **odd})])
    safe = policy.responses(risk="none", kinds={"hate": 1.0})[0]
    assert (safe.queue, safe.visibility, safe.grade) == ("moderation", "held", 2)


def test_the_strictest_answer_decides_and_the_shortest_time_is_promised(
    ash: User, group: Group, screener: Any, found: Any, monkeypatch: pytest.MonkeyPatch,
    person: Callable[..., User],
) -> None:  # fmt: skip
    person("moss", Role.MODERATOR)
    rows = [
        Response("insult", "moderation", 3, 240, "held", False),
        Response("active", "clinical", 2, 60, "shown", True),
    ]
    monkeypatch.setattr(policy, "table", lambda **_: rows)
    screener.found["hello"] = found(risk="active", kinds={"insult": 0.9})
    text = write_post(by=ash, group=group, body="hello").text
    assert text.state == Text.State.HELD
    assert text.expected_by is not None
    assert text.expected_by > timezone.now() + timedelta(minutes=200)
    assert Case.objects.get(queue="clinical").needs_second


def test_clean_edit_does_not_release_a_held_text(
    ash: User, group: Group, screener: Any, found: Any
) -> None:
    screener.found["zonk"] = found(kinds={"insult": 0.9})
    text = write_post(by=ash, group=group, body="zonk").text
    door.revise(by=ash, text=text, body="nice words")
    text.refresh_from_db()
    assert text.state == Text.State.HELD


def test_edit_whose_screening_fails_does_not_bring_back_a_hidden_text(
    ash: User, group: Group, screener: Any
) -> None:
    text = write_post(by=ash, group=group, body="hello").text
    Text.objects.update(state=Text.State.HIDDEN)
    screener.broken = True
    door.revise(by=ash, text=text, body="hello again")
    text.refresh_from_db()
    assert text.state == Text.State.HIDDEN


def test_silent_worker_is_seen_while_texts_are_screened_all_the_same(
    ash: User, mod: User, group: Group, screener: Any, found: Any, sign_in: Any
) -> None:
    screener.found["hello"] = found(kinds={"x": 1.0})
    in_front_of(mod, write_post(by=ash, group=group, body="hello out there").text, sign_in)
    assert "worker is silent" in sign_in(mod).get("/desk/").content.decode()
    schedule.beat()
    assert "worker is silent" not in sign_in(mod).get("/desk/").content.decode()
    Tick.objects.update(last_at=timezone.now() - timedelta(minutes=5))
    assert "worker is silent" in sign_in(mod).get("/desk/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_coder_that_raises_loses_no_text(
    ash: User, group: Group, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from oarlock.community.ops import worker

    def broken() -> None:
        raise RuntimeError("a very private sentence")

    monkeypatch.setattr(tasks, "coder", broken)
    text = write_post(by=ash, group=group, body="a very private sentence").text
    with caplog.at_level(logging.INFO):
        worker.run(until_done=True)
    text.refresh_from_db()
    assert (text.state, text.body) == (Text.State.SHOWN, "a very private sentence")
    failed = DBTaskResult.objects.get(task_path__endswith="code_text")
    assert failed.status == "FAILED"
    assert "private" not in failed.traceback
    assert "private" not in caplog.text


# --- the table of oarlock.safety ---------------------------------------------------------------


def test_every_row_of_the_policy_makes_sense_to_the_desk() -> None:
    from oarlock.safety.policy import policy as safety

    for row in safety().rows:
        if row.kind == "unscreened":
            continue
        name = policy.name(row.kind, row.grade, row.about)
        is_risk = row.kind == "suicide" and row.about == "writer"
        finding = {"risk": name, "kinds": {}} if is_risk else {"risk": "none", "kinds": {name: 1.0}}
        [response] = policy.responses(**finding)  # type: ignore[arg-type]
        assert response.family != "unknown"
        assert response.grade == row.priority
        assert response.acknowledge_minutes == row.acknowledge_minutes
        assert response.queue == {"clinician": "clinical", "moderator": "moderation"}[row.queue]


def test_a_folded_post_shows_behind_a_warning(
    ash: User, group: Group, screener: Any, found: Any
) -> None:
    screener.found["dark"] = found(risk="active")
    post = write_post(by=ash, group=group, body="dark", warnings=["death"])
    post.refresh_from_db()
    assert post.text.state == Text.State.SHOWN
    assert post.warnings == ["death", "suicide"]
    assert Case.objects.get().queue == Case.Queue.CLINICAL


def test_a_held_text_stands_behind_a_warning_once_a_person_shows_it(
    ash: User, group: Group, screener: Any, found: Any
) -> None:
    screener.found["plan"] = found(risk="plan or intent")
    screener.found["rude"] = found(kinds={"insult": 0.9})
    for word, warnings in (("plan", ["suicide"]), ("rude", [])):
        post = write_post(by=ash, group=group, body=word)
        post.refresh_from_db()
        assert (post.text.state, post.warnings) == (Text.State.HELD, warnings)


@pytest.mark.parametrize("body", ["dark", "dark still"])
def test_an_edit_does_not_take_the_warnings_of_the_policy_away(
    ash: User, group: Group, screener: Any, found: Any, body: str
) -> None:
    screener.found["dark"] = found(risk="active")
    post = write_post(by=ash, group=group, body="dark", warnings=["death"])
    edit(by=ash, text=post.text, body=body, version=1, warnings=[])
    post.refresh_from_db()
    assert post.warnings == ["suicide"]


def test_worry_about_a_friend_is_not_taken_for_the_writers_own_risk(
    ash: User, group: Group, screener: Any, found: Any
) -> None:
    name = policy.name("suicide", "active", "someone else")
    screener.found["friend"] = found(kinds={name: 0.9})
    text = write_post(by=ash, group=group, body="my friend").text
    assert text.screenings.get().risk == "none"
    case = Case.objects.get()
    assert (case.kind, case.queue) == ("suicide: active, someone else", "clinical")
    assert any("look out for them" in line for line in words.for_writer(text).words)


def test_harm_that_the_policy_hides_is_read_by_a_person_who_decides(
    ash: User, mod: User, group: Group, screener: Any, found: Any
) -> None:
    from django.core.exceptions import ValidationError

    from oarlock.community.desk import closing, reports

    screener.found["vile"] = found(kinds={"hate": 0.9})
    text = write_post(by=ash, group=group, body="vile").text
    assert text.state == Text.State.HIDDEN
    assert reports.decided_case(by=ash, text=text) is None
    case = Case.objects.get()
    with pytest.raises(ValidationError, match="whether others"):
        closing.close(by=mod, case=case, outcome="hidden")
    closing.close(by=mod, case=case, outcome="hidden", text_after="hidden")
    text.refresh_from_db()
    assert reports.decided_case(by=ash, text=text) == case


def test_what_the_screener_found_reaches_the_desk_with_the_person_it_is_about() -> None:
    from oarlock.safety import Finding, Screening

    class Own:
        def screen(self, text: str) -> Screening:
            findings = (
                Finding("suicide", 0.9, "imminent", "someone else"),
                Finding("suicide", 0.6, "passive"),
                Finding("insult", 0.7),
            )
            return Screening("imminent", findings, ("Because.",), 0.9, True, "1")

    found = screening._InOurWords(Own()).screen("x")
    assert found.risk == "passive"
    assert set(found.kinds) == {"suicide: imminent, someone else", "insult", "unscreened"}
    assert {r.kind for r in policy.responses(risk=found.risk, kinds=found.kinds)} == {
        "passive", *found.kinds
    }  # fmt: skip


# --- once it works again ----------------------------------------------------------------------


def unscreened(by: User, group: Group, screener: Any, body: str = "hello") -> Text:
    screener.broken = True
    text = write_post(by=by, group=group, body=body).text
    screener.broken = False
    return text


def test_text_is_screened_later_and_shown_and_its_case_closed(
    ash: User, group: Group, screener: Any
) -> None:
    text = unscreened(ash, group, screener)
    assert recheck.run() == 1
    text.refresh_from_db()
    assert (text.state, text.screened) == (Text.State.SHOWN, True)
    assert Case.objects.get().state == Case.State.CLOSED
    assert recheck.run() == 0


def test_text_that_turns_out_risky_is_held_with_its_own_case(
    ash: User, group: Group, screener: Any, found: Any
) -> None:
    text = unscreened(ash, group, screener)
    screener.found["hello"] = found(kinds={"insult": 0.9})
    recheck.run()
    text.refresh_from_db()
    assert text.state == Text.State.HELD
    assert Case.objects.get(state="new").kind == "insult"


def test_a_case_that_a_person_has_taken_is_left_to_that_person(
    ash: User, mod: User, group: Group, screener: Any
) -> None:
    text = unscreened(ash, group, screener)
    case = Case.objects.get()
    actions.acknowledge(by=mod, case=case)
    recheck.run()
    text.refresh_from_db()
    case.refresh_from_db()
    assert text.screened
    assert text.state == Text.State.HELD
    assert case.state == Case.State.ACKNOWLEDGED


def test_a_text_that_a_person_hid_stays_hidden(ash: User, group: Group, screener: Any) -> None:
    text = unscreened(ash, group, screener)
    Text.objects.update(state=Text.State.HIDDEN)
    recheck.run()
    text.refresh_from_db()
    assert text.state == Text.State.HIDDEN


def test_what_a_person_decided_to_show_is_not_held_again(
    ash: User, mod: User, group: Group, screener: Any, found: Any
) -> None:
    from oarlock.community.desk import closing

    text = unscreened(ash, group, screener)
    Case.objects.update(grade=3)
    closing.close(by=mod, case=Case.objects.get(), outcome="no-concern", text_after="shown")
    screener.found["hello"] = found(kinds={"insult": 0.9})
    recheck.run()
    text.refresh_from_db()
    assert text.state == Text.State.SHOWN
    assert Case.objects.get(kind="insult").state == Case.State.NEW


def test_text_on_which_screening_always_breaks_keeps_no_other_from_its_turn(
    ash: User, group: Group, screener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    screener.broken = True
    poison = write_post(by=ash, group=group, body="poison").text
    others = [write_post(by=ash, group=group, body=f"words {n}").text for n in range(3)]
    screener.broken = False
    real = screener.screen

    def screen(text: str) -> Any:
        if "poison" in text:
            raise RuntimeError
        return real(text)

    monkeypatch.setattr(screener, "screen", screen)
    assert recheck.run() == 3
    assert all(Text.objects.get(pk=other.pk).screened for other in others)
    assert not Text.objects.get(pk=poison.pk).screened


def test_while_screening_is_down_recheck_changes_nothing(
    ash: User, group: Group, screener: Any
) -> None:
    unscreened(ash, group, screener)
    screener.broken = True
    assert recheck.run() == 0
    assert Case.objects.get().state == Case.State.NEW


def test_schedule_runs_the_desk(db: None) -> None:
    done = schedule.run_due()
    assert {"desk.alarms.sound", "desk.recheck.run", "desk.measures.end_terms"} <= set(done)


# --- what the writer and everybody reads -----------------------------------------------------


def test_a_writer_at_risk_reads_warm_words_and_others_read_nothing(
    ash: User, group: Group, screener: Any, found: Any
) -> None:
    screener.found["dark"] = found(risk="active")
    at_risk = write_post(by=ash, group=group, body="dark").text
    assert any("alone" in line for line in words.for_writer(at_risk).words)
    assert words.for_writer(write_post(by=ash, group=group, body="exams").text).words == []


def test_report_about_abuse_opens_no_second_case_about_the_reporter(
    ash: User, person: People, group: Group, screener: Any, found: Any
) -> None:
    from oarlock.community.desk import reports

    post = write_post(by=ash, group=group, body="hello")
    screener.found["zonk"] = found(kinds={"insult": 0.9, "hate": 0.8})
    reports.report(by=person("kim"), text=post.text, reason="insult", words="he said zonk")
    assert Case.objects.get().about == ash


def test_help_is_open_to_strangers_and_kept_without_cookies(db: None) -> None:
    page = Client().get("/help").content.decode()
    assert "999" in page
    assert "Why people hesitate" in page
    worker = Client().get("/help-worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert 'credentials: "omit"' in worker.content.decode()
    assert "oarlock.css" in worker.content.decode()


def test_help_names_the_emergency_number_of_the_persons_country(
    person: People, sign_in: Any
) -> None:
    assert "911" in sign_in(person("kim", country="US")).get("/help").content.decode()
    assert "112" in sign_in(person("lee", country="DE")).get("/help").content.decode()


def test_unscreened_minutes_are_told_to_the_author(
    ash: User, group: Group, screener: Any, person: Callable[..., User]
) -> None:
    person("moss", Role.MODERATOR, last_login=timezone.now())
    text = unscreened(ash, group, screener)
    assert text.expected_by is not None
    assert text.expected_by <= timezone.now() + timedelta(minutes=intake.UNSCREENED_MINUTES)
