from __future__ import annotations

import math
from pathlib import Path

import pytest

from oarlock.errors import UserError
from oarlock.trial.synthesis.columns import Options
from oarlock.trial.synthesis.results import to_json
from oarlock.trial.synthesis.synthesise import Question, synthesise, synthesise_by_outcome
from oarlock.trial.synthesis.table import read_table
from oarlock.trial.synthesis.votes import read_votes

PLAIN = "study,yi,vi\nA,0.3,0.04\nB,0.5,0.02\nC,0.1,0.09\n"


def read(tmp_path: Path, text: str, name: str = "studies.csv", **options: object) -> dict:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return to_json(synthesise(read_table(path), Options(**options)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tabs.tsv", PLAIN.replace(",", "\t")),
        ("spaces.txt", PLAIN.replace(",", "   ")),
        ("comments.csv", "# extracted in May\n\n" + PLAIN + "# end\n"),
        ("semicolons.csv", PLAIN.replace(",", ";").replace(".", ",")),
        ("row_names.txt", '"study" "yi" "vi"\n"1" "A" 0.3 0.04\n"2" "B" 0.5 0.02\n'
                          '"3" "C" 0.1 0.09'),
        ("row_names.csv", '"","study","yi","vi"\n1,"A",0.3,0.04\n2,"B",0.5,0.02\n3,"C",0.1,0.09'),
        ("lines.jsonl", '{"study":"A","yi":0.3,"vi":0.04}\n{"study":"B","yi":0.5,"vi":0.02}\n'
                        '{"study":"C","yi":0.1,"vi":0.09}\n'),
        ("errors.csv", "study,yi,sei\nA,0.3,0.2\nB,0.5,0.141421356\nC,0.1,0.3\n"),
        ("names.csv", "Author,Effect size,Std. error\nA,0.3,0.2\nB,0.5,0.141421356\nC,0.1,0.3\n"),
    ],
)  # fmt: skip
def test_same_studies_in_other_clothes_give_the_same_result(
    tmp_path: Path, name: str, text: str
) -> None:
    want = read(tmp_path, PLAIN)
    found = read(tmp_path, text, name)
    assert found["estimate"] == pytest.approx(want["estimate"], abs=1e-7)
    assert [one["label"] for one in found["studies"]] == ["A", "B", "C"]


def test_interval_and_ratio_columns_become_logarithms(tmp_path: Path) -> None:
    found = read(tmp_path, "study,or,ci_low,ci_high\nA,1.5,0.9,2.5\nB,2,1.1,3.6\n")
    assert found["measure"] == "OR"
    assert found["studies"][0]["effect"] == pytest.approx(math.log(1.5))
    width = (math.log(2.5) - math.log(0.9)) / (2 * 1.959964)
    assert found["studies"][0]["variance"] == pytest.approx(width**2, rel=1e-6)


def test_named_columns_win_over_usual_names(tmp_path: Path) -> None:
    text = "study,yi,vi,change,error\nA,9,9,0.3,0.2\nB,9,9,0.5,0.1\n"
    found = read(tmp_path, text, effect="change", se="error")
    assert found["columns"]["effect"] == "change"
    assert found["studies"][1]["variance"] == pytest.approx(0.01)


def test_events_and_people_of_two_arms_are_read(tmp_path: Path) -> None:
    text = "study,event.e,n.e,event.c,n.c\nA,4,20,3,17\nB,2,20,7,20\n"
    assert read(tmp_path, text)["measure"] == "RR"
    odds = read(tmp_path, text, measure="OR")
    assert odds["studies"][0]["effect"] == pytest.approx(math.log(4 * 14 / (16 * 3)))


def test_empty_cells_are_corrected_and_empty_studies_left_out_unless_asked(tmp_path: Path) -> None:
    text = "study,ai,bi,ci,di\nA,0,20,3,17\nB,0,20,0,20\nC,5,15,9,11\n"
    found = read(tmp_path, text)
    assert found["k"] == 2
    assert found["n_continuity_corrected"] == 1
    assert any("row 2" in line and "--keep-double-zero" in line for line in found["warnings"])
    assert read(tmp_path, text, keep_double_zero=True)["k"] == 3
    assert read(tmp_path, text, measure="RD")["k"] == 3


def test_several_kinds_of_effects_become_one(tmp_path: Path) -> None:
    text = "study,es,se,effect_type\nA,.5,.2,d\nB,.9069,.26,log_or\nC,.2,.1,r\n"
    found = read(tmp_path, text)
    assert found["measure"] == "SMD"
    assert found["studies"][1]["effect"] == pytest.approx(0.5, abs=1e-4)
    with pytest.raises(UserError, match=r"row 3 .*kind of effect is not known"):
        read(tmp_path, text.replace(",r\n", ",furlongs\n"))


def test_rows_with_gaps_are_left_out_and_named(tmp_path: Path) -> None:
    found = read(tmp_path, PLAIN + "D,NA,0.1\nE,0.2,\nF,.,0.1\n")
    assert found["k"] == 3
    assert any("rows 4, 5, 6" in line for line in found["warnings"])


def test_effects_of_one_study_make_three_levels(tmp_path: Path) -> None:
    text = "study,yi,vi\nA,0.3,0.04\nA,0.5,0.02\nB,0.1,0.09\nB,0.4,0.03\nC,0.9,0.05\n"
    found = read(tmp_path, text)
    assert (found["model"], found["k"], found["n_effects"]) == ("three-level", 3, 5)
    assert found["estimate"] == found["three_level"]["estimate"]
    assert found["df"] == 2
    assert read(tmp_path, PLAIN)["three_level"] is None


