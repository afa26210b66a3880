"""The search for the strongest paths of a layered graph, on numbers."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ._circuit import Circuit
from ._ends import IndexArray, edge_ends

__all__ = ["PathSearch"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: The option to end here, among the edges that lead on.
_END = -1


@dataclass(frozen=True, eq=False)
class PathSearch:
    """A layered graph whose edges have strengths, with nodes where paths may start and end.

    Attributes
    ----------
    row : ndarray of int64, shape (m,)
        Rows of the edges in the circuit's table, by the node they come from.
    pre, post : ndarray of int64, shape (m,)
        Nodes; edges are in the order of `pre`.
    log : ndarray of float64, shape (m,)
        Logarithm of their strength.
    first : ndarray of int64, shape (n + 1,)
        Where the edges of each node begin.
    layers : list of slice
        Edges of each layer, from the first; a node's number grows with its layer.
    starts, ends : ndarray of bool, shape (n,)
    onward : ndarray of float64, shape (n,)
        Logarithm of the strongest way on from a node to an end by an edge at least; -inf if none.
    """

    row: IndexArray
    pre: IndexArray
    post: IndexArray
    log: FloatArray
    first: IndexArray
    layers: list[slice]
    starts: BoolArray
    ends: BoolArray
    onward: FloatArray
    _options: dict[int, tuple[FloatArray, IndexArray]] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Circuit, starts: BoolArray, ends: BoolArray) -> PathSearch:
        """Read a circuit; the strength of an edge is the size of its flow."""
        pre, post = edge_ends(found.edges, found.nodes)
        size = np.abs(found.edges["flow"].to_numpy(np.float64))
        row = np.flatnonzero((size > 0) & (pre >= 0) & (post >= 0))
        row = row[np.argsort(pre[row], kind="stable")]  # nodes are in the order of their layers
        pre, post, log = pre[row], post[row], np.log(size[row])
        layer = found.edges["layer"].to_numpy()[row]
        cuts = [*np.flatnonzero(np.diff(layer)) + 1]
        layers = [slice(a, b) for a, b in itertools.pairwise([0, *cuts, len(row)]) if b > a]
        onward = np.full(len(starts), -np.inf)
        for at in layers[::-1]:
            np.maximum.at(onward, pre[at], log[at] + _from(post[at], onward, ends))
        first = np.searchsorted(pre, np.arange(len(starts) + 1))
        return cls(row, pre, post, log, first, layers, starts, ends, onward)

    def count(self) -> int:
        """Count all paths; rounded beyond 2**53."""
        return int(min(self._sum_up(np.ones(len(self.log))), np.finfo(np.float64).max))

    def total(self) -> float:
        """Sum up the strength of all paths."""
        return float(self._sum_up(np.exp(self.log)))

    def _sum_up(self, value: FloatArray) -> float:
        """Sum, over all paths, the product of the values of their edges."""
        onward = np.zeros(len(self.starts))
        with np.errstate(over="ignore"):  # more than 1e308 paths are as good as endless
            for at in self.layers[::-1]:
                post = self.post[at]
                np.add.at(onward, self.pre[at], value[at] * (onward[post] + self.ends[post]))
        return float(onward[self.starts].sum())

    def best(self, k: int) -> list[list[int]]:
        """List the `k` strongest paths, as rows of the circuit's table of edges."""
        return list(itertools.islice(self._paths(), k))

    def _paths(self) -> Iterator[list[int]]:
        """Give all paths, the strongest first.

        The heap holds branches not taken: the strength of the best path along it, a number that
        settles ties, and what it takes to go on: the trail so far and its strength, the options at
        the node where it ends, and which of them this is.
        """
        sources = np.flatnonzero(self.starts & (self.onward > -np.inf))
        sources = sources[np.argsort(-self.onward[sources], kind="stable")]
        tick = itertools.count()
        heap: list[tuple[float, int, Any]] = [
            (-float(self.onward[node]), next(tick), (None, 0.0, node, 0))
            for node in sources.tolist()
        ]
        while heap:
            _, _, (trail, strength, node, rank) = heapq.heappop(heap)
            while True:
                worth, edges = self._ways_on(node, starting=trail is None)
                if rank + 1 < len(edges):
                    branch = (trail, strength, node, rank + 1)
                    bound = -(strength + float(worth[rank + 1]))
                    heapq.heappush(heap, (bound, next(tick), branch))
                edge = int(edges[rank])
                if edge == _END:
                    yield self._rows(trail)
                    break
                trail, strength = (edge, trail), strength + float(self.log[edge])
                node, rank = int(self.post[edge]), 0

    def _ways_on(self, node: int, starting: bool) -> tuple[FloatArray, IndexArray]:
        """Sort the options at a node by what they lead to; a path cannot end where it starts."""
        key = 2 * node + starting
        if key not in self._options:
            edges = np.arange(self.first[node], self.first[node + 1])
            worth = self.log[edges] + _from(self.post[edges], self.onward, self.ends)
            if self.ends[node] and not starting:
                edges, worth = np.append(edges, _END), np.append(worth, 0.0)
            order = np.argsort(-worth, kind="stable")
            order = order[worth[order] > -np.inf]
            self._options[key] = worth[order], edges[order]
        return self._options[key]

    def _rows(self, trail: Any) -> list[int]:
        rows = []
        while trail is not None:
            edge, trail = trail
            rows.append(int(self.row[edge]))
        return rows[::-1]


def _from(node: IndexArray, onward: FloatArray, ends: BoolArray) -> FloatArray:
    """Logarithm of the strongest way on from some nodes, which may end there."""
    return np.where(ends[node], np.maximum(onward[node], 0.0), onward[node])
