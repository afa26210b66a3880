"""Options that several commands read alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from .._messages import few
from ..connectome import Connectome, SignRule
from ..network import MultilayeredNetwork, is_compiled

__all__ = [
    "NetworkQuestion",
    "network_of",
    "one_or_list",
    "say_if_compiling",
    "sign_rule",
    "target_layer",
]


@dataclass(frozen=True)
class NetworkQuestion:
    """What commands ask that make a network and look for stimuli; see their help."""

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


def network_of(connectome: Connectome, question: NetworkQuestion) -> MultilayeredNetwork:
    """Make the network that is asked.

    Raises
    ------
    ValueError
        If the question does not fit the connectome.
    """
    return MultilayeredNetwork.from_connectome(
        connectome,
        inputs=one_or_list(question.inputs),
        steps=question.steps,
        group_by=question.group_by,
        sign=sign_rule(question.sign),
        unknown_sign=question.unknown_sign,
    )


def say_if_compiling() -> None:
    """Say so where the first run takes long."""
    if not is_compiled():
        typer.echo("compiling for this machine, this once: about a minute ...")


def one_or_list(selections: Sequence[str]) -> str | list[str]:
    """Read an option that may be repeated as a selection."""
    return selections[0] if len(selections) == 1 else list(selections)


def target_layer(steps: int, at_step: int | None) -> int:
    """Read `--at-step`, by default the last.

    Raises
    ------
    ValueError
        If the network does not take so many steps.
    """
    step = steps if at_step is None else at_step
    if step > steps:
        raise ValueError(
            f"target step {step} is out of range: the network takes {steps} steps (1 to {steps})"
        )
    return step - 1


def sign_rule(sign: str | None) -> SignRule:
    """Read `--sign`: a column, 1, -1, or a list such as `LN=-1,*=1`.

    Raises
    ------
    ValueError
        If the list holds what is no sign.
    """
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
