"""The page: self-contained, accessible, and silent about people."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from fake_coder import FakeCoder
from oarlock.codebook import CODES, REFLECTIONS, display_groups, families
from oarlock.coder.files.replies import Item
from oarlock.coder.miti import Measure
from oarlock.report.demo import made_up_forum
from oarlock.report.figures import Row, interval_chart, over_time
from oarlock.report.page import render
from oarlock.report.profile import Cell, Profile, profile
from oarlock.report.reference import CLINICAL, ONLINE_PEERS
from oarlock.report.reliability import CodeReliability, Reliability, load_reliability
from oarlock.report.sources import code_replies
from oarlock.report.words import percent, plain, show_interval, show_value, whole

WEAK = ("Simple Reflection", "Complex Reflection", "Warn")
RELIABILITY = Reliability(
    codes=tuple(
        CodeReliability(code.name, 0.5, 0.5, 0.13 if code.name in WEAK else 0.75, 90)
        for code in CODES
    ),
    n=1350,
    caption="Measured on a test.",
    others={"Summary": CodeReliability("summary", 0.9, 0.9, 0.9, 40)},
)
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "line", "circle", "rect"}


class Page(HTMLParser):
    """Tags with attributes, and text by tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def demo_profile() -> Profile:
    shown = made_up_forum()
    coded = code_replies(FakeCoder(), shown.replies, "demo", with_text=True)
    return profile(coded, n_resamples=100)


@pytest.fixture(scope="module")
def html(demo_profile: Profile) -> str:
    return render(
        demo_profile,
        title="replies & <more>.csv",
        reliability=RELIABILITY,
        made_on=date(2026, 3, 1),
    )


def test_page_loads_nothing(html: str) -> None:
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", html)
    assert not re.findall(r"url\((?!#)", html)
    assert "<script" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_names_of_files_are_escaped(html: str) -> None:
    assert "replies &amp; &lt;more&gt;.csv" in html
    assert "<more>" not in html


def test_text_stays_out_unless_asked_for(demo_profile: Profile, html: str) -> None:
    texts = [item.text.strip() for item in demo_profile.uncertain if item.text]
    assert len(texts) == 20
    assert "<blockquote" not in html
    with_text = render(demo_profile, title="demo", with_text=True)
    assert with_text.count("<blockquote") == 20


def test_headings_descend_one_step_at_a_time(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(html).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_ids_are_unique_and_links_lead_to_them(html: str) -> None:
    tags = Page(html).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    anchors = [attrs["href"] or "" for tag, attrs in tags if tag == "a"]
    assert anchors
    assert {anchor[1:] for anchor in anchors if anchor.startswith("#")} <= set(ids)


def test_every_figure_has_a_text_and_a_table(html: str) -> None:
    tags = Page(html).tags
    images = [attrs for _, attrs in tags if attrs.get("role") == "img"]
    assert len(images) >= 8
    assert all(len(attrs.get("aria-label") or "") > 20 for attrs in images)
    assert all(attrs.get("aria-hidden") == "true" for tag, attrs in tags if tag == "svg")
    assert sum(tag == "table" for tag, _ in tags) >= 6
    assert all(attrs.get("scope") for tag, attrs in tags if tag == "th")


def test_regions_that_scroll_can_be_reached_and_are_named(html: str) -> None:
    regions = [a for _, a in Page(html).tags if a.get("class") == "scroll"]
    assert regions
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in regions)


def test_page_says_what_the_coder_cannot_be_trusted_with(html: str) -> None:
    assert f"These codes are † unreliable: {', '.join(WEAK)}." in html
    assert "standard-test" in html
    assert "Measured on a test." in html


def test_figures_take_their_colours_from_the_page(html: str) -> None:
    figures = re.findall(r"<svg aria-hidden.*?</svg>", html, re.DOTALL)
    colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{3,6}|black|white)"', "".join(figures)))
    assert not colours


def test_codes_stand_in_four_groups_with_questions_and_reflections_apart(html: str) -> None:
    headings = re.findall(r'<tr class="group"><th[^>]*>([^:<]*?) ?(?:<span[^:]*)?:', html)
    assert headings == [group.name for group in display_groups()]
    table = html[html.index('<tr class="group">') : html.index('<section id="miti"')]
    rows = [row.strip() for row in re.findall(r'<tr><th scope="row">([^<]*)<', table)]
    assert rows == [name for group in display_groups() for name in group.codes]
    adherent = ", ".join(families()[0].codes)
    assert f"MI-adherent counts these codes: {adherent}." in html
    assert "Questions and reflections are counted apart." in html


def test_published_shares_stand_beside_with_their_source(html: str) -> None:
    for one in (CLINICAL, ONLINE_PEERS):
        for share in one.shares.values():
            assert f"{share:.1f} %" in html
    assert "Can, Atkins and Narayanan" in html


def test_page_without_threads_times_or_supporters_says_less() -> None:
    replies = [Item(i, str(i), "how are you? that sounds hard", None, {}) for i in range(3)]
    coded = code_replies(FakeCoder(), replies, "x")
    html = render(profile(coded, n_resamples=20), title="x")
    assert "By supporter" not in html
    assert "Week by week" not in html
    assert "The file names no threads" in html


