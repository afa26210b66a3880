"""`wiregrad maximise`: ask for a stimulus, and print the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from .._messages import few
from ..connectome import Connectome, SignRule
from ..gradients import MaximisationResult, TargetActivation, activation_maximisation
from ..network import MultilayeredNetwork, is_compiled
from ._answer import print_answer, print_question, unreachable_line
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
        inputs=_one_or_list(question.inputs),
        steps=question.steps,
        group_by=question.group_by,
        sign=_sign_rule(question.sign),
        unknown_sign=question.unknown_sign,
    )
    layer = _layer(question)
    targets = connectome.select(_one_or_list(question.targets))
    asked = TargetActivation({layer: dict.fromkeys(targets.tolist(), question.value)})
    print_question(network, len(targets), layer)
    if not is_compiled():
        typer.echo("compiling for this machine, this once: about a minute ...")
    result = activation_maximisation(
        network, asked, num_iterations=question.iterations, seed=question.seed, print_output=False
    )
    _give_answer(result, report)


def _layer(question: Question) -> int:
    step = question.steps if question.at_step is None else question.at_step
    if step > question.steps:
        raise ValueError(
            f"target step {step} is out of range: the network takes {question.steps} steps "
            f"(1 to {question.steps})"
        )
    return step - 1


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


def _one_or_list(selections: Sequence[str]) -> str | list[str]:
    return selections[0] if len(selections) == 1 else list(selections)


def _sign_rule(sign: str | None) -> SignRule:
    """Read `--sign`: a column, 1, -1, or a list such as `LN=-1,*=1`."""
    if sign in ("1", "+1", "-1"):
        return int(sign)
    if sign is None or "=" not in sign:
        return sign
    pairs = (entry.rpartition("=") for entry in sign.split(","))
    rule = {name.strip(): value.strip() for name, _, value in pairs}
    wrong = [
        f"{name}={value}" for name, value in rule.items() if value not in ("1", "+1", "-1", "0")
    ]
    if wrong:
        raise ValueError(f"--sign holds {few(wrong)}: a sign is 1, -1 or 0, as in 'LN=-1,*=1'")
    return {name: int(value) for name, value in rule.items()}
