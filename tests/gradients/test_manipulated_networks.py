"""Searches, saliency and training on manipulated networks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal

import wiregrad as wg
from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._start import linear_slope
from wiregrad.gradients._status import look_ahead

pytestmark = pytest.mark.kernel

NOTHING = wg.Manipulations()
QUIET = {"use_tqdm": False, "print_output": False}


@pytest.fixture(scope="module")
def network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")


def maximise(
    network: wg.MultilayeredNetwork, targets: object, done: wg.Manipulations | None = None
) -> wg.MaximisationResult:
    return wg.activation_maximisation(network, targets, seed=0, manipulations=done, **QUIET)


def test_what_is_found_holds_in_the_manipulated_network(network: wg.MultilayeredNetwork) -> None:
    done = NOTHING.silence("AVD").clamp("AVB", 0.5, steps=[0, 1])
    result = maximise(network, {2: {"AVA": 0.9}}, done)
    assert set(result.targets["status"]) == {"reached"}
    assert result.network.manipulations == done
    assert result.arguments["manipulations"] == done
    x = torch.from_numpy(result.input)
    assert_array_equal(network(x, manipulations=done).numpy(), result.output)
    assert not np.array_equal(network(x).numpy(), result.output)


def test_silencing_equals_a_search_on_weights_without_the_column(
    network: wg.MultilayeredNetwork,
) -> None:
    weights = network.weights.to_scipy().tolil()
    weights[:, network.find("AVD")] = 0
    cut = wg.MultilayeredNetwork(weights.tocsr(), network.sensory_indices, 3, device="cpu")
    targets = {2: dict.fromkeys(network.find("AVA").tolist(), 0.9)}
    found = maximise(network, targets, NOTHING.silence("AVD"))
    assert_array_equal(found.input, maximise(cut, targets).input)


def test_members_of_a_batch_are_what_they_are_alone(network: wg.MultilayeredNetwork) -> None:
    """Each with a manipulation of its own; members leave the batch as they are done."""
    asked = pd.DataFrame(
        {"batch": [0, 1, 2, 3], "layer": 2, "neuron": ["AVA", "AVA", "AVB", "AVA"], "value": 0.9}
    )
    each = [
        NOTHING.silence("AVD"),
        NOTHING.clamp("AVB", 1.0),
        NOTHING.silence(["PVC", "AVA"], "incoming"),
        NOTHING.clamp("ASH", 0.6, steps=0),
    ]
    together = NOTHING
    for member, done in enumerate(each):
        together = together + done.for_members(member)
    batch = maximise(network, asked, together)
    for member, done in enumerate(each):
        name = asked["neuron"][member]
        alone = maximise(network, {2: {name: 0.9}}, done.for_members(0))
        assert_array_equal(batch.input[member], alone.input)
        assert_array_equal(batch.output[member], alone.output)
        whole = maximise(network, {2: {name: 0.9}}, done)
        assert_array_equal(whole.input, alone.input)


def chain(steps: int = 3, **options: object) -> wg.MultilayeredNetwork:
    weights = np.zeros((4, 4))
    weights[1, 0] = weights[2, 1] = weights[3, 2] = 0.8
    return wg.MultilayeredNetwork(weights, [0], steps, device="cpu", **options)


@pytest.mark.parametrize(
    ("done", "reachable"),
    [
        (NOTHING, True),
        (NOTHING.silence(1), False),
        (NOTHING.silence(2, "incoming"), False),
        (NOTHING.scale(0, 1, 0), False),
        (NOTHING.silence(1, members=0), False),
        (NOTHING.silence(2, "incoming", members=0), False),
        (NOTHING.silence(3, "outgoing", members=0), True),
        (NOTHING.clamp(1, 0.3), False),
        (NOTHING.clamp(1, 0.3, steps=0), False),
        (NOTHING.clamp(1, 0.3, steps=1), True),
        (NOTHING.clamp(0, 0.3), False),
        (NOTHING.clamp(3, 0.3, steps=2), False),
    ],
)
def test_what_cannot_be_reached_is_told(done: wg.Manipulations, reachable: bool) -> None:
    """By one walk, 0 to 3 in three steps, that passes each neuron at one step."""
    network = chain().manipulated(done)
    targets = resolve_targets({2: {3: 0.5}}, network)
    prospect = look_ahead(network, targets)
    assert prospect.unreachable.tolist() == [not reachable]
    assert prospect.walk.tolist() == [3 if reachable else -1]
    assert bool(linear_slope(network, targets).any()) == reachable


def test_each_member_is_looked_at_by_itself() -> None:
    done = NOTHING.silence(1, members=1).clamp(3, 0.9, members=2)
    asked = pd.DataFrame({"batch": [0, 1, 2], "layer": 2, "neuron": 3, "value": 0.9})
    result = maximise(chain(), asked, done)
    assert result.targets["status"].tolist() == ["reached", "unreachable", "reached"]
    assert result.targets["resting"].tolist() == pytest.approx([0, 0, 0.9])
    assert result.members["active_inputs"].tolist()[1:] == [0, 0]


def test_a_member_that_is_not_there_is_an_error_before_the_search() -> None:
    with pytest.raises(ValueError, match="name the batch members 3, but the batch has 1"):
        maximise(chain(), {2: {3: 1.0}}, NOTHING.silence(1, members=[0, 3]))


def test_saliency_of_each_member_as_it_is_manipulated(network: wg.MultilayeredNetwork) -> None:
    x = torch.rand(3, 83, 3, generator=torch.Generator().manual_seed(1))
    done = NOTHING.silence("AVD", members=1).clamp("AVA", 0.2, steps=[1], members=2)
    before = network.activations
    maps = wg.saliency(network, x, {-1: ["AVA", "AVB"]}, manipulations=done)
    for member, mine in enumerate([NOTHING, NOTHING.silence("AVD"), done.for_members(0)]):
        alone = x[member].clone().requires_grad_()
        if member == 2:
            mine = NOTHING.clamp("AVA", 0.2, steps=[1])
        states = network(alone, manipulations=mine)
        loss = states[network.find("AVA"), -1].sum() + states[network.find("AVB"), -1].sum()
        (expected,) = torch.autograd.grad(loss, alone)
        assert torch.equal(maps[member], expected)
    windowed = wg.saliency(network, x, {-1: ["AVA", "AVB"]}, manipulations=done, checkpoint_steps=1)
    assert torch.equal(windowed, maps)
    assert before is not network.activations


def test_training_knows_which_responses_were_manipulated() -> None:
    """Parameters are recovered from members of which some were silenced or held."""
    groups = dict(enumerate("abcd"))
    true = chain(idx_to_group=groups, slope_dict={"b": 2.0, "c": 1.5, "d": 3.0})
    stimuli = np.linspace(0.2, 1, 24).reshape(24, 1, 1) * np.ones(3)
    done = NOTHING.silence(1, members=range(8)).clamp(2, 0.4, members=range(8, 16))
    measured = true(stimuli, manipulations=done)[:, 3].numpy()
    rows = [(b, 3, t, measured[b, t]) for b in range(24) for t in range(3)]
    targets = pd.DataFrame(rows, columns=["batch", "neuron_idx", "layer", "value"])
    found = {}
    for name, given in (("told", done), ("not told", None)):
        network = chain(idx_to_group=groups)
        result = wg.train_model(
            network,
            stimuli,
            targets,
            200,
            0.05,
            manipulations=given,
            train_biases=False,
            **QUIET,
        )
        assert not network.interventions
        assert result.model is network
        found[name] = result.kept_val_loss
    assert found["told"] < 0.01 < found["not told"]
    assert result.arguments.get("manipulations") is None


def test_training_refuses_members_without_a_stimulus() -> None:
    targets = pd.DataFrame({"batch": [0, 1], "neuron_idx": 3, "value": 0.5})
    with pytest.raises(ValueError, match="name the batch members 2, but the batch has 2"):
        wg.train_model(
            chain(idx_to_group=dict(enumerate("abcd"))),
            np.ones((2, 1, 3)),
            targets,
            train_fraction=0.5,
            manipulations=NOTHING.silence(1, members=2),
            **QUIET,
        )
