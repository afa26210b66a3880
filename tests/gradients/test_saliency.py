"""Saliency: the gradient of chosen activations with respect to the stimulus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch
from gradient_cases import make_chain, make_random
from hypothesis import given, settings
from hypothesis import strategies as st

import wiregrad as wg

DOCS = Path(__file__).resolve().parents[2] / "docs"


def stimulus_for(
    network: wg.MultilayeredNetwork, batch: int | None = None, seed: int = 0
) -> torch.Tensor:
    """Draw a stimulus with values below the threshold and above 1 among it."""
    shape = (len(network.sensory_indices), network.num_layers)
    shape = shape if batch is None else (batch, *shape)
    drawn = np.random.default_rng(seed).uniform(-0.2, 1.2, shape)
    return torch.from_numpy(drawn).to(network.dtype)


def by_loop(
    network: wg.MultilayeredNetwork, stimulus: torch.Tensor, places: list[tuple[int, int]]
) -> torch.Tensor:
    """Differentiate one activation after another, and add the gradients up."""
    total = torch.zeros_like(stimulus)
    for layer, neuron in places:
        x = stimulus.clone().requires_grad_()
        network(x)[..., neuron, layer].sum().backward()
        assert x.grad is not None
        total += x.grad
    return total


# Mathematics.


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), batch=st.sampled_from([None, 1, 3]))
def test_is_the_sum_of_the_gradients_of_single_activations(seed: int, batch: int | None) -> None:
    network = make_random(seed).double()
    rng = np.random.default_rng(seed)
    places = sorted({(int(rng.integers(3)), int(rng.integers(24))) for _ in range(5)})
    asked: dict[int, list[int]] = {}
    for layer, neuron in places:
        asked.setdefault(layer, []).append(neuron)
    stimulus = stimulus_for(network, batch, seed)
    ours = wg.saliency(network, stimulus, asked)
    torch.testing.assert_close(ours, by_loop(network, stimulus, places), rtol=1e-9, atol=1e-12)
    weighted = wg.saliency(network, stimulus, asked, method="input_x_gradient")
    torch.testing.assert_close(weighted, stimulus * ours)


def test_is_what_finite_differences_are_away_from_thresholds() -> None:
    network = make_random(3, tanh_steepness=1.0).double()
    stimulus = stimulus_for(network).clamp(0.2, 0.8)
    ours = wg.saliency(network, stimulus, {2: list(range(24))})
    step = 1e-6
    for row, column in [(0, 0), (3, 1), (7, 2)]:
        up, down = stimulus.clone(), stimulus.clone()
        up[row, column] += step
        down[row, column] -= step
        with torch.no_grad():
            slope = (network(up)[:, 2].sum() - network(down)[:, 2].sum()) / (2 * step)
        assert float(ours[row, column]) == pytest.approx(float(slope), rel=1e-5, abs=1e-8)


def test_members_of_a_batch_are_each_as_if_alone() -> None:
    network = make_random()
    stimulus = stimulus_for(network, batch=4)
    asked = {1: [3, 4], 2: [5]}
    for options in ({}, {"normalize": True}, {"method": "input_x_gradient", "normalize": True}):
        batch = wg.saliency(network, stimulus, asked, **options)
        alone = [wg.saliency(network, member, asked, **options) for member in stimulus]
        torch.testing.assert_close(batch, torch.stack(alone))


def test_steps_beyond_the_network_have_none() -> None:
    network = make_chain()
    longer = torch.full((1, 4), 0.5)
    with pytest.warns(UserWarning, match="the first 2 are used"):
        map_ = wg.saliency(network, longer, {1: [2]})
    assert map_.shape == longer.shape
    assert map_[0, 0] > 0
    assert not map_[0, 2:].any()


def test_an_empty_batch_has_an_empty_map() -> None:
    map_ = wg.saliency(make_chain(), torch.zeros(0, 1, 2), {1: [2]}, normalize=True)
    assert map_.shape == (0, 1, 2)


def test_decision_20_reaches_through_divisive_normalisation() -> None:
    weights = np.array([[0, 0, 0], [0.5, 0, -0.5], [0, 0, 0]])  # 0 excites 1, 2 divides 1
    network = wg.MultilayeredNetwork(
        weights,
        [0, 2],
        1,
        idx_to_group=dict(enumerate("abc")),
        divisive_normalization={"c": ["b"]},
        device="cpu",
    )
    stimulus = torch.full((3, 2, 1), 0.3)
    map_ = wg.saliency(network, stimulus, {0: "b"})
    assert (map_[:, 0] > 0).all()
    assert (map_[:, 1] < 0).all()


# Neurons and layers.


@pytest.mark.parametrize(
    "asked",
    [
        {2: "AVA"},
        {-1: "AVA"},
        {2: ["AVAL", "AVAR"]},
        {2: ["AVAR", 53]},
        {np.int64(2): np.array([54, 53])},
        {2: "id=/^AVA[LR]$/"},
        {2.0: ["AVAL"], -1: ["AVAR"]},
        {2: "AVA", 0: []},
        {2: {"AVA", "AVAL"}},
        {2: pd.Series(["AVAL", "AVAR"])},
        {2: torch.tensor([53, 54])},
    ],
)
def test_neurons_are_named_by_any_selection(
    worm_network: wg.MultilayeredNetwork, asked: dict[Any, Any]
) -> None:
    stimulus = stimulus_for(worm_network)
    expected = wg.saliency(worm_network, stimulus, {2: [53, 54]})
    assert expected.any()
    assert torch.equal(wg.saliency(worm_network, stimulus, asked), expected)


@pytest.mark.parametrize(
    "asked",
    [
        {2: [53, 53, 54]},
        {2: np.array([54, 53, 53])},
        {2: ("AVAL", "AVA")},
        {2: ["AVAL", 53, "AVAR"]},
        {2: pd.Series([53, 54, 53], index=[0, 0, 0])},
        {2: [53], -1: "AVA"},
    ],
)
@pytest.mark.parametrize("checkpoint_steps", [None, 1])
def test_a_neuron_named_twice_counts_twice(
    worm_network: wg.MultilayeredNetwork, asked: dict[Any, Any], checkpoint_steps: int | None
) -> None:
    stimulus = stimulus_for(worm_network, batch=2)
    left, right = (wg.saliency(worm_network, stimulus, {2: [neuron]}) for neuron in (53, 54))
    assert left.any()
    found = wg.saliency(worm_network, stimulus, asked, checkpoint_steps=checkpoint_steps)
    torch.testing.assert_close(found, 2 * left + right)


def test_a_group_of_a_network_without_labels_and_a_mask() -> None:
    network = make_chain(idx_to_group={0: "a", 1: "b", 2: "b"})
    stimulus = torch.full((1, 2), 0.5)
    assert wg.saliency(network, stimulus, {1: np.array(2)}).any()
    expected = wg.saliency(network, stimulus, {1: [1, 2]})
    for what in ("b", np.array([False, True, True]), {1, 2}):
        assert torch.equal(wg.saliency(network, stimulus, {1: what}), expected)


# What is left as it was.


def test_decision_20_the_map_has_no_graph() -> None:
    network = make_chain()
    for method in ("vanilla", "input_x_gradient"):
        map_ = wg.saliency(network, torch.full((1, 2), 0.5), {1: [2]}, method=method)
        assert not map_.requires_grad


def test_decision_20_gradients_of_parameters_are_not_touched() -> None:
    network = make_chain(idx_to_group=dict(enumerate("abc")))
    network.set_param_grads(slopes=True)
    assert network.slope is not None
    assert network.raw_biases is not None
    network.slope.grad = torch.ones(3)
    stimulus = torch.full((1, 2), 0.5, requires_grad=True)
    wg.saliency(network, stimulus, {1: [2]})
    assert network.slope.grad.tolist() == [1, 1, 1]
    assert network.slope.requires_grad
    assert not network.raw_biases.requires_grad
    assert stimulus.grad is None
    assert stimulus.requires_grad


def test_decision_10_activations_are_left_without_a_graph() -> None:
    network = make_chain()
    stimulus = torch.full((2, 1, 2), 0.5)
    wg.saliency(network, stimulus, {1: [2]})
    assert isinstance(network.activations, torch.Tensor)
    assert not network.activations.requires_grad
    assert torch.equal(network.activations, network(stimulus))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_works_in_any_gradient_mode_of_the_caller(mode: Any) -> None:
    network = make_chain()
    with mode():
        before = torch.is_grad_enabled()
        map_ = wg.saliency(network, torch.full((1, 2), 0.5), {1: [2]})
        assert torch.is_grad_enabled() == before
    assert map_[0, 0] > 0


# Dtypes.


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
@pytest.mark.parametrize("as_tensor", [True, False])
def test_decision_02_stimuli_of_any_real_dtype(dtype: Any, as_tensor: bool) -> None:
    network = make_chain()
    stimulus: Any = np.array([[1, 0]], dtype=dtype)
    map_ = wg.saliency(network, torch.from_numpy(stimulus) if as_tensor else stimulus, {0: [1]})
    assert map_.dtype == torch.float32
    assert map_[0, 0] > 0
    double = wg.saliency(network.double(), stimulus, {0: [1]})
    assert double.dtype == torch.float64


# Normalisation.


def test_decision_20_normalised_by_the_maximum_of_each_member() -> None:
    network = make_random()
    stimulus = stimulus_for(network, batch=3)
    plain = wg.saliency(network, stimulus, {2: list(range(24))})
    assert (plain.amax(dim=(1, 2)) > 0).all()
    expected = torch.stack([member / member.max() for member in plain])
    ours = wg.saliency(network, stimulus, {2: list(range(24))}, normalize=True)
    torch.testing.assert_close(ours, expected)


def test_decision_20_normalised_by_the_largest_absolute_value_if_nothing_is_above_0() -> None:
    weights = np.array([[0, 0, 0], [-0.2, 0, 0], [0, 0, 0]])
    network = wg.MultilayeredNetwork(weights, [0, 2], 1, default_bias=0.5, device="cpu")
    stimulus = torch.tensor([[[0.2], [0.2]], [[0.4], [0.2]]])
    plain = wg.saliency(network, stimulus, {0: [1]})
    assert plain.max() == 0
    ours = wg.saliency(network, stimulus, {0: [1]}, normalize=True)
    assert ours.tolist() == [[[-1.0], [0.0]], [[-1.0], [0.0]]]


def test_a_map_of_zeros_stays_one() -> None:
    assert not wg.saliency(make_chain(), np.zeros((1, 2)), {1: [2]}, normalize=True).any()


# What is refused.

REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"method": "gradxinput"}, ValueError, r"unknown saliency method: 'gradxinput'.*; there are"),
    ({"method": "vanila"}, ValueError, r"'vanila'; did you mean 'vanilla'\?"),
    ({"neurons_of_interest": {}}, ValueError, r"names no neurons: give \{layer: neurons\}"),
    ({"neurons_of_interest": {1: []}}, ValueError, r"names no neurons"),
    ({"neurons_of_interest": [1]}, TypeError, r"is a dict \{layer: neurons\}, not list"),
    ({"neurons_of_interest": {2: [1]}}, ValueError, r"layer 2 .* range: .* num_layers=2 \(0 to 1"),
    ({"neurons_of_interest": {-3: [1]}}, ValueError, r"layer -3 of neurons_of_interest is out of"),
    ({"neurons_of_interest": {"AVA": [1]}}, ValueError, r"layer 'AVA' .* is no whole number"),
    ({"neurons_of_interest": {0.5: [1]}}, ValueError, r"layer 0\.5 .* is no whole number"),
    ({"neurons_of_interest": {1: [3]}}, ValueError, r"3 is neither a neuron's index \(0 to 2\)"),
    ({"neurons_of_interest": {1: [-1]}}, ValueError, r"-1 is neither a neuron's index"),
    ({"neurons_of_interest": {1: "AVA"}}, ValueError, r"'AVA' is not the name of a group"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), REFUSED)
def test_decision_20_refused_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    network = make_chain()
    monkeypatch.setattr(network, "forward", None)  # any work would fail otherwise
    call = {"input_tensor": np.ones((1, 2)), "neurons_of_interest": {1: [2]}, **arguments}
    with pytest.raises(error, match=message):
        wg.saliency(network, **call)


@pytest.mark.parametrize(
    ("stimulus", "error", "message"),
    [
        (np.ones((2, 2)), ValueError, r"shape \(2, 2\), but the network needs \(1, 2\)"),
        (np.ones((1, 1)), ValueError, r"shape \(1, 1\), but the network needs \(1, 2\)"),
        (np.array([[np.nan, 1]]), ValueError, r"1 values that are NaN or infinite, first at"),
        (np.array([["a", "b"]]), TypeError, r"input_tensor must hold real numbers"),
        (
            [[1.0, 1.0]],
            TypeError,
            r"input_tensor must be a torch tensor or a numpy array, not list",
        ),
    ],
)
def test_decision_05_stimuli_that_do_not_fit_are_refused(
    stimulus: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        wg.saliency(make_chain(), stimulus, {1: [2]})


# What a gradient does not see.


def last_of_chain(strength: float) -> npt.NDArray[np.floating]:
    return make_chain()(np.array([[strength, 0.0]])).numpy()[2, 1]


def test_decision_32_a_jump_is_not_seen_and_the_docs_say_so() -> None:
    just_below = wg.saliency(make_chain(), np.array([[0.0099, 0.0]]), {1: [2]})
    assert just_below[0, 0] == 0
    assert last_of_chain(0.0101) - last_of_chain(0.0099) > 0.05, "though the response jumps there"
    assert wg.saliency.__doc__ is not None
    said = " ".join(wg.saliency.__doc__.split())
    assert "a gradient does not see jumps" in said
    assert "docs/caveats.md" in said
    page = (DOCS / "caveats.md").read_text(encoding="utf-8")
    assert "gradients account for" in page
    assert "python benchmarks/caveats.py" in page


# Long unrollings.


@pytest.mark.parametrize("threshold", [0.01, 0.0])  # 0 runs on the general path
@pytest.mark.parametrize("batch", [None, 3])
def test_windows_of_steps_give_the_same_map(threshold: float, batch: int | None) -> None:
    network = make_random()
    network.threshold = threshold
    shape = (len(network.sensory_indices), network.num_layers)
    stimulus = torch.rand(*(shape if batch is None else (batch, *shape)))
    places = {-1: [0, 5], 0: [3]}
    whole = wg.saliency(network, stimulus, places)
    kept = network.activations
    for steps in (1, 2, 50):
        part = wg.saliency(network, stimulus, places, checkpoint_steps=steps)
        torch.testing.assert_close(part, whole)
    assert network.activations is kept
