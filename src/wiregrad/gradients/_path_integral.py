"""Gradients added up along a path, with the jumps on the way located by bisection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ._column_runner import ColumnRunner
from ._source_blocks import SourceBlock

__all__ = ["Integrated", "Jump", "integrate"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

# Halvings of an interval before what it leaves open may count as a jump, and after which it does:
# the place is then known to a millionth of the path, which float32 can still tell apart.
_FEWEST, _MOST = 4, {torch.float32: 12, torch.float64: 30}
# The share of a jump by which it may be off: by what the change of the slope could explain.
_UNCERTAIN = 0.05
# Runs for each interval of the grid that bisection may take, in all.
_PATIENCE = 20
# A target that changes by less than this is taken to change by so much, to judge errors by.
_LEAST_CHANGE = 1e-4
# Differences of responses below so many units of rounding are no differences.
_ROUNDING = 2


class Jump(NamedTuple):
    """Where on its path, from 0 to 1, a member's response jumps, and by how much.

    It lies between `begin` and `end`, the ends of the interval that it was located in.
    """

    member: int
    at: float
    size: float
    begin: float
    end: float


@dataclass(frozen=True, eq=False)
class Integrated:
    """Gradients added up along the paths of all members.

    Attributes
    ----------
    total : Tensor of float64, shape (n_members, n_sources)
        The mean gradient along each path.
    begin, end : ndarray, shape (n_members,)
        The response at the baseline and at the sources.
    jumps : list of Jump
    """

    total: Tensor
    begin: FloatArray
    end: FloatArray
    jumps: list[Jump]


class _Path:
    """The nodes of one member's path, ascending, and what is known at each."""

    def __init__(self, at: FloatArray, response: FloatArray, slope: FloatArray) -> None:
        self.at, self.response, self.slope = at, response, slope
        self.counted = trapezoid_weights(at)  # as the gradients were added up so far

    def residual(self) -> FloatArray:
        """Return what each interval's change has beyond the integral of the gradient."""
        mean_slope = (self.slope[1:] + self.slope[:-1]) / 2
        open_change: FloatArray = np.diff(self.response) - np.diff(self.at) * mean_slope
        return open_change

    def located(self, coarse: float, narrowest: float) -> npt.NDArray[np.bool_]:
        """Say of each interval whether what it leaves open is a jump, and known well enough.

        Where the response is continuous, even if its slope is not, an interval leaves open less
        than the change of the slope could explain.
        """
        sure = self._explained() <= _UNCERTAIN * np.abs(self.residual())
        width = np.diff(self.at)
        known: npt.NDArray[np.bool_] = ((width <= coarse) & sure) | (width <= narrowest)
        return known

    def _explained(self) -> FloatArray:
        """Return what the change of the slope could explain of what each interval leaves open."""
        explained: FloatArray = np.abs(np.diff(self.slope)) * np.diff(self.at) / 2
        return explained

    def to_halve(self, coarse: float, narrowest: float, allowed: float, most: int) -> IndexArray:
        """List intervals to halve, so that what the others leave open is small enough.

        At most so many: those that leave the most open.
        """
        size = np.abs(self.residual())
        size[self.located(coarse, narrowest)] = 0
        order = np.argsort(size)
        n_left = int(np.searchsorted(np.cumsum(size[order]), allowed, side="right"))
        return np.sort(order[max(n_left, len(order) - max(most, 0)) :])

    def insert(self, at: FloatArray, response: FloatArray, slope: FloatArray) -> None:
        """Add nodes; they count as not added up yet."""
        order = np.argsort(np.concatenate([self.at, at]), kind="stable")
        for name, new in (("response", response), ("slope", slope), ("counted", 0 * at)):
            both = np.concatenate([getattr(self, name), new])
            setattr(self, name, both[order])
        self.at = np.concatenate([self.at, at])[order]

    def jumps(
        self, member: int, coarse: float, narrowest: float, least: float, rounding: float
    ) -> list[Jump]:
        """List the jumps that were located.

        It is larger than `least`, and than that share of the response which rounding may make.
        """
        size = np.abs(self.residual())
        largest = np.maximum(np.abs(self.response[1:]), np.abs(self.response[:-1]))
        above = np.maximum(least, rounding * largest)
        found = self.located(coarse, narrowest) & (size > above) & (self._explained() < size / 2)
        middle = (self.at[1:] + self.at[:-1]) / 2
        columns = middle, self.residual(), self.at[:-1], self.at[1:]
        return [Jump(member, *row) for row in np.stack(columns, axis=1)[found].tolist()]


def trapezoid_weights(at: FloatArray) -> FloatArray:
    """Weigh ascending nodes by the trapezoidal rule.

    Examples
    --------
    >>> trapezoid_weights(np.array([0, 0.5, 1.0])).tolist()
    [0.25, 0.5, 0.25]
    """
    half = np.diff(at) / 2
    weights: FloatArray = np.concatenate([half, [0.0]]) + np.concatenate([[0.0], half])
    return weights


