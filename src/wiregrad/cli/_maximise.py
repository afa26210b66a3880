"""`wiregrad maximise`: ask for a stimulus, and print the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from ..connectome import Connectome
from ..gradients import MaximisationResult, TargetActivation, activation_maximisation
from ..network import MultilayeredNetwork, is_compiled
from ._answer import print_answer, print_question, unreachable_line
from ._options import one_or_list, sign_rule, target_layer
from ._report import write_report

__all__ = ["Question", "ask"]

_INTERRUPTED = 130


@dataclass(frozen=True)
class Question:
    """What the command was asked; see `wiregrad maximise --help`."""

    inputs: Sequence[str]
    targets: Sequence[str]
    steps: int
    at_step: int | None = None
    value: float = 1.0
    sign: str | None = None
    unknown_sign: int = 0
    group_by: str = "cell_type"
    seed: int = 0
    iterations: int | None = None


def ask(connectome: Connectome, question: Question, report: Path | None) -> None:
    """Search, print the answer by cell type, and write the report.

    Raises
    ------
    ValueError
        If the question does not fit the connectome, or no target can be reached.
    """
    network = MultilayeredNetwork.from_connectome(
        connectome,
        inputs=one_or_list(question.inputs),
        steps=question.steps,
        group_by=question.group_by,
        sign=sign_rule(question.sign),
        unknown_sign=question.unknown_sign,
    )
    layer = target_layer(question.steps, question.at_step)
    targets = connectome.select(one_or_list(question.targets))
    asked = TargetActivation({layer: dict.fromkeys(targets.tolist(), question.value)})
    print_question(network, len(targets), layer)
    if not is_compiled():
        typer.echo("compiling for this machine, this once: about a minute ...")
    result = activation_maximisation(
        network, asked, num_iterations=question.iterations, seed=question.seed, print_output=False
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
