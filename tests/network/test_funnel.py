"""Funnels: the few neurons that matter to some entries and targets; the bits of the whole network.

That is asked of random graphs, where a funnel may hold anything from nothing to all neurons.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK, NetworkCase, make_case

import wiregrad as wg
from wiregrad.network import Funnels, _funnel

pytestmark = pytest.mark.kernel


def rests(case: NetworkCase) -> NetworkCase:
    """Let no neuron be active of itself."""
    case.options.update(bias_dict=None, default_bias=0.0)
    return case


@given(
    seed=st.integers(0, 10_000),
    n_neurons=st.integers(1, 12),
    density=st.floats(0, 1),
    steps=st.integers(1, 4),
    n=st.sampled_from([1, 3, 17, 40]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    steepness=st.sampled_from([5.0, 0.7, -2.0]),
)
@QUICK
def test_reads_what_the_whole_network_answers_bit_for_bit(
    seed: int,
    n_neurons: int,
    density: float,
    steps: int,
    n: int,
    dtype: torch.dtype,
    steepness: float,
) -> None:
    case = rests(make_case(seed, n_neurons=n_neurons, density=density, steps=steps, grouped=False))
    case.options["tanh_steepness"] = steepness
    network, rng = case.network(dtype), np.random.default_rng(seed)
    assert Funnels.fits(network)
    n_sensory = len(case.sensory)
    places = np.flatnonzero(rng.random(n_sensory * steps) < rng.random())
    neuron = rng.integers(n_neurons, size=3)
    layer = rng.integers(steps, size=3)
    given_ = rng.random((len(places), n)) * (rng.random((len(places), n)) < 0.7)
    given_[given_ < network.threshold] = 0
    stimuli = torch.zeros(n, n_sensory * steps, dtype=dtype)
    stimuli[:, places] = torch.from_numpy(given_.T).to(dtype)

    funnel = Funnels(network).narrow(places, neuron, layer)
    read = funnel.read(np.ascontiguousarray(stimuli[:, places].numpy().T))
    with torch.no_grad():
        whole = network(stimuli.view(n, n_sensory, steps)).numpy()
    assert np.array_equal(read, whole[:, neuron, layer].T)


def chain_with_branches() -> wg.MultilayeredNetwork:
    """Make 0 -> 1 -> 2, a branch 0 -> 3 -> 4 beside it, and an inhibitory 5 -> 2."""
    weights = np.zeros((6, 6))
    weights[1, 0] = weights[2, 1] = weights[3, 0] = weights[4, 3] = 0.8
    weights[2, 5] = -0.5
    return wg.MultilayeredNetwork(weights, [0, 5], num_layers=2, device="cpu")


def test_holds_only_what_lies_between_the_entries_and_the_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_funnel, "_FEW", 1.0)  # however few neurons the network has
    # Entry 0 is neuron 0 at step 0: 0, 1 and 2 in turn.
    funnel = Funnels(chain_with_branches()).narrow(np.array([0]), np.array([2]), np.array([1]))
    assert funnel.n_rows == 3
    assert funnel.read(np.array([[1.0]], np.float32)) > 0


def test_what_leads_to_no_target_is_left_out_and_changes_nothing() -> None:
    funnels = Funnels(chain_with_branches())
    # Neuron 0 at step 1 comes too late for neuron 2 in the last layer.
    late = funnels.narrow(np.array([0, 1]), np.array([2]), np.array([1]))
    alone = funnels.narrow(np.array([0]), np.array([2]), np.array([1]))
    one = np.ones((1, 1), np.float32)
    assert late.read(np.vstack([one, one])) == alone.read(one)


def test_no_entries_leave_the_targets_silent() -> None:
    funnel = Funnels(chain_with_branches()).narrow(
        np.empty(0, np.int64), np.array([2, 4]), np.array([1, 1])
    )
    assert funnel.read(np.empty((0, 5), np.float32)).tolist() == [[0.0] * 5] * 2


@pytest.mark.parametrize(
    "options", [{"default_bias": 0.2}, {"threshold": 0.0}, {"activation_function": torch.relu}]
)
def test_does_not_fit_what_is_active_of_itself_or_cannot_be_fused(options: dict) -> None:
    network = wg.MultilayeredNetwork(np.eye(3), [0], num_layers=2, device="cpu", **options)
    assert not Funnels.fits(network)
