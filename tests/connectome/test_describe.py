"""What a connectome holds, in numbers that add up."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from connectome_cases import QUICK, EdgeList, edge_lists
from hypothesis import given

import wiregrad as wg
from wiregrad.connectome import ConnectomeSummary


@pytest.fixture
def summary(circuit: wg.Connectome) -> ConnectomeSummary:
    return circuit.describe()


@QUICK
@given(edge_lists())
def test_shares_of_signs_add_up_to_the_net_sign(case: EdgeList) -> None:
    summary, amounts = case.connectome().describe(), case.amounts().values()
    total = sum(amount.total for amount in amounts)
    assert summary.n_synapses == total
    assert summary.excitatory + summary.inhibitory + summary.unknown == pytest.approx(1)
    net = sum(amount.net for amount in amounts) / total
    assert summary.excitatory - summary.inhibitory == pytest.approx(net)


@QUICK
@given(edge_lists())
def test_degrees_and_isolated_neurons_equal_a_count_of_the_pairs(case: EdgeList) -> None:
    summary, pairs = case.connectome().describe(), case.amounts()
    out = [sum(pre == neuron for pre, _ in pairs) for neuron in range(case.n)]
    into = [sum(post == neuron for _, post in pairs) for neuron in range(case.n)]
    for degrees, expected in ((summary.out_degree, out), (summary.in_degree, into)):
        assert degrees.median == np.median(expected)
        assert degrees.mean == pytest.approx(len(pairs) / case.n)
        assert degrees.largest == max(expected)
    assert summary.autapses == sum(pre == post for pre, post in pairs)
    assert summary.isolated == tuple(f"n{i}" for i in range(case.n) if out[i] + into[i] == 0)


def test_a_circuit_counted_by_hand(summary: ConnectomeSummary) -> None:
    assert (summary.n_neurons, summary.n_cell_types, summary.n_edges) == (4, 3, 4)
    assert summary.n_synapses == 16
    assert (summary.excitatory, summary.inhibitory, summary.unknown) == (10 / 16, 2 / 16, 4 / 16)
    assert summary.autapses == 1
    assert summary.isolated == ("alone",)


def test_the_summary_prints_as_a_table(summary: ConnectomeSummary) -> None:
    assert str(summary).splitlines() == [
        "connectome    circuit",
        "neurons       4 of 3 cell types",
        "connections   4 (1 of a neuron with itself)",
        "total count   16 synapses",
        "signs         62.5% of input excitatory, 12.5% inhibitory, 25.0% unknown "
        "(transmitters in column 'nt': ach +, gaba -)",
        "out-degree    median 1, mean 1.0, largest 2",
        "in-degree     median 0.5, mean 1.0, largest 3",
        "isolated      1 neurons (alone)",
    ]


def test_the_summary_makes_one_row_of_numbers(summary: ConnectomeSummary) -> None:
    frame = summary.to_frame()
    assert len(frame) == 1
    row = frame.iloc[0]
    assert (row["n_neurons"], row["n_synapses"], row["unit"]) == (4, 16, "synapses")
    assert (row["out_degree_largest"], row["in_degree_median"]) == (2, 0.5)
    assert (row["isolated"], row["unknown"]) == (1, 0.25)


def test_rows_of_several_summaries_have_the_same_columns(circuit: wg.Connectome) -> None:
    whole, bare = circuit.describe(), circuit.subset("alone").describe()
    assert bare.to_frame().columns.tolist() == whole.to_frame().columns.tolist()


@pytest.mark.parametrize(
    "labels", [{}, {"sign": "plus"}, {"nt": "dopamine"}, {"nt": None}, {"sign": 2}]
)
def test_a_connectome_without_usable_signs_is_described_without_them(
    labels: dict[str, object], edges: pd.DataFrame, neurons: pd.DataFrame
) -> None:
    table = neurons.drop(columns="nt").assign(**labels)
    summary = wg.Connectome.from_edges(edges, table).describe()
    assert summary.signs is None
    assert all(map(math.isnan, (summary.excitatory, summary.inhibitory, summary.unknown)))
    assert "signs         none: give a sign rule to build a network" in str(summary)


def test_only_the_first_isolated_neurons_are_named(edges: pd.DataFrame) -> None:
    ids = ["sens", "inter", "motor", *(f"x{k}" for k in range(9))]
    text = str(wg.Connectome.from_edges(edges, pd.DataFrame({"id": ids})).describe())
    assert text.endswith("isolated      9 neurons (x0, x1, x2, x3, x4, x5, x6, x7, ...)")


def test_a_connectome_without_synapses_is_described(circuit: wg.Connectome) -> None:
    summary = circuit.subset(["sens", "alone"]).describe()
    assert (summary.n_edges, summary.n_synapses, summary.out_degree.largest) == (0, 0, 0)
    assert summary.isolated == ("sens", "alone")
