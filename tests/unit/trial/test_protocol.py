from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oarlock.errors import UserError
from oarlock.trial.protocol import (
    ProtocolError,
    allocation_hash,
    amend,
    as_mapping,
    canonical,
    cautions,
    changes,
    check_chain,
    clashing_switches,
    freeze,
    from_mapping,
    load,
    loads,
    placeholders,
    plain_words,
    protocol_hash,
    template,
)
from oarlock.trial.protocol.lines import key_lines
from oarlock.trial.protocol.reference import render_markdown
from trial_protocols import NOW, allocating, protocol, text


def faults(source: str) -> list[str]:
    with pytest.raises(ProtocolError) as refused:
        loads(source)
    return [str(fault) for fault in refused.value.faults]


def line_of(source: str, needle: str) -> int:
    return next(i for i, line in enumerate(source.split("\n"), start=1) if needle in line)


# --- what passes ------------------------------------------------------------------------------


def test_template_passes_and_names_what_is_to_be_filled_in() -> None:
    found = loads(template())
    assert found.arm_names == ("coach", "usual")
    assert placeholders(found) == (
        "sample_size.reason",
        "contact.name",
        "contact.email",
        "ethics.committee",
        "ethics.approval",
    )
    assert not placeholders(protocol())


def test_every_design_of_the_review_is_a_protocol() -> None:
    assert protocol().design == "control"
    assert allocating("blocks").design == "active"
    waiting = text(design='"waitlist"').replace(
        'role = "control"', 'role = "waitlist"\ndelay_days = 42'
    )
    assert loads(waiting).arm("usual").delay_days == 42
    one_arm = text(design='"pre-post"', method='"none"', model='"change"')
    head, rest = one_arm.split('[[arms]]\nname = "usual"')
    found = loads(head + rest.split("coach = false", 1)[1])
    assert not found.is_randomised
    assert any("Without a comparison" in caution for caution in cautions(found))


def test_cluster_trial_is_told_by_its_unit() -> None:
    found = loads(
        text(unit='"group"').replace("# cluster_size = 10", "icc = 0.05\ncluster_size = 10")
    )
    assert found.allocation.is_cluster
    assert not protocol().allocation.is_cluster


def test_plain_words_tell_every_part() -> None:
    words = dict(plain_words(protocol()))
    assert words["Arms"] == (
        "coach (active, 1 of 2): Replies with the coach; coach on.",
        "usual (control, 1 of 2): Replies as usual; coach off.",
    )
    assert "phq-9, cut at 10: mild, severe" in " ".join(words["Allocation"])
    assert "answered in 24 h" in words["Harms"][0]


def test_level_is_cut_where_the_protocol_says() -> None:
    (severity,) = protocol().allocation.used_factors
    assert [severity.level_of(score) for score in (0, 9, 10, 27)] == [
        "mild", "mild", "severe", "severe",
    ]  # fmt: skip
    city = allocating("stratified").allocation.used_factors[1]
    assert city.level_of("north") == "north"
    with pytest.raises(ValueError, match="expected one of north, south"):
        city.level_of("east")


# --- faults, with their lines -----------------------------------------------------------------


def test_all_faults_are_named_at_once_with_line_and_remedy() -> None:
    source = (
        text(min_age='"sixteen"', share="0", deadline_hours="")
        .replace("coach = true", "coahc = true")
        .replace('design = "control"', 'design = "controll"')
    )
    found = faults(source)
    assert len(found) == 5
    assert found[0] == (
        f"line {line_of(source, 'controll')}, design: found 'controll'; expected one of control, "
        "waitlist, active, pre-post. Did you mean control?"
    )
    assert found[1].startswith(f"line {line_of(source, 'share = 0')}, arms[1].share: found 0;")
    assert "Did you mean coach?" in found[2]
    assert f"line {line_of(source, 'coahc')}," in found[2]
    assert "found 'sixteen'; expected a whole number from 10 to 120" in found[3]
    assert found[4].startswith(
        f"line {line_of(source, '[harms]')}, harms.deadline_hours: found not"
    )
    assert found[4].endswith("Add the key deadline_hours.")


