"""What may be set on a network is checked when it is made and each time it is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import wiregrad as wg

MakeChain = Callable[..., wg.MultilayeredNetwork]

BAD_SETTINGS = [
    ("num_layers", 0, r"num_layers is a whole number of steps, at least 1, not 0"),
    ("num_layers", -3, r"at least 1, not -3"),
    ("num_layers", 2.5, r"whole number of steps, at least 1, not 2\.5"),
    ("num_layers", True, r"whole number of steps, at least 1, not True"),
    ("num_layers", np.nan, r"whole number of steps, at least 1, not nan"),
    ("num_layers", np.inf, r"whole number of steps, at least 1, not inf"),
    ("num_layers", "4", r"whole number of steps, at least 1, not '4'"),
    ("num_layers", None, r"whole number of steps, at least 1, not None"),
    ("threshold", -0.01, r"threshold must be a finite number, at least 0, not -0\.01"),
    ("threshold", np.nan, r"threshold must be a finite number, at least 0, not nan"),
    ("threshold", np.inf, r"threshold must be a finite number, at least 0, not inf"),
    ("tanh_steepness", np.nan, r"tanh_steepness must be a finite number, not nan"),
    ("default_bias", -np.inf, r"default_bias must be a finite number, not -inf"),
    ("threshold", "a", r"threshold must be a finite number, at least 0, not 'a'"),
    ("threshold", None, r"threshold must be a finite number, at least 0, not None"),
    ("tanh_steepness", "5", r"tanh_steepness must be a finite number, not '5'"),
    ("signed_biases", None, r"signed_biases is True or False, not None"),
    ("divisive_rule", "mean", r"divisive_rule must be one of product, sum, not 'mean'"),
]
BAD_PARAMETERS = [
    ("slope", [1.0, 2.0], r"slope needs one entry for each of the 3 groups, not shape \(2,\)"),
    ("slope", [1.0, np.nan, 2.0], r"slope holds values that are NaN or infinite"),
    ("raw_biases", [[0.0] * 3], r"raw_biases needs one entry .* not shape \(1, 3\)"),
    ("raw_biases", [0.0, np.inf, 0.0], r"raw_biases holds values that are NaN or infinite"),
    ("raw_biases", [0.0, -0.1, 0.0], r"a bias is negative: .* pass signed_biases=True"),
    ("divisive_strength", [1.0, 2.0], r"each of the 1 presynaptic groups, not shape \(2,\)"),
    ("divisive_strength", [np.nan], r"divisive_strength holds values that are NaN or infinite"),
]


def settings_of(network: wg.MultilayeredNetwork) -> list[Any]:
    names = ("num_layers", "threshold", "tanh_steepness", "default_bias")
    return [getattr(network, name) for name in names]


@pytest.mark.parametrize(("name", "value", "message"), BAD_SETTINGS)
def test_decision_30_a_bad_setting_is_refused_by_the_constructor(
    make_chain: MakeChain, name: str, value: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_chain(**{name: value})


@pytest.mark.parametrize(("name", "value", "message"), BAD_SETTINGS)
def test_decision_30_a_bad_setting_is_refused_when_it_is_set(
    make_chain: MakeChain, name: str, value: Any, message: str
) -> None:
    network = make_chain()
    before = getattr(network, name)
    with pytest.raises(ValueError, match=message):
        setattr(network, name, value)
    assert getattr(network, name) == before


@pytest.mark.parametrize(("name", "values", "message"), BAD_PARAMETERS)
def test_decision_30_parameters_are_checked_when_set(
    make_chain: MakeChain, name: str, values: Any, message: str
) -> None:
    network = make_chain(grouped=True, divisive_normalization={"c": ["b"]})
    before = getattr(network, name)
    with pytest.raises(ValueError, match=message):
        setattr(network, name, nn.Parameter(torch.tensor(values)))
    assert getattr(network, name) is before


def test_decision_30_sensory_indices_are_checked_when_set(make_chain: MakeChain) -> None:
    network = make_chain()
    with pytest.raises(ValueError, match=r"sensory_indices are out of range: 7; .* 3 neurons"):
        network.sensory_indices = torch.tensor([7])
    network.sensory_indices = [2, 0]
    assert network.sensory_indices.tolist() == [2, 0]
    assert network(torch.ones(2, 2)).shape == (3, 2)
    assert network.state_dict()["sensory_indices"].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [("num_layers", 4), ("threshold", 0.4), ("tanh_steepness", 1.5), ("default_bias", 0.3)],
)
def test_the_next_forward_pass_uses_what_was_set(
    make_chain: MakeChain, name: str, value: float
) -> None:
    network, stimulus = make_chain(), torch.full((1, 4), 0.35)
    before = network(stimulus[:, :2])
    setattr(network, name, value)
    after = network(stimulus[:, : network.num_layers])
    assert not torch.equal(before, after)
    assert torch.equal(after, make_chain(**{name: value})(stimulus[:, : network.num_layers]))


@pytest.mark.parametrize("name", ["slope", "raw_biases"])
def test_the_next_forward_pass_uses_the_parameters_set(make_chain: MakeChain, name: str) -> None:
    network, stimulus = make_chain(grouped=True), torch.ones(1, 2)
    setattr(network, name, nn.Parameter(torch.tensor([1.0, 0.25, 0.5])))
    by_name = dict(zip("abc", [1.0, 0.25, 0.5], strict=True))
    option = {"slope": "slope_dict", "raw_biases": "bias_dict"}[name]
    assert torch.equal(network(stimulus), make_chain(grouped=True, **{option: by_name})(stimulus))


def test_signed_biases_may_be_set_negative(make_chain: MakeChain) -> None:
    network = make_chain(grouped=True, signed_biases=True)
    network.raw_biases = nn.Parameter(torch.tensor([0.0, -0.5, 0.0]))
    assert network.biases.tolist() == [0, -0.5, 0]


def test_numbers_of_numpy_and_torch_become_plain_ones(make_chain: MakeChain) -> None:
    network = make_chain(
        num_layers=np.int64(3),
        threshold=np.float32(0.5),
        tanh_steepness=torch.tensor(2.0),
        default_bias=1,
    )
    assert settings_of(network) == [3, 0.5, 2.0, 1.0]
    assert [type(value) for value in settings_of(network)] == [int, float, float, float]


@pytest.mark.parametrize(("available", "expected"), [(True, "cuda"), (False, "cpu")])
def test_decision_30_a_new_network_goes_to_cuda_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, make_chain: MakeChain, available: bool, expected: str
) -> None:
    devices = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(wg.MultilayeredNetwork, "to", lambda _, device: devices.append(device))
    make_chain(device=None)
    make_chain(device="meta")
    assert devices == [expected, "meta"]


@pytest.mark.parametrize("value", [3, "tanh", torch.ones(3)])
def test_decision_30_an_activation_function_can_be_called(
    make_chain: MakeChain, value: Any
) -> None:
    message = r"activation_function is f\(x\) or f\(model, x, x_previous\), not "
    with pytest.raises(ValueError, match=message):
        make_chain(activation_function=value)
    with pytest.raises(ValueError, match=message):
        make_chain().custom_activation_function = value


@pytest.mark.parametrize("value", [[5, 5, 5], [0, 1], [0.0, 1.0, 2.0], [-1, 0, 1]])
def test_decision_30_positions_of_groups_are_checked(make_chain: MakeChain, value: Any) -> None:
    network = make_chain(grouped=True)
    with pytest.raises(ValueError, match=r"indices holds the position .* 3 integers from 0 to 2"):
        network.indices = torch.tensor(value)
    network.indices = torch.tensor([0, 0, 2])


@pytest.mark.parametrize("name", ["idx_to_group", "divisive_normalization"])
def test_decision_30_what_parameters_follow_from_is_not_changed(
    make_chain: MakeChain, name: str
) -> None:
    network = make_chain(grouped=True)
    with pytest.raises(ValueError, match=f"{name} cannot be changed once a network is made"):
        setattr(network, name, {0: "a"})
    setattr(network, name, getattr(network, name))


@pytest.mark.parametrize("name", ["slope", "raw_biases"])
def test_decision_30_parameters_of_groups_are_not_taken_away(
    make_chain: MakeChain, name: str
) -> None:
    with pytest.raises(ValueError, match=f"{name} is a parameter with one entry for each of 3"):
        setattr(make_chain(grouped=True), name, None)
