"""The fused path against the plain steps and the dense oracle: values, gradients, bits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK, NetworkCase, make_case, network_cases, run
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

import wiregrad as wg
from wiregrad.network._fused import can_fuse, fused_response
from wiregrad.network._places import Grid, Places
from wiregrad.network._room import Room
from wiregrad.network._steps import unrolled_steps
from wiregrad.product import SparseMatrix
from wiregrad.product._ways import Ways

pytestmark = pytest.mark.kernel

UseThreads = Callable[[int], None]

# Shares of edges below which to push, and to pull: always or never.
PUSH, PULL, TILES = Ways(2.0, 2.0), Ways(-1.0, 2.0), Ways(-1.0, -1.0)
FUSED = {"rules": (None,)}


def fusable(case: NetworkCase, dtype: torch.dtype = torch.float64) -> wg.MultilayeredNetwork:
    """Make the case's network, with a threshold that the fused path takes."""
    network = case.network(dtype)
    network.threshold = network.threshold or 0.05
    assert can_fuse(network)
    return network


def answers(
    forward: Callable[[Tensor], Tensor], network: wg.MultilayeredNetwork, stimulus: Tensor
) -> list[Tensor]:
    """Return activations, and the gradients of a fixed weighting of them for all there is."""
    leaves = [stimulus.detach().clone().requires_grad_(), *network.parameters()]
    network.set_param_grads(slopes=True, raw_biases=True)
    activations = forward(leaves[0])
    weighting = torch.linspace(0.2, 1.0, activations.numel(), dtype=activations.dtype)
    loss = (activations * weighting.view(activations.shape)).sum()
    gradients = torch.autograd.grad(loss, leaves)
    network.set_param_grads()
    return [activations.detach(), *gradients]


def fused(network: wg.MultilayeredNetwork, leak: float) -> Callable[[Tensor], Tensor]:
    return lambda stimulus: fused_response(network, stimulus, leak, Places.none())[0]


def plain(network: wg.MultilayeredNetwork, leak: float) -> Callable[[Tensor], Tensor]:
    activate = partial(network.activation_function, leak=leak)
    return lambda stimulus: unrolled_steps(network, stimulus, leak, activate)


