"""Groups of neurons, and the parameters that they share."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg
from wiregrad.network._groups import Groups, group_values, read_groups

MakeChain = Callable[..., wg.MultilayeredNetwork]


@pytest.fixture
def groups() -> Groups:
    return read_groups({0: "Tm2", 1: "Mi1", 2: "Tm2", 3: "T4a"}, 4)


def test_names_are_sorted_and_every_neuron_has_its_position(groups: Groups) -> None:
    assert groups.names == ["Mi1", "T4a", "Tm2"]
    assert groups.of_neuron.tolist() == [2, 0, 2, 1]


def test_members_and_position(groups: Groups) -> None:
    assert groups.members("Tm2").tolist() == [0, 2]
    assert groups.position("T4a") == 1
    assert groups.members("Dm3").tolist() == []
    assert groups.position("Dm3") is None


def test_groups_may_be_numbers_or_numbers_and_texts() -> None:
    assert read_groups({0: 10, 1: 9}, 2).names == [9, 10]
    assert read_groups({0: "b", 1: 1, 2: "a"}, 3).names == [1, "a", "b"]


def test_decision_07_further_keys_of_idx_to_group_are_allowed() -> None:
    groups = read_groups({0: "a", 1: "b", 7: "far away"}, 2)
    assert groups.names == ["a", "b"]


@pytest.mark.parametrize("idx_to_group", [["a", "b"], pd.Series(["a", "b"]), "ab"])
def test_idx_to_group_is_a_dict(idx_to_group: Any) -> None:
    with pytest.raises(TypeError, match=r"is a dict from neuron index to group, not \w+"):
        read_groups(idx_to_group, 2)


def test_decision_07_neurons_without_a_group_are_named() -> None:
    with pytest.raises(ValueError, match=r"2 of 4 neurons have no group in idx_to_group: 1, 3;"):
        read_groups({0: "a", 2: "b"}, 4)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_decision_07_a_missing_group_is_named(missing: object) -> None:
    with pytest.raises(ValueError, match=r"group of 1 neurons .* missing \(NaN or None\): 1; give"):
        read_groups({0: "a", 1: missing}, 2)


def test_values_by_group_and_default(groups: Groups) -> None:
    assert group_values(groups, 5, {"T4a": 2}, "slope_dict").tolist() == [5, 2, 5]
    assert group_values(groups, 5, None, "slope_dict").tolist() == [5, 5, 5]
    assert group_values(groups, 5, {}, "slope_dict").tolist() == [5, 5, 5]


@pytest.mark.parametrize("argument", ["slope_dict", "bias_dict"])
def test_decision_07_unknown_names_beside_known_ones_are_one_warning(
    make_chain: MakeChain, argument: str
) -> None:
    with pytest.warns(UserWarning, match=rf"^{argument} names .* no group: cc, Z; .*'c'") as caught:
        network = make_chain(grouped=True, **{argument: {"cc": 1, "a": 2, "Z": 3}})
    assert len(caught) == 1
    assert caught[0].filename.endswith("conftest.py"), "it points at the caller"
    values = network.slope if argument == "slope_dict" else network.raw_biases
    assert values[0] == 2


@pytest.mark.parametrize("argument", ["slope_dict", "bias_dict"])
def test_decision_07_a_dict_with_no_known_name_is_an_error(
    make_chain: MakeChain, argument: str
) -> None:
    with pytest.raises(ValueError, match=rf"{argument} names .* no group: A1, Z; did .* 'a'"):
        make_chain(grouped=True, **{argument: {"A1": 1, "Z": 3}})


@pytest.mark.parametrize("argument", ["slope_dict", "bias_dict"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_decision_05_a_value_that_is_not_finite_names_its_group(
    make_chain: MakeChain, argument: str, value: float
) -> None:
    with pytest.raises(ValueError, match=rf"^{argument} is NaN or infinite for the groups b$"):
        make_chain(grouped=True, **{argument: {"b": value}})


@pytest.mark.parametrize(
    "options",
    [
        {"slope_dict": {"a": 1}},
        {"bias_dict": {"a": 1}},
        {"divisive_normalization": {"a": ["b"]}},
        {"divisive_strength": {"a": 1}},
    ],
)
def test_decision_07_such_a_dict_needs_groups(
    make_chain: MakeChain, options: dict[str, Any]
) -> None:
    message = rf"^{next(iter(options))} needs groups: pass idx_to_group"
    with pytest.raises(ValueError, match=message):
        make_chain(**options)


def test_parameters_of_a_network_with_groups(make_chain: MakeChain) -> None:
    network = make_chain(
        idx_to_group={0: "b", 1: "a", 2: "b"}, slope_dict={"a": 2.0}, default_bias=0.125
    )
    assert network.slope.tolist() == [2, 5]
    assert network.raw_biases.tolist() == [0.125, 0.125]
    assert network.indices.tolist() == [1, 0, 1]
    assert [name for name, _ in network.named_parameters()] == ["slope", "raw_biases"]
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_network_without_groups_has_no_parameters(make_chain: MakeChain) -> None:
    network = make_chain()
    assert (network.slope, network.raw_biases, network.biases, network.indices) == (None,) * 4
    assert network.divisive_strength is None
    assert not list(network.parameters())


def test_set_param_grads(make_chain: MakeChain) -> None:
    network = make_chain(grouped=True, divisive_normalization={"c": ["b"]})
    names = ("slopes", "raw_biases", "divisive_strength")
    for wanted in names:
        network.set_param_grads(**{wanted: True})
        parameters = (network.slope, network.raw_biases, network.divisive_strength)
        assert [p.requires_grad for p in parameters] == [name == wanted for name in names]
    make_chain().set_param_grads(slopes=True)  # what does not exist is passed over


def test_decision_06_biases_train_from_zero(make_chain: MakeChain) -> None:
    network = make_chain(grouped=True)
    network.set_param_grads(raw_biases=True)
    network.biases.sum().backward()
    assert network.raw_biases.grad.tolist() == [1, 1, 1]


def test_decision_06_the_bias_is_the_absolute_value(make_chain: MakeChain) -> None:
    network = make_chain(grouped=True)
    network.set_param_grads(raw_biases=True)
    with torch.no_grad():  # as an optimiser may leave them
        network.raw_biases.copy_(torch.tensor([-0.5, 0.0, 0.5]))
    assert network.biases.tolist() == [0.5, 0, 0.5]
    network.biases.sum().backward()
    assert network.raw_biases.grad.tolist() == [-1, 1, 1]


@pytest.mark.parametrize("options", [{"bias_dict": {"b": -0.1}}, {"default_bias": -0.1}])
def test_decision_06_a_negative_bias_asks_for_signed_biases(
    make_chain: MakeChain, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"a bias is negative: .* signed_biases=True"):
        make_chain(grouped=True, **options)
    network = make_chain(grouped=True, signed_biases=True, **options)
    assert network.biases[1] == pytest.approx(-0.1)


def test_decision_06_without_groups_the_scalar_bias_keeps_its_sign(make_chain: MakeChain) -> None:
    stimulus = torch.tensor([[1.0, 0.0]])
    drive = make_chain(default_bias=-1.0)(stimulus)[1, 0]
    assert drive == pytest.approx(np.tanh(5 * 0.5 - 1.0))


def test_a_dict_without_strangers_warns_of_nothing(make_chain: MakeChain) -> None:
    with warnings.catch_warnings(record=True) as caught:
        make_chain(grouped=True, slope_dict={"a": 1}, bias_dict={})
    assert not caught
