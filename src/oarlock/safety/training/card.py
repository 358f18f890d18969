"""The model card of screening, made from its figures."""

from __future__ import annotations

from typing import Any

_TARGETS = """| target | asked | reached |
|---|---|---|
| behaviour and attempt within the top 25 % of the mix | .95 | {ba} |
| ideation within the top 25 % of the mix | .90 | {ideation} |
| AUC of ideation on the C-SSRS posts alone | .80 | {auc_ideation} |
| AUC of behaviour and attempt on the C-SSRS posts alone | .70 | {auc_ba} |
"""

_HEAD = """# Model card of the screening

Made by `oarlock safety train` and checked by `oarlock safety evaluate`: every figure in the
tables stands in `metrics.json` beside the models (version {version}). Brackets hold a 95 %
interval (bootstrap over users of the C-SSRS set, and over single texts elsewhere). All figures
are for texts whose writer the model did not see, in five folds without a shared user. Three
things make them optimistic: the two numbers of each calibration were fitted to held-out scores of
the same texts; so were the strength (among 42 settings, by its mean over three splits) and the
weights of the three models that make up risk; and patterns were mended by reading some of these
texts, those without rated risk above all. No set was kept aside that nobody looked at.

## What it is for

To put texts in front of people in a good order, and to show help to writers at once. It is no
diagnosis, predicts nobody's act, and must never be the only thing that stands between a person at
risk and help: a text it finds nothing in can still be written by somebody in danger, and members
can report every text.

## How it works

Patterns with sources (`src/oarlock/safety/patterns/`) are read on a text freed of disguise, with
rules for what stands around them (denial, quotation, song, joke, past time, another person).
Logistic models over hashed n-grams, pattern hits and the constructs of the Suicide Risk Lexicon
add an order of review: one for risk (a sum of three: among posts of people in crisis, against
everyday texts, behaviour against thoughts), one for insults, one for hate. Where patterns see
nothing the model of risk gives a grade, at most "active". Only a pattern can grade a text plan or
intent, recent behaviour or imminent.

## Targets
"""

_READ = """## What lies outside the top 25 %

All posts with behaviour or attempt outside the top 25 %, and a sample of the posts without risk
above them, were read. Those outside are lines of one person in one thread, grave only beside the
lines before; replies to somebody else; and lines to which no reader of the line alone would give
the rating. One called for an ambulance, for which a pattern was then written, so the figures count
it as found. Patterns that erred on texts without rated risk were mended, and the figures count
those texts as well. What pushes posts out is Dreaddit: long posts in the first
person about trauma, fear and home, some of which do speak of suicide.

More weakly labelled texts brought no gain. Sentence vectors of the coder's encoder beside the
n-grams did, but they take longer than all else at every text and tie the screening to the coder's
weights, so they are left out. Other texts of the same person would say more than any of
these; the queue shows them to whoever reads.

## False alarms of the patterns

"Plan or intent" and higher holds a text and calls a clinician. Every text so graded in the sets
without rated risk was read, and the patterns that erred were mended: "now" inside "know", going
out with people, medicine that works, a weapon in somebody else's hand, attempts at other things.
The table of grades below counts what is left, on the texts that were read for it, so expect more
elsewhere. As one reader saw them, about half speak of danger now, to the writer or to somebody
else. The others speak of attempts long past, of somebody else's attempt or death (at times taken
for the writer's own), of a dream, or repeat what another person said. "I am going to do it",
with no word of what, is left in: it errs at times, and is too grave to miss. No German texts of
real people were at hand: the German patterns' false alarms are not known.
"""

_CASES = """The other kinds have patterns only.

## Cases written for the purpose

`tests/spec/safety_cases.toml` was written by the authors of the patterns. Patterns that had not
yet been mended for them got some of the first cases wrong, more of the later ones, and about as
many of the oblique ones as they got right. Afterwards the patterns were mended for them, so the
share right in the tests says that nothing broke, not how often the screening is right: expect
patterns to miss much of what short texts say in words nobody foresaw."""

