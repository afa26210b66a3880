"""Circuits of results, and by what neurons are grouped."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg


def test_the_circuit_of_a_result_is_that_of_its_arrays(worm_result: wg.MaximisationResult) -> None:
    found = wg.result_circuit(worm_result)
    network, targets = worm_result.network, worm_result.targets
    assert network is not None
    same = wg.circuit(network, worm_result.input, worm_result.output, targets)
    pd.testing.assert_frame_equal(found.edges, same.edges)
    by_name = wg.circuit(network, worm_result.input, worm_result.output, {-1: ["AVA", "VC4"]})
    pd.testing.assert_frame_equal(found.edges, by_name.edges)
    other = wg.result_circuit(worm_result, targets={1: "AVB"})
    assert set(other.nodes.loc[other.nodes["n_targets"] > 0, "group"]) == {"AVB"}


def test_a_copied_result_needs_its_network(worm_result: wg.MaximisationResult) -> None:
    copied = copy.copy(worm_result)
    with pytest.raises(ValueError, match="pass the network that was asked, network=network"):
        wg.result_circuit(copied)
    found = wg.result_circuit(copied, network=worm_result.network)
    pd.testing.assert_frame_equal(found.nodes, wg.result_circuit(worm_result).nodes)


@pytest.mark.parametrize("member", [1, -2])
def test_a_member_that_there_is_not(worm_result: wg.MaximisationResult, member: int) -> None:
    with pytest.raises(ValueError, match=rf"there is no member {member}: the result has 1"):
        wg.result_circuit(worm_result, member)


def test_groups_are_neurons_columns_or_a_dict(worm_result: wg.MaximisationResult) -> None:
    by_id = wg.result_circuit(worm_result, by="id")
    assert (by_id.nodes["n"] == 1).all()
    assert {"AVAL", "AVAR", "VC4"} <= set(by_id.nodes["group"])
    by_role = wg.result_circuit(worm_result, by="role")
    assert set(by_role.nodes["group"]) <= {"sensory", "inter", "motor", "pharynx", "other"}
    halves = wg.result_circuit(worm_result, by={i: i % 2 for i in range(302)})
    assert set(halves.nodes["group"]) == {"0", "1"}
    # However neurons are grouped, the same input arrives at the targets.
    for found in (by_id, by_role, halves):
        last = found.edges[found.edges["layer"] == 3]
        arriving = (last["flow"] * last["n_post"]).sum()
        whole = wg.result_circuit(worm_result).edges
        whole = whole[whole["layer"] == 3]
        assert arriving == pytest.approx((whole["flow"] * whole["n_post"]).sum())


def test_a_neuron_without_a_label_stands_for_itself() -> None:
    neurons = pd.DataFrame({"id": ["s", "a", "b"], "cell_type": ["S", None, "B"]})
    edges = pd.DataFrame({"pre": ["s", "a"], "post": ["a", "b"], "count": 1})
    wiring = wg.Connectome.from_edges(edges, neurons.assign(sign=1))
    network = wg.MultilayeredNetwork.from_connectome(wiring, "s", steps=2, device="cpu")
    stimulus = np.array([[1.0, 0]])
    found = wg.circuit(network, stimulus, network(stimulus), {1: "b"}, by="cell_type")
    assert found.nodes["group"].tolist() == ["S", "a", "B"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "flavour"}, ValueError, "by='flavour' is no column of this network's labels"),
        ({"by": {0: "a"}}, ValueError, "301 neurons have no group in by"),
        ({"targets": [1]}, TypeError, "targets is {layer: neurons} or a table, not list"),
        ({"targets": {7: "AVA"}}, ValueError, "at layer 7 is out of range: .* 3 layers"),
        ({"targets": {-4: "AVA"}}, ValueError, "at layer -1 is out of range"),
        ({"targets": {0: "AVZ"}}, ValueError, "AVZ"),
    ],
)
def test_bad_input(
    worm_result: wg.MaximisationResult,
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        wg.result_circuit(worm_result, **options)
