"""Shortest walks, against powers of the connection matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from network_cases import QUICK, NetworkCase, make_case, network_cases

import wiregrad as wg
from wiregrad.network import NO_WALK, driven_states, shortest_walks

pytestmark = pytest.mark.kernel

MakeChain = Callable[..., wg.MultilayeredNetwork]


def walks_by_powers(weights: np.ndarray, sensory: list[int]) -> list[int]:
    """Find the first power of the boolean matrix in which a neuron is met from the inputs."""
    connected = (weights != 0).astype(np.float32)
    power, shortest = np.eye(len(weights), dtype=np.float32), np.full(len(weights), NO_WALK)
    for length in range(1, len(weights) + 1):
        power = (connected @ power > 0).astype(np.float32)
        shortest[(power[:, sensory] > 0).any(axis=1) & (shortest == NO_WALK)] = length
    return shortest.tolist()


def excited_only(case: NetworkCase) -> wg.MultilayeredNetwork:
    """Make the network of a case with excitation only and no threshold."""
    case.options.update(threshold=0.0, default_bias=0.0, idx_to_group=None)
    case.options.update(slope_dict=None, bias_dict=None)
    return NetworkCase(np.abs(case.weights), case.sensory, case.stimulus, case.options).network()


@QUICK
@given(case=network_cases())
def test_equal_the_first_power_of_the_connections_that_holds_them(case: NetworkCase) -> None:
    assert shortest_walks(case.network()).tolist() == walks_by_powers(case.weights, case.sensory)


@QUICK
@given(case=network_cases(rules=(None,)))
def test_a_neuron_can_be_driven_if_its_walk_is_no_longer_than_the_steps(case: NetworkCase) -> None:
    """With excitation only and no threshold, everything that can be driven is."""
    network = excited_only(case)
    steps = network.num_layers
    driven = network(torch.ones(len(case.sensory), steps)) > 0
    walks = torch.from_numpy(shortest_walks(network)).unsqueeze(1)
    expected = (walks != NO_WALK) & (walks <= torch.arange(1, steps + 1))
    expected[case.sensory, : steps - 1] = True  # driven directly, before the last step
    assert torch.equal(driven, expected)


def test_a_sensory_neuron_has_a_walk_only_if_one_leads_back(make_chain: MakeChain) -> None:
    assert shortest_walks(make_chain()).tolist() == [NO_WALK, 1, 2]
    back = np.array([[0, 0, 0.1], [0.1, 0, 0], [0, 0.1, 0]])  # a ring
    assert shortest_walks(make_chain(all_weights=back)).tolist() == [3, 1, 2]
    itself = np.diag([0.1, 0.0, 0.0])
    assert shortest_walks(make_chain(all_weights=itself)).tolist() == [1, NO_WALK, NO_WALK]


def test_walks_are_long_where_the_network_is() -> None:
    n_neurons = 400
    chain = wg.MultilayeredNetwork(np.eye(n_neurons, k=-1), [0], device="cpu")
    assert shortest_walks(chain)[1:].tolist() == list(range(1, n_neurons))


@pytest.mark.parametrize("rule", [None, "product"])
def test_connections_of_weight_zero_do_not_count(rule: str | None) -> None:
    network = make_case(1, divisive_rule=rule).network()
    assert (shortest_walks(network) != NO_WALK).any()
    for name, tensor in network.state_dict().items():
        if name in ("weights.values", "divnorm_weights"):
            tensor.zero_()
    assert (shortest_walks(network) == NO_WALK).all()


def test_the_worm_is_small(worm_network: wg.MultilayeredNetwork, worm: wg.Connectome) -> None:
    walks = shortest_walks(worm_network)
    matrix = worm.weights().matrix.toarray()
    assert walks.tolist() == walks_by_powers(matrix, worm.select("role=sensory").tolist())
    assert walks[worm.select("AVA")].tolist() == [1, 1]


@QUICK
@given(case=network_cases(rules=(None,)))
def test_driven_states_are_those_that_respond_without_threshold(case: NetworkCase) -> None:
    """With excitation only and no threshold, everything that can be driven is: step by step."""
    network = excited_only(case)
    for step in range(network.num_layers):
        stimulus = torch.zeros(len(case.sensory), network.num_layers)
        stimulus[:, step] = 1
        driven = (network(stimulus) > 0).numpy()
        np.testing.assert_array_equal(driven_states(network, [step]), driven)


def test_all_steps_together_drive_what_each_does(make_chain: MakeChain) -> None:
    network = make_chain(num_layers=4)
    single = [driven_states(network, [step]) for step in range(4)]
    np.testing.assert_array_equal(driven_states(network, range(4)), np.any(single, axis=0))
    assert not driven_states(network, []).any()


def test_a_state_that_is_remembered_stays_driven(make_chain: MakeChain) -> None:
    network = make_chain(num_layers=3, activation_function=lambda _, x, h: torch.tanh(x) + h)
    expected = [[True, True, True], [True, True, True], [False, True, True]]
    assert driven_states(network, [0]).tolist() == expected
