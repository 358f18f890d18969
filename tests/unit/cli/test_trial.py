from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from oarlock.cli import app as cli
from trial_protocols import text

Ran = tuple[int, str, str]


class Trial:
    """A folder with a protocol and units, in which commands run."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys = capsys
        self.folder = folder
        self.write("trial.toml", text())
        self.write("units.csv", "unit,severity\na1,3\na2,12\na3,10\na4,severe\n")

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def __call__(self, *args: str) -> Ran:
        with pytest.raises(SystemExit) as stop:
            cli.main(["trial", *args])
        captured = self.capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    def json(self, *args: str, code: int = 0) -> Any:
        found, out, _ = self(*args, "--json")
        assert found == code
        return json.loads(out)


@pytest.fixture
def trial(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Trial:
    monkeypatch.chdir(tmp_path)
    return Trial(capsys, tmp_path)


# --- init and check ---------------------------------------------------------------------------


def test_init_writes_a_protocol_that_passes_and_overwrites_nothing(trial: Trial) -> None:
    code, out, _ = trial("init", "new.toml")
    assert code == 0
    assert "oarlock trial check new.toml" in out
    code, out, _ = trial("check", "new.toml")
    assert code == 0
    assert "To fill in before enrolment opens: sample_size.reason" in out
    code, _, err = trial("init", "trial.toml")
    assert code == 2
    assert "--overwrite" in err
    assert trial.read("trial.toml") == text()


def test_check_prints_plain_words_and_the_hash(trial: Trial) -> None:
    code, out, err = trial("check")
    assert (code, err) == (0, "")
    content = trial.json("check")
    assert content["passes"]
    assert out.rstrip().endswith(content["hash"])
    assert "coach (active, 1 of 2): Replies with the coach; coach on." in out
    assert content["protocol"]["arms"][0]["name"] == "coach"


def test_check_names_every_fault_with_its_line(trial: Trial) -> None:
    trial.write("trial.toml", text(min_age='"old"', model='"anova"'))
    code, out, err = trial("check")
    assert (code, out) == (2, "")
    assert err.startswith("error: trial.toml has 2 faults:\n  line ")
    content = trial.json("check", code=2)
    assert [fault["key"] for fault in content["faults"]] == [
        "eligibility.min_age",
        "analysis.model",
    ]
    assert content["faults"][1]["remedy"] == "Did you mean ancova?"


def test_check_knows_the_instruments_that_ship_and_takes_your_own(trial: Trial) -> None:
    trial.write("trial.toml", text().replace('"ucla-3"', '"sleep-diary"'))
    code, _, err = trial("check")
    assert code == 2
    assert "found 'sleep-diary'; expected one of" in err
    assert trial("check", "--instrument", "sleep-diary")[0] == 0


def test_check_of_no_file_says_what_to_do(trial: Trial) -> None:
    code, _, err = trial("check", "none.toml")
    assert code == 2
    assert "oarlock trial init" in err


# --- power ------------------------------------------------------------------------------------


def test_power_reads_a_protocol_and_options_go_before_it(trial: Trial) -> None:
    assert trial.json("power", "trial.toml")["n"] == 200
    assert trial.json("power", "trial.toml", "--n", "90")["power"] < 0.6
    code, out, _ = trial("power", "--effect", "0.5", "--before", "0")
    assert code == 0
    assert "needed for 80%: 128 people" in out


@pytest.mark.parametrize("suffix", ["svg", "png", "html"])
def test_power_is_drawn(trial: Trial, suffix: str) -> None:
    code, out, _ = trial("power", "trial.toml", "--out", f"power.{suffix}")
    assert code == 0
    assert f"power.{suffix}" in out
    content = (trial.folder / f"power.{suffix}").read_bytes()
    if suffix == "png":
        assert content.startswith(b"\x89PNG")
    else:
        assert b"<svg" in content
        assert b"with 200 it is 83%" in content
        assert b"src=" not in content


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--effect", "0.5", "--out", "power.jpg"], "expected a name that ends in"),
        (["--effect", "0.5", "--method", "guess"], "auto, formula, simulation"),
        (["--effect", "0.5", "--ratio", "a,b"], "is no ratio"),
        (["--effect", "0.5", "--ratio", "0,0"], "The ratio 0:0 is none"),
        (["--effect", "0.5", "--cluster-size", "10"], "--icc 0.05"),
        ([], "Nothing says what is worth finding"),
    ],
)
def test_power_refuses_what_it_cannot_use(trial: Trial, args: list[str], said: str) -> None:
    code, out, err = trial("power", *args)
    assert (code, out) == (2, "")
    assert said in err
    assert not (trial.folder / "power.jpg").exists()


def test_power_by_simulation_prints_its_own_error(trial: Trial) -> None:
    args = ["--effect", "0.5", "--n", "100", "--cluster-size", "10", "--icc", "0.05"]
    code, out, err = trial("power", *args, "--simulations", "200")
    assert (code, err) == (0, "")
    assert "by simulation (fewer than 40 clusters)" in out
    assert "95 % interval" in out


# --- allocate and verify ----------------------------------------------------------------------


def test_allocation_is_logged_listed_and_recomputed(trial: Trial) -> None:
    code, out, _ = trial("allocate", "units.csv", "--out", "arms.csv")
    assert code == 0
    assert "4 units were allocated, 4 in all" in out
    lines = trial.read("arms.csv").splitlines()
    assert lines[0] == "unit,arm"
    assert [line.split(",")[0] for line in lines[1:]] == ["a1", "a2", "a3", "a4"]
    mode = stat.S_IMODE((trial.folder / "allocation-seed.json").stat().st_mode)
    assert mode == 0o600
    seed = json.loads(trial.read("allocation-seed.json"))["seed"]
    assert seed not in out + trial.read("allocation.jsonl") + trial.read("arms.csv")
    found = trial.json("verify", "allocation.jsonl", "--seed", "allocation-seed.json")
    assert found["is_sound"]
    assert found["is_recomputed"]


def test_longer_list_carries_the_log_on(trial: Trial) -> None:
    before = trial.json("allocate", "units.csv")["units"]
    trial.write("units.csv", "unit,severity\na4,3\na5,1\n")
    after = trial.json("allocate", "units.csv")
    assert after["n_new"] == 1
    assert after["units"][:4] == before


def test_closed_log_reveals_the_seed_and_is_verified_without_it(trial: Trial) -> None:
    trial("allocate", "units.csv", "--close")
    code, out, _ = trial("verify", "allocation.jsonl")
    assert code == 0
    assert "Every arm was drawn again and is the same" in out
    trial.write("units.csv", "unit,severity\na9,3\n")
    code, _, err = trial("allocate", "units.csv")
    assert code == 2
    assert "closed" in err


def test_tampered_log_is_named_and_not_carried_on(trial: Trial) -> None:
    trial("allocate", "units.csv")
    whole = trial.read("allocation.jsonl")
    head = json.loads(whole.splitlines()[-1])["hash"]
    trial.write("allocation.jsonl", whole.replace('"unit": "a2"', '"unit": "friend"'))
    code, out, err = trial("verify", "allocation.jsonl", "--seed", "allocation-seed.json")
    assert code == 2
    assert "row 3, altered" in out
    assert "1 finding" in err
    assert not trial.json("verify", "allocation.jsonl", code=2)["is_sound"]
    code, _, err = trial("allocate", "units.csv")
    assert code == 2
    assert "no arm can follow" in err
    cut = "".join(whole.splitlines(keepends=True)[:-1])
    trial.write("allocation.jsonl", cut)
    assert trial("verify", "allocation.jsonl")[0] == 0
    code, out, _ = trial("verify", "allocation.jsonl", "--anchor", f"4:{head}")
    assert code == 2
    assert "number 4 was there once, and is cut off" in out


def test_seed_is_not_used_for_another_trial(trial: Trial) -> None:
    trial("allocate", "units.csv")
    trial.write("other.toml", text(name='"other"'))
    args = ["allocate", "units.csv", "--protocol", "other.toml", "--log", "other.jsonl"]
    code, _, err = trial(*args)
    assert code == 2
    assert "is the seed of the trial coach-2027" in err
    copied = trial.read("allocation-seed.json").replace("coach-2027", "other")
    trial.write("copied.json", copied)
    code, _, err = trial(*args, "--seed", "copied.json")
    assert code == 2
    assert "This seed is that of the trial coach-2027" in err
    assert not (trial.folder / "other.jsonl").exists()
    assert trial(*args, "--seed", "fresh.json")[0] == 0


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ("unit,severity\na1,3\na1,4\n", "row 2, column unit: a pseudonym that is there already"),
        ("unit,severity\n,3\n", "row 1, column unit: nothing"),
        ("unit,severity\na1,high\n", "row 1, column severity: expected mild, severe or a number"),
        ("unit\na1\n", "no column severity, a factor of the allocation"),
        ("who,severity\na1,3\n", "no column unit or id"),
    ],
)
def test_list_with_a_fault_allocates_nobody(trial: Trial, units: str, said: str) -> None:
    trial.write("units.csv", units)
    code, out, err = trial("allocate", "units.csv")
    assert (code, out) == (2, "")
    assert said in err
    assert "high" not in err
    assert {path.name for path in trial.folder.iterdir()} == {"trial.toml", "units.csv"}


def test_protocol_that_is_not_filled_in_allocates_nobody(trial: Trial) -> None:
    trial("init", "trial.toml", "--overwrite")
    code, _, err = trial("allocate", "units.csv")
    assert code == 2
    assert "contact.name" in err
    assert not (trial.folder / "allocation-seed.json").exists()


def test_lost_seed_or_a_seed_to_be_given_is_told(trial: Trial) -> None:
    trial("allocate", "units.csv")
    (trial.folder / "allocation-seed.json").unlink()
    assert "has been begun with a seed" in trial("allocate", "units.csv")[2]
    (trial.folder / "allocation.jsonl").unlink()
    trial.write("trial.toml", text(seed='"given"'))
    assert "says that the seed is given" in trial("allocate", "units.csv")[2]
    trial.write("allocation-seed.json", "not json")
    code, _, err = trial("allocate", "units.csv")
    assert code == 2
    assert "is no seed file" in err
