"""Two circuits side by side, against loops over their edges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from circuit_cases import QUICK, circuits
from hypothesis import given

import wiregrad as wg


@QUICK
@given(circuits(), circuits())
def test_every_edge_of_either_stands_once(first: wg.Circuit, second: wg.Circuit) -> None:
    found = wg.compare_circuits(first, second)
    flows = [
        {(e.layer, e.pre, e.post): e.flow for e in circuit.edges.itertuples()}
        for circuit in (first, second)
    ]
    every = {*flows[0], *flows[1]}
    assert len(found.edges) == len(every)
    for row in found.edges.itertuples():
        key = (row.layer, row.pre, row.post)
        assert (row.in_first, row.in_second) == (key in flows[0], key in flows[1])
        before, after = (flow.get(key, 0.0) for flow in flows)
        assert (row.flow_first, row.flow_second) == (before, after)
        assert row.flow_change == pytest.approx(after - before)
        assert row.sign_flips == (before * after < 0)
    change = found.edges["flow_change"].abs()
    assert change.is_monotonic_decreasing or not len(change)
    if every:
        assert found.shared_edges == pytest.approx(len({*flows[0]} & {*flows[1]}) / len(every))
    else:
        assert np.isnan(found.shared_edges)
    assert found.edges.dtypes.equals(wg.compare_circuits(second, first).edges.dtypes)


@QUICK
@given(circuits())
def test_a_circuit_is_like_itself(found: wg.Circuit) -> None:
    same = wg.compare_circuits(found, found)
    assert (same.edges["flow_change"] == 0).all()
    assert (same.nodes["activation_change"] == 0).all()
    assert same.shared_nodes == 1
    if (found.edges["flow"] != 0).any():
        assert same.flow_similarity == pytest.approx(1)
        edges = found.edges.assign(flow=-3 * found.edges["flow"])
        against = wg.Circuit(edges, found.nodes, found.n_layers)
        assert wg.compare_circuits(found, against).flow_similarity == pytest.approx(-1)
    else:
        assert np.isnan(same.flow_similarity)


def test_arguments_are_left_as_they_were(worm_result: wg.MaximisationResult) -> None:
    whole = wg.result_circuit(worm_result)
    small = wg.prune_circuit(whole, keep_share=0.5)
    edges = whole.edges.copy()
    found = wg.compare_circuits(whole, small)
    pd.testing.assert_frame_equal(whole.edges, edges)
    assert found.edges["in_second"].sum() == len(small.edges)
    assert "in both" in repr(found)


def test_summed_up_groups_are_refused(worm_result: wg.MaximisationResult) -> None:
    whole = wg.result_circuit(worm_result)
    short = wg.strongest_circuit(whole, groups=2)
    with pytest.raises(ValueError, match="the second circuit has summed up groups"):
        wg.compare_circuits(whole, short)
