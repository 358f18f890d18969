"""What a writer gets to see of a draft."""

from __future__ import annotations

import gc
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from oarlock.coach import Feedback
from oarlock.coach.coach import MAX_CHARACTERS, Coach
from oarlock.coach.rules import rule_book
from oarlock.coach.words import LANGUAGES
from oarlock.codebook import CODES
from oarlock.errors import UserError
from scripted_coder import ScriptedCoder

POST = "my flatmate moved out and i feel so alone in here."
ADVICE = "you should invite people over for dinner every week"
REFLECTION = "it sounds like the quiet is the worst part of it"
CLOSED = "do you have a cat at home?"
OPEN = "what are the evenings like for you?"
SCRIPT = {
    ADVICE: ("Advise without Permission", 0.9),
    REFLECTION: ("Simple Reflection", 0.6),
    CLOSED: ("Closed Question", 0.95),
    OPEN: ("Open Question", 0.9),
}


def review(*lines: str, script: dict[str, tuple[str, float]] = SCRIPT, **options: Any) -> Feedback:
    options.setdefault("post", POST)
    return Coach(ScriptedCoder(script)).review("\n".join(lines), **options)


def rules_of(feedback: Feedback) -> list[str]:
    return [one.rule for one in feedback.suggestions]


def test_spans_are_exact_and_half_open() -> None:
    draft = f"{ADVICE}\n\n{OPEN}"
    feedback = Coach(ScriptedCoder(SCRIPT)).review(draft, post=POST)
    assert [draft[one.start : one.end] for one in feedback.sentences] == [ADVICE, OPEN]
    (suggestion,) = feedback.suggestions
    assert draft[suggestion.start : suggestion.end] == ADVICE


def test_advice_without_a_reflection_asks_for_one_first_and_with_one_does_not() -> None:
    assert rules_of(review(ADVICE, OPEN)) == ["reflect_first"]
    assert "reflect_first" not in rules_of(review(REFLECTION, ADVICE, OPEN))


def test_reflection_after_the_advice_does_not_come_first() -> None:
    assert rules_of(review(ADVICE, REFLECTION, OPEN)) == ["reflect_first"]


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        (POST, ["permission"]),
        (f"{POST} any advice?", []),
        (f"{POST} no advice please, any advice makes it worse", ["permission"]),
    ],
)
def test_permission_is_asked_for_unless_the_post_asks(post: str, expected: list[str]) -> None:
    assert rules_of(review(REFLECTION, ADVICE, OPEN, post=post)) == expected


@pytest.mark.parametrize("probability", [0.3, 0.5, 0.64])
@pytest.mark.parametrize("code", [code.name for code in CODES])
def test_uncertain_sentence_alone_is_never_criticised(code: str, probability: float) -> None:
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    feedback = review(words, script={words: (code, probability)})
    assert not [one for one in feedback.suggestions if one.kind == "mend"]


@pytest.mark.parametrize("code", ["Confront", "Warn"])
def test_code_that_the_coder_reads_badly_is_never_criticised_alone(code: str) -> None:
    feedback = review(
        "this is how it goes with you", script={"this is how it goes with you": (code, 0.99)}
    )
    assert rules_of(feedback) == []


def test_closed_question_is_opened_only_where_no_open_one_is() -> None:
    assert rules_of(review(REFLECTION, CLOSED)) == ["open_up"]
    assert rules_of(review(REFLECTION, CLOSED, OPEN)) == []


def test_question_about_safety_is_left_alone() -> None:
    question = "are you safe right now?"
    script = SCRIPT | {question: ("Closed Question", 0.99)}
    assert rules_of(review(REFLECTION, question, script=script)) == []


def test_at_most_two_suggestions_and_one_for_a_sentence() -> None:
    lines = ["just get over it, it will be fine", "you definitely have ocd", ADVICE, CLOSED]
    feedback = review(*lines)
    assert len(feedback.suggestions) == 2
    assert len({(one.start, one.end) for one in feedback.suggestions}) == 2
    assert rules_of(feedback) == ["confront", "diagnose"]