def test_same_row_twice_is_pointed_out(tmp_path: Path) -> None:
    twice = read(tmp_path, PLAIN + "B,0.5,0.02\n")
    assert any("rows 2 and 4" in line for line in twice["warnings"])
    assert not any("copy" in line for line in read(tmp_path, PLAIN)["warnings"])


@pytest.mark.parametrize(
    ("n", "given", "missing"),
    [
        (1, [], ["tau2", "hartung_knapp", "prediction_low", "q", "egger", "trim_and_fill"]),
        (2, ["tau2", "hartung_knapp", "q"], ["prediction_low", "egger", "trim_and_fill"]),
        (3, ["tau2", "hartung_knapp", "q", "prediction_low", "egger", "trim_and_fill"], []),
    ],
)
def test_few_studies_get_what_they_can_carry(
    tmp_path: Path, n: int, given: list[str], missing: list[str]
) -> None:
    found = read(tmp_path, "".join(PLAIN.splitlines(keepends=True)[: n + 1]))
    assert found["k"] == n
    assert all(found[key] is not None for key in ["estimate", "ci_low", *given])
    assert all(found[key] is None for key in missing)
    reasons = found["not_given"]
    assert all(key.removesuffix("_low") in reasons for key in missing)
    assert any("fewer than 10" in line for line in found["warnings"]) is (n == 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("study,yi,vi\nA,0.3,0.04\nB,0.5,-0.02\n", r"row 2 \(line 3\), column 'vi': .*above 0"),
        ("study,yi,sei\nA,0.3,0\n", r"row 1 \(line 2\), column 'sei': .*standard error above 0"),
        ("study,yi,vi\n\nA,SECRET,0.1\n", r"row 1 \(line 3\), column 'yi': .*found text"),
        ("study,yi,vi\nA,inf,0.1\n", "column 'yi': .*not finite"),
        ("study,yi,vi\nA,1_0,0.1\n", "column 'yi': .*found text"),
        ("study,ri,ni\nA,1.2,40\n", "column 'ri': .*between -1 and 1"),
        ("study,or,ci_low,ci_high\nA,-2,1,3\n", "column 'or': .*ratio above 0"),
        ("study,yi,ci_low,ci_high\nA,2,3,1\n", "column 'ci_high': .*above the low end"),
        ("study,event.e,n.e,event.c,n.c\nA,24,20,3,17\n", "column 'event.e': .*at most"),
        ("study,p,n1,n2\nA,0.03,20,20\n", "column 'p': .*which arm"),
        ("study,yi,vi\nA,NA,0.1\nB,NA,0.2\n", "none of its 2 rows"),
        ("study,foo\nA,1\n", "no effects that can be pooled"),
        ("study,yi,vi\nA,1,2,3\nB,1,2\n", "line 2: 4 cells where the header has 3"),
        ("study,yi,yi\nA,1,2\n", "'yi' occurs twice"),
        ("study,yi,vi\n", "no rows"),
        ("", "is empty"),
    ],
)
def test_bad_cells_and_files_are_refused_by_place_without_their_text(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(UserError, match=words) as refused:
        read(tmp_path, text)
    assert refused.value.remedy
    assert "SECRET" not in str(refused.value)


def test_columns_that_are_not_there_are_refused_by_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column 'size'") as refused:
        read(tmp_path, PLAIN, effect="size")
    assert "--effect" in (refused.value.remedy or "")


def test_subgroups_and_moderators_that_cannot_be_told_apart_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "studies.csv"
    rows = [f"S{n},{n / 10},0.0{n},{'ab'[n % 2]},{n},{2 * n}" for n in range(1, 9)]
    path.write_text("study,yi,vi,kind_of_group,dose,twice\n" + "\n".join(rows) + "\n", "utf-8")
    table = read_table(path)
    found = synthesise(table, None, Question(subgroup="kind_of_group", moderators=("dose",)))
    assert [one.name for one in found.subgroups] == ["b", "a"]
    assert found.between is not None
    assert found.regression is not None
    both = synthesise(table, None, Question(moderators=("dose", "twice")))
    assert both.regression is None
    assert "follows from the others" in both.not_given["meta_regression"]


def test_outcomes_are_pooled_together_with_a_warning_or_apart(tmp_path: Path) -> None:
    path = tmp_path / "studies.csv"
    path.write_text(
        "trial,outcome,yi,vi\nA,mood,0.3,0.04\nB,mood,0.5,0.02\nC,sleep,-0.4,0.03\n", "utf-8"
    )
    table = read_table(path)
    assert any("--outcome outcome" in line for line in synthesise(table).warnings)
    apart = synthesise_by_outcome(table, Options(), Question(), "outcome")
    assert [(one.outcome, one.pooled.k) for one in apart] == [("mood", 2), ("sleep", 1)]


def test_verdicts_without_effects_are_counted_and_effects_are_not_votes(tmp_path: Path) -> None:
    path = tmp_path / "evidence.csv"
    path.write_text("study,design,verdict\nA,RCT,Yes\nB,pre-post,no effect\nC,RCT,odd\n", "utf-8")
    found = read_votes(read_table(path))
    assert found is not None
    assert found.verdicts == {"effect": 1, "no effect": 1, "odd": 1}
    assert found.by_design["RCT"] == {"effect": 1, "odd": 1}
    path.write_text(PLAIN, "utf-8")
    assert read_votes(read_table(path)) is None
