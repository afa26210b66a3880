"""Shares of the targets' input, and walks, on circuits small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from wiregrad.circuits._trace import trace_shares
from wiregrad.circuits._walks import on_walks


def masks(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=bool)


def test_a_silent_target_carries_nothing_on() -> None:
    """0 silences 1, which is a target; 2 is active by its bias alone, and leads to the target 3."""
    weights = sparse.csr_array(
        np.array([[0, 0, 0, 0], [-0.5, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 0.5, 0]])
    )
    active = masks([1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 1], [0, 0, 1, 1])
    driven = masks([1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0])
    wanted = masks([0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1])
    found = on_walks(weights, active, driven, wanted)
    assert [*zip(*np.nonzero(found), strict=True)] == [(0, 0), (1, 1)]


def test_a_weight_of_0_is_no_connection() -> None:
    weights = sparse.csr_array((np.array([0.0]), np.array([0]), np.array([0, 0, 1])), shape=(2, 2))
    everything = masks([1, 1], [1, 1])
    found = on_walks(weights, everything, masks([1, 0], [0, 0]), masks([0, 0], [0, 1]))
    assert not found.any()


@pytest.fixture
def nodes() -> pd.DataFrame:
    groups = {"layer": [0, 0, 1], "group": ["a", "b", "t"], "n_targets": [0, 0, 1]}
    return pd.DataFrame({**groups, "n_groups": 1})


def test_excitation_and_inhibition_along_one_edge_do_not_cancel(nodes: pd.DataFrame) -> None:
    edges = pd.DataFrame(
        {
            "layer": 1,
            "pre": ["a", "b"],
            "post": "t",
            "flow": [0.1, 0.2],
            "excitation": [0.35, 0.2],
            "inhibition": [-0.25, 0.0],
        }
    )
    traced, through = trace_shares(edges, nodes)
    assert traced["share"].tolist() == pytest.approx([0.75, 0.25])
    assert through["share"].tolist() == pytest.approx([0.75, 0.25, 1])
    assert "share" not in edges.columns


def test_without_targets_nothing_is_shared(nodes: pd.DataFrame) -> None:
    edges = pd.DataFrame(
        {"layer": [1], "pre": "a", "post": "t", "excitation": 0.5, "inhibition": 0.0}
    )
    traced, through = trace_shares(edges, nodes.assign(n_targets=0))
    assert traced["share"].tolist() == [0]
    assert through["share"].tolist() == [0, 0, 0]
