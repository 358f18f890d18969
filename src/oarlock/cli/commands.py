"""The tree of sub-commands, of which only the one that is called is loaded.

Each sub-command lives in `oarlock.cli.<name>`, which exposes `app`, a `typer.Typer`. It is imported
only when it is called, so that `oarlock --help` starts at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from oarlock import __version__

COMMANDS: Mapping[str, str] = {
    "code": "Give every sentence of a file its code, such as open question.",
    "coach": "Show what the coach says of a draft.",
    "report": "Write one HTML page: which MI skills the replies of a file use.",
    "evaluate": "Measure how well the coder agrees with labels that people gave.",
    "fairness": "Measure how often the code changes when only the person changes.",
    "agree": "Measure how well people who labelled the same texts agree.",
    "corpus": "Make corpus tables of a platform's data, and check them.",
    "trial": "Plan a trial, allocate, analyse it, and pool what several found.",
    "serve": "Serve the community on this machine.",
    "worker": "Run the community's jobs: coding, digests, alarms.",
    "role": "Give somebody in the community a role.",
    "export": "Write what people consented to share as corpus tables.",
    "backup": "Write the community into one file.",
    "restore": "Bring the community back from a backup.",
    "check-deploy": "List what to mend before people come.",
    "demo": "Open a community of made-up people, with a report of its threads.",
    "data": "Download public data sets of labelled conversations.",
    "train": "Make the weights of the coder again from the training data.",
    "safety": "Train and measure the screening of risk; print its policy; check helplines.",
}
"""Name and one line of help of every sub-command, in the order of `oarlock --help`."""

EXAMPLES: Mapping[str, str] = {
    "": "oarlock demo",
    "code": "oarlock code replies.csv coded.csv",
    "coach": "oarlock coach draft.txt",
    "report": "oarlock report coded.csv --out report.html",
    "evaluate": "oarlock evaluate labelled.csv --group-column thread_id --json figures.json",
    "fairness": "oarlock fairness --json fairness.json",
    "agree": "oarlock agree double_coded.csv --raters ana,ben",
    "corpus": "oarlock corpus check corpus",
    "corpus check": "oarlock corpus check corpus",
    "corpus import": "oarlock corpus import counselchat counselchat.csv --out corpus",
    "corpus map": "oarlock corpus map exports --out map.toml",
    "trial": "oarlock trial init trial.toml",
    "trial init": "oarlock trial init trial.toml",
    "trial check": "oarlock trial check trial.toml",
    "trial power": "oarlock trial power trial.toml --out power.svg",
    "trial allocate": "oarlock trial allocate units.csv --protocol trial.toml",
    "trial verify": "oarlock trial verify allocation.jsonl --seed allocation-seed.json",
    "trial analyse": "oarlock trial analyse trial.csv --protocol trial.toml",
    "trial synthesise": "oarlock trial synthesise studies.csv --out synthesis.html",
    "serve": "oarlock serve --port 8000",
    "worker": "oarlock worker",
    "role": "oarlock role robin supervisor",
    "export": "oarlock export study-2026-11",
    "backup": "oarlock backup /backups/monday.tar",
    "restore": "oarlock restore /backups/monday.tar",
    "check-deploy": "oarlock check-deploy",
    "demo": "oarlock demo",
    "data": "oarlock data list",
    "data list": "oarlock data list",
    "data fetch": "oarlock data fetch annomi --to oarlock-data",
    "train": "oarlock train my-training --data training-data --release own-1",
    "safety": "oarlock safety helplines",
    "safety train": "oarlock safety train my-screening --data training-data",
    "safety evaluate": "oarlock safety evaluate --data training-data",
    "safety policy": "oarlock safety policy --out policy.md",
    "safety helplines": "oarlock safety helplines",
}
"""What the help of every command ends with; "" is `oarlock` itself."""


def _example(name: str, text: str = "") -> str | None:
    """Returns the example of a command, unless it has none or its help gives one."""
    if name not in EXAMPLES or "Example: " in text:
        return None
    return f"Example: {EXAMPLES[name]}"


def build(args: Sequence[str]) -> typer.Typer:
    """Returns the command tree in which only the sub-command that `args` names is loaded."""
    wanted = next((arg for arg in args if not arg.startswith("-")), None)
    app = typer.Typer(
        name="oarlock",
        help="Measures motivational interviewing in what peers write.",
        epilog=_example(""),
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
        for command, below in zip(group_commands(name), sub.registered_commands, strict=True):
            below.epilog = _example(f"{name} {command}")
        app.add_typer(
            sub, name=name, help=COMMANDS[name], epilog=_example(name), no_args_is_help=True
        )
        return
    only = sub.registered_commands[0]
    text = only.help or inspect.getdoc(only.callback) or COMMANDS[name]
    app.command(
        name,
        cls=only.cls,
        help=text,
        epilog=_example(name, text),
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
