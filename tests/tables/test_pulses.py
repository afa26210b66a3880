"""Pulses and trains of pulses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import wiregrad as wg


@pytest.fixture(scope="module")
def network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, ["ASHL", "ASHR", "FLPL"], 8, device="cpu")


@pytest.mark.parametrize(
    ("options", "on"),
    [
        ({}, [0]),
        ({"onset": 2, "width": 3}, [2, 3, 4]),
        ({"onset": 6, "width": 5}, [6, 7]),
        ({"period": 3}, [0, 3, 6]),
        ({"onset": 1, "period": 3, "width": 2}, [1, 2, 4, 5, 7]),
        ({"period": 2, "n_pulses": 2}, [0, 2]),
        ({"period": 1, "n_pulses": 3}, [0, 1, 2]),
    ],
)
def test_a_pulse_is_on_when_it_should_be(
    network: wg.MultilayeredNetwork, options: dict[str, Any], on: list[int]
) -> None:
    stimulus = wg.pulses(network, "ASH", **options)
    assert stimulus.shape == (3, 8)
    assert stimulus.dtype == np.float32
    assert np.flatnonzero(stimulus[0]).tolist() == on
    assert stimulus[1].tolist() == stimulus[0].tolist()
    assert not stimulus[2].any()


def test_neurons_have_strengths_of_their_own(network: wg.MultilayeredNetwork) -> None:
    stimulus = wg.pulses(network, {"ASH": 0.25, "FLPL": 1})
    assert stimulus[:, 0].tolist() == [0.25, 0.25, 1]
    assert wg.pulses(network, ["ASHL", "FLPL"])[:, 0].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("neurons", "options", "message"),
    [
        ("AVA", {}, "none of the neurons 53, 54 receives input"),
        ({"ASH": 2}, {}, "the strength of 'ASH' is a number from 0 to 1, not 2"),
        ("ASH", {"onset": 8}, "onset=8 is out of range: there are 8 steps"),
        ("ASH", {"width": 0}, "width is a whole number of at least 1"),
        ("ASH", {"width": 3, "period": 2}, "period is a whole number of at least 3, not 2"),
        ("ASH", {"n_pulses": 0}, "n_pulses is a whole number"),
    ],
)
def test_bad_pulses_are_told(
    network: wg.MultilayeredNetwork, neurons: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        wg.pulses(network, neurons, **options)
