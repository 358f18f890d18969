"""Sentence spans: exact tiling, stable pieces, linear work, and the habits of peer writing."""

from __future__ import annotations

import re as stdlib_re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import regex as re
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sentencex import get_sentence_boundaries

from oarlock.coder.sentences import RUN_ON, WINDOW, Span, cutting, marks, split

PARTS = st.sampled_from(
    ["i", "you", "and i", "but", "lol", "haha ", "... ", "…", ". ", ".", "!", "? ", "\n", " "]
    + ["\n\n", "\r\n", "\t", "\u2028", "\u200d", "😊", "👍🏽", "❤️", "🇬🇧", ":)", " :( ", "<3"]
    + ['"', "“", "”", "'", "(", ")", "[", "](http://a.b)", "https://x.y/z?a=b. ", "a@b.co "]
    + ["1. ", "2) ", "- ", "• ", "&gt; ", "> ", "Dr. ", "e.g. ", "你好。", "，", "مرحبا؟ "]
    + ["है। ", "because it hurts ", "x" * 50, "\ud83d", "\x00", "*", "---", "I ", "Then ", "5"]
    + ["«", "»", "‘", "’", "\xa0", "\u3000", "word "]
)
PEER_TEXT = st.lists(PARTS, max_size=80).map("".join) | st.text(max_size=200)


def pieces(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split(text)]


@settings(max_examples=150)
@given(PEER_TEXT)
@example("")
@example(" \n ")
def test_split_tiles_the_text(text: str) -> None:
    spans = split(text)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]


@settings(max_examples=150)
@given(PEER_TEXT)
@example("a. “b. c. d " * 40)
def test_split_of_a_piece_gives_that_piece(text: str) -> None:
    for span in split(text):
        piece = text[span.start : span.end]
        assert split(piece) == [Span(0, len(piece))]
        start, end = span.strip(text)
        assert len(split(text[start:end])) == (1 if end > start else 0)


@settings(max_examples=100)
@given(PEER_TEXT)
def test_strip_gives_the_trimmed_bounds(text: str) -> None:
    for span in split(text):
        start, end = span.strip(text)
        assert span.start <= start <= end <= span.end
        assert text[start:end] == text[span.start : span.end].strip()


def test_white_space_belongs_to_the_sentence_before_and_at_the_start_to_the_first() -> None:
    assert pieces("  one way.  Two ways. \n") == ["  one way.  ", "Two ways. \n"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i am so sorry. you are not alone", ["i am so sorry. ", "you are not alone"]),
        ("why?? no!! omg ok", ["why?? ", "no!! ", "omg ok"]),
        ("first line\nsecond line\r\n\nthird", ["first line\n", "second line\r\n\n", "third"]),
        ("how r u. im ok", ["how r u. ", "im ok"]),
        ("it is ok.Then you rest", ["it is ok.", "Then you rest"]),
        ("what??no way", ["what??", "no way"]),
        ("i feel you... it sucks so bad", ["i feel you... ", "it sucks so bad"]),
        ("i get it…its so hard to do", ["i get it…", "its so hard to do"]),
        ("well... maybe", ["well... maybe"]),
        ("that is rough 😢 i have been there", ["that is rough 😢 ", "i have been there"]),
        ("How are you? 😊😊 I am fine", ["How are you? 😊😊 ", "I am fine"]),
        ("i love 🍕 and pizza", ["i love 🍕 and pizza"]),
        ("keep on going :) you can do this", ["keep on going :) ", "you can do this"]),
        ("family 👨‍👩‍👧 matters", ["family 👨‍👩‍👧 matters"]),
        ("thats so true lol i did the same", ["thats so true lol ", "i did the same"]),
        ("lol yes", ["lol yes"]),
        ("try this: 1. water 2. sleep", ["try this: ", "1. water ", "2. sleep"]),
        ("- water\n- sleep", ["- water\n", "- sleep"]),
        ("plan • water • sleep", ["plan ", "• water ", "• sleep"]),
        ('She said "I quit. I am done." and left. Ok', None),
        ("see https://a.bc/d?e=1.f! It helps", ["see https://a.bc/d?e=1.f! ", "It helps"]),
        ("write to a.b@c.org. Take care", ["write to a.b@c.org. ", "Take care"]),
        ("[a list. of help](https://x.y/a.b) is here. Read it", None),
        ("&gt; you said hi. I am here.\nthanks", ["&gt; you said hi. I am here.\n", "thanks"]),
        ("that f!cking hurts", ["that f!cking hurts"]),
        ("it was 3.5 hours, e.g. with Dr. Smith", ["it was 3.5 hours, e.g. with Dr. Smith"]),
        ("你好。你好吗？我很好！", ["你好。", "你好吗？", "我很好！"]),
        ("हैलो। क्या हाल है?", ["हैलो। ", "क्या हाल है?"]),
        ("مرحبا. كيف حالك؟ أنا بخير", ["مرحبا. ", "كيف حالك؟ ", "أنا بخير"]),
        ("❤️\nyou got this", ["❤️\n", "you got this"]),
        ("---\nhello\n---\nworld", ["---\nhello\n---\n", "world"]),
        ("...", ["..."]),
    ],
)
def test_split_follows_the_habits_of_peers(text: str, expected: list[str] | None) -> None:
    if expected is None:
        assert len(split(text)) == 2
    else:
        assert pieces(text) == expected


def test_a_long_run_on_is_cut_before_clauses_and_a_short_one_is_not() -> None:
    clause = "and i just want you to know that it will pass "
    assert len(split(clause * 5)) == 1
    cut = pieces(clause * 40)
    assert max(map(len, cut)) <= RUN_ON
    assert all(piece.startswith("and i ") for piece in cut)