def integrate(
    runner: ColumnRunner, block: SourceBlock, n_steps: int, tolerance: float | None
) -> Integrated:
    """Add gradients up on the straight path from the baseline to the sources, member by member.

    Parameters
    ----------
    runner : ColumnRunner
    block : SourceBlock
    n_steps : int
        Intervals of the grid that the path is cut into at first.
    tolerance : float, optional
        Intervals are halved until what all others leave open of a member's change is less than
        this share of it. None halves nothing.

    Returns
    -------
    Integrated

    Notes
    -----
    Along the path the response F is smooth between crossings of the threshold, where it jumps.
    Over an interval F(b) - F(a) less the integral of its slope is an error of the trapezoidal rule,
    which vanishes as the interval is halved, or a jump, which stays: it counts as one once the
    change of the slope over the interval explains less than a twentieth of it.

    Cost: n_steps + 2 runs, and up to 20 n_steps more, of which most are made twice, where much
    jumps.
    """
    n_members = len(block.values)
    total = torch.zeros(n_members, block.size, dtype=torch.float64, device=block.values.device)
    coarse, narrowest = (
        1 / n_steps / 2 ** (halvings - 0.5) for halvings in (_FEWEST, _MOST[block.values.dtype])
    )
    # The baseline often lies on a kink, with every drive 0: its slope is taken just beside it.
    grid = np.concatenate([[0, narrowest / 2], np.linspace(0, 1, n_steps + 1)[1:]])
    members = np.repeat(np.arange(n_members), len(grid))
    runner.expect(len(members))
    weights = np.tile(trapezoid_weights(grid), n_members)
    response, slope = _run(runner, block, members, np.tile(grid, n_members), weights, total)
    shape = n_members, len(grid)
    paths = [
        _Path(grid, *of) for of in zip(response.reshape(shape), slope.reshape(shape), strict=True)
    ]
    begin, end = (np.array([path.response[i] for path in paths]) for i in (0, -1))
    if tolerance is None:
        return Integrated(total, begin, end, [])
    allowed = tolerance * np.maximum(np.abs(end - begin), _LEAST_CHANGE)
    rounding = _ROUNDING * torch.finfo(block.values.dtype).eps
    allowed = np.maximum(allowed, n_steps * rounding * np.maximum(np.abs(begin), np.abs(end)))
    _refine(runner, block, paths, (coarse, narrowest), allowed, _PATIENCE * n_steps)
    _add_up_again(runner, block, paths, total)
    jumps = [
        jump
        for member, path in enumerate(paths)
        for jump in path.jumps(
            member, coarse, narrowest, float(allowed[member]) / (100 * n_steps), rounding
        )
    ]
    return Integrated(total, begin, end, jumps)


def _refine(
    runner: ColumnRunner,
    block: SourceBlock,
    paths: list[_Path],
    widths: tuple[float, float],
    allowed: FloatArray,
    patience: int,
) -> None:
    """Halve intervals until little is left open, or so many nodes were added to a path."""
    n_before = len(paths[0].at) if paths else 0
    open_paths = list(range(len(paths)))
    while open_paths:
        members, places = [], []
        for member in open_paths:
            path = paths[member]
            left = patience - (len(path.at) - n_before)
            halve = path.to_halve(*widths, allowed[member], left)
            places.append((path.at[halve] + path.at[halve + 1]) / 2)
            members.append(np.full(len(halve), member))
        open_paths = [member for member, new in zip(open_paths, places, strict=True) if len(new)]
        if not open_paths:
            return
        which, at = np.concatenate(members), np.concatenate(places)
        runner.expect(len(at))
        response, slope = _run(runner, block, which, at, None, None)
        for number in open_paths:
            mine = which == number
            paths[number].insert(at[mine], response[mine], slope[mine])


def _add_up_again(
    runner: ColumnRunner, block: SourceBlock, paths: list[_Path], total: Tensor
) -> None:
    """Bring `total` from the weights that nodes were counted with to those they have now."""
    members, places, weights = [], [], []
    for member, path in enumerate(paths):
        missing = trapezoid_weights(path.at) - path.counted
        changed = np.abs(missing) > 1e-12
        places.append(path.at[changed])
        weights.append(missing[changed])
        members.append(np.full(int(changed.sum()), member))
    at = np.concatenate(places)
    runner.expect(len(at))
    if len(at):
        _run(runner, block, np.concatenate(members), at, np.concatenate(weights), total)


def _run(
    runner: ColumnRunner,
    block: SourceBlock,
    members: npt.NDArray[np.int64],
    at: FloatArray,
    weights: FloatArray | None,
    total: Tensor | None,
) -> tuple[FloatArray, FloatArray]:
    device = block.values.device
    member, scale = (torch.from_numpy(x).to(device) for x in (members, at))
    weight = None if weights is None else torch.from_numpy(weights).to(device)
    response, slope = runner.along(block, member, scale, weight, total)
    return response.cpu().numpy(), slope.cpu().numpy()
