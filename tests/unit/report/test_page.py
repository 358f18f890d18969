"""The page: self-contained, accessible, and silent about people."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from fake_coder import FakeCoder
from oarlock.codebook import display_groups, families
from oarlock.coder.files.replies import Item
from oarlock.coder.miti import Measure
from oarlock.coder.weights import MIN_SUPPORT, RELIABLE_F1
from oarlock.report.demo import made_up_forum
from oarlock.report.figures import Row, interval_chart
from oarlock.report.page import percent, plain, render, show_interval, show_value
from oarlock.report.profile import Profile, profile
from oarlock.report.reference import CLINICAL, ONLINE_PEERS
from oarlock.report.reliability import CodeReliability, read_reliability
from oarlock.report.sources import code_replies

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
    reliability = [
        CodeReliability("Affirm", 0.8, 0.7, 0.75, 90),
        CodeReliability("Warn", 0.2, 0.1, 0.13, 40),
    ]
    return render(
        demo_profile,
        title="replies & <more>.csv",
        reliability=reliability,
        reliability_caption="Measured on a test.",
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
    assert "Take these codes as a hint at most: Warn." in html
    assert "standard-test" in html
    assert "Measured on a test." in html


def test_figures_take_their_colours_from_the_page(html: str) -> None:
    figures = re.findall(r"<svg aria-hidden.*?</svg>", html, re.DOTALL)
    colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{3,6}|black|white)"', "".join(figures)))
    assert not colours


def test_codes_stand_in_four_groups_with_questions_and_reflections_apart(html: str) -> None:
    headings = re.findall(r'<tr class="group"><th[^>]*>([^:<]*):', html)
    assert headings == [group.name for group in display_groups()]
    table = html[html.index('<tr class="group">') : html.index('<section id="miti"')]
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th>', table)
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
        (Measure(1.14, 0.84, None), "", "1.14", "more than 0.84"),
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


def test_reliability_is_read_from_the_metrics_of_the_weights() -> None:
    scores: dict[str, Any] = {"precision": 0.5, "recall": None, "f1": 0.6, "support": 50}
    content: dict[str, Any] = {"standard": {"codes": {"per_class": {"Affirm": scores}}}}
    for version in ("standard-7", ""):
        rows, caption = read_reliability(content, version)
        assert rows == (CodeReliability("Affirm", 0.5, None, 0.6, 50),)
        assert caption.startswith("Measured on")
        assert "other weights" not in caption
    assert read_reliability(content, "fast-7") == ((), "")
    content["release"] = "7"
    assert "other weights" not in read_reliability(content, "standard-7")[1]
    assert (
        "of other weights: release 7, while standard-own-1 coded"
        in (read_reliability(content, "standard-own-1")[1])
    )


@pytest.mark.parametrize(
    ("f1", "support", "words"),
    [
        (None, 50, "a hint at most"),
        (RELIABLE_F1 - 0.01, 50, "a hint at most"),
        (0.9, MIN_SUPPORT - 1, "a hint at most"),
        (RELIABLE_F1, MIN_SUPPORT, "fair"),
        (0.7, 50, "good"),
    ],
)
def test_a_hint_at_most_is_what_the_coder_flags(f1: float | None, support: int, words: str) -> None:
    one = CodeReliability("Warn", None, None, f1, support)
    assert one.words == words
    assert one.is_weak is (words == "a hint at most")
