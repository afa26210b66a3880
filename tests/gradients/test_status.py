"""How a search ended: targets reached, improved, stuck or unreachable."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import batch_of, make_chain, maximise
from torch import Tensor

import wiregrad as wg
from wiregrad.gradients._resolved_targets import ResolvedTargets, resolve_targets
from wiregrad.gradients._status import Prospect, look_ahead, member_table, target_table

FAR = {"num_layers": 3}


def prospect(network: wg.MultilayeredNetwork, asked: Any) -> Prospect:
    return look_ahead(network, resolve_targets(asked, network))


# What can be reached.


@pytest.mark.parametrize(
    ("layer", "neuron", "unreachable"),
    [
        (0, 1, False),
        (0, 2, True),  # two hops away
        (1, 2, False),
        (2, 1, False),  # the stimulus may come later
        (0, 0, False),  # the input itself, before the last step
        (1, 0, False),
        (2, 0, True),  # which holds no input
        (2, 3, True),  # no walk at all
    ],
)
def test_decision_19_a_target_without_a_walk_of_the_right_length_is_unreachable(
    layer: int, neuron: int, unreachable: bool
) -> None:
    weights = np.zeros((4, 4))
    weights[1, 0] = weights[2, 1] = 0.5
    network = wg.MultilayeredNetwork(weights, [0], num_layers=3, device="cpu")
    targets = {layer: {neuron: 0.9}}
    assert prospect(network, targets).unreachable.tolist() == [unreachable]
    result = maximise(network, targets, num_iterations=3, seed=0)
    assert (result.targets["status"] == "unreachable").tolist() == [unreachable]


def test_decision_19_a_sensory_neuron_in_a_ring_can_be_reached_at_the_last_layer() -> None:
    ring = np.roll(np.eye(3), 1, axis=0) * 0.5
    for num_layers, unreachable in ((2, True), (3, False)):
        network = wg.MultilayeredNetwork(ring, [0], num_layers, device="cpu")
        found = prospect(network, {-1: {0: 0.9}}).unreachable
        assert found.tolist() == [unreachable]


@pytest.mark.parametrize(("value", "unreachable"), [(0.0, False), (0.02, False), (0.03, True)])
def test_decision_19_what_rests_near_the_value_is_not_unreachable(
    value: float, unreachable: bool
) -> None:
    result = maximise(make_chain(**FAR), {0: {2: value}}, seed=0)
    assert result.targets["status"].tolist() == ["unreachable" if unreachable else "reached"]


def test_decision_19_resting_activity_counts() -> None:
    network = make_chain(default_bias=0.5, **FAR)
    resting = float(np.tanh(0.5))
    near, off = {0: {2: resting + 0.01}}, {0: {2: resting + 0.03}}
    assert prospect(network, near).resting.tolist() == pytest.approx([resting])
    assert prospect(network, near).unreachable.tolist() == [False]
    assert prospect(network, off).unreachable.tolist() == [True]


def test_inhibition_is_a_walk_too() -> None:
    """What inhibits moves a neuron that is active at rest."""
    network = make_chain(weight=-0.5, default_bias=0.5, num_layers=1)
    assert prospect(network, {0: {1: 0.1}}).unreachable.tolist() == [False]
    assert maximise(network, {0: {1: 0.1}}, seed=0).targets["status"].tolist() == ["reached"]


def test_an_activation_of_ones_own_may_remember_the_input() -> None:
    def leaky(_: Any, x: Tensor, x_previous: Tensor) -> Tensor:
        return torch.tanh(x) + 0.9 * x_previous

    network = make_chain(activation_function=leaky, **FAR)
    result = maximise(network, {2: {0: 0.8}}, seed=0)
    assert result.targets["status"].tolist() == ["reached"]


# It is told at once.


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


@pytest.mark.parametrize(
    ("targets", "remedy"),
    [
        ({0: {2: 0.9}}, r"neuron 2 at layer 0 \(2 steps\)$"),
        ({1: {3: 0.9}}, r"neuron 3 at layer 1 \(3 steps\)$"),
        ({2: {4: 0.9}}, r"neuron 4 at layer 2 \(no walk at all\)$"),
        ({2: {0: 0.9}}, r"neuron 0 at layer 2 \(an input neuron, .*: num_layers=4\)$"),
    ],
)
def test_decision_19_unreachable_targets_are_told_with_the_steps_that_would_do(
    caplog: pytest.LogCaptureFixture, targets: Any, remedy: str
) -> None:
    weights = np.eye(5, k=-1) * 0.5
    weights[4] = 0
    network = wg.MultilayeredNetwork(weights, [0], num_layers=3, device="cpu")
    with caplog.at_level(logging.INFO, "wiregrad"):
        maximise(network, targets)
    (message,) = warnings_of(caplog)
    assert message.startswith("1 of 1 targets cannot be reached from the inputs in the steps given")
    assert pd.Series([message]).str.contains(remedy).all(), message


def test_decision_19_it_is_told_before_the_search(caplog: pytest.LogCaptureFixture) -> None:
    told = []

    def note(member: Tensor) -> Tensor:
        told.append(len(warnings_of(caplog)))
        return member.sum()

    maximise(make_chain(), {0: {1: 0.9, 2: 0.9}}, custom_reg_functions={"in": note})
    assert set(told) == {1}


def test_the_remedy_told_is_one(caplog: pytest.LogCaptureFixture) -> None:
    """Two steps: layer 1 of a network with two layers. Four layers: the input neuron as asked."""
    assert maximise(make_chain(num_layers=2), {1: {2: 0.9}}).targets["status"][0] == "reached"
    assert maximise(make_chain(num_layers=4), {2: {0: 0.9}}).targets["status"][0] == "reached"
    assert warnings_of(caplog) == []


def test_decision_19_a_result_is_returned_all_the_same() -> None:
    result = maximise(make_chain(**FAR), {0: {2: 0.9}}, seed=0)
    assert (result.n_passes, result.input.any(), result.output.any()) == (0, False, False)
    assert [len(losses) for losses in result[2:5]] == [1, 1, 1]
    assert result.activation_losses == pytest.approx([0.81])
    assert result.snapshots == []
    member = result.members.iloc[0]
    assert (member["status"], member["passes"], member["best_pass"]) == ("unreachable", 0, -1)


def test_decision_19_members_that_can_be_reached_are_worked_on_all_the_same() -> None:
    network = make_chain(**FAR)
    far, near = {0: {2: 0.9}}, {0: {1: 0.9}}
    result = maximise(network, batch_of([far, near]), seed=0)
    assert result.members["status"].tolist() == ["unreachable", "reached"]
    assert not result.input[0].any()
    assert not any(snapshot[0].any() for snapshot in result.snapshots)
    assert result.members["passes"][0] == 0 < result.members["passes"][1] == result.n_passes


def test_a_member_with_one_unreachable_target_gets_the_others() -> None:
    result = maximise(make_chain(**FAR), {0: {1: 0.9, 2: 0.9}}, seed=0)
    assert result.targets["status"].tolist() == ["reached", "unreachable"]
    assert result.members["status"].tolist() == ["improved"]


# The tables.


@pytest.fixture
def asked() -> ResolvedTargets:
    table = pd.DataFrame(
        {"batch": [0, 0, 1, 1, 2], "layer": 0, "neuron": [0, 1, 0, 1, 0], "value": 0.5}
    )
    return resolve_targets(table, make_chain())


def tables(
    asked: ResolvedTargets, attained: list[float], resting: float = 0.0, lost: Any = False
) -> tuple[list[str], list[str]]:
    """Work out the status of targets and members, from what the targets attained."""
    activations = torch.zeros(3, 3, 2)
    activations[asked.batch, asked.neuron, asked.layer] = torch.tensor(attained)
    known = Prospect(
        walk=np.array([-1, 1, -1, 1, -1]),
        sensory=np.array([True, False, True, False, True]),
        resting=torch.full((5,), resting),
        unreachable=np.broadcast_to(lost, 5),
        resting_parts=torch.full((5,), resting),
    )
    targets = target_table(asked, known, activations)
    none = torch.zeros(3, dtype=torch.int64)
    members = member_table(targets, torch.zeros(3, 1, 2), none, none, seed=0)
    return targets["status"].tolist(), members["status"].tolist()


@pytest.mark.parametrize(
    ("attained", "status"),
    [(0.5, "reached"), (0.481, "reached"), (0.519, "reached"), (0.479, "improved"),
     (0.521, "improved"), (0.021, "improved"), (0.019, "stuck"), (0.0, "stuck"),
     (0.979, "improved"), (0.999, "stuck")],
)  # fmt: skip
def test_decision_14_status_is_by_the_distance_from_the_value(
    asked: ResolvedTargets, attained: float, status: str
) -> None:
    assert tables(asked, [attained] * 5) == ([status] * 5, [status] * 3)


def test_decision_14_a_target_at_rest_where_it_is_asked_is_reached(asked: ResolvedTargets) -> None:
    assert tables(asked, [0.5] * 5, resting=0.5)[0] == ["reached"] * 5
    assert tables(asked, [0.6] * 5, resting=0.5)[0] == ["stuck"] * 5, "driven away from it"


def test_decision_14_a_member_is_reached_if_all_its_targets_are(asked: ResolvedTargets) -> None:
    targets, members = tables(asked, [0.5, 0.5, 0.5, 0.0, 0.0])
    assert targets == ["reached", "reached", "reached", "stuck", "stuck"]
    assert members == ["reached", "improved", "stuck"]


def test_decision_14_a_member_is_unreachable_if_all_its_targets_are(asked: ResolvedTargets) -> None:
    lost = [True, True, False, True, False]
    targets, members = tables(asked, [0.0, 0.0, 0.5, 0.0, 0.5], lost=lost)
    assert targets == ["unreachable", "unreachable", "reached", "unreachable", "reached"]
    assert members == ["unreachable", "improved", "reached"]


def test_the_walk_of_a_target_is_told_where_there_is_one() -> None:
    result = maximise(make_chain(), {1: {1: 0.9, 2: 0.9}, 0: {0: 0.9}}, num_iterations=1)
    assert result.targets["shortest_walk"].dtype == "Int64"
    assert result.targets["shortest_walk"].isna().tolist() == [True, False, False]
    assert result.targets["shortest_walk"].tolist()[1:] == [1, 2]


def test_active_inputs_and_neurons_are_counted_by_member() -> None:
    asked = resolve_targets(batch_of([{0: {0: 0.9}}, {0: {1: 0.9}}]), make_chain())
    network = make_chain()
    targets = target_table(asked, look_ahead(network, asked), torch.zeros(2, 3, 2))
    stimulus = torch.zeros(2, 4, 3)
    stimulus[0, 1] = 0.5
    stimulus[0, 3, 1] = 0.5
    number = torch.tensor([4, 7])
    members = member_table(targets, stimulus, number, number + 1, seed=9)
    assert members["active_inputs"].tolist() == [4, 0]
    assert members["active_neurons"].tolist() == [2, 0]
    assert members["best_pass"].tolist() == [4, 7]
    assert members["passes"].tolist() == [5, 8]
    assert members["seed"].tolist() == [9, 9]
