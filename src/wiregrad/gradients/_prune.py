"""Pruning: leave out inputs as long as the targets hold, until none can be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._variants import Variants

__all__ = ["Pruned", "prune"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Inputs are left out in so many groups, coarse ones first, and last one by one.
_GROUPS = (16, 64)
# Single inputs of a member that are looked at together; the next ones, when some of these are gone.
_BLOCK = 32


@dataclass(frozen=True, eq=False)
class Pruned:
    """What pruning left.

    Attributes
    ----------
    stimulus : Tensor, shape (batch, sensory, step)
    minimal : ndarray of bool, shape (batch,)
        No single active input of the member can be left out without losing its targets: each was,
        and the network was run.
    interrupted : bool
        Whether it was stopped from outside (control-C).
    """

    stimulus: Tensor
    minimal: BoolArray
    interrupted: bool = False


def prune(variants: Variants, stimulus: Tensor, matters: Callable[[Tensor], Tensor]) -> Pruned:
    """Leave out inputs as long as every member keeps its targets.

    Parameters
    ----------
    variants : Variants
        A member that does not hold its targets with the stimulus as it is stays as it is, and is
        not called minimal.
    stimulus : Tensor, shape (batch, sensory, step)
        As the network sees it: 0 where below the threshold.
    matters : callable
        How much each input of stimuli, (batch, sensory, step), matters, about.

    Returns
    -------
    Pruned

    Notes
    -----
    First groups of inputs that matter about equally are left out, as in delta debugging (Zeller and
    Hildebrandt 2002, IEEE Trans Softw Eng 28:183): sixteenths of them, then 64ths. Then single
    ones, those that matter least first. Of what can be left out by itself, as much as can be is
    left out together. When all single inputs have been left out in vain since the last change, the
    stimulus is minimal; there may be others with fewer inputs.

    Cost: two or three forward runs for every input that is left, side by side. A member's result
    does not depend on the others.
    """
    trimmer = _Trimmer(variants, stimulus, matters)
    interrupted = False
    try:
        trimmer.run()
    except KeyboardInterrupt:
        interrupted = True
    return Pruned(trimmer.stimulus, trimmer.minimal, interrupted)


class _Trimmer:
    def __init__(
        self, variants: Variants, stimulus: Tensor, matters: Callable[[Tensor], Tensor]
    ) -> None:
        self._variants, self._matters = variants, matters
        self.stimulus = stimulus.clone()
        self.minimal = np.zeros(len(stimulus), dtype=np.bool_)

    def run(self) -> None:
        """Go round until every member is minimal, or was no candidate."""
        everyone = np.arange(len(self.stimulus))
        slack = self._slack([(int(b), np.empty(0, np.int64)) for b in everyone])
        members = everyone[slack >= 0]
        for n in _GROUPS:
            self._in_groups(members, n)
        self._one_by_one(members)

    def _in_groups(self, members: IntArray, n: int) -> None:
        """Leave out sixteenths, or so, of the members' inputs, until none can be."""
        while len(members):
            ranked = self._ranked(members)
            groups = {
                b: np.array_split(inputs, n) for b, inputs in ranked.items() if len(inputs) > n
            }
            members = np.array([b for b, gone in self._drop(groups).items() if len(gone)], np.int64)

    def _one_by_one(self, members: IntArray) -> None:
        """Leave out single inputs, a block of each member's at a time, until none can be."""
        ranked = self._ranked(members)
        walks = {b: _Walk(inputs) for b, inputs in ranked.items()}
        while walks:
            gone = self._drop({b: walk.block() for b, walk in walks.items()})
            for b in list(walks):
                if walks[b].done(gone[b]):
                    self.minimal[b] = True
                    del walks[b]

    def _ranked(self, members: IntArray) -> dict[int, IntArray]:
        """List the members' active inputs, places in raveled stimuli, by how much they matter."""
        scores = self._matters(self.stimulus).flatten(1).cpu().numpy()
        active = (self.stimulus != 0).flatten(1).cpu().numpy()
        ranked = {}
        for b in members:
            own = np.flatnonzero(active[b])
            ranked[int(b)] = own[np.argsort(scores[b, own], kind="stable")]
        return ranked

    def _drop(self, groups: dict[int, list[IntArray]]) -> dict[int, IntArray]:
        """Leave out as many of each member's groups as can be; return the inputs that are gone."""
        pairs = [(b, group) for b, own in groups.items() for group in own]
        slack, begin = self._slack(pairs), 0
        offers: dict[int, list[IntArray]] = {}
        for b, own in groups.items():
            left = slack[begin : begin + len(own)]
            begin += len(own)
            order = np.argsort(-left, kind="stable")
            offers[b] = [own[i] for i in order if left[i] >= 0]
        return self._drop_together(offers)

    def _drop_together(self, offers: dict[int, list[IntArray]]) -> dict[int, IntArray]:
        """Leave out as many of the groups on offer as can be: the first alone can."""
        unions = [
            (b, np.concatenate(own[:k])) for b, own in offers.items() for k in _sizes(len(own))
        ]
        gone = {b: own[0] if own else np.empty(0, np.int64) for b, own in offers.items()}
        for (b, union), slack in zip(unions, self._slack(unions), strict=True):
            if slack >= 0 and len(union) > len(gone[b]):
                gone[b] = union
        for b, inputs in gone.items():
            self.stimulus[b].view(-1)[torch.from_numpy(inputs)] = 0
        return gone

    def _slack(self, left_out: list[tuple[int, IntArray]]) -> npt.NDArray[np.float64]:
        return self._variants.without(self.stimulus, left_out)


class _Walk:
    """Walks round a member's inputs until none could be left out in a whole round."""

    def __init__(self, inputs: IntArray) -> None:
        self._inputs, self._in_vain = inputs, 0

    def block(self) -> list[IntArray]:
        """Return the next inputs to look at, each by itself."""
        return [self._inputs[i : i + 1] for i in range(min(_BLOCK, len(self._inputs)))]

    def done(self, gone: IntArray) -> bool:
        """Move on, with some inputs gone; return whether all that are left were tried in vain."""
        block, rest = self._inputs[:_BLOCK], self._inputs[_BLOCK:]
        kept = block[~np.isin(block, gone)]
        self._in_vain = 0 if len(gone) else self._in_vain + len(block)
        self._inputs = np.concatenate([rest, kept])
        return self._in_vain >= len(self._inputs)


def _sizes(n: int) -> Iterator[int]:
    """Say how many of `n` groups to leave out together: all, all but 1, 2, 4, ..., and 2, 4, ...

    Examples
    --------
    >>> list(_sizes(7))
    [2, 3, 4, 5, 6, 7]
    """
    powers = [1 << i for i in range(n.bit_length())]
    yield from sorted({k for power in powers for k in (power, n - power, n) if 1 < k <= n})