@pytest.mark.parametrize(
    ("broken", "at", "said"),
    [
        (text().replace('name = "usual"', 'name = "coach"'), 'name = "coach"', "a second time"),
        (text(wave='"week-9"'), '"week-9"', "expected a wave of the schedule: before, week-3"),
        (text(model='"anova"'), '"anova"', "Did you mean ancova?"),
        (text(block_sizes="[4, 5]"), "[4, 5]", "a multiple of 2, the sum of the shares"),
        (text(block_sizes=""), "[allocation]", "Write, for example, block_sizes = [4, 6]"),
        (text(strata='["severitee"]'), "severitee", "Did you mean severity?"),
        (text(cuts="[10, 20]"), "cuts = [10, 20]", "2 cuts for 2 levels"),
        (text(correct='"Luck"'), '"Luck"', "one of the answers, word for word"),
        (text(open_day="3"), "", "open_day <= day <= close_day"),
        (text(design='"waitlist"'), "[[arms]]", "one with the role waitlist"),
        (text(method='"none"'), '"none"', "simple, blocks, stratified or minimisation"),
        (text(effect=""), "[sample_size]", "the standardised difference worth finding"),
        (text(unit='"group"'), "[sample_size]", "because clusters are allocated"),
        (text(email='"nobody"'), "nobody", "an e-mail address"),
        (text(max_age="12"), "max_age = 12", "min_age (18) or more"),
        (text(events="[]"), "events = []", "at least one adverse event"),
        (text(reminders="[20]"), "reminders = [20]", "at most 9"),
        (text(coach=""), "[[arms]]", "because the arm usual switches coach"),
        (text(power="1.5"), "power = 1.5", "a number from 0.5 to 0.999"),
        (text(power="nan"), "power = nan", "a number from 0.5 to 0.999"),
    ],
)  # fmt: skip
def test_fault_names_its_line_and_what_is_expected(broken: str, at: str, said: str) -> None:
    found = " ".join(faults(broken))
    assert said in found
    if at:
        numbers = [i for i, line in enumerate(broken.split("\n"), 1) if at in line]
        assert any(f"line {number}, " in found for number in numbers)


def test_primary_outcome_outside_the_schedule_is_refused() -> None:
    source = text(wave='"week-60"')
    (found,) = faults(source)
    assert "outcomes[1].wave" in found
    assert "Did you mean week-6?" in found


def test_overlapping_windows_of_one_instrument_are_refused() -> None:
    overlapping = text().replace("open_day = 40", "open_day = 27")
    (found,) = faults(overlapping)
    assert f"line {line_of(overlapping, 'open_day = 27')}," in found
    assert "overlap those of week-3 (19 to 28) while both ask phq-9" in found
    assert "Open week-6 after day 28" in found
    apart = overlapping.replace('["phq-9"]\nday = 21', '["who-5"]\nday = 21')
    assert loads(apart).wave("week-6").open_day == 27


def test_arms_that_switch_the_same_are_refused() -> None:
    assert "the same switches as the arm coach" in " ".join(
        faults(text().replace("coach = false", "coach = true"))
    )


def test_analysis_that_the_design_cannot_carry_is_refused() -> None:
    assert "expected ancova, mixed, gee or ols" in " ".join(faults(text(model='"change"')))
    binary = text().replace(
        'wave = "week-6"\nbetter = "lower"', 'wave = "week-6"\nbetter = "lower"\ntype = "binary"', 1
    )
    found = " ".join(faults(binary))
    assert "at_most or at_least, one of them" in found
    assert "gee or ols for a primary outcome of type binary" in found
    assert "rate_control and rate_active" in found


def test_baseline_needs_a_wave_before_allocation() -> None:
    late = text().replace("open_day = -14\nclose_day = 0", "open_day = 0\nclose_day = 5")
    assert any("closes before allocation" in fault for fault in faults(late))


def test_broken_toml_names_its_line() -> None:
    (found,) = faults(text() + "\n[harms]\n")
    assert "a key or table that is there already" in found
    source = text(day="= 3")
    (found,) = faults(source)
    assert found.startswith(f"line {line_of(source, 'day = = 3')}:")


