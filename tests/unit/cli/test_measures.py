"""`oarlock evaluate`, `agree`, `report` and `demo` at the command line."""

from __future__ import annotations

import csv
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import pytest

import oarlock.coder
from fake_coder import FakeCoder
from oarlock.cli import app as cli
from oarlock.corpus import demo

Result = tuple[int, str, str]
SECRET = "i feel so alone tonight"


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    monkeypatch.setattr(oarlock.coder, "Coder", FakeCoder, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OARLOCK_DATA", raising=False)

    def call(*args: str | Path) -> Result:
        with pytest.raises(SystemExit) as stop:
            cli.main([str(arg) for arg in args])
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    rows: list[dict[str, object]] = [
        {"text": f"what helps you, {i}?", "label": "open", "thread": i // 4} for i in range(12)
    ]
    rows += [{"text": f"did you sleep, {i}?", "label": "closed", "thread": i} for i in range(4)]
    rows += [{"text": "mm", "label": "n/a", "thread": 1}]
    return write(tmp_path / "gold.csv", rows)


@pytest.fixture
def double(tmp_path: Path) -> Path:
    rows: list[dict[str, object]] = []
    for unit in range(40):
        for rater in ("A", "B"):
            label = "Affirm" if unit % 3 else "Open Question"
            if unit % 5 == 0 and rater == "B":
                label = "Support"
            rows.append(
                {
                    "unit": unit,
                    "rater": rater,
                    "label": label,
                    "thread": unit // 4,
                    "session": unit // 8,
                }
            )
    return write(tmp_path / "double.csv", rows)


# --- evaluate ---------------------------------------------------------------------------------


def test_evaluate_prints_a_table_and_writes_json(run: Callable[..., Result], gold: Path) -> None:
    code, out, _ = run("evaluate", gold, "--group-column", "thread", "--json", "m.json")
    assert code == 0
    assert "Cohen's kappa" in out
    assert "left out: 1 (no label)" in out
    content = json.loads(Path("m.json").read_text("utf-8"))
    assert content["task"] == "question"
    assert content["accuracy"] == pytest.approx(12 / 16)
    assert content["per_class"]["open"]["support"] == 12
    assert content["intervals"]["resampled_by"] == "thread"
    assert set(content["calibration"]) == {"ece", "ece_equal_mass", "brier", "nll"}


def test_json_to_standard_output_stands_alone(run: Callable[..., Result], gold: Path) -> None:
    code, out, _ = run("evaluate", gold, "--json", "-", "--resamples", "10")
    assert code == 0
    assert json.loads(out)["n"] == 16


@pytest.mark.parametrize("command", ["evaluate", "agree", "fairness"])
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--json",), "'--json' requires an argument"),
        (("--json", "gold.csv"), "--json gold.csv would write over a file of data"),
        (("--json=",), "--json needs the name of a file."),
        (("--json", "--seed"), "--json needs the name of a file, not '--seed'"),
        (("--json", "."), "--json: . is a folder"),
        (("--json", "no/m.json"), "--json: the folder no does not exist"),
    ],
)
def test_json_without_a_file_to_write_is_refused_before_anything_is_coded(
    run: Callable[..., Result],
    gold: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    args: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setattr(FakeCoder, "load", None)
    before = gold.read_bytes()
    file = [] if command == "fairness" or "gold.csv" in args else ["gold.csv"]
    code, out, err = run(command, *file, *args)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert gold.read_bytes() == before
    assert [path.name for path in gold.parent.iterdir()] == ["gold.csv"]


def test_full_disk_names_the_json_target_and_leaves_what_was_there(
    gold: Path, tmp_path: Path
) -> None:
    target = tmp_path / "m.json"
    target.write_text("{}")
    script = (
        "import sys, resource, oarlock.coder; from fake_coder import FakeCoder\n"
        "oarlock.coder.Coder = FakeCoder\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from oarlock.cli.app import main; main(sys.argv[1:])"
    )
    done = python(script, "evaluate", gold, "--resamples", "0", "--json", target)
    assert done.returncode == 2
    assert f"error: {target}: the disk is full or the file may not grow" in done.stderr
    assert target.read_text() == "{}"
    assert {path.name for path in tmp_path.iterdir()} == {"gold.csv", "m.json"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "args",
    [("evaluate", "gold.csv", "--json", "-"), ("evaluate", "gold.csv"), ("code", "gold.csv", "-")],
    ids=" ".join,
)
def test_full_disk_behind_standard_output_is_named(
    gold: Path, args: tuple[str, ...], unbuffered: str
) -> None:
    script = (
        "import sys, oarlock.coder.coder; from fake_coder import FakeCoder\n"
        "oarlock.coder.Coder = oarlock.coder.coder.Coder = FakeCoder\n"
        "from oarlock.cli.app import main; main(sys.argv[1:])"
    )
    with open("/dev/full", "w") as full:
        done = python(
            script,
            *args,
            cwd=gold.parent,
            stdout=full,
            environment={"PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
    assert "No space left on device: standard output" in done.stderr
    assert "Traceback" not in done.stderr


def python(
    script: str,
    *args: str | Path,
    cwd: Path | None = None,
    stdout: IO[str] | int = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, args)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
    )


def test_no_intervals_are_given_and_said_so_without_resamples(
    run: Callable[..., Result], gold: Path, double: Path
) -> None:
    note = "intervals are given: no resamples were asked for"
    for command, file in (("evaluate", gold), ("agree", double)):
        out = run(command, file, "--resamples", "0")[1]
        assert note in out
        assert "bootstrap resamples" not in out
        assert "95 % interval" not in out
        assert note not in run(command, file, "--resamples", "20")[1]
    code, out, _ = run("evaluate", gold, "--resamples", "0", "--json", "-")
    assert code == 0
    assert "No intervals are given" in json.loads(out)["notes"][0]
    assert "accuracy" not in json.loads(out)["intervals"]


def test_evaluate_lists_unknown_labels_with_their_counts(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    labels = ["open"] * 3 + ["clsed"] * 2 + [f"x{i}" for i in range(11)]
    file = write(tmp_path / "x.csv", [{"text": "why?", "label": label} for label in labels])
    code, _, err = run("evaluate", file, "--task", "question")
    assert code == 2
    assert "x.csv, row 4 and 12 more rows, column 'label': unknown labels: " in err
    assert "'clsed' (2 rows; did you mean 'closed'?), 'x0' (1 row), 'x1' (1 row)" in err
    assert "and 2 others (2 rows)." in err
    assert err.count("(1 row)") == 9


@pytest.mark.parametrize("labels", [["0", "1"], ["joy", "fear"], ["open", "joy"]])
def test_evaluate_names_file_and_column_where_the_labels_fit_no_task(
    run: Callable[..., Result], tmp_path: Path, labels: list[str]
) -> None:
    rows: list[dict[str, object]] = [{"text": "why?", "code": label} for label in labels]
    code, _, err = run("evaluate", write(tmp_path / "x.csv", rows), "--label-column", "code")
    assert code == 2
    assert "x.csv" in err
    assert "column 'code'" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--text-column", "body"), "has no column 'body'. It has: text, label, thread"),
        (("--task", "mood"), "Unknown task 'mood'"),
        (("--task", "talk"), "row 1 and 15 more rows, column 'label': unknown label"),
        (("--crosswalk", "nobody"), "No crosswalk is called 'nobody'"),
        (("--json", "no/such/folder/m.json"), "folder no/such/folder does not exist"),
    ],
)
def test_evaluate_refuses_with_a_remedy(
    run: Callable[..., Result], gold: Path, args: tuple[str, ...], message: str
) -> None:
    code, _, err = run("evaluate", gold, *args, "--resamples", "0")
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert err.count("\n") >= 2


def test_evaluate_shows_no_text_when_columns_are_mixed_up(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = write(tmp_path / "x.csv", [{"text": SECRET, "label": "open"}] * 3)
    code, out, err = run("evaluate", file, "--label-column", "text", "--text-column", "label")
    assert code == 2
    assert SECRET not in out + err


def test_evaluate_translates_with_a_crosswalk(run: Callable[..., Result], tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": f"why {i}?", "label": "question"} for i in range(6)
    ] + [{"text": "so you feel lost", "label": "reflection"}]
    file = write(tmp_path / "annomi.csv", rows)
    code, out, err = run(
        "evaluate", file, "--crosswalk", "annomi", "--json", "-", "--resamples", "0"
    )
    assert (code, err) == (0, "")
    assert json.loads(out)["task"] == "behaviour"


# --- agree ------------------------------------------------------------------------------------


def test_agree_prints_and_writes_every_coefficient(
    run: Callable[..., Result], double: Path
) -> None:
    code, out, _ = run("agree", double, "--json", "a.json", "--resamples", "50")
    assert code == 0
    assert "Krippendorff" in out
    content = json.loads(Path("a.json").read_text("utf-8"))
    assert content["task"] == "codes"
    assert content["intervals"]["resampled_by"] == "thread"
    assert content["overall"]["percent_agreement"]["value"] == pytest.approx(32 / 40)
    for name in ("cohen", "fleiss", "krippendorff", "gwet_ac1"):
        one = content["overall"][name]
        assert one["low"] <= one["value"] <= one["high"]
    assert set(content["per_label"]) == {"Open Question", "Affirm", "Support"}
    assert set(content["session_icc"]["Affirm"]) >= {"ICC(1,1)", "ICC(2,k)", "ICC(3,1)"}


def test_agree_reads_one_column_per_rater_the_same(
    run: Callable[..., Result], double: Path, tmp_path: Path
) -> None:
    wide: dict[str, dict[str, object]] = {}
    with double.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            cells = wide.setdefault(row["unit"], {"unit": row["unit"], "thread": row["thread"]})
            cells[f"rater {row['rater']}"] = row["label"]
    file = write(tmp_path / "wide.csv", list(wide.values()))
    _, long_out, _ = run("agree", double, "--json", "-", "--resamples", "20")
    _, wide_out, _ = run("agree", file, "--json", "-", "--resamples", "20")
    long, other = json.loads(long_out)["overall"], json.loads(wide_out)["overall"]
    assert long["krippendorff"] == other["krippendorff"]


def test_agree_gives_the_iccs_of_shrout_and_fleiss_for_scores(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    rows = [dict(zip(("unit", "j1", "j2", "j3", "j4"), (i, *row), strict=True))
            for i, row in enumerate(table)]  # fmt: skip
    file = write(tmp_path / "scores.csv", rows)  # type: ignore[arg-type]
    code, out, _ = run("agree", file, "--scores", "--raters", "j1,j2,j3,j4", "--json", "-")
    assert code == 0
    values = [round(one["value"], 2) for one in json.loads(out)["icc"].values()]
    assert values == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def bad(rows: list[dict[str, object]], message: str, *args: str) -> object:
    return pytest.param(rows, message, args, id=message[:30])


def ratings(*cells: tuple[object, object, object]) -> list[dict[str, object]]:
    return [{"unit": unit, "rater": rater, "label": label} for unit, rater, label in cells]


@pytest.mark.parametrize(
    ("rows", "message", "args"),
    [
        bad(ratings((1, "A", "Affirm"), (2, "A", "Affirm")), "labels of 1 rater."),
        bad(ratings((1, "A", "Affirm"), (2, "B", "Affirm")), "no unit was labelled by two"),
        bad(ratings((1, "A", ""), (1, "B", "nan")), "labels of 0 raters"),
        bad(
            ratings((1, "A", "Affirm"), (1, "B", "Affrim"), (2, "A", "Warn"), (2, "B", "Warn")),
            "row 2, column 'label': unknown label 'Affrim' (did you mean 'Affirm'?)",
        ),
        bad(
            ratings((1, "A", "Warn"), (1, "B", "Warn"), (2, "A", "Affirm"), (2, "B", SECRET)),
            "row 4, column 'label': unknown label.",
        ),
        bad(
            ratings((1, "A", "Warn"), (1, "A", "Warn"), (1, "B", "Warn")),
            "labelled this unit before",
        ),
        bad(ratings(("", "A", "Warn"), (1, "B", "Warn")), "row 1, column 'unit': empty"),
        bad([{"a": 1, "b": 2}], "has no column 'unit'"),
        bad([{"unit": 1, "x": 1, "y": 2}], "only one rater is named", "--raters", "x"),
        bad(
            ratings((1, "A", "3"), (1, "B", "high")),
            "row 2, column 'label': expected a number",
            "--scores",
        ),
    ],
)
def test_agree_refuses_with_row_column_and_remedy(
    run: Callable[..., Result],
    tmp_path: Path,
    rows: list[dict[str, object]],
    message: str,
    args: tuple[str, ...],
) -> None:
    code, out, err = run("agree", write(tmp_path / "bad.csv", rows), *args)
    assert code == 2
    assert message in err
    assert SECRET not in out + err
    assert "Traceback" not in err


def test_agree_says_undefined_with_a_reason(run: Callable[..., Result], tmp_path: Path) -> None:
    rows = ratings(*((unit, rater, "Affirm") for unit in range(4) for rater in "AB"))
    code, out, _ = run("agree", write(tmp_path / "same.csv", rows))
    assert code == 0
    assert "undefined: only one label occurs" in out


@pytest.mark.parametrize(
    "args",
    [
        ("code", "OUT"),
        ("code", "OUT", "--text-column", "words"),
        ("code", "OUT", "--keep", "age"),
        ("evaluate",),
        ("evaluate", "--text-column", "words"),
        ("agree",),
        ("agree", "--raters", "a,b"),
        ("agree", "--thread-column", "t"),
        ("report",),
        ("report", "--group-column", "city"),
    ],
)
@pytest.mark.parametrize("header", [SECRET, f"1,{SECRET}", f"{SECRET},{SECRET}", f"r1;{SECRET}"])
def test_a_first_row_that_is_somebodys_text_is_never_shown(
    run: Callable[..., Result], tmp_path: Path, args: tuple[str, ...], header: str
) -> None:
    file = tmp_path / "replies.csv"
    file.write_text(f"{header}\n{header}\n", "utf-8")
    options = [str(tmp_path / "out.csv") if arg == "OUT" else arg for arg in args[1:]]
    code, out, err = run(args[0], file, *options)
    assert code == 2
    assert SECRET not in out + err
    assert "the first row does not look like a header" in err
    assert "has no header, add one" in err or "Begin the file with a row" in err


def test_agree_refuses_an_empty_unit_in_a_file_of_one_column_per_rater(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"unit": unit, "rater 1": "Affirm", "rater 2": "Affirm"} for unit in (3, 4, "")
    ]
    code, _, err = run("agree", write(tmp_path / "wide.csv", rows))
    assert code == 2
    assert "row 3, column 'unit': empty" in err
    for row in rows:
        del row["unit"]
    assert run("agree", write(tmp_path / "wide.csv", rows))[0] == 0


# --- report and demo --------------------------------------------------------------------------


def test_demo_codes_and_report_reads_what_it_wrote(run: Callable[..., Result]) -> None:
    code, out, _ = run("demo", "--report-only", "--no-open")
    assert code == 0
    page = Path("demo-output/demo-report.html")
    assert str(page.resolve()) in out
    assert "fiction" in page.read_text("utf-8")
    replies = write(Path("replies.csv"), [dict(row) for row in demo.joined()])
    assert run("code", replies, "coded.csv", "--context-column", "context", "-q")[0] == 0
    assert Path("coded.csv").read_bytes() == Path("demo-output/demo-coded.csv").read_bytes()
    code, _, err = run("report", "demo-output/demo-coded.csv", "--out", "again.html")
    assert (code, err) == (0, "wrote again.html\n")
    assert "<blockquote" not in Path("again.html").read_text("utf-8")


def test_report_finds_the_columns_that_code_finds(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"comment_id": f"c{i}", "body": "how are you? i get it", "topic": "sleep"} for i in range(6)
    ]
    file = write(tmp_path / "comments.csv", [*rows, {"comment_id": "", "body": " ", "topic": ""}])
    code, _, err = run("report", file)
    assert (code, err) == (0, "1 row had no text.\nwrote comments-report.html\n")
    page = Path("comments-report.html").read_text("utf-8")
    assert "<code>c0</code>" in page
    assert "sleep" in page


def test_demo_with_the_public_data_shows_counselchat_without_text(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "support").mkdir()
    columns = ("questionID", "questionTitle", "questionText", "topic", "answerText", "responder_id")
    write(
        tmp_path / "support" / "counselchat.csv",
        [dict.fromkeys(columns, "x") | {"answerText": SECRET, "questionID": i} for i in range(9)],
    )
    monkeypatch.setenv("OARLOCK_DATA", str(tmp_path))
    code, out, _ = run("demo", "--report-only", "--no-open")
    assert code == 0
    assert "coded 9 replies" in out
    assert SECRET not in Path("demo-output/counselchat-report.html").read_text("utf-8")
    monkeypatch.setenv("OARLOCK_DATA", str(tmp_path / "nowhere"))
    assert run("demo", "--report-only", "--no-open")[0] == 2


def test_demo_shows_counselchat_as_it_was_fetched_without_names(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counselchat").mkdir()
    columns = ("questionID", "questionTitle", "questionText", "topic", "therapistURL")
    rows: list[dict[str, object]] = [
        dict.fromkeys(columns, "x")
        | {"answerText": SECRET, "therapistURL": f"jane-{i % 2}", "questionID": i // 3}
        for i in range(12)
    ]
    write(tmp_path / "counselchat" / "20200325_counsel_chat.csv", rows)
    monkeypatch.setenv("OARLOCK_DATA", str(tmp_path))
    assert run("demo", "--report-only", "--no-open")[0] == 0
    with Path("demo-output/counselchat-coded.csv").open(encoding="utf-8") as stream:
        assert {row["supporter_id"] for row in csv.DictReader(stream)} == {"1", "2"}
    assert "jane" not in Path("demo-output/counselchat-report.html").read_text("utf-8")
    monkeypatch.setenv("OARLOCK_DATA", str(tmp_path / "nowhere"))
    code, _, err = run("demo", "--report-only", "--no-open")
    assert code == 2
    assert "oarlock data fetch counselchat --to FOLDER" in err


def test_report_to_standard_output_writes_no_file(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [{"id": i, "text": "how are you?"} for i in range(5)]
    file = write(tmp_path / "replies.csv", rows)
    code, out, _ = run("report", file, "--out", "-")
    assert code == 0
    assert out.startswith("<!")
    assert out.rstrip().endswith("</html>")
    assert [path.name for path in tmp_path.iterdir()] == ["replies.csv"]


def test_report_shows_a_text_with_half_an_emoji(run: Callable[..., Result], tmp_path: Path) -> None:
    raw, coded = tmp_path / "raw.jsonl", tmp_path / "coded.jsonl"
    rows = [{"id": str(n), "text": f"hey {n} \ud83d"} for n in range(6)]
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("report", raw, "--with-text", "--out", "raw.html")[0] == 0
    assert run("code", raw, coded, "--with-text", "--quiet")[0] == 0
    lines = [json.loads(line) for line in coded.read_text("utf-8").splitlines()]
    coded.write_text("".join(json.dumps(one | {"text": "hey \ud83d"}) + "\n" for one in lines))
    assert run("report", coded, "--with-text", "--out", "coded.html")[0] == 0
    for page in ("raw.html", "coded.html"):
        assert "\ufffd" in Path(page).read_text("utf-8")


def test_report_codes_replies_that_are_not_coded_yet(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = [{"id": i, "text": "how are you? i get it"} for i in range(6)]
    code, _, err = run("report", write(tmp_path / "replies.csv", rows), "--with-text")
    assert (code, err) == (0, "wrote replies-report.html\n")
    assert "<blockquote" in Path("replies-report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--out", "no/such/page.html"), "folder no/such does not exist"),
        (("--group-column", "city"), "has no column 'city'"),
        (("--text-column", "body"), "has no column 'body'"),
    ],
)
def test_report_refuses_with_a_remedy(
    run: Callable[..., Result], tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    file = write(tmp_path / "replies.csv", [{"id": 1, "text": SECRET}])
    code, out, err = run("report", file, *args)
    assert code == 2
    assert message in err
    assert SECRET not in out + err
    assert not list(tmp_path.glob("*.html"))


REPLIES: list[dict[str, object]] = [{"id": i, "text": "how are you? i get it"} for i in range(6)]


def test_report_keeps_a_page_that_is_there_unless_told(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = write(tmp_path / "replies.csv", REPLIES)
    page = Path("replies-report.html")
    page.write_text("mine", "utf-8")
    for args in ((), ("--out", str(page))):
        code, _, err = run("report", file, *args)
        assert code == 2
        assert err == (
            f"error: {page} is there already.\n  Name another file, or give --overwrite.\n"
        )
        assert page.read_text("utf-8") == "mine"
    assert run("report", file, "--overwrite")[0] == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    code, _, err = run("report", file, "--out", str(file), "--overwrite")
    assert code == 2
    assert "is the input file" in err


def test_demo_writes_over_its_own_page(run: Callable[..., Result]) -> None:
    page = Path("demo-output/demo-report.html")
    page.parent.mkdir()
    page.write_text("of the last time", "utf-8")
    assert run("demo", "--report-only", "--no-open")[0] == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("n", "cells", "message"),
    [
        (4, {}, "holds 4 replies that can be read; a report needs at least 5"),
        (6, {"thread_id": "t"}, "holds one thread only (column 'thread_id')"),
    ],
)
def test_report_refuses_a_corpus_that_is_too_small(
    run: Callable[..., Result], tmp_path: Path, n: int, cells: dict[str, object], message: str
) -> None:
    rows = [{"id": i, "text": SECRET} | cells for i in range(n)]
    file = write(tmp_path / "replies.csv", rows)
    code, out, err = run("report", file)
    assert code == 2
    assert message in err
    assert "oarlock code" in err
    assert SECRET not in out + err
    assert not Path("replies-report.html").exists()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize(
    ("command", "targets"),
    [
        ("report", ["replies-report.html"]),
        ("demo", ["demo-output/demo-coded.csv", "demo-output/demo-report.html"]),
    ],
)
def test_a_disk_that_takes_no_more_is_named_by_target_and_nothing_is_left(
    run: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    targets: list[str],
    number: int,
) -> None:
    file = write(tmp_path / "replies.csv", REPLIES)
    args = (command, file) if command == "report" else (command, "--report-only", "--no-open")

    def refuse(_: int) -> None:
        nonlocal n_left
        n_left -= 1
        if n_left < 0:
            raise OSError(number, os.strerror(number))

    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    for position, target in enumerate(targets):
        n_left = position
        with monkeypatch.context() as patched:
            patched.setattr("oarlock.cli.output.os.fsync", refuse)
            code, _, err = run(*args)
        assert code == 2
        assert f"error: {target}" in err
        assert err.strip().count("\n") == 1
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == before
    assert run(*args)[0] == 0
    assert all(Path(target).is_file() for target in targets)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_report_to_a_full_device_names_it(run: Callable[..., Result], tmp_path: Path) -> None:
    code, _, err = run("report", write(tmp_path / "replies.csv", REPLIES), "--out", "/dev/full")
    assert code == 2
    assert "error: /dev/full: the disk is full" in err


def test_demo_refuses_a_folder_that_is_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    for name in ("taken", "taken/below"):
        Path("taken").write_text("mine", "utf-8")
        code, _, err = run("demo", "--report-only", "--no-open", "--folder", name)
        assert code == 2
        assert "taken is not a folder" in err
        assert Path("taken").read_text("utf-8") == "mine"


def test_report_with_text_needs_a_file_with_text(run: Callable[..., Result]) -> None:
    run("demo", "--report-only", "--no-open")
    code, _, err = run("report", "demo-output/demo-coded.csv", "--with-text")
    assert code == 2
    assert "holds no text" in err


@pytest.mark.parametrize(("n", "few"), [(4, True), (40, False)])
def test_agree_says_that_few_units_and_intervals_of_no_width_are_no_certainty(
    run: Callable[..., Result], tmp_path: Path, n: int, few: bool
) -> None:
    file = tmp_path / "labels.csv"
    rows = [f"{i},{rater},{'yes' if i % 2 else 'no'}\n" for i in range(n) for rater in "ab"]
    if not few:
        rows[0] = "0,a,yes\n"
    file.write_text("unit,rater,label\n" + "".join(rows), encoding="utf-8")
    code, out, _ = run("agree", file, "--any-labels", "--resamples", "100")
    assert code == 0
    assert ("So few units" in out) is few
    assert ("An interval of no width" in out) is few
