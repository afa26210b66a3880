"""Where the nodes of a layered graph go."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wiregrad.show._layers import crossings, place_nodes

QUICK = settings(deadline=None, max_examples=60)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw layers, edges between neighbouring ones, and weights."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    layer = np.repeat(np.arange(len(sizes)), sizes)
    pairs = [
        (a, b)
        for a, b in itertools.permutations(range(len(layer)), 2)
        if layer[b] == layer[a] + 1 and draw(st.booleans())
    ]
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return layer, edges, np.ones(edges.shape[1])


@QUICK
@given(graphs())
def test_nodes_of_a_layer_stand_apart(graph: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    layer, edges, weight = graph
    y = place_nodes(layer, np.zeros(len(layer), dtype=bool), edges, weight)
    assert y.min() == 0
    for each in np.unique(layer):
        assert (np.diff(np.sort(y[layer == each])) >= 1 - 1e-9).all()


@QUICK
@given(graphs())
def test_there_are_no_more_crossings_than_in_the_order_given(
    graph: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    layer, edges, weight = graph
    y = place_nodes(layer, np.zeros(len(layer), dtype=bool), edges, weight)
    given_order = np.arange(len(layer), dtype=float)
    assert crossings(layer, y, edges) <= crossings(layer, given_order, edges)


@QUICK
@given(graphs())
def test_crossings_equal_a_count_of_all_pairs(
    graph: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    layer, edges, _ = graph
    order = np.random.default_rng(0).permutation(len(layer)).astype(float)
    expected = sum(
        layer[a] == layer[c] and (order[a] - order[c]) * (order[b] - order[d]) < 0
        for (a, b), (c, d) in itertools.combinations(edges.T, 2)
    )
    assert crossings(layer, order, edges) == expected


def test_a_tangle_comes_out_straight() -> None:
    layer = np.repeat([0, 1, 2], 4)
    edges = np.array([[0, 1, 2, 3, 4, 5, 6, 7], [7, 4, 6, 5, 9, 11, 8, 10]])
    y = place_nodes(layer, np.zeros(12, dtype=bool), edges, np.ones(8))
    assert crossings(layer, y, edges) == 0
    np.testing.assert_allclose(y[edges[0]], y[edges[1]])


def test_some_nodes_come_last() -> None:
    layer = np.array([0, 1, 1, 1])
    last = np.array([False, True, False, False])
    y = place_nodes(layer, last, np.array([[0, 0, 0], [1, 2, 3]]), np.array([9.0, 1, 1]))
    assert y[1] == y[1:].max()


def test_a_node_alone_stands_amid_its_neighbours() -> None:
    layer = np.array([0, 0, 0, 1])
    edges = np.array([[0, 1, 2], [3, 3, 3]])
    y = place_nodes(layer, np.zeros(4, dtype=bool), edges, np.ones(3))
    assert y[3] == pytest.approx(y[:3].mean())


def test_no_nodes_are_no_trouble() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    y = place_nodes(nothing, nothing.astype(bool), np.zeros((2, 0), dtype=np.int64), np.zeros(0))
    assert y.tolist() == []
