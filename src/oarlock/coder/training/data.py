"""Training examples of every task, read from the public data sets and Oarlock's own labels.

Sources: see docs/reference/model-card.md. Own labels (`labels.csv`) point at spans of public
texts by source, row and characters, so that the package carries no text of a real person.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import code_by
from oarlock.coder.sentences import split
from oarlock.coder.tasks import CODE_LABELS, HEADS
from oarlock.errors import UserError

csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Example:
    """One training input.

    Attributes:
        head: Name of the head that is trained.
        text, context: Input and what precedes it.
        target: Probability of each label of the head; for partial labels a 0/1 mask of the
            labels that the annotation allows.
        weight: Weight of the example in the loss.
        group: Unit that a fold never cuts: video, seeker post or question.
        partial: True where `target` is a mask (the loss is the log of the summed probability).
    """

    head: str
    text: str
    context: str
    target: tuple[float, ...]
    weight: float = 1.0
    group: str = ""
    partial: bool = False

    @property
    def label(self) -> int:
        """Index of the most probable label."""
        return int(np.argmax(self.target))


def one_hot(head: str, label: str, *, smoothing: float = 0.0) -> tuple[float, ...]:
    """Return the smoothed target distribution of one label."""
    labels = HEADS[head]
    target = [smoothing / len(labels)] * len(labels)
    target[labels.index(label)] += 1.0 - smoothing
    return tuple(target)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.exists():
        raise UserError(
            f"{path.name}: not found in {path.parent}.",
            remedy="Set OARLOCK_DATA to the folder of the training data.",
        )
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def normalise(text: str) -> str:
    """Return the text in lower case with every run of other characters as one space."""
    return re.sub(r"\W+", " ", text.lower()).strip()


def _own(name: str) -> list[dict[str, str]]:
    with files("oarlock.coder.training").joinpath(name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def reply_texts(data: Path) -> dict[tuple[str, str], str]:
    """Return the replies that own labels point into, by source and row."""
    texts: dict[tuple[str, str], str] = {}
    for source, name, column in (
        ("counselchat", "support/counselchat.csv", "answerText"),
        ("reddit_dam", "support/reddit_dam_comments_dev.csv", "comment_text"),
        ("reddit_hot", "support/reddit_hot_comments.csv", "comment"),
        ("epitome", "mi/epitome_explorations_train.csv", "response_post"),
    ):
        for index, row in enumerate(_rows(data / name)):
            texts[source, str(index)] = row[column] or ""
    for (dialog, turn), (text, _, _) in esconv_turns(data).items():
        texts["esconv", f"{dialog}.{turn}"] = text
    return texts


def esconv_turns(data: Path) -> dict[tuple[int, int], tuple[str, str, str]]:
    """Return supporter turns of ESConv as (text, last seeker turn, strategy) by dialog and turn."""
    turns = {}
    with (data / "support/esconv_train_valid.jsonl").open(encoding="utf-8") as file:
        for dialog, line in enumerate(file):
            seeker = ""
            for turn, item in enumerate(json.loads(line)["dialog"]):
                if item["speaker"] == "sys":
                    turns[dialog, turn] = (item["text"], seeker, item.get("strategy") or "")
                else:
                    seeker = item["text"]
    return turns


def own_labels(data: Path, file: str = "labels.csv") -> list[Example]:
    """Return the sentences labelled by the codebook for Oarlock, first and second choice.

    Args:
        data: Folder of the public data.
        file: "labels.csv", half of it chosen for rare codes, or "labels_later.csv", at random.
    """
    texts = reply_texts(data)
    examples = []
    for row in _own(file):
        text = texts.get((row["source"], row["row"]), "")[int(row["start"]) : int(row["end"])]
        _verified(text, row, file)
        first = one_hot("codes", code_by(row["code"]).name, smoothing=0.1)
        if row["second"]:
            second = one_hot("codes", code_by(row["second"]).name, smoothing=0.1)
            first = tuple(0.62 * a + 0.38 * b for a, b in zip(first, second, strict=True))
        examples.append(Example("codes", text, "", first, group=normalise(text)))
    return examples


def written() -> list[Example]:
    """Return the sentences written for Oarlock."""
    return [
        Example(
            "codes", row["text"], "", one_hot("codes", code_by(row["code"]).name, smoothing=0.1)
        )
        for row in _own("written.csv")
    ]


def written_summaries() -> list[Example]:
    """Return the replies written for Oarlock with and without a Summary."""
    return [
        Example(
            "summary",
            r["text"],
            r["context"],
            one_hot("summary", r["label"], smoothing=0.1),
            group=normalise(r["context"]),
        )
        for r in _own("summaries.csv")
    ]


def written_talk() -> list[Example]:
    """Return the seeker sentences written for Oarlock with change, sustain and neutral talk."""
    return [
        Example("talk", r["text"], r["context"], one_hot("talk", r["label"], smoothing=0.1))
        for r in _own("talk.csv")
    ]


def gold(data: Path) -> list[Example]:
    """Return the human labels of peer-forum sentences, grouped by the question they answer.

    The file has no thread: sentences found in a CounselChat answer share its question as group.
    """
    question: dict[str, str] = {}
    for row in _rows(data / "support/counselchat.csv"):
        answer = row["answerText"] or ""
        for span in split(answer):
            question.setdefault(normalise(answer[span.start : span.end]), row["questionID"])
    blind = {row["check"]: row for row in _own("labels_gold_blind.csv")}
    examples = []
    for row in _rows(data / "mi/peer_miti_gold_dev.csv"):
        text = row["text"]
        key = normalise(text)
        target = one_hot("codes", row["label"], smoothing=0.08)
        other = blind.get(hashlib.sha256(text.encode()).hexdigest()[:8])
        if other is not None:
            second = one_hot("codes", code_by(other["code"]).name)
            target = tuple(0.85 * a + 0.15 * b for a, b in zip(target, second, strict=True))
        group = question.get(key, key) if len(key) > 20 else key
        examples.append(Example("codes", text, "", target, group=group))
    return examples


def gold_labels(data: Path) -> list[int]:
    """Return the index of the human label of each row of `gold`."""
    return [CODE_LABELS.index(row["label"]) for row in _rows(data / "mi/peer_miti_gold_dev.csv")]


def silver(data: Path) -> list[Example]:
    """Return sentences coded by the published peer-forum coder, at low weight."""
    return [
        Example(
            "codes", row["sentence"], "", one_hot("codes", row["miti"], smoothing=0.3), weight=0.35
        )
        for row in _rows(data / "mi/miti_sentences_silver_dev.csv")
    ]


#: ESConv strategies as sets of codes that the annotation leaves possible.
ESCONV_ALLOWS = {
    "Question": ("Open Question", "Closed Question"),
    "Restatement or Paraphrasing": ("Simple Reflection", "Complex Reflection"),
    "Reflection of feelings": ("Simple Reflection", "Complex Reflection", "Support"),
    "Self-disclosure": ("Self-Disclose",),
    "Affirmation and Reassurance": ("Affirm", "Support"),
    "Providing Suggestions": ("Advise with Permission", "Advise without Permission", "Direct"),
    "Information": ("Give Information",),
}


def esconv(data: Path) -> list[Example]:
    """Return supporter turns of one sentence whose strategy narrows the codes (partial labels).

    `esconv_turns.csv` lists 5,000 of them, drawn at random.
    """
    turns = esconv_turns(data)
    examples = []
    for row in _own("esconv_turns.csv"):
        text, _, strategy = turns[int(row["dialog"]), int(row["turn"])]
        allowed = ESCONV_ALLOWS[strategy]
        mask = tuple(1.0 if label in allowed else 0.0 for label in CODE_LABELS)
        group = f"esconv {row['dialog']}"
        examples.append(Example("codes", text, "", mask, 0.5, group=group, partial=True))
    return examples


def _talk_turns(data: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Return seeker turns that own labels point into, each with the supporter turn before it."""
    turns: dict[tuple[str, str], tuple[str, str]] = {}
    before: dict[str, str] = {}
    for index, row in enumerate(_rows(data / "mi/HLQC_volleys_dev.csv")):
        if row["speaker"] == "counsellor":
            before[row["conv_id"]] = row["vol_text"]
        else:
            turns["hlqc", str(index)] = (row["vol_text"], before.get(row["conv_id"], ""))
    previous = ""
    for index, row in enumerate(_rows(data / "mi/MIBOT_utterances_dev.csv")):
        if row["speaker"] == "counsellor":
            previous = row["text"]
        else:
            turns["mibot", str(index)] = (row["text"], previous)
    with (data / "support/esconv_train_valid.jsonl").open(encoding="utf-8") as file:
        for dialog, line in enumerate(file):
            previous = ""
            for turn, item in enumerate(json.loads(line)["dialog"]):
                if item["speaker"] == "sys":
                    previous = item["text"]
                else:
                    turns["esconv", f"{dialog}.{turn}"] = (item["text"], previous)
    return turns


