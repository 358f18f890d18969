"""What lies in the repository, and what must not."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from oarlock import __version__
from oarlock.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = "src/oarlock/coder/weights/"
MAX_WEIGHTS_MB = 30
MAX_FILE_MB = 3


def tracked() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for path in done.stdout.split("\0") if path and (ROOT / path).is_file()]


def is_ignored(path: str) -> bool:
    return (
        subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False).returncode == 0
    )


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# --- constraints and extras -------------------------------------------------------------------


def test_constraints_pin_versions_and_name_no_host() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    wrong = [line for line in pins if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.!]*", line)]
    assert not wrong
    names = [line.partition("==")[0] for line in pins]
    assert len(set(names)) == len(names)


def test_constraints_pin_every_dependency_of_every_extra(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[\[<>=!~; ]", item)[0].lower().replace("_", "-") for item in wanted}
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert names - {"oarlock"} <= {line.partition("==")[0] for line in pins}


def test_core_install_needs_no_torch_and_nothing_is_gpl(pyproject: dict[str, Any]) -> None:
    core = " ".join(pyproject["project"]["dependencies"])
    assert not re.search(r"torch|transformers|scikit|altair|pyspark", core)
    pins = (ROOT / "constraints.txt").read_text("utf-8")
    assert not re.search(r"^(krippendorff|pingouin)==", pins, re.MULTILINE)


def test_configuration_names_no_package_index() -> None:
    hosts = re.compile(r"index-url|find-links|trusted-host|--index|https?://[^\s]*(pypi|simple)")
    names = ("pyproject.toml", "constraints.txt", "Makefile", ".ci/run", ".pre-commit-config.yaml")
    assert not [name for name in names if hosts.search((ROOT / name).read_text("utf-8"))]


# --- one truth --------------------------------------------------------------------------------


def test_version_is_the_same_everywhere() -> None:
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_every_command_has_its_file() -> None:
    folder = ROOT / "src/oarlock/cli"
    names = {name: name.replace("-", "_") for name in COMMANDS}
    missing = [
        name
        for name, module in names.items()
        if not (folder / f"{module}.py").is_file()
        and not (folder / module / "__init__.py").is_file()
    ]
    assert not missing


def test_licence_texts_are_whole() -> None:
    assert "END OF TERMS AND CONDITIONS" in (ROOT / "LICENSE").read_text("utf-8")
    notice = " ".join((ROOT / "NOTICE").read_text("utf-8").split())
    assert WEIGHTS in notice
    assert "CC BY-NC-SA 4.0" in notice


# --- weight and care --------------------------------------------------------------------------


def test_no_file_is_over_3_mb_but_the_weights() -> None:
    large = [
        path for path in tracked()
        if not path.startswith(WEIGHTS) and (ROOT / path).stat().st_size > MAX_FILE_MB * 1e6
    ]  # fmt: skip
    assert not large


def test_weights_are_at_most_30_mb() -> None:
    sizes = [(ROOT / path).stat().st_size for path in tracked() if path.startswith(WEIGHTS)]
    assert sum(sizes) <= MAX_WEIGHTS_MB * 1e6


def test_no_file_names_a_place_on_one_machine() -> None:
    place = re.compile(r"/(?:home|Users|root|work|opt)/[a-z]")
    texts = {".py", ".md", ".toml", ".yml", ".yaml", ".cff", ".txt", ".css", ".html", ".json", ""}
    found = []
    for path in tracked():
        if Path(path).suffix in texts and path != "tests/repository/test_files.py":
            try:
                text = (ROOT / path).read_text("utf-8")
            except UnicodeDecodeError:
                continue
            if place.search(text):
                found.append(path)
    assert not found


@pytest.mark.parametrize(
    "path",
    [
        ".venv/x",
        ".venv-train/x",
        "site/index.html",
        "dist/x.whl",
        "shared/x",
        "data/x",
        ".env",
        "src/oarlock/__pycache__/x.pyc",
    ],
)
def test_gitignore_keeps_out_what_is_made_or_private(path: str) -> None:
    assert is_ignored(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/oarlock/cli/data.py",
        "src/oarlock/coder/weights/standard.onnx",
        "src/oarlock/corpus/demo/posts.csv",
        "tests/data/x.csv",
        "docs/images/report.png",
    ],
)
def test_gitignore_lets_in_what_ships(path: str) -> None:
    assert not is_ignored(path)
