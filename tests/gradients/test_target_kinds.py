"""Targets beyond single activations: means, differences, time courses, many in one batch."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import batch_of, make_chain, make_random, maximise, member_of
from torch import Tensor

import wiregrad as wg
from wiregrad.gradients._resolved_targets import ResolvedTargets, resolve_targets
from wiregrad.network import Slopes
from wiregrad.show._command import command_line
from wiregrad.show._repeat import python_lines

Asked = wg.TargetActivation
NETWORK = make_random(1, idx_to_group={i: "abcdef"[i % 6] for i in range(24)})
MEMBERS = NETWORK.find


def every_kind() -> list[wg.TargetActivation]:
    return [
        Asked.mean(NETWORK, "a", value=0.7),
        Asked.difference(NETWORK, "b", "c", 1, value=0.5),
        Asked.course(NETWORK, {7: [0.1, np.nan, 0.6]}),
        Asked.course(NETWORK, {"d": [0.2, 0.3, 0.4]}, mean=True),
        Asked({2: {9: 0.6}}),
        Asked.together([Asked.mean(NETWORK, [3, 9], value=0.5), Asked({1: {5: 0.3}})]),
    ]


def resolved() -> ResolvedTargets:
    return resolve_targets(Asked.batch(every_kind()), NETWORK)


def by_hand(activations: Tensor) -> list[float]:
    """Work out what the targets of `every_kind` are, member by member."""
    h = activations.double().numpy()
    return [
        h[0, MEMBERS("a"), 2].mean(),
        h[1, MEMBERS("b"), 1].mean() - h[1, MEMBERS("c"), 1].mean(),
        h[2, 7, 0],
        h[2, 7, 2],
        *(h[3, MEMBERS("d"), step].mean() for step in range(3)),
        h[4, 9, 2],
        h[5, 5, 1],
        h[5, [3, 9], 2].mean(),
    ]


def stimuli(n: int, seed: int = 0) -> Tensor:
    return torch.rand(n, 8, 3, generator=torch.Generator().manual_seed(seed))


# What is read, and its gradient.


def test_targets_are_what_they_are_called() -> None:
    targets, x = resolved(), stimuli(6)
    activations = NETWORK(x)
    expected = by_hand(activations)
    assert targets.read(activations).tolist() == pytest.approx(expected, abs=1e-6)
    watched = targets.watch(NETWORK, leak=0.0)(x).read
    assert watched.tolist() == pytest.approx(expected, abs=1e-6)
    assert targets.batch.tolist() == [0, 1, 2, 2, 3, 3, 3, 4, 5, 5]
    assert targets.value.tolist() == pytest.approx(
        [0.7, 0.5, 0.1, 0.6, 0.2, 0.3, 0.4, 0.6, 0.3, 0.5]
    )


def test_gradients_equal_finite_differences() -> None:
    network = make_random(
        1, threshold=0.0, idx_to_group={i: "abcdef"[i % 6] for i in range(24)}
    ).double()
    targets, x = resolve_targets(Asked.batch(every_kind()), network), stimuli(6).double()
    up = torch.linspace(-1, 1, len(targets.batch), dtype=torch.float64)
    watch = targets.watch(network, leak=0.0)
    _, gradient = watch.run(x)
    slope = gradient(Slopes(up))
    rng = np.random.default_rng(0)
    for _ in range(40):
        place = tuple(int(rng.integers(n)) for n in x.shape)
        ends = []
        for change in (1e-6, -1e-6):
            moved = x.clone()
            moved[place] += change
            ends.append(float((watch(moved).read * up).sum()))
        assert slope[place].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("members", [[0], [1, 3], [0, 2, 4, 5]])
def test_members_keep_their_sums_when_others_leave(members: list[int]) -> None:
    targets, x = resolved(), stimuli(6)
    some = targets.take(torch.tensor(members))
    rows = [i for i, b in enumerate(targets.batch.tolist()) if b in members]
    expected = np.array(by_hand(NETWORK(x)))[rows]
    found = some.watch(NETWORK, leak=0.0)(x[members]).read
    assert found.tolist() == pytest.approx(expected, abs=1e-6)
    assert some.digests() == [targets.digests()[b] for b in members]
    twice = some.repeated(2).watch(NETWORK, leak=0.0)(x[members].repeat_interleave(2, 0)).read
    assert sorted(twice.tolist()) == pytest.approx(sorted([*expected, *expected]), abs=1e-6)


def test_members_are_read_in_any_order() -> None:
    targets, x = resolved(), stimuli(6)
    members = torch.tensor([5, 0, 5, 2])
    watch, row, target = targets.watch_of(NETWORK, members, leak=0.0)
    expected = np.array(by_hand(NETWORK(x)))[target.numpy()]
    assert watch(x[members]).read.tolist() == pytest.approx(expected, abs=1e-6)
    assert row.tolist() == [0, 0, 1, 2, 2, 3, 3]


# The search.


def test_all_kinds_in_one_batch_are_answered_as_they_are_alone() -> None:
    kinds = every_kind()
    result = maximise(NETWORK, Asked.batch(kinds), seed=2)
    assert result.targets["attained"].tolist() == pytest.approx(
        by_hand(torch.from_numpy(result.output)), abs=1e-6
    )
    for batch in (0, 1, 3, 5):
        alone = maximise(NETWORK, kinds[batch], seed=2)
        np.testing.assert_array_equal(alone.input, result.input[batch])
        np.testing.assert_array_equal(
            alone.targets["attained"], result.targets.query(f"batch == {batch}")["attained"]
        )


def test_a_mean_of_one_neuron_is_that_neuron() -> None:
    mean = maximise(NETWORK, Asked.mean(NETWORK, 9, value=0.6), seed=0)
    plain = maximise(NETWORK, {2: {9: 0.6}}, seed=0)
    assert mean.targets["attained"][0] == pytest.approx(plain.targets["attained"][0], abs=0.04)
    assert mean.members["status"].tolist() == plain.members["status"].tolist() == ["reached"]


def test_a_mean_is_raised_further_than_by_asking_each(worm_network: Any) -> None:
    """The mean may let single neurons go: its ceiling is no lower."""
    mean = maximise(worm_network, Asked.mean(worm_network, "DA"), seed=0)
    each = maximise(worm_network, {2: {"DA": 1.0}}, seed=0)
    assert mean.targets["nearest"][0] >= each.targets["nearest"].mean() - 0.01
    assert mean.members["minimal"].tolist() == [True]


def test_a_mean_is_lowered_where_neurons_are_active_at_rest() -> None:
    network = make_random(3, default_bias=0.3)
    from_inputs = network.weights.to_scipy().toarray()[:, network.sensory_indices]
    inhibited = np.flatnonzero((from_inputs < 0).any(axis=1))
    result = maximise(network, Asked.mean(network, inhibited, value=0.0), seed=0)
    target = result.targets.iloc[0]
    assert target["attained"] < target["resting"] - 0.05
    assert target["status"] in ("improved", "reached")


def test_a_difference_puts_one_on_and_the_other_off(worm_network: Any) -> None:
    result = maximise(worm_network, Asked.difference(worm_network, "AVB", "AVA"), seed=0)
    target = result.targets.iloc[0]
    assert target["target"] == "AVB minus AVA at step 3"
    on, off = (result.output[worm_network.find(name), 2].mean() for name in ("AVB", "AVA"))
    assert target["attained"] == pytest.approx(on - off, abs=1e-6)
    assert target["attained"] > 0.3
    parts = result.target_neurons
    assert parts["weight"].tolist() == [-0.5, -0.5, 0.5, 0.5]
    found = result.output[parts["neuron"].astype(int), 2]
    np.testing.assert_array_equal(parts["attained"], found)


def test_a_course_is_followed() -> None:
    """What some stimulus does can be asked."""
    shown = NETWORK(stimuli(1, seed=5)[0] * (stimuli(1, seed=6)[0] > 0.6))
    neuron = int(np.setdiff1d(np.arange(24), NETWORK.sensory_indices)[2])
    result = maximise(NETWORK, Asked.course(NETWORK, {neuron: shown[neuron].tolist()}), seed=0)
    assert result.members["status"].tolist() == ["reached"]
    np.testing.assert_allclose(result.output[neuron], shown[neuron], atol=0.021)


def test_budgets_hold_for_all_kinds() -> None:
    result = maximise(NETWORK, Asked.batch(every_kind()), seed=0, max_active=2, binary=True)
    assert result.members["active_neurons"].max() <= 2
    assert set(np.unique(result.input)) <= {0.0, 1.0}
    assert result.members["minimal"].all()


def test_a_sum_is_unreachable_if_none_of_its_parts_can_be_moved(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chain = make_chain(4, num_layers=3)
    with caplog.at_level(logging.WARNING, "wiregrad"):
        far = maximise(chain, Asked.mean(chain, [2, 3], layer=0), seed=0)
    assert far.targets["status"].tolist() == ["unreachable"]
    assert far.targets["shortest_walk"].tolist() == [2]
    assert "mean of 2 neurons at step 1 at layer 0 (2 steps)" in caplog.text
    half = maximise(chain, Asked.mean(chain, [1, 3], layer=0), seed=0)
    assert half.targets["status"].tolist() == ["improved"]
    assert half.targets["attained"][0] == pytest.approx(np.tanh(2.5) / 2, abs=0.02)


# Frames.


def test_rows_with_a_name_are_the_mean_of_all_their_neurons() -> None:
    frame = pd.DataFrame({"layer": 2, "neuron": ["a", 1], "value": 0.5, "target": "both"})
    targets = resolve_targets(Asked(frame), NETWORK)
    assert targets.parts()["weight"].tolist() == pytest.approx([0.2] * 5)
    frame["weight"] = [1.0, -1.0]
    targets = resolve_targets(Asked(frame), NETWORK)
    assert sorted(targets.parts()["weight"]) == pytest.approx([-1.0, *[0.25] * 4])


def test_joined_sums_of_one_name_stay_apart() -> None:
    asked = Asked.together([Asked.mean(NETWORK, "a", value=v) for v in (0.4, 0.5)])
    names = resolve_targets(asked, NETWORK).table["target"].tolist()
    assert names == ["mean of a at step 3", "mean of a at step 3 (2)"]


def test_a_mask_and_a_list_are_neurons_too() -> None:
    mask = np.zeros(24, dtype=bool)
    mask[[3, 9]] = True
    one, other = (Asked.mean(NETWORK, what).targets_df for what in (mask, [9, 3]))
    pd.testing.assert_frame_equal(one, other)


# What is kept, written and told.


def test_sums_are_saved_shown_and_repeated(tmp_path: Path) -> None:
    pytest.importorskip("plotly")
    worm = wg.MultilayeredNetwork.from_connectome(
        wg.datasets.celegans(), "role=sensory", 3, device="cpu"
    )
    kinds = [Asked.difference(worm, "AVB", "AVA"), Asked({2: {"RIM": 0.8}})]
    for n, asked in enumerate((kinds[0], Asked.batch(kinds), Asked.together(kinds))):
        result = maximise(worm, asked, seed=0, num_iterations=20)
        again = wg.MaximisationResult.load(result.save(tmp_path / f"{n}"), worm)
        pd.testing.assert_frame_equal(again.targets, result.targets)
        pd.testing.assert_frame_equal(again.target_neurons, result.target_neurons)
        assert "AVB minus AVA at step 3" in result.to_frame()["targets"][0]
        page = wg.report(again, tmp_path / f"{n}.html").read_text()
        assert "AVB minus AVA at step 3" in page
        assert command_line(result, worm) is None
        names: dict[str, Any] = {}
        exec(python_lines(result, worm).rpartition("wg.report")[0], names)
        np.testing.assert_array_equal(names["result"].input, result.input)


def test_a_sweep_takes_sums(tmp_path: Path) -> None:
    parts = [Asked.mean(NETWORK, "a", value=0.7), Asked.difference(NETWORK, "b", "c", 1, 0.5)]
    problems = pd.concat([p.targets_df.assign(problem=n) for n, p in zip("xy", parts, strict=True)])
    problems = problems.drop(columns="batch")
    swept = wg.sweep(NETWORK, problems, tmp_path / "swept", seed=2, progress=False)
    for name, asked in zip("xy", parts, strict=True):
        np.testing.assert_array_equal(swept.stimulus(name), maximise(NETWORK, asked, seed=2).input)


# What is refused.


def test_plain_members_are_as_they_were() -> None:
    """A batch with sums changes nothing for the others."""
    plain = [{2: {9: 0.6}}, {1: {5: 0.3}}]
    mixed = Asked.batch([Asked.mean(NETWORK, "a"), *(Asked(own) for own in plain)])
    together = maximise(NETWORK, mixed, seed=1)
    alone = maximise(NETWORK, batch_of(plain), seed=1)
    for batch in (0, 1):
        assert member_of(alone, batch)["input"] == member_of(together, batch + 1)["input"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Asked.mean(NETWORK, "z"), "z"),
        (lambda: Asked.mean(NETWORK, []), "name at least one neuron"),
        (lambda: Asked.mean(NETWORK, np.zeros(24, dtype=bool)), "neuron"),
        (lambda: Asked.mean(NETWORK, "a", 3), "target layer 3 is out of range"),
        (lambda: Asked.mean(NETWORK, "a", 1.0), r"target layer 1\.0 is out of range"),  # type: ignore[arg-type]
        (lambda: Asked.difference(NETWORK, [1, 2], [2, 3]), "1 are on both sides, neuron 2 first"),
        (lambda: Asked.course(NETWORK, {1: [0.5]}), r"has shape \(1,\): give a value for each of"),
        (lambda: Asked.course(NETWORK, {1: [np.nan] * 3}), "all values are NaN"),
        (lambda: Asked.together([]), "no targets to put together"),
        (lambda: Asked.batch([]), "no targets to put together"),
        (
            lambda: Asked.together([Asked({0: {1: 1}}), Asked({0: {1: 1}}, batch_size=2)]),
            "equally many batch members, not 1, 2",
        ),
    ],
)
def test_refuses_what_is_no_target(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_refuses_courses_that_are_none() -> None:
    for courses in ([0.1, 0.2, 0.3], {}):
        with pytest.raises(TypeError, match="courses are a dict"):
            Asked.course(NETWORK, courses)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"value": [0.5, 0.6]}, "a target of several neurons has one value"),
        ({"neuron": [1, 1]}, "a neuron is twice in one target at the same layer"),
        ({"weight": [1.0, 0.0]}, "is a number other than 0"),
        ({"weight": [1.0, "x"]}, "is a number other than 0"),
        ({"weight": [1.0, None]}, "either all rows of a target have a weight, or none has"),
        ({"value": 1.2}, "this target has values from 0 to 1"),
        ({"value": -1.2, "weight": [1.0, -1.0]}, "this target has values from -1 to 1"),
        ({"value": [None, None]}, "the value of a target is a number"),
    ],
)
def test_refuses_sums_that_are_none(columns: dict[str, Any], message: str) -> None:
    frame = pd.DataFrame({"layer": 2, "neuron": [1, 2], "value": 0.5, "target": "t"})
    with pytest.raises(ValueError, match=message):
        resolve_targets(Asked(frame.assign(**columns)), NETWORK)
