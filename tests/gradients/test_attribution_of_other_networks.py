"""Attribution where neurons are manipulated, remember, or follow other dynamics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from attribution_cases import attribute
from gradient_cases import make_chain, make_random
from slow_network import CASES, NOTHING, SENSORY, Case, Slow

import wiregrad as wg

TARGETS: dict[int, Any] = {2: {5: 1.0, 3: -0.5, 1: 0.25}, 1: {1: 0.7}}
SOURCES = ["stimulus", "neurons", "synapses"]

every_case = pytest.mark.parametrize("name", list(CASES))
some_cases = pytest.mark.parametrize(
    "name", ["memory, clamped and silenced", "negative inputs", "leaky, all at once"]
)


def respond(states: np.ndarray) -> float:
    """Read the targets."""
    return float(
        sum(w * states[n, t] for t, weights in TARGETS.items() for n, w in weights.items())
    )


def with_source(slow: Slow, x: np.ndarray, states: np.ndarray, source: Any) -> Callable[..., float]:
    """Return the response as a function of what one source is set to, and what it is."""
    if "step" in source:
        row, step = SENSORY.index(source["neuron"]), source["step"]

        def at(value: float) -> float:
            changed = x.copy()
            changed[row, step] = value
            return respond(slow.run(changed))

    elif "layer" in source:
        place = source["layer"], source["neuron"]

        def at(value: float) -> float:
            return respond(slow.run(x, held={place: value}))

    else:

        def at(value: float) -> float:
            weights = slow.weights.copy()
            # What is set is the weight as the network has it: scaled, or taken away.
            factor = slow._as_scaled(np.ones_like(weights))[source["post"], source["pre"]]
            weights[source["post"], source["pre"]] = value / factor
            return respond(slow.run(x, weights=weights))

    return at


def is_without_effect(case: Case, source: Any) -> bool:
    """Whether a synapse is one that silencing in all members took out of the weights."""
    gone = [i for i in case.slow[0].done.items if hasattr(i, "mode") and i.members is None]
    return any(
        (item.mode != "incoming" and source["pre"] in item.neurons)
        or (item.mode != "outgoing" and source["post"] in item.neurons)
        for item in gone
    )


def value_of(case: Case, member: int, states: np.ndarray, source: Any) -> float:
    """Return what a source is."""
    if "step" in source:
        return float(case.stimulus[member, SENSORY.index(source["neuron"]), source["step"]])
    if "layer" in source:
        return float(states[source["neuron"], source["layer"]])
    if is_without_effect(case, source):
        return 0.0
    slow = case.slow[member]
    return float(slow._as_scaled(slow.weights)[source["post"], source["pre"]])


# Mathematics.


@every_case
def test_the_slow_network_is_the_network(name: str) -> None:
    case = CASES[name]()
    states = case.network(case.stimulus, **case.options).numpy()
    for member, slow in enumerate(case.slow):
        np.testing.assert_allclose(slow.run(case.stimulus[member]), states[member], atol=1e-12)


@pytest.mark.parametrize("sources", SOURCES)
@every_case
def test_gradients_are_finite_differences(name: str, sources: str) -> None:
    case = CASES[name]()
    found = {
        method: attribute(
            case.network, case.stimulus, TARGETS, sources=sources, method=method, **case.options
        )
        for method in ("gradient", "input_x_gradient")
    }
    checked = 0
    for member, slow in enumerate(case.slow):
        x = case.stimulus[member]
        states, e = slow.run(x), 1e-5
        assert found["gradient"].target[member] == pytest.approx(respond(states), abs=1e-12)
        for k, source in enumerate(found["gradient"].sources.to_dict("records")):
            value = value_of(case, member, states, source)
            slope = 0.0
            if not ("pre" in source and is_without_effect(case, source)):
                at = with_source(slow, x, states, source)
                slope = (at(value + e) - at(value - e)) / (2 * e)
                checked += abs(slope) > 1e-6
                assert found["gradient"].values[member, k] == pytest.approx(slope, abs=1e-8)
            times = found["input_x_gradient"].values[member, k]
            assert times == pytest.approx(slope * value, abs=1e-8)
    assert checked > 1


@pytest.mark.parametrize("sources", SOURCES)
@every_case
def test_integrated_gradients_are_complete_and_ablations_are_real(name: str, sources: str) -> None:
    case = CASES[name]()
    found = attribute(
        case.network,
        case.stimulus,
        TARGETS,
        sources=sources,
        n_steps=60,
        verify=3,
        **case.options,
    )
    table = found.completeness
    assert (table["error"].abs() <= 0.003 * table["change"].abs() + 2e-6).all()
    for member, slow in enumerate(case.slow):
        x = case.stimulus[member]
        if sources == "stimulus":
            row = table.loc[member]
            assert row["target"] == pytest.approx(respond(slow.run(x)), abs=1e-12)
            assert row["at_baseline"] == pytest.approx(respond(slow.run(0 * x)), abs=1e-12)
        states = slow.run(x)
        mine = found.verified[found.verified["batch"] == member]
        assert len(mine) > 2
        for row in mine.itertuples():
            source = found.sources.loc[row.source].to_dict()
            less = with_source(slow, x, states, source)(0.0)
            if sources == "neurons":  # a path of neurons reads the targets from their layer on
                assert (source["layer"], source["neuron"]) not in {(2, 5), (2, 3), (2, 1), (1, 1)}
            assert row.measured == pytest.approx(respond(states) - less, abs=1e-10)


@pytest.mark.parametrize("name", ["memory, clamped and silenced", "leaky, all at once"])
def test_integrated_gradients_are_the_mean_slope_on_the_way(name: str) -> None:
    """Against the trapezoidal rule on finite differences of the slow network."""
    case = CASES[name]()
    found = attribute(
        case.network, case.stimulus, TARGETS, n_steps=40, tolerance=None, **case.options
    )
    nodes, e = np.linspace(0, 1, 41), 1e-5
    for member, slow in enumerate(case.slow):
        x = case.stimulus[member]
        slopes = np.zeros((len(nodes), *x.shape))
        for k, at in enumerate(nodes):
            for place in np.ndindex(*x.shape):
                step = np.zeros_like(x)
                step[place] = e
                # Beside 0 as the threshold leaves a kink there.
                here = x * max(at, 1e-9)
                up, down = (respond(slow.run(here + d)) for d in (step, -step))
                slopes[k][place] = (up - down) / (2 * e)
        expected = x * np.trapezoid(slopes, nodes, axis=0)
        # At a crossing of the threshold a finite difference sees what a gradient does not.
        assert np.median(np.abs(found.as_grid()[member] - expected)) < 1e-6
        np.testing.assert_allclose(found.as_grid()[member], expected, atol=0.05)


def of_member(case: Case, member: int, members: int | None) -> dict[str, Any]:
    """Return the options that do to one member, or to all, what is done to a member of the case."""
    done = NOTHING
    for item in case.options["manipulations"].items:
        named = getattr(item, "members", None)
        if named is None:
            done = done + wg.Manipulations((item,))
        elif member in named:
            done = done + wg.Manipulations(
                (replace(item, members=None if members is None else (members,)),)
            )
    options: dict[str, Any] = {"manipulations": done}
    if "initial_state" in case.options:
        options["initial_state"] = case.options["initial_state"][member]
    return options


@pytest.mark.parametrize(
    "name",
    [
        "memory, clamped and silenced",
        "negative inputs, memory, clamped",
        "divisive, muted in a member",
        "linear, all at once",
        "leaky, all at once",
    ],
)
def test_agrees_with_captum(name: str) -> None:
    from captum.attr import InputXGradient, IntegratedGradients

    case = CASES[name]()
    options = {"n_steps": 200, "tolerance": None}
    ours = attribute(case.network, case.stimulus, TARGETS, **options, **case.options)
    times = attribute(
        case.network, case.stimulus, TARGETS, method="input_x_gradient", **case.options
    )
    for member in range(2):
        alike = of_member(case, member, None)
        x = torch.from_numpy(case.stimulus[member : member + 1])

        def respond(x: torch.Tensor, alike: dict[str, Any] = alike) -> torch.Tensor:
            states = case.network(x, **alike)
            parts = [w * states[:, n, t] for t, by in TARGETS.items() for n, w in by.items()]
            return torch.stack(parts).sum(dim=0)

        # Its rule weighs n nodes by 1 / n, where n - 1 intervals are there.
        oracle = IntegratedGradients(respond)
        theirs = oracle.attribute(x, n_steps=201, method="riemann_trapezoid") * 201 / 200
        np.testing.assert_allclose(ours.as_grid()[member], theirs[0].numpy(), atol=1e-4)
        product = InputXGradient(respond).attribute(x.clone().requires_grad_())
        np.testing.assert_allclose(times.as_grid()[member], product[0].detach(), atol=1e-10)


@pytest.mark.parametrize("sources", SOURCES)
@pytest.mark.parametrize("name", ["memory, clamped and silenced", "leaky, all at once"])
@pytest.mark.parametrize("method", ["integrated_gradients", "smoothgrad"])
def test_members_are_what_they_are_alone(name: str, sources: str, method: str) -> None:
    case = CASES[name]()
    options: dict[str, Any] = {
        "sources": sources,
        "method": method,
        "n_steps": 10,
        "n_samples": 4,
        "verify": 2,
    }
    together = attribute(case.network, case.stimulus, TARGETS, **options, **case.options)
    chunked = attribute(
        case.network, case.stimulus, TARGETS, runs_at_once=3, **options, **case.options
    )
    np.testing.assert_allclose(chunked.values, together.values, rtol=1e-9, atol=1e-12)
    for member in range(2):
        mine = of_member(case, member, 0)
        alone = attribute(case.network, case.stimulus[member], TARGETS, **options, **mine)
        np.testing.assert_allclose(alone.values[0], together.values[member], rtol=1e-9, atol=1e-12)
        rows = together.verified[together.verified["batch"] == member].assign(batch=0)
        pd.testing.assert_frame_equal(alone.verified, rows.reset_index(drop=True))


@pytest.mark.parametrize("sources", SOURCES)
@some_cases
def test_without_noise_smoothgrad_is_the_gradient(name: str, sources: str) -> None:
    case = CASES[name]()
    calm, plain = (
        attribute(
            case.network, case.stimulus, TARGETS, sources=sources, method=method, noise=0,
            n_samples=2, **case.options,
        )
        for method in ("smoothgrad", "gradient")
    )  # fmt: skip
    np.testing.assert_allclose(calm.values, plain.values, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dynamics", [None, wg.Linear()])
def test_noisy_inputs_stay_in_their_range(dynamics: wg.Dynamics | None) -> None:
    """Where they left it the slope would be 0, and here it is one for all there is."""
    network = make_chain(
        2, num_layers=1, input_range=(-1, 1), dynamics=dynamics, default_bias=0.5
    ).double()
    network.tanh_steepness = 1e-3
    x = np.array([[-0.9]])
    found = attribute(network, x, {0: [1]}, method="smoothgrad", noise=0.5, n_samples=40)
    plain = attribute(network, x, {0: [1]}, method="gradient")
    assert found.values[0, 0] == pytest.approx(plain.values[0, 0], rel=1e-3)


# What it says.


def test_a_clamp_carries_what_it_does_and_nothing_reaches_past_it() -> None:
    network = make_chain(4, tanh_steepness=1, threshold=0.0).double()  # 0 -> 1 -> 2 -> 3
    done = NOTHING.clamp(1, 0.8, steps=0)
    x = np.array([[1.0, 0, 0]])
    inputs = attribute(network, x, {2: [3]}, manipulations=done)
    assert not inputs.values.any()
    states = attribute(network, x, {2: [3]}, sources="neurons", manipulations=done, verify=2)
    expected = np.tanh(0.5 * np.tanh(0.5 * 0.8))
    assert states.as_grid()[0, 1, 0] == pytest.approx(expected, rel=1e-5)
    assert states.verified["measured"].tolist() == pytest.approx([expected] * 2)


def test_a_jump_is_found_where_a_neuron_remembers() -> None:
    """One hop: 5 * 0.5 * x reaches the threshold 0.2 at x = 0.08, and tanh(0.2) / tau jumps."""
    network = make_chain(2, num_layers=1, tau=4.0, input_range=(-1, 1)).double()
    network.threshold = 0.2
    found = attribute(network, np.array([[1.0]]), {0: [1]})
    # The input itself is silent up to 0.2: there the neuron jumps to tanh(0.5).
    assert found.jumps["at"].tolist() == pytest.approx([0.2], abs=1e-3)
    assert found.jumps["jump"].tolist() == pytest.approx([np.tanh(0.5) / 4], rel=5e-3)
    assert found.values.sum() == pytest.approx((np.tanh(2.5) - np.tanh(0.5)) / 4, rel=5e-3)


def test_other_models_do_not_jump_and_a_linear_one_is_exact() -> None:
    rng = np.random.default_rng(0)
    W = torch.from_numpy(rng.normal(size=(5, 5)))
    network = wg.MultilayeredNetwork(
        W, [0, 3], 4, dynamics=wg.Linear(), input_range=(-9, 9), default_bias=3.0, device="cpu"
    )
    x = rng.normal(size=(2, 2, 4))
    found = attribute(network, x, {-1: [2]}, n_steps=5)
    assert not len(found.jumps)
    assert found.completeness["error"].abs().max() < 1e-9
    silence = network(np.zeros((2, 4)))[2, -1].item()
    for member in range(2):
        for (row, step), share in np.ndenumerate(found.as_grid()[member]):
            alone = np.zeros((2, 4))
            alone[row, step] = x[member, row, step]
            effect = network(alone)[2, -1].item() - silence
            assert share == pytest.approx(effect, abs=1e-9)


def test_rounding_is_no_jump() -> None:
    """In float32, a small change of a large response."""
    network = wg.MultilayeredNetwork(
        np.array([[0, 0], [0.37, 0]]), [0], 1, dynamics=wg.Linear(), default_bias=1000.3,
        tanh_steepness=1.0, device="cpu",
    )  # fmt: skip
    found = attribute(network, np.array([[0.9]]), {0: [1]})
    assert not len(found.jumps)


def test_dynamics_that_ignore_the_stimulus_have_no_gradient() -> None:
    class Asleep(wg.Dynamics):
        def step(self, network: Any, h: torch.Tensor, *_: Any) -> torch.Tensor:
            return torch.zeros_like(h)

    network = make_chain(dynamics=Asleep())
    for sources in SOURCES:
        found = attribute(network, np.ones((1, 2)), {1: [2]}, sources=sources)
        assert not found.values.any()


@pytest.mark.parametrize(
    "options",
    [
        {"tau": 2.0},
        {"input_range": (-1.0, 1.0)},
        {"dynamics": wg.LeakyRectified(2.0, 1.0), "input_range": (-1.0, 1.0)},
        {"dynamics": wg.Linear()},
    ],
)
@pytest.mark.parametrize("sources", ["stimulus", pytest.param("synapses", marks=pytest.mark.slow)])
def test_on_the_worm_attributed_and_jumps_are_the_change(
    worm: wg.Connectome, options: dict[str, Any], sources: str
) -> None:
    """With a clamp, and AVD silenced in the second member, within 1 % at 400 steps."""
    network = wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", 4, unknown_sign=1, device="cpu", **options
    )
    rng = np.random.default_rng(0)
    low = network.input_range[0]
    x = rng.uniform(low, 1, (2, 83, 4)) * (rng.random((2, 83, 4)) < 0.2)
    done = NOTHING.clamp("AVB", 0.3, steps=[1]).silence("AVD", members=1)
    found = attribute(
        network, x, {-1: "AVB", 2: "AVA"}, sources=sources, n_steps=400, manipulations=done
    )
    table = found.completeness
    assert table["change"].abs().min() > 1e-3
    assert (table["error"].abs() <= 0.01 * table["change"].abs()).all()
    assert (table["n_jumps"] == 0).all() == ("dynamics" in options)
    states = network(x, manipulations=done)
    ava, avb = (network.find(name) for name in ("AVA", "AVB"))
    expected = states[:, avb, -1].sum(dim=1) + states[:, ava, 2].sum(dim=1)
    np.testing.assert_allclose(found.target, expected.numpy(), rtol=1e-5)


def test_a_manipulated_network_and_the_argument_say_the_same(
    worm_network: wg.MultilayeredNetwork,
) -> None:
    x = np.random.default_rng(0).random((2, 83, 3))
    done = NOTHING.clamp("AVB", 0.5).silence("AVD", members=1).scale("ASH", None, 0.5)
    options: dict[str, Any] = {"method": "input_x_gradient", "sources": "neurons"}
    given = attribute(worm_network, x, {2: "AVA"}, manipulations=done, **options)
    acting = attribute(worm_network.manipulated(done), x, {2: "AVA"}, **options)
    np.testing.assert_array_equal(given.values, acting.values)
    assert given.provenance["manipulations"] == str(done)
    again = attribute(worm_network, given.stimulus, seed=given.seed, **given.arguments)
    np.testing.assert_array_equal(again.values, given.values)
    avd = given.to_frame()
    avd = avd[(avd["group"] == "AVD")]
    assert not avd.loc[avd["batch"] == 1, "attribution"].any()
    assert avd.loc[avd["batch"] == 0, "attribution"].any()


def test_nulls_are_manipulated_too(
    worm: wg.Connectome, worm_network: wg.MultilayeredNetwork
) -> None:
    nulls = list(wg.rewired_networks(worm, 2, "role=sensory", 3, keep="degree", device="cpu"))
    x, done = np.random.default_rng(0).random((83, 3)), NOTHING.clamp("AVB", 0.9)
    options: dict[str, Any] = {"method": "gradient", "manipulations": done, "group_by": "group"}
    found = attribute(worm_network, x, {2: "AVA"}, nulls=nulls, **options)
    theirs = [attribute(null, x, {2: "AVA"}, **options).values for null in nulls]
    expected = np.mean([np.abs(v) >= np.abs(found.values) for v in theirs], axis=0)
    assert found.null_share is not None
    np.testing.assert_array_equal(found.null_share, expected)


def test_a_state_to_start_from_may_come_from_any_mode() -> None:
    network = make_random(threshold=0.0)
    x = torch.rand(2, 8, 3)
    with torch.inference_mode():
        state = network(x)[..., -1]
        found = attribute(network, x, {2: [4]}, initial_state=state)
    again = attribute(network, x, {2: [4]}, initial_state=state.clone().numpy())
    np.testing.assert_array_equal(found.values, again.values)
    assert found.target == pytest.approx(network(x, initial_state=state)[:, 4, 2].numpy())


# Bad input.


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"manipulations": NOTHING.silence(7)}, ValueError, "7"),
        ({"manipulations": NOTHING.clamp(1, 0.5, steps=4)}, ValueError, "steps of a clamp holds 4"),
        (
            {"manipulations": NOTHING.silence(1, members=3)},
            ValueError,
            "name the batch members 3, but the batch has 1",
        ),
        ({"manipulations": "silence"}, TypeError, r"made with wiregrad\.Manipulations"),
        ({"initial_state": np.zeros(5)}, ValueError, r"initial_state has shape \(5,\)"),
        ({"initial_state": np.full(3, 2.0)}, ValueError, "that no state of this network can"),
        ({"initial_state": [0, 0, 0]}, TypeError, "not list"),
    ],
)
def test_what_cannot_be_done_is_told(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        attribute(make_chain(), np.ones((1, 2)), {1: [2]}, **options)
