"""Attribution: what carried a response, by every method and to every kind of source."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from attribution_cases import attribute, dense, from_state, plain_response, slow_states
from gradient_cases import make_chain, make_random
from hypothesis import given, settings
from hypothesis import strategies as st
from network_cases import NetworkCase, network_cases

import wiregrad as wg

QUICK = settings(deadline=None, max_examples=25)

METHODS = ["integrated_gradients", "input_x_gradient", "gradient", "smoothgrad"]
SOURCES = ["stimulus", "neurons", "synapses"]


def stimulus_for(network: wg.MultilayeredNetwork, batch: int = 2, seed: int = 0) -> torch.Tensor:
    """Draw a stimulus with entries below the threshold among it."""
    shape = batch, len(network.sensory_indices), network.num_layers
    drawn = np.random.default_rng(seed).uniform(-0.2, 1, shape)
    return torch.from_numpy(drawn).to(network.dtype)


def smooth_network(seed: int = 0) -> wg.MultilayeredNetwork:
    """Draw a network without threshold or inhibition, in float64: it has no kinks but the cap."""
    network = make_random(seed, threshold=0.0, tanh_steepness=0.5).double()
    network.all_weights = network.all_weights.to_dense().abs()
    return network


# Mathematics: gradients.


@settings(deadline=None, max_examples=12)
@given(case=network_cases(batches=st.just(2)))
def test_the_gradient_of_the_stimulus_is_its_saliency(case: NetworkCase) -> None:
    network = case.network()
    targets = {-1: list(range(network.n_neurons)), 0: [0]}
    for ours, theirs in (("gradient", "vanilla"), ("input_x_gradient", "input_x_gradient")):
        found = attribute(network, case.stimulus, targets, method=ours)
        same = wg.saliency(network, case.stimulus, targets, method=theirs)
        np.testing.assert_allclose(found.as_grid(), same.numpy(), rtol=1e-9, atol=1e-12)


def autograd_of_states(
    network: wg.MultilayeredNetwork, x: torch.Tensor, weights: torch.Tensor | None = None
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Run any network step by step; every state is a leaf-like tensor whose gradient is kept."""
    W = network.all_weights.to_dense() if weights is None else weights
    u = torch.where(x >= network.threshold, x, 0.0).clamp(max=1).permute(2, 1, 0)
    h = x.new_zeros(network.n_neurons, len(x)).index_add(0, network.sensory_indices, u[0])
    states = []
    for t in range(network.num_layers):
        h = network.activation_function(W @ h, h)
        if t + 1 < network.num_layers:
            h = h.index_add(0, network.sensory_indices, u[t + 1]).clamp(max=1)
        if not h.requires_grad:
            h.requires_grad_()
        h.retain_grad()
        states.append(h)
    return states, states[-1]


@QUICK
@given(case=network_cases(batches=st.just(2)))
def test_the_gradient_of_every_state_is_that_of_automatic_differentiation(
    case: NetworkCase,
) -> None:
    network = case.network()
    x = torch.from_numpy(case.stimulus).requires_grad_()
    states, last = autograd_of_states(network, x)
    (last.sum() + 2 * states[0][0].sum()).backward()
    expected = torch.stack([h.grad for h in states]).permute(2, 1, 0)  # type: ignore[misc]
    every = dict.fromkeys(range(network.n_neurons), 1.0)
    targets: dict[int, Any] = {network.num_layers - 1: every}
    if network.num_layers == 1:
        targets = {0: every | {0: 3.0}}
    else:
        targets[0] = {0: 2.0}
    found = attribute(network, case.stimulus, targets, sources="neurons", method="gradient")
    np.testing.assert_allclose(found.as_grid(), expected.numpy(), rtol=1e-9, atol=1e-12)
    times = attribute(network, case.stimulus, targets, sources="neurons", method="input_x_gradient")
    expected = expected * torch.stack([h.detach() for h in states]).permute(2, 1, 0)
    np.testing.assert_allclose(times.as_grid(), expected.numpy(), rtol=1e-9, atol=1e-12)


