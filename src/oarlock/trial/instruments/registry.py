"""What an instrument is, and the registry of those that ship."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.trial.instruments.scoring import Score

Better = Literal["higher", "lower", "neither"]
Method = Literal["sum", "mean"]
MEASURES: Final = ("benefit", "harm", "process")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that is offered, in the order of the questionnaire."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question in one language.

    Attributes:
        number: From 1, as in the source.
        stem: What stands above the item and belongs to it; empty for nothing.
    """

    number: int
    stem: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """The items in one language.

    Attributes:
        source: Where this translation comes from.
    """

    language: str
    items: tuple[Item, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Band:
    """A range of scores with a name; a score belongs to the last band that starts at or below it.

    Attributes:
        start: Lowest score, after rounding to `Instrument.digits`.
    """

    start: float
    label: str
    source: str


@dataclass(frozen=True, slots=True)
class Risk:
    """An answer that a person must look at, at once.

    Attributes:
        at_least: Lowest answer that counts.
        grade: Grade of `oarlock.safety` whose row of the response policy applies.
    """

    item: int
    at_least: int
    grade: str
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Reliability:
    """How exactly the instrument measures one person.

    Attributes:
        coefficient: 0 to 1.
        kind: Cronbach's alpha, or correlation of test and retest.
        sd: Standard deviation of the score in the sample; None where no source was found.
    """

    coefficient: float
    kind: str
    source: str
    sd: float | None = None
    sample: str = ""
    sd_source: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One questionnaire.

    Attributes:
        name: Key, as it stands in protocols, tables and addresses.
        version: Of the file: changes with its items or its scoring.
        measures: "benefit", "harm" or "process".
        better: Which scores are good news.
        window: Time that the answers are about, in words; empty for no window.
        n_items, values: Number of items and the answers that they take.
        reversed_items: Items whose answer is turned round before scoring.
        method, factor: Score = factor times the sum or the mean of the items.
        digits: Decimals to which a score is rounded before its band is looked up.
        max_missing: Items that may be unanswered; their place is taken by the mean of the others.
        subscales: Items by name.
        difference: Smallest change that matters to people; None where none is established.
        validated: Whether it was ever tested against anything.
        wordings: By language; empty where the items may not be shipped.
    """

    name: str
    title: str
    short: str
    version: str
    about: str
    measures: str
    better: Better
    window: str
    n_items: int
    values: tuple[int, ...]
    reversed_items: frozenset[int]
    method: Method
    factor: int
    digits: int
    max_missing: int
    missing_source: str
    bands: tuple[Band, ...]
    bands_note: str
    risks: tuple[Risk, ...]
    reliability: Reliability | None
    difference: float | None
    difference_source: str
    source: str
    licence: str
    validated: bool = True
    subscales: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    wordings: Mapping[str, Wording] = field(default_factory=dict)

    @property
    def ships_items(self) -> bool:
        return bool(self.wordings)

    @property
    def lowest(self) -> float:
        return self._total(min(self.values))

    @property
    def highest(self) -> float:
        return self._total(max(self.values))

    def _total(self, value: int) -> float:
        return float(self.factor * value * (self.n_items if self.method == "sum" else 1))

    def wording(self, language: str) -> Wording:
        """Return the items in a language, else in English, else in what there is.

        Raises:
            UserError: The items may not be shipped and no copy was read.
        """
        if not self.wordings:
            raise UserError(
                f"{self.name}: its items may not be shipped with this program.",
                remedy="Get a copy from its owner and read it with oarlock.trial.instruments.",
            )
        return (
            self.wordings.get(language)
            or self.wordings.get("en")
            or next(iter(self.wordings.values()))
        )

    def with_wording(self, wording: Wording) -> Instrument:
        """Return the instrument with the items of the user's own copy."""
        return replace(self, wordings={**self.wordings, wording.language: wording})

    def score(self, answers: Mapping[int, int | None] | Sequence[int | None]) -> Score:
        """Return the score of one person's answers; see `scoring.score`."""
        from oarlock.trial.instruments import scoring

        return scoring.score(self, answers)

    def risk_of(self, item: int, value: int | None) -> Risk | None:
        """Return the gravest risk that an answer carries, or None."""
        found = [r for r in self.risks if value is not None and r.item == item]
        found = [r for r in found if value is not None and value >= r.at_least]
        return max(found, key=lambda risk: risk.at_least, default=None)


@cache
def instruments() -> Mapping[str, Instrument]:
    """Return the instruments that ship, by name.

    Raises:
        UserError: A file is damaged; names it and what is wrong.
    """
    folder = files("oarlock.trial.instruments")
    names = sorted(p.name for p in folder.iterdir() if p.name.endswith(".toml"))
    found = [_read(name, (folder / name).read_text("utf-8")) for name in names]
    return {one.name: one for one in found}


def instrument(name: str) -> Instrument:
    """Return one instrument by name.

    Raises:
        UserError: There is none of that name.
    """
    try:
        return instruments()[name]
    except KeyError:
        raise UserError(
            f"{name}: no such instrument.", remedy=f"Use one of: {', '.join(instruments())}."
        ) from None


def _read(file: str, text: str) -> Instrument:
    try:
        found = _made(tomllib.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file}: {error}", remedy="Compare it with another instrument.") from error
    if found.name != file.removesuffix(".toml"):
        raise UserError(f"{file}: holds {found.name}.", remedy="Name the file as its instrument.")
    return found


def _made(raw: dict[str, Any]) -> Instrument:
    scoring, n_items = raw["scoring"], raw["n_items"]
    values = tuple(raw["values"])
    made = Instrument(
        name=raw["name"],
        title=raw["title"],
        short=raw["short"],
        version=raw["version"],
        about=raw["about"],
        measures=raw["measures"],
        better=raw["better"],
        window=raw["window"],
        n_items=n_items,
        values=values,
        reversed_items=frozenset(scoring.get("reversed", ())),
        method=scoring["method"],
        factor=scoring.get("factor", 1),
        digits=scoring.get("digits", 0),
        max_missing=scoring["max_missing"],
        missing_source=scoring["missing_source"],
        bands=tuple(Band(**band) for band in raw.get("band", ())),
        bands_note=raw.get("bands_note", ""),
        risks=tuple(Risk(**risk) for risk in raw.get("risk", ())),
        reliability=Reliability(**raw["reliability"]) if "reliability" in raw else None,
        difference=raw["difference"].get("points"),
        difference_source=raw["difference"]["source"],
        source=raw["source"],
        licence=raw["licence"],
        validated=raw.get("validated", True),
        subscales={name: tuple(items) for name, items in raw.get("subscales", {}).items()},
        wordings={
            language: wording(language, words, n_items, values)
            for language, words in raw.get("wording", {}).items()
        },
    )
    _check(made)
    return made


def wording(
    language: str, raw: Mapping[str, Any], n_items: int, values: tuple[int, ...]
) -> Wording:
    """Return the items of one language, checked.

    Args:
        language: ISO 639 code.
        n_items: Number of items.
        values: Answers that they take.
        raw: `stem`, `items`, `source`, and `choices`: labels in the order shown with `order`, the
            values that they stand for; or one list of labels for each item.

    Raises:
        ValueError: Items or labels are missing or too many; says how many were expected.
    """
    texts, labels = raw["items"], raw["choices"]
    if len(texts) != n_items or not all(isinstance(t, str) and t.strip() for t in texts):
        raise ValueError(f"expected {n_items} items with text under items, found {len(texts)}")
    order = tuple(raw.get("order", values))
    if sorted(order) != sorted(values):
        raise ValueError(f"order must name each of {', '.join(map(str, values))} once")
    by_item = labels if labels and isinstance(labels[0], list) else [labels] * n_items
    if len(by_item) != n_items or any(len(own) != len(order) for own in by_item):
        raise ValueError(f"expected {len(order)} labels under choices, for all items or for each")
    stem = raw.get("stem", "")
    return Wording(
        language=language,
        items=tuple(
            Item(
                number=number,
                stem=stem,
                text=text,
                choices=tuple(Choice(v, str(w)) for v, w in zip(order, own, strict=True)),
            )
            for number, (text, own) in enumerate(zip(texts, by_item, strict=True), start=1)
        ),
        source=raw.get("source", ""),
    )


def _check(made: Instrument) -> None:
    numbers = set(range(1, made.n_items + 1))
    named = set(made.reversed_items) | {r.item for r in made.risks}
    named |= {item for items in made.subscales.values() for item in items}
    if not named <= numbers:
        raise ValueError(f"items {sorted(named - numbers)} are not among 1 to {made.n_items}")
    starts = [band.start for band in made.bands]
    if starts != sorted(set(starts)) or (starts and starts[0] > made.lowest):
        raise ValueError("bands must rise from the lowest score")
    if made.measures not in MEASURES:
        raise ValueError(f"measures must be one of {', '.join(MEASURES)}")
    if not 0 <= made.max_missing < made.n_items:
        raise ValueError("max_missing must leave at least one item")