def _verified(text: str, row: dict[str, str], file: str) -> str:
    """Return the text, after checking that it is the one that was labelled."""
    if hashlib.sha256(text.encode()).hexdigest()[:8] != row["check"]:
        raise UserError(
            f"{file}, source {row['source']}, row {row['row']}: the data differs from the release "
            "that was labelled.",
            remedy="Use the release named in docs/reference/model-card.md.",
        )
    return text


def own_talk(data: Path) -> list[Example]:
    """Return seeker turns whose talk was labelled for Oarlock, first and second choice."""
    turns = _talk_turns(data)
    names = {"c": "change", "s": "sustain", "n": "neutral"}
    examples = []
    for row in _own("labels_talk.csv"):
        text, context = turns.get((row["source"], row["row"]), ("", ""))
        target = one_hot("talk", names[row["talk"]], smoothing=0.1)
        if row["second"]:
            second = one_hot("talk", names[row["second"]], smoothing=0.1)
            target = tuple(0.62 * a + 0.38 * b for a, b in zip(target, second, strict=True))
        examples.append(Example("talk", _verified(text, row, "labels_talk.csv"), context, target))
    return examples


#: Texts that share this many words in a row are taken for the same words.
_SAME_WORDS = 8


def already_labelled(held: list[Example], fitted: list[Example]) -> set[int]:
    """Return the positions of seeker turns that repeat a turn labelled in the first stage.

    HLQC transcribes some of the videos that AnnoMI does.
    """
    whole: set[str] = set()
    runs: set[str] = set()

    def pieces(words: list[str]) -> set[str]:
        n = len(words) - _SAME_WORDS + 1
        return {" ".join(words[k : k + _SAME_WORDS]) for k in range(max(0, n))}

    for example in fitted:
        if example.head == "talk":
            text = normalise(example.text)
            whole.add(text)
            runs |= pieces(text.split())
    result = set()
    for index, example in enumerate(held):
        if example.head == "talk":
            text = normalise(example.text)
            words = text.split()
            if (len(words) >= 4 and text in whole) or runs & pieces(words):
                result.add(index)
    return result