@QUICK
@given(case=network_cases(**FUSED, batches=st.integers(0, 4)), leak=st.sampled_from([0.0, 0.1]))
def test_equals_the_plain_steps(case: NetworkCase, leak: float) -> None:
    network, stimulus = fusable(case), torch.from_numpy(case.stimulus)
    ours = answers(fused(network, leak), network, stimulus)
    for one, other in zip(ours, answers(plain(network, leak), network, stimulus), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@QUICK
@given(case=network_cases(**FUSED))
def test_float32_equals_the_dense_oracle(case: NetworkCase) -> None:
    if not case.options["threshold"] or not case.clear_of_threshold():
        return
    output = fusable(case, torch.float32)(torch.from_numpy(case.stimulus).float())
    np.testing.assert_allclose(output.numpy(), case.oracle(), rtol=0, atol=3e-6)


@pytest.mark.compiled
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("leak", [0.0, 0.1])
@pytest.mark.parametrize("batch", [1, pytest.param(5, marks=pytest.mark.slow), 17])
def test_pushes_pulls_and_blocks_agree_bit_for_bit(
    fly_network: wg.MultilayeredNetwork,
    monkeypatch: pytest.MonkeyPatch,
    use_threads: UseThreads,
    dtype: torch.dtype,
    leak: float,
    batch: int,
) -> None:
    shape = (batch, len(fly_network.sensory_indices), fly_network.num_layers)
    stimulus = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    stimulus = torch.where(stimulus > 0.8, stimulus, 0).to(dtype)
    network = wg.MultilayeredNetwork(
        fly_network.all_weights.to(dtype), fly_network.sensory_indices, 5, device="cpu"
    )
    found = []
    for n_threads in (1, 2):
        use_threads(n_threads)
        for ways in (PUSH, PULL, TILES):
            monkeypatch.setattr(SparseMatrix, "ways", lambda *_, ways=ways: ways)
            for layouts in ({}, {"tiles_for": batch}, {"tiles_for": batch, "by_post": True}):
                network.weights.to(dtype)  # forget the layouts there are
                network.weights.ask_for(**layouts)
                found.append(answers(fused(network, leak), network, stimulus))
    assert found[0][1].any()
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            assert torch.equal(one, same)


@pytest.mark.parametrize("seed", [1, 4])
def test_gradcheck_and_gradgradcheck(seed: int) -> None:
    case = make_case(seed)
    assert case.clear_of_threshold(1e-4)
    network = case.network()
    network.set_param_grads(slopes=True, raw_biases=True)
    leaves = (torch.from_numpy(case.stimulus).requires_grad_(), *network.parameters())
    assert gradcheck(lambda *_: network(leaves[0]), leaves)
    assert gradgradcheck(lambda *_: network(leaves[0]), leaves)


@pytest.mark.compiled
@pytest.mark.parametrize("window", [None, 1, 2, 3, 9])
@pytest.mark.parametrize("leak", [0.0, 0.1])
@pytest.mark.parametrize("batch", [1, 3])
def test_windows_of_steps_change_no_bit(
    fly_network: wg.MultilayeredNetwork, window: int | None, leak: float, batch: int
) -> None:
    """Checkpointed equals plain."""
    shape = (batch, len(fly_network.sensory_indices), fly_network.num_layers)
    stimulus = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    places = Grid(np.array([0, 1, 3, 4]), np.array([0, 5, 7000, 40_000]), batch)
    found = []
    for size in (None, window):
        x = stimulus.clone().requires_grad_()
        _, read, total, square = fused_response(
            fly_network, x, leak, places, Room(), True, window=size
        )
        (gradient,) = torch.autograd.grad((read.sum() + total.sum() + square.sum()), x)
        with torch.no_grad():
            _, again, *_ = fused_response(fly_network, x, leak, places, Room())
        assert torch.equal(read, again)
        found.append([read, total, square, gradient])
    assert found[0][3].any()
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


@QUICK
@given(case=network_cases(**FUSED), window=st.integers(1, 5), leak=st.sampled_from([0.0, 0.1]))
def test_windows_carry_the_gradients_of_parameters(
    case: NetworkCase, window: int, leak: float
) -> None:
    network, stimulus = fusable(case), torch.from_numpy(case.stimulus)
    shape = (stimulus.shape[2], network.n_neurons, len(stimulus))
    places = Grid(np.arange(shape[0]), np.arange(shape[1]), shape[2])

    def windowed(x: Tensor) -> Tensor:
        _, read, *_ = fused_response(network, x, leak, places, Room(), window=window)
        return read.view(shape).permute(2, 1, 0)

    ours = answers(windowed, network, stimulus)
    for one, other in zip(ours, answers(plain(network, leak), network, stimulus), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_one_room_serves_many_passes() -> None:
    case = make_case(3, n_neurons=30, steps=4, batch=3)
    network = fusable(case)
    place = Places(np.array([0, 2, 3]), np.array([4, 9, 9]), np.array([0, 2, 1]))
    room = Room()
    for scale in (1.0, 0.3, 0.7):
        stimulus = (torch.from_numpy(case.stimulus) * scale).requires_grad_()
        states, read, size, square = fused_response(network, stimulus, 0.1, place, room, True)
        (ours,) = torch.autograd.grad(2 * read.sum() + (size * square).sum(), stimulus)
        dense = plain(network, 0.1)(stimulus)
        assert not states.numel()
        expected = dense[place.batch, place.neuron, place.layer]
        torch.testing.assert_close(read, expected)
        torch.testing.assert_close(size, dense.abs().sum(dim=(1, 2)))
        torch.testing.assert_close(square, dense.square().sum(dim=(1, 2)))
        loss = 2 * expected.sum() + (size.detach() * dense.square().sum(dim=(1, 2))).sum()
        loss = loss + (square.detach() * dense.abs().sum(dim=(1, 2))).sum()
        (theirs,) = torch.autograd.grad(loss, stimulus)
        torch.testing.assert_close(ours, theirs)


def test_activations_changed_in_place_give_an_error_and_no_wrong_gradient() -> None:
    case = make_case(1)
    network = fusable(case)
    stimulus = torch.from_numpy(case.stimulus).requires_grad_()
    activations = network(stimulus)
    loss = activations.square().sum()
    activations.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("weight", [0.5, 0.0, -0.5])
@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_one_neuron_alone(weight: float, leak: float) -> None:
    network = wg.MultilayeredNetwork(
        torch.tensor([[weight]], dtype=torch.float64), [0], 4, device="cpu"
    )
    stimulus = torch.tensor([[[0.9, 0.0, 1.0, 0.3]]], dtype=torch.float64)
    ours = answers(fused(network, leak), network, stimulus)
    for one, other in zip(ours, answers(plain(network, leak), network, stimulus), strict=True):
        torch.testing.assert_close(one, other)


def test_a_hub_self_loops_and_no_edges(worm: wg.Connectome) -> None:
    """Everything to and from one neuron; then nothing at all."""
    weights = np.zeros((50, 50))
    weights[0, :], weights[:, 0] = 0.05, 0.4
    for matrix in (weights, np.eye(50) * 0.3, np.zeros((50, 50))):
        network = wg.MultilayeredNetwork(torch.from_numpy(matrix), range(10), 5, device="cpu")
        stimulus = torch.rand(2, 10, 5, dtype=torch.float64)
        ours = answers(fused(network, 0.1), network, stimulus)
        for one, other in zip(ours, answers(plain(network, 0.1), network, stimulus), strict=True):
            torch.testing.assert_close(one, other)


def test_what_the_fused_path_does_not_take() -> None:
    case = make_case(1)
    assert can_fuse(case.network())
    assert can_fuse(case.network(torch.float32))
    network = case.network()
    network.threshold = 0
    assert not can_fuse(network)
    assert not can_fuse(make_case(1, divisive_rule="product").network())
    weights = torch.eye(2)
    custom = wg.MultilayeredNetwork(weights, [0], device="cpu", activation_function=torch.tanh)
    assert not can_fuse(custom)


@pytest.mark.compiled
def test_a_gradient_is_the_same_from_run_to_run(fly_network: wg.MultilayeredNetwork) -> None:
    stimulus = torch.rand(2, len(fly_network.sensory_indices), 5)
    first, second = run(fly_network, stimulus), run(fly_network, stimulus)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
