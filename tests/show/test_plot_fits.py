"""Figures of a fit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wiregrad.show import plot_fit, plot_parameters, plot_residuals


def fitted(n: int = 4) -> Any:
    value = np.linspace(0, 1, n)
    predictions = pd.DataFrame(
        {
            "batch": np.arange(n),
            "channel": "<b>AVA</b>",
            "layer": 1.0,
            "value": value,
            "predicted": value * 0.5 + 0.1,
            "held_out": np.arange(n) % 2 == 1,
        }
    )
    parameters = pd.DataFrame(
        {
            "parameter": ["slope", "slope", "weight"],
            "name": ["a<i>", "b", "a"],
            "post": [None, None, "b"],
            "start": [5.0, 5.0, 1.0],
            "fitted": [5.5, 2.0, 1.5],
            "lowest": [5.0, 1.5, 1.5],
            "highest": [6.0, 2.5, 1.5],
        }
    )
    return SimpleNamespace(predictions=predictions, parameters=parameters)


def test_a_dot_a_value_and_the_line_where_both_are_equal() -> None:
    figure = plot_fit(fitted())
    assert [trace.name for trace in figure.data] == ["trained on", "held out", None]
    assert figure.data[0].x == pytest.approx((0, 2 / 3))
    assert figure.data[1].y == pytest.approx((0.1 + 1 / 6, 0.6))
    assert figure.data[2].x == figure.data[2].y == (0.0, 1.0)
    assert figure.data[0].text[0] == "&lt;b&gt;AVA&lt;/b&gt;"


def test_what_is_left_over_what_is_predicted() -> None:
    figure = plot_residuals(fitted())
    assert figure.data[0].x == pytest.approx((0.1, 0.1 + 1 / 3))
    assert figure.data[0].y == pytest.approx((-0.1, 1 / 3 - 0.1))
    assert figure.data[2].y == (0.0, 0.0)


def test_many_values_are_thinned_and_that_is_said() -> None:
    figure = plot_fit(fitted(12_000))
    assert sum(len(trace.x) for trace in figure.data[:-1]) == 4_000
    assert (
        figure.layout.xaxis.title.text
        == "measured (unit of the recording) · 1 of 3 of 12,000 values"
    )


def test_parameters_before_and_after_those_that_changed_most_first() -> None:
    figure = plot_parameters(fitted())
    after, before = figure.data
    assert after.x == (2.0, 5.5)
    assert before.x == (5.0, 5.0)
    assert after.error_x.array == (0.5, 0.5)
    assert figure.layout.yaxis.ticktext == ("b", "a&lt;i&gt;")
    assert plot_parameters(fitted(), "weight").layout.yaxis.ticktext == ("a to b",)
    with pytest.raises(ValueError, match="'tau' was not trained: there are slope, weight"):
        plot_parameters(fitted(), "tau")


def test_nothing_is_said() -> None:
    empty = SimpleNamespace(
        predictions=fitted().predictions[:0], parameters=fitted().parameters[:0]
    )
    for plot in (plot_fit, plot_residuals):
        assert plot(empty).layout.annotations[0].text == "Nothing was measured."
    assert plot_parameters(empty).layout.annotations[0].text == "Nothing was trained."