def test_risk_comes_before_everything_and_silences_small_things() -> None:
    lines = [ADVICE, CLOSED, "it will be fine"]
    assert rules_of(review(*lines, risk=True)) == ["risk_help", "risk_heard"]
    calm = review(REFLECTION, "please call a helpline", CLOSED, risk=True)
    assert rules_of(calm) == []
    assert calm.praise[0].key == "help"


def test_way_to_help_is_never_called_advice() -> None:
    line = "you should call 988 or go to the emergency room"
    script = SCRIPT | {line: ("Direct", 0.95)}
    for risk in (False, True):
        assert not {"reflect_first", "permission", "direct", "open_question"} & set(
            rules_of(review(line, script=script, risk=risk))
        )


def test_argument_with_suicidal_thoughts_is_seen_without_the_flag_too() -> None:
    line = "suicide is never the answer"
    assert rules_of(review(line)) == ["risk_argue"]
    assert rules_of(review("lying is never the answer")) == []


def test_dismissed_suggestion_stays_away_while_its_sentence_stays() -> None:
    draft = (REFLECTION, "it will be fine", OPEN)
    (found,) = review(*draft).suggestions
    assert rules_of(review(*draft, dismissed={found.id})) == []
    assert rules_of(review(*draft, "thinking of you", dismissed={found.id})) == []
    changed = (REFLECTION, "everything will be fine", OPEN)
    assert rules_of(review(*changed, dismissed={found.id})) == ["promise"]


def test_no_hint_takes_the_place_of_a_dismissed_one() -> None:
    line = "most flats are let by the room these days and people come and go every year or so"
    script = {line: ("Give Information", 0.95)}
    (hint,) = review(line, script=script).suggestions
    assert (hint.rule, hint.kind) == ("reflect", "add")
    assert review(line, script=script, dismissed={"reflect"}).suggestions == ()


def test_ids_hold_nothing_of_the_words() -> None:
    for one in review("it will be fine", ADVICE, CLOSED).suggestions:
        rule, _, digits = one.id.partition("-")
        assert rule in {rule.id for rule in rule_book().rules}
        assert len(digits) in {0, 4}


def test_oars_strip_names_the_sentences() -> None:
    feedback = review(REFLECTION, OPEN)
    strip = {item.skill: item for item in feedback.oars}
    assert list(strip) == ["Open questions", "Affirmations", "Reflections", "Summaries"]
    assert [strip[skill].state for skill in strip] == ["there", "missing", "there", "missing"]
    ((start, end),) = strip["Open questions"].spans
    assert f"{REFLECTION}\n{OPEN}"[start:end] == OPEN
    assert strip["Affirmations"].spans == ()


@pytest.mark.parametrize(
    ("probability", "state"), [(0.9, "there"), (0.3, "perhaps"), (0.1, "missing")]
)
def test_summary_is_looked_for_in_reflections_of_a_long_post(
    probability: float, state: str
) -> None:
    gathered = (
        "so there is the rent and your mum and the job and on top of it all nobody asks how you are"
    )
    coder = ScriptedCoder({gathered: ("Complex Reflection", 0.8)}, summary=probability)
    feedback = Coach(coder).review(gathered, post=" ".join([POST] * 6))
    assert feedback.oars[3].state == state
    assert Coach(coder).review(gathered, post=POST).oars[3].state == "missing"


def test_praise_comes_from_what_is_there_and_not_from_what_is_criticised() -> None:
    assert [one.key for one in review(REFLECTION, OPEN).praise] == ["open_question"]
    line = "it will be fine"
    script = {line: ("Support", 0.95)}
    feedback = review(line, script=script)
    assert rules_of(feedback) == ["promise"]
    assert feedback.praise == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_feedback_always_says_that_it_is_a_machine(language: str) -> None:
    for draft in ("", ADVICE):
        feedback = review(draft, language=language)
        assert feedback.language == language
        assert "machine" in feedback.note or "Maschine" in feedback.note
        assert feedback.model_version == "standard-test"
        assert feedback.rules_version == rule_book().version


