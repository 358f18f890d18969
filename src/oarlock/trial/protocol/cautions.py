"""What passes the check and yet wants a second thought."""

from __future__ import annotations

from oarlock.trial.protocol.model import Protocol


def cautions(protocol: Protocol) -> tuple[str, ...]:
    """Return what a reader of the protocol should think twice about; it passes none the less."""
    found = []
    if protocol.design == "pre-post":
        found.append(
            "Without a comparison nobody can tell the effect of the arm from time, from being "
            "asked and from regression to the mean."
        )
    plan = protocol.allocation
    if plan.method in {"blocks", "stratified"} and len(plan.block_sizes) == 1:
        found.append("With one block size, whoever counts can tell the last arms of each block.")
    n_units = protocol.sample_size.n / (protocol.sample_size.cluster_size or 1)
    if plan.method == "stratified":
        n_cells = len(protocol.every_stratum())
        if n_cells * min(plan.block_sizes, default=1) > n_units / 2:
            found.append(
                f"{n_cells} strata for about {n_units:.0f} units: many blocks will stay unfinished "
                "and the arms may differ; take fewer strata, or minimisation."
            )
    if plan.method == "simple" and n_units < 100:
        found.append("A simple draw of fewer than 100 units often gives arms of unequal size.")
    if plan.is_cluster and n_units < 20:
        found.append(
            f"About {n_units:.0f} clusters are few: see oarlock trial power with simulation."
        )
    if len(protocol.primary) > 1 and protocol.analysis.multiplicity == "none":
        found.append("Several primary outcomes and no correction: chance finds one of them.")
    if not protocol.harms.instruments:
        found.append("No instrument asks for harm: what nobody asks, few people tell.")
    if not protocol.consent.questions:
        found.append("No question checks whether the consent text was understood.")
    if not protocol.registration:
        found.append("The trial names no public register.")
    return tuple(found)
