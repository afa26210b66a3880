"""The stimulus and the activations as heatmaps: what stands in the cells and beside the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE

import wiregrad as wg
from wiregrad.show import plot_activations, plot_stimulus
from wiregrad.show._heatmap import heatmap_width
from wiregrad.show._plotly import plain
from wiregrad.tables import activations_by_group, stimulus_by_group


def table(groups: list[str], means: Any, n: int = 2, first_step: int = 0) -> pd.DataFrame:
    """Make a table with a row of means (one a step) for each group, all neurons active."""
    means = np.asarray(means, dtype=float)
    steps = means.shape[1]
    return pd.DataFrame(
        {
            "group": pd.Series(np.repeat(groups, steps), dtype="string"),
            "step": np.tile(np.arange(first_step, first_step + steps), len(groups)),
            "n": n,
            "n_active": np.where(means > 0, n, 0).ravel(),
            "mean": means.ravel(),
            "max": means.ravel(),
        }
    )


def test_cells_hold_the_mean_of_the_active_and_how_many_they_are() -> None:
    stimulus = table(["ASH", "PVD", "AWC", "BAG"], [[0.2, 0], [0.4, 1], [0, 0], [0, 0]], n=4)
    stimulus.loc[0, "n_active"] = 1  # so that the one that is active has 0.8
    figure = plot_stimulus(stimulus)
    assert figure.layout.yaxis.ticktext == ("PVD · 4", "ASH · 4", "<i>2 others · 8</i>")
    assert figure.layout.xaxis.ticktext == ("start", "1")
    np.testing.assert_allclose(figure.data[0].z, [[0.4, 1], [0.8, 0], [0, 0]])
    numbers = figure.data[1]
    assert [*zip(numbers.y, numbers.x, numbers.text, strict=True)] == [
        (0, 0, "0.40"),
        (0, 1, "1.00"),
        (1, 0, "0.80 (1/4)"),
    ]
    assert numbers.textfont.color == ("#22272e", "#ffffff", "#ffffff")
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 1)
    assert "largest: 0.200" in figure.data[0].hovertext[1][0]


def test_targets_are_bold_first_and_there_though_silent() -> None:
    activations = table(["AVA", "AVB", "AVD"], [[0.1], [0.9], [0.0]], first_step=1)
    figure = plot_activations(activations, 2, marked=["AVA", "AVD"])
    assert figure.layout.yaxis.ticktext == ("<b>AVA · 2</b>", "<b>AVD · 2</b>", "AVB · 2")
    assert figure.layout.xaxis.ticktext == ("1",)


@pytest.mark.parametrize(
    ("plot", "message"),
    [
        (plot_stimulus, "No sensory neuron receives any input."),
        (plot_activations, "No neuron is active."),
    ],
)
@pytest.mark.parametrize("rows", [0, 1])
def test_silence_is_said(plot: Callable[..., Any], message: str, rows: int) -> None:
    figure = plot(table(["A"], [[0.0]])[:rows])
    assert figure.layout.annotations[0].text == message
    assert not figure.data
    assert heatmap_width(figure) == 0


def test_ten_thousand_types_stay_readable() -> None:
    rng = np.random.default_rng(0)
    stimulus = table([f"type {i}" for i in range(10_000)], rng.random((10_000, 5)))
    figure = plot_stimulus(stimulus)
    assert np.shape(figure.data[0].z) == (26, 5)
    assert figure.layout.yaxis.ticktext[-1] == "<i>9,975 others · 19,950</i>"
    assert figure.layout.height < 800
    assert not figure.data[0].showscale


def test_many_cells_get_a_scale_instead_of_numbers() -> None:
    figure = plot_stimulus(table(["A", "B"], np.full((2, 400), 0.5)))
    assert figure.data[0].showscale
    assert figure.data[1].text == ()


def test_one_row_and_one_step_is_enough() -> None:
    figure = plot_stimulus(table(["A"], [[0.5]]))
    assert np.shape(figure.data[0].z) == (1, 1)
    assert figure.layout.yaxis.ticktext == ("A · 2",)


def test_names_are_escaped_and_two_of_a_kind_are_two_rows() -> None:
    long = "lobula columnar neuron of the type "
    names = [*HOSTILE, f"{long} 1", f"{long} 2"]
    figure = plot_stimulus(table(names, np.full((len(names), 1), 0.5)))
    labels = figure.layout.yaxis.ticktext
    assert len(labels) == len(names)
    assert not any("<" in label for label in labels)
    hover = "".join(row[0] for row in figure.data[0].hovertext)
    assert all(f"<b>{plain(name)}</b>" in hover for name in names)
    assert hover.replace("<b>", "").replace("</b>", "").replace("<br>", "").count("<") == 0
    assert figure.data[0].hovertemplate == "%{hovertext}<extra></extra>"


def test_the_worms_stimulus_is_all_there(worm_result: wg.MaximisationResult) -> None:
    by_group = stimulus_by_group(worm_result.network, worm_result.input)
    figure = plot_stimulus(by_group, 100)
    driven = by_group[by_group["n_active"] > 0]
    assert np.count_nonzero(figure.data[0].z) == len(driven)
    assert heatmap_width(figure) > 200


def test_the_worms_activations_name_the_targets_first(worm_result: wg.MaximisationResult) -> None:
    by_group = activations_by_group(worm_result.network, worm_result.output)
    figure = plot_activations(by_group, marked=["AVA"])
    assert figure.layout.yaxis.ticktext[0] == "<b>AVA · 2</b>"
    assert figure.data[0].z[0][2] == pytest.approx(worm_result.targets["attained"].mean())
