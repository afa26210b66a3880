"""The network as a module: what it keeps, how it is copied, saved, changed and made."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from network_cases import make_case, run
from scipy import sparse

import wiregrad as wg

MakeChain = Callable[..., wg.MultilayeredNetwork]
Copy = Callable[[wg.MultilayeredNetwork], wg.MultilayeredNetwork]


@pytest.fixture(params=[None, "product"], ids=["plain", "divisive"])
def network(request: pytest.FixtureRequest) -> wg.MultilayeredNetwork:
    network = make_case(1, steps=2, divisive_rule=request.param).network(torch.float32)
    network.set_param_grads(slopes=True)
    return network


@pytest.fixture
def stimulus(network: wg.MultilayeredNetwork, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(3, len(network.sensory_indices), 2, generator=generator)


def pickled(network: wg.MultilayeredNetwork) -> wg.MultilayeredNetwork:
    return pickle.loads(pickle.dumps(network))


def saved_and_loaded(network: wg.MultilayeredNetwork) -> wg.MultilayeredNetwork:
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other = copy.deepcopy(network)
    for tensor in other.state_dict().values():
        tensor.zero_()
    other.load_state_dict(torch.load(file, weights_only=True))
    return other


# Shapes and types of what comes out.


def test_shapes_are_batch_neuron_step(make_chain: MakeChain) -> None:
    network = make_chain(num_layers=4)
    assert network(torch.ones(5, 1, 4)).shape == (5, 3, 4)
    assert network(torch.ones(1, 1, 4)).shape == (1, 3, 4)
    assert network(torch.ones(1, 4)).shape == (3, 4)


@pytest.mark.parametrize("shape", [(1, 2), (1, 1, 2), (4, 1, 2)])
def test_decision_10_activations_is_what_forward_returned(
    make_chain: MakeChain, shape: tuple[int, ...]
) -> None:
    network = make_chain()
    assert network.activations == []
    assert network(torch.ones(shape, requires_grad=True)) is network.activations
    assert network.activations.requires_grad


class Interrupted(wg.MultilayeredNetwork):
    """Between keeping its activations and returning them, another caller runs the network."""

    others_stimulus: torch.Tensor | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "activations" and self.others_stimulus is not None:
            stimulus, self.others_stimulus = self.others_stimulus, None
            self(stimulus)


def test_every_caller_gets_the_answer_to_its_own_stimulus(chain_weights: np.ndarray) -> None:
    network = Interrupted(chain_weights, [0], device="cpu")
    expected = network(torch.ones(1, 2))
    network.others_stimulus = torch.zeros(1, 2)
    assert torch.equal(network(torch.ones(1, 2)), expected)
    assert not network.activations.any(), "the other caller was the last to keep its own"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_decision_10_copies_detach_the_activations(
    network: wg.MultilayeredNetwork, stimulus: torch.Tensor, duplicate: Copy
) -> None:
    output = network(stimulus.requires_grad_())
    other = duplicate(network)
    assert torch.equal(other.activations, output)
    assert not other.activations.requires_grad
    assert network.activations is output, "the original keeps its graph"
    assert output.requires_grad


def test_decision_11_nothing_prints(
    network: wg.MultilayeredNetwork, stimulus: torch.Tensor, capfd: pytest.CaptureFixture[str]
) -> None:
    run(pickled(network), stimulus)
    assert capfd.readouterr() == ("", "")


# Weights as buffers.


def test_decision_01_weights_are_buffers(network: wg.MultilayeredNetwork) -> None:
    names = {"sensory_indices", "indices", "slope", "raw_biases"}
    names |= {"weights.ccol", "weights.row", "weights.values"}
    if network.divisive_strength is not None:
        names |= {"divisive_strength", "divnorm_indices", "divnorm_weights", "_divnorm_source"}
    assert set(network.state_dict()) == names


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled, saved_and_loaded])
def test_decision_01_copies_give_the_same_activations_and_gradients(
    network: wg.MultilayeredNetwork, stimulus: torch.Tensor, duplicate: Copy
) -> None:
    expected = run(network, stimulus)
    assert expected[1].any()
    for one, other in zip(run(duplicate(network), stimulus), expected, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_copies_are_independent(
    network: wg.MultilayeredNetwork, stimulus: torch.Tensor, duplicate: Copy
) -> None:
    expected = run(network, stimulus)
    other = duplicate(network)
    with torch.no_grad():
        other.slope.zero_()
    other.all_weights = torch.zeros_like(network.all_weights.to_dense())
    other.threshold = 0.5
    for one, before in zip(run(network, stimulus), expected, strict=True):
        assert torch.equal(one, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_decision_01_double_and_float_convert_all_of_it(dtype: torch.dtype) -> None:
    case = make_case(1, divisive_rule="product")
    network = case.network(torch.float64 if dtype == torch.float32 else torch.float32)
    run(network, torch.from_numpy(case.stimulus).to(network.dtype))  # both layouts exist
    network = network.to(dtype)
    output, gradient = run(network, torch.from_numpy(case.stimulus).to(dtype))
    assert (network.dtype, output.dtype, gradient.dtype) == (dtype,) * 3
    assert {buffer.dtype for buffer in network.buffers()} <= {dtype, torch.int32, torch.int64}
    np.testing.assert_allclose(output, case.oracle(), rtol=0, atol=1e-5)
    fresh = case.network(dtype)
    torch.testing.assert_close(gradient, run(fresh, torch.from_numpy(case.stimulus).to(dtype))[1])


@pytest.mark.parametrize("name", ["double", "float"])
def test_a_float64_tensor_makes_a_float64_network(chain_weights: np.ndarray, name: str) -> None:
    weights = getattr(torch.tensor(chain_weights), name)()
    network = wg.MultilayeredNetwork(
        weights, [0], idx_to_group=dict(enumerate("abc")), device="cpu"
    )
    assert network.dtype == network.slope.dtype == network(torch.ones(1, 2)).dtype == weights.dtype


def test_load_state_dict_rebuilds_the_layout_for_gradients(chain_weights: np.ndarray) -> None:
    stimulus = torch.tensor([[0.3, 0.2]])
    turned = chain_weights.T.copy()
    one, other = (wg.MultilayeredNetwork(w, [1], device="cpu") for w in (chain_weights, turned))
    assert not torch.equal(run(one, stimulus)[1], run(other, stimulus)[1])
    one.load_state_dict(other.state_dict())
    for loaded, expected in zip(run(one, stimulus), run(other, stimulus), strict=True):
        assert torch.equal(loaded, expected)


# all_weights.


def test_all_weights_may_be_set(make_chain: MakeChain, chain_weights: np.ndarray) -> None:
    network, stimulus = make_chain(), torch.tensor([[0.3, 0.2]])
    run(network, stimulus)  # the layout for gradients of the old weights exists
    for weights in (sparse.coo_matrix(chain_weights / 2), torch.tensor(chain_weights / 2)):
        network.all_weights = weights
        assert network.dtype == torch.float32
        np.testing.assert_array_equal(network.all_weights.to_dense(), chain_weights / 2)
        expected = run(make_chain(all_weights=chain_weights / 2), stimulus)
        for one, other in zip(run(network, stimulus), expected, strict=True):
            assert torch.equal(one, other)


def test_all_weights_read_and_set_change_nothing(
    network: wg.MultilayeredNetwork, stimulus: torch.Tensor
) -> None:
    expected = run(network, stimulus)
    network.all_weights = network.all_weights
    for one, other in zip(run(network, stimulus), expected, strict=True):
        assert torch.equal(one, other)


def test_all_weights_of_another_size_are_refused(make_chain: MakeChain) -> None:
    network = make_chain()
    message = r"all_weights has 4 neurons, the network 3: make a new network"
    with pytest.raises(ValueError, match=message):
        network.all_weights = np.zeros((4, 4))


def test_decision_05_all_weights_are_checked_when_set(make_chain: MakeChain) -> None:
    network = make_chain()
    with pytest.raises(ValueError, match=r"W\[0, 0\] = nan"):
        network.all_weights = np.full((3, 3), np.nan)


# Arguments.


def argument_values(arguments: dict[str, Any]) -> dict[str, Any]:
    """Copy the arguments, sparse ones as the arrays they consist of."""
    weights = arguments["all_weights"]
    parts = (weights.data, weights.indices, weights.indptr)
    rest = {name: value for name, value in arguments.items() if name != "all_weights"}
    return copy.deepcopy({**rest, "weights": [part.tolist() for part in parts]})


def test_arguments_are_not_changed() -> None:
    unsorted = sparse.csr_array(([-0.5, 0.0, 0.5], [2, 1, 0], [0, 0, 3, 3]), shape=(3, 3))
    arguments = {
        "all_weights": unsorted,
        "sensory_indices": [2, 0],
        "idx_to_group": {0: "a", 1: "b", 2: "c", 9: "d"},
        "bias_dict": {"a": 0.1},
        "slope_dict": {"b": 2.0},
        "divisive_normalization": {"c": ["b"]},
        "divisive_strength": {"c": 2.0},
    }
    before = argument_values(arguments)
    network = wg.MultilayeredNetwork(**arguments, device="cpu")
    run(network, torch.ones(2, 2))
    network.all_weights = unsorted
    assert argument_values(arguments) == before


def test_signature_of_the_reference_by_position() -> None:
    case = make_case(1, divisive_rule="product")
    names = (
        *("threshold", "tanh_steepness", "idx_to_group", "default_bias", "bias_dict"),
        *("slope_dict", "divisive_normalization", "divisive_strength"),
    )
    options = [case.options[name] for name in names]
    weights = torch.from_numpy(case.weights)
    network = wg.MultilayeredNetwork(weights, case.sensory, 3, *options, None, "cpu")
    np.testing.assert_allclose(network(case.stimulus), case.oracle(), rtol=0, atol=1e-12)


def test_attributes_that_users_of_the_reference_read(chain_weights: np.ndarray) -> None:
    groups, pairs = dict(enumerate("abc")), {"c": ["b"]}
    network = wg.MultilayeredNetwork(
        chain_weights, [0], 3, 0.02, 4, groups, 0.1, None, None, pairs, 2, abs, "cpu"
    )
    assert (network.num_layers, network.threshold, network.tanh_steepness) == (3, 0.02, 4)
    assert (network.default_bias, network.custom_activation_function) == (0.1, abs)
    assert (network.idx_to_group, network.divisive_normalization) == (groups, pairs)
    assert network.type2div_strength == {"c": 2}
    assert network.indices.tolist() == [0, 1, 2]
    assert (network.n_neurons, network.device) == (3, torch.device("cpu"))
