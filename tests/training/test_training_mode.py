"""Which parameters record gradients."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from gradient_cases import make_chain

import wiregrad as wg
from wiregrad.training._training_mode import parameters_to_train

EIGHT = list(itertools.product([True, False], repeat=3))
PARAMETERS = ("slope", "raw_biases", "divisive_strength")


@pytest.fixture
def divisive() -> wg.MultilayeredNetwork:
    """A network that has all three kinds of parameters."""
    weights = np.array([[0, 0, 0], [0.5, 0, -0.5], [0, 0, 0]])
    return wg.MultilayeredNetwork(
        weights,
        [0, 2],
        idx_to_group=dict(enumerate("abc")),
        divisive_normalization={"c": ["b"]},
        device="cpu",
    )


def recording(network: wg.MultilayeredNetwork) -> tuple[bool, ...]:
    return tuple(getattr(network, name).requires_grad for name in PARAMETERS)


@pytest.mark.parametrize("asked", EIGHT)
def test_those_asked_for_record_gradients_inside(
    divisive: wg.MultilayeredNetwork, asked: tuple[bool, bool, bool]
) -> None:
    with wg.training_mode(divisive, *asked) as same:
        assert same is divisive
        assert recording(divisive) == asked
    assert recording(divisive) == (False, False, False)


@pytest.mark.parametrize("before", EIGHT)
def test_decision_22_requires_grad_is_put_back(
    divisive: wg.MultilayeredNetwork, before: tuple[bool, bool, bool]
) -> None:
    divisive.set_param_grads(*before)
    with wg.training_mode(divisive, train_biases=False):
        assert recording(divisive) == (True, False, True)
    assert recording(divisive) == before


def test_decision_22_requires_grad_is_put_back_after_an_exception(
    divisive: wg.MultilayeredNetwork,
) -> None:
    divisive.set_param_grads(raw_biases=True)
    with pytest.raises(KeyError), wg.training_mode(divisive):
        raise KeyError
    assert recording(divisive) == (False, True, False)


def test_parameters_that_do_not_exist_are_passed_over() -> None:
    for network in (make_chain(), make_chain(idx_to_group=dict(enumerate("abc")))):
        with wg.training_mode(network):
            assert all(parameter.requires_grad for parameter in network.parameters())
        assert not any(parameter.requires_grad for parameter in network.parameters())


def test_the_parameters_to_train_have_names(divisive: wg.MultilayeredNetwork) -> None:
    assert list(parameters_to_train(divisive, True, True, True)) == list(PARAMETERS)
    assert list(parameters_to_train(divisive, False, True, False)) == ["raw_biases"]


def test_decision_21_nothing_to_train_is_an_error_that_says_what_to_pass(
    divisive: wg.MultilayeredNetwork,
) -> None:
    with pytest.raises(ValueError, match=r"nothing to train: .*no groups; pass idx_to_group"):
        parameters_to_train(make_chain(), True, True, True)
    with pytest.raises(ValueError, match=r"train_biases or train_divisive_strength to True"):
        parameters_to_train(divisive, False, False, False)
    grouped = make_chain(idx_to_group=dict(enumerate("abc")))
    with pytest.raises(ValueError, match=r"set train_slopes or train_biases to True"):
        parameters_to_train(grouped, False, False, True)
