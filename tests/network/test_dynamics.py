"""Memory, states to start from, negative inputs, and other models of a neuron."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from manipulation_cases import fused_and_plain, manipulations_of
from network_cases import QUICK, NetworkCase, make_case, network_cases, run
from torch.autograd import gradcheck

import wiregrad as wg
from wiregrad.network import Slopes, Watch
from wiregrad.network import _unroll as unroll_module
from wiregrad.network._fused import can_fuse

pytestmark = pytest.mark.kernel

Chain = Callable[..., wg.MultilayeredNetwork]
NOTHING = wg.Manipulations()


def leaky(
    case: NetworkCase, seed: int, dtype: torch.dtype = torch.float64
) -> wg.MultilayeredNetwork:
    """Make the case's network, with a memory, and a threshold that the fused path takes."""
    rng = np.random.default_rng(seed)
    names = sorted(set((case.options["idx_to_group"] or {}).values()))
    tau = {"tau": rng.uniform(1.1, 6)}
    if names:
        tau["tau_dict"] = {names[0]: 1.0 if len(names) > 1 else 2.5}
    steps = case.stimulus.shape[2]
    network = wg.MultilayeredNetwork(
        torch.from_numpy(case.weights).to(dtype),
        case.sensory,
        steps,
        device="cpu",
        **case.options,
        **tau,
    ).to(dtype)
    network.threshold = network.threshold or 0.05
    return network


def slow_leaky(case: NetworkCase, network: wg.MultilayeredNetwork) -> np.ndarray:
    """h_t = (1 - 1/tau) h_{t-1} + f/tau, then input and cap; in loops."""
    weights, _ = case._split_divisive()
    slope = case._by_neuron("slope_dict", "tanh_steepness")
    bias = case._by_neuron("bias_dict", "default_bias")
    tau = network.tau.detach().numpy()
    tau = tau[network.indices.numpy()] if network.indices is not None else [tau[0]] * len(weights)
    answers = []
    for member in case.stimulus:
        u = np.where(member >= network.threshold, np.minimum(member, 1), 0)
        h = np.zeros(len(weights))
        h[case.sensory] = u[:, 0]
        states = []
        for t in range(u.shape[1]):
            new = np.zeros(len(weights))
            for i, row in enumerate(weights):
                z = slope[i] * (row @ h) + bias[i]
                rate = np.tanh(z) if z >= network.threshold else 0.0
                new[i] = (1 - 1 / tau[i]) * h[i] + rate / tau[i]
            if t < u.shape[1] - 1:
                for row, i in enumerate(case.sensory):
                    new[i] = min(new[i] + u[row, t + 1], 1)
            h = new
            states.append(h)
        answers.append(np.stack(states, axis=1))
    return np.stack(answers)


# Memory.


@QUICK
@given(case=network_cases(rules=(None,)), seed=st.integers(0, 99))
def test_a_memory_equals_a_slow_dense_network(case: NetworkCase, seed: int) -> None:
    network = leaky(case, seed)
    answers = []
    for shift in (-1e-6, 0, 1e-6):
        network.threshold += shift
        answers.append(slow_leaky(case, network))
        network.threshold -= shift
    if not np.array_equal(answers[0], answers[2]):
        return
    assert can_fuse(network)
    found = network(torch.from_numpy(case.stimulus)).numpy()
    np.testing.assert_allclose(found, answers[1], rtol=1e-9, atol=1e-11)


