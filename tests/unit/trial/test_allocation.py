from __future__ import annotations

import datetime as dt
import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oarlock.errors import UserError
from oarlock.trial.allocation import (
    Entry,
    close_log,
    commitment,
    entry_hash,
    log_lines,
    new_seed,
    next_arm,
    open_log,
    parse_seed,
    read_log,
    verify,
)
from oarlock.trial.allocation.methods import Blocks, best_chance, draws_for
from oarlock.trial.protocol import Protocol
from trial_protocols import NOW, SEED, allocating, protocol

MILD = {"severity": "mild"}
LEVELS = [
    {"severity": severity, "city": city}
    for severity in ("mild", "severe")
    for city in ("north", "south")
]

seeds = st.binary(min_size=32, max_size=32)


def grown(
    trial: Protocol,
    n: int,
    *,
    seed: bytes = SEED,
    levels: Callable[[int], dict[str, str]] | None = None,
) -> list[Entry]:
    """Return the log after `n` allocations."""
    names = [factor.name for factor in trial.allocation.used_factors]
    log = [open_log(trial, seed, at=NOW)]
    for number in range(n):
        own = levels(number) if levels else LEVELS[(number * 7 + number // 3) % 4]
        strata = {name: own[name] for name in names}
        at = NOW + dt.timedelta(minutes=number)
        log.append(next_arm(trial, seed, log, f"p{number:03}", strata, at=at))
    return log


def arms(log: list[Entry]) -> list[str]:
    return [entry.arm for entry in log if entry.is_allocation]


# --- balance ----------------------------------------------------------------------------------


@given(seed=seeds, shares=st.lists(st.integers(1, 4), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_every_block_holds_the_arms_in_their_exact_ratio(seed: bytes, shares: list[int]) -> None:
    trial = allocating("blocks", tuple(shares))
    blocks = Blocks(draws_for(trial, seed, ()), trial.ratio, trial.allocation.block_sizes)
    drawn = [blocks.arm(position) for position in range(1, 61)]
    start = 0
    for end in (end for end in blocks.ends if end <= 60):
        block = Counter(drawn[start:end])
        times = (end - start) // sum(shares)
        assert (end - start) in trial.allocation.block_sizes
        assert block == {arm: share * times for arm, share in trial.ratio.items()}
        start = end


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_two_equal_arms_in_blocks_never_differ_by_more_than_half_a_block(seed: bytes) -> None:
    trial = allocating("blocks", block_sizes=(4, 6))
    difference = 0
    for arm in arms(grown(trial, 40, seed=seed)):
        difference += 1 if arm == "arm-1" else -1
        assert abs(difference) <= 3


def test_strata_are_balanced_each_for_itself() -> None:
    log = grown(allocating("stratified", block_sizes=(4,)), 160)
    for stratum in {entry.strata for entry in log if entry.is_allocation}:
        within = [e.arm for e in log if e.is_allocation and e.strata == stratum]
        whole = Counter(within[: len(within) // 4 * 4])
        assert whole["arm-1"] == whole["arm-2"]


def test_sequences_of_strata_differ() -> None:
    trial = allocating("stratified", block_sizes=(4, 6))
    sequences = {
        tuple(e.arm for e in grown(trial, 24, levels=lambda _, one=one: one)[1:]) for one in LEVELS
    }
    assert len(sequences) == 4


def test_only_the_strata_that_are_named_are_used() -> None:
    trial = protocol()
    entry = grown(trial, 1)[1]
    assert entry.strata == (("severity", "mild"),)


def test_simple_draws_keep_the_ratio_in_the_long_run() -> None:
    trial = allocating("simple", (2, 1))
    n_first = Counter(arms(grown(trial, 600)))["arm-1"]
    # Five standard errors of a share of 2/3.
    assert abs(n_first - 400) < 5 * (600 * 2 / 9) ** 0.5


def minimised(n: int, shares: tuple[int, ...], seed: bytes) -> list[Entry]:
    return grown(allocating("minimisation", shares), n, seed=seed)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_minimisation_balances_every_level_within_a_bound(seed: bytes) -> None:
    log = minimised(80, (1, 1), seed)
    for factor, level in {pair for entry in log for pair in entry.strata}:
        counts = Counter(e.arm for e in log if (factor, level) in e.strata)
        # Simple draws would differ by 6.3 on average in a level of 40, and by 20 at 3.2 sd.
        assert abs(counts["arm-1"] - counts["arm-2"]) <= 14


def test_minimisation_balances_better_than_simple_draws() -> None:
    def spread(method: str, seed: bytes) -> int:
        log = grown(allocating(method), 40, seed=seed)
        total = 0
        for factor, level in [("severity", "mild"), ("city", "north")]:
            own = [
                e.arm for place, e in enumerate(log[1:])
                if LEVELS[(place * 7 + place // 3) % 4][factor] == level
            ]  # fmt: skip
            total += abs(2 * own.count("arm-1") - len(own))
        return total

    draws = [bytes([i]) * 32 for i in range(30)]
    assert sum(spread("minimisation", s) for s in draws) * 2 < sum(
        spread("simple", s) for s in draws
    )


def test_minimisation_with_unequal_shares_keeps_the_ratio() -> None:
    counts: Counter[str] = Counter()
    for number in range(12):
        counts.update(arms(minimised(60, (2, 1), bytes([number + 1]) * 32)))
    assert abs(counts["arm-1"] / 720 - 2 / 3) < 0.03


def test_chances_of_minimisation_add_up_to_the_shares() -> None:
    ratio = {"a": 3, "b": 2, "c": 1}
    p = Fraction(4, 5)
    for arm, share in ratio.items():
        # Averaged over which arm is best, in proportion to the shares, each arm keeps its share.
        total = Fraction(share, 6) * best_chance(ratio, arm, p) + sum(
            Fraction(other_share, 6)
            * (1 - best_chance(ratio, other, p))
            * Fraction(share, 6 - other_share)
            for other, other_share in ratio.items()
            if other != arm
        )
        assert total == Fraction(share, 6)


def test_minimisation_takes_the_arm_that_balances_with_its_probability() -> None:
    trial = allocating("minimisation")
    n_best = 0
    for number in range(400):
        seed = number.to_bytes(32, "big")
        log = [open_log(trial, seed, at=NOW)]
        log.append(next_arm(trial, seed, log, "a", LEVELS[0], at=NOW))
        log.append(next_arm(trial, seed, log, "b", LEVELS[0], at=NOW))
        n_best += log[1].arm != log[2].arm
    # 0.8 within four standard errors of 400 draws.
    assert abs(n_best / 400 - 0.8) < 4 * 0.02


# --- nobody can tell what comes ---------------------------------------------------------------


def best_guess(before: list[str], sizes: tuple[int, ...]) -> str:
    """Guess the arm that is behind (Blackwell & Hodges 1957); at a tie the first."""
    return "arm-2" if before.count("arm-1") > before.count("arm-2") else "arm-1"


def guessed_right(method: str, n: int, trials: int, **options: tuple[int, ...]) -> float:
    trial = allocating(method, **options)  # type: ignore[arg-type]
    right = 0
    for number in range(trials):
        drawn = arms(grown(trial, n, seed=number.to_bytes(32, "little")))
        right += sum(best_guess(drawn[:i], ()) == arm for i, arm in enumerate(drawn))
    return right / (n * trials)


def test_simple_draws_cannot_be_guessed() -> None:
    # Half, within four standard errors of 2,400 guesses.
    assert abs(guessed_right("simple", 24, 100) - 0.5) < 4 * 0.0102


def test_blocks_are_guessed_no_better_than_theory_allows() -> None:
    # Blackwell & Hodges (1957): with blocks of 2b the guess of the arm behind is right
    # (b + (4^b / C(2b, b) - 1) / 2) / 2b of the time: 0.7083 for b = 2.
    share = guessed_right("blocks", 24, 100, block_sizes=(4,))
    assert abs(share - 0.7083) < 4 * 0.0093
    # With sizes that nobody knows the same guess does worse than with the smallest size alone.
    assert guessed_right("blocks", 24, 100, block_sizes=(4, 6, 8)) < share


def test_minimisation_is_guessed_no_better_than_its_probability() -> None:
    trial = allocating("minimisation")
    right = 0
    for number in range(60):
        log = [open_log(trial, number.to_bytes(32, "little"), at=NOW)]
        for unit in range(20):
            own = LEVELS[(unit * 3) % 4]
            lead = sum(
                (1 if e.arm == "arm-1" else -1)
                for e in log[1:]
                for pair in e.strata
                if own[pair[0]] == pair[1]
            )
            log.append(next_arm(trial, number.to_bytes(32, "little"), log, f"u{unit}", own, at=NOW))
            right += ("arm-2" if lead > 0 else "arm-1") == log[-1].arm
    assert right / 1200 < 0.8 + 4 * 0.0115


def test_log_without_the_seed_does_not_tell_the_next_arm() -> None:
    trial = allocating("simple")
    log = grown(trial, 30)
    public = log_lines(log)
    assert SEED.hex() not in public
    nexts = {next_arm(trial, SEED, log, f"next-{i}", {}, at=NOW).arm for i in range(8)}
    assert len(nexts) == 1, "the arm must not depend on who comes"
    others = [arms(grown(trial, 31, seed=secrets.token_bytes(32)))[-1] for _ in range(40)]
    assert set(others) == {"arm-1", "arm-2"}


def test_another_seed_another_trial_or_another_version_gives_other_sequences() -> None:
    trial = allocating("blocks")
    same = arms(grown(trial, 40))
    assert same == arms(grown(trial, 40))
    assert same != arms(grown(trial, 40, seed=new_seed()))
    assert same != arms(grown(replace(trial, name="another"), 40))


# --- refusals ---------------------------------------------------------------------------------


def test_unit_is_allocated_once() -> None:
    trial = protocol()
    log = grown(trial, 3)
    with pytest.raises(UserError, match="p001 has an arm already"):
        next_arm(trial, SEED, log, "p001", MILD, at=NOW)
    assert next_arm(trial, SEED, log, "p003", MILD, at=NOW).index == 4


@pytest.mark.parametrize(
    ("strata", "said"),
    [
        ({}, "factor severity is missing"),
        ({"severity": "none"}, "no such level"),
        ({**MILD, "moon": "full"}, "moon is no factor"),
    ],
)
def test_strata_are_those_of_the_protocol(strata: dict[str, str], said: str) -> None:
    trial = protocol()
    with pytest.raises(UserError, match=said):
        next_arm(trial, SEED, grown(trial, 1), "p9", strata, at=NOW)


def test_log_has_to_be_open_whole_and_of_this_trial_and_seed() -> None:
    trial = protocol()
    log = grown(trial, 4)
    for history, seed, said in [
        ([], SEED, "not been opened"),
        (log, new_seed(), "whose hash was published"),
        ([*log, close_log(trial, SEED, log, at=NOW)], SEED, "closed"),
        ([*log[:2], *log[3:]], SEED, "gaps"),
        (grown(replace(trial, name="another"), 1), SEED, "that of the trial another"),
    ]:
        with pytest.raises(UserError, match=said):
            next_arm(trial, seed, history, "p9", MILD, at=NOW)


def test_seed_of_another_trial_is_refused() -> None:
    trial = protocol()
    used = {commitment(SEED): "sleep-2026"}
    with pytest.raises(UserError, match="that of the trial sleep-2026"):
        open_log(trial, SEED, at=NOW, used=used)
    assert open_log(trial, SEED, at=NOW, used={commitment(SEED): trial.name}).index == 0
    assert open_log(trial, new_seed(), at=NOW, used=used).index == 0


@pytest.mark.parametrize("text", ["12", "zz" * 32, "00" * 32, "ab" * 32])
def test_seed_that_is_none_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_seed(text)
    assert text not in str(refused.value)
    assert parse_seed(f" {SEED.hex().upper()}\n") == SEED


def test_pre_post_allocates_nobody_and_times_need_a_zone() -> None:
    with pytest.raises(UserError, match="one arm"):
        open_log(replace(protocol(), design="pre-post"), SEED, at=NOW)
    with pytest.raises(ValueError, match="time zone"):
        open_log(protocol(), SEED, at=dt.datetime(2027, 1, 1))  # noqa: DTZ001


# --- the checker ------------------------------------------------------------------------------


METHODS = ["simple", "blocks", "stratified", "minimisation"]


@pytest.mark.parametrize("method", METHODS)
@given(seed=seeds, n=st.integers(0, 25))
@settings(max_examples=8, deadline=None)
def test_honest_log_is_sound(method: str, seed: bytes, n: int) -> None:
    trial = allocating(method, (2, 1))
    log = grown(trial, n, seed=seed)
    found = verify(log, [trial], seed)
    assert found.is_sound
    assert found.is_recomputed
    assert found.n_allocated == n == sum(found.arms.values())
    closed = [*log, close_log(trial, seed, log, at=NOW + dt.timedelta(days=1))]
    assert verify(closed, [trial]).is_recomputed
    assert verify(closed, [trial]).is_sound


def resealed(entries: list[Entry]) -> list[Entry]:
    """Return the log as somebody who can write it would leave it: the chain made anew."""
    done: list[Entry] = []
    for index, entry in enumerate(entries):
        previous = done[-1].hash if done else "0" * 64
        fresh = replace(entry, index=index, previous=previous)
        done.append(replace(fresh, hash=entry_hash(fresh)))
    return done


def other(arm: str) -> str:
    return "arm-2" if arm == "arm-1" else "arm-1"


@pytest.mark.parametrize("method", METHODS)
@given(place=st.integers(1, 20), field=st.sampled_from(["arm", "unit", "at", "position", "strata"]))
@settings(max_examples=25, deadline=None)
def test_altered_row_is_named(method: str, place: int, field: str) -> None:
    trial = allocating(method)
    log = grown(trial, 20)
    row = log[place]
    new = {
        "arm": other(row.arm), "unit": "px", "at": row.at.replace("2027", "2026"),
        "position": row.position + 1, "strata": (*row.strata, ("x", "y")),
    }[field]  # fmt: skip
    log[place] = replace(row, **{field: new})
    found = verify(log, [trial], SEED)
    assert [(one.kind, one.row) for one in found.findings] == [("altered", place + 1)]


@pytest.mark.parametrize("method", METHODS)
@given(place=st.integers(1, 19))
@settings(max_examples=15, deadline=None)
def test_deleted_row_is_named(method: str, place: int) -> None:
    trial = allocating(method)
    log = grown(trial, 20)
    del log[place]
    found = verify(log, [trial], SEED)
    assert [(one.kind, one.index) for one in found.findings] == [("deleted", place)]


@pytest.mark.parametrize("method", METHODS)
@given(place=st.integers(1, 20))
@settings(max_examples=15, deadline=None)
def test_inserted_row_is_named(method: str, place: int) -> None:
    trial = allocating(method)
    log = grown(trial, 20)
    forged = replace(log[place], unit="friend", arm="arm-1", previous=log[place - 1].hash)
    log.insert(place, replace(forged, hash=entry_hash(forged)))
    found = verify(log, [trial], SEED)
    assert ("inserted", place + 1) in [(one.kind, one.row) for one in found.findings]


@pytest.mark.parametrize("method", METHODS)
@given(source=st.integers(1, 20), target=st.integers(1, 20))
@settings(max_examples=20, deadline=None)
def test_moved_row_is_named(method: str, source: int, target: int) -> None:
    trial = allocating(method)
    log = grown(trial, 20)
    log.insert(target, log.pop(source))
    found = verify(log, [trial], SEED)
    if source == target:
        assert found.is_sound
        return
    kinds = {one.kind for one in found.findings}
    assert kinds == {"reordered"}
    rows = {one.row - 1 for one in found.findings}
    # Of two neighbours that changed places either may be called the one that moved.
    assert target in rows or (abs(source - target) == 1 and source in rows)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", [1, 8, 20])
def test_arm_changed_with_the_chain_made_anew_is_found_by_the_seed(method: str, place: int) -> None:
    trial = allocating(method)
    log = grown(trial, 20)
    log[place] = replace(log[place], arm=other(log[place].arm))
    log = resealed(log)
    assert verify(log, [trial]).is_sound, "the chain alone cannot tell"
    found = verify(log, [trial], SEED)
    assert (found.findings[0].kind, found.findings[0].row) == ("altered", place + 1)
    assert "the seed gives" in found.findings[0].said


def test_two_people_exchanged_with_the_chain_made_anew_are_found_by_a_kept_hash() -> None:
    trial = allocating("blocks")
    log = grown(trial, 20)
    kept = {5: log[5].hash, 20: log[20].hash}
    log[4], log[9] = replace(log[4], unit=log[9].unit), replace(log[9], unit=log[4].unit)
    log = resealed(log)
    assert verify(log, [trial], SEED).is_sound
    found = verify(log, [trial], SEED, anchors=kept)
    assert [one.index for one in found.findings] == [5, 20]


def test_rows_cut_off_the_end_show_against_a_kept_hash() -> None:
    trial = protocol()
    log = grown(trial, 12)
    cut = log[:-3]
    plain = verify(cut, [trial], SEED)
    assert plain.is_sound
    assert any("cut off its end" in note for note in plain.notes)
    (found,) = verify(cut, [trial], SEED, anchors={12: log[12].hash}).findings
    assert (found.kind, found.index) == ("deleted", 12)


def test_missing_opening_doubled_unit_and_foreign_rows_are_found() -> None:
    trial = protocol()
    log = grown(trial, 6)
    assert verify(log[1:], [trial], SEED).findings[0].kind == "deleted"
    twice = [*log, replace(log[3], index=7, previous=log[6].hash)]
    twice[-1] = replace(twice[-1], hash=entry_hash(twice[-1]))
    assert any("has an arm already" in one.said for one in verify(twice, [trial], SEED).findings)
    foreign = grown(replace(trial, name="another"), 6)
    mixed = [*log[:6], replace(foreign[6], previous=log[5].hash)]
    mixed[-1] = replace(mixed[-1], hash=entry_hash(mixed[-1]))
    (found,) = verify(mixed, [trial], SEED).findings
    assert (found.kind, found.row) == ("inserted", 7)


def test_wrong_seed_and_wrong_protocol_are_told_apart() -> None:
    trial = protocol()
    log = grown(trial, 5)
    assert [one.kind for one in verify(log, [trial], new_seed()).findings] == ["seed"]
    found = verify(log, [protocol(n="999")], SEED)
    assert {one.kind for one in found.findings} == {"protocol"}


def test_amended_protocol_begins_new_blocks_and_stays_verifiable() -> None:
    first, second = protocol(), protocol(share="2", block_sizes="[3, 6]")
    log = grown(first, 9)
    for number in range(9):
        log.append(next_arm(second, SEED, log, f"q{number}", MILD, at=NOW))
    assert log[10].position == 1
    assert verify(log, [first, second], SEED).is_sound
    later = protocol(n="300")
    carried = grown(first, 9)
    carried.append(next_arm(later, SEED, carried, "q", MILD, at=NOW))
    n_mild = sum(entry.strata == (("severity", "mild"),) for entry in carried)
    assert carried[-1].position == n_mild, "what changes nothing of allocation leaves it running"


def test_clock_that_goes_back_is_noted_and_breaks_nothing() -> None:
    trial = protocol()
    log = grown(trial, 3)
    log.append(next_arm(trial, SEED, log, "p9", MILD, at=NOW - dt.timedelta(hours=1)))
    found = verify(log, [trial], SEED)
    assert found.is_sound
    assert "Row 5: the clock went back." in found.notes


def test_log_survives_a_file(tmp_path: Path) -> None:
    trial = protocol()
    log = grown(trial, 8)
    path = tmp_path / "log.jsonl"
    path.write_text(log_lines(log))
    assert list(read_log(path)) == log
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], lines[3][:-9]]))
    with pytest.raises(UserError, match=r"log\.jsonl, line 4: .* it is no JSON"):
        read_log(path)
    path.write_text(lines[0].replace('"index": 0', '"index": "0"'))
    with pytest.raises(UserError, match=r"line 1: .* index is no whole number"):
        read_log(path)
    path.write_text("")
    with pytest.raises(UserError, match="no entry"):
        read_log(path)


@given(seed=seeds, shuffle=st.randoms(use_true_random=False), n_cut=st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_checker_survives_any_disorder(seed: bytes, shuffle: random.Random, n_cut: int) -> None:
    trial = allocating("minimisation")
    log = grown(trial, 12, seed=seed)
    mixed = log[n_cut:]
    shuffle.shuffle(mixed)
    assert verify(mixed, [trial], seed).is_sound == (mixed == log)


def test_seed_gives_the_same_arms_in_every_version_of_everything() -> None:
    # A change here makes every log that was ever kept unverifiable.
    told = {
        method: "".join(arm[-1] for arm in arms(grown(allocating(method, (2, 1)), 24)))
        for method in METHODS
    }
    assert told == {
        "simple": "121212211111122211111222",
        "blocks": "211112111221121211211221",
        "stratified": "211221121111211111221221",
        "minimisation": "111221112121112112112112",
    }
