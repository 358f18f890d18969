from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.core import TyperGroup

from oarlock import __version__
from oarlock.cli import app as cli
from oarlock.cli import commands
from oarlock.cli.stopping import when_stopped
from oarlock.errors import UserError

SECRET = "i feel so alone tonight"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(args)
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A sub-command `code` in the place of the real one."""
    module = ModuleType("oarlock.cli.code")
    module.app = typer.Typer()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "oarlock.cli.code", module)
    return module.app  # type: ignore[no-any-return]


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"oarlock {__version__}\n", "")


def test_help_lists_every_command_without_loading_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(name in out for name in commands.COMMANDS)
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from oarlock.cli.commands import build; build(['--help']);"
            "heavy = ('oarlock.', 'numpy', 'onnx', 'pyarrow');"
            "print([m for m in sys.modules if m.startswith(heavy)])",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert loaded.strip() == "['oarlock.cli', 'oarlock.cli.commands']"


def test_unknown_command_exits_2_and_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "evaluat")
    assert code == 2
    assert "evaluate" in err


def test_user_error_shows_message_and_remedy_without_traceback(
    raising: typer.Typer, capsys: pytest.CaptureFixture[str]
) -> None:
    @raising.command()
    def code() -> None:
        raise UserError("posts.csv: no column 'text'.", remedy="Name it with --text-column.")

    assert run(capsys, "code") == (
        2,
        "",
        "error: posts.csv: no column 'text'.\n  Name it with --text-column.\n",
    )


@pytest.fixture
def _own_interrupts() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.usefixtures("_own_interrupts")
@pytest.mark.parametrize(
    ("said", "shown"),
    [("Stopped. 3 are kept.", "Stopped. 3 are kept."), ("", "Stopped before the end")],
)
def test_interrupt_exits_130_with_one_line(
    raising: typer.Typer, capsys: pytest.CaptureFixture[str], said: str, shown: str
) -> None:
    @raising.command()
    def code() -> None:
        with when_stopped(lambda: said):
            raise KeyboardInterrupt

    status, out, err = run(capsys, "code")
    assert (status, out) == (130, "")
    assert err.startswith(shown)
    assert err.count("\n") == 1


class _Interrupted:
    def __del__(self) -> None:
        raise KeyboardInterrupt


def _in_a_finaliser() -> None:
    _Interrupted()
    time.sleep(30)
    raise AssertionError("Ctrl-C was lost")


def _in_the_making_of_a_class() -> None:
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as stop:
        raise RuntimeError("Error calling __set_name__") from stop


@pytest.mark.usefixtures("_own_interrupts")
@pytest.mark.parametrize("place", [_in_a_finaliser, _in_the_making_of_a_class])
def test_interrupt_is_not_lost_where_python_swallows_or_wraps_it(
    raising: typer.Typer, capsys: pytest.CaptureFixture[str], place: Callable[[], None]
) -> None:
    raising.command("code")(lambda: place())
    status, _, err = run(capsys, "code")
    assert status == 130
    assert err.startswith("Stopped before the end")
    assert err.count("\n") == 1


HELP = [name.split() for name in commands.EXAMPLES]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_ends_with_an_example_that_the_command_takes(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, *command, "--help")
    example = commands.EXAMPLES[" ".join(command)]
    assert code == 0
    assert f"Example: {example}" in " ".join(out.split())
    args = shlex.split(example)[1:]
    assert args[: len(command)] == command
    tree = typer.main.get_command(commands.build(args))
    with tree.make_context("oarlock", args) as context:
        while isinstance(tree, TyperGroup):
            name, tree, args = tree.resolve_command(context, args)
            assert name is not None
            assert tree is not None
            context = tree.make_context(name, args, parent=context)


def test_every_command_has_an_example() -> None:
    names = set(commands.COMMANDS)
    below = {f"{name} {one}" for name in names for one in commands.group_commands(name)}
    assert set(commands.EXAMPLES) == {"", *names, *below}


def test_unexpected_error_prints_its_place_but_no_text_of_a_person(
    raising: typer.Typer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OARLOCK_DEBUG", raising=False)

    @raising.command()
    def code() -> None:
        text = SECRET
        raise ValueError(f"cannot read {text}")

    status, out, err = run(capsys, "code")
    assert status == 1
    assert "ValueError" in err
    assert "test_app.py" in err
    assert SECRET not in out + err


def test_full_disk_exits_2_with_remedy(
    raising: typer.Typer, capsys: pytest.CaptureFixture[str]
) -> None:
    @raising.command()
    def code() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out.csv")

    status, _, err = run(capsys, "code")
    assert status == 2
    assert err.startswith("error: No space left on device: out.csv\n  Free some space")


@pytest.mark.parametrize(
    ("module", "extra", "target"),
    [
        ("altair.vegalite", "research", "setup"),
        ("django.conf", "community", "setup"),
        ("torch", "train", "setup-train"),
        ("pyspark", "spark", "setup-spark"),
    ],
)
def test_missing_extra_names_what_installs_it_from_a_copy(
    raising: typer.Typer,
    capsys: pytest.CaptureFixture[str],
    module: str,
    extra: str,
    target: str,
) -> None:
    @raising.command()
    def code() -> None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    status, _, err = run(capsys, "code")
    assert status == 2
    assert f"'.[{extra}]'" in err
    assert f"make {target};" in err
    makefile = (Path(__file__).resolve().parents[3] / "Makefile").read_text("utf-8")
    assert f"\n{target}:" in makefile


def test_group_keeps_its_sub_commands(
    raising: typer.Typer, capsys: pytest.CaptureFixture[str]
) -> None:
    @raising.command()
    def fetch() -> None:
        typer.echo("fetched")

    assert run(capsys, "code", "fetch") == (0, "fetched\n", "")


@pytest.mark.parametrize("n_lines", [1, 100_000])
@pytest.mark.parametrize("also", ["", ", file=sys.stderr"])
def test_a_reader_that_goes_away_ends_the_command_quietly(n_lines: int, also: str) -> None:
    script = (
        "import sys, types, typer\n"
        "from oarlock.cli import app\n"
        "module = sys.modules['oarlock.cli.code'] = types.ModuleType('oarlock.cli.code')\n"
        "module.app = typer.Typer()\n"
        "@module.app.command()\n"
        "def code():\n"
        f"    for _ in range({n_lines}):\n"
        f"        print('a line of the output'{also})\n"
        "        print('a line of the output')\n"
        "app.main(['code'])\n"
    )
    read_end, write_end = os.pipe()
    os.close(read_end)
    stderr = write_end if also else subprocess.PIPE
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=write_end, stderr=stderr, check=False
    )
    os.close(write_end)
    assert done.returncode == 141
    assert not done.stderr


def test_code_to_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "hi there\n" * 3000)
    script = (
        "import sys; import oarlock.coder.coder; from fake_coder import FakeCoder\n"
        "oarlock.coder.coder.Coder = FakeCoder\n"
        "from oarlock.cli.app import main; main(sys.argv[1:])"
    )
    tests = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", script, "code", source, "-", "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), *sys.path])},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"id,sentence,")
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141
