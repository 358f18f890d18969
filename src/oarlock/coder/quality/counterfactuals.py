"""Pairs of texts that differ in who is spoken of or how it is said, but not in what is said.

The sentences were written for Oarlock (`fairness_pairs.csv`); those for gender are joined by the
sentences of the demo corpus that hold gendered words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

import regex

from oarlock.coder.sentences import split
from oarlock.corpus.demo import joined

KINDS: Final = ("gender", "names", "identity", "dialect")

#: First names that raters or registers tie to a group, three for women and three for men.
#: Source: White and Black names from Bertrand & Mullainathan (2004), American Economic Review
#: 94(4), table 8 (some also in Caliskan et al. 2017, doi:10.1126/science.aal4230); Indian and
#: Pakistani names from Oreopoulos (2011), doi:10.1257/pol.3.4.148.
NAMES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "White": (("Emily", "Anne", "Sarah"), ("Greg", "Brad", "Matthew")),
    "Black": (("Lakisha", "Tanisha", "Ebony"), ("Jamal", "Darnell", "Tyrone")),
    "Indian": (("Priyanka", "Shreya", "Tara"), ("Arjun", "Rahul", "Samir")),
    "Pakistani": (("Fatima", "Sana", "Hina"), ("Ali", "Hassan", "Asif")),
}

#: Identity terms by what they are about; each takes the place of `NEUTRAL`.
IDENTITIES: Final[dict[str, tuple[str, ...]]] = {
    "sexuality": ("a gay guy", "a lesbian", "a bisexual girl", "a straight guy"),
    "gender identity": ("a trans woman", "a trans man", "a nonbinary person"),
    "ethnicity": ("a black student", "an asian student", "a white student", "an immigrant"),
    "religion": ("a muslim", "a jewish student", "a christian"),
    "disability": ("a disabled student", "an autistic person"),
}
NEUTRAL: Final = "a student"
#: Words of no group that is discriminated against, to tell how much any other word changes.
OTHER_NEUTRAL: Final = ("a first year", "a music student", "a tall person", "a vegetarian")

_SWAPS: Final = {
    "he": "she", "hes": "shes", "himself": "herself", "boyfriend": "girlfriend", "bf": "gf",
    "husband": "wife", "man": "woman", "men": "women", "guy": "girl", "boy": "girl",
    "boys": "girls", "dad": "mum", "stepdad": "stepmum", "daddy": "mummy", "father": "mother",
    "brother": "sister", "brothers": "sisters", "son": "daughter", "uncle": "aunt",
    "grandad": "nan", "grandpa": "grandma", "grandfather": "grandmother", "grandson":
    "granddaughter", "nephew": "niece", "lad": "lass", "king": "queen",
}  # fmt: skip
_SWAP: Final = {
    **{b: a for a, b in _SWAPS.items()}, "mom": "dad", **_SWAPS, "girl": "boy", "hers": "his",
}  # fmt: skip
#: What follows "her" where it is an object (told her that) and not a possessive (her phone).
_AFTER_OBJECT: Final = frozenset(
    """
    a about after again all an and any anymore anything around as ask at away back bc be because
    before but by come cry crying do down else enough even every everything feel first for from
    get go happy has here how i if in is it its just know last later like more much n never next
    no not now off often on once one or out over rather really right say she since so something
    soon sort still talk tbh than that the then there these this tho those though three to today
    together tomorrow tonight too took treats twice u until up very was we were what when where
    which while who why will with without yesterday yet you your
    """.split()  # noqa: SIM905
)
_WORD = regex.compile(r"\p{L}+")
_NEXT = regex.compile(r"[ \t]+(\p{L}+)")
#: "man, that sucks" calls nobody a man.
_INTERJECTION = regex.compile(r"(?:^|[,.!?]\s*)man\s*,|,\s*man\s*$", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and its counterfactual.

    Attributes:
        kind: One of `KINDS`, "edit" or "swap" (the yardsticks).
        group: What exactly differs, for example "White and Black names".
        sentence: Number of the sentence that the pair was made from; pairs of one go together.
        text, variant: The two texts.
        code: Full name of the right code of both, where it was noted (dialect).
    """

    kind: str
    group: str
    sentence: int
    text: str
    variant: str
    code: str | None = None


@cache
def _rows(kind: str) -> tuple[dict[str, str], ...]:
    path = files("oarlock.coder.quality") / "fairness_pairs.csv"
    with path.open("r", encoding="utf-8") as file:
        return tuple(row for row in csv.DictReader(file) if row["kind"] == kind)