@QUICK
@given(
    case=network_cases(rules=(None,)),
    data=st.data(),
    leak=st.sampled_from([0.0, 0.1]),
    window=st.integers(1, 5),
)
def test_fused_equals_plain_steps_with_all_gradients(
    case: NetworkCase, data: st.DataObject, leak: float, window: int
) -> None:
    network = leaky(case, data.draw(st.integers(0, 99)))
    network.set_param_grads(slopes=True, raw_biases=True)
    acting = network.manipulated(data.draw(manipulations_of(case)))
    answers = fused_and_plain(acting, torch.from_numpy(case.stimulus), leak, window)
    for one, other in zip(*answers, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@QUICK
@given(case=network_cases(rules=(None,)), seed=st.integers(0, 99))
def test_all_states_with_a_memory_carry_their_gradients(case: NetworkCase, seed: int) -> None:
    network, stimulus = leaky(case, seed), torch.from_numpy(case.stimulus)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unroll_module, "can_fuse", lambda *_: False)
        expected = run(network, stimulus)
    for one, other in zip(run(network, stimulus), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", [1, 4])
def test_tau_has_a_gradient(seed: int) -> None:
    case = make_case(seed)
    network = leaky(case, seed)
    network.tau += 0.3  # below 1 there is no memory, so that 1 itself has a kink
    network.set_param_grads(slopes=True, tau=True)
    assert not can_fuse(network)
    leaves = (torch.from_numpy(case.stimulus).requires_grad_(), *network.parameters())
    assert gradcheck(lambda *_: network(leaves[0]), leaves)
    assert torch.autograd.grad(network(leaves[0]).sum(), network.tau)[0].any()


def test_a_memory_is_learned_from_its_responses() -> None:
    weights = np.zeros((2, 2))
    weights[1, 0] = 0.1
    groups = {0: "a", 1: "b"}
    true = wg.MultilayeredNetwork(
        weights, [0], 8, idx_to_group=groups, tau_dict={"b": 4.0}, device="cpu"
    )
    network = wg.MultilayeredNetwork(
        weights, [0], 8, idx_to_group=groups, tau_dict={"b": 1.5}, device="cpu"
    )
    network.set_param_grads(tau=True)
    x = torch.zeros(1, 1, 8)
    x[..., 0:3] = 1
    optimiser = torch.optim.Adam([network.tau], lr=0.2)
    for _ in range(120):
        optimiser.zero_grad()
        (network(x) - true(x)).square().sum().backward()
        optimiser.step()
    assert network.tau[1].item() == pytest.approx(4.0, abs=0.05)


@pytest.mark.compiled
@pytest.mark.parametrize("batch", [1, 3, 9])
def test_members_are_what_they_are_alone_to_the_bit(
    fly_network: wg.MultilayeredNetwork, batch: int
) -> None:
    network = wg.MultilayeredNetwork(
        fly_network.all_weights, fly_network.sensory_indices, 5, tau=3.0, device="cpu"
    )
    shape = (batch, len(fly_network.sensory_indices), 5)
    stimulus = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    together = run(network, stimulus)
    assert together[1].any()
    for member in range(0, batch, 4):
        alone = run(network, stimulus[member : member + 1])
        for one, other in zip(together, alone, strict=True):
            assert torch.equal(one[member : member + 1], other)


def test_without_a_memory_it_is_the_plain_network(make_chain: Chain) -> None:
    assert make_chain(tau=1).tau is None
    assert make_chain(tau=1.0, grouped=True, tau_dict={"a": 1}).tau is None
    assert list(make_chain(grouped=True).state_dict()) == list(
        make_chain(grouped=True, tau=1).state_dict()
    )
    some = make_chain(grouped=True, tau_dict={"b": 2})
    assert some.tau.tolist() == [1, 2, 1]


def test_what_is_remembered_can_be_read_in_the_last_step(make_chain: Chain) -> None:
    network = make_chain(num_layers=1, tau=2.0)
    result = wg.activation_maximisation(
        network, {0: {0: 0.5}}, seed=0, use_tqdm=False, print_output=False
    )
    assert result.targets["status"].tolist() == ["reached"]


# A state to start from.


@QUICK
@given(case=network_cases(rules=(None,)), data=st.data())
def test_a_run_goes_on_where_it_stopped(case: NetworkCase, data: st.DataObject) -> None:
    remembers = data.draw(st.booleans())
    network = leaky(case, 0, torch.float32) if remembers else case.network(torch.float32)
    n_steps = case.stimulus.shape[2]
    stimulus = torch.from_numpy(case.stimulus).float()
    whole = network(stimulus)
    cut = data.draw(st.integers(1, n_steps))
    network.num_layers = cut
    first = network(stimulus[..., :cut])
    if cut == n_steps:
        return
    network.num_layers = n_steps - cut
    rest = network(stimulus[..., cut:], initial_state=first[..., -1])
    assert torch.equal(rest, whole[..., cut:])
    last = network(stimulus[..., cut:], initial_state=first[..., -1], record=[0], record_steps=-1)
    assert torch.equal(last[:, 0, 0], whole[:, 0, -1])


@pytest.mark.parametrize("fuse", [True, False])
@pytest.mark.parametrize("seed", [1, 4])
def test_gradients_from_a_state_on(monkeypatch: pytest.MonkeyPatch, seed: int, fuse: bool) -> None:
    case = make_case(seed)
    network = case.network()
    if not fuse:
        monkeypatch.setattr(unroll_module, "can_fuse", lambda *_: False)
    state = torch.rand(2, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    x = torch.from_numpy(case.stimulus).requires_grad_()
    assert gradcheck(lambda x: network(x, initial_state=state), x)
    held = NOTHING.clamp(3, 0.2)
    assert gradcheck(lambda x: network(x, initial_state=state, manipulations=held), x)
    state.requires_grad_()
    assert gradcheck(lambda s: network(x.detach(), initial_state=s), state)


def test_one_state_serves_all_members(make_chain: Chain) -> None:
    network, state = make_chain(num_layers=2), torch.tensor([0.0, 0.6, 0.1])
    x = torch.rand(3, 1, 2)
    each = network(x, initial_state=state.expand(3, 3))
    assert torch.equal(network(x, initial_state=state), each)
    assert torch.equal(network(x[1], initial_state=state.numpy()), each[1])


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (np.zeros(4), ValueError, r"shape \(4,\), but must have \(n_neurons,\) = \(3,\) or"),
        (np.zeros((3, 3)), ValueError, r"shape \(3, 3\)"),
        (np.array([0, np.nan, 0]), ValueError, "initial_state holds 1 values that are NaN"),
        (np.array([0, 1.5, 0]), ValueError, "holds 1 values that no state .* such as 1.5"),
        ([0, 0, 0], TypeError, "must be a numpy array or a torch tensor, not list"),
    ],
)
def test_states_that_cannot_be(
    make_chain: Chain, state: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make_chain(num_layers=2)(np.ones((2, 1, 2)), initial_state=state)


# Inputs that may be negative.


def test_inputs_below_a_baseline(make_chain: Chain) -> None:
    network = make_chain(num_layers=2, input_range=(-1, 2), default_bias=0.3)
    assert not can_fuse(network)
    x = torch.tensor([[[-0.5, 0.0]], [[-0.001, 0.0]], [[-3.0, 0.0]], [[3.0, 0.0]]])
    states = network(x)[:, 1, 0]
    for value, found in zip([-0.5, 0.0, -1.0, 1.0], states, strict=True):
        z = 5 * 0.5 * value + 0.3
        assert found.item() == pytest.approx(np.tanh(z) if z >= 0.01 else 0, abs=1e-6)
    assert network(x)[0, 0, 0] == pytest.approx(np.tanh(0.3), abs=1e-6)


def test_negative_inputs_have_gradients() -> None:
    case = make_case(3)
    network = case.network()
    network.input_range = (-2, 1)
    stimulus = torch.from_numpy(case.stimulus * 2 - 0.5)
    assert (stimulus < -0.1).any()
    leaves = stimulus.requires_grad_()
    assert gradcheck(network, leaves)


@pytest.mark.parametrize("wrong", [(0.5, 1), (0, 0), (1, 0), (0, np.inf), 1, (0, 1, 2), "ab"])
def test_ranges_that_cannot_be(make_chain: Chain, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"input_range is \(lowest, highest\)"):
        make_chain(input_range=wrong)


# Other models.


def test_a_linear_network_is_the_power_of_its_matrix() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(6, 6)) * (rng.random((6, 6)) < 0.6)
    network = wg.MultilayeredNetwork(
        torch.from_numpy(weights), [1, 4], 4, tanh_steepness=2, dynamics=wg.Linear(),
        input_range=(-9, 9), device="cpu",
    )  # fmt: skip
    x = rng.normal(size=(3, 2, 4))
    found = network(x).numpy()
    for member, u in zip(found, x, strict=True):
        given = np.zeros((6, 5))
        given[[1, 4], :4] = u
        for t in range(4):
            expected = sum(
                np.linalg.matrix_power(2 * weights, t + 1 - s) @ given[:, s]
                for s in range(t + 2)
                if s < 4
            )
            np.testing.assert_allclose(member[:, t], expected, rtol=1e-10, atol=1e-12)
    a, b = torch.from_numpy(x[0]), torch.from_numpy(x[1])
    torch.testing.assert_close(network(a + b), network(a) + network(b))
    with_memory = wg.MultilayeredNetwork(
        torch.from_numpy(weights), [1], 2, tau=4, dynamics=wg.Linear(), device="cpu"
    )
    one = with_memory(np.array([[1.0, 0]]))[1, 0].item()
    assert one == pytest.approx(0.75 + 0.25 * 5 * weights[1, 1])


