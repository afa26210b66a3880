"""The unrolled network: time, the oracle, gradients, and batches that agree bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from network_cases import (
    QUICK,
    NetworkCase,
    inhibitory_pairs,
    make_case,
    network_cases,
    run,
    sparse_oracle,
)
from torch.autograd import gradcheck

import wiregrad as wg
from wiregrad.network._unroll import unroll
from wiregrad.product import PARALLEL_FROM

MakeChain = Callable[..., wg.MultilayeredNetwork]
UseThreads = Callable[[int], None]

RULES = [None, "product", "sum"]
GRADCHECK_SEEDS = [1, 2, 4]


# Time, worked by hand on the chain 0 -> 1 -> 2 with 2 -| 1.


def test_a_state_is_the_activity_after_one_more_step(make_chain: MakeChain) -> None:
    first = np.tanh(5 * 0.5 * 0.8)
    second = np.tanh(5 * 0.25 * first)
    output = make_chain(num_layers=3)(torch.tensor([[0.8, 0.0, 0.0]]))
    np.testing.assert_allclose(output[:, 0], [0, first, 0], rtol=1e-6)
    np.testing.assert_allclose(output[:, 1], [0, 0, second], rtol=1e-6)
    assert output[:, 2].tolist() == [0, 0, 0], "neuron 2 inhibits neuron 1 below the threshold"


def test_later_columns_join_the_sensory_neurons_one_state_earlier(make_chain: MakeChain) -> None:
    output = make_chain(num_layers=3)(torch.tensor([[0.0, 0.25, 0.5]]))
    assert output[0].tolist() == [0.25, 0.5, 0], "the last state holds no input"


def test_input_is_silent_below_the_threshold_and_capped_at_1(make_chain: MakeChain) -> None:
    network = make_chain(num_layers=5, threshold=0.25)
    output = network(torch.tensor([[0.0, 0.2, 0.25, 7.0, -1.0]]))
    assert output[0].tolist() == [0, 0.25, 1, 0, 0]


def test_activity_and_input_together_are_capped_at_1() -> None:
    loop = wg.MultilayeredNetwork(np.array([[0.2]]), [0], 3, device="cpu")
    stimulus = torch.full((1, 3), 0.5, requires_grad=True)
    output = loop(stimulus)
    np.testing.assert_allclose(output[0, 0].item(), 0.5 + np.tanh(0.5), rtol=1e-6)
    assert output[0, 1] == 1
    output[0, 1].backward()
    assert stimulus.grad.tolist() == [[0, 0, 0]], "above the cap there is no slope"


def test_the_threshold_is_on_the_drive_with_its_bias(make_chain: MakeChain) -> None:
    for threshold, active in ((0.35, True), (0.36, False)):
        network = make_chain(threshold=threshold, default_bias=0.1, tanh_steepness=1)
        drive = network(torch.tensor([[0.5, 0.0]], dtype=torch.float64))[1, 0]
        assert drive == pytest.approx(np.tanh(0.5 * 0.5 + 0.1) if active else 0)


# The oracle.


@QUICK
@given(case=network_cases())
def test_sparse_equals_dense(case: NetworkCase) -> None:
    output = case.network()(case.stimulus).detach().numpy()
    np.testing.assert_allclose(output, case.oracle(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "shape",
    [
        {"n_neurons": 1, "density": 1.0},
        {"n_neurons": 1, "density": 0.0},
        {"density": 0.0},
        {"density": 1.0, "n_neurons": 20},
        {"activity": "silent"},
        {"activity": "active", "threshold": 0.0},
        {"steps": 1},
        {"steps": 12},
    ],
    ids=str,
)
def test_sparse_equals_dense_at_the_edges(shape: dict[str, Any], rule: str | None) -> None:
    case = make_case(3, divisive_rule=rule, **shape)
    output = case.network()(case.stimulus).detach().numpy()
    np.testing.assert_allclose(output, case.oracle(), rtol=0, atol=1e-12)


def test_the_edge_cases_are_what_they_are_called() -> None:
    silent = make_case(3, activity="silent")
    resting = np.ones(len(silent.weights), dtype=bool)
    resting[silent.sensory] = False
    assert resting.any()
    assert (silent.oracle()[:, resting] == 0).all()
    assert (make_case(3, activity="active", threshold=0.0).oracle() > 0).all()
    isolated = make_case(3, n_neurons=20, density=1.0).weights
    assert ((isolated == 0).all(axis=0) & (isolated == 0).all(axis=1)).any()
    assert np.diag(isolated).any()


def test_the_worm_equals_the_dense_oracle(worm: wg.Connectome) -> None:
    weights = worm.weights().matrix
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 4, device="cpu")
    stimulus = np.random.default_rng(0).uniform(0, 1, (83, 4))
    expected = wg.reference_forward(weights.toarray(), worm.select("role=sensory"), stimulus)
    output = network.double()(stimulus).detach().numpy()
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-12)
    assert np.count_nonzero(expected[:, -1]) > 50


def test_the_oracles_agree(worm: wg.Connectome) -> None:
    weights, sensory = worm.weights().matrix, worm.select("role=sensory")
    stimulus = np.random.default_rng(1).uniform(0, 1, (83, 4))
    dense = wg.reference_forward(weights.toarray(), sensory, stimulus)
    np.testing.assert_allclose(sparse_oracle(weights, sensory, stimulus), dense, atol=1e-12)


def test_the_fly_column_equals_the_oracle(
    fly_column: wg.Connectome, fly_network: wg.MultilayeredNetwork
) -> None:
    """In float32: no drive comes so near to the threshold that rounding could switch a neuron."""
    weights, sensory = fly_column.weights().matrix, fly_column.select("role=input")
    stimulus = np.random.default_rng(0).uniform(0, 1, (len(sensory), 5)).astype(np.float32)
    expected = sparse_oracle(weights, sensory, stimulus)
    nearly = sparse_oracle(weights, sensory, stimulus, threshold=0.01 + 1e-7)
    output = fly_network(stimulus).detach().numpy()
    switched = (expected > 0) != (nearly > 0)
    assert not switched.any()
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-5)


def test_the_fly_column_in_float64_equals_the_oracle(fly_column: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(fly_column, "role=input", 5, device="cpu")
    weights, sensory = fly_column.weights().matrix, fly_column.select("role=input")
    stimulus = np.random.default_rng(0).uniform(0, 1, (len(sensory), 5))
    expected = sparse_oracle(weights, sensory, stimulus)
    output = network.double()(stimulus).detach().numpy()
    np.testing.assert_allclose(output, expected, rtol=0, atol=1e-12)
    assert (expected[:, -1] > 0).mean() > 0.1


# Gradients.


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", GRADCHECK_SEEDS)
def test_gradcheck_of_stimulus_slopes_biases_and_strengths(seed: int, rule: str | None) -> None:
    case = make_case(seed, divisive_rule=rule)
    assert case.clear_of_threshold(1e-4)
    network = case.network()
    network.set_param_grads(slopes=True, raw_biases=True, divisive_strength=True)
    stimulus = torch.from_numpy(case.stimulus).requires_grad_()
    leaves = (stimulus, *network.parameters())
    assert len(leaves) == (3 if rule is None else 4)
    assert gradcheck(lambda *_: network(stimulus), leaves)
    gradients = torch.autograd.grad(network(stimulus).sum(), leaves)
    assert all(gradient.abs().max() > 1e-3 for gradient in gradients)


def test_gradcheck_with_divisive_factors_of_zero() -> None:
    case = make_case(1, divisive_rule="product", density=0.8)
    case.options["divisive_strength"] = dict.fromkeys(case.options["divisive_normalization"], 40.0)
    assert case.clear_of_threshold(1e-4)
    network = case.network()
    network.set_param_grads(slopes=True, divisive_strength=True)
    stimulus = torch.from_numpy(case.stimulus).requires_grad_()
    slopes = network.divnorm(network.slope[network.indices], network(stimulus)[0, :, :1])
    assert (slopes == 0).any()
    assert gradcheck(lambda *_: network(stimulus), (stimulus, network.slope))


@pytest.mark.parametrize("leak", [0.1, 1.0])
def test_a_leak_changes_gradients_but_no_activation(make_chain: MakeChain, leak: float) -> None:
    network = make_chain(num_layers=2, threshold=0.3)
    stimulus = torch.full((1, 1, 2), 0.2, requires_grad=True)  # silent: nothing passes the gate
    output = unroll(network, stimulus, leak)
    assert not output.any()
    assert not unroll(network, stimulus).any()
    (gradient,) = torch.autograd.grad(output[0, 1, 0], stimulus)
    assert gradient[0, 0, 0].item() == pytest.approx(leak * leak * 5 * 0.5)
    (true_gradient,) = torch.autograd.grad(unroll(network, stimulus)[0, 1, 0], stimulus)
    assert not true_gradient.any()


# Batches.


def assert_members_equal_singles(
    whole: tuple[torch.Tensor, torch.Tensor], singles: list[tuple[torch.Tensor, torch.Tensor]]
) -> None:
    for of_batch, alone in zip(whole, zip(*singles, strict=True), strict=True):
        assert torch.equal(of_batch, torch.cat(alone))


@QUICK
@given(case=network_cases(batches=st.integers(1, 33), max_neurons=30))
def test_batch_equals_single_bit_for_bit(case: NetworkCase) -> None:
    network = case.network(torch.float32)
    stimulus = torch.from_numpy(case.stimulus).float()
    singles = [run(network, member[None]) for member in stimulus]
    assert_members_equal_singles(run(network, stimulus), singles)


@pytest.fixture(params=RULES, ids=["plain", "product", "sum"], scope="module")
def signed_worm(worm: wg.Connectome, request: pytest.FixtureRequest) -> wg.MultilayeredNetwork:
    """The worm with all its connections, without and with divisive normalisation."""
    options = {}
    if request.param:
        pairs = inhibitory_pairs(worm)
        options = {"divisive_normalization": pairs, "divisive_rule": request.param}
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 4, unknown_sign=-1, device="cpu", **options
    )
    assert bool(request.param) == hasattr(network, "divnorm_weights")
    return network


@pytest.fixture(scope="module")
def alone(
    signed_worm: wg.MultilayeredNetwork,
) -> tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]]:
    """33 stimuli of the worm, and what comes of each one by itself."""
    stimulus = torch.rand(33, 83, 4, generator=torch.Generator().manual_seed(0))
    return stimulus, [run(signed_worm, member[None]) for member in stimulus]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_every_batch_size_equals_single_bit_for_bit(
    signed_worm: wg.MultilayeredNetwork,
    alone: tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]],
    use_threads: UseThreads,
    n_threads: int,
) -> None:
    use_threads(n_threads)
    stimulus, singles = alone
    for size in range(1, 34):
        assert_members_equal_singles(run(signed_worm, stimulus[:size]), singles[:size])
    edges = len(signed_worm.weights.values)
    assert edges < PARALLEL_FROM, "one stimulus takes the serial kernel"


def test_batch_equals_single_on_a_problem_of_many_threads(
    fly_network: wg.MultilayeredNetwork, use_threads: UseThreads
) -> None:
    assert len(fly_network.weights.values) > PARALLEL_FROM
    shape = (5, len(fly_network.sensory_indices), fly_network.num_layers)
    stimulus = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    use_threads(1)
    singles = [run(fly_network, member[None]) for member in stimulus]
    assert singles[0][1].any()
    for n_threads in (1, 2):
        use_threads(n_threads)
        for size in (1, 2, 5):
            assert_members_equal_singles(run(fly_network, stimulus[:size]), singles[:size])


def test_members_are_not_equal_by_accident(
    alone: tuple[torch.Tensor, list[tuple[torch.Tensor, torch.Tensor]]],
) -> None:
    _, singles = alone
    assert not torch.equal(singles[0][0], singles[1][0])
    assert not torch.equal(singles[0][1], singles[1][1])


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_batch_gives_an_empty_answer(rule: str | None) -> None:
    case = make_case(1, divisive_rule=rule)
    output = case.network()(case.stimulus[:0])
    assert output.shape == (0, len(case.weights), case.stimulus.shape[-1])