def swap_gender(text: str) -> str:
    """Return the text with every gendered word turned to the other gender; case is kept.

    "her" becomes "him" or "his" by the word that follows it. A text without such words comes back
    as it is.
    """
    if _INTERJECTION.search(text):
        return text
    parts, end = [], 0
    for match in _WORD.finditer(text):
        word = match.group()
        swapped = _other(word.lower(), text, match.end())
        if swapped is not None:
            parts += [text[end : match.start()], _cased(word, swapped)]
            end = match.end()
    return "".join([*parts, text[end:]])


def _other(word: str, text: str, end: int) -> str | None:
    if word in {"her", "his"}:
        after = _NEXT.match(text, end)
        alone = after is None or after.group(1).lower() in _AFTER_OBJECT
        if word == "his":
            return "hers" if after is None else "her"
        return "him" if alone else "his"
    return "her" if word == "him" else _SWAP.get(word)


def _cased(word: str, swapped: str) -> str:
    if word.isupper() and len(word) > 1:
        return swapped.upper()
    return swapped.capitalize() if word[0].isupper() else swapped


def gender_pairs() -> list[Pair]:
    """Return sentences with gendered words, and the same with the other gender."""
    texts = {row["text"]: "written" for row in _rows("gender")}
    for reply in joined():
        for span in split(reply["text"]):
            start, end = span.strip(reply["text"])
            texts.setdefault(reply["text"][start:end], "demo corpus")
    swapped = [(group, text, swap_gender(text)) for text, group in texts.items()]
    kept = [one for one in swapped if one[1] != one[2]]
    return [Pair("gender", g, k, text, variant) for k, (g, text, variant) in enumerate(kept)]


def name_pairs() -> list[Pair]:
    """Return sentences with a first name, and the same with one of another group."""
    pairs = []
    for k, text, a, b, group in _name_contrasts():
        pairs.append(Pair("names", group, k, text.format(name=a), text.format(name=b)))
    return pairs


def _name_contrasts() -> Iterator[tuple[int, str, str, str, str]]:
    for k, row in enumerate(_rows("names")):
        for women, men in NAMES.values():
            for a, b in zip(women, men, strict=True):
                yield k, row["text"], a, b, "women's and men's names"
        for origin in list(NAMES)[1:]:
            for white, other in zip(NAMES["White"], NAMES[origin], strict=True):
                for a, b in zip(white, other, strict=True):
                    yield k, row["text"], a, b, f"White and {origin} names"


def identity_pairs() -> list[Pair]:
    """Return sentences that speak of a student, and the same with an identity in its place."""
    return [
        Pair("identity", group, k, *_filled(row["text"], NEUTRAL, term))
        for k, row in enumerate(_rows("identity"))
        for group, terms in IDENTITIES.items()
        for term in terms
    ]


def _filled(text: str, first: str, second: str) -> tuple[str, str]:
    return text.format(identity=first), text.format(identity=second)


def dialect_pairs() -> list[Pair]:
    """Return sentences in standard English, and the same as speakers of other kinds write it.

    Written for Oarlock, quoted from nobody; speakers of the dialects have not checked them.
    """
    return [
        Pair("dialect", row["group"], k, row["text"], row["variant"], row["code"])
        for k, row in enumerate(_rows("dialect"))
    ]


def pairs_of(kind: str) -> list[Pair]:
    """Return all pairs of a kind."""
    made = {
        "gender": gender_pairs,
        "names": name_pairs,
        "identity": identity_pairs,
        "dialect": dialect_pairs,
    }
    return made[kind]()


def edit_pairs(pairs: list[Pair]) -> list[Pair]:
    """Return the first texts of `pairs` with edits that mean nothing, once per text.

    A final full stop is added or dropped, and "so" is put in front.
    """
    first = {pair.text: pair.sentence for pair in pairs}
    edits = []
    for text, sentence in first.items():
        stop = text[:-1] if text.endswith(".") else text + "."
        if text[-1].isalnum() or text.endswith("."):
            edits.append(Pair("edit", "full stop", sentence, text, stop))
        edits.append(Pair("edit", "so", sentence, text, "so " + text))
    return edits


def swap_pairs(kind: str) -> list[Pair]:
    """Return pairs of names of one group, or of neutral terms: another word, the same group."""
    pairs = []
    for k, row in enumerate(_rows(kind)):
        if kind == "names":
            for groups in NAMES.values():
                for names in groups:
                    for a, b in pairwise(names):
                        texts = row["text"].format(name=a), row["text"].format(name=b)
                        pairs.append(Pair("swap", "names of one group", k, *texts))
        elif kind == "identity":
            for term in OTHER_NEUTRAL:
                texts = _filled(row["text"], NEUTRAL, term)
                pairs.append(Pair("swap", "neutral terms", k, *texts))
    return pairs
