"""What masking catches of planted identifiers and what it masks for nothing, as a table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oarlock.corpus.demo import joined
from oarlock.corpus.masking import KINDS, Masker

_PLANTED = Path(__file__).parents[1] / "data" / "corpus" / "identifiers.toml"

#: Least recall by set. Raise them when masking gets better.
FLOORS = {
    "email": 0.97, "phone": 0.97, "link": 0.97, "handle": 0.97, "named_handle": 0.97,
    "postcode": 0.97, "named_postcode": 0.97, "common_name": 0.97, "told_name": 0.97,
    "greeted_name": 0.97, "rare_name": 0.0,
}  # fmt: skip
#: Most words masked for nothing, per 1,000 words of texts in which there is nothing to mask.
CEILING = 1.0

_TITLES = {
    "named_handle": "handle, after the name of a platform",
    "named_postcode": "postcode, after the word",
    "common_name": "name, frequent",
    "told_name": "name, told (“my name is …”)",
    "greeted_name": "name, greeted, thanked or signed",
    "rare_name": "name, rare or also a word, with nothing around it",
}


@dataclass(frozen=True, slots=True)
class Recall:
    """How many planted identifiers of a set were masked whole, in part, or not at all."""

    name: str
    n: int
    n_whole: int
    n_part: int

    @property
    def recall(self) -> float:
        return self.n_whole / self.n


def _content() -> dict[str, Any]:
    return tomllib.loads(_PLANTED.read_text("utf-8"))


def recalls() -> list[Recall]:
    """Return the recall of every set."""
    masker = Masker()
    found = []
    for name, one in _content().items():
        if name == "clean":
            continue
        n = n_whole = n_part = 0
        for template in one["templates"]:
            for value in one["values"]:
                before = template.partition("{x}")[0]
                text = masker.mask(template.replace("{x}", value))
                masked = text[len(before) : len(before) + len(value)]
                n += 1
                n_whole += not any(c.isalnum() for c in masked)
                n_part += "×" in masked and any(c.isalnum() for c in masked)
        found.append(Recall(name, n, n_whole, n_part))
    return found


def clean_texts() -> list[str]:
    """Return texts without anything to mask: the demo corpus, and traps."""
    return [row["text"] for row in joined()] + _content()["clean"]["texts"]


def false_masks() -> tuple[int, dict[str, int]]:
    """Return the number of words of the clean texts, and how many spans were masked, by kind."""
    masker = Masker()
    texts = clean_texts()
    for text in texts:
        masker.mask(text)
    return sum(len(text.split()) for text in texts), {k: masker.n_masked[k] for k in KINDS}


def page() -> str:
    """Return the reference page."""
    n_words, masked = false_masks()
    lines = [
        "# What masking catches\n",
        "Texts are masked on their way into a corpus and out of a community: each character of an "
        "e-mail address, telephone number, link, handle, postcode or name becomes ×, so that spans "
        "still fit. The figures are of made-up identifiers, planted into templates "
        "(`tests/data/corpus/identifiers.toml`); this page is made by the test that holds them. "
        "The patterns were made with these templates at hand, so expect less of texts that people "
        "write; the last row is the honest one for names.\n",
        "| planted | n | masked whole | in part |",
        "|---|---:|---:|---:|",
    ]
    for one in recalls():
        title = _TITLES.get(one.name, one.name)
        lines.append(f"| {title} | {one.n} | {one.recall:.0%} | {one.n_part / one.n:.0%} |")
    lines += [
        "\nHandles of the community, or of the people of a source that names them, are masked "
        "wherever they stand.\n",
        f"Masked for nothing, in {n_words:,} words of made-up posts and traps without any:\n",
        "| kind | spans | per 1,000 words |",
        "|---|---:|---:|",
        *(f"| {kind} | {n} | {1000 * n / n_words:.2f} |" for kind, n in masked.items()),
        "\nA name that is rare, or also a word, and that nothing around it gives away is **not** "
        "caught, nor is a place, a school or a story that only one person can tell. So a masked "
        "corpus is for researchers under an agreement, and never public.\n",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page())
