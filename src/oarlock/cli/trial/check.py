"""`oarlock trial check`: a protocol in plain words, with its hash, or all its faults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oarlock.cli.output import STANDARD_OUTPUT, standard_output_named, write_json

if TYPE_CHECKING:
    from oarlock.trial.protocol import Protocol


def main(
    file: Annotated[Path, typer.Argument(help="The protocol.")] = Path("trial.toml"),
    own: Annotated[
        list[str] | None,
        typer.Option(
            "--instrument", help="Name of an instrument of your own; may be given several times."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
) -> None:
    """Check a protocol and say in plain words what it means.

    Prints the hash that stands for it, or all its faults with their lines.
    """
    from oarlock.trial.instruments import instruments
    from oarlock.trial.protocol import ProtocolError, load

    known = {*instruments(), *(own or [])}
    try:
        protocol = load(file, instruments=known)
    except ProtocolError as error:
        if as_json:
            faults = [fault.as_dict() for fault in error.faults]
            write_json({"passes": False, "faults": faults}, STANDARD_OUTPUT)
        raise
    if as_json:
        write_json(_content(protocol), STANDARD_OUTPUT)
        return
    _show(protocol)


def _content(protocol: Protocol) -> dict[str, Any]:
    from oarlock.trial.protocol import as_mapping, cautions, placeholders, protocol_hash
    from oarlock.trial.protocol.words import by_heading

    return {
        "passes": True,
        "hash": protocol_hash(protocol),
        "protocol": as_mapping(protocol),
        "in_words": by_heading(protocol),
        "cautions": list(cautions(protocol)),
        "to_fill_in": list(placeholders(protocol)),
    }


def _show(protocol: Protocol) -> None:
    from oarlock.trial.protocol import cautions, placeholders, plain_words, protocol_hash
    from oarlock.trial.protocol.words import show

    with standard_output_named():
        typer.echo(f"{protocol.title}\n\n{show(plain_words(protocol))}\n")
        for caution in cautions(protocol):
            typer.echo(f"Think twice: {caution}")
        if missing := placeholders(protocol):
            typer.echo(f"To fill in before enrolment opens: {', '.join(missing)}.")
        typer.echo(f"The protocol passes. Hash: {protocol_hash(protocol)}")
