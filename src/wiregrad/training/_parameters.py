"""What is trained, how it is shared and bounded, and the free numbers behind it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import did_you_mean, few
from ..gradients import not_negative, positive
from ..network import MultilayeredNetwork
from ._bounds import SmoothBounds
from ._kinds import KINDS
from ._units import Units

__all__ = ["FreeParameters", "Trainable", "read_trainables"]


@dataclass(frozen=True)
class Trainable:
    """How one kind of parameter is trained.

    Parameters
    ----------
    by : str, optional
        Which entries share a value. Slopes, biases and time constants: "group" (the network's
        groups, the default), "neuron", "shared", or a column of the labels. Divisive strengths:
        "group" (presynaptic, the default) or "shared". Gains: "pair" (of pre and post group, the
        default), "pre", "post", "edge" or "shared".
    bounds : (low, high), optional
        None stands for no bound. By default all are at least 0, time constants at least 1, and
        nothing is bounded above; signed biases have no bounds.
    l1, l2 : float
        Multiples of the mean of |p - p0| and of (p - p0)**2, over the values trained; p0 are the
        network's values before training.
    only : sequence, optional
        The groups, or the (pre, post) pairs, to train; the others keep their values.
    rate : float, optional
        Step size as a multiple of the trainer's learning rate: 1, and 0.1 for biases.
    spread : float, optional
        Standard deviation, in units of the parameter, of where an ensemble's starts are drawn
        around the network's values.
    softness : float, optional
        How softly a bound is approached, in units of the parameter; see the notes.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    A bound is kept by one smooth map, low + s * softplus((x - low) / s) for a lower one with
    softness s, which is the identity well inside the bounds: x is what is trained. Its steps follow
    the gradient of the value, not that of x, which vanishes beyond a bound, where a value would
    be caught; and x goes no further than 3 s beyond, so that a value comes within 0.05 s of its
    bound. This is mirror descent (Beck and Teboulle 2003).

    Examples
    --------
    >>> Trainable(by="shared", bounds=(0.5, 20), l2=0.1).bounds
    (0.5, 20)
    """

    by: str | None = None
    bounds: tuple[float | None, float | None] | None = None
    l1: float = 0.0
    l2: float = 0.0
    only: Sequence[object] | None = None
    rate: float | None = None
    spread: float | None = None
    softness: float | None = None

    def __post_init__(self) -> None:
        not_negative("l1", self.l1)
        not_negative("l2", self.l2)
        if self.bounds is not None:
            if not isinstance(self.bounds, (tuple, list)) or len(self.bounds) != 2:
                raise ValueError(f"bounds are (low, high), either may be None, not {self.bounds!r}")
            SmoothBounds(*self.bounds)
        if self.rate is not None:
            positive("rate", self.rate)
        if self.spread is not None:
            not_negative("spread", self.spread)
        if self.softness is not None:
            positive("softness", self.softness)


def read_trainables(
    parameters: Iterable[str] | Mapping[str, Trainable | None],
) -> dict[str, Trainable]:
    """Read what to train: names, or a dict from name to how.

    Raises
    ------
    ValueError
        If a name is no parameter, or there is none.
    TypeError
        If a value of the dict is no `Trainable`.

    Examples
    --------
    >>> list(read_trainables(["bias", "slope"]))
    ['slope', 'bias']
    """
    if isinstance(parameters, str):
        parameters = [parameters]
    given = parameters if isinstance(parameters, Mapping) else dict.fromkeys(parameters)
    strangers = [name for name in given if name not in KINDS]
    if strangers or not given:
        shown = few(map(repr, strangers)) or "nothing"
        near = did_you_mean(str(strangers[0]), KINDS) if strangers else ""
        raise ValueError(f"parameters name {shown}: there are {few(KINDS, limit=20)}{near}")
    for name, how in given.items():
        if how is not None and not isinstance(how, Trainable):
            raise TypeError(
                f"parameters[{name!r}] is a wiregrad.Trainable or None, not {type(how).__name__}"
            )
    return {name: given[name] or Trainable() for name in KINDS if name in given}


class _Slot:
    """One kind of parameter in one network: its units, bounds and values at the start."""

    def __init__(self, name: str, how: Trainable, network: MultilayeredNetwork) -> None:
        kind = KINDS[name]
        tensor = kind.tensor(network)
        if tensor is None or not tensor.numel():
            raise ValueError(f"{name!r} cannot be trained in this network: {kind.lacking}")
        self.name, self.how, self.kind = name, how, kind
        units = kind.units(network, how.by or kind.by)
        self.units: Units = units if how.only is None else units.only(how.only, name)
        self.bounds = self._bounds(network)
        self.rate = how.rate or kind.rate
        self.entries = kind.value(network).double().cpu()  # of all, trained or not
        self.base = tensor.detach().double().cpu() if kind.gain else None
        self.start = self._start()

    def _bounds(self, network: MultilayeredNetwork) -> SmoothBounds:
        low, high = self.how.bounds or (self.kind.low, None)
        if self.name == "bias":
            if network.signed_biases and self.how.bounds is None:
                low = None
            elif not network.signed_biases and (low is None or low < 0):
                raise ValueError(
                    f"bias: bounds=({low}, {high}) let biases be negative, but this network's are "
                    "|raw|: make it with signed_biases=True"
                )
        if self.kind.gain and (low is None or low < 0):
            raise ValueError(
                f"{self.name}: bounds=({low}, {high}) let connections change their sign; the lower "
                "bound of a gain is 0 or more"
            )
        return SmoothBounds(low, high, self.how.softness or self.kind.softness)

    def _start(self) -> Tensor:
        """Return the mean of each unit's entries."""
        of_entry = torch.from_numpy(self.units.of_entry)
        trained = of_entry >= 0
        count = torch.bincount(of_entry[trained], minlength=len(self.units.names))
        total = torch.zeros(len(self.units.names), dtype=torch.float64)
        start = total.index_add(0, of_entry[trained], self.entries[trained]) / count
        outside = self.bounds.outside(start)
        if outside.any():
            which = outside.nonzero().flatten().tolist()
            shown = [f"{self.units.names[i]}: {float(start[i]):g}" for i in which[:5]]
            raise ValueError(
                f"{self.name}: {len(which):,} values at the start lie outside the bounds "
                f"{self.bounds} ({few(shown)}); widen the bounds or set these values before"
            )
        return self.bounds.inside(start)


