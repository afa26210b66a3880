"""The course of a search: which losses are drawn, and on which axis."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import wiregrad as wg
from wiregrad.show import plot_losses


def losses(activation: list[float], cost_in: list[float], cost_out: list[float]) -> Any:
    return SimpleNamespace(
        activation_losses=activation,
        in_regularisation_losses=cost_in,
        out_regularisation_losses=cost_out,
    )


def test_a_curve_a_loss(worm_result: wg.MaximisationResult) -> None:
    figure = plot_losses(worm_result)
    assert [curve.name.split(" (")[0] for curve in figure.data] == [
        "distance from the targets",
        "cost of the stimulus",
        "cost of activity",
    ]
    assert list(figure.data[0].y) == worm_result.activation_losses
    assert list(figure.data[0].x) == list(range(1, len(worm_result.activation_losses) + 1))


def test_more_than_a_decade_is_logarithmic_and_zeros_are_gaps() -> None:
    figure = plot_losses(losses([1.0, 0.05, 0.0], [0.5] * 3, [0.0] * 3))
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == "loss (dimensionless)"
    assert figure.data[0].y == (1.0, 0.05, None)
    assert figure.data[2].name == "cost of activity (0 throughout)"


def test_less_than_a_decade_is_linear_and_zeros_are_drawn() -> None:
    figure = plot_losses(losses([1.0, 0.5, 0.0], [0.5] * 3, [0.0] * 3))
    assert figure.layout.yaxis.type == "linear"
    assert figure.data[0].y == (1.0, 0.5, 0.0)


def test_an_axis_spans_six_decades_at_most() -> None:
    low, high = plot_losses(losses([1.0, 0.1], [1e-30, 1.0], [0.0, 0.0])).layout.yaxis.range
    assert (low, high) == pytest.approx((-6, 0.2))


def test_two_decades_have_ticks_between_the_powers() -> None:
    assert plot_losses(losses([1.0, 0.05], [1.0] * 2, [0.0] * 2)).layout.yaxis.dtick is None
    assert plot_losses(losses([1.0, 0.005], [1.0] * 2, [0.0] * 2)).layout.yaxis.dtick == 1


def test_a_single_pass_is_a_point() -> None:
    figure = plot_losses(losses([0.3], [0.0], [0.0]))
    assert figure.data[0].mode == "lines+markers"
    assert figure.layout.yaxis.type == "linear"


def test_no_pass_is_said() -> None:
    figure = plot_losses(losses([], [], []))
    assert figure.layout.annotations[0].text == "No pass was made."


def test_nothing_but_zeros_is_drawn() -> None:
    figure = plot_losses(losses([0.0] * 50, [0.0] * 50, [0.0] * 50))
    assert figure.layout.yaxis.type == "linear"
    assert figure.data[0].y == (0.0,) * 50
    assert figure.data[0].mode == "lines"


def test_ten_thousand_passes_are_drawn() -> None:
    figure = plot_losses(losses([0.5] * 10_000, [0.1] * 10_000, [0.0] * 10_000))
    assert len(figure.data[0].y) == 10_000
