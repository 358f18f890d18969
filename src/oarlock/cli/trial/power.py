"""`oarlock trial power`: how likely the trial is to find what it looks for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from oarlock.cli.options import DEFAULT_SEED, Quiet
from oarlock.cli.output import STANDARD_OUTPUT, check_target, standard_output_named, write_json
from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.trial.power import PowerPlan, PowerResult

_METHODS = ("auto", "formula", "simulation")
_Number = float | None


def main(
    file: Annotated[
        Path | None, typer.Argument(help="A protocol; options go before what it says.")
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", help="People in all arms; without it, how many are needed.")
    ] = None,
    effect: Annotated[_Number, typer.Option(help="Standardised difference (Cohen's d).")] = None,
    rate_control: Annotated[_Number, typer.Option(help="Share in the control arm.")] = None,
    rate_active: Annotated[_Number, typer.Option(help="Share in the active arm.")] = None,
    ratio: Annotated[
        str | None, typer.Option(help="Shares of the arms, control last, such as 2,1.")
    ] = None,
    wanted: Annotated[_Number, typer.Option("--power", help="Wanted power (0.8).")] = None,
    alpha: Annotated[_Number, typer.Option(help="Two-sided error rate (0.05).")] = None,
    correlation: Annotated[
        _Number, typer.Option(help="Of a score before with one after, and between waves (0).")
    ] = None,
    before: Annotated[int | None, typer.Option(help="Measurements before allocation (1).")] = None,
    after: Annotated[int | None, typer.Option(help="Measurements after allocation (1).")] = None,
    dropout: Annotated[_Number, typer.Option(help="Share without the outcome (0).")] = None,
    cluster_size: Annotated[_Number, typer.Option(help="People per cluster, on average.")] = None,
    cluster_cv: Annotated[
        _Number, typer.Option(help="Coefficient of variation of cluster sizes (0).")
    ] = None,
    icc: Annotated[_Number, typer.Option(help="Intracluster correlation.")] = None,
    pre_post: Annotated[
        bool, typer.Option("--pre-post", help="One arm, before against after.")
    ] = False,
    method: Annotated[
        str,
        typer.Option(
            metavar="|".join(_METHODS), help="auto simulates where no formula is to be trusted."
        ),
    ] = "auto",
    simulations: Annotated[int, typer.Option(min=100, max=1_000_000, help="Simulated trials.")] = (
        1000
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = DEFAULT_SEED,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw power against people: SVG, PNG, HTML.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Compute the power of a trial, the people it needs, and the least effect it can find.

    Takes the assumptions from a protocol, from options, or both. Where clusters are few, shares lie
    in clusters, or people drop out between waves, the trial is simulated besides.
    """
    if method not in _METHODS:
        raise UserError(
            f"--method {method} is not known.", remedy=f"Choose one of: {', '.join(_METHODS)}."
        )
    if out is not None:
        check_target(out, inputs=() if file is None else (str(file),), option="--out")
        from oarlock.report.power import check_format

        check_format(out)
    from oarlock.trial.power import compute

    given = {
        "n": n, "effect": effect, "rate_control": rate_control, "rate_active": rate_active,
        "shares": _ratio(ratio), "wanted": wanted, "alpha": alpha, "correlation": correlation,
        "n_before": before, "n_after": after, "dropout": dropout, "cluster_size": cluster_size,
        "cluster_cv": cluster_cv, "icc": icc, "is_paired": pre_post or None,
    }  # fmt: skip
    plan = _plan(file, {key: value for key, value in given.items() if value is not None})
    show = not quiet and sys.stderr.isatty()
    with Progress(
        TextColumn("simulated trials"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(), console=Console(stderr=True), disable=not show, transient=True,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=simulations, visible=False)
        result = compute(
            plan,
            method=method,  # type: ignore[arg-type]
            n_simulations=simulations,
            seed=seed,
            progress=lambda done, _: progress.update(task, completed=done, visible=True),
        )
    if out is not None:
        _draw(result, out)
    if as_json:
        write_json(result.as_dict(), STANDARD_OUTPUT)
    else:
        with standard_output_named():
            typer.echo(_words(result))
            if out is not None:
                typer.echo(f"The figure is in {out}.")


def _plan(file: Path | None, given: dict[str, Any]) -> PowerPlan:
    from oarlock.trial.power import PowerPlan, plan_of
    from oarlock.trial.protocol import load

    if file is None:
        if given.get("is_paired"):
            given.setdefault("shares", (1,))
        if given.get("cluster_size") is not None and "icc" not in given:
            raise UserError(
                "--cluster-size was given without --icc.",
                remedy="Give the intracluster correlation, such as --icc 0.05.",
            )
        return PowerPlan(**given)
    plan = plan_of(load(file))
    if "effect" in given:
        given = {"rate_control": None, "rate_active": None} | given
    elif "rate_active" in given or "rate_control" in given:
        given = {"effect": None} | given
    return replace(plan, **given)


def _ratio(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    parts = text.replace(":", ",").split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise UserError(
            f"--ratio {text} is no ratio.", remedy="Write whole numbers, such as --ratio 2,1."
        )
    return tuple(int(part) for part in parts)


def _draw(result: PowerResult, out: Path) -> None:
    import os
    import tempfile

    from oarlock.report.power import picture

    content = picture(result, out.suffix.lower())
    handle, partial = tempfile.mkstemp(dir=out.parent, prefix=".oarlock-", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(partial, 0o644)
        os.replace(partial, out)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _words(result: PowerResult) -> str:
    plan = result.plan
    what = (
        f"{plan.rate_active:.1%} against {plan.rate_control:.1%}"
        if plan.is_binary
        else f"a difference of {plan.effect:g} standard deviations"
    )
    lines = [f"To find {what}, two-sided error rate {plan.shared_alpha:g}:"]
    lines.append(f"  power with {result.n} people: {result.power:.1%} by formula")
    if result.simulated is not None:
        one = result.simulated
        why = f" ({result.why_simulated})" if result.why_simulated else ""
        lines.append(
            f"  by simulation{why}: {one.power:.1%}, 95 % interval {one.low:.1%} to {one.high:.1%} "
            f"({one.n_simulations} trials, seed {one.seed})"
        )
        if one.n_failed:
            lines.append(f"  {one.n_failed} simulated trials gave no answer and count as lost")
    elif result.why_simulated:
        lines.append(
            f"  the formula is not to be trusted here ({result.why_simulated}): leave out --method"
        )
    needed = "more people than there are" if result.needed is None else f"{result.needed} people"
    lines.append(f"  needed for {plan.wanted:.0%}: {needed}, by formula")
    if result.detectable is None:
        lines.append(f"  no effect is found with {plan.wanted:.0%}")
    else:
        found = (
            f"{result.detectable:.1%}" if plan.is_binary else f"{result.detectable:.3f} (Cohen's d)"
        )
        lines.append(f"  least that is found with {plan.wanted:.0%}: {found}, by formula")
    if result.variance_factor != 1:
        lines.append(f"  measurements before and after: variance x {result.variance_factor:.3f}")
    if result.design_effect != 1:
        lines.append(f"  clusters: people x {result.design_effect:.2f}")
    if plan.is_paired:
        lines.append("  Without a comparison no power tells the effect from the passing of time.")
    return "\n".join(lines)
