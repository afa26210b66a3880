"""`wiregrad maximise`: ask for a stimulus, and print the answer."""

from __future__ import annotations

from pathlib import Path

import typer

from ..connectome import Connectome
from ..gradients import MaximisationResult, TargetActivation, activation_maximisation
from ._answer import print_answer, print_question, unreachable_line
from ._options import (
    NetworkQuestion,
    network_of,
    one_or_list,
    say_if_compiling,
    target_layer,
)
from ._report import write_report

__all__ = ["ask"]

_INTERRUPTED = 130


def ask(connectome: Connectome, question: NetworkQuestion, report: Path | None) -> None:
    """Search, print the answer by cell type, and write the report.

    Raises
    ------
    ValueError
        If the question does not fit the connectome, or no target can be reached.
    """
    network = network_of(connectome, question)
    layer = target_layer(question.steps, question.at_step)
    targets = connectome.select(one_or_list(question.targets))
    asked = TargetActivation({layer: dict.fromkeys(targets.tolist(), question.value)})
    print_question(network, len(targets), layer)
    say_if_compiling()
    result = activation_maximisation(
        network,
        asked,
        num_iterations=question.iterations,
        seed=question.seed,
        print_output=False,
        **question.budget(),
    )
    _give_answer(result, report)


def _give_answer(result: MaximisationResult, report: Path | None) -> None:
    lost = result.targets["status"] == "unreachable"
    if lost.all():
        raise ValueError(unreachable_line(result))
    if lost.any():
        typer.echo(f"wiregrad: {unreachable_line(result)}", err=True)
    print_answer(result)
    write_report(result, report)
    if result.interrupted:
        typer.echo("wiregrad: interrupted; this is the best found so far", err=True)
        raise typer.Exit(_INTERRUPTED)
