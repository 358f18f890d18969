"""The MI profile of a corpus: shares of every code with intervals, overall and by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import CODES
from oarlock.coder.miti import Measure
from oarlock.errors import UserError
from oarlock.report.coded import MECHANISMS, CodedSentences, cells_of, week_of
from oarlock.report.intervals import measure
from oarlock.report.measures import MITI, N_CODES, SHARES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_REPLIES = 5
"""Cells with fewer replies are not shown: too little to say, and too easy to recognise a person."""

MIN_THREADS = 2
"""Cells with fewer have no interval: one thread says nothing of how threads differ."""


def require_enough(coded: CodedSentences, source: str) -> None:
    """Refuse a corpus that is too small for a profile.

    A whole corpus is held to what the smallest cell is held to: at least `MIN_REPLIES` replies,
    from at least `MIN_THREADS` threads where threads are named.

    Raises:
        UserError: It is smaller. Its message counts what is there.
    """
    was_read = _was_read(coded)
    n_replies = int(was_read.sum())
    if n_replies < MIN_REPLIES:
        n_foreign = coded.n_replies - n_replies
        apart = f" ({n_foreign} more are not in English)" if n_foreign else ""
        raise UserError(
            f"{source} holds {n_replies} {'reply' if n_replies == 1 else 'replies'} that can be "
            f"read{apart}; a report needs at least {MIN_REPLIES}: shares of fewer say nothing.",
            remedy="Add replies, or read the code of each sentence: `oarlock code IN OUT`.",
        )
    if len(np.unique(_clusters(coded, was_read)[was_read])) < MIN_THREADS:
        raise UserError(
            f"{source} holds one thread only (column {coded.role_names['thread']!r}); a report "
            f"needs at least {MIN_THREADS}: one thread says nothing of how threads differ.",
            remedy="Add threads, name another column with --thread-column, or read the code of "
            "each sentence: `oarlock code IN OUT`.",
        )


def _was_read(coded: CodedSentences) -> NDArray[np.bool_]:
    """Return, per reply, whether it has a sentence that is not in another language."""
    keep = np.asarray([reason != "language" for reason in coded.reasons], dtype=bool)
    return np.bincount(coded.reply[keep], minlength=coded.n_replies) > 0


@dataclass(frozen=True, slots=True)
class Cell:
    """Measures of one part of the corpus: the whole, a supporter, a group or a week.

    Attributes:
        name: Name of the part, as in the file; the Monday for a week.
        shares: Percent of sentences, by full name of the code, and "Summary" (percent of
            replies), "Reflections", "Questions", "OARS", the three families, and the groups of
            `oarlock.codebook.display_groups`. "Summary" has no interval: its probability is
            calibrated on replies written for Oarlock, which hold more Summaries than real ones, so
            no doubt that can be drawn here covers its error.
        miti: MITI 4.2.1 summary measures; counts of the families are per reply.
        n_replies: Replies with a sentence that was read.
        n_threads: Threads of these, or replies where no threads are named.
    """

    name: str
    n_replies: int
    n_sentences: int
    n_threads: int
    shares: dict[str, Measure]
    miti: dict[str, Measure]


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A sentence to check by hand: its code, and the most probable of the others."""

    reply_id: str
    start: int
    end: int
    code: str
    probability: float
    next: str
    next_probability: float
    reason: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """The MI profile of a corpus.

    Attributes:
        overall: The whole corpus.
        supporters, groups, weeks: Cells of at least `MIN_REPLIES` replies, in alphabetical order
            (weeks in order of time); empty where the file has no such column.
        n_hidden: Number of cells not shown, by role.
        empathy: Per mechanism, percent of replies at level 0, 1 and 2.
        unreliable: Number of sentences by the coder's reason not to trust them.
        n_by_code: Number of sentences by the code decided on, full name.
        n_left_out: Sentences in another language, left out of every share.
        n_replies_left_out: Replies of which every sentence is, left out of everything.
        clustered_by: Name of the column of threads that were resampled whole, or "reply".
        uncertain: The least certain sentences, least certain first.
    """

    overall: Cell
    supporters: tuple[Cell, ...]
    groups: tuple[Cell, ...]
    weeks: tuple[Cell, ...]
    n_hidden: dict[str, int]
    n_without_time: int
    empathy: dict[str, tuple[float, float, float]]
    unreliable: dict[str, int]
    n_by_code: dict[str, int]
    n_left_out: int
    n_replies_left_out: int
    clustered_by: str
    n_resamples: int
    seed: int
    model_version: str
    uncertain: tuple[Uncertain, ...]
    role_names: dict[str, str] = field(default_factory=dict)