def test_unknown_instrument_is_refused_where_the_registry_is_known() -> None:
    known = {"phq-9", "ucla-3", "distress-reading"}
    assert loads(text(), instruments=known)
    with pytest.raises(ProtocolError, match=r"Did you mean phq-9\?"):
        loads(text(instruments='["phq9", "ucla-3"]'), instruments=known)


def test_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "trial.toml")
    path = tmp_path / "trial.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        load(path)
    path.write_bytes(b"\xef\xbb\xbf" + text().replace("\n", "\r\n").encode())
    assert load(path) == protocol()


# --- lines of keys ----------------------------------------------------------------------------


def paths(value: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    if isinstance(value, dict):
        items: list[tuple[str | int, object]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return {path}
    return {path}.union(*(paths(below, (*path, name)) for name, below in items))


TRICKY = '''
a = 1 # [not] = "a table"
"b.c" = """
x = 1
[d]
"""
d . 'e f' = [ 1, # one
  { g = [ "]", '}' ], h.i = 2 },
]
[j."k"]
l = { }
[[m]]
n = 2027-03-01T09:30:00Z
[[m.o]]
p = \'\'\'it's\'\'\'
[[m]]
[[m.o]]
[[m.o]]
p = """a \\""" b"""
'''


@pytest.mark.parametrize("source", [template(), text(), TRICKY], ids=["template", "text", "tricky"])
def test_every_key_has_a_line(source: str) -> None:
    lines = key_lines(source)
    assert paths(tomllib.loads(source)) == set(lines)


def test_lines_are_those_of_the_keys() -> None:
    lines = key_lines(TRICKY)
    rows = TRICKY.split("\n")
    assert rows[lines[("d", "e f")] - 1].startswith("d .")
    assert rows[lines[("d", "e f", 1, "h", "i")] - 1].strip().startswith("{ g")
    assert rows[lines[("m", 1, "o", 1, "p")] - 1].startswith('p = """a')
    assert rows[lines[("m", 0, "o", 0, "p")] - 1].startswith("p = '''it")


@given(st.text(alphabet="ab=\"[]{}.#,\n '1", max_size=40))
def test_lines_follow_whatever_tomllib_reads(source: str) -> None:
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        return
    assert paths(raw) == set(key_lines(source))


# --- hash, freeze, amend ----------------------------------------------------------------------


def test_hash_goes_by_what_is_said_not_by_how_it_is_written() -> None:
    written = text().replace("n = 200  ", "n=200").replace("dropout = 0.2", "dropout = 0.20")
    explicit = written.replace("cuts = [10]", "cuts = [10.0]\nweight = 1")
    assert protocol_hash(loads(explicit)) == protocol_hash(protocol())
    assert protocol_hash(protocol(n="201")) != protocol_hash(protocol())
    assert len(protocol_hash(protocol())) == 64


def test_hash_of_a_frozen_protocol_never_changes() -> None:
    # A new hash breaks the chain of every protocol that was ever frozen: raise SCHEMA instead. The
    # template may change; then this has to be the hash of the new one under the old code.
    small = '{"protocol":{"allocation":{"block_sizes":[4,6,8]'
    assert canonical(protocol()).startswith(small)
    assert protocol_hash(protocol()) == (
        "8cd03d83d77a3afc20b7ad44e31425a32ba3da26dc6ac16c891e156b41052888"
    )
    assert allocation_hash(protocol()) == (
        "d4f9c50748a7ed86f505374bed773f401414b8e465dbde7cd8cde79a737e51d8"
    )


def test_mapping_gives_the_protocol_back() -> None:
    assert from_mapping(as_mapping(protocol())) == protocol()


def test_freeze_refuses_what_is_still_to_be_filled_in() -> None:
    with pytest.raises(UserError, match=r"contact\.name"):
        freeze(loads(template()), at=NOW)
    version = freeze(protocol(), at=NOW)
    assert (version.number, version.protocol) == (1, protocol_hash(protocol()))
    assert version.at == "2027-03-01T09:30:00.000000+00:00"


def test_amendment_is_chained_and_says_what_changed() -> None:
    first = freeze(protocol(), at=NOW)
    longer = protocol(deadline_hours="12")
    second = amend(
        [first], protocol(), longer, at=NOW + dt.timedelta(days=9),
        reason="The committee asked for a faster answer.",
    )  # fmt: skip
    assert second.changes == ("harms.deadline_hours: 24 becomes 12",)
    assert second.previous == first.hash
    assert not check_chain([first, second])
    assert check_chain([first, replace(second, reason="none")]) == ("version 2 was altered",)
    assert check_chain([second]) == ("version 2 does not follow on the one before it",)


@pytest.mark.parametrize(
    "change", [{"share": "2", "block_sizes": "[3, 6]"}, {"wave": '"week-3"'}, {"label": '"Other"'}]
)
def test_arms_ratio_and_primary_outcome_need_a_reason_once_enrolment_is_open(
    change: dict[str, str],
) -> None:
    first = freeze(protocol(), at=NOW)
    new = protocol(**change)
    with pytest.raises(UserError, match="only with a reason"):
        amend([first], protocol(), new, at=NOW)
    assert amend([first], protocol(), new, at=NOW, has_opened=False).number == 2
    reason = "The monitoring board asked for it."
    assert amend([first], protocol(), new, at=NOW, reason=reason).reason == reason


def test_small_change_needs_no_reason_and_another_trial_is_no_amendment() -> None:
    first = freeze(protocol(), at=NOW)
    assert amend([first], protocol(), protocol(title='"Coach"'), at=NOW).number == 2
    with pytest.raises(UserError, match="the name cannot change"):
        amend([first], protocol(), protocol(name='"x"'), at=NOW, reason="We like it better so.")
    with pytest.raises(UserError, match="the same as before"):
        amend([first], protocol(), protocol(), at=NOW)
    with pytest.raises(UserError, match="not that of the newest version"):
        amend([first], protocol(n="9"), protocol(n="8"), at=NOW)


def test_new_consent_text_needs_a_new_version() -> None:
    first = freeze(protocol(), at=NOW)
    source = text().replace("You can stop at any time", "You can stop on any day")
    reason = "Plainer words were asked for."
    with pytest.raises(UserError, match="version is still 1"):
        amend([first], protocol(), loads(source), at=NOW, reason=reason)
    new = loads(source.replace('version = "1"', 'version = "2"'))
    assert amend([first], protocol(), new, at=NOW, reason=reason).number == 2


def test_changes_go_by_name_and_tell_a_new_order() -> None:
    sizes = text(block_sizes="[6, 9]")
    more = sizes + '\n[[arms]]\nname = "none"\nlabel = "N"\nrole = "control"\ncoach = false\n'
    more += "delay_days = 9\n"
    assert {change.key for change in changes(protocol(), loads(more))} >= {"arms.none.name"}
    source = text()
    swapped = (
        source.replace('"coach"', '"x"').replace('"usual"', '"coach"').replace('"x"', '"usual"')
    )
    assert {str(one).split(":")[0] for one in changes(protocol(), loads(swapped))} >= {
        "arms.order", "arms.coach.coach",
    }  # fmt: skip


def test_allocation_goes_on_under_amendments_of_other_things() -> None:
    assert allocation_hash(protocol()) == allocation_hash(protocol(n="900", title='"T"'))
    assert allocation_hash(protocol()) != allocation_hash(protocol(block_sizes="[4, 6]"))


def test_trials_clash_where_they_switch_the_same() -> None:
    rooms = allocating("blocks")
    assert clashing_switches(protocol(), protocol(name='"other"')) == ("coach",)
    assert clashing_switches(protocol(), rooms) == ()
    assert clashing_switches(rooms, rooms) == ("group room-1", "group room-2")


def test_reference_page_holds_every_key() -> None:
    page = render_markdown()
    raw = tomllib.loads(template())
    for path in paths(raw):
        if path and isinstance(path[-1], str):
            assert f"`{path[-1]}`" in page or f"{path[-1]}]" in page
    assert "| `share` | whole number, 1 to 20 | `1` |" in page
    assert "## `[[allocation.factors]]`" in page
