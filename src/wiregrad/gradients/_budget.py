"""Budgets: which inputs may be driven, how many of them, and whether only fully."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ._numbers import whole_number

__all__ = ["Budget", "InputSteps", "MaxActive", "read_budget"]

#: Steps of the stimulus, counted from 0 or, negative, from the end.
InputSteps = int | Iterable[int] | None
#: A number of neurons, or numbers of `neurons`, of `entries`, or of both.
MaxActive = int | Mapping[str, int] | None

_COUNTED = ("neurons", "entries")


@dataclass(frozen=True)
class Budget:
    """What a stimulus may be.

    Attributes
    ----------
    steps : tuple of int, or None
        The steps at which inputs may be driven, ascending; None for all.
    neurons, entries : int or None
        Most sensory neurons, and entries of the stimulus, that are active; None for any number.
    binary : bool
        Whether every entry is 0 or 1.
    """

    steps: tuple[int, ...] | None = None
    neurons: int | None = None
    entries: int | None = None
    binary: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether it takes a choice among sets of inputs, and not only among steps."""
        return self.neurons is not None or self.entries is not None or self.binary

    def driven(self, model: MultilayeredNetwork) -> Tensor | None:
        """Mark the steps at which inputs may be driven, (1, 1, step); None for all."""
        if self.steps is None:
            return None
        driven = torch.zeros(1, 1, model.num_layers, dtype=torch.bool, device=model.device)
        driven[..., list(self.steps)] = True
        return driven

    def allows(self, stimuli: Tensor) -> npt.NDArray[np.bool_]:
        """Say which of some stimuli, (n, sensory, step), are not active in too many places."""
        active = stimuli > 0
        fits = torch.ones(len(stimuli), dtype=torch.bool, device=stimuli.device)
        if self.entries is not None:
            fits &= active.sum(dim=(1, 2)) <= self.entries
        if self.neurons is not None:
            fits &= active.any(dim=2).sum(dim=1) <= self.neurons
        found: npt.NDArray[np.bool_] = fits.cpu().numpy()
        return found


def read_budget(
    num_layers: int, input_steps: InputSteps, max_active: MaxActive, binary: bool
) -> Budget:
    """Check what is given for a budget.

    Raises
    ------
    ValueError
        If a step is out of range or there is none, a number is below 1, something else than neurons
        and entries is counted, or `binary` is neither true nor false.

    Examples
    --------
    >>> read_budget(3, -1, {"entries": 5}, binary=False)
    Budget(steps=(2,), neurons=None, entries=5, binary=False)
    """
    if not isinstance(binary, (bool, np.bool_)):
        raise ValueError(f"binary is True or False, not {binary!r}")
    counted = _counts(max_active)
    return Budget(_steps(num_layers, input_steps), **counted, binary=bool(binary))


def _steps(num_layers: int, given: InputSteps) -> tuple[int, ...] | None:
    if given is None:
        return None
    one = isinstance(given, (int, np.integer)) or not isinstance(given, Iterable)
    steps: list[Any] = [given] if one else list(given)  # type: ignore[arg-type]  # see `one`
    known = range(-num_layers, num_layers)
    wrong = [
        step
        for step in steps
        if isinstance(step, bool) or not isinstance(step, (int, np.integer)) or step not in known
    ]
    if wrong:
        raise ValueError(
            f"input_steps holds {few(map(repr, wrong))}: the stimulus of this network has steps 0 "
            f"to {num_layers - 1}, or negative from the end"
        )
    if not steps:
        raise ValueError(
            "input_steps names no step, so that nothing may be driven: name one at least, or leave "
            "it out for all"
        )
    return tuple(sorted({int(step) % num_layers for step in steps}))


def _counts(given: MaxActive) -> dict[str, int | None]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return {"neurons": whole_number("max_active", given)}
    unknown = [key for key in given if key not in _COUNTED]
    if unknown or not given:
        named = f"has {unknown[0]!r}" if unknown else "is empty"
        near = did_you_mean(str(unknown[0]), _COUNTED) if unknown else ""
        raise ValueError(
            f"max_active {named}: it is a number of neurons, or a dict with 'neurons', 'entries' "
            f"or both{near}"
        )
    return {key: whole_number(f"max_active[{key!r}]", value) for key, value in given.items()}
