"""What the targets attain, beside what was asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE

import wiregrad as wg
from wiregrad.show import plot_targets
from wiregrad.tables import targets_by_group


def table(groups: list[str], attained: list[float], n: int = 1, **other: object) -> pd.DataFrame:
    values = np.asarray(attained, dtype=float)
    columns = {
        "step": 3,
        "group": pd.Series(groups, dtype="string"),
        "value": 1.0,
        "n": n,
        "attained": values,
        "lowest": values / 2,
        "highest": values,
        "resting": 0.1,
        "reached": 0,
        "improved": n,
        "stuck": 0,
        "unreachable": 0,
        "shortest_walk": 2,
    }
    return pd.DataFrame(columns | other)


def test_the_strongest_are_on_top() -> None:
    figure = plot_targets(table(["a", "b", "c"], [0.2, 0.9, 0.4]))
    attained, asked, resting = figure.data
    assert figure.layout.yaxis.ticktext == ("b", "c", "a")
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert attained.x == (0.9, 0.4, 0.2)
    assert asked.x == (1.0,) * 3
    assert resting.x == (0.1,) * 3
    assert attained.error_x.array is None
    assert figure.layout.xaxis.title.text == "activation (0 silent, 1 maximal)"


def test_groups_show_their_range_and_number() -> None:
    figure = plot_targets(table(["a"], [0.8], n=1200))
    assert figure.layout.yaxis.ticktext == ("a · 1,200",)
    assert figure.data[0].error_x.arrayminus == pytest.approx([0.4])
    assert figure.data[0].error_x.array == pytest.approx([0])
    assert "1,200 targets, 0 reached" in figure.data[0].text[0]


def test_several_steps_are_named() -> None:
    figure = plot_targets(table(["a", "b"], [0.9, 0.4], step=[2, 3]))
    assert figure.layout.yaxis.ticktext == ("a, step 2", "b, step 3")


def test_many_are_summed_up() -> None:
    names = [f"t{i}" for i in range(10_000)]
    figure = plot_targets(table(names, np.linspace(0, 1, 10_000).tolist()))
    assert len(figure.data[0].x) == 31
    assert figure.layout.yaxis.ticktext[-1] == "9,970 others · 9,970"
    assert figure.layout.height < 1200


def test_none_is_said() -> None:
    figure = plot_targets(table([], []))
    assert figure.layout.annotations[0].text == "There are no targets."


def test_names_are_escaped() -> None:
    figure = plot_targets(table([*HOSTILE], [0.5] * len(HOSTILE)))
    assert not any("<" in label for label in figure.layout.yaxis.ticktext)
    for text in figure.data[0].text:
        assert text.replace("<b>", "").replace("</b>", "").replace("<br>", "").count("<") == 0


def test_the_worms_targets(worm_result: wg.MaximisationResult) -> None:
    figure = plot_targets(targets_by_group(worm_result.network, worm_result.targets, "id"))
    assert sorted(figure.layout.yaxis.ticktext) == ["AVAL", "AVAR"]
    assert sorted(figure.data[0].x) == sorted(worm_result.targets["attained"])
