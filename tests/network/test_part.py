"""The part that a stimulus can reach: the same numbers, and only where it stands for all."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from network_cases import QUICK, NetworkCase, network_cases

import wiregrad as wg
from wiregrad.network import Slopes, Watch, unroll
from wiregrad.network import _watch as watch_module
from wiregrad.network._part import NetworkPart, reached_part, rests

pytestmark = pytest.mark.kernel

Fixture = pytest.MonkeyPatch


def two_halves(**options: object) -> wg.MultilayeredNetwork:
    """Make a chain 0 -> 1 -> 2 that is driven, and a denser half 3 to 9 that is not."""
    weights = np.zeros((10, 10))
    weights[1, 0] = weights[2, 1] = 0.8
    weights[3:, 3:] = 0.1
    weights[2, 5] = 0.9  # the silent half leads into the other, not back
    return wg.MultilayeredNetwork(weights, [0], num_layers=3, device="cpu", **options)


def watch_two(network: wg.MultilayeredNetwork, leak: float = 0.1) -> Watch:
    places = (torch.tensor([0, 1, 1]), torch.tensor([2, 1, 7]), torch.tensor([1, 2, 2]))
    return Watch(network, *places, leak=leak, also="sums")


def in_part(watch: Watch) -> bool:
    """Whether the next pass will run on a part of the network alone."""
    return watch._look().model.n_neurons < watch._model.n_neurons


STIMULUS = torch.tensor([[[0.9, 0.0, 0.5]], [[0.3, 0.7, 0.0]]])


def answer(watch: Watch) -> list[torch.Tensor]:
    response, gradient = watch.run(STIMULUS)
    slopes = Slopes(torch.tensor([1.0, -2.0, 3.0]), torch.ones(2), torch.ones(2))
    return [response.read, response.size, response.square, gradient(slopes)]


def without_part(monkeypatch: Fixture, make: Callable[[], Watch]) -> Watch:
    with monkeypatch.context() as patched:
        patched.setattr(watch_module, "reached_part", lambda *_: None)
        return make()


def test_holds_what_the_stimulus_can_reach_and_what_is_read() -> None:
    network = two_halves()
    part = reached_part(network, np.array([7]))
    assert part is not None
    assert part.neurons.tolist() == [0, 1, 2, 7]
    assert part.place.tolist() == [0, 1, 2, -1, -1, -1, -1, 3, -1, -1]
    dense = network.weights.to_scipy().toarray()
    np.testing.assert_array_equal(
        part.weights.to_scipy().toarray(), dense[np.ix_(part.neurons, part.neurons)]
    )
    assert part.num_layers == 3, "all else is the network's own"


def test_neurons_too_far_away_are_not_in_it() -> None:
    network = two_halves()
    network.num_layers = 1
    assert reached_part(network, np.array([0])).neurons.tolist() == [0, 1]


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_a_watch_answers_the_same_bits_through_it(monkeypatch: Fixture, leak: float) -> None:
    network = two_halves()
    through_part = watch_two(network, leak)
    assert in_part(through_part)
    whole = without_part(monkeypatch, lambda: watch_two(network, leak))
    assert not in_part(whole)
    for one, other in zip(answer(through_part), answer(whole), strict=True):
        assert torch.equal(one, other)


@QUICK
@given(case=network_cases(rules=(None,)), seed=st.integers(0, 100))
def test_any_network_gives_what_its_plain_steps_do(case: NetworkCase, seed: int) -> None:
    network = case.network()
    generator = torch.Generator().manual_seed(seed)
    shape = (len(case.stimulus), len(case.weights), case.stimulus.shape[-1])
    place = [torch.randint(size, (4,), generator=generator) for size in shape]
    read = Watch(network, *place, leak=0.0)(torch.from_numpy(case.stimulus)).read
    dense = unroll(network, torch.from_numpy(case.stimulus))
    torch.testing.assert_close(read, dense[tuple(place)])


def test_a_bias_that_wakes_the_others_takes_the_whole(monkeypatch: Fixture) -> None:
    groups = dict(enumerate("sabxxxxxxx"))
    network = two_halves(idx_to_group=groups, bias_dict={"x": 0.0})
    watch = watch_two(network)
    assert in_part(watch)
    asleep = answer(watch)
    with torch.no_grad():
        network.raw_biases[network.groups.names.index("x")] = 0.5
    network.set_param_grads(raw_biases=True)  # only while it records gradients may it change
    for leak in (0.0, 0.1):
        again = watch_two(network, leak)
        assert not in_part(again)
        whole = without_part(monkeypatch, lambda leak=leak: watch_two(network, leak))
        for one, other in zip(answer(again), answer(whole), strict=True):
            assert torch.equal(one, other)
    assert not torch.equal(answer(again)[0], asleep[0])


def test_a_bias_is_looked_at_before_every_pass() -> None:
    network = two_halves(idx_to_group=dict(enumerate("sabxxxxxxx")))
    network.set_param_grads(raw_biases=True)
    watch = watch_two(network, leak=0.0)
    x = network.groups.names.index("x")
    for bias, part in ((0.0, True), (0.5, False), (0.005, True)):
        with torch.no_grad():
            network.raw_biases[x] = bias
        assert in_part(watch) == part
        read = watch(STIMULUS).read
        expected = unroll(network, STIMULUS)[[0, 1, 1], [2, 1, 7], [1, 2, 2]]
        torch.testing.assert_close(read, expected)


def test_a_default_bias_above_the_threshold_takes_the_whole() -> None:
    assert not in_part(watch_two(two_halves(default_bias=0.02)))
    assert in_part(watch_two(two_halves(default_bias=0.005)))


def test_parameters_of_silent_neurons_keep_their_surrogate_gradient() -> None:
    network = two_halves(idx_to_group=dict(enumerate("sabxxxxxxx")))
    network.set_param_grads(raw_biases=True)
    assert not in_part(watch_two(network, leak=0.1))
    assert in_part(watch_two(network, leak=0.0))


def test_gradients_of_parameters_pass_through_it(monkeypatch: Fixture) -> None:
    network = two_halves(idx_to_group=dict(enumerate("sabxxxxxxx")))
    network.set_param_grads(slopes=True, raw_biases=True)

    def gradients(watch: Watch) -> list[torch.Tensor]:
        read = watch(STIMULUS).read
        return list(torch.autograd.grad(read.sum(), list(network.parameters())))

    through_part = gradients(watch_two(network, leak=0.0))
    whole = gradients(without_part(monkeypatch, lambda: watch_two(network, leak=0.0)))
    assert any(gradient.any() for gradient in whole)
    for one, other in zip(through_part, whole, strict=True):
        assert torch.equal(one, other)


def test_none_where_most_connections_are_in_it() -> None:
    chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])
    network = wg.MultilayeredNetwork(chain, [0], num_layers=2, device="cpu")
    assert reached_part(network, np.array([0])) is None


def test_the_last_part_is_remembered_until_the_network_changes() -> None:
    network = two_halves(idx_to_group=dict.fromkeys(range(10), "x"))
    part = reached_part(network, np.array([1]))
    assert reached_part(network, np.array([2, 1, 1])) is part
    assert reached_part(network, np.array([8])) is not part
    network.indices = torch.zeros(10, dtype=torch.int64)
    changes: list[Callable[[], object]] = [
        lambda: network.indices.fill_(0),
        lambda: network.weights.values.mul_(0.5),
        lambda: setattr(network, "num_layers", 2),
        lambda: network.sensory_indices.fill_(1),
    ]
    for change in changes:
        part = reached_part(network, np.array([1]))
        change()
        assert reached_part(network, np.array([1])) is not part


def test_a_network_is_not_kept_alive_by_its_part() -> None:
    network = two_halves()
    part = reached_part(network, np.array([1]))
    assert isinstance(part, NetworkPart)
    del network
    gc.collect()
    with pytest.raises(RuntimeError, match="the network of this part is gone"):
        _ = part.num_layers


def test_a_neuron_within_that_is_active_of_itself_takes_the_whole() -> None:
    """It may wake what lies outside before the stimulus could."""
    weights = np.zeros((5, 5))
    for pre, post in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 1)):
        weights[post, pre] = 0.9
    groups, biases = dict(enumerate("abcde")), {"d": 0.5}
    network = wg.MultilayeredNetwork(
        weights, [0], 3, device="cpu", idx_to_group=groups, bias_dict=biases
    )
    place = (torch.tensor([0]), torch.tensor([1]), torch.tensor([2]))
    watch = Watch(network, *place, leak=0.0)
    assert not in_part(watch)
    stimulus = torch.tensor([[[0.5, 0.0, 0.0]]])
    assert torch.equal(watch(stimulus).read, unroll(network, stimulus)[0, 1, 2:])
    assert watch(stimulus).read > 0


def test_biases_are_compared_as_the_kernels_do() -> None:
    """The threshold 0.1 in float32 is a little more than the number 0.1."""
    network = two_halves(default_bias=0.1)
    network.threshold = 0.1
    assert not rests(network)
