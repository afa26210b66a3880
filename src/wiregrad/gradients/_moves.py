"""Moves from one set of inputs to its neighbours: some inputs go, others come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["Moves", "neighbours", "newcomers"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# Of so many entries of a unit, all subsets are tried.
_FEW = 3


@dataclass(frozen=True, eq=False)
class Moves:
    """Changes of a stimulus: one run of its entries is silenced, then another is set.

    A stimulus is looked at in units of `width` entries in a row: a neuron with all its steps, or a
    single entry.

    Attributes
    ----------
    width : int
    out, come : ndarray of int64, shape (n,)
        The unit that is silenced and the unit that is set; -1 for none.
    content : ndarray, shape (n, width)
        What it is set to.
    """

    width: int
    out: IntArray
    come: IntArray
    content: FloatArray

    def __len__(self) -> int:
        return len(self.out)

    def of(self, stimulus: Tensor, start: int, stop: int) -> Tensor:
        """Make some of the neighbours of a stimulus: (sensory, step) to (n, sensory, step)."""
        made = stimulus.flatten().repeat(stop - start, 1)
        units = made.view(stop - start, -1, self.width)
        for place, content in ((self.out, None), (self.come, self.content)):
            rows = np.flatnonzero(place[start:stop] >= 0)
            new = 0.0 if content is None else torch.from_numpy(content[start:stop][rows]).to(units)
            units[torch.from_numpy(rows), torch.from_numpy(place[start:stop][rows])] = new
        return made.view(-1, *stimulus.shape)


def newcomers(
    stimulus: FloatArray, pool: IntArray, driven: npt.NDArray[np.bool_], levels: tuple[float, ...]
) -> tuple[IntArray, FloatArray]:
    """List what units can be set to.

    Parameters
    ----------
    stimulus : ndarray, shape (n_units, width)
    pool : ndarray of int64
        Units to look at; active ones are looked at besides.
    driven : ndarray of bool, shape (n_units, width)
        Entries that may be driven.
    levels : tuple of float
        Strongest first.

    Returns
    -------
    unit : ndarray of int64, shape (n,)
    content : ndarray, shape (n, width)
        One entry or all that may be driven, or of up to three any of them, at the first level, and
        all at the others; in an active unit also what it has, with one entry set to a level or
        silenced.
    """
    active = np.flatnonzero(stimulus.any(axis=1))
    looked_at = np.union1d(pool, active)
    width = stimulus.shape[1]
    shapes = _shapes(np.any(driven, axis=0))
    weaker = np.array(levels[1:])[:, None] * shapes[-1]
    patterns = np.concatenate([levels[0] * shapes, weaker])
    unit = np.repeat(looked_at, len(patterns))
    content = np.tile(patterns, (len(looked_at), 1)) * driven[unit]
    if width > 1:
        own, changed = _changed(stimulus, active, driven, (*levels, 0.0))
        unit, content = np.concatenate([unit, own]), np.concatenate([content, changed])
    new = content.any(axis=1) & (content != stimulus[unit]).any(axis=1)
    return unit[new], content[new]


def _shapes(driven: npt.NDArray[np.bool_]) -> FloatArray:
    """List which entries of a unit may be driven together, (n, width); all of them come last.

    Examples
    --------
    >>> _shapes(np.array([True, False, True]))
    array([[1., 0., 0.],
           [0., 0., 1.],
           [1., 0., 1.]])
    """
    places = np.flatnonzero(driven)
    if len(places) <= _FEW:
        numbers = np.arange(1, 1 << len(places))
        chosen = (numbers[:, None] >> np.arange(len(places))) & 1
    else:
        chosen = np.concatenate([np.eye(len(places)), np.ones((1, len(places)))])
    shapes = np.zeros((len(chosen), len(driven)))
    shapes[:, places] = chosen
    return shapes


def _changed(
    stimulus: FloatArray, active: IntArray, driven: npt.NDArray[np.bool_], values: tuple[float, ...]
) -> tuple[IntArray, FloatArray]:
    """List active units with one of their entries changed to one of some values."""
    width = stimulus.shape[1]
    unit = np.repeat(active, width * len(values))
    content = stimulus[unit].copy()
    entry = np.tile(np.repeat(np.arange(width), len(values)), len(active))
    content[np.arange(len(unit)), entry] = np.tile(values, len(active) * width)
    return unit, content * driven[unit]


def neighbours(
    outs: IntArray, unit: IntArray, content: FloatArray, width: int, *, also_none: bool
) -> Moves:
    """Combine units that go with units that come; those that go may go without a successor.

    Parameters
    ----------
    outs : ndarray of int64
        Units that go, each by itself; -1 for none.
    unit, content : ndarray
        As of `newcomers`.
    width : int
    also_none : bool
        Whether a unit may go without another that comes.
    """
    out = np.repeat(outs, len(unit))
    come, set_to = np.tile(unit, len(outs)), np.tile(content, (len(outs), 1))
    if also_none:
        going = outs[outs >= 0]
        out = np.concatenate([out, going])
        come = np.concatenate([come, np.full(len(going), -1)])
        set_to = np.concatenate([set_to, np.zeros((len(going), width))])
    kept = out != come  # setting it anew is a move of its own
    return Moves(width, out[kept], come[kept], set_to[kept])