class FreeParameters:
    """The free numbers behind what is trained, for an ensemble of starts.

    Parameters
    ----------
    trainables : dict
        As of `read_trainables`.
    network : MultilayeredNetwork
        Its values are the start.
    n_starts : int
        The first start is at the network's values, the others are drawn around them.
    seed : int

    Attributes
    ----------
    free : dict of Tensor, each of shape (n_starts, n_units)
        In float64. They record gradients.

    Raises
    ------
    ValueError
        If the network lacks one of these, or values lie outside their bounds.
    """

    def __init__(
        self,
        trainables: Mapping[str, Trainable],
        network: MultilayeredNetwork,
        n_starts: int,
        seed: int,
    ) -> None:
        self.slots = {name: _Slot(name, how, network) for name, how in trainables.items()}
        if {"divisive", "divisive_gain"} <= set(self.slots):
            raise ValueError(
                "train 'divisive' or 'divisive_gain', not both: a gain and a strength that "
                "multiply each other cannot be told apart"
            )
        self.n_starts = n_starts
        rng = np.random.default_rng(seed)
        self.free: dict[str, Tensor] = {}
        for name, slot in self.slots.items():
            spread = slot.kind.spread if slot.how.spread is None else slot.how.spread
            drawn = spread * rng.standard_normal((n_starts, len(slot.start)))
            drawn[0] = 0
            free = slot.bounds.free(slot.start) + torch.from_numpy(drawn)
            self.free[name] = slot.bounds.within_reach(free).requires_grad_()

    def take(self, starts: Sequence[int]) -> FreeParameters:
        """Return some of the starts alone."""
        taken = copy.copy(self)
        taken.n_starts = len(starts)
        taken.free = {
            name: free.detach()[list(starts)].clone().requires_grad_()
            for name, free in self.free.items()
        }
        return taken

    @property
    def n_values(self) -> int:
        """Number of values trained, of one start."""
        return sum(len(slot.start) for slot in self.slots.values())

    def values(self) -> dict[str, Tensor]:
        """Return the values, each of shape (n_starts, n_units), with their graph.

        The gradient that reaches the free numbers is that of the values: see `SmoothBounds`.
        """
        return {name: slot.bounds.followed(self.free[name]) for name, slot in self.slots.items()}

    def keep_within_reach(self) -> None:
        """Bring free numbers back, in place, that a step has led far beyond their bounds."""
        with torch.no_grad():
            for name, slot in self.slots.items():
                self.free[name].copy_(slot.bounds.within_reach(self.free[name]))

    def entries(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Spread values over the network's entries, each of shape (n_starts, n_entries)."""
        entries = {}
        for name, slot in self.slots.items():
            of_entry = torch.from_numpy(slot.units.of_entry)
            spread = values[name][:, of_entry.clamp(min=0)]
            spread = torch.where(of_entry >= 0, spread, slot.entries)
            entries[name] = spread if slot.base is None else spread * slot.base
        return entries

    def penalty(self, values: Mapping[str, Tensor]) -> Tensor:
        """Return the penalty on change of each start, shape (n_starts,)."""
        total = torch.zeros(self.n_starts, dtype=torch.float64)
        for name, slot in self.slots.items():
            change = values[name] - slot.start
            if slot.how.l1:
                total = total + slot.how.l1 * change.abs().mean(dim=1)
            if slot.how.l2:
                total = total + slot.how.l2 * change.square().mean(dim=1)
        return total

    def tensors_of(self, network: MultilayeredNetwork) -> dict[str, Tensor]:
        """Return where a network, or copies of it side by side, keeps these entries."""
        tensors = {name: KINDS[name].tensor(network) for name in self.slots}
        return {name: tensor for name, tensor in tensors.items() if tensor is not None}

    def write(self, network: MultilayeredNetwork, entries: Mapping[str, Tensor]) -> None:
        """Write entries into a network, those of all starts into as many copies side by side."""
        with torch.no_grad():
            for name, tensor in self.tensors_of(network).items():
                tensor.copy_(entries[name].reshape(-1))

    def copy(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return copies of the free numbers."""
        return {name: free.detach().numpy().copy() for name, free in self.free.items()}

    def set(self, free: Mapping[str, npt.NDArray[np.float64]]) -> None:
        """Set the free numbers, in place."""
        with torch.no_grad():
            for name, numbers in free.items():
                self.free[name].copy_(torch.from_numpy(np.asarray(numbers)))
