"""Marks at which peers end a sentence: full stops, ellipses, emoji, laughter, items of a list.

Every look back or ahead is bounded, or taken once for a run of marks.
"""

from __future__ import annotations

import re as stdlib_re
from collections.abc import Iterator

import regex as re

_EMOJI_ONE = (
    r"(?:[\p{Extended_Pictographic}--[\u0023\u002a\u0030-\u0039\u00a9\u00ae\u2122]]"
    r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
    r"(?:\u200d\p{Extended_Pictographic}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*)*"
    r"|\p{Regional_Indicator}{2})"
)
_EMOTICON_ONE = (
    r"(?:(?<![^\s])[:;=][-'’^o]?[)(\]\[DPp/\\|3*oO]{1,8}|(?<=[\w!.])[:;]-?[()D]{1,8}|(?<!\S)(?:[(\[][:;=]|<[/\\]?3+|[xX]D+|\^[_.]?\^|"
    r"[Tt]_[Tt]|-_+-|¯\\_\(ツ\)_/¯))(?![^\s.,!?])"
)
_FACES = re.compile(
    rf"(?V1)(?:{_EMOJI_ONE}|{_EMOTICON_ONE})(?:\s*(?:{_EMOJI_ONE}|{_EMOTICON_ONE})){{0,200}}+"
)

_CLOSERS = r"[\"'”’»)\]*_~]{0,4}"
# Where a mark can begin: found first by the fast standard engine.
MARK_STARTS = stdlib_re.compile(
    r"[.!?:;=<^(\[¯؟\u2022\u2025\u2026\u203c-\u2fff\u3030\u303d\u3297\u3299\uff01\uff1f"
    r"\U0001f000-\U0001faff]|(?<!\S)\d|[xX]D|[Tt]_|-_|(?<=\s)(?:[lL][oOmM]|[rR][oO]|[hH][aAeE]|[xX])"
)
_MARK = re.compile(
    rf"""(?V1)
    (?P<face>{_EMOJI_ONE}|{_EMOTICON_ONE})
  | (?P<ellipsis>(?<!\.)\.{{2,}}+|(?<!…)…++)(?![!?])
  | (?P<glued>(?<=[a-z]{{2}})[.!?](?=[A-Z][a-z'’]|I\s)|(?<=[a-z])[!?]{{2,}}(?=[A-Za-z])
        |(?<=\s(?i:[iur]|me|ok|no|ill|op|id|hr|min|med|art))\.\s+(?=[^\W\d]))
  | (?P<laugh>(?<=\s)(?i:l+o+l+|lmf?ao+|rofl|(?:ha){{2,}}h?|(?:he){{2,}}h?
        |xo(?:xo)*|x{{2,3}})(?=\s))
  | (?P<bullet>(?<=\s)[•●▪◦‣](?=\s))
  | (?P<number>(?<![^\s])\(?(?P<value>\d{{1,2}})[.)](?=\s+\S))
    """,
    re.VERBOSE,
)
# A run of marks to its end, tried where no mark of `_MARK` begins: it ends a sentence if it has
# both `end` and `space`.
_RUN = re.compile(
    rf"[.…]*+(?P<end>[!?‽؟！？][.!?…‽؟！？]*+)?(?P<closed>{_CLOSERS})(?P<space>\s)?", re.VERSION1
)
_TWO_WORDS = re.compile(r"\S{1,200}+\s++\S")
_WORD = re.compile(r"\w")
# A word that carries the sentence on after an emoji ("love 🍕 and pasta").
_GOES_ON = re.compile(
    r"(?:and|or|of|to|in|on|with|for|at|is|are|was|were|than|from|as|by|emojis?|face|"
    r"when|if|because|bc|cuz)\b",
    re.IGNORECASE,
)
SUBJECT = (
    r"(?:i|you|u|we|he|she|they|it|that|this|there|my|your|ur|im|ive|ill|youre|its|thats|dont|"
    r"i['’]\w+|you['’]\w+|we['’]\w+|they['’]\w+|s?he['’]s|it['’]s|that['’]s|don['’]t)"
)
_CLAUSE = re.compile(
    rf"(?:what|how|why|do|did|have|are|is|can|{SUBJECT})\s++\S{{1,200}}+\s++\S", re.IGNORECASE
)


def candidates(line: str, library: list[int]) -> list[tuple[int, bool]]:
    """Offsets of possible cuts, ascending; False where a cut needs three words before it."""
    found: dict[int, bool] = dict.fromkeys(library, True)
    expected = 0
    for kind, mark, at in _marks(line):
        space = _after_spaces(line, at)
        if kind == "face":
            if not _GOES_ON.match(line, at) and _TWO_WORDS.match(line, at):
                found.setdefault(at, False)
        elif kind == "ellipsis":
            if _TWO_WORDS.match(line, space) and _WORD.match(line, space):
                found.setdefault(space, False)
        elif kind == "end":
            if not (mark["closed"] and line[space : space + 1].islower()):
                found[space] = True
        elif kind == "laugh":
            if _CLAUSE.match(line, space):
                found.setdefault(space, False)
        elif kind == "number":
            expected = _number(line, mark, expected, found)
        else:
            found[mark.start() if kind == "bullet" else at] = True
    return sorted(found.items())


def _marks(line: str) -> Iterator[tuple[str | None, re.Match[str], int]]:
    """Marks in order: the name of the kind, the match, and where the mark ends."""
    at = 0
    tried = 0  # A run of marks is tried once: up to here it ends no sentence.
    for begin in MARK_STARTS.finditer(line):
        start = begin.start()
        if start < at:
            continue
        if mark := _MARK.match(line, start):
            at = mark.end() if mark["face"] is None else after_faces(line, start)
            yield mark.lastgroup, mark, at
        elif start >= tried and (run := _RUN.match(line, start)):
            if run["end"] and run["space"]:
                at = run.end("closed")
                yield "end", run, at
            else:
                tried = run.start("closed")


def _number(line: str, mark: re.Match[str], expected: int, found: dict[int, bool]) -> int:
    """The number expected next, once the item that `mark` begins is cut before, never after it."""
    value, start = int(mark["value"]), mark.start()
    if value not in (1, expected) and start > 0:
        return expected
    found.pop(_after_spaces(line, mark.end()), None)
    if start > 0 and (
        value != 1 or line[max(0, start - 9) : start].rstrip()[-1:] in (":", "-", "–", "—")
    ):
        found[start] = True
    return value + 1


def after_faces(line: str, cut: int) -> int:
    """The offset after the emoji, the emoticons and the white space that begin at `cut`."""
    at = _after_spaces(line, cut)
    faces = _FACES.match(line, at)
    return _after_spaces(line, faces.end()) if faces else at


def _after_spaces(line: str, at: int) -> int:
    while at < len(line) and line[at].isspace():
        at += 1
    return at
