"""Options that several commands read alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import typer

from .._messages import few
from ..connectome import Connectome, SignRule
from ..network import Manipulations, MultilayeredNetwork, SilenceMode, is_compiled

__all__ = [
    "NetworkQuestion",
    "manipulations_of",
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
    max_active: str | None = None
    input_steps: str | None = None
    binary: bool = False
    silence: Sequence[str] = ()
    clamp: Sequence[str] = ()

    def budget(self) -> dict[str, Any]:
        """Return the arguments of the search that limit the stimulus.

        Raises
        ------
        ValueError
            If an option cannot be read; whether it fits the network is seen by the search.
        """
        return {
            "max_active": _max_active(self.max_active),
            "input_steps": _input_steps(self.input_steps),
            "binary": self.binary,
        }


def _max_active(given: str | None) -> int | dict[str, int] | None:
    if given is None:
        return None
    try:
        if "=" not in given:
            return int(given)
        pairs = (entry.partition("=") for entry in given.split(","))
        return {name.strip(): int(number) for name, _, number in pairs}
    except ValueError:
        raise ValueError(
            f"--max-active is {given!r}: give a number of neurons, such as 3, or 'entries=5', or "
            "'neurons=2,entries=5'"
        ) from None


def _input_steps(given: str | None) -> list[int] | None:
    if given is None:
        return None
    try:
        return [int(step) for step in given.split(",")]
    except ValueError:
        raise ValueError(
            f"--input-steps is {given!r}: give steps from 0, the start, such as 0 or '0,1'"
        ) from None


def network_of(connectome: Connectome, question: NetworkQuestion) -> MultilayeredNetwork:
    """Make the network that is asked, manipulated as it is asked.

    Raises
    ------
    ValueError
        If the question does not fit the connectome.
    """
    network = MultilayeredNetwork.from_connectome(
        connectome,
        inputs=one_or_list(question.inputs),
        steps=question.steps,
        group_by=question.group_by,
        sign=sign_rule(question.sign),
        unknown_sign=question.unknown_sign,
    )
    return network.manipulated(manipulations_of(question.silence, question.clamp))


def manipulations_of(silence: Sequence[str], clamp: Sequence[str]) -> Manipulations:
    """Read `--silence` and `--clamp`.

    Raises
    ------
    ValueError
        If a clamp has no value, or one that is no activation, or steps that are no numbers.

    Examples
    --------
    >>> print(manipulations_of(["APL", "role=sensory:incoming"], ["AVA=0.5@2,3"]))
    APL silenced (outgoing); role=sensory silenced (incoming); AVA held at 0.5 at steps 1 and 2
    """
    done = Manipulations()
    for text in silence:
        neurons, colon, mode = text.rpartition(":")
        if colon and mode in get_args(SilenceMode):
            done = done.silence(neurons, cast("SilenceMode", mode))
        else:
            done = done.silence(text)
    for text in clamp:
        done = done.clamp(*_clamp_of(text))
    return done


def _clamp_of(text: str) -> tuple[str, float, list[int] | None]:
    """Read neurons, value, and steps; the command counts these from 1."""
    neurons, equals, rest = text.rpartition("=")
    number, at, steps = rest.partition("@")
    try:
        value = float(number)
        layers = [int(step) - 1 for step in steps.split(",")] if at else None
    except ValueError:
        equals = ""
    if not equals or (layers is not None and min(layers) < 0):
        raise ValueError(
            f"--clamp {text!r} is not SELECT=VALUE or SELECT=VALUE@STEPS, with steps counted from "
            "1: as in 'AVA=0.5' or 'AVA=1@2,3'"
        )
    return neurons, value, layers


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
