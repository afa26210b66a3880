"""Circuits without their weak edges, against rules applied one edge at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from circuit_cases import QUICK, all_paths, circuits
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg

EDGE, NODE = ["layer", "pre", "post"], ["layer", "group"]


def keys(table: pd.DataFrame, columns: list[str] = EDGE) -> set[tuple[Any, ...]]:
    return {*map(tuple, table[columns].values)}


def without_cancelled(found: wg.Circuit) -> wg.Circuit:
    """Edges of no flow lie on walks, but on no path: leave them out of the comparison."""
    edges = found.edges[found.edges["flow"] != 0].reset_index(drop=True)
    return wg.Circuit(edges, found.nodes, found.n_layers)


@QUICK
@given(circuits())
def test_what_is_kept_lies_on_a_walk(drawn: wg.Circuit) -> None:
    found = without_cancelled(drawn)
    on_paths = {
        (path.layer + i + 1, *pair)
        for path in all_paths(found)
        for i, pair in enumerate(zip(path.groups, path.groups[1:], strict=False))
    }
    small = wg.prune_circuit(found)
    assert keys(small.edges) == on_paths
    ends = {(layer - 1, pre) for layer, pre, _ in on_paths}
    ends |= {(layer, post) for layer, _, post in on_paths}
    targets = keys(found.nodes[found.nodes["n_targets"] > 0], NODE)
    assert keys(small.nodes, NODE) == ends | targets
    assert small.edges_left_out == len(found.edges) - len(small.edges)


LIMITS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "min_share": lambda edges: edges["share"],
    "min_flow": lambda edges: edges["flow"].abs(),
    "min_weight": lambda edges: edges["weight"].abs(),
    "min_activation": lambda edges: edges["pre_activation"],
}


@QUICK
@given(circuits(), st.sampled_from(sorted(LIMITS)), st.floats(0, 1))
def test_limits_keep_what_is_not_below_them(found: wg.Circuit, name: str, limit: float) -> None:
    small = wg.prune_circuit(found, walks_only=False, **{name: limit})
    expected = found.edges[LIMITS[name](found.edges) >= limit]
    pd.testing.assert_frame_equal(small.edges, expected.reset_index(drop=True))


@QUICK
@given(circuits(), st.floats(0.01, 1))
def test_input_shares_are_parts_of_what_arrives(found: wg.Circuit, limit: float) -> None:
    small = wg.prune_circuit(found, min_input_share=limit, walks_only=False)
    arriving: dict[Any, float] = {}
    for row in found.edges.itertuples():
        place = (row.layer, row.post)
        arriving[place] = arriving.get(place, 0.0) + row.excitation - row.inhibition
    for row in found.edges.itertuples():
        total = arriving[row.layer, row.post]
        part = abs(row.flow) / total if total else 0.0
        if abs(part - limit) > 1e-12:
            assert ((row.layer, row.pre, row.post) in keys(small.edges)) == (part >= limit)


@QUICK
@given(circuits(), st.floats(0.01, 0.99))
def test_the_fewest_edges_that_carry_a_part_are_kept(found: wg.Circuit, part: float) -> None:
    small = wg.prune_circuit(found, keep_share=part, walks_only=False)
    for layer, edges in found.edges.groupby("layer"):
        kept = small.edges[small.edges["layer"] == layer]["share"]
        total = edges["share"].sum()
        assert kept.sum() >= part * total - 1e-9
        assert kept.sum() - kept.min() < part * total + 1e-9
        assert kept.min() >= np.sort(edges["share"])[::-1][len(kept) - 1]


@QUICK
@given(circuits(), st.integers(1, 5))
def test_the_circuit_of_the_best_paths_has_their_edges(found: wg.Circuit, k: int) -> None:
    best = wg.best_paths(found, k)
    small = wg.path_circuit(found, best)
    assert keys(small.edges) == keys(best.edges)
    assert 0 <= small.share_left_out <= 1
    again = wg.best_paths(small, k)
    np.testing.assert_allclose(again.paths["strength"], best.paths["strength"])


def test_what_is_left_out_adds_up(worm_result: wg.MaximisationResult) -> None:
    whole = wg.result_circuit(worm_result)
    once = wg.prune_circuit(whole, min_flow=0.02, walks_only=False)
    twice = wg.prune_circuit(once, min_flow=0.05, walks_only=False)
    total = whole.edges["share"].sum()
    assert twice.edges_left_out == len(whole.edges) - len(twice.edges)
    assert twice.share_left_out == pytest.approx(1 - twice.edges["share"].sum() / total)


def test_nothing_is_changed_and_types_stay(worm_result: wg.MaximisationResult) -> None:
    whole = wg.result_circuit(worm_result)
    edges, nodes = whole.edges.copy(), whole.nodes.copy()
    none = wg.prune_circuit(whole, min_flow=10, min_input_share=0.1, keep_share=0.5)
    pd.testing.assert_frame_equal(whole.edges, edges)
    pd.testing.assert_frame_equal(whole.nodes, nodes)
    assert none.edges.empty
    assert none.edges.dtypes.equals(edges.dtypes)
    assert none.nodes.dtypes.equals(nodes.dtypes)
    assert set(none.nodes["group"]) == {"AVA", "VC"}  # the targets
    pd.testing.assert_frame_equal(wg.prune_circuit(none, keep_share=0.5).edges, none.edges)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"keep_share": 0}, "keep_share is 0: nothing would be left"),
        ({"keep_share": 1.2}, "keep_share is 1.2: a share is from 0 to 1"),
        ({"min_flow": -1}, "min_flow is -1: give a number from 0 up"),
        ({"min_weight": float("nan")}, "min_weight is nan: give a number from 0 up"),
    ],
)
def test_bad_limits(
    worm_result: wg.MaximisationResult, limits: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        wg.prune_circuit(wg.result_circuit(worm_result), **limits)


def test_paths_of_another_circuit(worm_result: wg.MaximisationResult) -> None:
    whole = wg.result_circuit(worm_result)
    by_neuron = wg.best_paths(wg.result_circuit(worm_result, by="id"), 1)
    with pytest.raises(ValueError, match="pass the circuit that they were listed of"):
        wg.path_circuit(whole, by_neuron)
