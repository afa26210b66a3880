"""Decisions on the network as a user notices them: through public names only.

With the reference in wiregrad's place, every one of these tests fails.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from torch import Tensor

import wiregrad as wg

MakeChain = Callable[..., wg.MultilayeredNetwork]
UseThreads = Callable[[int], None]

# Torch says so each first time anybody makes a CSR tensor.
csr_in_beta = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")

# 0 excites 1, 1 excites 2, 2 inhibits 1.
COUNTS = np.array([[0, 0, 0], [2, 0, -2], [0, 1, 0]])


@csr_in_beta
@pytest.mark.parametrize(
    "kind",
    [
        lambda: COUNTS.astype(np.float16),
        lambda: sparse.coo_array(COUNTS),
        lambda: sparse.csc_array(COUNTS),
        lambda: torch.tensor(COUNTS),
        lambda: torch.tensor(COUNTS).to_sparse_csr(),
    ],
    ids=["float16", "coo_array", "csc_array", "integer tensor", "integer CSR tensor"],
)
def test_decision_01_more_kinds_of_weights_are_taken(kind: Callable[[], Any]) -> None:
    stimulus = torch.tensor([[0.3, 0.2, 0.0]])
    usual = wg.MultilayeredNetwork(sparse.coo_matrix(COUNTS), [0], 3, device="cpu")
    network = wg.MultilayeredNetwork(kind(), [0], 3, device="cpu")
    assert torch.equal(network(stimulus), usual(stimulus))
    assert network(stimulus).any()
    assert network.all_weights.layout == torch.sparse_coo


def test_decision_01_double_and_state_dict_carry_the_weights(make_chain: MakeChain) -> None:
    network, stimulus = make_chain(), torch.tensor([[0.3, 0.2]])
    other = make_chain(all_weights=COUNTS)
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(stimulus), network(stimulus))
    double = copy.deepcopy(network).double()
    assert double(stimulus.double()).dtype == torch.float64


@pytest.mark.parametrize(
    "kind",
    [
        lambda indices: pd.Series(indices, index=[8, 9]),
        lambda indices: torch.tensor(indices, dtype=torch.int16),
    ],
    ids=["Series", "int16 tensor"],
)
def test_decision_03_more_kinds_of_sequences_are_taken(
    make_chain: MakeChain, kind: Callable[[list[int]], Any]
) -> None:
    stimulus = torch.tensor([[0.9, 0.9], [0.3, 0.3]])
    expected = make_chain(sensory_indices=[2, 0])(stimulus)
    assert torch.equal(make_chain(sensory_indices=kind([2, 0]))(stimulus), expected)


@pytest.mark.parametrize(
    ("indices", "message"),
    [([0, 2, 0], "are repeated: 0"), ([0, -1], "out of range: -1"), ([0, 3], "out of range: 3")],
)
def test_decision_03_wrong_neurons_are_named_when_the_network_is_made(
    make_chain: MakeChain, indices: list[int], message: str
) -> None:
    """The reference adds up inputs given twice, counts -1 from the end, and fails in forward."""
    with pytest.raises(ValueError, match=message):
        make_chain(sensory_indices=indices)


@pytest.mark.parametrize("shape", [(1, 1), (4, 1, 1), (2, 2), (4, 3, 2)])
def test_decision_04_a_stimulus_that_does_not_fit_is_refused_with_both_shapes(
    make_chain: MakeChain, shape: tuple[int, ...]
) -> None:
    shown = str(shape).replace("(", r"\(").replace(")", r"\)")
    message = rf"inputs have shape {shown}, but the network needs \(1, 2\) or \(batch, 1, 2\)"
    with pytest.raises(ValueError, match=message):
        make_chain()(torch.ones(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_decision_05_nan_is_never_taken_for_silence(make_chain: MakeChain, bad: float) -> None:
    """The reference takes NaN in a stimulus for 0 and infinity for 1."""
    for stimulus in (np.array([[0.5, bad]], np.float32), torch.tensor([[0.5, bad]])):
        with pytest.raises(ValueError, match=r"first at \[\(0, 1\)\]: .*\.fillna\(0\)"):
            make_chain()(stimulus)
    weights = COUNTS.astype(np.float32)
    weights[2, 1] = bad
    for kind in (np.asarray, sparse.csr_matrix, torch.tensor):
        with pytest.raises(ValueError, match=rf"W\[2, 1\] = {bad}.*nan_to_num"):
            make_chain(all_weights=kind(weights))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({0: "a", 2: "c"}, "1 of 3 neurons have no group in idx_to_group: 1; give every"),
        ({0: "a", 1: np.nan, 2: "c"}, r"group of 1 neurons .* is missing \(NaN or None\): 1; give"),
        ({0: "a", 1: None, 2: "c"}, r"group of 1 neurons .* is missing \(NaN or None\): 1; give"),
    ],
)
def test_decision_07_a_neuron_without_a_group_is_refused_by_name(
    make_chain: MakeChain, groups: dict[int, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_chain(idx_to_group=groups)


def test_decision_07_further_neurons_bring_no_parameters(make_chain: MakeChain) -> None:
    """The reference makes a slope and a bias for groups that no neuron is in."""
    network = make_chain(idx_to_group={0: "a", 1: "b", 2: "b", 3: "elsewhere"})
    assert network.slope.shape == (2,)


@pytest.mark.parametrize("rule", ["product", "sum"])
def test_decision_08_slopes_of_a_batch_are_divided_member_by_member(rule: str) -> None:
    """The connection from neuron 2 divides neuron 3 down to a slope of 0 in the second member."""
    weights = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0.6, -0.5, -3, 0]])
    network = wg.MultilayeredNetwork(
        weights,
        [0, 1, 2],
        1,
        idx_to_group=dict(enumerate("abbc")),
        divisive_normalization={"b": ["c"]},
        divisive_rule=rule,
        default_bias=0.1,
        device="cpu",
    )
    stimuli = torch.tensor([[[0.5], [0.4], [0.1]], [[0.5], [0.4], [0.9]]])
    together = network(stimuli)
    assert torch.equal(together, torch.stack([network(member) for member in stimuli]))
    assert together[1, 3, 0].item() == pytest.approx(np.tanh(0.1)), "only the bias is left"
    network.double().set_param_grads(divisive_strength=True)
    stimuli = stimuli.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: network(x)[:, 3, 0], stimuli)
    network(stimuli)[0, 3, 0].backward()
    assert network.divisive_strength.grad.item() < 0


def test_decision_09_a_custom_activation_may_see_the_network_and_the_past(
    make_chain: MakeChain,
) -> None:
    def lazy(model: Any, x: Tensor, x_previous: Tensor) -> Tensor:
        return model.tanh_steepness * x + 0.5 * x_previous

    activations = make_chain(activation_function=lazy)(torch.tensor([[0.2, 0.0]]))
    assert activations[:, 0].tolist() == pytest.approx([0.1, 0.5, 0])


def test_decision_10_a_network_that_has_run_can_be_copied(make_chain: MakeChain) -> None:
    """The reference keeps the graph with its activations, and a graph cannot be copied."""
    network = make_chain(grouped=True)
    network.set_param_grads(slopes=True)
    output = network(torch.ones(1, 2, requires_grad=True))
    copied = copy.deepcopy(network)
    assert torch.equal(copied.activations, output)
    assert not copied.activations.requires_grad
    assert output.requires_grad


def ascending_sum(weights: sparse.csr_matrix, h: np.ndarray) -> np.ndarray:
    """Add up each neuron's inputs by ascending index, every operation rounded to float32."""
    total = np.zeros(weights.shape[0], dtype=np.float32)
    for post in range(len(total)):
        for k in range(weights.indptr[post], weights.indptr[post + 1]):
            total[post] += weights.data[k] * h[weights.indices[k]]
    return total