def fly_visual(
    weights: np.ndarray, bias: np.ndarray, tau: np.ndarray, x: np.ndarray, dt: float
) -> np.ndarray:
    """Take Euler steps of tau dV/dt = -V + b + sum w max(V, 0) + x, in loops.

    The trained networks of Lappalainen et al. 2024, doi:10.1038/s41586-024-07939-3.
    """
    v, states = bias.copy(), []
    for column in x.T:
        v = v + dt / tau * (-v + bias + weights @ np.maximum(v, 0) + column)
        states.append(v)
    return np.stack(states, axis=1)


@pytest.mark.parametrize("dt", [1.0, 5.0])
def test_leaky_linear_rectified_units_as_published(dt: float) -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(7, 7)) * (rng.random((7, 7)) < 0.5) * 0.5
    bias, tau = rng.normal(size=7) * 0.3, rng.uniform(10, 50, 7)
    x = rng.normal(size=(2, 3, 20))
    network = wg.MultilayeredNetwork(
        torch.from_numpy(weights),
        [0, 2, 5],
        20,
        idx_to_group=dict(enumerate("abcdefg")),
        bias_dict=dict(zip("abcdefg", bias, strict=True)),
        signed_biases=True,
        input_range=(-10, 10),
        dynamics=wg.LeakyRectified(tau=tau, dt=dt),
        device="cpu",
    )
    everywhere = np.zeros((2, 7, 20))
    everywhere[:, [0, 2, 5]] = x
    expected = [fly_visual(weights, bias, tau, member, dt) for member in everywhere]
    np.testing.assert_allclose(network(x).numpy(), expected, rtol=1e-10, atol=1e-12)
    held = network(x, manipulations=NOTHING.clamp("b", 0.7, members=1))
    assert (held[1, 1] == 0.7).all()
    assert torch.equal(held[0], network(x)[0])
    again = network(x, initial_state=network(x)[..., -1])
    rest = [fly_visual(weights, bias, tau, np.tile(m, 2), dt)[:, 20:] for m in everywhere]
    np.testing.assert_allclose(again.numpy(), rest, rtol=1e-9, atol=1e-11)


