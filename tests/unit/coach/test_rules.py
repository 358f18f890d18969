"""The rules, their words and their examples are whole and readable."""

from __future__ import annotations

import re
import string
import subprocess
import sys

import pytest

from oarlock.coach.coach import HARM
from oarlock.coach.cues import cues, plain
from oarlock.coach.examples import choose, stems, topic_of
from oarlock.coach.markdown import rules_page
from oarlock.coach.rules import rule_book
from oarlock.coach.words import LANGUAGES, words_in
from oarlock.codebook import ALL_CODES, CODES, TOPICS, code_by

RULES = rule_book().rules
ENGLISH = words_in("en")


def test_every_language_has_the_same_strings() -> None:
    for language in LANGUAGES:
        words = words_in(language)
        assert words.paths() == ENGLISH.paths()
        for path in words.paths():
            assert words(*path).strip() == words(*path) != ""
            fields = [field for _, field, _, _ in string.Formatter().parse(words(*path)) if field]
            assert fields == []


def test_no_string_is_left_untranslated() -> None:
    german = words_in("de")
    same = {path for path in ENGLISH.paths() if ENGLISH(*path) == german(*path)}
    assert same <= {("codes", "Information"), ("codes", "Give Information")}


def test_every_rule_has_words_a_source_and_an_example() -> None:
    for rule in RULES:
        assert ENGLISH("suggestions", rule.id, "title")
        assert ENGLISH("suggestions", rule.id, "why")
        assert re.search(r"MITI|MISC|Miller|doi:", rule.source)
        for name in rule.examples:
            code_by(name)
        for topic in TOPICS:
            named = rule.example_topic or topic
            fixed = rule.example_topic is not None
            assert choose(rule.examples, named, frozenset(), rule_book().never, fixed=fixed)
    spoken = {path[1] for path in ENGLISH.paths() if path[0] == "suggestions"}
    assert spoken == {HARM, *(rule.id for rule in RULES)}


def test_page_shows_every_rule_in_its_order_with_its_source() -> None:
    page = rules_page()
    places = [page.index(f"`{rule.id}`") for rule in RULES]
    assert places == sorted(places)
    assert not [rule.id for rule in RULES if rule.source not in page or rule.when not in page]


def test_every_code_has_plain_words() -> None:
    assert {path[1] for path in ENGLISH.paths() if path[0] == "codes"} == {c.name for c in CODES}


def test_examples_that_are_never_shown_are_in_the_codebook() -> None:
    texts = {example.text for code in ALL_CODES for example in code.examples}
    assert rule_book().never <= texts


def test_risk_rules_come_first() -> None:
    kinds = [rule.kind for rule in RULES]
    assert kinds == sorted(kinds, key=["risk", "mend", "add"].index)
    assert all(rule.at_risk for rule in RULES if rule.kind == "risk")


def _syllables(word: str) -> int:
    found = len(re.findall(r"[aeiouy]+", word.lower().removesuffix("e")))
    return max(1, found)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_reasons_read_at_the_age_of_twelve_and_blame_nobody(rule: str) -> None:
    text = ENGLISH("suggestions", rule, "why")
    words = re.findall(r"[A-Za-z']+", text)
    n_sentences = len(re.findall(r"[.?!](?:\s|$)", text))
    # Flesch-Kincaid grade (Kincaid et al. 1975); grade 7 is the age of twelve.
    grade = (
        0.39 * len(words) / n_sentences + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59
    )
    assert grade <= 7.0
    assert not re.search(r"\b(wrong|bad|mistake|fail|poor|score|must not|never)\b", text.lower())


# --- wordings ---------------------------------------------------------------------------------

SAID = {
    "promise": [
        "it will be fine", "I promise it gets easier", "Everything’s gonna be ok!",
        "you'll be happy again soon", "i wont tell anyone", "don't worry it will all work out",
    ],
    "confront": [
        "just get over it", "you’re being so dramatic", "other people have it way worse",
        "it's your own fault", "please stop making excuses", "grow up",
    ],
    "warn": ["you'll regret this", "if you don't stop you will end up alone"],
    "diagnose": [
        "you definitely have adhd", "sounds like you have ptsd", "she is a narcissist",
        "that is called social anxiety",
    ],
    "argue": [
        "think of your family", "you have so much to live for", "please don't do it",
        "it's so selfish", "life is beautiful",
    ],
    "help": ["you can call 988", "is there someone you trust", "my therapist helped, maybe yours"],
}  # fmt: skip
NOT_SAID = {
    "promise": [
        "i hope it will be fine", "i can't promise it will be ok", "i promise you're not alone",
        "people say it will be ok and it isn't", "it might be fine", "he will be there at nine",
    ],
    "confront": [
        "you're not lazy", "they told you to get over it", "it's hard to grow up like that",
        "i hate when people say others have it worse", "you're so strong",
    ],
    "warn": ["if you keep going you'll get there", "i'm scared you will regret it"],
    "diagnose": ["do you have adhd?", "i have ptsd", "you have a friend here", "if you have ocd"],
    "argue": [
        "what do you think of it", "that's why i don't do it often", "it's not selfish",
        "is your family around", "it really is that bad for you",
    ],
    "help": ["that sounds so hard", "we are here"],
}  # fmt: skip


@pytest.mark.parametrize(("cue", "text"), [(c, t) for c, texts in SAID.items() for t in texts])
def test_wording_is_found(cue: str, text: str) -> None:
    assert cues().draft[cue].finds(plain(text))


@pytest.mark.parametrize(("cue", "text"), [(c, t) for c, texts in NOT_SAID.items() for t in texts])
def test_wording_that_only_looks_alike_is_not_found(cue: str, text: str) -> None:
    assert not cues().draft[cue].finds(plain(text))


# --- examples ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "post", "expected"),
    [
        ("exams", "", "exams"),
        ("Exams and money", "my rent is due and the bills", "money"),
        ("Exams and money", "", "exams"),
        ("Cats", "the panic before my exam and the worry", "anxiety"),
        (None, "panic, anxiety, worried", "anxiety"),
        (None, "my rent and my exam", "general"),
        (None, "", "general"),
    ],
)
def test_topic_is_taken_from_the_caller_then_from_the_post(
    topic: str | None, post: str, expected: str
) -> None:
    assert topic_of(topic, post) == expected


def test_details_of_another_story_are_shown_only_where_they_fit() -> None:
    post = "we had a fight last night and haven't talked"
    near = choose(["Simple Reflection"], "relationships", stems(post), frozenset())
    far = choose(["Simple Reflection"], "relationships", stems("he walks in late"), frozenset())
    assert near is not None
    assert far is not None
    assert (near.topic, far.topic) == ("relationships", "general")


def test_coach_loads_neither_torch_nor_django_nor_scikit_learn() -> None:
    code = (
        "import sys, oarlock.coach.coach, oarlock.coach.skill; "
        "print({'torch', 'django', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