@QUICK
@given(case=network_cases(batches=st.just(2)))
def test_the_gradient_of_every_synapse_is_that_of_automatic_differentiation(
    case: NetworkCase,
) -> None:
    network = case.network()
    if not len(network.weights.values):
        return
    for member in range(2):
        W = network.all_weights.to_dense().requires_grad_()
        x = torch.from_numpy(case.stimulus[member : member + 1]).requires_grad_()
        autograd_of_states(network, x, W)[1].sum().backward()
        assert W.grad is not None
        targets = {-1: list(range(network.n_neurons))}
        found = attribute(network, case.stimulus, targets, sources="synapses", method="gradient")
        post, pre = found.sources["post"].to_numpy(), found.sources["pre"].to_numpy()
        expected = W.grad.numpy()[post, pre]
        np.testing.assert_allclose(found.values[member], expected, rtol=1e-9, atol=1e-12)


def test_a_state_is_an_independent_variable_as_finite_differences_have_it() -> None:
    network = smooth_network(3)
    stimulus = stimulus_for(network, 1).clamp(min=0.1)
    found = attribute(network, stimulus, {2: [5, 6]}, sources="neurons", method="gradient")
    base = slow_states(network, stimulus[0])
    step = 1e-6
    for layer, neuron in [(0, 3), (1, 7), (1, 11), (2, 5), (2, 9)]:
        up, down = (
            slow_states(network, stimulus[0], held={(layer, neuron): base[neuron, layer] + d})
            for d in (step, -step)
        )
        slope = (up[[5, 6], 2].sum() - down[[5, 6], 2].sum()) / (2 * step)
        assert found.as_grid()[0, neuron, layer] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_a_custom_activation_that_reads_the_state_before_is_differentiated_through() -> None:
    def leaky(_: Any, x: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x + 0.5 * before)

    network = make_random(1, activation_function=leaky).double()
    x = stimulus_for(network).requires_grad_()
    plain_response(network, x, {2: [4]}).sum().backward()
    found = attribute(network, x.detach(), {2: [4]}, method="gradient")
    assert x.grad is not None
    np.testing.assert_allclose(found.as_grid(), x.grad.numpy(), rtol=1e-9, atol=1e-12)


# Mathematics: captum, as an independent implementation.


def test_agrees_with_captum_on_the_stimulus() -> None:
    from captum.attr import InputXGradient, IntegratedGradients, Saliency

    network = smooth_network()
    x = stimulus_for(network, 3).abs() / 2
    targets: dict[int, Any] = {2: [4, 9], 1: [3]}

    def respond(x: torch.Tensor) -> torch.Tensor:
        return plain_response(network, x, targets)

    oracles = {
        "gradient": Saliency(respond).attribute(x.clone().requires_grad_(), abs=False),
        "input_x_gradient": InputXGradient(respond).attribute(x.clone().requires_grad_()),
        "integrated_gradients": IntegratedGradients(respond).attribute(x, n_steps=400),
    }
    for method, theirs in oracles.items():
        ours = attribute(network, x, targets, method=method, n_steps=400)
        np.testing.assert_allclose(ours.as_grid(), theirs.detach().numpy(), atol=1e-4)


def test_agrees_with_captum_between_two_stimuli() -> None:
    from captum.attr import IntegratedGradients

    network = make_random(1, threshold=0.0).double()  # with kinks, at the same nodes
    x, base = stimulus_for(network, 2), stimulus_for(network, 2, seed=5).abs()
    oracle = IntegratedGradients(lambda x: plain_response(network, x, {2: [4]}))
    # Its trapezoidal rule weighs n nodes by 1 / n, where n - 1 intervals are there.
    theirs = oracle.attribute(x, baselines=base, n_steps=401, method="riemann_trapezoid")
    ours = attribute(network, x, {2: [4]}, baseline=base, n_steps=400, tolerance=None)
    np.testing.assert_allclose(ours.as_grid(), theirs.numpy() * 401 / 400, atol=1e-4)