def test_feedback_is_plain_json_and_gives_no_score() -> None:
    content = json.loads(json.dumps(review(ADVICE, OPEN).to_dict()))
    assert set(content) == set(Feedback.__dataclass_fields__)
    assert not [key for key in content if "score" in key or "grade" in key]


def test_same_draft_gives_the_same_feedback() -> None:
    assert review(ADVICE, CLOSED, OPEN) == review(ADVICE, CLOSED, OPEN)


@pytest.mark.parametrize("draft", ["", "   \n ", "\u200b", "hey i just"])
def test_draft_that_is_hardly_there_is_left_in_peace(draft: str) -> None:
    assert review(draft).suggestions == ()


def test_long_draft_is_read_in_part_and_says_so() -> None:
    draft = f"{OPEN}\n" * (2 * MAX_CHARACTERS // len(OPEN))
    feedback = Coach(ScriptedCoder(SCRIPT)).review(draft, post="x" * 1_000_000)
    assert feedback.sentences[-1].end <= MAX_CHARACTERS
    assert len(feedback.limits) == 1
    assert review(OPEN).limits == ()


def test_what_is_no_text_or_no_language_is_refused_without_showing_it() -> None:
    no_text: Any = b"secret"
    with pytest.raises(UserError, match="The draft is no text but bytes"):
        Coach(ScriptedCoder({})).review(no_text)
    with pytest.raises(UserError, match="The post is no text but NoneType"):
        review(OPEN, post=None)
    with pytest.raises(UserError, match="does not speak 'fr'"):
        review(OPEN, language="fr")


def test_only_changed_sentences_are_coded_again() -> None:
    coder = ScriptedCoder(SCRIPT)
    coach = Coach(coder)
    coach.review(f"{ADVICE}\n{OPEN}\n{OPEN}", post=POST)
    coach.review(f"{ADVICE}\n{OPEN}\nand", post=POST)
    assert coder.seen == [[ADVICE, OPEN], ["and"]]


def test_coach_holds_no_text_of_a_draft() -> None:
    coach = Coach(ScriptedCoder(SCRIPT))
    draft = "a line that nobody else would ever write\n" + REFLECTION
    coach.review(draft, post=POST)
    kept = [one for cache in (coach._codes, coach._summaries) for one in cache._rows]
    assert kept
    assert all(isinstance(key, bytes) and len(key) == 16 for key in kept)
    gone = weakref.ref(coach._codes)
    del coach
    gc.collect()
    assert gone() is None


def test_threads_share_one_coach() -> None:
    coach = Coach(ScriptedCoder(SCRIPT), cache_size=2)
    drafts = [f"{ADVICE}\n{OPEN}", f"{REFLECTION}\n{CLOSED}", OPEN, ADVICE] * 25
    alone = [Coach(ScriptedCoder(SCRIPT)).review(draft, post=POST) for draft in drafts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda draft: coach.review(draft, post=POST), drafts)) == alone
    assert len(coach._codes) <= 2


@pytest.mark.parametrize(("language", "title"), [("en", "Leave this out"), ("de", "Lass das weg")])
def test_draft_that_would_hurt_gets_one_answer_and_no_advice(language: str, title: str) -> None:
    feedback = review(ADVICE, harm=True, risk=True, dismissed={"harm"}, language=language)
    (only,) = feedback.suggestions
    assert (only.rule, only.title, only.example) == ("harm", title, None)
    assert (feedback.praise, feedback.oars, feedback.sentences) == ((), (), ())
    assert "harm" not in rules_of(review(ADVICE, OPEN))
