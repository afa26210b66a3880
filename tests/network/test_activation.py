"""Custom activation functions: which arguments they are given, and what they must return."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import wiregrad as wg
from wiregrad.network._activation import call_custom, takes_network

MakeChain = Callable[..., wg.MultilayeredNetwork]


def of_network(model: nn.Module, x: Tensor, x_previous: Tensor) -> Tensor:
    return model.tanh_steepness * x + x_previous


class Neuron:
    """A callable object, and bound methods, of either arity."""

    def __call__(self, x: Tensor) -> Tensor:
        return 2 * x

    def of_network(self, model: nn.Module, x: Tensor, x_previous: Tensor) -> Tensor:
        return 2 * x


ONE_ARGUMENT = {
    "lambda": lambda x: 2 * x,
    "with an option": lambda x, scale=2: scale * x,
    "with two options": lambda x, scale=2, shift=0: scale * x + shift,
    "of anything": lambda *x: 2 * x[0],
    "object": Neuron(),
    "partial": functools.partial(torch.mul, torch.tensor(2.0)),
    "without a signature": torch.positive,
    "module": nn.ReLU(),
}
THREE_ARGUMENTS = {
    "function": of_network,
    "with an option": lambda model, x, x_previous, scale=2: scale * x,
    "with a keyword": lambda model, x, x_previous, *, scale=2: scale * x,
    "method": Neuron().of_network,
    "partial": functools.partial(lambda scale, model, x, x_previous: scale * x, 2),
}


@pytest.mark.parametrize("function", ONE_ARGUMENT.values(), ids=ONE_ARGUMENT)
def test_decision_09_a_function_of_x(
    make_chain: MakeChain, function: Callable[..., Tensor]
) -> None:
    assert not takes_network(function)
    x = torch.tensor([[1.0], [2.0], [3.0]])
    network = make_chain(activation_function=function)
    assert torch.equal(network.activation_function(x, -x), function(x))


@pytest.mark.parametrize("function", THREE_ARGUMENTS.values(), ids=THREE_ARGUMENTS)
def test_decision_09_a_function_of_network_x_and_x_previous(
    make_chain: MakeChain, function: Callable[..., Tensor]
) -> None:
    assert takes_network(function)
    x = torch.tensor([[1.0], [2.0], [3.0]])
    network = make_chain(activation_function=function)
    assert torch.equal(network.activation_function(x, -x), function(network, x, -x))


def test_it_is_given_neurons_by_batch(make_chain: MakeChain) -> None:
    shapes = []
    network = make_chain(activation_function=lambda x: shapes.append(tuple(x.shape)) or x)
    network(torch.ones(5, 1, 2))
    assert shapes == [(3, 5), (3, 5)]


def test_it_replaces_bias_slope_threshold_and_division(make_chain: MakeChain) -> None:
    network = make_chain(
        activation_function=lambda x: x,
        grouped=True,
        default_bias=0.5,
        threshold=0.2,
        divisive_normalization={"c": ["b"]},
    )
    output = network(torch.tensor([[0.3, 0.0]]))
    np.testing.assert_allclose(output[:, 0], [0, 0.15, 0])


def test_only_the_last_state_may_exceed_1(make_chain: MakeChain) -> None:
    network = make_chain(activation_function=lambda x: 10 * x)
    assert network(torch.ones(1, 2)).tolist() == [[1, 0], [1, 5], [0, 2.5]]


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda x: x[0], r"\(1,\)"),
        (lambda x: x.T, r"\(1, 3\)"),
        (lambda x: x.numpy(), "ndarray"),
        (lambda x: None, "NoneType"),
    ],
)
def test_what_it_returns_must_have_the_shape_of_x(function: Callable[..., Any], got: str) -> None:
    x = torch.ones(3, 1)
    message = rf"returned {got}: it must return .* \(neurons, batch\) = \(3, 1\)"
    with pytest.raises(ValueError, match=message):
        call_custom(function, nn.Identity(), x, x)