@pytest.mark.parametrize("layer", [0, 1])
def test_agrees_with_captum_on_states(layer: int) -> None:
    from captum.attr import InputXGradient, IntegratedGradients

    network = smooth_network(2)
    x = stimulus_for(network, 2).abs() / 2
    h = network(x)[..., layer]

    def respond(h: torch.Tensor) -> torch.Tensor:
        # captum lays the steps of all members one after another: the first step of all comes first
        given = x.repeat(len(h) // len(x), 1, 1)
        return from_state(network, h, given, layer)[:, [4, 6]].sum(dim=1)

    ours = attribute(network, x, {2: [4, 6]}, sources={layer: range(24)}, n_steps=400)
    theirs = IntegratedGradients(respond).attribute(h, n_steps=400, internal_batch_size=None)
    np.testing.assert_allclose(ours.values, theirs.detach().numpy(), atol=1e-4)
    ours = attribute(network, x, {2: [4, 6]}, sources={layer: range(24)}, method="input_x_gradient")
    theirs = InputXGradient(respond).attribute(h.clone().requires_grad_())
    np.testing.assert_allclose(ours.values, theirs.detach().numpy(), atol=1e-10)


@pytest.mark.parametrize("some", [False, True])
def test_agrees_with_captum_on_synapses(some: bool) -> None:
    from captum.attr import IntegratedGradients

    network = smooth_network(4)
    x = stimulus_for(network, 1).abs() / 2
    sources: Any = {"pre": [0, 3, 5], "post": [1, 4, 6, 7, 8]} if some else "synapses"
    ours = attribute(network, x, {2: [4]}, sources=sources, n_steps=400)
    post, pre = (ours.sources[end].to_numpy().copy() for end in ("post", "pre"))
    whole = network.all_weights.to_dense()
    where = torch.from_numpy(post), torch.from_numpy(pre)

    def respond(values: torch.Tensor) -> torch.Tensor:
        found = [
            autograd_of_states(network, x, whole.index_put(where, row))[1][4, 0] for row in values
        ]
        return torch.stack(found)

    theirs = IntegratedGradients(respond).attribute(whole[where][None], n_steps=400)
    np.testing.assert_allclose(ours.values, theirs.detach().numpy(), atol=1e-4)


def test_smoothgrad_agrees_with_captum_on_average() -> None:
    from captum.attr import NoiseTunnel, Saliency

    network = smooth_network(5)
    x = stimulus_for(network, 1).clamp(0.45, 0.55)
    torch.manual_seed(0)
    tunnel = NoiseTunnel(Saliency(lambda x: plain_response(network, x, {2: [4]})))
    spread = 0.1 * float(x.max())
    theirs = tunnel.attribute(
        x, nt_samples=3000, nt_samples_batch_size=500, stdevs=spread, abs=False
    )
    ours = attribute(network, x, {2: [4]}, method="smoothgrad", n_samples=3000)
    np.testing.assert_allclose(
        ours.as_grid(), theirs.numpy(), atol=0.03 * float(theirs.abs().max())
    )
    plain = attribute(network, x, {2: [4]}, method="gradient").as_grid()
    calm = attribute(network, x, {2: [4]}, method="smoothgrad", noise=0, n_samples=3)
    np.testing.assert_allclose(calm.as_grid(), plain, rtol=1e-10)


def of_noise(n_samples: int, n_sources: int, seed: int) -> torch.Tensor:
    """Draw the standard normal noise of every sample, as the documentation of `seed` has it."""
    samples = []
    for number in range(n_samples):
        generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
        samples.append(torch.randn(n_sources, generator=generator, dtype=torch.float64))
    return torch.stack(samples)


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("threshold", [0.0, 0.01])
def test_smoothgrad_agrees_with_captum_on_the_same_noise(
    monkeypatch: pytest.MonkeyPatch, seed: int, threshold: float
) -> None:
    """Where captum draws its noise it is handed ours: nothing else can differ, not even kinks."""
    from captum.attr import NoiseTunnel, Saliency

    network = make_random(5, threshold=threshold).double()
    x = stimulus_for(network, 2).clamp(0.45, 0.55)
    spread, n_samples = 0.08 * x.flatten(1).amax(dim=1), 30
    noise = of_noise(n_samples, x[0].numel(), seed).view(n_samples, *x.shape[1:])
    handed_out = []

    def normal(mean: float, std: torch.Tensor) -> torch.Tensor:
        # All samples of a member, member after member.
        assert mean == 0
        assert std.shape == (n_samples, *x.shape[1:])
        handed_out.append(std)
        return std * noise

    monkeypatch.setattr(torch, "normal", normal)
    for member in range(2):
        tunnel = NoiseTunnel(Saliency(lambda x: plain_response(network, x, {2: [4], 1: [3]})))
        theirs = tunnel.attribute(
            x[member : member + 1], nt_samples=n_samples, stdevs=float(spread[member]), abs=False
        )
        ours = attribute(
            network,
            x,
            {2: [4], 1: [3]},
            method="smoothgrad",
            n_samples=n_samples,
            noise=0.08,
            seed=seed,
        )
        np.testing.assert_allclose(ours.as_grid()[member], theirs[0].numpy(), rtol=0, atol=1e-10)
    assert len(handed_out) == 2


@pytest.mark.parametrize("sources", SOURCES)
def test_without_noise_smoothgrad_is_the_gradient(sources: str) -> None:
    network = make_random().double()
    x = stimulus_for(network).clamp(min=0)
    calm, plain = (
        attribute(network, x, {2: [4, 5]}, sources=sources, method=method, noise=0, n_samples=2)
        for method in ("smoothgrad", "gradient")
    )
    np.testing.assert_allclose(calm.values, plain.values, rtol=1e-10)
    noisy = attribute(network, x, {2: [4, 5]}, sources=sources, method="smoothgrad", noise=0.3)
    assert np.abs(noisy.values - plain.values).max() > 1e-4


# Mathematics: completeness and jumps.


@pytest.mark.parametrize("sources", SOURCES)
@pytest.mark.parametrize("threshold", [0.0, 0.01])
def test_what_is_attributed_and_what_jumps_carry_is_the_change(
    worm: wg.Connectome, sources: str, threshold: float
) -> None:
    """As the issue asks: within 1 % of the change, at 400 steps, on the worm."""
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 4, unknown_sign=1, threshold=threshold, device="cpu"
    )
    rng = np.random.default_rng(0)
    x = rng.random((3, 83, 4)) * (rng.random((3, 83, 4)) < 0.2)
    found = attribute(network, x, {-1: "AVB", 2: "AVA"}, sources=sources, n_steps=400)
    table = found.completeness
    total = pd.Series(found.values.sum(axis=1))
    if sources == "neurons":
        by_layer = found.as_grid().sum(axis=1)
        total = pd.Series(by_layer[table["batch"], table["layer"].astype(int)])
    assert total.to_numpy() == pytest.approx(table["attributed"].to_numpy(), rel=1e-5, abs=1e-6)
    assert (table["error"].abs() <= 0.01 * table["change"].abs() + 1e-6).all()
    assert (table["n_jumps"] == 0).all() == (threshold == 0)
    assert found.jumps.groupby(["batch"])["jump"].sum().sum() == pytest.approx(table["jump"].sum())


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.0, 0.01])
def test_what_is_attributed_and_what_jumps_carry_is_the_change_on_the_larva(
    shared_data: Callable[[str], Path], threshold: float
) -> None:
    larva = wg.Connectome.load(shared_data("larva"))
    network = wg.MultilayeredNetwork.from_connectome(
        larva, "role=sensory", 4, sign={"LN": -1, "*": 1}, threshold=threshold, device="cpu"
    )
    rng = np.random.default_rng(0)
    shape = 2, len(network.sensory_indices), 4
    x = rng.random(shape) * (rng.random(shape) < 0.2)
    table = attribute(network, x, {-1: "MBON"}, n_steps=400).completeness
    assert (table["error"].abs() <= 0.01 * table["change"].abs()).all()
    assert (table["n_jumps"] == 0).all() == (threshold == 0)