def test_small_euler_steps_approach_the_differential_equation() -> None:
    from scipy.integrate import solve_ivp

    rng = np.random.default_rng(3)
    weights, bias = rng.normal(size=(4, 4)) * 0.4, rng.normal(size=4) * 0.2
    exact = solve_ivp(
        lambda _, v: (-v + bias + weights @ np.maximum(v, 0) + np.array([1.0, 0, 0, 0])) / 20,
        (0, 50),
        bias,
        rtol=1e-9,
        atol=1e-11,
    ).y[:, -1]
    misses = []
    for dt in (1.0, 0.1):
        n = round(50 / dt)
        network = wg.MultilayeredNetwork(
            torch.from_numpy(weights), [0], n, idx_to_group=dict(enumerate("abcd")),
            bias_dict=dict(zip("abcd", bias, strict=True)), signed_biases=True,
            dynamics=wg.LeakyRectified(tau=20.0, dt=dt), device="cpu",
        )  # fmt: skip
        last = network(np.ones((1, n)), record=range(4), record_steps=-1)[:, 0]
        misses.append(np.abs(last.numpy() - exact).max())
    assert misses[0] < 0.03
    assert misses[1] < 0.15 * misses[0]


def test_what_a_dynamics_has_is_trained_and_moves_with_the_network() -> None:
    dynamics = wg.LeakyRectified(tau=20.0, dt=5.0)
    dynamics.tau.requires_grad_()
    network = wg.MultilayeredNetwork(
        np.array([[0, 0], [1.0, 0]]), [0], 6, dynamics=dynamics, device="cpu"
    )
    assert network.is_training_parameters
    x = torch.full((1, 1, 6), 0.5, dtype=torch.float64, requires_grad=True)
    network.to(torch.float64)
    assert dynamics.tau.dtype == torch.float64
    assert gradcheck(lambda x, _: network(x), (x, dynamics.tau))
    checkpointed = network(x, record=[1], record_steps=-1, checkpoint_steps=2)
    plain = network(x)[:, [1]][..., [-1]]
    for one, other in zip(
        torch.autograd.grad(checkpointed.sum(), [x, dynamics.tau]),
        torch.autograd.grad(plain.sum(), [x, dynamics.tau]),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_a_search_and_saliency_through_other_dynamics() -> None:
    weights = np.zeros((3, 3))
    weights[1, 0], weights[2, 1] = 1.0, 1.0
    network = wg.MultilayeredNetwork(
        weights, [0], 6, dynamics=wg.LeakyRectified(tau=2.0, dt=1.0), device="cpu"
    )
    result = wg.activation_maximisation(
        network, {5: {2: 0.5}}, seed=0, use_tqdm=False, print_output=False
    )
    assert result.targets["status"].tolist() == ["reached"]
    slope = wg.saliency(network, result.input, {5: [2]})
    assert slope[0, :3].all()
    watch = Watch(network, *(torch.tensor([i]) for i in (0, 2, 5)), leak=0.1)
    response, gradient = watch.run(torch.from_numpy(result.input)[None])
    assert torch.allclose(gradient(Slopes(torch.ones(1)))[0], slope)
    assert response.read.item() == result.output[2, 5]


def test_anything_else_is_refused(make_chain: Chain) -> None:
    with pytest.raises(ValueError, match=r"an object of a subclass of wiregrad\.Dynamics"):
        make_chain(dynamics=wg.Linear)
    with pytest.raises(NotImplementedError, match="has no method `step`"):
        make_chain(num_layers=1, dynamics=wg.Dynamics())(np.ones((1, 1)))

    class Wrong(wg.Dynamics):
        def step(self, network: object, h: torch.Tensor, *_: object) -> torch.Tensor:
            return h[0]

    with pytest.raises(ValueError, match=r"Wrong\.step returned \(1,\) of torch.float32: it must"):
        make_chain(num_layers=1, dynamics=Wrong())(np.ones((1, 1)))
    for tau in (0.5, np.nan):
        with pytest.raises(ValueError, match="tau"):
            make_chain(tau=tau)
    with pytest.raises(ValueError, match="tau_dict"):
        make_chain(tau_dict={"a": 2})
    for wrong in ({"dt": 0}, {"dt": 30}, {"tau": -1}):
        with pytest.raises(ValueError, match=r"(dt|tau) is a time in ms"):
            wg.LeakyRectified(**{"tau": 20.0, "dt": 1.0} | wrong)
