"""What carries activity from the stimulus to the targets, against all walks tried one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_cases import QUICK, Problem, circuit_by_hand, problems

import wiregrad as wg
from wiregrad.circuits import Circuit, circuit, strongest_circuit

EDGES = ["layer", "pre", "post"]
NODES = ["layer", "group"]


def of_problem(problem: Problem) -> Circuit:
    return circuit(problem.network, problem.stimulus, problem.activations, problem.targets)


@QUICK
@given(problems())
def test_nodes_and_edges_equal_all_walks_tried_one_by_one(problem: Problem) -> None:
    found = of_problem(problem)
    members, edges = circuit_by_hand(problem)
    assert [*map(tuple, found.nodes[NODES].values)] == sorted(members)
    assert [*map(tuple, found.edges[EDGES].values)] == sorted(edges)
    for row in found.edges.to_dict("records"):
        sums = edges[row["layer"], row["pre"], row["post"]]
        for column in ("weight", "excitation", "inhibition"):
            assert row[column] == pytest.approx(sums[column], abs=1e-6)
        assert row["flow"] == pytest.approx(row["excitation"] + row["inhibition"])


@QUICK
@given(problems())
def test_nodes_say_what_their_members_do(problem: Problem) -> None:
    members, _ = circuit_by_hand(problem)
    wanted = problem.wanted
    for row in of_problem(problem).nodes.to_dict("records"):
        layer, own = row["layer"], members[row["layer"], row["group"]]
        inputs = [problem.driven(i, layer) for i in own]
        assert row["n"] == len(own)
        assert row["size"] == problem.groups.count(row["group"])
        assert row["activation"] == pytest.approx(np.mean([problem.state(i, layer) for i in own]))
        assert row["input"] == pytest.approx(np.mean(inputs))
        assert row["n_driven"] == sum(value > 0 for value in inputs)
        assert row["n_targets"] == sum((i, layer) in wanted for i in own)
        assert row["n_groups"] == 1


@QUICK
@given(problems())
def test_edges_name_the_activation_and_the_members_of_their_ends(problem: Problem) -> None:
    found = of_problem(problem)
    nodes = found.nodes.set_index(NODES)
    for row in found.edges.to_dict("records"):
        pre, post = (
            nodes.loc[(row["layer"] - 1, row["pre"])],
            nodes.loc[(row["layer"], row["post"])],
        )
        assert (row["pre_activation"], row["n_pre"]) == (pre["activation"], pre["n"])
        assert (row["post_activation"], row["n_post"]) == (post["activation"], post["n"])


@QUICK
@given(problems(), st.integers(1, 3), st.integers(1, 4))
def test_shares_are_handed_on_whole(problem: Problem, groups: int, edges: int) -> None:
    """What arrives at a node leaves it towards the stimulus, unless nothing leads to it."""
    whole = of_problem(problem)
    nodes = whole.nodes.set_index(NODES)
    own = nodes["n_targets"] / max(nodes["n_targets"].sum(), 1)
    out = whole.edges.assign(layer=whole.edges["layer"] - 1).groupby(["layer", "pre"])["share"]
    expected = own.add(out.sum().rename_axis(NODES), fill_value=0)
    pd.testing.assert_series_equal(nodes["share"], expected, check_names=False)
    into = whole.edges.groupby(["layer", "post"])["share"].sum()
    np.testing.assert_allclose(into, nodes["share"].reindex(into.index))
    assert 0 <= strongest_circuit(whole, groups, edges).share_left_out < 1


@QUICK
@given(problems(), st.integers(1, 3))
def test_summed_up_groups_are_exact(problem: Problem, limit: int) -> None:
    """Merging nodes is the same as giving their neurons one group in that layer."""
    whole = of_problem(problem)
    short = strongest_circuit(whole, limit, 10**6)
    assert (short.edges_left_out, short.share_left_out) == (0, pytest.approx(0))
    assert short.nodes["n_groups"].sum() == len(whole.nodes)
    for column in ("n", "size", "n_driven", "n_targets", "share"):
        by_layer = short.nodes.groupby("layer")[column].sum()
        pd.testing.assert_series_equal(by_layer, whole.nodes.groupby("layer")[column].sum())
    for column in ("flow", "excitation", "inhibition", "weight"):
        received = (short.edges[column] * short.edges["n_post"]).groupby(short.edges["layer"])
        expected = (whole.edges[column] * whole.edges["n_post"]).groupby(whole.edges["layer"])
        pd.testing.assert_series_equal(received.sum(), expected.sum())
    assert (short.nodes.groupby("layer").size() <= limit + 1).all()


@QUICK
@given(problems(), st.integers(1, 3))
def test_strong_edges_stay_and_no_node_is_cut_off(problem: Problem, limit: int) -> None:
    whole = of_problem(problem)
    short = strongest_circuit(whole, 10**6, limit)
    kept = pd.MultiIndex.from_frame(short.edges[EDGES])
    every = whole.edges.set_index(EDGES)["share"]
    assert short.edges_left_out == len(every) - len(kept)
    assert len(kept) >= min(limit, len(every))
    assert every[kept].max() == every.max() or every.empty
    for end, shift in (("pre", 1), ("post", 0)):
        ends = {(layer - shift, name) for layer, name in whole.edges[["layer", end]].values}
        kept_ends = {(layer - shift, name) for layer, name in short.edges[["layer", end]].values}
        assert ends == kept_ends


def test_arguments_are_left_as_they_were(worm_result: wg.MaximisationResult) -> None:
    whole = of_result(worm_result)
    edges, nodes, targets = whole.edges.copy(), whole.nodes.copy(), worm_result.targets.copy()
    strongest_circuit(whole, 2, 3)
    of_result(worm_result)
    pd.testing.assert_frame_equal(whole.edges, edges)
    pd.testing.assert_frame_equal(whole.nodes, nodes)
    pd.testing.assert_frame_equal(worm_result.targets, targets)


def of_result(result: wg.MaximisationResult) -> Circuit:
    return circuit(result.network, result.input, result.output, result.targets)


def test_a_chain_by_hand(bare_network: wg.MultilayeredNetwork) -> None:
    """0 excites 1, 1 inhibits 2: the silent target has its edge, and what leads to it."""
    stimulus = np.array([[0.8, 0.5]])
    asked = pd.DataFrame({"layer": [1], "neuron": [2]})
    found = circuit(bare_network, stimulus, bare_network(stimulus), asked)
    first = np.tanh(5 * 0.5 * 0.8)
    assert found.edges[EDGES].values.tolist() == [[1, "0", "1"], [2, "1", "2"]]
    assert found.edges["flow"].tolist() == pytest.approx([0.4, -0.5 * first])
    assert found.edges["inhibition"].tolist() == pytest.approx([0, -0.5 * first])
    assert found.edges["share"].tolist() == [1, 1]
    assert found.nodes["activation"].tolist() == pytest.approx([0.8, first, 0])
    assert found.nodes["n_targets"].tolist() == [0, 0, 1]
    assert found.n_layers == 2


def test_a_target_that_nothing_leads_to_is_a_node_without_edges(
    bare_network: wg.MultilayeredNetwork,
) -> None:
    stimulus = np.array([[1.0, 0.0]])
    asked = pd.DataFrame({"layer": [1], "neuron": [3]})
    found = circuit(bare_network, stimulus, bare_network(stimulus), asked)
    assert found.edges.empty
    assert found.nodes[[*NODES, "share"]].values.tolist() == [[2, "3", 1.0]]


def test_types_are_the_same_when_there_is_nothing(
    worm_result: wg.MaximisationResult, bare_network: wg.MultilayeredNetwork
) -> None:
    some = of_result(worm_result)
    none = circuit(bare_network, np.zeros((1, 2)), np.zeros((4, 2)), worm_result.targets[:0])
    for full, empty in ((some.edges, none.edges), (some.nodes, none.nodes)):
        assert empty.empty
        assert empty.dtypes.equals(full.dtypes)
    assert some.edges.dtypes.astype(str).to_dict() == {
        "layer": "int64",
        "pre": "string",
        "post": "string",
        **dict.fromkeys(["weight", "flow", "excitation", "inhibition", "share"], "float64"),
        "pre_activation": "float64",
        "n_pre": "int64",
        "post_activation": "float64",
        "n_post": "int64",
    }
    small = strongest_circuit(none)
    assert small.edges.dtypes.equals(some.edges.dtypes)
    assert small.nodes.dtypes.equals(some.nodes.dtypes)


def test_the_worm_has_both_signs(worm_result: wg.MaximisationResult) -> None:
    edges = of_result(worm_result).edges
    into_targets = edges[edges["layer"] == 3]
    assert set(into_targets["post"]) == {"AVA", "VC"}
    assert (edges["flow"] > 0).any()
    assert (edges["flow"] < 0).any()


@pytest.mark.parametrize(
    ("layer", "neuron", "batch", "message"),
    [
        (3, 53, 0, r"neuron 53 at layer 3 is out of range: there are 302 neurons and 3 layers"),
        (2, 302, 0, r"neuron 302 at layer 2 is out of range: .* 3 layers \(0 to 2\)"),
        (-1, 53, 0, r"neuron 53 at layer -1 is out of range"),
        ([2, 2], 53, [0, 1], r"belong to 2 batch members: pass those of one"),
    ],
)
def test_targets_that_do_not_fit(
    worm_result: wg.MaximisationResult, layer: Any, neuron: Any, batch: Any, message: str
) -> None:
    asked = pd.DataFrame({"layer": np.atleast_1d(layer), "neuron": neuron, "batch": batch})
    with pytest.raises(ValueError, match=message):
        circuit(worm_result.network, worm_result.input, worm_result.output, asked)


def test_stimulus_and_activations_must_belong_together(worm_result: wg.MaximisationResult) -> None:
    with pytest.raises(ValueError, match="stimulus has 2 steps, the activations have 3"):
        circuit(
            worm_result.network, worm_result.input[:, :2], worm_result.output, worm_result.targets
        )


def test_a_batch_is_refused(worm_result: wg.MaximisationResult) -> None:
    with pytest.raises(ValueError, match="a batch: pass one member"):
        circuit(
            worm_result.network,
            worm_result.batch_input,
            worm_result.batch_output,
            worm_result.targets,
        )


@pytest.mark.parametrize(("groups", "edges"), [(0, 5), (5, 0)])
def test_at_least_one_is_kept(worm_result: wg.MaximisationResult, groups: int, edges: int) -> None:
    with pytest.raises(ValueError, match="keep at least 1 of each"):
        strongest_circuit(of_result(worm_result), groups, edges)
