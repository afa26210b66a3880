"""Recordings, and what is read of a run to compare with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from training_cases import draw_stimuli, make_grouped

import wiregrad as wg
from wiregrad.training._reading import Reading
from wiregrad.training._recording import Rows, rows_of

NAN = float("nan")


def test_values_that_are_missing_or_weigh_nothing_are_left_out() -> None:
    recording = wg.Recording(
        [[[0.1, NAN], [0.3, 0.4]], [[NAN, NAN], [0.5, 0.6]]],
        ["a", 7],
        steps=[0, -1],
        weights=[[[1.0], [2.0]], [[1.0], [0.0]]],
    )
    expected = [(0, 0, 0.0, 0.1, 1.0), (0, 1, 0.0, 0.3, 2.0), (0, 1, -1.0, 0.4, 2.0)]
    assert list(recording.table.itertuples(index=False, name=None)) == expected
    assert recording.n_missing == 5
    assert repr(recording) == "Recording of 2 channels, 2 stimuli: 3 values, 5 missing"


def test_a_table_says_the_same_as_an_array() -> None:
    network = make_grouped()
    values = np.random.default_rng(0).random((4, 3, 3))
    values[1, 2, 0] = NAN
    neurons: list[Any] = [5, "b", 2]
    batch, channel, layer = (axis.ravel() for axis in np.indices(values.shape))
    table = pd.DataFrame({"batch": batch, "layer": layer, "value": values.ravel()})
    table["neuron_idx"] = [neurons[i] for i in channel]
    one = rows_of(wg.Recording(values, neurons), network, 4)
    for form in (table, wg.Recording.from_table(table.rename(columns={"neuron_idx": "neuron"}))):
        other = rows_of(form, network, 4)
        for name in ("member", "channel", "layer", "value", "weight"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert all(map(np.array_equal, one.channels, other.channels))


def test_rows_of_members_are_counted_in_their_order() -> None:
    member = np.array([0, 0, 1, 3, 3, 3])
    rows = Rows(
        member, member * 0, np.arange(6), np.arange(6.0), np.ones(6), [np.array([0])]
    ).of_members(np.array([3, 2, 0]))
    assert rows.member.tolist() == [0, 0, 0, 2, 2]
    assert rows.value.tolist() == [3, 4, 5, 0, 1]


@pytest.mark.parametrize("n_copies", [1, 2])
@pytest.mark.parametrize("decay", [None, 0.7])
def test_reading_pools_neurons_and_steps(decay: float | None, n_copies: int) -> None:
    from wiregrad.training._copies import side_by_side

    network = make_grouped(num_layers=5)
    stimuli = draw_stimuli(network, 3)
    with torch.no_grad():
        states = network(stimuli).double().numpy()
    level, levels = np.zeros(states.shape[:2]), []
    for t in range(5):
        level = (decay or 0) * level + (1 - (decay or 0)) * states[..., t]
        levels.append(level)
    seen = np.stack(levels, axis=2)
    pooled = np.stack([seen[:, 3], seen[:, network.find("b")].mean(axis=1)], axis=1)

    rng = np.random.default_rng(0)
    some = np.where(rng.random(pooled.shape) < 0.5, NAN, pooled)
    courses = rows_of(wg.Recording(some, [3, "b"]), network, 3)
    means = rows_of(wg.Recording(pooled.mean(axis=2), [3, "b"], steps="mean"), network, 3)
    kernel = wg.Observation(decay=decay).kernel(5)
    copies = side_by_side(network, n_copies)
    for rows in (courses, means):
        reading = Reading(copies, n_copies, rows, kernel, leak=0.0, window=None)
        found = reading(stimuli.repeat(1, n_copies, 1))
        assert found.shape == (n_copies, len(rows))
        np.testing.assert_allclose(found, np.tile(rows.value, (n_copies, 1)), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.1], ["a"]), r"values have shape \(1,\), but \(batch, channel\)"),
        (([[0.1, 0.2]], ["a"]), "with a channel for each of the 1 entries"),
        (([[0.1]], ["a"]), "need steps: a layer, such as -1 for the last"),
        (([[0.1]], ["a"], "last"), "steps='last': layers, or 'mean'"),
        (([[[0.1, 0.2]]], ["a"], "mean"), "steps='mean'"),
        (([[[0.1, 0.2]]], ["a"], [0]), r"steps=\[0\] are not whole numbers, one for each of the 2"),
        (([[0.1]], ["a"], 0.5), r"steps=0\.5 are not whole"),
        (([[NAN]], ["a"], -1), "nothing was measured: all 1 values are missing"),
        (([[np.inf]], ["a"], -1), "values are infinite; NaN stands for missing"),
        (([[0.1]], ["a"], -1, [[-1.0]]), "weights are finite numbers of at least 0"),
        (([[0.1]], ["a"], -1, [[NAN]]), "weights are finite numbers of at least 0"),
        (([[0.1]], ["a"], -1, np.ones((3, 3))), "do not broadcast"),
    ],
)
def test_bad_recordings_are_refused(arguments: Any, message: str) -> None:
    values, neurons, steps, weights = (*arguments, None, None)[:4]
    with pytest.raises(ValueError, match=message):
        wg.Recording(values, neurons, steps=steps, weights=weights)


ROW = {"batch": [0], "neuron": ["a"], "value": [0.1]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"neuron": [None]}, "the neuron of a response is missing"),
        ({"layer": [0.5]}, "a layer is a whole number, or missing"),
        ({"layer": ["x"]}, "a layer is a whole number, or missing"),
        ({"value": ["x"]}, "a value is a number, or missing"),
        ({"batch": [0.5]}, "'batch' must be whole numbers"),
        ({"weight": [-1.0]}, "weights are finite"),
    ],
)
def test_bad_tables_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.Recording.from_table(pd.DataFrame({**ROW, **change}))


def test_a_table_is_a_frame_with_its_columns() -> None:
    with pytest.raises(TypeError, match="a table of responses is a DataFrame, not list"):
        wg.Recording.from_table([0.1])  # type: ignore[arg-type]
    frame = pd.DataFrame({"batch": [0], "neuron": ["a"], "values": [0.1]})
    with pytest.raises(ValueError, match=r"lacks 'value': .* did you mean 'values'"):
        wg.Recording.from_table(frame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": [4]}, "there is no stimulus for these: there are 3, counted from 0"),
        ({"layer": [3]}, "a layer is out of range: the network has num_layers=3"),
        ({"neuron": ["e"]}, "'e' is not the name of a group"),
    ],
)
def test_what_is_not_in_the_network_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows_of(pd.DataFrame({**ROW, **change}), make_grouped(), 3)


def test_only_some_stimuli() -> None:
    recording = wg.Recording([[0.1], [0.2], [0.3]], ["a"], steps=-1)
    part = recording.of_stimuli([0, 2])
    assert part.table["value"].tolist() == [0.1, 0.3]
    assert part.table["batch"].tolist() == [0, 2]
    with pytest.raises(ValueError, match="nothing was measured"):
        recording.of_stimuli([])
