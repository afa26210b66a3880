"""`wiregrad sweep`: ask for many stimuli, and write the answers to a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import typer

from .._messages import few
from ..connectome import Connectome
from ..experiments import SweepResult, problems_for, sweep
from ..network import MultilayeredNetwork
from ._options import (
    NetworkQuestion,
    network_of,
    one_or_list,
    say_if_compiling,
    target_layer,
)

__all__ = ["SweepQuestion", "ask_all"]

_SOME_FAILED, _INTERRUPTED = 1, 130


@dataclass(frozen=True)
class SweepQuestion(NetworkQuestion):
    """What the command was asked; see `wiregrad sweep --help`."""

    batch_size: int | None = None
    workers: int | None = None
    scheduler: str | None = None
    retry_failed: bool = False


def ask_all(connectome: Connectome, question: SweepQuestion, out: Path) -> None:
    """Sweep, and say how many problems came to what.

    Raises
    ------
    ValueError
        If the question does not fit the connectome, or the folder holds something else.
    OSError
        If another process writes to the folder.
    """
    network = network_of(connectome, question)
    layer = target_layer(question.steps, question.at_step)
    problems = _problems(network, question, layer)
    source = network.provenance
    typer.echo(
        f"{source['connectome']}: {source['n_neurons']:,} neurons, {source['n_edges']:,} "
        f"connections\n{source['signs_in_words']}\n"
        f"{len(network.sensory_indices):,} neurons to drive, {problems['problem'].nunique():,} "
        f"problems at step {layer + 1} of {network.num_layers}"
    )
    say_if_compiling()
    swept = sweep(
        network,
        problems,
        out,
        seed=question.seed,
        batch_size=question.batch_size,
        workers=question.workers,
        scheduler=question.scheduler,
        retry_failed=question.retry_failed,
        num_iterations=question.iterations,
        **question.budget(),
    )
    _print_outcome(swept)


def _problems(network: MultilayeredNetwork, question: SweepQuestion, layer: int) -> pd.DataFrame:
    """Make a problem of each value of a column, or of each selection."""
    names = one_or_list(question.targets)
    columns = [] if network.neurons is None else list(network.neurons.columns)
    groups = names if isinstance(names, list) or names in columns else [names]
    return problems_for(network, groups, layer=layer, value=question.value)


def _print_outcome(swept: SweepResult) -> None:
    counts = swept.members["status"].value_counts()
    typer.echo("")
    for status, count in counts.items():
        typer.echo(f"  {status:<11} {count:>7,}")
    typer.echo(f"{swept.n_done:,} of {swept.n_problems:,} problems done, in {swept.folder}")
    if swept.interrupted:
        raise typer.Exit(_INTERRUPTED)  # the library has said how to go on
    if swept.n_failed:
        errors = swept.failed["problem"].astype("str") + " (" + swept.failed["error"] + ")"
        typer.echo(f"wiregrad: {swept.n_failed:,} problems failed: {few(errors)}", err=True)
        raise typer.Exit(_SOME_FAILED)
