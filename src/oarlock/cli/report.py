"""`oarlock report FILE`: the MI profile of a corpus as one HTML page."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oarlock.cli.output import STANDARD_OUTPUT, check_target, write_files
from oarlock.coder.files.replies import Options
from oarlock.corpus.reading import (
    STANDARD_INPUT,
    Record,
    Records,
    cell_text,
    counted,
    read_records,
)
from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.report.coded import CodedSentences

app = typer.Typer()


@app.command(name="report")
def main(
    file: Annotated[
        str,
        typer.Argument(help="A file that `oarlock code` wrote, or replies that are not coded yet."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the page; - for standard output.", show_default="FILE-report.html"
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over a page that is there already.")
    ] = False,
    title: Annotated[str | None, typer.Option(help="Name of the corpus on the page.")] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Show the text of the sentences to check by hand.")
    ] = False,
    tier: Annotated[str, typer.Option(help="standard or fast, for replies not coded yet.")] = (
        "standard"
    ),
    text_column: Annotated[
        str | None,
        typer.Option(help="Column of replies not coded yet.", show_default="as for `oarlock code`"),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="Column of identifiers.", show_default="as for `oarlock code`"),
    ] = None,
    context_column: Annotated[
        str | None,
        typer.Option(
            help="Column of what each reply answers.", show_default="as for `oarlock code`"
        ),
    ] = None,
    thread_column: Annotated[str | None, typer.Option(help="Column of threads.")] = None,
    supporter_column: Annotated[str | None, typer.Option(help="Column of supporters.")] = None,
    group_column: Annotated[str | None, typer.Option(help="Column of groups.")] = None,
    time_column: Annotated[str | None, typer.Option(help="Column of times, ISO 8601.")] = None,
    resamples: Annotated[
        int | None,
        typer.Option(min=0, max=100_000, help="Resamples; 1000, fewer for large files."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = 20261123,
) -> None:
    """Write one self-contained HTML page: the MI profile of a corpus.

    The page loads nothing from the network and holds no text unless you ask for it.
    """
    from oarlock.report.page import render
    from oarlock.report.profile import profile, require_enough
    from oarlock.report.reliability import load_reliability
    from oarlock.report.sources import is_coded, read_coded

    target = out or Path(f"{'replies' if file == STANDARD_INPUT else Path(file).stem}-report.html")
    check = partial(check_target, target, inputs=(file,), option="--out", may_overwrite=overwrite)
    if str(out) != STANDARD_OUTPUT:
        check()
    given = {
        "thread": thread_column,
        "supporter": supporter_column,
        "group": group_column,
        "time": time_column,
    }
    with read_records(file) as records:
        spelled = records.require({f"--{role}-column": name for role, name in given.items()})
        given = {role: spelled[f"--{role}-column"] for role in given}
        if is_coded(records.columns):
            if with_text and "text" not in records.columns:
                raise UserError(
                    f"{file} holds no text.",
                    remedy="Code it again with `oarlock code --with-text`.",
                )
            rows = ((record.row, _whole(record, records.name)) for record in records)
            coded = read_coded(
                records.columns, rows, records.name, roles=given, with_text=with_text
            )
        else:
            options = Options(
                text_column=text_column,
                id_column=id_column,
                context_column=context_column,
                with_text=with_text,
                skip_empty=True,
            )
            coded = _code(records, options, given, tier)
    name = file if file != STANDARD_INPUT else "standard input"
    require_enough(coded, name)
    page = render(
        profile(coded, n_resamples=resamples, seed=seed),
        title=title or Path(name).name,
        reliability=load_reliability(coded.model_version),
        with_text=with_text,
    )
    if str(out) == STANDARD_OUTPUT:
        sys.stdout.write(page)
        return
    check()  # once more: coding can take hours
    write_files({target: page})
    print(f"wrote {target}", file=sys.stderr)


def _whole(record: Record, name: str) -> Mapping[str, object]:
    """Return the cells of a row, with texts that a page can hold."""
    return {
        column: cell_text(record, column, name) if isinstance(value, str) else value
        for column, value in record.values.items()
    }


def _code(
    records: Records, options: Options, given: Mapping[str, str | None], tier: str
) -> CodedSentences:
    """Return the sentences of replies that are not coded yet, read as `oarlock code` reads them."""
    from oarlock.coder import Coder
    from oarlock.coder.files.replies import EmptyRows, columns_of, items
    from oarlock.report.coded import find_roles
    from oarlock.report.sources import code_replies

    roles = find_roles(records.columns, given, records.name)
    options = replace(options, keep=tuple(roles.values()))
    columns = columns_of(records, options)
    empty = EmptyRows()
    coded = code_replies(
        Coder.load(tier=tier),
        items(records, columns, options, empty),
        records.name,
        roles=roles,
        with_text=options.with_text,
    )
    if empty.n:
        print(f"{counted(empty.n, 'row')} had no text.", file=sys.stderr)
    return coded
