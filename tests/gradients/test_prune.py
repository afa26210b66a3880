"""Pruning: what is left holds the targets, and nothing of it can be left out."""

from __future__ import annotations

import pandas as pd
import pytest
import torch
from tqdm.auto import tqdm

import wiregrad as wg
from wiregrad.gradients import _target_watch, _variants
from wiregrad.gradients._prune import Pruned
from wiregrad.gradients._prune import prune as prune_variants
from wiregrad.gradients._resolved_targets import ResolvedTargets, resolve_targets
from wiregrad.gradients._variants import Variants

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(
        worm, inputs="role=sensory", steps=3, unknown_sign=1
    )


def prune(
    network: wg.MultilayeredNetwork,
    targets: ResolvedTargets,
    stimulus: torch.Tensor,
    allowed: torch.Tensor,
) -> Pruned:
    """Prune, the weakest inputs first."""
    variants = Variants(network, targets, allowed, tqdm(disable=True))
    return prune_variants(variants, stimulus, lambda x: x)


def ask(network: wg.MultilayeredNetwork, *names: str) -> ResolvedTargets:
    """Ask each name of a member of its own, at the last step."""
    rows = [(b, 2, neuron, 0.5) for b, name in enumerate(names) for neuron in network.find(name)]
    frame = pd.DataFrame(rows, columns=["batch", "layer", "neuron", "value"])
    return resolve_targets(wg.TargetActivation(frame), network)


def full(network: wg.MultilayeredNetwork, n_members: int, share: float = 0.3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = (n_members, len(network.sensory_indices), network.num_layers)
    stimulus = torch.rand(shape, generator=generator)
    return torch.where(torch.rand(shape, generator=generator) < share, stimulus, 0.0)


def misses(
    network: wg.MultilayeredNetwork, targets: ResolvedTargets, stimulus: torch.Tensor
) -> torch.Tensor:
    with torch.no_grad():
        return (targets.read(network(stimulus)) - targets.value).abs()


def holds(
    network: wg.MultilayeredNetwork,
    targets: ResolvedTargets,
    stimulus: torch.Tensor,
    allowed: torch.Tensor,
) -> torch.Tensor:
    return targets.all_by_member(misses(network, targets, stimulus) <= allowed)


@pytest.mark.parametrize("slack", [0.02, 0.2])
def test_targets_hold_and_no_single_input_can_go(
    network: wg.MultilayeredNetwork, slack: float
) -> None:
    """By brute force."""
    targets = ask(network, "AVA", "AVB", "RIA")
    stimulus = full(network, 3)
    allowed = misses(network, targets, stimulus) + slack
    found = prune(network, targets, stimulus, allowed)
    assert found.minimal.all()
    assert not found.interrupted
    left = found.stimulus
    assert holds(network, targets, left, allowed).all()
    assert torch.equal(left[left > 0], stimulus[left > 0]), "what is left is as it was"
    assert ((left > 0).sum(dim=(1, 2)) < (stimulus > 0).sum(dim=(1, 2))).all()
    for b, j, t in torch.nonzero(left).tolist():
        without = left.clone()
        without[b, j, t] = 0
        assert not holds(network, targets, without, allowed)[b]


def test_a_member_is_pruned_the_same_alone_and_in_company(
    network: wg.MultilayeredNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("AVA", "AVB", "RIA")
    targets, stimulus = ask(network, *names), full(network, 3)
    allowed = misses(network, targets, stimulus) + 0.05
    together = prune(network, targets, stimulus, allowed)
    monkeypatch.setattr(_variants, "_MOST", 7)
    for b, name in enumerate(names):
        own = ask(network, name)
        alone = prune(network, own, stimulus[b : b + 1], allowed[targets.batch == b])
        assert torch.equal(alone.stimulus[0], together.stimulus[b])


@pytest.mark.parametrize("name", ["AVA", "RIA"])
def test_a_large_network_is_pruned_the_same_through_funnels(
    network: wg.MultilayeredNetwork, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets, stimulus = ask(network, name, "AVB"), full(network, 2)
    allowed = misses(network, targets, stimulus) + 0.05
    plain = prune(network, targets, stimulus, allowed)
    monkeypatch.setattr(_variants, "_LARGE", 0)
    variants = Variants(network, targets, allowed, tqdm(disable=True), often=True)
    narrow = prune_variants(variants, stimulus, lambda x: x)
    assert torch.equal(narrow.stimulus, plain.stimulus)
    assert narrow.minimal.tolist() == plain.minimal.tolist() == [True, True]
    assert variants._narrowed, "funnels were used"


def test_what_does_not_hold_stays_as_it_is(network: wg.MultilayeredNetwork) -> None:
    targets, stimulus = ask(network, "AVA", "AVB"), full(network, 2)
    allowed = misses(network, targets, stimulus) + 0.05
    allowed[targets.batch == 0] = -1.0
    found = prune(network, targets, stimulus, allowed)
    assert found.minimal.tolist() == [False, True]
    assert torch.equal(found.stimulus[0], stimulus[0])


def test_nothing_is_minimal_and_stays_nothing(network: wg.MultilayeredNetwork) -> None:
    targets = ask(network, "AVA")
    stimulus = torch.zeros_like(full(network, 1))
    found = prune(network, targets, stimulus, torch.ones(len(targets.value)))
    assert found.minimal.tolist() == [True]
    assert not found.stimulus.any()


def test_all_goes_where_all_can_go(network: wg.MultilayeredNetwork) -> None:
    targets, stimulus = ask(network, "AVA"), full(network, 1)
    found = prune(network, targets, stimulus, torch.ones(len(targets.value)))
    assert found.minimal.tolist() == [True]
    assert not found.stimulus.any()


def test_arguments_are_not_changed(network: wg.MultilayeredNetwork) -> None:
    targets, stimulus = ask(network, "AVA"), full(network, 1)
    before = stimulus.clone()
    prune(network, targets, stimulus, torch.ones(len(targets.value)))
    assert torch.equal(stimulus, before)


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_control_c_keeps_what_has_been_dropped(
    network: wg.MultilayeredNetwork, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    plain, calls = _target_watch.Watch.__call__, iter(range(1000))

    def watch(self: object, stimulus: torch.Tensor) -> object:
        if next(calls) == runs:
            raise KeyboardInterrupt
        return plain(self, stimulus)

    monkeypatch.setattr(_target_watch.Watch, "__call__", watch)
    targets, stimulus = ask(network, "AVA"), full(network, 1)
    with torch.no_grad():
        allowed = (targets.read(network(stimulus)) - targets.value).abs() + 0.05
    found = prune(network, targets, stimulus, allowed)
    assert found.interrupted
    assert not found.minimal.any()
    assert holds(network, targets, found.stimulus, allowed).all()