def own_empathy(data: Path) -> list[Example]:
    """Return replies whose empathy levels were labelled for Oarlock."""
    posts = {
        row["post_id"]: f"{row['title']} {row['text']}"
        for row in _rows(data / "support/reddit_dam_posts_dev.csv")
    }
    comments = list(_rows(data / "support/reddit_dam_comments_dev.csv"))
    examples = []
    for row in _own("labels_empathy.csv"):
        comment = comments[int(row["row"])]
        text = _verified(comment["comment_text"], row, "labels_empathy.csv")
        context = posts.get(comment["post_id"], "")
        for head in ("empathy-er", "empathy-ip", "empathy-ex"):
            target = one_hot(head, row[head.removeprefix("empathy-")], smoothing=0.1)
            examples.append(Example(head, text, context, target))
    return examples


def annomi(data: Path) -> list[Example]:
    """Return AnnoMI turns with the turn before as context, grouped by video."""
    examples: list[Example] = []
    before: dict[tuple[str, str], str] = {}
    for row in _rows(data / "mi/annomi_train.csv"):
        text, group = row["utterance_text"] or "", row["video_id"]
        therapist = row["interlocutor"] == "therapist"
        context = before.get((row["transcript_id"], "client" if therapist else "therapist"), "")
        before[row["transcript_id"], row["interlocutor"]] = text
        if not therapist:
            target = one_hot("talk", row["client_talk_type"], smoothing=0.1)
            examples.append(Example("talk", text, context, target, group=group))
            continue
        target = one_hot("behaviour", row["main_therapist_behaviour"], smoothing=0.05)
        examples.append(Example("behaviour", text, context, target, group=group))
        if row["question_exists"] == "True":
            target = one_hot("question", row["question_subtype"], smoothing=0.1)
            examples.append(Example("question", text, context, target, group=group))
        if row["reflection_exists"] == "True":
            target = one_hot("reflection", row["reflection_subtype"], smoothing=0.2)
            examples.append(Example("reflection", text, context, target, group=group))
    return examples


def mibot_talk(data: Path) -> list[Example]:
    """Return client talk in MIBOT conversations, labelled by AutoMISC, at low weight."""
    names = {"C": "change", "S": "sustain", "N": "neutral"}
    examples, before = [], ""
    for row in _rows(data / "mi/MIBOT_utterances_dev.csv"):
        if row["speaker"] == "counsellor":
            before = row["text"]
        elif row["auto_misc_label"] in names:
            target = one_hot("talk", names[row["auto_misc_label"]], smoothing=0.2)
            examples.append(
                Example("talk", row["text"], before, target, 0.5, group=row["participant_id"])
            )
    return examples


def epitome(data: Path) -> list[Example]:
    """Return the three empathy mechanisms of EPITOME, grouped by seeker post."""
    examples = []
    for head, name in (
        ("empathy-er", "emotional-reactions"),
        ("empathy-ip", "interpretations"),
        ("empathy-ex", "explorations"),
    ):
        for row in _rows(data / f"mi/epitome_{name}_train.csv"):
            target = one_hot(head, row["level"], smoothing=0.05)
            group = normalise(row["seeker_post"])
            examples.append(
                Example(head, row["response_post"], row["seeker_post"], target, group=group)
            )
    return examples


def folds(examples: list[Example], n_folds: int, *, seed: int) -> NDArray[np.int64]:
    """Return the fold of each example; groups are never cut, labels are spread evenly.

    Examples of one group land in one fold across heads, so that a video or a seeker post that is
    tested under one head was not trained on under another.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = [example.group for example in examples]
    labels = [f"{example.head} {example.label}" for example in examples]
    rare = {label for label, n in Counter(labels).items() if n < n_folds}
    labels = ["rare" if label in rare else label for label in labels]
    result = np.zeros(len(examples), dtype=np.int64)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    for fold, (_, test) in enumerate(splitter.split(labels, labels, groups)):
        result[test] = fold
    return result
