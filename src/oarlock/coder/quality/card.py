"""The model card, made from the metrics and the manifest of the weights: no figure by hand."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from oarlock.codebook import CODES
from oarlock.coder.quality.published import CITATIONS, FIGURES, SOURCES, Published

Metrics = Mapping[str, Any]

_TIERS = ("standard", "fast")
_N_CONFUSIONS = 12
_FAIRNESS_KINDS = {
    "gender": "gender of the people spoken of (he, she, mum, dad)",
    "names": "first name",
    "identity": "identity term (a student, a gay guy, a muslim)",
    "dialect": "dialect and spelling, same meaning",
}
_YARDSTICKS = {
    "edit": "an edit that means nothing",
    "swap": "another word of the same group",
}


def render_markdown(metrics: Metrics, manifest: Metrics) -> str:
    """Return the model card as Markdown.

    Args:
        metrics: Content of `metrics.json` of a weights folder.
        manifest: Content of its `manifest.json`.
    """
    return "\n\n".join(
        [
            _head(manifest),
            _USE,
            _LOAD.format(release=manifest["release"]),
            _data(),
            _own_labels(metrics),
            _figures(metrics),
            _per_code(metrics, manifest),
            _calibration(metrics),
            _confusions(metrics),
            _fairness(metrics),
            _WEAK_POINTS,
            _reproduce(manifest),
            "## Works cited\n\n" + "\n".join(f"- {text}" for text in CITATIONS.values()) + "\n",
        ]
    )


def _head(manifest: Metrics) -> str:
    return f"""\
# Model card

The weights that ship with Oarlock, release {manifest["release"]}: a six-layer sentence encoder
(tier `standard`, int8) with one head for each task, and static embeddings that learnt from it
(tier `fast`).

**Licence: {manifest["licence"]}.** The weights were trained in part on data that may be used for
non-commercial purposes only, and so may they. The code of Oarlock is under the Apache License 2.0,
and so is the base encoder, all-MiniLM-L6-v2. This page is made from the files beside the weights;
no result of Oarlock on it is typed by hand."""


_USE = """\
## What it is for

- Counting MI behaviours in what supporters write to seekers, over many replies, for research and
  for learning: shares of a corpus, of a group, of an arm of a study.
- Giving a supporter a hint about a reply of their own, shown as a hint, with its probability.
- Finding sentences that a human coder should look at.

## What it must not be used for

- **Judging single people.** No ranking, pay, hiring, certification or discipline. One reply holds
  too few sentences, and the error of the coder differs between ways of writing (see Fairness).
- **Automated sanctions.** No hiding, blocking or warning because of a code.
- **Finding crises.** No code means danger, and the lack of one does not mean safety. A seeker at
  risk can write one calm sentence.
- **Diagnosis or treatment**, and any use on texts that are not English: those are flagged, not
  coded."""

_LOAD = """\
## How to load it

```python
from oarlock.coder import Coder

coder = Coder.load()  # or Coder.load("fast")
print(coder.model_version)  # standard-{release}: store it beside every code
```"""


def _data() -> str:
    rows = [[source.name, source.used_for, source.licence, source.citation] for source in SOURCES]
    return (
        "## Data\n\nNo text of these sets is part of Oarlock. *Not stated* means that the "
        "collection names no licence.\n\n"
        + _table(["data set", "used for", "licence", "authors"], rows)
    )


def _n_rows(name: str) -> int:
    """Return the number of rows of a label file that ships with the package."""
    text = files("oarlock.coder.training").joinpath(name).read_text(encoding="utf-8")
    return sum(1 for _ in csv.reader(text.splitlines())) - 1


def _own_labels(metrics: Metrics) -> str:
    agreement = metrics.get("own_labels", {})
    names = {
        "codes": "codes, gold sentences",
        "talk": "talk, AnnoMI client turns",
        "empathy-er": "emotional reactions, EPITOME replies",
        "empathy-ip": "interpretations, EPITOME replies",
        "empathy-ex": "explorations, EPITOME replies",
    }
    rows = [
        [
            name,
            str(agreement[task]["n"]),
            *(_with_interval(agreement[task], m) for m in ("accuracy", "macro_f1", "kappa")),
        ]
        for task, name in names.items()
        if task in agreement
    ]
    table = (
        _table(["agreement with the human label", "n", "accuracy", "macro-F1", "kappa"], rows)
        if rows
        else "These weights carry no figures of it."
    )
    n = {name: f"{_n_rows(name + '.csv'):,}" for name in _LABEL_FILES}
    return _OWN_LABELS.format(**n, table=table)


_LABEL_FILES = (
    "labels", "labels_later", "labels_talk", "labels_empathy", "written", "summaries", "talk",
)  # fmt: skip

_OWN_LABELS = """\
## How Oarlock's own labels were made