@pytest.mark.parametrize(
    ("measure", "unit", "value", "interval"),
    [
        (Measure(12.34, 10.2, 15.6), "%", "12 %", "10 to 16 %"),
        (Measure(4.32, 3.14, 15.6), "%", "4.3 %", "3.1 to 15.6 %"),
        (Measure(1.14, 0.84, 1.58), "", "1.14", "0.84 to 1.58"),
        (Measure(1.14, 0.84, None), "", "1.14", "0.84 or more"),
        (Measure(0.001, 0.0, 3.2), "%", "under 0.1 %", "0 to 3.2 %"),
        (Measure(0.0, 0.0, 0.01), "%", "under 0.1 %", "under 0.1 %"),
        (Measure(0.001, 0.0, 0.31), "", "under 0.01", "0 to 0.31"),
        (Measure(0.0, 0.0, 0.001), "", "under 0.01", "under 0.01"),
        (Measure(12.02, 12.01, 12.04), "%", "12 %", "12.01 to 12.04 %"),
        (Measure(None, None, None), "", "too little to say", ""),
        (Measure(1.0, None, None), "", "1.00", ""),
    ],
)
def test_numbers_are_shown_as_exactly_as_they_are_known(
    measure: Measure, unit: str, value: str, interval: str
) -> None:
    assert show_value(measure, unit) == value
    assert show_interval(measure, unit) == interval


def test_round_numbers() -> None:
    assert (percent(9.96), percent(9.94), plain(10)) == ("10 %", "9.9 %", "10.0")
    assert [whole(share) for share in (0, 0.3, 42.4, 99.7, 100)] == [
        "0 %",
        "under 1 %",
        "42 %",
        "over 99 %",
        "100 %",
    ]


def made(text: str, n: int, **kept: str) -> Profile:
    replies = [Item(i, str(i), text, None, dict(kept)) for i in range(n)]
    return profile(code_replies(FakeCoder(), replies, "x"), n_resamples=20)


def test_page_says_that_one_thread_has_no_interval() -> None:
    html = render(made("how are you? that sounds hard", 6, thread_id="t", group="g"), title="x")
    assert "One thread: no interval can be given" in html
    assert "one thread: no interval" in html[html.index('<section id="groups"') :]
    assert "()" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_page_takes_summaries_as_a_rough_upper_figure(html: str) -> None:
    caution = "calibrated on made-up replies; take it as a rough upper figure"
    strip = html[html.index('<ul class="strip">') : html.index('<section id="codes"')]
    assert f"of replies, no interval: {caution}" in strip
    assert caution in html[html.index('<section id="trust"') :]


def test_page_says_nothing_where_nothing_was_read() -> None:
    coded = code_replies(FakeCoder(), made_up_forum().replies[:9], "x")
    coded.reasons = ["language"] * len(coded.reasons)
    html = render(profile(coded, n_resamples=20), title="x")
    assert "Too little to say: there is no sentence here that the coder could read." in html
    assert "of every 100" not in html.lower()
    assert "9 more replies hold no English sentence" in html


def test_long_names_that_begin_alike_stay_two_lines_on_a_phone() -> None:
    rows = [
        Row(f"Living with long-term illness, {part}", "", Measure(value, None, None), {})
        for part, value in (("part one", 10.0), ("part two", 30.0), ("constructor", 20.0))
    ]
    figure = interval_chart(rows, alt_text="x", title="share of sentences")
    assert figure.narrow.count("Living with long-t…") == 3
    assert figure.wide.count("Living with long-term") == 3


def section(html: str, name: str) -> str:
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


def test_head_of_the_page_says_what_cannot_be_relied_on(demo_profile: Profile, html: str) -> None:
    head = html[: html.index("<main")]
    n = demo_profile.overall.n_sentences
    n_weak = sum(demo_profile.n_by_code[code] for code in WEAK)
    assert 0 < n_weak < n
    assert f"{n_weak:,} of {n:,} sentences ({percent(100 * n_weak / n)}) carry a code" in head
    assert "measured F1 (1 is perfect, 0 is useless) of reflections is 0.13 for simple" in head
    assert "(†\u00a0unreliable) say back what" in head
    assert "Do not quote a share that is marked † unreliable" in head


def test_head_takes_its_scores_from_the_weights(demo_profile: Profile) -> None:
    shipped = load_reliability("standard")
    both = shipped.together(REFLECTIONS)
    assert both is not None
    assert both.f1 is not None
    html = render(demo_profile, title="x", reliability=shipped)
    assert f"found with a measured F1 of {both.f1:.2f}" in html
    for row in shipped.codes:
        if row.code in REFLECTIONS:
            assert f"{row.f1:.2f} for {row.code.lower()}" in html
    assert "of other weights" not in html[: html.index("<main")]
    others = load_reliability("standard-another")
    html = render(demo_profile, title="x", reliability=others)
    assert "These scores are of other weights" in html[: html.index("<main")]


