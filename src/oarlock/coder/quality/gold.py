"""Texts with human labels, made ready to compare with the coder."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from oarlock.codebook import CODES, fold
from oarlock.codebook.labels import TASK_LABELS, resolve_label
from oarlock.corpus.reading import is_missing, is_no_text, looks_like_name
from oarlock.errors import UserError

MAX_SHOWN_LABELS = 10
"""Unknown labels that one message lists."""


def _resolve(task: str, label: str) -> str | None:
    """Return the label of `task` that `label` means, or None."""
    try:
        return resolve_label(task, label)
    except UserError:
        return None


_QUESTIONS = {"Open Question": "open", "Closed Question": "closed"}
_REFLECTIONS = {"Simple Reflection": "simple", "Complex Reflection": "complex"}


def _of_code(task: str) -> dict[str, str | None]:
    """Return the label of a coarser task for each of the fifteen codes; None where it has none."""
    if task == "families":
        return {code.name: code.family for code in CODES}
    if task == "question":
        return {code.name: _QUESTIONS.get(code.name) for code in CODES}
    if task == "reflection":
        return {code.name: _REFLECTIONS.get(code.name) for code in CODES}
    return {}


def detect_task(labels: Iterable[str], *, place: str = "the labels") -> str:
    """Return the one task whose labels these are.

    Args:
        labels: Labels as they are written, each as often as it occurs.
        place: Where they stand, for the message: file and column.

    Raises:
        UserError: No task, or more than one, has all of these labels.
    """
    counts = Counter(labels)
    distinct = set(counts)
    folded = {fold(label) for label in distinct}
    own = {task: {fold(label) for label in known} for task, known in TASK_LABELS.items()}
    own["codes"] |= {fold(code.abbreviation) for code in CODES}
    exact = [task for task, known in own.items() if folded <= known]
    fits = {t: sum(_resolve(t, label) is not None for label in distinct) for t in TASK_LABELS}
    fitting = exact or [task for task, count in fits.items() if count == len(distinct)]
    if len(fitting) == 1:
        return fitting[0]
    every = ", ".join(TASK_LABELS)
    if fitting:
        raise UserError(
            f"{place}: the labels fit more than one task: {', '.join(fitting)}.",
            remedy="Say which with --task.",
        )
    best = max(TASK_LABELS, key=lambda task: (fits[task], len(folded & own[task])))
    if fits[best]:
        return best  # the unknown ones are then named
    raise UserError(
        f"{place}: the labels fit no task of the coder: {shown_labels(counts)}.",
        remedy=f"Say --task ({every}), or translate the labels with --crosswalk NAME.",
    )


@dataclass(frozen=True, slots=True)
class GoldColumns:
    """Names of the columns of a file with human labels; None where it has no such column."""

    text: str = "text"
    label: str = "label"
    context: str | None = None
    group: str | None = None


@dataclass(slots=True)
class GoldSet:
    """Texts, what a human said of each, and what was left out.

    Attributes:
        task: Name of the task; `labels` index into `TASK_LABELS[task]`.
        texts: Each text, taken whole.
        contexts: What the text replies to, or None.
        labels: Index of the human's label.
        groups: Name of the group that each text belongs to (thread, video), or None.
        left_out: How many rows were left out, by reason.
    """

    task: str
    texts: list[str] = field(default_factory=list)
    contexts: list[str | None] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    groups: list[str] | None = None
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    text: str
    context: str | None
    label: str
    group: str


def suggestion(label: str, known: Sequence[str]) -> str:
    """Return ' (did you mean ...?)' when the value looks like a known label, else nothing.

    A value that resembles no label may be a person's text in the wrong column: never shown.
    """
    close = _close(label, known)
    return f" {label!r} (did you mean {close!r}?)" if close else ""


def _close(label: str, known: Sequence[str]) -> str | None:
    by_fold = {fold(item): item for item in known}
    close = difflib.get_close_matches(fold(label), by_fold, n=1, cutoff=0.75)
    return by_fold[close[0]] if close else None


def shown_labels(counts: Mapping[str, int], known: Sequence[str] = ()) -> str:
    """Return labels with the number of their rows, the most frequent first, for a message.

    What could be a person's text in the wrong column is counted, not shown: a value that resembles
    no known label is shown only where it is a single word and no value reads like a sentence.

    Args:
        counts: Rows by label as it is written.
        known: Labels that are expected.
    """
    all_names = all(looks_like_name(label) for label in counts)
    shown: list[str] = []
    others: list[int] = []
    for label, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        close = _close(label, known)
        may_be_shown = close is not None or (all_names and len(label.split()) == 1)
        if may_be_shown and len(shown) < MAX_SHOWN_LABELS:
            hint = f"; did you mean {close!r}?" if close else ""
            shown.append(f"{label!r} ({_rows(count)}{hint})")
        else:
            others.append(count)
    listed = ", ".join(shown)
    if not others:
        return listed
    if not shown:
        return f"{len(others)} ({_rows(sum(others))}), not shown because it could be text"
    noun = "other" if len(others) == 1 else "others"
    return f"{listed} and {len(others)} {noun} ({_rows(sum(others))})"


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def gold_set(
    rows: Iterable[tuple[int, Mapping[str, object]]],
    *,
    source: str,
    columns: GoldColumns,
    task: str | None = None,
    translate: Callable[[str], str | None] | None = None,
    crosswalk_task: str | None = None,
    crosswalk_labels: Sequence[str] = (),
    min_words: int = 0,
    leave_out_unknown: bool = False,
) -> GoldSet:
    """Return the rows that can be compared with the coder, and count the others by reason.

    Args:
        rows: Row number and cells, as the reader gives them.
        source: Name of the file, for messages.
        columns: Names of the columns.
        task: One of `TASK_LABELS`; None finds it from the labels.
        translate: Maps a label of another scheme to an Oarlock label, None where it has no
            counterpart; raises KeyError for a label that the scheme does not have.
        crosswalk_task: The task that `translate` leads to.
        crosswalk_labels: Labels that `translate` knows, for messages.
        min_words: Leave out texts of fewer words (runs of letters or digits between spaces).
        leave_out_unknown: Leave out rows with an unknown label instead of refusing the file.

    Raises:
        UserError: Unknown task or label, or no row left.
    """
    if task is not None and task not in TASK_LABELS:
        raise UserError(f"Unknown task {task!r}.", remedy=f"Use one of: {', '.join(TASK_LABELS)}.")
    left_out: Counter[str] = Counter()
    kept: list[_Row] = []
    unknown: list[tuple[int, str]] = []
    n_seen = 0
    for number, cells in rows:
        n_seen += 1
        row = _row(number, cells, columns, source)
        reason = _reason_to_leave_out(row, min_words)
        if reason is not None:
            left_out[reason] += 1
            continue
        try:
            label = translate(row.label) if translate is not None else row.label
        except KeyError:
            unknown.append((number, row.label))
            continue
        if label is None:
            left_out["label without a counterpart in the crosswalk"] += 1
        else:
            kept.append(replace(row, label=label))
    if n_seen == 0:
        raise UserError(f"{source} has no rows.", remedy="Give a file with labelled texts.")
    if unknown and not leave_out_unknown:
        _refuse_unknown(unknown, source, columns.label, crosswalk_labels)
    if not kept:
        _refuse_empty(source, columns, left_out)
    place = f"{source}, column {columns.label!r}"
    found = task or crosswalk_task or detect_task((row.label for row in kept), place=place)
    gold = GoldSet(task=found, groups=[] if columns.group else None, left_out=left_out)
    unknown += _fill(gold, kept)
    if unknown and not leave_out_unknown:
        _refuse_unknown(unknown, source, columns.label, TASK_LABELS[found])
    if unknown:
        left_out["unknown label"] += len(unknown)
    if not gold.texts:
        _refuse_empty(source, columns, left_out)
    return gold


def _row(number: int, cells: Mapping[str, object], columns: GoldColumns, source: str) -> _Row:
    label, text = cells.get(columns.label), cells.get(columns.text)
    context = cells.get(columns.context) if columns.context else None
    group = cells.get(columns.group) if columns.group else ""
    if columns.group and is_missing(group):
        raise UserError(
            f"{source}, row {number}, column {columns.group!r}: the group is empty.",
            remedy="Give every row a group, or leave --group-column away.",
        )
    return _Row(
        number=number,
        text="" if is_no_text(text) else str(text),
        context=None if is_no_text(context) else str(context),
        label="" if is_missing(label) else str(label).strip(),
        group=str(group),
    )


def _reason_to_leave_out(row: _Row, min_words: int) -> str | None:
    if not row.label:
        return "no label"
    if not row.text.strip():
        return "no text"
    if min_words and n_words(row.text) < min_words:
        return f"fewer than {min_words} words"
    return None


def _fill(gold: GoldSet, kept: Sequence[_Row]) -> list[tuple[int, str]]:
    """Put the rows into `gold`; return number and label of those whose label is unknown."""
    of_code = _of_code(gold.task)
    index = {label: position for position, label in enumerate(TASK_LABELS[gold.task])}
    resolved = {row.label: _resolve(gold.task, row.label) for row in kept}
    # A file in the fifteen codes may be scored on a coarser task.
    codes = {label: _resolve("codes", label) for label in resolved} if of_code else {}
    in_codes = bool(of_code) and None in resolved.values()
    unknown = []
    for row in kept:
        code = codes.get(row.label) if in_codes else None
        mapped = resolved[row.label] if code is None else of_code[code]
        if mapped is None and code is not None:
            gold.left_out[f"label outside the task {gold.task}"] += 1
        elif mapped is None:
            unknown.append((row.number, row.label))
        else:
            gold.texts.append(row.text)
            gold.contexts.append(row.context)
            gold.labels.append(index[mapped])
            if gold.groups is not None:
                gold.groups.append(row.group)
    return unknown


def _refuse_empty(source: str, columns: GoldColumns, left_out: Counter[str]) -> NoReturn:
    reasons = ", ".join(f"{count} {why}" for why, count in left_out.items())
    raise UserError(
        f"{source}, columns {columns.text!r} and {columns.label!r}: no row is left to evaluate "
        f"({reasons}).",
        remedy="Check --text-column, --label-column and --min-words.",
    )


def _refuse_unknown(
    unknown: list[tuple[int, str]], source: str, column: str, known: Sequence[str]
) -> NoReturn:
    first = min(number for number, _ in unknown)
    more = f" and {_rows(len(unknown) - 1).replace(' ', ' more ')}" if len(unknown) > 1 else ""
    counts = Counter(label for _, label in unknown)
    expected = f" Expected one of: {', '.join(known)}." if known else ""
    raise UserError(
        f"{source}, row {first}{more}, column {column!r}: unknown "
        f"label{'' if len(counts) == 1 else 's'}: {shown_labels(counts, known)}.{expected}",
        remedy="Mend the labels, name another --task or --crosswalk, or pass --leave-out-unknown.",
    )


def n_words(text: str) -> int:
    """Return the number of runs between spaces that hold a letter or a digit."""
    return sum(any(character.isalnum() for character in run) for run in text.split())