_DATA = """
## Data and their faults

- **C-SSRS posts** (Gaur et al. 2019): {cssrs} rated posts of {users} users. The
  post-level file repeats posts of the user-level file, so the latter adds nothing and is not used;
  two posts of five have no label and are left out. Behaviour and attempt together are {ba} posts,
  so their intervals are wide. Among the posts rated "attempt" are single lines that no reader would
  rate so without what came before, which bounds what a screening of one text can reach. Earlier
  processing replaced everyday words ("like", "very", "week") by names of symptoms and took
  apostrophes out; both are repaired or removed in all sets alike, because otherwise a model tells
  the sets apart and not the risk.
- **SDCNL** ({sdcnl}): the label is the forum, so it is learnt from with a small weight and no
  figure stands on it.
- **Dreaddit** ({dreaddit}), **cyberbullying** ({cyberbullying}) and **GoEmotions** ({goemotions}),
  drawn at random: taken as without risk. Some of their posts speak of risk; none was rated.
- **CounselChat** ({counselchat}), **ESConv** ({esconv}) and **comments** ({comments}): realistic
  texts of support; risk not rated, so a "false alarm" there may be none.
- The hate labels (Waseem and Hovy) come from few users and topics; the insult labels from comments
  on news. Both models are weak help beside the patterns, and speak only where they are sure.
- Languages: all figures are for English. German is read by patterns alone, written by the authors
  and measured on no data but cases of their own. No other language is read: the community puts a
  text of three words or more in one in front of a moderator, shows it, and shows its writer the
  words of help. A sentence in another language within an English or German text is missed.
- The models do not see the patterns of `patterns/german.toml`, `context_de.toml` and
  `combinations.toml` (a wish to die with means at hand or a plan); the order of review does.
- The data are mostly from adults on Reddit. How well it works by gender, age, dialect or origin was
  not measured: the sets do not say who wrote.

The models carry weights learnt from data that may be used for research only (see NOTICE).
"""


def _value(three: list[float]) -> str:
    return f"{three[0]:.3f} [{three[1]:.3f}, {three[2]:.3f}]"


def model_card(manifest: dict[str, Any], figures: dict[str, Any]) -> str:
    """Return the model card as Markdown."""
    top = figures["mix"]["loads"]["25%"]
    alone = figures["cssrs"]
    texts = figures["texts"]
    parts = [
        _HEAD.format(version=manifest["version"]),
        _TARGETS.format(
            ba=_value(top["behaviour and attempt"]),
            ideation=_value(top["ideation"]),
            auc_ideation=_value(alone["ideation against posts without risk"]),
            auc_ba=_value(alone["behaviour and attempt against all other posts"]),
        ),
        "",
        _loads(
            "Recall on the mix",
            "C-SSRS posts with ideation, behaviour and attempt at 10 % among Dreaddit, "
            "cyberbullying and GoEmotions in equal parts, read in the order of `review_score`.",
            figures["mix"],
        ),
        _loads(
            "Recall among texts of support",
            "The same posts at 10 % among CounselChat, ESConv and comments in equal parts: harder, "
            "and nearer to this place. Some of these texts do speak of risk.",
            figures["support_mix"],
        ),
        _READ,
        "## C-SSRS posts alone\n\n"
        "AUC among the rated posts, where everybody speaks of suicide (published for the set: .78 "
        "and .64, Gaur et al. 2021, 10.1371/journal.pone.0250448, on users over time; not the same "
        "task).\n\n| | AUC |\n|---|---|",
        *(f"| {name} | {_value(v)} |" for name, v in alone.items() if isinstance(v, list)),
        "",
        "## Grades that patterns alone give\n\nShare of the posts of each label graded so high or "
        "higher.\n\n| set | posts | passive | active | plan or intent |\n|---|---|---|---|---|",
        *(
            f"| {name} | {row['n']} | {row['passive or higher']:.3f} | "
            f"{row['active or higher']:.3f} | {row['plan or intent or higher']:.3f} |"
            for name, row in figures["patterns"].items()
        ),
        "",
        "## Harm\n\n| model | texts | harmful | AUC | average precision | recall at 1 % of support "
        "texts |\n|---|---|---|---|---|---|",
        *(
            f"| {name} | {row['n']} | {row['harmful']} | {_value(row['auc'])} | "
            f"{row['average_precision']:.3f} | "
            f"{row['recall_at_1_percent_of_support_posts']:.3f} |"
            for name, row in figures["harm"].items()
        ),
        "",
        _CASES,
        _DATA.format(ba=figures["mix"]["n"]["behaviour and attempt"],
                     users=alone["users"], **texts),
    ]  # fmt: skip
    return "\n".join(parts)


def _loads(title: str, words: str, mix: dict[str, Any]) -> str:
    names = list(mix["n"])
    lines = [
        f"## {title}", "", words, "",
        "| read | " + " | ".join(f"{name} (n={mix['n'][name]})" for name in names) + " |",
        "|---|" + "---|" * len(names),
    ]  # fmt: skip
    for load, row in mix["loads"].items():
        lines.append(f"| {load} | " + " | ".join(_value(row[name]) for name in names) + " |")
    return "\n".join(lines) + "\n"
