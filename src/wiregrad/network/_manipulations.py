"""What physiologists do to neurons and synapses, as one value that every function takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from torch import Tensor

from .._messages import did_you_mean, few
from ..connectome import Selection

__all__ = ["Clamp", "Manipulation", "Manipulations", "Scale", "Silence", "SilenceMode"]

#: Which synapses of a silenced neuron are without effect.
SilenceMode: TypeAlias = Literal["outgoing", "incoming", "both"]

_MODES: tuple[str, ...] = get_args(SilenceMode)


@dataclass(frozen=True)
class Clamp:
    """Neurons held at an activation; see `Manipulations.clamp`."""

    neurons: Selection
    value: float
    steps: tuple[int, ...] | None = None
    members: tuple[int, ...] | None = None

    def __str__(self) -> str:
        when = "" if self.steps is None else f" at {_counted('step', self.steps)}"
        return f"{_named(self.neurons)} held at {self.value:g}{when}{_whose(self.members)}"


@dataclass(frozen=True)
class Silence:
    """Neurons whose synapses are without effect; see `Manipulations.silence`."""

    neurons: Selection
    mode: SilenceMode = "outgoing"
    members: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"{_named(self.neurons)} silenced ({self.mode}){_whose(self.members)}"


@dataclass(frozen=True)
class Scale:
    """Synapses made stronger or weaker; see `Manipulations.scale`."""

    pre: Selection
    post: Selection
    factor: float

    def __str__(self) -> str:
        return f"synapses of {_named(self.pre)} on {_named(self.post)} times {self.factor:g}"


Manipulation: TypeAlias = Clamp | Silence | Scale


@dataclass(frozen=True)
class Manipulations:
    """What is done to neurons and synapses: clamped, silenced, scaled.

    It never changes: each method returns a new one, with one manipulation more. All of them act at
    the same time. Neurons are named as for `MultilayeredNetwork.find`: by index, mask, name of a
    group, or with labels any selection; they are looked up when a network is given.

    Parameters
    ----------
    items : tuple of Clamp, Silence and Scale

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    >>> touch = np.isin(network.sensory_indices, network.find("ASH"))[:, None] * np.ones(3)
    >>> without = wg.Manipulations().silence("AVD").clamp("AVB", 0.5, steps=[1, 2])
    >>> ava = network.find("AVA")
    >>> network(touch)[ava, 2].mean() > network(touch, manipulations=without)[ava, 2].mean()
    tensor(True)
    >>> print(without)
    AVD silenced (outgoing); AVB held at 0.5 at steps 1 and 2
    """

    items: tuple[Manipulation, ...] = ()

    def clamp(
        self,
        neurons: Selection,
        value: float,
        steps: Sequence[int] | int | None = None,
        members: Sequence[int] | int | None = None,
    ) -> Manipulations:
        """Hold neurons at an activation, whatever reaches them.

        Parameters
        ----------
        neurons : selection
        value : float
            Activation, 0 to 1; 0 is what light-gated inhibition does. Of two clamps of a neuron at
            one step the later one counts.
        steps : int or sequence of int, optional
            Layers, as in the activations: layer t is the state after t + 1 steps; negative ones
            count from the end. By default always, also in the state that the first step starts
            from, where column 0 of the stimulus is.
        members : int or sequence of int, optional
            Batch members, from 0; by default all.

        Returns
        -------
        Manipulations

        Notes
        -----
        No gradient passes a neuron at the steps at which it is held.
        """
        if not _is_finite(value) or not 0 <= value <= 1:
            raise ValueError(f"a neuron is held at an activation from 0 to 1, not {value!r}")
        which = None if steps is None else _whole_numbers(steps, "steps", least=None)
        return self._with(Clamp(_frozen(neurons), float(value), which, _members(members)))

    def silence(
        self,
        neurons: Selection,
        mode: SilenceMode = "outgoing",
        members: Sequence[int] | int | None = None,
    ) -> Manipulations:
        """Take the effect from the synapses of neurons, as ablation or a blocked release does.

        Parameters
        ----------
        neurons : selection
        mode : {"outgoing", "incoming", "both"}
            "outgoing": what the neurons do reaches nobody, as without their columns of the weights;
            they still respond. "incoming": nothing reaches them, as without their rows; bias and
            stimulus still drive them. To hold them at 0 instead, `clamp` them.
        members : int or sequence of int, optional
            Batch members, from 0; by default all.

        Returns
        -------
        Manipulations
        """
        if mode not in _MODES:
            raise ValueError(
                f"unknown mode of silencing: {mode!r}{did_you_mean(str(mode), _MODES)}; there are "
                f"{few(_MODES)}"
            )
        return self._with(Silence(_frozen(neurons), mode, _members(members)))

    def scale(self, pre: Selection, post: Selection, factor: float) -> Manipulations:
        """Multiply the weights of the synapses between neurons.

        Parameters
        ----------
        pre, post : selection
            Presynaptic and postsynaptic neurons; None stands for all.
        factor : float
            0 takes them away; a negative one turns their sign. Factors of several scalings of the
            same synapses are multiplied.

        Returns
        -------
        Manipulations
        """
        if not _is_finite(factor):
            raise ValueError(f"the factor of a scaling must be a finite number, not {factor!r}")
        return self._with(Scale(_frozen(pre), _frozen(post), float(factor)))

    def for_members(self, members: Sequence[int] | int) -> Manipulations:
        """Return the same, done to some batch members only.

        Raises
        ------
        ValueError
            If synapses are scaled: that is for all members.

        Examples
        --------
        >>> both = Manipulations().silence("APL").for_members(0) + Manipulations().clamp("APL", 1)
        >>> print(both)
        APL silenced (outgoing) in member 0; APL held at 1
        """
        which = _members(members)
        scaled = [item for item in self.items if isinstance(item, Scale)]
        if scaled:
            raise ValueError(
                f"synapses are scaled for all batch members ({scaled[0]}): run the members apart"
            )
        return Manipulations(
            tuple(replace(i, members=which) for i in self.items if not isinstance(i, Scale))
        )

    @property
    def of_single_members(self) -> bool:
        """Whether anything is done to some batch members and not to others."""
        return any(not isinstance(i, Scale) and i.members is not None for i in self.items)

    def __add__(self, other: Manipulations) -> Manipulations:
        return Manipulations(self.items + other.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __str__(self) -> str:
        return "; ".join(map(str, self.items)) or "nothing is manipulated"

    def __repr__(self) -> str:
        """Write it as it is made."""
        return "Manipulations()" + "".join(map(_as_call, self.items))

    def _with(self, item: Manipulation) -> Manipulations:
        return Manipulations((*self.items, item))


def _as_call(item: Manipulation) -> str:
    if isinstance(item, Scale):
        return f".scale({item.pre!r}, {item.post!r}, {item.factor!r})"
    if isinstance(item, Silence):
        name, options = "silence", {"mode": item.mode, "members": item.members}
        given = [repr(item.neurons)]
    else:
        name, options = "clamp", {"steps": item.steps, "members": item.members}
        given = [repr(item.neurons), repr(item.value)]
    given += [f"{key}={value!r}" for key, value in options.items() if value is not None]
    return f".{name}({', '.join(given)})"


def _frozen(neurons: Selection) -> Selection:
    """Turn lists, arrays and masks into tuples, so that manipulations can be compared and sent."""
    if isinstance(neurons, (np.ndarray, pd.Series, pd.Index, Tensor)):
        neurons = np.asarray(neurons).tolist()
    if isinstance(neurons, np.generic):
        return neurons.item()
    if isinstance(neurons, (set, frozenset)):
        return tuple(sorted(map(_frozen, neurons), key=str))
    if isinstance(neurons, (list, tuple, range)):
        return tuple(map(_frozen, neurons))
    return neurons


def _is_finite(value: object) -> bool:
    try:
        return math.isfinite(value)  # type: ignore[arg-type]  # else it raises
    except TypeError:
        return False


def _members(members: Sequence[int] | int | None) -> tuple[int, ...] | None:
    return None if members is None else _whole_numbers(members, "members", least=0)


def _whole_numbers(given: Iterable[int] | int, what: str, least: int | None) -> tuple[int, ...]:
    numbers = np.atleast_1d(np.asarray(given))
    if numbers.dtype.kind not in "iu" or not numbers.size or numbers.ndim != 1:
        raise ValueError(f"{what} of a manipulation are whole numbers, not {given!r}")
    if least is not None and (numbers < least).any():
        raise ValueError(f"{what} of a manipulation are counted from {least}: not {given!r}")
    return tuple(np.unique(numbers).tolist())


def _named(neurons: Selection) -> str:
    if neurons is None:
        return "all neurons"
    if isinstance(neurons, tuple):
        if neurons and all(isinstance(item, bool) for item in neurons):
            return f"{sum(map(bool, neurons)):,} neurons of a mask"
        return few(neurons)
    return str(neurons) if isinstance(neurons, str) else f"neuron {neurons}"


def _counted(what: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{what} {numbers[0]}"
    if len(numbers) > 5:
        return f"{what}s {few(numbers)}"
    return f"{what}s {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _whose(members: tuple[int, ...] | None) -> str:
    return "" if members is None else f" in {_counted('member', members)}"
