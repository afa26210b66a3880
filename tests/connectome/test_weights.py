"""Signed weights: the mathematics W = sign * count / input, and the account of what is unknown."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK, EdgeList, edge_lists
from hypothesis import given
from hypothesis import strategies as st

import wiregrad as wg
from wiregrad.connectome import EdgeSigns

UNKNOWN_SIGNS = pytest.mark.parametrize("unknown_sign", [0, 1, -1])


@QUICK
@given(edge_lists(), st.sampled_from([0, 1, -1]))
def test_weights_equal_two_loops_over_the_edges(case: EdgeList, unknown_sign: int) -> None:
    weights = case.connectome().weights(unknown_sign=unknown_sign).matrix.toarray()
    np.testing.assert_allclose(weights, case.signed_shares(unknown_sign), rtol=1e-7)


@QUICK
@given(edge_lists(), st.sampled_from([1, -1]))
def test_rows_of_absolute_weights_sum_to_1_for_neurons_with_input(
    case: EdgeList, sign: int
) -> None:
    wiring = case.connectome()
    received = (wiring.counts.sum(axis=0) > 0).astype(float)
    rows = abs(wiring.weights(sign).matrix).sum(axis=1)
    np.testing.assert_allclose(rows, received, atol=1e-6)


@QUICK
@given(edge_lists())
def test_an_unknown_sign_lowers_a_row_by_its_share_of_the_input(case: EdgeList) -> None:
    wiring = case.connectome(sign=None)
    silent = abs(wiring.weights("nt").matrix).sum(axis=1)
    dopamine = (wiring.neurons["nt"] == "dopamine").to_numpy()
    counts = wiring.counts.toarray()
    share = counts[dopamine].sum(axis=0) / np.maximum(counts.sum(axis=0), 1e-9)
    np.testing.assert_allclose(silent, (counts.sum(axis=0) > 0) - share, atol=1e-6)


@QUICK
@given(edge_lists())
def test_the_account_of_unknown_signs_equals_a_count_of_the_pairs(case: EdgeList) -> None:
    signs = case.connectome().weights().signs
    partly = {pair: amount for pair, amount in case.amounts().items() if amount.unknown}
    assert signs.unknown_edges == len(partly)
    assert signs.unknown_neurons == len({pre for pre, _ in partly})
    assert signs.unknown_input == sum(amount.unknown for amount in partly.values())
    total = sum(row.count for row in case.rows)
    assert signs.unknown_share == pytest.approx(signs.unknown_input / total)


@UNKNOWN_SIGNS
def test_a_circuit_worked_out_by_hand(circuit: wg.Connectome, unknown_sign: int) -> None:
    weights = circuit.weights(unknown_sign=unknown_sign)
    assert weights.matrix.dtype == np.float32
    np.testing.assert_allclose(
        weights.matrix.toarray(),
        [[0, 0, 0, 0], [1, 0, 0, 0], [6 / 12, -2 / 12, unknown_sign * 4 / 12, 0], [0, 0, 0, 0]],
        rtol=1e-7,
    )


@UNKNOWN_SIGNS
def test_connections_of_unknown_sign_are_stored_only_where_they_act(
    circuit: wg.Connectome, unknown_sign: int
) -> None:
    assert circuit.weights(unknown_sign=unknown_sign).matrix.nnz == (4 if unknown_sign else 3)


@pytest.mark.parametrize(
    ("unknown_sign", "meaning"),
    [(0, "weight 0, still counted as input"), (1, "taken as +"), (-1, "taken as -")],
)
def test_the_account_reads_as_one_line(
    circuit: wg.Connectome, unknown_sign: int, meaning: str
) -> None:
    assert str(circuit.weights(unknown_sign=unknown_sign).signs) == (
        "signs by transmitters in column 'nt': ach +, gaba -; unknown for 1 connections of 1 "
        f"neurons, 25.0% of all input ({meaning})"
    )


def test_the_account_says_when_all_signs_are_known(circuit: wg.Connectome) -> None:
    assert str(circuit.weights(-1).signs) == "signs by all neurons -; all known"


def test_the_account_goes_into_provenance_as_a_dict(circuit: wg.Connectome) -> None:
    assert circuit.weights().signs.to_dict() == {
        "rule": "transmitters in column 'nt': ach +, gaba -",
        "unknown_sign": 0,
        "unknown_neurons": 1,
        "unknown_edges": 1,
        "unknown_input": 4.0,
        "unknown_share": 0.25,
    }


def test_signs_of_edges_go_before_a_column_unless_one_is_named(
    edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    wiring = wg.Connectome.from_edges(edges.assign(sign=-1), neurons, sign="sign")
    assert wiring.weights().signs.rule == wiring.weights("edges").signs.rule == "connection"
    assert wiring.weights().matrix[1, 0] == -1
    assert wiring.weights("nt").matrix[1, 0] == 1


def test_weights_leave_the_connectome_as_it_is(circuit: wg.Connectome) -> None:
    before = circuit.counts.toarray()
    circuit.weights().matrix.data[:] = 7
    np.testing.assert_array_equal(circuit.counts.toarray(), before)
    assert circuit.weights().matrix[1, 0] == 1


def test_a_connectome_without_synapses_has_weights_of_0(circuit: wg.Connectome) -> None:
    weights = circuit.subset(["sens", "alone"]).weights("nt")
    assert weights.matrix.toarray().tolist() == [[0, 0], [0, 0]]
    assert weights.signs.unknown_share == 0


def test_balanced_signs_give_weight_0_and_are_known(circuit: wg.Connectome) -> None:
    balanced = EdgeSigns(net=np.zeros(4), unknown=np.zeros(4))
    wiring = wg.Connectome(circuit.neurons, circuit.counts, edge_signs=balanced)
    weights = wiring.weights()
    assert weights.matrix.nnz == 0
    assert weights.signs.unknown_edges == 0


def test_signs_of_edges_that_are_not_there_are_refused(circuit: wg.Connectome) -> None:
    message = "sign='edges' asks for a sign per connection, but this connectome has none: name"
    with pytest.raises(ValueError, match=message):
        circuit.weights("edges")


@pytest.mark.parametrize("unknown_sign", [2, 0.5, "+", None])
def test_a_bad_unknown_sign_is_refused(circuit: wg.Connectome, unknown_sign: Any) -> None:
    message = f"unknown_sign is 0, +1 or -1, not {unknown_sign!r}"
    with pytest.raises(ValueError, match=re.escape(message)):
        circuit.weights(unknown_sign=unknown_sign)
