"""The profile: shares, intervals, small cells, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from oarlock.codebook import CODES, display_groups, families
from oarlock.coder.files.rows import PROBABILITY_COLUMNS
from oarlock.coder.miti import Measure, summarise
from oarlock.errors import UserError
from oarlock.report.coded import CodedBuilder, CodedSentences, week_of
from oarlock.report.profile import MIN_REPLIES, profile, require_enough

PLACE = {code.name: position for position, code in enumerate(CODES)}


def row(reply: str, code: str, sure: float = 1.0, **cells: object) -> dict[str, object]:
    p = np.full(len(CODES), (1 - sure) / (len(CODES) - 1))
    p[PLACE[code]] = sure
    content: dict[str, object] = {
        "id": reply, "code": code, "start": 0, "end": 9, "reason": "",
        "model_version": "standard-test",
        "summary_probability": 0.0, "er": 0, "ip": 0, "ex": 0,
    }  # fmt: skip
    content |= dict(zip(PROBABILITY_COLUMNS, p, strict=True))
    return content | cells


def coded(rows: Iterable[dict[str, object]], *, with_text: bool = False) -> CodedSentences:
    listed = list(rows)
    builder = CodedBuilder(listed[0], "coded.csv", with_text=with_text)
    for number, one in enumerate(listed, start=2):
        builder.add(number, one)
    return builder.build()


def bounds(measure: Measure) -> tuple[float, float]:
    assert measure.low is not None
    assert measure.high is not None
    return measure.low, measure.high


def test_shares_are_mean_probabilities() -> None:
    result = profile(
        coded([row("a", "Affirm", 0.9), row("b", "Affirm", 0.5), row("b", "Warn", 1.0)]),
        n_resamples=0,
    ).overall
    rest = 0.5 / 14
    assert result.shares["Affirm"].value == pytest.approx(100 * (0.9 + 0.5) / 3)
    assert result.shares["Warn"].value == pytest.approx(100 * (1 + 0.1 / 14 + rest) / 3, rel=1e-5)
    assert sum(result.shares[code.name].value or 0 for code in CODES) == pytest.approx(100)
    for groups in (families(), display_groups()):
        shares = [result.shares[group.name].value or 0 for group in groups]
        assert sum(shares) == pytest.approx(100)
    apart = result.shares["Questions and reflections"].value
    parts = [result.shares[name].value or 0 for name in ("Questions", "Reflections")]
    assert apart == pytest.approx(sum(parts))


def test_miti_values_are_those_of_the_coder() -> None:
    rows = [row("a", name, 0.7) for name in ("Open Question", "Complex Reflection", "Direct")] * 4
    ours = profile(coded(rows), n_resamples=0).overall.miti
    theirs = summarise(coded(rows).probabilities)
    for name in (
        "reflection_to_question_ratio",
        "percent_complex_reflections",
        "percent_open_questions",
    ):
        assert ours[name].value == pytest.approx(getattr(theirs, name).value, rel=1e-5)
    assert ours["mi_adherent_per_reply"].value == pytest.approx(
        theirs.mi_adherent_count.value, rel=1e-5
    )


def test_intervals_carry_the_doubt_of_the_coder() -> None:
    # All replies are alike or nearly so: the rest is the coder's doubt.
    def mixed(sure: float) -> list[dict[str, object]]:
        return [row(f"r{i}", "Warn" if i % 20 == 0 else "Affirm", sure) for i in range(200)]

    def width(sure: float) -> float:
        threads = [one | {"thread_id": f"t{i // 2}"} for i, one in enumerate(mixed(sure))]
        low, high = bounds(profile(coded(threads)).overall.shares["Affirm"])
        return high - low

    assert 2 < width(1.0) < 7
    assert width(0.6) > 1.5 * width(1.0)


def test_a_code_that_all_or_none_show_is_not_certain() -> None:
    for n in (5, 60):
        shares = profile(coded(row(f"r{i}", "Affirm") for i in range(n))).overall.shares
        low, high = bounds(shares["Affirm"])
        assert low < 100 - 50 / n
        assert high == 100
        low, high = bounds(shares["Warn"])
        assert low == 0
        assert high > 50 / n


def test_a_corpus_too_small_for_a_profile_is_refused_with_what_to_do() -> None:
    enough = [row(f"r{i}", "Affirm", thread_id=f"t{i % 2}") for i in range(MIN_REPLIES)]
    require_enough(coded(enough), "x.csv")
    foreign = [*enough[:-1], row("f", "Warn", reason="language", thread_id="t1")]
    with pytest.raises(UserError, match=r"x\.csv holds 4 replies .*\(1 more are not in English\)"):
        require_enough(coded(foreign), "x.csv")
    one_thread = [one | {"thread_id": "t"} for one in enough]
    with pytest.raises(UserError, match=r"one thread only \(column 'thread_id'\)"):
        require_enough(coded(one_thread), "x.csv")
    without = [{k: v for k, v in one.items() if k != "thread_id"} for one in enough]
    require_enough(coded(without), "x.csv")


def test_codes_decided_on_are_counted_where_they_were_read() -> None:
    rows = [row("a", "Affirm"), row("b", "Affirm"), row("c", "Warn", reason="language")]
    n_by_code = profile(coded(rows), n_resamples=0).n_by_code
    assert (n_by_code["Affirm"], n_by_code["Warn"], sum(n_by_code.values())) == (2, 0, 2)


def test_intervals_carry_the_choice_of_threads() -> None:
    rows = [
        row(f"r{i}", "Affirm" if (i // 10) % 2 else "Warn", thread_id=f"t{i // 10}")
        for i in range(200)
    ]
    by_thread = profile(coded(rows))
    by_reply = profile(coded({k: v for k, v in r.items() if k != "thread_id"} for r in rows))
    assert (by_thread.clustered_by, by_reply.clustered_by) == ("thread_id", "reply")
    low, high = bounds(by_thread.overall.shares["Affirm"])
    low_reply, high_reply = bounds(by_reply.overall.shares["Affirm"])
    assert high - low > 2 * (high_reply - low_reply)
    assert low < 50 < high


def test_interval_covers_the_truth_of_a_calibrated_coder() -> None:
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = []
        for reply in range(60):
            sure = float(rng.uniform(0.5, 1))
            is_right = rng.random() < sure
            rows.append((row(f"r{reply}", "Affirm", sure), is_right))
        expected = np.mean([0.75] * 60) * 100  # mean of the uniform certainty
        low, high = bounds(
            profile(coded(one for one, _ in rows), n_resamples=200, seed=seed).overall.shares[
                "Affirm"
            ]
        )
        hits += low <= expected <= high
    assert hits >= 35


def test_profile_repeats_with_the_seed() -> None:
    rows = [row(f"r{i}", "Affirm", 0.6, thread_id=str(i // 3)) for i in range(30)]
    assert profile(coded(rows), seed=1) == profile(coded(rows), seed=1)
    assert profile(coded(rows), seed=1).overall != profile(coded(rows), seed=2).overall


def test_a_ratio_over_few_sentences_is_not_exact() -> None:
    cell = profile(coded([row("a", "Simple Reflection", 0.8), row("b", "Open Question", 0.8)]))
    measure = cell.overall.miti["reflection_to_question_ratio"]
    assert measure.value is None or measure.high is None or measure.high > 3 * measure.value


def test_small_cells_are_hidden_and_the_rest_is_in_alphabetical_order() -> None:
    rows = [row(f"z{i}", "Affirm", supporter_id="Zoe") for i in range(MIN_REPLIES)]
    rows += [row(f"a{i}", "Warn", supporter_id="adam") for i in range(MIN_REPLIES + 3)]
    rows += [row(f"m{i}", "Warn", supporter_id="Mia") for i in range(MIN_REPLIES - 1)]
    rows += [row("n", "Warn", supporter_id="")]
    result = profile(coded(rows), n_resamples=20)
    assert [cell.name for cell in result.supporters] == ["adam", "Zoe"]
    assert result.n_hidden == {"supporter": 1}
    assert "Mia" not in repr(result.supporters)


def test_weeks_begin_on_monday_and_unreadable_times_are_counted() -> None:
    assert str(week_of("2026-03-08T23:59:00+00:00")) == "2026-03-02"
    assert week_of("last tuesday") is None
    rows = [row(f"r{i}", "Affirm", time="2026-03-05T10:00:00Z") for i in range(6)]
    rows += [row(f"s{i}", "Affirm", time="2026-03-12") for i in range(6)]
    rows += [row("x", "Affirm", time="soon")]
    result = profile(coded(rows), n_resamples=0)
    assert [cell.name for cell in result.weeks] == ["2026-03-02", "2026-03-09"]
    assert result.n_without_time == 1


def test_sentences_in_another_language_are_left_out_of_shares_and_of_the_list() -> None:
    rows = [row("a", "Affirm"), row("b", "Warn", 1 / 15, reason="language")]
    result = profile(coded(rows), n_resamples=0)
    assert result.overall.shares["Affirm"].value == pytest.approx(100)
    assert result.n_left_out == 1
    assert result.unreliable == {"language": 1}
    assert [item.reply_id for item in result.uncertain] == ["a"]


def test_replies_in_another_language_leave_summary_empathy_and_what_is_per_reply() -> None:
    foreign = {"reason": "language", "summary_probability": 1.0, "er": 2, "ip": 2, "ex": 2}
    english = [row(f"e{i}", "Affirm", supporter_id="A") for i in range(MIN_REPLIES)]
    other = [row(f"f{i}", "Warn", supporter_id="B", **foreign) for i in range(MIN_REPLIES)]
    mixed = [row("e0", "Warn", reason="language")]
    alone = profile(coded(english), n_resamples=50)
    both = profile(coded(english + other + mixed), n_resamples=50)
    assert both.overall == alone.overall
    assert both.overall.n_replies == MIN_REPLIES
    assert both.overall.miti["mi_adherent_per_reply"].value == pytest.approx(1)
    assert both.overall.shares["Summary"].value == 0
    assert both.empathy == {"er": (100, 0, 0), "ip": (100, 0, 0), "ex": (100, 0, 0)}
    assert (both.n_left_out, both.n_replies_left_out) == (MIN_REPLIES + 1, MIN_REPLIES)
    assert [cell.name for cell in both.supporters] == ["A"]
    assert both.n_hidden == {"supporter": 1}


def test_nothing_is_said_of_a_corpus_in_another_language() -> None:
    nothing = {"reason": "language", "summary_probability": "", "er": "", "ip": "", "ex": ""}
    result = profile(coded([row(f"f{i}", "Warn", **nothing) for i in range(9)]))
    assert {m.value for m in (result.overall.shares | result.overall.miti).values()} == {None}
    assert (result.overall.n_replies, result.empathy, result.uncertain) == (0, {}, ())


def test_one_thread_gives_no_interval() -> None:
    rows = [row(f"a{i}", "Affirm", 0.6, thread_id="t", group="one") for i in range(9)]
    alone = profile(coded(rows)).overall
    assert alone.n_threads == 1
    assert {measure.low for measure in alone.shares.values()} == {None}
    rows += [row(f"b{i}", "Affirm", 0.6, thread_id=f"u{i}", group="several") for i in range(9)]
    several, one = sorted(profile(coded(rows)).groups, key=lambda cell: -cell.n_threads)
    assert one.shares["Affirm"].value == pytest.approx(60)
    assert (one.shares["Affirm"].low, one.shares["Affirm"].high) == (None, None)
    low, high = bounds(several.shares["Affirm"])
    assert low < 60 < high


def test_summaries_have_a_share_and_no_interval() -> None:
    rows = [row(f"r{i}", "Affirm", summary_probability=i / 10) for i in range(11)]
    share = profile(coded(rows)).overall.shares["Summary"]
    assert (share.value, share.low, share.high) == (pytest.approx(50), None, None)


def test_sentences_to_check_show_the_code_though_another_is_more_probable() -> None:
    rare = row("a", "Affirm", 0.5) | {"code": "Warn", "p_WA": 0.3, "p_OT": 0.0}
    for name in PROBABILITY_COLUMNS:
        if name not in ("p_AF", "p_WA"):
            rare[name] = 0.2 / 13
    item = profile(coded([rare]), n_resamples=0).uncertain[0]
    assert (item.code, item.next) == ("Warn", "Affirm")
    assert (item.probability, item.next_probability) == pytest.approx((0.3, 0.5))


def test_least_certain_sentences_come_first_and_hold_text_only_on_request() -> None:
    rows = [row("a", "Affirm", 0.9, text="one"), row("b", "Warn", 0.4, text="two")]
    without, with_text = coded(rows), coded(rows, with_text=True)
    assert [(i.reply_id, i.text) for i in profile(without, n_resamples=0).uncertain] == [
        ("b", None),
        ("a", None),
    ]
    assert profile(with_text, n_resamples=0).uncertain[0].text == "two"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"p_QUO": "x"}, "column 'p_QUO': expected a number from 0 to 1"),
        ({"p_QUO": float("nan")}, "column 'p_QUO'"),
        ({"p_QUO": 0.9}, "do not sum to 1"),
        ({"id": ""}, "column 'id': empty"),
        ({"code": "QUO"}, "column 'code': expected the name of a code"),
        ({"er": 5}, "column 'er'"),
        ({"start": -1}, "column 'start'"),
        ({"model_version": "fast-test"}, "codes of 2 models"),
    ],
)
def test_damaged_rows_are_refused_by_name(cells: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        coded([row("a", "Affirm"), row("b", "Affirm") | cells])


def test_a_file_that_is_not_coded_is_refused() -> None:
    with pytest.raises(UserError, match="has no column 'p_QUO'"):
        CodedBuilder(["id", "code", "text"], "x.csv")


def test_no_rows_is_refused() -> None:
    with pytest.raises(UserError, match="has no rows"):
        CodedBuilder(["id", "code", *PROBABILITY_COLUMNS], "x.csv").build()
