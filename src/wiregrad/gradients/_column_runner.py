"""Runs as many columns at a time as memory allows, and counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..network import MultilayeredNetwork
from ._named_places import WeightedPlaces
from ._source_blocks import SourceBlock
from ._unrolled_run import Columns, UnrolledRun

__all__ = ["ColumnRunner", "columns_at_once"]

# Memory for the columns that run together, and the fewest and most of them.
_BUDGET, _MOST = 200_000_000, 64
# Numbers that a column holds for every neuron besides two a step.
_BESIDES = 10


def columns_at_once(model: MultilayeredNetwork) -> int:
    """Choose how many columns run together: at least one, at most 64, within 200 MB.

    Examples
    --------
    >>> import numpy as np, wiregrad as wg
    >>> columns_at_once(wg.MultilayeredNetwork(np.eye(3), [0], device="cpu"))
    64
    """
    size = model.weights.values.element_size()
    column = model.n_neurons * size * (2 * model.num_layers + _BESIDES)
    return int(min(_MOST, max(1, _BUDGET // column)))


class ColumnRunner:
    """Runs columns in chunks.

    Parameters
    ----------
    model : MultilayeredNetwork
    places : WeightedPlaces
        The targets.
    at_once : int
        Columns in memory at a time.
    bar : tqdm
        Told of every column.

    Attributes
    ----------
    n_runs : int
        Columns that were run.
    """

    def __init__(
        self, model: MultilayeredNetwork, places: WeightedPlaces, at_once: int, bar: tqdm[Any]
    ) -> None:
        self.model, self.places, self._at_once, self._bar = model, places, at_once, bar
        self.n_runs = 0

    def run(self, columns: Columns) -> UnrolledRun:
        """Run some columns."""
        n = len(columns.member)
        self.n_runs += n
        self._bar.update(n)
        return UnrolledRun(self.model, self.places, columns)

    def expect(self, n: int) -> None:
        """Tell the bar of columns to come."""
        self._bar.total = (self._bar.total or 0) + n
        self._bar.refresh()

    def chunks(self, n: int, parts: Tensor | None = None) -> Iterator[slice]:
        """Cut n columns into chunks; where parts are given, a chunk lies within one of them."""
        ends = [n]
        if parts is not None:
            ends = [*(torch.nonzero(parts.diff()).flatten() + 1).tolist(), n]
        begin = 0
        for end in ends:
            for first in range(begin, end, self._at_once):
                yield slice(first, min(first + self._at_once, end))
            begin = end

    def responses(self, member: Tensor, make: Callable[[slice], Columns]) -> Tensor:
        """Run columns forward alone: their responses, shape (n_columns,)."""
        found = [self.run(make(part)).response for part in self.chunks(len(member))]
        return torch.cat(found) if found else torch.zeros(0)

    def without(self, block: SourceBlock, member: Tensor, cut: Sequence[Tensor]) -> Tensor:
        """Return the responses with some sources of each column at their baseline."""
        return self.responses(member, lambda part: block.without(member[part], cut[part]))

    def along(
        self,
        block: SourceBlock,
        member: Tensor,
        scale: Tensor,
        weight: Tensor | None,
        total: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Run columns at places on a path; return responses and slopes along it.

        Every column's gradient is added to its member's `total`, times its weight.
        """
        responses, slopes = [], []
        for part in self.chunks(len(member)):
            run = self.run(block.on_path(member[part], scale[part]))
            slope = block.carry_back(
                run, None if weight is None else weight[part], total, along=True
            )
            responses.append(run.response.double())
            slopes.append(torch.zeros_like(run.response) if slope is None else slope.double())
        return torch.cat(responses), torch.cat(slopes)