def profile(
    coded: CodedSentences,
    *,
    n_resamples: int | None = None,
    seed: int = 20261123,
    n_uncertain: int = 20,
) -> Profile:
    """Return the profile of coded sentences.

    A share is the mean calibrated probability, not the count of most probable codes. Each resample
    draws threads with replacement and one code per sentence from its probabilities, so that the
    interval carries both the choice of threads and the coder's own doubt. It cannot carry a
    systematic error of the coder on texts unlike those it was calibrated on.

    Args:
        coded: Sentences with probabilities.
        n_resamples: None chooses 1000, fewer for large files (at least 200).
        seed: Seed of the resampling.
        n_uncertain: How many of the least certain sentences to list.
    """
    keep = np.asarray([reason != "language" for reason in coded.reasons], dtype=bool)
    if n_resamples is None:
        n_resamples = int(np.clip(20_000_000 // max(len(keep), 1), 200, 1000))
    # A reply in another language was not read, so it is no reply here: it is in no cell.
    was_read = _was_read(coded)
    partitions, hidden, n_without_time = _partitions(coded, was_read)
    sampler = _Sampler(coded, keep, _clusters(coded, was_read))
    cells = sampler.cells(list(partitions.values()), n_resamples, seed)
    by_role = dict(zip(partitions, cells, strict=True))
    return Profile(
        overall=by_role["overall"][0],
        supporters=tuple(by_role.get("supporter", ())),
        groups=tuple(by_role.get("group", ())),
        weeks=tuple(by_role.get("time", ())),
        n_hidden=hidden,
        n_without_time=n_without_time,
        empathy=_empathy(coded, was_read),
        unreliable=_reasons(coded),
        n_by_code={
            code.name: int(n)
            for code, n in zip(
                CODES, np.bincount(coded.codes[keep], minlength=N_CODES), strict=True
            )
        },
        n_left_out=int((~keep).sum()),
        n_replies_left_out=int((~was_read).sum()),
        clustered_by=coded.role_names.get("thread", "reply"),
        n_resamples=n_resamples,
        seed=seed,
        model_version=coded.model_version,
        uncertain=_uncertain(coded, keep, n_uncertain),
        role_names=dict(coded.role_names),
    )


def _clusters(coded: CodedSentences, was_read: NDArray[np.bool_]) -> Ints:
    """Return the number of each reply's thread, counted from 0; -1 for a reply not read."""
    names = coded.roles.get("thread") or [""] * coded.n_replies
    # A reply without a thread stands for itself.
    own = np.asarray([name or f"\0{reply}" for reply, name in enumerate(names)], dtype=np.str_)
    cluster = np.full(coded.n_replies, -1, dtype=np.int64)
    cluster[was_read] = np.unique(own[was_read], return_inverse=True)[1]
    return cluster


@dataclass(frozen=True, slots=True)
class _Partition:
    names: list[str]
    cell_of_reply: Ints


def _partitions(
    coded: CodedSentences, was_read: NDArray[np.bool_]
) -> tuple[dict[str, _Partition], dict[str, int], int]:
    """Return the parts that are large enough to show, and how many of each role are not."""
    result = {"overall": _Partition(["all"], np.where(was_read, 0, -1))}
    hidden: dict[str, int] = {}
    n_without_time = 0
    for role in ("supporter", "group", "time"):
        if role not in coded.roles:
            continue
        values = coded.roles[role]
        if role == "time":
            weeks: list[date | None] = [week_of(value) for value in values]
            n_without_time = sum(week is None for week in weeks)
            values = ["" if week is None else week.isoformat() for week in weeks]
        names, place = cells_of(values)
        place = np.where(was_read, place, -1)
        n_replies = np.bincount(place[place >= 0], minlength=len(names))
        shown = n_replies >= MIN_REPLIES
        hidden[role] = int((~shown).sum())
        if not shown.any():
            continue
        renumber = np.where(shown, np.cumsum(shown) - 1, -1)
        cell = np.where(place >= 0, renumber[np.maximum(place, 0)], -1)
        result[role] = _Partition(
            [n for n, is_shown in zip(names, shown, strict=True) if is_shown], cell
        )
    return result, hidden, n_without_time


class _Sampler:
    """Expected counts per cell, and counts under resampled threads and drawn codes."""

    def __init__(self, coded: CodedSentences, keep: NDArray[np.bool_], cluster: Ints) -> None:
        self.probabilities = coded.probabilities[keep].astype(np.float64)
        self.probabilities /= self.probabilities.sum(axis=1, keepdims=True)
        self.cumulative = np.cumsum(self.probabilities, axis=1).astype(np.float32)[:, :-1]
        self.reply = coded.reply[keep]
        self.summary = coded.summary
        self.cluster = cluster
        self.n_clusters = int(cluster.max()) + 1

    def cells(
        self, partitions: Sequence[_Partition], n_resamples: int, seed: int
    ) -> list[list[Cell]]:
        """Return the cells of each partition."""
        rng = np.random.default_rng(seed)
        draws: list[list[Floats]] = [[] for _ in partitions]
        for _ in range(n_resamples if self.n_clusters >= MIN_THREADS else 0):
            drawn = rng.integers(0, self.n_clusters, self.n_clusters)
            weight = np.bincount(drawn, minlength=self.n_clusters).astype(np.float64)[self.cluster]
            uniform = rng.random(len(self.reply), dtype=np.float32)
            code = (uniform[:, None] > self.cumulative).sum(axis=1)
            for partition, kept in zip(partitions, draws, strict=True):
                kept.append(self._counts(partition, code, weight))
        return [
            self._finish(partition, np.stack(kept) if kept else None)
            for partition, kept in zip(partitions, draws, strict=True)
        ]

    def _counts(self, partition: _Partition, code: Ints, weight: Floats) -> Floats:
        """Return weighted counts, shape (n_cells, 15 codes + replies)."""
        n_cells = len(partition.names)
        cell = partition.cell_of_reply[self.reply]
        inside = cell >= 0
        flat = np.bincount(
            cell[inside] * N_CODES + code[inside],
            weights=weight[self.reply[inside]],
            minlength=n_cells * N_CODES,
        ).reshape(n_cells, N_CODES)
        own = partition.cell_of_reply
        replies = np.bincount(own[own >= 0], weights=weight[own >= 0], minlength=n_cells)
        return np.column_stack([flat, replies])

    def _finish(self, partition: _Partition, draws: Floats | None) -> list[Cell]:
        n_cells = len(partition.names)
        cell = partition.cell_of_reply[self.reply]
        inside = cell >= 0
        own = partition.cell_of_reply
        expected = np.zeros((n_cells, N_CODES + 1))
        np.add.at(expected[:, :N_CODES], cell[inside], self.probabilities[inside])
        np.add.at(expected[:, N_CODES], own[own >= 0], 1)
        n_sentences = np.bincount(cell[inside], minlength=n_cells)
        result = []
        for position, name in enumerate(partition.names):
            n_threads = len(np.unique(self.cluster[own == position]))
            drawn = None
            if draws is not None and n_threads >= MIN_THREADS:
                # A resample that drew none of this cell's threads says nothing of it.
                drawn = draws[:, position][draws[:, position, N_CODES] > 0]
            measures = {
                key: measure(
                    quantity.kind,
                    quantity.counts(expected[position][None])[0],
                    None if drawn is None else quantity.counts(drawn),
                    n_threads,
                )
                for key, quantity in {**SHARES, **MITI}.items()
            }
            known = self.summary[(own == position) & ~np.isnan(self.summary)]
            summaries = 100 * float(known.mean()) if len(known) else None
            result.append(
                Cell(
                    name=name,
                    n_replies=int((own == position).sum()),
                    n_sentences=int(n_sentences[position]),
                    n_threads=n_threads,
                    shares={key: measures[key] for key in SHARES}
                    | {"Summary": Measure(summaries, None, None)},
                    miti={key: measures[key] for key in MITI},
                )
            )
        return result


def _empathy(
    coded: CodedSentences, was_read: NDArray[np.bool_]
) -> dict[str, tuple[float, float, float]]:
    result = {}
    for position, name in enumerate(MECHANISMS):
        levels = coded.empathy[was_read, position]
        levels = levels[levels >= 0]
        if len(levels):
            counts = 100 * np.bincount(levels, minlength=3) / len(levels)
            result[name] = (float(counts[0]), float(counts[1]), float(counts[2]))
    return result


def _reasons(coded: CodedSentences) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for reason in coded.reasons:
        if reason:
            reasons[reason] = reasons.get(reason, 0) + 1
    return dict(sorted(reasons.items()))


def _uncertain(
    coded: CodedSentences, keep: NDArray[np.bool_], n_uncertain: int
) -> tuple[Uncertain, ...]:
    own = coded.probabilities[np.arange(len(keep)), coded.codes]
    result = []
    for row in np.argsort(np.where(keep, own, np.inf), kind="stable")[:n_uncertain]:
        if not keep[row]:
            break
        code = coded.codes[row]
        others = coded.probabilities[row].copy()
        others[code] = -1
        other = int(others.argmax())
        result.append(
            Uncertain(
                reply_id=coded.reply_ids[coded.reply[row]],
                start=coded.spans[row][0],
                end=coded.spans[row][1],
                code=CODES[code].name,
                probability=float(own[row]),
                next=CODES[other].name,
                next_probability=float(others[other]),
                reason=coded.reasons[row],
                text=None if coded.texts is None else coded.texts[row],
            )
        )
    return tuple(result)
