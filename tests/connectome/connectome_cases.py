"""Random edge lists, and what they must add up to: a dictionary filled one row at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

import wiregrad as wg

#: For property tests: a shared machine may be slow, so no single example has a deadline.
QUICK = settings(deadline=None, max_examples=60)


class Edge(NamedTuple):
    """One row of an edge table."""

    pre: int
    post: int
    count: float
    sign: int


@dataclass
class Amount:
    """What one pair of neurons adds up to, split by sign."""

    total: float = 0.0
    net: float = 0.0
    unknown: float = 0.0


@dataclass(frozen=True)
class EdgeList:
    """Edges between `n` neurons, two to a cell type; pairs may be listed more than once."""

    n: int
    rows: tuple[Edge, ...]

    @property
    def neurons(self) -> pd.DataFrame:
        """The neurons table, whose transmitters go round: +, -, not known."""
        return pd.DataFrame(
            {
                "id": [f"n{i}" for i in range(self.n)],
                "cell_type": [f"t{i // 2}" for i in range(self.n)],
                "nt": [("ACh", "GABA", "dopamine")[i % 3] for i in range(self.n)],
            }
        )

    @property
    def edges(self) -> pd.DataFrame:
        """The edge table, by the ids of the neurons."""
        table = pd.DataFrame(self.rows, columns=Edge._fields)
        return table.assign(
            pre="n" + table["pre"].astype(str), post="n" + table["post"].astype(str)
        )

    def connectome(self, **options: Any) -> wg.Connectome:
        """Build the connectome with a sign per connection."""
        return wg.Connectome.from_edges(self.edges, self.neurons, **{"sign": "sign", **options})

    def amounts(self) -> dict[tuple[int, int], Amount]:
        """Add the rows up, pair by pair, in the order of (pre, post)."""
        pairs: dict[tuple[int, int], Amount] = defaultdict(Amount)
        for pre, post, count, sign in self.rows:
            if count > 0:
                pair = pairs[pre, post]
                pair.total += count
                pair.net += sign * count
                pair.unknown += count * (sign == 0)
        return dict(sorted(pairs.items()))

    def signed_shares(self, unknown_sign: int) -> np.ndarray:
        """W[post, pre] by two loops: signed count over all that the post neuron receives."""
        weights = np.zeros((self.n, self.n))
        amounts = self.amounts()
        for post in range(self.n):
            received = sum(a.total for (_, to), a in amounts.items() if to == post)
            for pre in range(self.n):
                pair = amounts.get((pre, post), Amount())
                if received:
                    weights[post, pre] = (pair.net + unknown_sign * pair.unknown) / received
        return weights


@st.composite
def edge_lists(draw: st.DrawFn) -> EdgeList:
    """Draw a list of edges; counts are quarters, so that every order of adding them is exact."""
    n = draw(st.integers(1, 6))
    neuron = st.integers(0, n - 1)
    quarters = st.integers(0, 20).map(lambda k: k / 4)
    rows = draw(
        st.lists(st.builds(Edge, neuron, neuron, quarters, st.sampled_from([1, -1, 0])), min_size=1)
    )
    present = draw(st.builds(Edge, neuron, neuron, st.just(1.0), st.sampled_from([1, -1, 0])))
    return EdgeList(n, (*rows, present))