def test_page_of_an_unmeasured_model_relies_on_nothing(demo_profile: Profile) -> None:
    html = render(demo_profile, title="x")
    assert "Nobody has measured how well this model finds each code." in html
    assert "† not measured" in section(html, "oars")
    assert "† unreliable" not in html


def test_unreliable_codes_are_marked_in_every_table_and_figure(html: str) -> None:
    figures = re.findall(r'<div class="(?:wide|narrow)">(.*?)</div>', section(html, "codes"), re.S)
    assert len(figures) == 2
    for figure in figures:
        assert figure.count("† unreliable") == len(WEAK)
    table = section(html, "codes").split("<table")[1]
    for code in CODES:
        row = table[table.index(f'<th scope="row">{code.name}') :]
        assert ("† unreliable" in row[: row.index("</th>")]) is (code.name in WEAK)
    assert 'MI-non-adherent <span class="flag">‡ partly unreliable</span>: ' in table
    assert "MI-adherent: " in table
    for name in ("time", "groups", "supporters"):
        part = section(html, name)
        assert "‡ partly unreliable" in part[: part.index("<figcaption")]
        columns = dict(
            re.findall(r'class="n">([A-Z][^<]*?) ?(?:<span class="flag">([^<]*))?<', part)
        )
        assert columns["Reflections"] == "† unreliable"
        assert columns["Reflections per question"] == "† unreliable"
        assert columns["MI-non-adherent sentences"] == "‡ partly unreliable"
        assert columns["Open questions"] == columns["Affirmations"] == ""
    strip = section(html, "oars")
    assert strip.count('<span class="flag">† unreliable</span>') == 1
    assert "eflections († unreliable): " in strip
    checks = section(html, "check")
    n_marked = checks.count("† unreliable")
    assert n_marked == sum(len(re.findall(f"<td>{code} <span", checks)) for code in WEAK) > 0


def test_a_figure_without_unreliable_codes_has_no_hollow_dot() -> None:
    rows = [Row("Affirm", "", Measure(10.0, 8.0, 12.0), {})]
    plain_figure = interval_chart(rows, alt_text="x", title="share")
    flagged = [Row("Affirm", "", Measure(10.0, 8.0, 12.0), {}, "† unreliable")]
    hollow = interval_chart(flagged, alt_text="x", title="share")
    assert 'fill="var(--surface, #fefefe)"' in hollow.wide
    assert 'fill="var(--surface, #fefefe)"' not in plain_figure.wide


def test_every_figure_and_table_has_a_caption(html: str) -> None:
    tables = re.findall(r"<table[^>]*>\s*<(\w+)", html)
    assert len(tables) >= 7
    assert set(tables) == {"caption"}
    figures = re.findall(r"<figure>.*?</figure>", html, re.S)
    assert len(figures) == 4
    assert all("<figcaption>" in figure for figure in figures)
    groups = section(html, "groups")
    assert "an open question, an affirmation or a reflection" in groups[groups.index("<figcapt") :]


def test_weeks_are_drawn_on_one_scale() -> None:
    def cell(week: str, **values: float) -> Cell:
        shares = {name: Measure(v, v - 1, v + 1) for name, v in values.items()}
        return Cell(week, 9, 90, 9, shares, {})

    weeks = [cell(f"2026-03-{day:02}", Affirm=4.0, Warn=70.0) for day in (2, 9, 16)]
    figure = over_time(weeks, [("Affirm", "A", ""), ("Warn", "W", "")], alt_text="x")
    for drawing in (figure.wide, figure.narrow):
        ticks = re.findall(r">(\d+) %<", drawing)
        assert len(ticks) > 4
        assert ticks[: len(ticks) // 2] == ticks[len(ticks) // 2 :]


def test_page_says_in_words_what_was_left_out(demo_profile: Profile, html: str) -> None:
    assert "do not look like English" not in html[: html.index("<main")]
    coded = code_replies(FakeCoder(), made_up_forum().replies, "x")
    coded.reasons = ["language" if reply < 3 else "" for reply in coded.reply]
    n_left_out = coded.reasons.count("language")
    html = render(profile(coded, n_resamples=0), title="x")
    n = len(coded.reply)
    assert (
        f"The file holds {n} sentences. The coder reads English only: {n_left_out} do not look "
        "like English"
    ) in html
    assert f"every share is of the other {n - n_left_out}." in html
    assert "3 replies have no English sentence" in html


def test_page_of_two_threads_says_that_it_is_too_little() -> None:
    rows = [Item(i, str(i), "hi there", None, {"thread_id": f"t{i % 2}"}) for i in range(6)]
    html = render(profile(code_replies(FakeCoder(), rows, "x"), n_resamples=50), title="x")
    assert "Too little to say: so few threads are here" in html
    assert "0 to 100" not in html


def test_a_tiny_corpus_shows_no_exact_zero() -> None:
    html = render(made("how are you? that sounds hard", 5, group="g"), title="x")
    body = re.sub(r"<(style|svg).*?</\1>|style=\"[^\"]*\"", "", html, flags=re.S)
    assert not re.search(r"\b0\.00?\b(?! for)", body)
    assert "more than 0" not in body
    assert not re.search(r"\b0 to 0(\.0+)?(?![\d.])", body)