@pytest.mark.parametrize("n_threads", [1, 2])
def test_decision_15_inputs_are_added_in_ascending_order_however_many_are_active(
    random_weights: Callable[..., sparse.csr_array], use_threads: UseThreads, n_threads: int
) -> None:
    """Few active neurons are pushed, many are pulled, alone or in a batch: the same bits."""
    use_threads(n_threads)
    n = 300
    weights = sparse.csr_matrix(random_weights(n, 0.2, seed=3))
    weights.sort_indices()
    rng = np.random.default_rng(0)
    stimuli = rng.uniform(0.1, 1, (4, n, 1)).astype(np.float32)
    for member, share in enumerate((0.02, 0.1, 0.5, 1.0)):
        stimuli[member] *= rng.random((n, 1)) < share
    summing = wg.MultilayeredNetwork(
        weights, range(n), 1, activation_function=lambda x: x, device="cpu"
    )
    rate = wg.MultilayeredNetwork(weights, range(n), 1, device="cpu")
    together, rates = summing(stimuli), rate(stimuli)
    for member, stimulus in enumerate(stimuli):
        expected = ascending_sum(weights, stimulus[:, 0])
        np.testing.assert_array_equal(together[member, :, 0], expected)
        np.testing.assert_array_equal(summing(stimulus)[:, 0], expected)
        assert torch.equal(rate(stimulus), rates[member])


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", -0.1), ("num_layers", 0), ("sensory_indices", [9]), ("tanh_steepness", np.nan)],
)
def test_decision_30_what_is_set_later_is_checked_and_the_old_value_stays(
    make_chain: MakeChain, name: str, value: Any
) -> None:
    network, stimulus = make_chain(), torch.ones(1, 2)
    before = network(stimulus)
    with pytest.raises(ValueError, match=name):
        setattr(network, name, value)
    assert torch.equal(network(stimulus), before)
