"""What a text says once disguise is taken off it: the two views that screening reads.

`light` keeps case, digits and signs, for addresses and names. `plain` is in lower case, with
contractions, slang, misspelling, emoji, letters that stand for others and markup resolved, so that
a pattern is written once. Neither is ever stored.
"""

from __future__ import annotations

import html
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

#: Characters that are read; of a longer text, so many from its start and as many from its end.
MAX_CHARACTERS: Final = 120_000

# Look-alikes of Latin letters (Unicode UTS 39, confusables): Cyrillic and Greek that people use.
_LOOKALIKES: Final = str.maketrans(
    "аАеЕоОрРсСуУхХіІјЈѕЅкКмМтТвВнНԁɡɩαΑεΕοΟρΡιΙκΚνυτΤχΧηΜΝΒΗΖ",
    "aAeEoOpPcCyYxXiIjJsSkKmMtTbBhHdgiaAeEoOpPiIkKvutTxXnMNBHZ",
)
_LEET: Final = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b",
                              "@": "a", "$": "s", "!": "i", "|": "l", "+": "t", "€": "e",
                              "£": "l", "(": "c", "¡": "i", "9": "g", "6": "g"})  # fmt: skip
_QUOTES: Final = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"',
     "»": '"', "…": ". ", "–": " - ", "—": " - ", "\r": "\n", "\t": " ", "\u2028": "\n",
     "\u2029": "\n"}
)  # fmt: skip

_TAG = re.compile(r"<(?:!--|/?[a-zA-Z])[^<>]{0,300}>")
_OVERRIDDEN = re.compile("\u202e([^\u202c\u202e\n]{1,400})")
_MIXED = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z]")
_SPACED = re.compile(r"(?<!\w)(?:\w[ .\-_*·|]{1,2}){2,30}\w(?!\w)")
_SINGLE = re.compile(r"[^\W\d_]")
_SIGNS = r"\w*#@$!|+€£(¡.\-"
_DISGUISED = re.compile(rf"(?<![{_SIGNS}])[{_SIGNS}]{{2,40}}(?![{_SIGNS}])")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")
_WORD = re.compile(r"[a-z]+")
_TOKEN = re.compile(r"[a-z0-9]+")
_CONTRACTION = re.compile(r"\b([a-z]+)'(t|m|ve|re|ll|d|s)\b")
_ENDINGS: Final = {"m": " am", "ve": " have", "re": " are", "ll": " will", "d": " would"}
_IRREGULAR: Final = {
    "can't": "can not",
    "won't": "will not",
    "ain't": "am not",
    "shan't": "will not",
}
_SPACE = re.compile(r"[^\S\n]+")
_NEWLINES = re.compile(r"\s*\n\s*")
_MARKUP = re.compile(r"[*_~#`\\|^=\[\]{}]+")
_OTHER = re.compile(r"[^\w\s.,!?;:\"@>()/-]+")


@dataclass(frozen=True, slots=True)
class Views:
    """One text as the patterns read it.

    Attributes:
        light: Case, digits and signs kept; disguise of characters taken off.
        plain: Lower case, expanded and spelt out; lines end in a newline.
        truncated: The middle of a text over `MAX_CHARACTERS` was not read.
    """

    light: str
    plain: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class _Spelling:
    words: dict[str, str]
    emoji: dict[str, str]
    vocabulary: frozenset[str]
    emoji_pattern: re.Pattern[str]


@cache
def _spelling() -> _Spelling:
    raw = tomllib.loads((files("oarlock.safety") / "spelling.toml").read_text(encoding="utf-8"))
    words = {variant: meant for group in raw["group"] for variant, meant in group["words"].items()}
    emoji = {sign: f" {meant} " for sign, meant in raw["emoji"]["signs"].items()}
    vocabulary = frozenset(raw["disguised"]["words"]) | words.keys()
    longest_first = sorted(emoji, key=len, reverse=True)
    return _Spelling(words, emoji, vocabulary, re.compile("|".join(map(re.escape, longest_first))))


