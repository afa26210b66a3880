"""The strongest paths, against all paths tried one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pandas as pd
import pytest
from circuit_cases import QUICK, Path, all_paths, circuits
from hypothesis import given
from hypothesis import strategies as st
from table_cases import Problem, problems, walks

import wiregrad as wg


def listed(best: wg.BestPaths) -> list[Path]:
    """Read the paths back from the table of their edges."""
    found = []
    for number, row in best.paths.iterrows():
        edges = best.edges[best.edges["path"] == number]
        assert edges["layer"].tolist() == [*range(row["first_layer"] + 1, row["last_layer"] + 1)]
        assert edges["pre"].tolist()[1:] == edges["post"].tolist()[:-1]
        groups = (edges["pre"].iloc[0], *edges["post"])
        assert row["route"] == " → ".join(groups)
        assert (row["source"], row["target"]) == (groups[0], groups[-1])
        assert row["hops"] == len(edges)
        found.append(Path(row["first_layer"], groups, float(edges["flow"].prod())))
    return found


@QUICK
@given(circuits(), st.integers(1, 30))
def test_the_k_best_equal_all_paths_tried_one_by_one(found: wg.Circuit, k: int) -> None:
    every = sorted(all_paths(found), key=lambda path: -abs(path.product))
    best = wg.best_paths(found, k)
    assert best.n_paths == len(every)
    assert best.truncated == (len(every) > k)
    assert len(best.paths) == min(k, len(every))
    strengths = [abs(path.product) for path in every]
    np.testing.assert_allclose(best.paths["strength"], strengths[:k], rtol=1e-12)
    assert best.total_strength == pytest.approx(sum(strengths))
    mine = listed(best)
    assert len(set(mine)) == len(mine)
    products = {(path.layer, path.groups): path.product for path in every}
    for path, row in zip(mine, best.paths.itertuples(), strict=True):
        assert products[path.layer, path.groups] == pytest.approx(path.product)
        assert row.strength == pytest.approx(abs(path.product))
        assert row.sign == np.sign(path.product)
        assert row.share == pytest.approx(abs(path.product) / sum(strengths))


@QUICK
@given(problems())
def test_neuron_by_neuron_paths_are_walks_of_the_network(problem: Problem) -> None:
    """Weight times activation along every walk of the network, found without any table."""
    carried = wg.circuit(
        problem.network, problem.stimulus, problem.activations, problem.targets, by="id"
    )
    products = []
    for walk in walks(problem):
        hops = [
            problem.weights[post, pre] * problem.state(pre, layer)
            for (pre, layer), (post, _) in itertools.pairwise(walk)
        ]
        products += [abs(float(np.prod(hops)))] if hops else []
    best = wg.best_paths(carried, 10**6)
    assert not best.truncated
    np.testing.assert_allclose(best.paths["strength"], sorted(products)[::-1], rtol=1e-5)


def test_paths_may_be_asked_between_some_groups(worm_result: wg.MaximisationResult) -> None:
    carried = wg.result_circuit(worm_result)
    every = wg.best_paths(carried, 10**6)
    source = every.paths["source"].iloc[-1]
    some = wg.best_paths(carried, 10**6, sources=source, targets=["AVA"])
    chosen = (every.paths["source"] == source) & (every.paths["target"] == "AVA")
    assert some.n_paths == chosen.sum() > 0
    np.testing.assert_allclose(
        some.paths["strength"], every.paths.loc[chosen, "strength"], rtol=1e-12
    )


def test_equal_paths_are_each_listed_once() -> None:
    """Four paths of one strength: which come first does not matter, but none comes twice."""
    weights = np.zeros((6, 6))
    weights[[2, 3], 0] = weights[[2, 3], 1] = weights[4, [2, 3]] = 0.5
    network = wg.MultilayeredNetwork(weights, [0, 1], num_layers=2, device="cpu")
    stimulus = np.array([[1.0, 0], [1.0, 0]])
    carried = wg.circuit(network, stimulus, network(stimulus), {1: 4})
    for k in (1, 2, 3, 4):
        best = wg.best_paths(carried, k)
        assert best.paths["route"].nunique() == k
        assert len(set(best.paths["strength"])) == 1
        assert (best.n_paths, best.truncated) == (4, k < 4)


def test_a_path_has_an_edge_even_where_a_target_is_driven() -> None:
    weights = np.array([[0.5]])
    network = wg.MultilayeredNetwork(weights, [0], num_layers=3, device="cpu")
    stimulus = np.array([[0.6, 0, 0]])
    asked = pd.DataFrame({"layer": [0, 1], "neuron": 0})
    best = wg.best_paths(wg.circuit(network, stimulus, network(stimulus), asked))
    assert sorted(best.paths["hops"]) == [1, 2]


def test_types_are_the_same_when_there_is_no_path(
    worm_result: wg.MaximisationResult, bare_network: wg.MultilayeredNetwork
) -> None:
    some = wg.best_paths(wg.result_circuit(worm_result))
    nothing = wg.circuit(bare_network, np.zeros((1, 2)), np.zeros((4, 2)), {1: [2]})
    none = wg.best_paths(nothing)
    assert none.paths.empty
    assert none.edges.empty
    assert none.paths.dtypes.equals(some.paths.dtypes)
    assert none.edges.dtypes.equals(some.edges.dtypes)
    assert (none.n_paths, none.total_strength, none.truncated) == (0, 0, False)
    assert some.paths.dtypes.astype(str).to_dict() == {
        "path": "int64",
        "strength": "float64",
        "sign": "int64",
        "share": "float64",
        "hops": "int64",
        "first_layer": "int64",
        "last_layer": "int64",
        "source": "string",
        "target": "string",
        "route": "string",
    }
    assert "none" in repr(none)


def test_the_circuit_is_left_as_it_was(worm_result: wg.MaximisationResult) -> None:
    carried = wg.result_circuit(worm_result)
    edges, nodes = carried.edges.copy(), carried.nodes.copy()
    wg.best_paths(carried, 5)
    pd.testing.assert_frame_equal(carried.edges, edges)
    pd.testing.assert_frame_equal(carried.nodes, nodes)


def test_more_paths_than_can_be_counted_exactly_are_ranked_all_the_same() -> None:
    """Ten neurons, all to all, 400 steps: 10^400 paths are beyond the largest float."""
    n, steps = 10, 400
    weights = np.full((n, n), 0.1)
    network = wg.MultilayeredNetwork(weights, range(n), num_layers=steps, device="cpu")
    stimulus = np.zeros((n, steps))
    stimulus[:, 0] = 1
    best = wg.best_paths(wg.circuit(network, stimulus, network(stimulus), {-1: 0}, by="id"), 3)
    assert len(best.paths) == 3
    assert best.truncated
    assert best.n_paths > 10**300


def test_paths_make_a_table_for_the_other_functions(worm_result: wg.MaximisationResult) -> None:
    best = wg.best_paths(wg.result_circuit(worm_result, by="id"), 4)
    seen = wg.activated_path_for_ngl(best.edges)
    assert set(seen["neuron_id"]) == {*best.edges["pre"], *best.edges["post"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k is 0: list at least 1 path"),
        ({"targets": "AVB"}, "targets names groups that are not a target .*: AVB; there are AVA"),
        ({"sources": ["AVA"]}, "sources names groups that are not driven in this circuit: AVA"),
    ],
)
def test_bad_input(
    worm_result: wg.MaximisationResult, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        wg.best_paths(wg.result_circuit(worm_result), **options)


@pytest.mark.slow
def test_a_fly_brain_has_its_thousand_best_paths(
    shared_data: Callable[[str], FilePath],
) -> None:
    """From the right olfactory receptor neurons to one descending neuron, within five steps."""
    brain = wg.Connectome.load(shared_data("flywire783"))
    network = wg.MultilayeredNetwork.from_connectome(
        brain, "/^ORN/ and side=right", steps=5, sign="sign", device="cpu"
    )
    stimulus = np.zeros((len(network.sensory_indices), 5))
    stimulus[:, 0] = 1
    target = network.find("DNpe038 and side=right")[:1]
    carried = wg.circuit(
        network, stimulus, network(stimulus), dict.fromkeys(range(5), target), by="id"
    )
    best = wg.best_paths(carried, 1000)
    assert best.truncated
    assert best.n_paths > 10_000
    assert len(best.paths) == 1000
    assert best.paths["strength"].is_monotonic_decreasing
    assert set(best.paths["hops"]) <= {1, 2, 3, 4, 5}
    # What is not among them is weaker than the last: all paths of this circuit can be listed.
    every = wg.best_paths(carried, best.n_paths)
    assert len(every.paths) == best.n_paths
    assert every.paths["route"].astype(str).nunique() == best.n_paths
    np.testing.assert_allclose(every.paths["strength"].head(1000), best.paths["strength"])