By a language model, and not by people. Nothing of this counts as a human label anywhere.

- {labels} sentences of public posts, some drawn at random and some for rare codes, and
  {labels_later} more at random, were labelled once each by a large language model. It worked from
  a guide: definitions of the fifteen codes and 251 gold examples with their human labels. It gave a
  first choice and, where torn, a second.
- {labels_talk} seeker turns were labelled in the same way for change, sustain and neutral talk,
  with examples from twelve AnnoMI videos, and {labels_empathy} replies for the three empathy
  mechanisms, with examples from EPITOME.
- {written} sentences, {summaries} replies with and without a Summary and {talk} seeker sentences
  were written for Oarlock by a language model as well. They are fiction.

To know what such labels are worth, texts that people had labelled were mixed in without their
labels (none of those that served as examples of their task). How the first choice agrees with the
human label, with 95 % intervals:

{table}

The codes of that table were given before the guide was final: after about 9,600 sentences it was
corrected by comparing these answers with the human labels, and the others were labelled with the
corrected guide. The answers also count, at a weight of 15 %, beside the human label of the same
gold sentence where the coder is fitted, never where it is tested. To compute the table again:
`oarlock train --check-labels`."""


def _figures(metrics: Metrics) -> str:
    parts = [
        "## How well it does",
        "Every figure is measured on texts that the model was not fitted on: cross-validation "
        "that never cuts a question, a video or a seeker post. Codes use all five folds, the other "
        "tasks, and the fast tier, one. Calibration and decision are fitted on one half "
        "of the groups and measured on the other. In brackets: 95 % bootstrap intervals that "
        "resample those groups whole. *Goal* is what was aimed at before training; where it was "
        "not reached, it says so. Published figures come from other test sets and other splits, "
        "so they give the scale and are no race. The recipe was chosen with the same folds in "
        "view, which flatters a little.",
    ]
    rows = [_figure(metrics, one) for one in FIGURES]
    head = ["task", "measure", "n", "standard", "fast", "goal", "published", "by"]
    parts.append(_table(head, rows))
    parts.append(_measured_on(metrics))
    return "\n\n".join(parts)


def _figure(metrics: Metrics, one: Published) -> list[str]:
    tested = [metrics.get(tier, {}).get(one.key, {}) for tier in _TIERS]
    value = tested[0].get("scores", {}).get(one.measure)
    goal = "" if one.goal is None else f"{one.goal:.2f}"
    if goal and value is not None:
        goal += ", reached" if value >= float(one.goal or 0) else ", not reached"
    return [
        one.name,
        one.measure.replace("_", "-").replace("f1", "F1"),
        str(tested[0].get("n", "")),
        *(_with_interval(figures, one.measure) for figures in tested),
        goal,
        one.figure,
        one.source,
    ]


def _measured_on(metrics: Metrics) -> str:
    lines = ["Measured on:\n"]
    seen: dict[str, list[str]] = {}
    for tier in _TIERS:
        for key, one in metrics.get(tier, {}).items():
            if "measured_on" in one and "," not in key and "without" not in key:
                seen.setdefault(f"{tier}: {one['measured_on']}", []).append(f"{key} ({one['n']})")
    lines += [f"- {on}: {', '.join(keys)}" for on, keys in seen.items()]
    return "\n".join(lines)


def _per_code(metrics: Metrics, manifest: Metrics) -> str:
    codes = {t: metrics.get(t, {}).get("codes", {}).get("per_class", {}) for t in _TIERS}
    flagged = {t: set(manifest["tiers"].get(t, {}).get("unreliable_codes", ())) for t in _TIERS}
    rows = []
    for code in CODES:
        one = codes["standard"].get(code.name, {})
        fast = codes["fast"].get(code.name, {})
        shown = [_number(one.get(name)) for name in ("precision", "recall", "f1")]
        marks = [tier for tier in _TIERS if code.name in flagged[tier]]
        rows.append(
            [
                code.name,
                str(one.get("support", "")),
                *shown,
                _number(fast.get("f1")),
                ", ".join(marks),
            ]
        )
    below = manifest["tiers"]["standard"]["uncertain_below"]
    return (
        "## Code by code\n\nA code is flagged `rare code` in a tier where its F1 on held-out texts "
        f"is too low to rely on, and any sentence whose code has a probability below {below:.2f} "
        "is flagged `uncertain`. Precision: of the sentences given this code, the share in which "
        "the human label is the same. Recall: of those that people gave it, the share found. "
        "Few labelled sentences make these figures rough.\n\n"
        + _table(["code", "labelled", "precision", "recall", "F1", "F1, fast", "flagged in"], rows)
    )


def _calibration(metrics: Metrics) -> str:
    rows = []
    for tier in _TIERS:
        for key, one in metrics.get(tier, {}).items():
            if "calibration" in one and "," not in key and "without" not in key:
                error = {"scores": one["calibration"], "intervals": one["intervals"]}
                rows.append(
                    [
                        tier,
                        key,
                        _with_interval(error, "ece"),
                        _with_interval(error, "brier"),
                        _with_interval(one, "accuracy_surest_70"),
                    ]
                )
    return (
        "## Calibration\n\nOf all predictions with probability .7, seven in ten should be right. "
        "The expected calibration error (15 bins of equal width) says by how much this is missed, "
        "on average; the aim was 0.05 at most, and an accuracy of 0.80 on the 70 % of texts that "
        "the coder is surest of.\n\n"
        + _table(["tier", "task", "calibration error", "Brier", "accuracy, surest 70 %"], rows)
    )


def _confusions(metrics: Metrics) -> str:
    codes = metrics.get("standard", {}).get("codes", {})
    names = [code.name for code in CODES]
    matrix: Sequence[Sequence[int]] = codes.get("confusion", ())
    pairs = [
        (count, human, coder)
        for human, row in enumerate(matrix)
        for coder, count in enumerate(row)
        if human != coder and count
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    rows = [
        [names[human], names[coder], str(count), f"{count / sum(matrix[human]):.0%}"]
        for count, human, coder in pairs[:_N_CONFUSIONS]
    ]
    wrong = sum(count for count, *_ in pairs)
    shown = sum(count for count, *_ in pairs[:_N_CONFUSIONS])
    share = f" They make up {shown / wrong:.0%} of all {wrong} errors." if wrong else ""
    return (
        "## Where it fails\n\nThe most frequent confusions of the standard tier on gold "
        f"sentences.{share} Every single miss on texts that can be shown is on the page "
        "[Test sentences](spec.md).\n\n"
        + _table(["human label", "coder", "sentences", "of that label"], rows)
    )


def _fairness(metrics: Metrics) -> str:
    parts = [
        "## Fairness",
        "Does the code change when only the person changes? Sentences written for Oarlock, and "
        "those of the demo corpus with gendered words, were changed in one respect: the gender of "
        "the people spoken of; a first name (White and Black names from Bertrand & Mullainathan "
        "2004, Indian and Pakistani names from Oreopoulos 2011, as such lists are used by Caliskan "
        "et al. 2017); an identity term in place of *a student*; the same meaning in African "
        "American English, British youth language, Indian English, the English of learners, and "
        "texting. A code may change by chance wherever any word changes, so beside each "
        "share stands a yardstick: an edit that means nothing (a full stop more or less, *so* in "
        "front), and another word of the same group (Emily and Anne; *a student* and *a first "
        "year*). Intervals are Wilson's, over sentences. *Mean shift* is the mean absolute change "
        "of the probability of the first text's code.",
    ]
    for tier in _TIERS:
        figures = metrics.get(tier, {}).get("fairness")
        if not figures:
            continue
        rows = []
        for kind, one in figures.items():
            rows.append(_changed(f"**{_FAIRNESS_KINDS.get(kind, kind)}**", one))
            if len(one["groups"]) > 1:
                rows += [_changed(group, part) for group, part in one["groups"].items()]
            rows += [
                _changed(f"*yardstick: {_YARDSTICKS.get(name, name)}*", part)
                for name, part in one["yardsticks"].items()
            ]
        head = ["what changes", "pairs", "code changes", "95 % interval", "mean shift"]
        parts += [f"### Tier `{tier}`", _table(head, rows)]
        if "right" in figures.get("dialect", {}):
            right = figures["dialect"]["right"]
            text, variant = (_share(right[name]) for name in ("text", "variant"))
            parts.append(
                f"Of the {right['n']} sentences of the dialect pairs, the code that was meant is "
                f"given to {text} in standard English and to {variant} in the other form. "
                "Where the second is lower, supporters who write so are measured less well; do "
                "not compare groups that write differently without coding a sample by hand."
            )
    parts.append("To run it again: `oarlock fairness`.")
    return "\n\n".join(parts)


def _share(one: Mapping[str, Any]) -> str:
    low, high = one["interval"]
    return f"{one['share_right']:.0%} ({low:.0%} to {high:.0%})"


def _changed(name: str, one: Mapping[str, Any]) -> list[str]:
    low, high = one["interval"]
    return [
        name,
        str(one["n_pairs"]),
        f"{one['share_changed']:.1%}",
        f"{low:.1%} to {high:.1%}",
        f"{one['mean_shift']:.3f}",
    ]


_WEAK_POINTS = """\
## Weak points

