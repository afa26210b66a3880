"""The heatmap of signed amounts: centred, complete, and of any size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from wiregrad.show.drawing import signed_heatmap


def table(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = {"group": [f"<b>g{i}</b>" for i in range(n)], "step": np.arange(n) % 7}
    types = {"group": "string", "step": "int64", "change": "float64"}
    return pd.DataFrame({**rows, "change": rng.normal(size=n)}).astype(types)


@pytest.mark.parametrize("n", [0, 1, 10_000])
def test_of_any_size(n: int) -> None:
    figure = signed_heatmap(table(n), "change", "change", "step", 25)
    if n == 0:
        assert figure.layout.annotations[0].text == "There is no change: it is 0 everywhere."
        return
    heat = figure.data[0]
    assert heat.zmin == -heat.zmax
    assert len(heat.z) == min(n, 25)
    assert all("<b>" not in name for name in figure.layout.yaxis.ticktext)
    said = "9,975 more groups are not drawn" in figure.layout.xaxis.title.text
    assert said == (n > 25)


def test_amounts_of_one_place_are_added_up_and_the_largest_come_first() -> None:
    rows = [("a", 1, 0.2), ("a", 1, 0.3), ("b", 1, -0.7), ("b", 2, 0.1), ("c", 2, 0.0)]
    figure = signed_heatmap(
        pd.DataFrame(rows, columns=["group", "step", "x"]), "x", "x (1/s)", "step", 9
    )
    heat, numbers = figure.data
    assert figure.layout.yaxis.ticktext == ("b", "a")
    assert [list(row) for row in heat.z] == [[-0.7, 0.1], [0.5, None]]
    assert heat.zmax == pytest.approx(0.7)
    assert heat.colorbar.title.text == "x (1/s)"
    assert numbers.text == ("-0.7", "+0.1", "+0.5")
    assert numbers.textfont.color[0] == "#ffffff"


def test_sizes_and_ranges_are_told_where_they_are_known() -> None:
    rows = pd.DataFrame(
        {"group": ["a<"], "step": 0, "n": 1200, "mean": 0.2, "min": 0.1, "max": 0.4}
    )
    figure = signed_heatmap(rows, "mean", "slope", "step", 9)
    assert figure.layout.yaxis.ticktext == ("a&lt; · 1,200",)
    assert figure.layout.xaxis.ticktext == ("start",)
    assert "mean of 1,200, from +0.1 to +0.4" in figure.data[0].hovertext[0][0]