def views(text: str) -> Views:
    """Return the two views of a text."""
    truncated = len(text) > MAX_CHARACTERS
    if truncated:
        text = f"{text[: MAX_CHARACTERS // 2]}\n{text[-MAX_CHARACTERS // 2 :]}"
    light = _light(text)
    plain = _plain(light)
    if len(plain) > MAX_CHARACTERS * 3 // 2:  # nothing but signs that stand for words
        plain = f"{plain[: MAX_CHARACTERS // 2]}\n{plain[-MAX_CHARACTERS // 2 :]}"
        truncated = True
    return Views(light, plain, truncated)


def _light(text: str) -> str:
    # A right-to-left override shows its letters backwards: read them both ways.
    overridden = [found[::-1] for found in _OVERRIDDEN.findall(text)]
    if overridden:
        text = "\n".join([text, *overridden])
    text = html.unescape(text) if "&" in text else text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _DROPPED)
        text = unicodedata.normalize("NFD", text)
        text = "".join(c for c in text if unicodedata.category(c) != "Mn")
        text = _MIXED.sub(_unmix, text)
    return _TAG.sub(" ", text).translate(_QUOTES)


_DROPPED: Final = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})


def _unmix(found: re.Match[str]) -> str:
    word = found.group()
    if word.isascii():
        return word
    latin = word.translate(_LOOKALIKES)
    return latin if _LATIN.search(word) or latin.isascii() else word


def _plain(light: str) -> str:
    spelling = _spelling()
    text = light.casefold()
    if not text.isascii():
        text = spelling.emoji_pattern.sub(lambda m: spelling.emoji[m.group()], text)
    text = _SPACED.sub(_join_letters, text)
    text = _DISGUISED.sub(lambda m: _undisguise(m.group(), spelling.vocabulary), text)
    text = _CONTRACTION.sub(_expand, text).replace("'", "")
    if _LONG_RUN.search(text):
        text = _WORD.sub(lambda m: _shorten(m.group(), spelling.vocabulary), text)
    text = _OTHER.sub(" ", _MARKUP.sub(" ", text))
    text = _TOKEN.sub(lambda m: spelling.words.get(m.group(), m.group()), text)
    return _NEWLINES.sub("\n", _SPACE.sub(" ", text)).strip()


def _join_letters(found: re.Match[str]) -> str:
    """Join "k m s" and "s.u.i.c.i.d.e" where the letters make a word that matters."""
    letters = "".join(c for c in found.group() if c.isalnum())
    joined = letters.translate(_LEET)
    return joined if joined in _spelling().vocabulary else found.group()


def _undisguise(token: str, vocabulary: frozenset[str]) -> str:
    """Return the word behind letters that were replaced, if it is one that matters."""
    core = token.rstrip("!.,*_-?)")
    if len(core) > 24 or core.isalpha() or core.isdigit() or not core:
        return token
    tail = token[len(core) :]
    if "*" in core or "#" in core or "." in core or "-" in core or "_" in core:
        letters = re.sub(r"[.\-_]", "", core).translate(_LEET)
        if letters in vocabulary:
            return letters + tail
        if core[0].isalpha() and core.count("*") + core.count("#") <= len(core) // 2:
            # A sign stands for one letter, or for nothing.
            wild = re.compile("".join("[a-z]?" if c in "*#" else re.escape(c)
                                      for c in core.translate(_LEET)))  # fmt: skip
            for word in sorted(vocabulary):
                if word[0] == core[0] and abs(len(word) - len(core)) <= 1 and wild.fullmatch(word):
                    return word + tail
        return token
    for candidate in (core.translate(_LEET), core.replace("1", "l").translate(_LEET)):
        if candidate != core and candidate in vocabulary:
            return candidate + tail
    return token


def _shorten(word: str, vocabulary: frozenset[str]) -> str:
    twice = _LONG_RUN.sub(r"\1\1", word)
    once = _LONG_RUN.sub(r"\1", word)
    return once if once in vocabulary and twice not in vocabulary else twice


def _expand(found: re.Match[str]) -> str:
    whole = found.group()
    if whole in _IRREGULAR:
        return _IRREGULAR[whole]
    stem, ending = found.groups()
    if ending == "t":
        return f"{stem[:-1]} not" if stem.endswith("n") else whole
    if ending == "s":
        return f"{stem} is" if stem in {"he", "she", "it", "that", "there", "what"} else whole
    return stem + _ENDINGS[ending]