- **One annotation.** The gold sentences carry one label each, as published. What looks like an
  error can be a second right reading.
- **Gold labels have no thread.** The gold file holds sentences alone, without what came before
  them, which the annotators may have seen. Folds go by the CounselChat question in which a sentence
  is found; where it is found in none, by the sentence, so two sentences of one thread can fall on
  both sides of a fold.
- **The guide saw gold.** The 251 examples of the guide, and its corrections, come from the gold set
  that the coder is tested on. No gold sentence was labelled for Oarlock to be learnt from in the
  first stage, but the habits of that set may have been, so held-out figures can be somewhat too
  high for other forums.
- **One session, two data sets.** HLQC, whose client turns were labelled for seeker talk,
  transcribes some of the sessions that AnnoMI does. AnnoMI turns that share eight words in a row
  with such a turn are left out of the talk figures; what they share in fewer words is not. A
  handful of gold sentences, mostly stock phrases, occur in the silver set too.
- **Labels by a language model** carry that model's habits. They are the larger part of what the
  coder learnt from.
- **Sessions on tape.** AnnoMI is transcribed demonstrations of therapy. Behaviour, question,
  reflection and talk are measured there, not on peer writing.
- **Simple or complex** is barely agreed on by people. Take the probability as a score, not a fact.
- **Summary** was learnt and tested on replies written for it; how it does on real ones is unknown.
- **Fairness sentences are few** and written by a language model; speakers of those dialects have
  not checked them. Empathy, Summary and seeker talk were not checked for fairness.
- **English only.** The ages and countries of the writers behind the data are mostly unknown."""


def _reproduce(manifest: Metrics) -> str:
    seed = manifest.get("seed", 0)
    return f"""\
## Make it again

```sh
make setup-train
OARLOCK_DATA=path/to/data oarlock train my-weights --seed {seed}
oarlock evaluate labelled.csv --weights my-weights/weights
```

The seed of this release is {seed}. Another processor may round differently."""


def _with_interval(figures: Mapping[str, Any], measure: str) -> str:
    value = figures.get("scores", {}).get(measure)
    if value is None:
        return "–"
    interval = figures.get("intervals", {}).get(measure)
    return f"{value:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
