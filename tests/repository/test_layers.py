"""The house stands as drawn: imports run one way, and the core is light."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "oarlock"

HEAVY = ("torch", "transformers", "sklearn", "statsmodels", "altair", "vl_convert", "pyspark")
LIGHT = ("numpy", "onnxruntime", "pyarrow", "tokenizers", "typer")
MAX_LINES = 500
"""About 400 lines is the rule; this is where a test says so."""


def modules_of(package: str) -> list[str]:
    found = []
    for path in sorted((PACKAGE / package).rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if "training" not in parts:
            found.append(".".join(parts).removesuffix(".__init__"))
    return found


def loaded_after(*modules: str) -> set[str]:
    """Returns the top-level packages that importing `modules` loads in a fresh interpreter."""
    code = (
        "import importlib, json, sys\n"
        f"for name in {list(modules)!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_imports_run_one_way() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_contract_about_torch_names_every_part_of_the_coder_but_training() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (sources,) = (one["source_modules"] for one in contracts if "torch" in one["name"])
    parts = {
        path.stem
        for path in (PACKAGE / "coder").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    named = {name.rpartition(".")[2] for name in sources if name.startswith("oarlock.coder.")}
    assert named == parts - {"__init__", "training"}


def test_import_of_oarlock_loads_nothing_heavy() -> None:
    assert not loaded_after("oarlock") & {*HEAVY, *LIGHT}


@pytest.mark.parametrize("package", ["codebook", "corpus", "coder", "coach", "cli"])
def test_no_package_loads_an_extra_when_imported(package: str) -> None:
    modules = modules_of(package)
    assert f"oarlock.{package}" in modules
    assert not loaded_after(*modules) & set(HEAVY)


def test_protocol_and_allocation_need_the_standard_library_alone() -> None:
    loaded = loaded_after("oarlock.trial.protocol", "oarlock.trial.allocation")
    assert not loaded & {*HEAVY, *LIGHT, "scipy", "pandas", "django"}


def test_web_process_loads_neither_torch_nor_statistics(tmp_path: Path) -> None:
    code = (
        "import json, sys, oarlock.community.asgi\n"
        "from django.urls import get_resolver\n"
        "from oarlock.community.texts import tasks\n"
        "from oarlock.community.coaching import reviewing\n"
        "get_resolver().url_patterns, tasks.coder(), reviewing.coach()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    environment = os.environ | {"OARLOCK_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert not {"torch", "transformers", "sklearn", "statsmodels"} & set(json.loads(done.stdout))


def test_no_module_is_named_for_nothing_or_outgrows_reading() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    paths = sorted(PACKAGE.rglob("*.py"))
    assert not [path.name for path in paths if path.stem in vague]
    long = {path.name: n for path in paths if (n := len(path.read_text().splitlines())) > MAX_LINES}
    assert not long