def test_a_jump_is_found_where_it_is_and_is_as_large_as_it_is() -> None:
    """One hop: the drive 5 * 0.5 * x reaches the threshold 0.2 at x = 0.08, and tanh(0.2) jumps."""
    network = make_chain(2, threshold=0.05, num_layers=1).double()
    network.threshold = 0.2
    found = attribute(network, np.array([[1.0]]), {0: [1]})
    # The input itself is silent up to 0.2: there the neuron jumps to tanh(0.5).
    assert found.jumps["at"].tolist() == pytest.approx([0.2], abs=1e-3)
    assert found.jumps["jump"].tolist() == pytest.approx([np.tanh(0.5)], rel=5e-3)
    assert found.completeness.loc[0, "jump"] == pytest.approx(np.tanh(0.5), rel=5e-3)
    change = np.tanh(2.5) - np.tanh(0.5)
    assert found.values.sum() == pytest.approx(change, rel=5e-3)


def test_at_a_kink_there_is_no_jump() -> None:
    network = make_chain(2, threshold=0.0, num_layers=1, default_bias=-1.0).double()
    found = attribute(network, np.array([[1.0]]), {0: [1]}, tolerance=1e-6)
    assert not len(found.jumps)
    assert found.values.sum() == pytest.approx(np.tanh(1.5), rel=1e-5)


