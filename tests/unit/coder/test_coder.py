"""Both tiers of the coder: spans, probabilities, order, flags, refusals; not how well it codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oarlock.coder import Coder, ReplyCodes
from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX, MECHANISMS, TASKS
from oarlock.errors import OarlockError, UserError

REPLY = "that sounds really lonely. what would help you get through tonight? hang in there 💛"
CONTEXT = "i moved away for uni and i dont know anyone here"
SPANISH = "Siento mucho que estés pasando por esto, no estás sola y te leo con atención."
#: Every text is a run of its own, so neighbours change nothing; the fast tier sums in other orders.
SAME = 1e-5


def texts_of(reply: str, codes: ReplyCodes) -> list[str]:
    return [reply[s.start : s.end] for s in codes.sentences]


# --- one reply --------------------------------------------------------------------------------


def test_code_gives_one_record_per_sentence_with_its_span(coder: Coder) -> None:
    codes = coder.code(REPLY, CONTEXT)
    assert texts_of(REPLY, codes)[:2] == [
        "that sounds really lonely.",
        "what would help you get through tonight?",
    ]
    assert codes.text_length == len(REPLY)
    assert codes.language == "en"


def test_code_gives_probabilities_of_all_codes_that_sum_to_one(coder: Coder) -> None:
    for sentence in coder.code(REPLY, CONTEXT).sentences:
        assert tuple(sentence.probabilities) == CODE_LABELS
        assert sum(sentence.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert min(sentence.probabilities.values()) >= 0
        assert sentence.probability == sentence.probabilities[sentence.code]
        assert sentence.reliable == (sentence.reason is None)


def test_code_gives_empathy_and_summary_of_the_whole_reply(coder: Coder) -> None:
    codes = coder.code(REPLY, CONTEXT)
    assert set(codes.empathy) == set(MECHANISMS.values())
    for level in codes.empathy.values():
        assert level.level in {0, 1, 2}
        assert sum(level.probabilities) == pytest.approx(1, abs=1e-5)
    assert 0 <= codes.summary_probability <= 1


def test_code_counts_in_miti_what_its_sentences_say(coder: Coder) -> None:
    codes = coder.code(REPLY)
    expected = sum(s.probabilities["Open Question"] for s in codes.sentences)
    assert codes.miti.counts["Open Question"].value == pytest.approx(expected)
    assert codes.miti is codes.miti


@settings(max_examples=25)
@given(
    st.lists(
        st.sampled_from(
            ["i ", "hear you. ", "why? ", "😭", "\n", "  ", "…", "123 ", "ok!! ", "\ud83d"]
        ),
        max_size=12,
    ).map("".join)
    | st.text(max_size=60)
)
def test_code_takes_any_text(coder: Coder, reply: str) -> None:
    codes = coder.code(reply, reply)
    previous = 0
    for sentence in codes.sentences:
        assert previous <= sentence.start < sentence.end <= len(reply)
        piece = reply[sentence.start : sentence.end]
        assert piece == piece.strip()
        previous = sentence.end
    # What lies between the sentences is white space: nothing is lost.
    covered = sum(s.end - s.start for s in codes.sentences)
    assert covered >= len("".join(reply.split()))


def test_model_version_names_tier_and_release(coder: Coder) -> None:
    tier, _, release = coder.model_version.partition("-")
    assert tier == coder.tier
    assert release
    assert coder.code(REPLY).model_version == coder.model_version
    assert coder.talk(REPLY).model_version == coder.model_version


# --- nothing, much, and no words --------------------------------------------------------------


@pytest.mark.parametrize("reply", ["", " ", " \n\t\u3000 "])
def test_code_of_no_text_has_no_sentences_and_no_behaviour(coder: Coder, reply: str) -> None:
    codes = coder.code(reply, CONTEXT)
    assert codes.sentences == ()
    assert codes.text_length == len(reply)
    assert codes.summary_probability == 0
    assert codes.empathy == {}
    assert codes.language == "und"
    assert codes.miti.reflection_to_question_ratio.value is None
    assert codes.miti.mi_adherent_count.value == 0


def test_code_of_no_replies_is_empty(coder: Coder) -> None:
    assert coder.code_many([]) == []
    assert coder.talk_many([]) == []
    assert coder.predict([]).shape == (0, 15)


def test_code_takes_a_line_of_100_kb(coder: Coder) -> None:
    line = "i feel so tired and alone lately and nothing helps " * 2000
    codes = coder.code(line, line)
    assert codes.text_length == len(line) > 100_000
    assert len(codes.sentences) > 1
    assert codes.sentences[-1].end == len(line.rstrip())


def test_predict_reads_what_follows_much_white_space(coder: Coder) -> None:
    padded, plain = coder.predict([" \n" * 50_000 + "why?", "why?"])
    np.testing.assert_allclose(padded, plain, atol=SAME)


@pytest.mark.parametrize("reply", ["😭😭😭", "🙏", "12 34", "!!!", ":)", "❤️"])
def test_code_without_words_is_flagged(coder: Coder, reply: str) -> None:
    sentences = coder.code(reply).sentences
    assert [s.reason for s in sentences] == ["no words"] * len(sentences)
    assert sentences
    assert not any(s.reliable for s in sentences)


# --- language ---------------------------------------------------------------------------------


def test_code_of_a_few_unknown_words_is_flagged_and_of_short_english_is_not(coder: Coder) -> None:
    for reply in ("Du solltest schlafen.", "=SUM(A1:A3)", "k"):
        (sentence,) = coder.code(reply).sentences
        assert (sentence.code, sentence.reliable, sentence.reason) == ("Other", False, "language")
    for reply in ("Stay strong.", "Take care!", "Exactly."):
        (sentence,) = coder.code(reply).sentences
        assert sentence.reason != "language"


def test_code_of_spanish_is_other_and_says_so_instead_of_guessing(coder: Coder) -> None:
    codes = coder.code(SPANISH)
    assert codes.language == "es"
    for sentence in codes.sentences:
        assert (sentence.code, sentence.reason) == ("Other", "language")
        assert not sentence.reliable
        assert set(sentence.probabilities.values()) == {sentence.probability}
        assert sentence.probability == pytest.approx(1 / 15)


def test_code_switching_flags_the_foreign_sentence_alone(coder: Coder) -> None:
    reply = f"I am so sorry that you are going through this. {SPANISH} What would help you tonight?"
    sentences = coder.code(reply).sentences
    assert [s.reason == "language" for s in sentences] == [False, True, False]


def test_talk_in_spanish_is_neutral_and_says_so(coder: Coder) -> None:
    (sentence,) = coder.talk("Quiero dejar de beber, pero no sé cómo hacerlo todavía.").sentences
    assert (sentence.talk, sentence.reliable, sentence.reason) == ("neutral", False, "language")


# --- many -------------------------------------------------------------------------------------


def test_code_many_keeps_the_order_and_gives_what_code_gives(coder: Coder) -> None:
    replies = [
        "have you tried yoga?",
        "",
        "me too. i went through that last year and it took me months to tell anyone about it.",
        REPLY,
        "😭",
        SPANISH,
        "you should just stop.",
    ]
    contexts = [CONTEXT, None, "", CONTEXT, CONTEXT, None, CONTEXT]
    together = coder.code_many(replies, contexts)
    in_twos = coder.code_many(replies, contexts, batch_size=2)
    alone = [coder.code(r, c) for r, c in zip(replies, contexts, strict=True)]
    for reply, one, two, three in zip(replies, together, in_twos, alone, strict=True):
        assert one.text_length == len(reply)
        for other in (two, three):
            assert texts_of(reply, one) == texts_of(reply, other)
            assert (one.language, one.model_version) == (other.language, other.model_version)
            assert one.summary_probability == pytest.approx(other.summary_probability, abs=SAME)
            for a, b in zip(one.sentences, other.sentences, strict=True):
                assert a.reason == b.reason
                np.testing.assert_allclose(
                    list(a.probabilities.values()), list(b.probabilities.values()), atol=SAME
                )


def test_code_twice_gives_the_same(coder: Coder) -> None:
    assert coder.code(REPLY, CONTEXT) == coder.code(REPLY, CONTEXT)


def test_contexts_of_another_number_are_refused(coder: Coder) -> None:
    for call in (coder.code_many, coder.talk_many, coder.predict):
        with pytest.raises(OarlockError, match=r"2 .* came with 1 contexts"):
            call(["one", "two"], ["only one"])


def test_errors_carry_no_text(coder: Coder) -> None:
    with pytest.raises(OarlockError) as caught:
        coder.code_many(["secret words", "more of them"], ["hidden context"])
    assert not {"secret", "words", "hidden"} & set(str(caught.value).split())


# --- tasks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_predict_gives_a_distribution_for_every_task(coder: Coder, task: str) -> None:
    p = coder.predict([REPLY, "ok"], [CONTEXT, None], task=task)
    assert p.dtype == np.float32
    assert p.shape == (2, len(coder.labels(task)))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    decided = coder.decide(p, task)
    assert decided.shape == (2,)
    assert set(decided.tolist()) <= set(range(len(coder.labels(task))))


def test_families_are_sums_of_their_codes(coder: Coder) -> None:
    codes, families = (coder.predict([REPLY], task=task) for task in ("codes", "families"))
    for place, index in enumerate(FAMILY_INDEX.values()):
        assert families[0, place] == pytest.approx(codes[0, index].sum(), abs=1e-6)


def test_codes_do_not_depend_on_the_context(standard: Coder) -> None:
    with_context, without = standard.code(REPLY, CONTEXT), standard.code(REPLY)
    assert with_context.sentences == without.sentences


def test_unknown_task_is_refused_with_those_that_there_are(coder: Coder) -> None:
    with pytest.raises(UserError, match=r"no task 'moods'.*codes"):
        coder.predict(["text"], task="moods")


@pytest.mark.parametrize("tier", ["Standard", "", "turbo"])
def test_wrong_tier_is_refused_with_those_that_there_are(tier: str) -> None:
    with pytest.raises(UserError, match=f"no tier '{tier}'.*fast, standard"):
        Coder.load(tier=tier)


# --- seeker talk ------------------------------------------------------------------------------


def test_talk_gives_a_distribution_per_sentence_and_counts(coder: Coder) -> None:
    text = "i want to stop drinking. but i cant. my cat is called tom"
    talk = coder.talk(text, "what would you like to change?")
    assert next(text[s.start : s.end] for s in talk.sentences) == "i want to stop drinking."
    for sentence in talk.sentences:
        assert set(sentence.probabilities) == {"change", "sustain", "neutral"}
        assert sum(sentence.probabilities.values()) == pytest.approx(1, abs=1e-5)
    for label, count in talk.counts.items():
        expected = sum(s.probabilities[label] for s in talk.sentences)
        assert count.value == pytest.approx(expected, abs=1e-5)
        assert count.low is not None
        assert count.high is not None
        assert 0 <= count.low <= count.value + 1
        assert count.high <= len(talk.sentences)
    assert sum(c.value or 0 for c in talk.counts.values()) == pytest.approx(len(talk.sentences))


class Sure:
    """Logits as sure as they come: nearly all on the first label, the last one nearly nothing."""

    def logits(
        self, heads: list[str], texts: list[str], contexts: object = None
    ) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(len(texts))
        rows = rng.normal(size=(len(texts), 3)).astype(np.float32) * [2, 2, 1] - [0, 0, 20]
        return {head: rows.astype(np.float32) for head in heads}


def test_talk_counts_take_probabilities_that_rounding_sums_above_one(standard: Coder) -> None:
    coder = Coder(Sure(), standard._weights)
    text = "i want to. " * 200
    assert coder.talk(text).counts["neutral"].value == pytest.approx(0, abs=0.1)
