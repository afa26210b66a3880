"""Manipulations as they act on states: which entries are muted, deaf, or held, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import few
from ._places import Array

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["Held", "Holds", "Interventions", "Touched", "holds_of"]

IndexArray: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Touched:
    """Neurons of some batch members, or of all (None)."""

    neurons: IndexArray
    members: tuple[int, ...] | None

    def entries(self, rows: IndexArray, width: int) -> IndexArray:
        """Return places in a raveled state, (neuron, width); `rows` are the members in it."""
        columns = np.arange(len(rows))
        if self.members is not None:
            columns = columns[np.isin(rows, self.members)]
        return (self.neurons[:, None] * width + columns).ravel()


@dataclass(frozen=True, eq=False)
class Held(Touched):
    """Neurons held at a value at some layers; None: always, in the starting state too."""

    value: float
    layers: tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class Holds:
    """Places in raveled states, (neuron, width), of a batch as it is run.

    Attributes
    ----------
    muted : ndarray of int64
        What these do reaches nobody.
    deaf : ndarray of int64
        Nothing reaches these.
    held : list of (places, values), of length step + 1
        What these are in the starting state and after each step.
    width : int
        Columns of a state.
    """

    muted: IndexArray
    deaf: IndexArray
    held: list[tuple[IndexArray, npt.NDArray[np.float64]]]
    width: int

    def rows(self, places: IndexArray) -> npt.NDArray[np.uint32]:
        """Return the neurons of some places, ascending."""
        return np.unique(places // max(self.width, 1)).astype(np.uint32)

    def silent(self, h: Tensor) -> Tensor:
        """Return what reaches others of a state, (neuron, batch)."""
        return _put(h, self.muted, None)

    def unheard(self, x: Tensor) -> Tensor:
        """Return the summed inputs, (neuron, batch), but for those that nothing reaches."""
        return _put(x, self.deaf, None)

    def hold(self, h: Tensor, at: int) -> Tensor:
        """Hold what is held in the state after `at` steps, (neuron, batch)."""
        return _put(h, *self.held[at])


def _put(h: Tensor, places: IndexArray, values: Array | None) -> Tensor:
    """Return a copy with other entries, or 0, at some places; their gradient is 0."""
    if not len(places):
        return h
    index = torch.from_numpy(places).to(h.device)
    given = h.new_zeros(len(places)) if values is None else torch.from_numpy(values).to(h)
    return h.reshape(-1).index_put((index,), given).view(h.shape)


@dataclass(frozen=True, eq=False)
class Interventions:
    """What is done to a network's states; what is done to its weights is in the weights.

    Attributes
    ----------
    muted, deaf : tuple of Touched
    held : tuple of Held
        A later one counts before an earlier one.
    """

    muted: tuple[Touched, ...] = ()
    deaf: tuple[Touched, ...] = ()
    held: tuple[Held, ...] = ()
    _known: dict[tuple[int, int, int], Holds] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.muted or self.deaf or self.held)

    def __add__(self, other: Interventions) -> Interventions:
        return Interventions(
            self.muted + other.muted, self.deaf + other.deaf, self.held + other.held
        )

    @cached_property
    def members(self) -> IndexArray:
        """The members that are named, ascending."""
        named = [part.members for part in self._parts() if part.members is not None]
        return np.unique(np.array([m for members in named for m in members], dtype=np.int64))

    @cached_property
    def active(self) -> IndexArray:
        """The neurons that are held above 0 at any time: active without input."""
        return _together(part.neurons for part in self.held if part.value > 0)

    def kinds(self, members: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Part members by what is done to them: one of each kind, and the kind of each."""
        named = np.unique(members)
        done = np.array(
            [
                [part.members is None or m in part.members for part in self._parts()]
                for m in named.tolist()
            ]
        )
        _, first, kind = np.unique(done, axis=0, return_index=True, return_inverse=True)
        return named[first], kind.reshape(-1)[np.searchsorted(named, members)]

    def holds(
        self,
        n_steps: int,
        n_batch: int,
        rows: IndexArray | None = None,
        width: int | None = None,
    ) -> Holds:
        """Say what is done to a batch.

        Parameters
        ----------
        n_steps : int
        n_batch : int
        rows : ndarray of int64, shape (n_batch,), optional
            Which member each column is; by default they are in order.
        width : int, optional
            Columns of a state, if there are more than members.

        Raises
        ------
        ValueError
            If they are in order, and a member is named that is not among them.
        """
        width = n_batch if width is None else width
        if rows is not None:
            return self._holds(n_steps, rows, width)
        self.require_members(n_batch)
        known = self._known.get((n_steps, n_batch, width))
        if known is None:
            known = self._holds(n_steps, np.arange(n_batch), width)
            self._known.clear()  # the last one alone
            self._known[n_steps, n_batch, width] = known
        return known

    def require_members(self, n_batch: int) -> None:
        """Refuse a batch that lacks members which are named.

        Raises
        ------
        ValueError
        """
        strangers = self.members[self.members >= n_batch]
        if len(strangers):
            raise ValueError(
                f"manipulations name the batch members {few(strangers)}, but the batch has "
                f"{n_batch:,} (0 to {n_batch - 1:,})"
            )

    def _holds(self, n_steps: int, rows: IndexArray, width: int) -> Holds:
        muted, deaf = (
            _together(part.entries(rows, width) for part in parts)
            for parts in (self.muted, self.deaf)
        )
        found: dict[tuple[int, ...], tuple[IndexArray, npt.NDArray[np.float64]]] = {}
        held = []
        for at in range(n_steps + 1):
            which = tuple(k for k, part in enumerate(self.held) if _is_held(part, at - 1))
            if which not in found:
                found[which] = _last_of([self.held[k] for k in which], rows, width)
            held.append(found[which])
        return Holds(muted, deaf, held, width)

    def within(self, place: IndexArray) -> Interventions:
        """Return the same for a part of the network; `place` is -1 for neurons not in it."""

        def inside(part: Touched) -> IndexArray:
            at = place[part.neurons]
            return at[at >= 0]

        return Interventions(
            tuple(Touched(inside(part), part.members) for part in self.muted),
            tuple(Touched(inside(part), part.members) for part in self.deaf),
            tuple(Held(inside(p), p.members, p.value, p.layers) for p in self.held),
        )

    def __getstate__(self) -> dict[str, object]:
        return {"muted": self.muted, "deaf": self.deaf, "held": self.held, "_known": {}}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)

    def _parts(self) -> tuple[Touched, ...]:
        return self.muted + self.deaf + self.held


def holds_of(
    model: MultilayeredNetwork, n_batch: int, rows: IndexArray | None = None
) -> Holds | None:
    """Say what a network's interventions do to a batch; None where it has none."""
    if not model.interventions:
        return None
    return model.interventions.holds(model.num_layers, n_batch, rows)


def _is_held(part: Held, layer: int) -> bool:
    return part.layers is None or layer in part.layers


def _last_of(
    parts: Sequence[Held], rows: IndexArray, width: int
) -> tuple[IndexArray, npt.NDArray[np.float64]]:
    """Join places and values, ascending; of a place that is named twice the last value."""
    entries = [part.entries(rows, width) for part in parts]
    values = [np.full(len(at), part.value) for at, part in zip(entries, parts, strict=True)]
    places = np.concatenate([np.empty(0, np.int64), *entries])
    unique, last = np.unique(places[::-1], return_index=True)
    return unique, np.concatenate([np.empty(0), *values])[::-1][last]


def _together(lists: Iterable[IndexArray]) -> IndexArray:
    return np.unique(np.concatenate([np.empty(0, np.int64), *lists]))