def test_without_a_tolerance_the_grid_is_all_there_is() -> None:
    network = make_random()
    found = attribute(network, stimulus_for(network, 2), {2: [4]}, tolerance=None, n_steps=10)
    assert found.n_runs == 24
    assert (found.completeness["n_jumps"] == 0).all()


# Members, chunks and repeats.


@pytest.mark.parametrize("sources", SOURCES)
@pytest.mark.parametrize("method", METHODS)
def test_nothing_depends_on_the_batch_or_on_chunks(sources: str, method: str) -> None:
    network = make_random(n_neurons=12, n_sensory=5).double()
    x = stimulus_for(network, 3)
    options: dict[str, Any] = {
        "sources": sources,
        "method": method,
        "verify": 2,
        "n_samples": 3,
        "n_steps": 6,
    }
    together = attribute(network, x, {2: [4, 5]}, **options)
    again = attribute(network, x, {2: [4, 5]}, runs_at_once=7, **options)
    np.testing.assert_allclose(again.values, together.values, rtol=1e-9, atol=1e-12)
    pd.testing.assert_frame_equal(again.verified, together.verified)
    for member in (0, 2):
        alone = attribute(network, x[member], {2: [4, 5]}, **options)
        np.testing.assert_allclose(alone.values[0], together.values[member], rtol=1e-9, atol=1e-12)
        mine = together.verified[together.verified["batch"] == member].assign(batch=0)
        pd.testing.assert_frame_equal(alone.verified, mine.reset_index(drop=True))


def test_targets_are_weighted_sums_and_differences() -> None:
    network = make_random().double()
    x = stimulus_for(network)
    single = [attribute(network, x, {2: [i]}, method="gradient").values for i in (4, 5)]
    both = attribute(network, x, {2: [4, 5]}, method="gradient")
    np.testing.assert_allclose(both.values, single[0] + single[1], atol=1e-12)
    states = network(x).numpy()
    np.testing.assert_allclose(both.target, states[:, [4, 5], 2].sum(axis=1))
    less = attribute(network, x, {2: {4: 1, 5: -1}}, method="gradient")
    np.testing.assert_allclose(less.values, single[0] - single[1], atol=1e-12)
    np.testing.assert_allclose(less.target, states[:, 4, 2] - states[:, 5, 2])


def test_some_sources_are_a_part_of_all() -> None:
    network = make_random().double()
    x = stimulus_for(network)
    every = attribute(network, x, {2: [4]}, sources="neurons", method="gradient").as_grid()
    some = attribute(network, x, {2: [4]}, sources={-2: [3, 1], 0: [2]}, method="gradient")
    assert some.sources[["layer", "neuron"]].to_numpy().tolist() == [[0, 2], [1, 3], [1, 1]]
    np.testing.assert_allclose(some.values, every[:, [2, 3, 1], [0, 1, 1]])
    inputs = attribute(network, x, {2: [4]}, method="gradient").as_grid()
    chosen = network.sensory_indices[[2, 5]].tolist()
    part = attribute(network, x, {2: [4]}, sources={"stimulus": chosen}, method="gradient")
    np.testing.assert_allclose(part.values.reshape(2, 2, 3), inputs[:, [2, 5]])
    assert part.sources["neuron"].unique().tolist() == chosen


@pytest.mark.parametrize("sources", SOURCES)
def test_groups_are_the_sums_of_their_members(worm: wg.Connectome, sources: str) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    x = np.random.default_rng(0).random((2, 83, 3))
    single = attribute(network, x, {2: "AVA"}, sources=sources, method="input_x_gradient")
    groups = attribute(
        network, x, {2: "AVA"}, sources=sources, method="input_x_gradient", group_by="cell_type"
    )
    keys = {
        "stimulus": ["step", "group"],
        "neurons": ["layer", "group"],
        "synapses": ["pre_group", "post_group"],
    }[sources]
    table = single.to_frame().groupby(["batch", *keys])[["attribution", "activity"]].sum()
    ours = groups.to_frame().set_index(["batch", *keys])[["attribution", "activity"]]
    pd.testing.assert_frame_equal(ours.sort_index(), table.sort_index(), check_dtype=False)
    assert groups.sources["n_sources"].sum() == len(single.sources)


