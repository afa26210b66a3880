"""Attributions put to the test: what ablating a source does, against a slow network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from attribution_cases import attribute, dense, slow_states
from gradient_cases import make_chain, make_random

import wiregrad as wg

TARGET = 4


def drawn(network: wg.MultilayeredNetwork, batch: int = 2) -> torch.Tensor:
    shape = batch, len(network.sensory_indices), network.num_layers
    return torch.from_numpy(np.random.default_rng(0).uniform(0, 1, shape)).to(network.dtype)


def response(states: np.ndarray) -> float:
    return float(states[TARGET, -1])


@pytest.mark.parametrize("method", ["integrated_gradients", "input_x_gradient", "gradient"])
def test_an_input_is_switched_off(method: str) -> None:
    network = make_random().double()
    x = drawn(network)
    found = attribute(network, x, {-1: [TARGET]}, method=method, verify=4, n_steps=20)
    assert found.verified["chosen"].tolist() == (["top"] * 4 + ["random"] * 4) * 2
    rows = network.sensory_indices.tolist()
    for row in found.verified.itertuples():
        step, neuron = found.sources.loc[row.source, ["step", "neuron"]]
        less = x[row.batch].numpy().copy()
        less[rows.index(neuron), step] = 0
        expected = response(slow_states(network, x[row.batch])) - response(
            slow_states(network, less)
        )
        assert row.measured == pytest.approx(expected, abs=1e-10)
        assert row.activity == pytest.approx(float(x[row.batch][rows.index(neuron), step]))


def test_an_input_is_set_to_the_baseline_where_there_is_one() -> None:
    network = make_random().double()
    x, base = drawn(network, 1)[0], torch.full((8, 3), 0.3, dtype=torch.float64)
    found = attribute(network, x, {-1: [TARGET]}, baseline=base, verify=3, n_steps=20)
    for row in found.verified.itertuples():
        less = x.flatten().clone()
        less[row.source] = 0.3
        expected = response(slow_states(network, x)) - response(
            slow_states(network, less.view(8, 3))
        )
        assert row.measured == pytest.approx(expected, abs=1e-10)


def test_a_neuron_is_held_at_0_at_its_step() -> None:
    network = make_random().double()
    x = drawn(network)
    found = attribute(
        network, x, {-1: [TARGET], 0: [1]}, sources="neurons", method="input_x_gradient", verify=5
    )
    for row in found.verified.itertuples():
        place = tuple(found.sources.loc[row.source, ["layer", "neuron"]].tolist())
        assert place not in {(2, TARGET), (0, 1)}  # no target itself
        whole, less = (slow_states(network, x[row.batch], held=held) for held in ({}, {place: 0.0}))
        expected = response(whole) + whole[1, 0] - response(less) - less[1, 0]
        assert row.measured == pytest.approx(expected, abs=1e-10)
        assert row.activity == pytest.approx(whole[place[1], place[0]])


def test_a_synapse_is_taken_out_at_all_steps() -> None:
    network = make_random().double()
    x = drawn(network)
    found = attribute(network, x, {-1: [TARGET]}, sources="synapses", verify=4, n_steps=20)
    for row in found.verified.itertuples():
        pre, post = found.sources.loc[row.source, ["pre", "post"]]
        less = dense(network)
        less[post, pre] = 0
        expected = response(slow_states(network, x[row.batch])) - response(
            slow_states(network, x[row.batch], weights=less)
        )
        assert row.measured == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("sources", ["stimulus", "neurons", "synapses"])
def test_a_group_goes_together(worm: wg.Connectome, sources: str) -> None:
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 3, group_by="cell_type", device="cpu"
    ).double()
    x = np.random.default_rng(0).random((83, 3))
    found = attribute(
        network,
        x,
        {2: "AVB"},
        sources=sources,
        method="input_x_gradient",
        group_by="cell_type",
        verify=2,
    )
    target = found.network.find("AVB")
    groups = worm.group_labels().to_numpy()
    # This network has groups, but all share slope and bias: the slow one holds for it.
    whole = slow_states(network, x)[target, 2].sum()
    for row in found.verified.itertuples():
        source = found.sources.loc[row.source]
        stimulus, weights, held = x.copy(), dense(network), {}
        if sources == "stimulus":
            members = groups[network.sensory_indices.numpy()] == source["group"]
            stimulus[members, source["step"]] = 0
        elif sources == "neurons":
            members = np.flatnonzero(groups == source["group"])
            held = {(int(source["layer"]), int(i)): 0.0 for i in members}
        else:
            post, pre = groups == source["post_group"], groups == source["pre_group"]
            weights[np.ix_(post, pre)] = 0
        less = slow_states(network, stimulus, weights=weights, held=held)[target, 2].sum()
        assert row.measured == pytest.approx(whole - less, abs=1e-9)


def test_random_sources_are_others_and_about_as_active() -> None:
    network = make_random(n_neurons=60, n_sensory=40).double()
    x = drawn(network, 1)[0]
    found = attribute(network, x, {-1: [TARGET]}, method="gradient", verify=10)
    by = dict(list(found.verified.groupby("chosen")))
    assert not set(by["top"]["source"]) & set(by["random"]["source"])
    assert found.verified["source"].is_unique
    assert found.verified["rank"].tolist() == [*range(10), *range(10)]
    distance = np.abs(by["top"]["activity"].to_numpy() - by["random"]["activity"].to_numpy())
    assert distance.max() < 0.25  # ten nearest of 110, in [0, 1]
    strengths = np.abs(found.values[0])[by["top"]["source"]]
    assert (np.diff(strengths) <= 0).all()
    others = attribute(network, x, {-1: [TARGET]}, method="gradient", verify=10, seed=1).verified
    assert others["source"].tolist()[:10] == by["top"]["source"].tolist()
    assert others["source"].tolist()[10:] != by["random"]["source"].tolist()


def test_the_change_that_slopes_stand_for_is_beside_the_slope() -> None:
    network = make_random().double()
    found = attribute(network, drawn(network), {-1: [TARGET]}, method="gradient", verify=3)
    table = found.verified
    np.testing.assert_allclose(table["attributed"], table["attribution"] * table["activity"])


def test_there_are_no_more_than_there_are() -> None:
    x: Any = np.array([[1.0, 0.0]])
    found = attribute(make_chain(), x, {1: [2]}, verify=5)
    assert found.verified["source"].tolist() == [0]  # the other input is off
    none = attribute(make_chain(), x, {1: [2]})
    assert none.verified.dtypes.astype(str).to_dict() == found.verified.dtypes.astype(str).to_dict()
    assert not len(none.verified)
