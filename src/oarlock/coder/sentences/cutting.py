"""The text cut into sentences: ends that are found, less those that would cut something whole.

`sentencex` finds the sentence ends of edited prose, `marks` what informal writing adds. This module
takes back the boundaries that would cut a link, a quotation or the number of a list item.

Cost is linear in the length of the text: `sentencex` sees windows of at most `WINDOW` characters
(its own cost grows with the square of the text for some scripts and for unclosed quotation marks),
and every look back or ahead is bounded, or taken once for a run of marks and once for a piece.
"""

from __future__ import annotations

import re as stdlib_re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import regex as re
from sentencex import get_sentence_boundaries

from oarlock.coder.sentences.marks import MARK_STARTS, SUBJECT, after_faces, candidates

WINDOW = 2048
"""Most characters that one call of `sentencex` sees."""

LONGEST_QUOTED_LINE = 600
"""A line quoted with ">" stays whole up to this many characters."""

RUN_ON = 400
"""A piece without any boundary is cut before a clause only above this many characters.

About 75 words; the longest of 1,012 peer sentences cut by hand has 71.
"""

_RUN_ON_FROM, _RUN_ON_TO = 60, 280
_MAX_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open character span, white space after the sentence included."""

    start: int
    end: int

    def strip(self, text: str) -> tuple[int, int]:
        """Half-open bounds without the white space around the sentence.

        Args:
            text: The text that the span was cut from.

        Returns:
            Start and end; an empty pair at `start` where the span holds white space alone.
        """
        piece = text[self.start : self.end]
        start = self.start + len(piece) - len(piece.lstrip())
        return (start, start + len(piece.strip())) if piece.strip() else (self.start, self.start)


_NEWLINES = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_LINE = re.compile(rf"[^{_NEWLINES}]+")
_QUOTED_LINE = re.compile(r"(?:&gt;|>)(?!\s*[:;.]?[(\[<])")
_ODD = re.compile(r"[^\S ]|[\ud800-\udfff]")
_CONTENT = re.compile(r"[^\W_]|\p{Extended_Pictographic}|\p{Regional_Indicator}")
_LAST_CONTENT = re.compile(rf"(?r){_CONTENT.pattern}")

_ADDRESS = stdlib_re.compile(r"@|\w\.(?:com|org|net|edu|gov|io|co|uk|me|info)\b")
_KEEP_STARTS = stdlib_re.compile(r"http|www\.|[\[\"“«(&‘]|(?<!\w)'")
_KEEP = re.compile(
    r"""(?V1)
    (?:https?://|www\.)[^\s<>。！？，、；]+
  | \[[^\[\]]{1,300}\]\([^()\s]{1,2000}\)
  | (?<![^\s(\[*_])"(?=\S)[^"]{1,300}(?<=\S)"(?!\w)
  | “[^“”]{1,300}”
  | «[^«»]{1,300}»
  | (?<![^\s(])['‘](?=\S)[^'’‘]{1,200}(?<=[.!?,…])['’](?!\w)
  | (?<![:;=8\-'’^])\((?![:;=])[^()]{1,200}\)
  | &(?:[a-zA-Z]{2,8}|\#x?[0-9a-fA-F]{1,6});
  | (?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}
  | (?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:com|org|net|edu|gov|io|co|uk|me|info)\b
    (?:/\S*)?
    """,
    re.VERBOSE,
)
_MARKER = re.compile(r"\s*(\(?(?:\d{1,3}|[a-zA-Z])[.)]|[-*+•●▪◦‣]|&gt;|>)\s*")
_THREE_WORDS = re.compile(r"(?:\S{1,200}+\s++){2}\S")
_JOINT = (
    r"(?:and|but|so|because|cause|cuz|bc|then|or|also|plus|though|although|yet|if|when|while|since)"
)
_RUN_ON_CUTS = (
    re.compile(rf"\s++(?={_JOINT}\s+{SUBJECT}\b)", re.IGNORECASE),
    re.compile(r"[;,]\s+|[，、；]\s*|\s++[-–—]++\s++"),
    re.compile(rf"\s++(?={_JOINT}\s)", re.IGNORECASE),
    re.compile(r"\s+"),
)


def split(text: str) -> list[Span]:
    """Spans of the sentences, in order, that tile the text.

    Boundaries are the ends of sentences (with or without a capital after them), new lines, ellipses
    and emoji between two clauses, laughter before a new clause, and list items. Links, addresses,
    short quotations, short brackets and lines quoted with ">" stay whole.

    Every character lies in exactly one span: white space belongs to the sentence before it, leading
    white space to the first. Splitting a piece again, with or without the white space around it,
    gives that piece.

    Args:
        text: Any text, of any length and script.

    Returns:
        Spans; none for the empty text, one for white space alone.
    """
    if not text:
        return []
    starts: list[int] = []
    for line in _LINE.finditer(text):
        raw = line.group()
        content = raw.strip()
        if content:
            start = line.start() + len(raw) - len(raw.lstrip())
            starts.extend(start + offset for offset in _line_starts(content))
    starts = [0, *_drop_bare(text, starts)[1:]]
    return [Span(a, b) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def _drop_bare(text: str, starts: list[int]) -> list[int]:
    """Starts without those of pieces that hold no letter, number or emoji ("---")."""
    if not starts:
        return []
    kept: list[int] = []
    bare_first = False
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        bare = _CONTENT.search(text, start, end) is None
        if not kept:
            kept.append(start)
            bare_first = bare
        elif bare:
            continue
        elif bare_first:
            bare_first = False
        else:
            kept.append(start)
    return kept


def _line_starts(line: str) -> Iterator[int]:
    """Starts of the pieces of one line, cut again until no piece can be cut further."""
    stack = [(0, len(line), 0)]
    while stack:
        start, end, rounds = stack.pop()
        piece = line[start:end].rstrip()
        cuts = [] if rounds >= _MAX_ROUNDS or _is_plain(piece) else _cuts(piece)
        if not cuts:
            yield start
            continue
        edges = [0, *cuts, end - start]
        for a, b in reversed(list(pairwise(edges))):
            stack.append((start + a, start + b, rounds + 1))


def _is_plain(piece: str) -> bool:
    """Whether no rule can cut the piece: short, ASCII, and no mark before its closing ones."""
    return (
        len(piece) <= RUN_ON and piece.isascii() and MARK_STARTS.search(piece.rstrip(".!?")) is None
    )


def _cuts(line: str) -> list[int]:
    """Offsets at which a stripped line is cut, ascending."""
    if len(line) <= LONGEST_QUOTED_LINE and _QUOTED_LINE.match(line):
        return []
    sane = line if line.isascii() and line.isprintable() else _ODD.sub(" ", line)
    wanted = _library_cuts(sane)
    keep = _kept_whole(sane)
    cuts: list[int] = []
    last = 0
    marker, content, words = _least(sane, last)
    for cut, certain in candidates(sane, wanted):
        after = after_faces(sane, cut)
        if after <= last or after >= len(sane) or _inside(keep, after):
            continue
        if after in marker or after < (content if certain else max(content, words)):
            continue
        cuts.append(after)
        last = after
        marker, content, words = _least(sane, last)
    if cuts and not _CONTENT.search(sane, cuts[-1]):
        cuts.pop()
    return _with_run_ons(sane, cuts, keep)


def _least(line: str, start: int) -> tuple[range, int, int]:
    """What a piece from `start` needs, looked for once: more than a list marker, content, words.

    Returns:
        Ends at which it is a list marker alone, and the least ends with content and three words.
    """
    marker = _MARKER.match(line, start)
    content = _CONTENT.search(line, start)
    words = _THREE_WORDS.match(line, start)
    return (
        range(marker.end(1), marker.end() + 1) if marker else range(0),
        content.end() if content else len(line),
        words.end() if words else len(line),
    )


def _library_cuts(line: str) -> list[int]:
    """Cuts of `sentencex`, found in windows so that the cost stays linear."""
    cuts: list[int] = []
    start = 0
    while start < len(line):
        window = line[start : start + WINDOW]
        whole = start + len(window) == len(line)
        inner = [start + cut for cut in _window_cuts(window)]
        if whole:
            cuts.extend(inner)
            break
        # The last cuts of a window lack their right context: the next window begins at one of them.
        half = bisect_left(inner, start + WINDOW // 2)
        if half < len(inner):
            cuts.extend(inner)
            start = inner[-1]
        else:
            cuts.extend(inner)
            space = window.rfind(" ", WINDOW // 2)
            start += space + 1 if space >= 0 else len(window)
    return cuts


def _window_cuts(window: str) -> list[int]:
    try:
        return [piece["end_index"] for piece in get_sentence_boundaries("en", window)][:-1]
    except BaseException as error:
        # A panic of the library derives from BaseException. Our own marks still apply.
        if type(error).__name__ != "PanicException":
            raise
        return []


def _kept_whole(line: str) -> list[tuple[int, int]]:
    """Ascending, disjoint spans of links, addresses, quotations and short brackets."""
    if _ADDRESS.search(line):
        return [match.span() for match in _KEEP.finditer(line)]
    spans: list[tuple[int, int]] = []
    at = 0
    for begin in _KEEP_STARTS.finditer(line):
        match = _KEEP.match(line, begin.start()) if begin.start() >= at else None
        if match is not None:
            spans.append(match.span())
            at = match.end()
    return spans


def _inside(spans: list[tuple[int, int]], cut: int) -> bool:
    """Whether a cut falls strictly inside one of the ascending, disjoint spans."""
    index = bisect_left(spans, (cut, -1)) - 1
    return index >= 0 and spans[index][0] < cut < spans[index][1]


def _with_run_ons(line: str, cuts: list[int], keep: list[tuple[int, int]]) -> list[int]:
    """Cuts with those added that break pieces longer than `RUN_ON` before a clause."""
    result: list[int] = []
    edges = [0, *cuts, len(line)]
    for start, end in pairwise(edges):
        at = start
        final = _LAST_CONTENT.search(line, start, end) if end - start > RUN_ON else None
        while final is not None and end - at > RUN_ON:
            cut = _clause_cut(line, at, final.start(), keep)
            if cut is None:
                break
            result.append(cut)
            at = cut
        if end < len(line):
            result.append(end)
    return result


def _clause_cut(line: str, start: int, final: int, keep: list[tuple[int, int]]) -> int | None:
    """The cut after `start` before a clause, with the content at `final` still behind it."""
    for pattern in _RUN_ON_CUTS:
        found: int | None = None
        for match in pattern.finditer(line, start + _RUN_ON_FROM, start + _RUN_ON_TO):
            if match.end() <= final and not _inside(keep, match.end()):
                found = match.end()
        if found is not None:
            return found
    return None
