"""Readouts in closed form, and losses, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import wiregrad as wg
from wiregrad.training._losses import LOSSES, Measured

N, CHANNELS = 60, 3


@pytest.fixture
def drawn() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "seen": rng.random((2, N)),
        "value": rng.random(N),
        "weight": rng.uniform(0.1, 2, N),
        "channel": np.arange(N) % CHANNELS,
    }


def tensors(drawn: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(part) for name, part in drawn.items()}


@pytest.mark.parametrize("readout", ["channel", "shared"])
def test_a_readout_is_the_weighted_line_of_least_squares(
    drawn: dict[str, Any], readout: str
) -> None:
    t = tensors(drawn)
    found = wg.Observation(readout).fit(t["seen"], t["value"], t["weight"], t["channel"], CHANNELS)
    assert found.gain is not None
    assert found.offset is not None
    for start in range(2):
        for c in range(CHANNELS):
            rows = drawn["channel"] == c if readout == "channel" else np.full(N, True)
            gain, offset = np.polyfit(
                drawn["seen"][start][rows], drawn["value"][rows], 1, w=drawn["weight"][rows] ** 0.5
            )
            at = c if readout == "channel" else 0
            assert float(found.gain[start, at]) == pytest.approx(gain, rel=1e-4)
            assert float(found.offset[start, at]) == pytest.approx(offset, rel=1e-4)


def test_the_gradient_knows_of_the_readout(drawn: dict[str, Any]) -> None:
    t = tensors(drawn)

    def through(seen: torch.Tensor) -> torch.Tensor:
        rest = (t["value"], t["weight"], t["channel"])
        return wg.Observation("channel").fit(seen, *rest, CHANNELS)(seen, t["channel"])

    assert torch.autograd.gradcheck(through, t["seen"].requires_grad_())


def test_a_silent_channel_is_read_as_its_mean(drawn: dict[str, Any]) -> None:
    t = tensors(drawn)
    seen = torch.zeros_like(t["seen"]).requires_grad_()
    readout = wg.Observation("channel").fit(seen, t["value"], t["weight"], t["channel"], CHANNELS)
    predicted = readout(seen, t["channel"])[0]
    for c in range(CHANNELS):
        rows = drawn["channel"] == c
        mean = np.average(drawn["value"][rows], weights=drawn["weight"][rows])
        np.testing.assert_allclose(predicted.detach()[rows], mean)
    (slope,) = torch.autograd.grad(predicted.sum(), seen)
    assert slope.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_weighted_means(drawn: dict[str, Any], name: str) -> None:
    measured = Measured.of(drawn["value"], drawn["weight"], drawn["channel"], CHANNELS)
    found = LOSSES[name](torch.from_numpy(drawn["seen"]), measured)
    for start in range(2):
        off = drawn["seen"][start] - drawn["value"]
        if name == "correlation":
            each = []
            for c in range(CHANNELS):
                rows = drawn["channel"] == c
                pair = np.cov(
                    drawn["seen"][start][rows], drawn["value"][rows], aweights=drawn["weight"][rows]
                )
                each.append(1 - pair[0, 1] / np.sqrt(pair[0, 0] * pair[1, 1]))
            expected = np.mean(each)
        else:
            expected = np.average(abs(off) if name == "l1" else off**2, weights=drawn["weight"])
        assert float(found[start]) == pytest.approx(expected)


def test_channels_whose_responses_do_not_differ_have_no_correlation() -> None:
    value, channel = np.array([0.1, 0.9, 0.5, 0.5]), np.array([0, 0, 1, 1])
    measured = Measured.of(value, np.ones(4), channel, 2)
    predicted = torch.tensor([[0.2, 0.4, 0.3, 0.9]], dtype=torch.float64)
    assert float(LOSSES["correlation"](predicted, measured)) == pytest.approx(0, abs=1e-6)
    silent = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    loss = LOSSES["correlation"](silent, measured)
    assert float(loss.detach()) == pytest.approx(1)
    assert torch.autograd.grad(loss.sum(), silent)[0].isfinite().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"readout": "affine"}, "readout is None, 'channel' or 'shared', not 'affine'"),
        ({"decay": 1}, "decay is at least 0 and below 1, not 1"),
        ({"decay": "x"}, "decay is a number, not 'x'"),
    ],
)
def test_bad_observations_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wg.Observation(**options)
