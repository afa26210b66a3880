"""Manipulated networks against a slow dense one: values, gradients, bits, memory, errors."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from manipulation_cases import fused_and_plain, manipulations_of, slow_answer
from network_cases import QUICK, NetworkCase, make_case, network_cases, run
from torch.autograd import gradcheck, gradgradcheck

import wiregrad as wg
from wiregrad.network import Slopes, Watch, shortest_walks
from wiregrad.network import _fused as fused_module
from wiregrad.network import _unroll as unroll_module
from wiregrad.network._fused import can_fuse
from wiregrad.network._part import NetworkPart, reached_part
from wiregrad.network._stepped_run import SteppedRun

pytestmark = pytest.mark.kernel

Chain = Callable[..., wg.MultilayeredNetwork]
NOTHING = wg.Manipulations()


def on_plain_steps(
    monkeypatch: pytest.MonkeyPatch, network: wg.MultilayeredNetwork, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    with monkeypatch.context() as patched:
        patched.setattr(unroll_module, "can_fuse", lambda *_: False)
        return run(network, x)


@QUICK
@given(case=network_cases(), data=st.data())
def test_equals_a_slow_dense_network(case: NetworkCase, data: st.DataObject) -> None:
    done = data.draw(manipulations_of(case))
    if not case.clear_of_threshold():
        return
    near = [slow_answer(case, done, threshold=case.options["threshold"] + d) for d in (-1e-6, 1e-6)]
    if not np.array_equal(*near):
        return
    network, stimulus = case.network(), torch.from_numpy(case.stimulus)
    found = network(stimulus, manipulations=done).numpy()
    np.testing.assert_allclose(found, slow_answer(case, done), rtol=1e-10, atol=1e-12)
    assert not network.interventions, "the network itself is left alone"


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
    network = case.network()
    network.threshold = network.threshold or 0.05
    network.set_param_grads(slopes=True, raw_biases=True)
    acting = network.manipulated(data.draw(manipulations_of(case)))
    assert can_fuse(acting)
    answers = fused_and_plain(acting, torch.from_numpy(case.stimulus), leak, window)
    for one, other in zip(*answers, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@QUICK
@given(case=network_cases(rules=(None,)), data=st.data())
def test_all_states_and_their_gradient_equal_those_of_plain_steps(
    case: NetworkCase, data: st.DataObject
) -> None:
    network = case.network()
    network.threshold = network.threshold or 0.05
    acting = network.manipulated(data.draw(manipulations_of(case)))
    stimulus = torch.from_numpy(case.stimulus)
    with pytest.MonkeyPatch.context() as patched:
        expected = on_plain_steps(patched, acting, stimulus)
    for one, other in zip(run(acting, stimulus), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize("fuse", [True, False])
def test_gradients_against_finite_differences(
    monkeypatch: pytest.MonkeyPatch, seed: int, fuse: bool
) -> None:
    case = make_case(seed)
    done = (
        NOTHING.clamp([1], 0.4, steps=[1], members=0)
        .silence([2, 3], "outgoing", members=1)
        .silence(4, "incoming", members=[0])
        .clamp(5, 0.2)
    )
    if not fuse:
        monkeypatch.setattr(unroll_module, "can_fuse", lambda *_: False)
    network = case.network()
    network.set_param_grads(slopes=True, raw_biases=True)
    acting = network.manipulated(done)
    leaves = (torch.from_numpy(case.stimulus).requires_grad_(), *network.parameters())
    assert gradcheck(lambda *_: acting(leaves[0]), leaves)
    if seed == 1:
        assert gradgradcheck(lambda *_: acting(leaves[0]), leaves)


@QUICK
@given(case=network_cases(rules=(None,)), data=st.data())
def test_checkpointed_equals_plain_and_alone_equals_in_a_batch_to_the_bit(
    case: NetworkCase, data: st.DataObject
) -> None:
    network = case.network(torch.float32)
    network.threshold = network.threshold or 0.05
    done = data.draw(manipulations_of(case))
    stimulus = torch.from_numpy(case.stimulus).float()
    acting, n_batch = network.manipulated(done), len(stimulus)
    neuron = torch.arange(network.n_neurons)

    def answer(members: list[int], window: int | None) -> list[torch.Tensor]:
        at = torch.arange(len(members)).repeat_interleave(len(neuron))
        last = torch.full_like(at, network.num_layers - 1)
        watch = Watch(
            acting,
            at,
            neuron.repeat(len(members)),
            last,
            leak=0.1,
            also="sums",
            window=window,
            rows=np.array(members),
        )
        response, gradient = watch.run(stimulus[members])
        ones = torch.ones(len(members))
        slopes = Slopes(torch.ones_like(response.read), ones, 2 * ones)
        read = response.read.view(len(members), -1)
        return [read, response.size, response.square, gradient(slopes)]

    together = answer(list(range(n_batch)), None)
    states = acting(stimulus)
    assert torch.equal(together[0], states[..., -1])
    torch.testing.assert_close(together[1], states.sum(dim=(1, 2)), rtol=1e-5, atol=1e-5)
    for window in (1, 2):
        for one, other in zip(together, answer(list(range(n_batch)), window), strict=True):
            assert torch.equal(one, other)
    for member in range(n_batch):
        for one, other in zip(together, answer([member], None), strict=True):
            assert torch.equal(one[member : member + 1], other)


@pytest.mark.compiled
@pytest.mark.parametrize("batch", [1, 9])
def test_silencing_is_the_matrix_without_column_or_row_bit_for_bit(
    fly_network: wg.MultilayeredNetwork, batch: int
) -> None:
    silenced = np.arange(0, fly_network.n_neurons, 7)
    shape = (batch, len(fly_network.sensory_indices), fly_network.num_layers)
    stimulus = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    dense = fly_network.weights.to_scipy().tocoo()
    for mode, ends in (("outgoing", dense.coords[1]), ("incoming", dense.coords[0])):
        kept = ~np.isin(ends, silenced)
        weights = type(dense)(
            (dense.data[kept], tuple(c[kept] for c in dense.coords)), shape=dense.shape
        )
        without = wg.MultilayeredNetwork(weights, fly_network.sensory_indices, 5, device="cpu")
        expected = run(without, stimulus)
        for members in (None, range(batch)):
            acting = fly_network.manipulated(NOTHING.silence(silenced, mode, members))
            assert bool(acting.interventions) == (members is not None)
            found = run(acting, stimulus)
            assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
            assert expected[1].any()


def test_nothing_manipulated_is_the_network_itself(make_chain: Chain) -> None:
    network = make_chain()
    assert network.manipulated(NOTHING) is network
    assert not network.interventions


def test_only_what_has_interventions_takes_a_call_for_each_step(
    make_chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[type] = []

    class Told(SteppedRun):
        def __init__(self, *arguments: object) -> None:
            made.append(type(self))
            super().__init__(*arguments)

    monkeypatch.setattr(fused_module, "SteppedRun", Told)
    x = np.ones((2, 1, 2))
    network = make_chain(num_layers=2)
    network(x)
    network(x, manipulations=NOTHING.silence(1).scale(0, 1, 0.5))
    assert not made
    network(x, manipulations=NOTHING.silence(1, members=1))
    assert len(made) == 1


def test_all_but_changed_weights_is_shared(make_chain: Chain) -> None:
    network = make_chain(grouped=True, num_layers=2)
    clamped, scaled = (
        network.manipulated(done) for done in (NOTHING.clamp("b", 0.5), NOTHING.scale("a", "b", 2))
    )
    assert clamped.weights is network.weights
    assert scaled.weights is not network.weights
    for name in ("ccol", "row"):
        assert getattr(scaled.weights, name) is getattr(network.weights, name)
    for acting in (clamped, scaled):
        assert acting.slope is network.slope
        assert acting.raw_biases is network.raw_biases
    np.testing.assert_allclose(network.weights.to_scipy().toarray()[1, 0], 0.5)
    np.testing.assert_allclose(scaled.weights.to_scipy().toarray()[1, 0], 1.0)


def test_memory_of_changed_weights_is_estimated(worm_network: wg.MultilayeredNetwork) -> None:
    plain = worm_network.memory_estimate(4)
    clamped = worm_network.memory_estimate(4, manipulations=NOTHING.clamp("AVA", 1))
    silenced = worm_network.memory_estimate(4, manipulations=NOTHING.silence("AVA"))
    assert clamped == plain
    assert silenced >= plain + worm_network.weights.values.nbytes


def test_one_after_another_is_both_at_once(make_chain: Chain) -> None:
    network, x = make_chain(num_layers=4), torch.rand(2, 1, 4)
    first, second = NOTHING.silence(2, members=1).scale(0, 1, 0.5), NOTHING.clamp(2, 0.3)
    chained = network.manipulated(first).manipulated(second)
    assert chained.manipulations == first + second
    assert torch.equal(chained(x), network(x, manipulations=first + second))


def test_a_held_neuron_passes_no_gradient_and_needs_no_stimulus(make_chain: Chain) -> None:
    x = torch.zeros(1, 1, 3, requires_grad=True)
    states = make_chain(num_layers=3)(x, manipulations=NOTHING.clamp(1, 0.7))
    assert states[0, 1].tolist() == pytest.approx([0.7] * 3)
    np.testing.assert_allclose(states[0, 2, 0].item(), np.tanh(5 * 0.25 * 0.7), rtol=1e-6)
    states[0, 2].sum().backward()
    assert not x.grad.any()


def test_held_at_some_steps_only(make_chain: Chain) -> None:
    x = np.ones((1, 1, 3))
    network = make_chain(num_layers=3)
    plain = network(x)[0]
    held = network(x, manipulations=NOTHING.clamp(1, 0.0, steps=-2))[0]
    assert held[1].tolist() == [plain[1, 0].item(), 0, pytest.approx(plain[1, 2].item(), abs=0.1)]
    assert held[2, 2] == 0
    assert held[2, 1] == plain[2, 1]


def test_of_two_clamps_the_later_counts(make_chain: Chain) -> None:
    done = NOTHING.clamp([0, 1], 0.2).clamp(1, 0.9, steps=1, members=0)
    states = make_chain(num_layers=2)(np.zeros((2, 1, 2)), manipulations=done)
    torch.testing.assert_close(states[:, 1], torch.tensor([[0.2, 0.9], [0.2, 0.2]]))


def test_groups_masks_and_labels_name_neurons(worm_network: wg.MultilayeredNetwork) -> None:
    x = torch.rand(1, 83, 4, generator=torch.Generator().manual_seed(0))
    found = worm_network.find("AVA")
    mask = np.isin(np.arange(worm_network.n_neurons), found)
    by_name = worm_network(x, manipulations=NOTHING.clamp("cell_type=AVA", 1))
    assert (by_name[0, found] == 1).all()
    for what in ("AVA", found, mask, set(found.tolist()), ["AVAL", "AVAR"]):
        assert torch.equal(by_name, worm_network(x, manipulations=NOTHING.clamp(what, 1)))


def test_the_gradient_of_weights_goes_through_a_scaling(make_chain: Chain) -> None:
    network = make_chain(num_layers=2)
    network.weights.values.requires_grad_()
    network(np.ones((1, 1, 2)), manipulations=NOTHING.scale(0, 1, 0.5)).sum().backward()
    plain = network.weights.values.grad
    assert plain is not None
    assert plain.any()


def test_a_function_of_the_users_own_sees_a_silenced_neurons_state() -> None:
    weights = np.zeros((2, 2))
    weights[1, 0] = 1

    def remembers(model: object, x: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        return (x + before).clamp(max=1)

    network = wg.MultilayeredNetwork(weights, [0], 3, activation_function=remembers, device="cpu")
    x = np.array([[[0.5, 0, 0]]])
    states = network(x, manipulations=NOTHING.silence(0, members=0))
    assert states[0].tolist() == [[0.5] * 3, [0.0] * 3]


def test_walks_end_at_what_is_silenced(make_chain: Chain) -> None:
    network = make_chain()
    assert shortest_walks(network).tolist() == [-1, 1, 2]
    assert shortest_walks(network.manipulated(NOTHING.silence(1))).tolist() == [-1, 1, -1]
    assert shortest_walks(network.manipulated(NOTHING.silence(1, "both"))).tolist() == [-1] * 3


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_the_part_holds_what_held_neurons_reach(leak: float) -> None:
    weights = np.zeros((12, 12))
    weights[1, 0] = weights[2, 1] = 0.8
    weights[4:, 4:] = 0.1  # far away, and most of the connections
    weights[2, 3] = -0.3
    network = wg.MultilayeredNetwork(weights, [0], num_layers=3, device="cpu")
    assert reached_part(network, np.array([2])).neurons.tolist() == [0, 1, 2]
    done = (
        NOTHING.clamp(3, 0.9, members=1).clamp([1], 0.2, steps=0, members=0).silence(9, members=0)
    )
    acting = network.manipulated(done)
    part = reached_part(acting, np.array([2]))
    assert isinstance(part, NetworkPart)
    assert part.neurons.tolist() == [0, 1, 2, 3]
    place = (torch.tensor([0, 1]), torch.tensor([2, 2]), torch.tensor([2, 2]))
    x = torch.tensor([[[0.9, 0.4, 0.5]], [[0.9, 0.4, 0.5]]])
    watch = Watch(acting, *place, leak=leak)
    assert watch._look().model.n_neurons == 4
    response, gradient = watch.run(x)
    whole = x.clone().requires_grad_()
    expected = acting(whole)[:, 2, 2]
    assert torch.equal(response.read, expected)
    if not leak:
        (slope,) = torch.autograd.grad(expected.sum(), whole)
        assert torch.equal(gradient(Slopes(torch.ones(2))), slope)


def test_survives_a_pickle(make_chain: Chain) -> None:
    acting = make_chain(num_layers=3).manipulated(NOTHING.clamp(1, 0.5, members=0).silence(2))
    x = torch.rand(2, 1, 3)
    acting(x)
    assert torch.equal(pickle.loads(pickle.dumps(acting))(x), acting(x))


def test_says_what_was_done(worm_network: wg.MultilayeredNetwork) -> None:
    acting = worm_network.manipulated(NOTHING.silence("AVD"))
    assert acting.provenance["manipulations"] == "AVD silenced (outgoing)"
    assert "manipulations" not in worm_network.provenance


@pytest.mark.parametrize(
    ("done", "message"),
    [
        (NOTHING.silence("AVX"), "AVX"),
        (NOTHING.clamp(5000, 1), "5000"),
        (NOTHING.clamp("AVA", 1, steps=[1, 4]), r"steps of a clamp holds 4: .*num_layers=4 \(0 to"),
        (NOTHING.clamp("AVA", 1, members=[0, 3]), r"batch members 3, but the batch has 2 \(0 to 1"),
        (NOTHING.scale("AVA", "nobody", 2), "nobody"),
    ],
)
def test_what_is_not_there_is_an_error(
    worm_network: wg.MultilayeredNetwork, done: wg.Manipulations, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        worm_network(torch.zeros(2, 83, 4), manipulations=done)


def test_anything_else_is_refused(make_chain: Chain) -> None:
    with pytest.raises(TypeError, match=r"wiregrad\.Manipulations\(\).* not of a dict"):
        make_chain()(np.ones((1, 2)), manipulations={"clamp": 1})


def test_scaling_what_is_not_connected_is_a_warning(make_chain: Chain) -> None:
    with pytest.warns(
        UserWarning, match="synapses of neuron 0 on neuron 2 times 2: there are none"
    ):
        make_chain()(np.ones((1, 2)), manipulations=NOTHING.scale(0, 2, 2))


def test_divisive_connections_are_not_made_to_excite() -> None:
    case = make_case(2, divisive_rule="product")
    with pytest.raises(ValueError, match="would make divisive connections excite"):
        case.network().manipulated(NOTHING.scale(None, None, -1))