def test_the_result_can_be_kept_and_repeated(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    x = np.random.default_rng(0).random((83, 3))
    found = attribute(network, x, {2: "AVA"}, n_steps=20, verify=2)
    kept = pickle.loads(pickle.dumps(found))
    assert kept.network is None
    assert kept.provenance["checksum"] == worm.checksum
    again = attribute(network, kept.stimulus, seed=kept.seed, **kept.arguments)
    np.testing.assert_array_equal(again.values, found.values)
    pd.testing.assert_frame_equal(again.verified, found.verified)
    assert "249 sources (stimulus) of 1 member" in repr(found)
    assert found.to_frame(top=3)["id"].notna().all()


def test_the_network_is_left_as_it_was() -> None:
    network = make_random(idx_to_group=dict.fromkeys(range(24), "a"))
    network.set_param_grads(slopes=True)
    x = stimulus_for(network)
    states = network(x)
    for mode in (torch.no_grad, torch.inference_mode, torch.enable_grad):
        with mode():
            attribute(network, x, {2: [4]}, sources="neurons", n_steps=5)
    assert network.activations is states
    assert network.slope is not None
    assert network.slope.requires_grad
    assert network.slope.grad is None
    copy.deepcopy(network)


# Bad input.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "integrated_gradient"}, "did you mean 'integrated_gradients'"),
        ({"sources": "neuron"}, "did you mean 'neurons'"),
        ({"sources": {}}, "not a dict with the keys"),
        ({"sources": {"pre": [0], 1: [0]}}, r"not a dict with the keys 'pre', 1"),
        ({"sources": {"stimulus": [0], "pre": [1]}}, "at once"),
        ({"sources": {3: [0]}}, r"layer 3 of sources is out of range: .*num_layers=2 \(0 to 1"),
        ({"sources": {0: [9]}}, "9"),
        ({"sources": {"stimulus": [1]}}, "receive no stimulus: 1"),
        ({"sources": {"pre": [2]}}, r"no synapse: the network has none from \[2\] to any neuron"),
        ({"targets": {0: {1: float("nan")}}}, "the weight of 1 in targets is a finite number"),
        ({"targets": {0: []}}, "targets names no neurons"),
        ({"targets": {5: [1]}}, "layer 5 of targets is out of range"),
        ({"group_by": "cell_type"}, "no column 'cell_type' .*no labels.*group_by='group'"),
        ({"baseline": np.ones((1, 2)), "sources": "neurons"}, "leave baseline out"),
        ({"baseline": np.ones((3, 2))}, r"shape \(3, 2\)"),
        ({"n_steps": 0}, "n_steps is a whole number, at least 1"),
        ({"verify": -1}, "verify is a whole number, at least 0"),
        ({"tolerance": 0}, "tolerance is more than 0"),
        ({"noise": -1}, "noise is 0 or more"),
        ({"runs_at_once": 0}, "runs_at_once is a whole number"),
        ({"nulls": []}, "nulls holds no network"),
    ],
)
def test_what_cannot_be_asked_is_told(options: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"targets": {1: [2]}, **options}
    with pytest.raises(ValueError, match=message):
        attribute(make_chain(), np.ones((1, 2)), **arguments)


@pytest.mark.parametrize("options", [{"sources": [0]}, {"targets": [1]}, {"stimulus": [[1, 1]]}])
def test_other_kinds_are_refused(options: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"targets": {1: [2]}, "stimulus": np.ones((1, 2)), **options}
    with pytest.raises(TypeError):
        wg.attribution(make_chain(), progress=False, **arguments)


def test_values_that_are_no_grid_are_not_shown_as_one() -> None:
    found = attribute(make_chain(), np.ones((1, 2)), {1: [2]}, sources="synapses")
    with pytest.raises(ValueError, match="no grid of neurons and steps"):
        found.as_grid()
    assert dense(make_chain()).shape == (3, 3)


def test_silenced_neurons_carry_nothing(worm: wg.Connectome) -> None:
    network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    silenced = network.manipulated(wg.Manipulations().silence("AVD"))
    found = wg.attribution(
        silenced, np.full((83, 3), 0.5), {2: "AVA"}, sources="neurons", progress=False
    )
    rows = found.to_frame(top=10**6)
    assert not rows.loc[rows["neuron"].isin(network.find("AVD")), "attribution"].any()