def test_a_link_longer_than_every_limit_is_never_cut() -> None:
    link = "https://example.org/" + "a.b?c!d," * 2000
    assert pieces(f"Look here. {link} Then rest.")[1].startswith(link)


def test_a_lone_surrogate_and_a_nul_are_kept() -> None:
    assert pieces("a\ud83d day. And\x00 night.") == ["a\ud83d day. ", "And\x00 night."]


def test_a_panic_of_the_library_leaves_our_own_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(*_: object) -> None:
        raise PanicException

    monkeypatch.setattr(cutting, "get_sentence_boundaries", panic)
    assert pieces("oh no! you are ok") == ["oh no! ", "you are ok"]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "word and ",
        "Hi there. ",
        "“a. ",
        "你。",
        "a...a",
        "1. ",
        "😊",
        '"a. b" ',
        "(a. ",
        ":) ",
    ],
)
def test_work_is_linear_in_one_line(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    length = 100_000
    seen: list[int] = []
    library = get_sentence_boundaries
    cut = cutting._cuts

    def counted(language: str, window: str) -> object:
        # The library's own cost may grow with the square of what it sees.
        assert len(window) <= WINDOW
        seen.append(len(window))
        return library(language, window)

    def counted_cuts(line: str) -> list[int]:
        seen.append(len(line))
        return cut(line)

    monkeypatch.setattr(cutting, "get_sentence_boundaries", counted)
    monkeypatch.setattr(cutting, "_cuts", counted_cuts)
    text = (unit * length)[:length]
    assert "".join(pieces(text)) == text
    assert sum(seen) <= 8 * length


class Counted:
    """A pattern, or `_after_spaces`, that adds up how many characters its looks take in."""

    def __init__(self, inner: Any, looked: list[int]) -> None:
        self.inner = inner
        self.looked = looked

    def __call__(self, line: str, at: int) -> int:
        end: int = self.inner(line, at)
        self.looked.append(end - at + 1)
        return end

    def finditer(self, line: str, *bounds: int) -> Iterator[Any]:
        self.looked.append(len(range(len(line))[slice(*(bounds or (0, None)))]))
        return iter(self.inner.finditer(line, *bounds))

    def search(self, line: str, start: int = 0, end: int | None = None) -> Any:
        found = self.inner.search(line, start, len(line) if end is None else end)
        first, last = start, len(line) if end is None else end
        if found and self.inner.pattern.startswith("(?r)"):
            first = found.start()
        elif found:
            last = found.end()
        self.looked.append(max(0, last - first) + 1)
        return found

    def match(self, line: str, start: int = 0) -> Any:
        found = self.inner.match(line, start)
        reach = found.end() - start if found else 1
        # Where nothing matches, the look went as far as more text could still have made a match.
        while not found and start + reach < len(line):
            part = self.inner.match(line, start, start + reach, partial=True)
            if part is None or not part.partial:
                break
            reach *= 2
        self.looked.append(reach)
        return found

    def sub(self, new: str, line: str) -> str:
        self.looked.append(len(line))
        return str(self.inner.sub(new, line))


def looked_at(text: str) -> int:
    """Returns how many characters all looks of one split take in together."""
    looked: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        for module in (cutting, marks):
            for name, value in list(vars(module).items()):
                if isinstance(value, re.Pattern | stdlib_re.Pattern) or name == "_after_spaces":
                    patch.setattr(module, name, Counted(value, looked))
        cuts = tuple(Counted(pattern, looked) for pattern in cutting._RUN_ON_CUTS)
        patch.setattr(cutting, "_RUN_ON_CUTS", cuts)
        split(text)
    return sum(looked)


HOSTILE = (
    ["!", "?!", "... ", "...!?", "….", "!a", " !", "! ", "..a", "(", '"', "“", "‘", "[a](", ":)"]
    + [
        "😀",
        "😀a",
        "👨\u200d",
        "🇬🇧",
        "❤\ufe0f",
        "1. ",
        "2) ",
        "- ",
        "-_",
        "http://a ",
        "www.",
        "a@",
    ]
    + [
        "a.com ",
        "lol ",
        "lo",
        "hahaha ",
        "a.b.",
        "&gt; ",
        "\n",
        "你。",
        "，",
        " ",
        "\u200b",
        "\u3000",
    ]
    + ['!" ', "?*", "• ", "<3", "and i ", '!?... “a :) 1. - http://a 😀 lol &gt; 你。("']
)


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("hi you ", " ok"), ("a", "!a")])
def test_looks_grow_no_faster_than_one_line(unit: str, before: str, after: str) -> None:
    short, long = (before + unit * (size // len(unit)) + after for size in (1_000, 4_000))
    # Four times the text: four times the looks, and a few more rounds; sixteen if looks repeat.
    assert looked_at(long) <= 10 * looked_at(short) + 1_000


@pytest.mark.parametrize(
    "build",
    [
        lambda size: "aaa " + " !" * size + "a",
        lambda size: "hi you " + "." * size + "!a",
        lambda size: "a " + "lo" * size + "x",
        lambda size: "-" + " " * size + "b😀" * size,
        lambda size: "a" + " " * size + "b😀" * size,
    ],
)
def test_a_look_that_fails_is_not_taken_again(build: Callable[[int], str]) -> None:
    assert looked_at(build(2_000)) <= 10 * looked_at(build(500)) + 1_000


def test_a_line_of_a_megabyte_tiles() -> None:
    text = ("i know how that feels " * 50_000)[:1_000_000]
    spans = split(text)
    assert spans[0].start == 0
    assert spans[-1].end == len(text)
    assert max(span.end - span.start for span in spans) <= RUN_ON
