"""Every figure as a vector file: texts stay texts, colours and data are those on the screen."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE
from test_every_figure import CASES

from wiregrad import show
from wiregrad.show import print_figure

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def matplotlib() -> None:
    pytest.importorskip("matplotlib", reason="printing figures needs matplotlib")


def texts(path: Path) -> list[str]:
    return ["".join(text.itertext()) for text in ET.parse(path).getroot().iter(f"{SVG}text")]


def said(figure: Any) -> set[str]:
    """List the texts that a figure shows: titles, labels of ticks, names in the legend, notes."""
    layout = figure.layout
    axes = [layout[name] for name in layout.to_plotly_json() if re.match(r"[xy]axis", name)]
    found = [axis.title.text for axis in axes if axis.visible is not False]
    for axis in axes:
        found += list(axis.ticktext or ()) if axis.showticklabels is not False else []
    found += [note.text for note in layout.annotations or ()]
    return {text for text in found if text}


@pytest.mark.parametrize("n", [0, 1, 30])
@pytest.mark.parametrize("name", sorted(set(CASES) - {"plot_circuit"}))
def test_every_figure_is_printed_with_all_its_texts(name: str, n: int, tmp_path: Path) -> None:
    figure = CASES[name].draw(CASES[name].of(n))
    path = print_figure(figure, tmp_path / "figure.svg")
    printed = texts(path)
    for text in said(figure):
        shown = show._printing.shown_text(text).text
        for line in shown.split("\n"):
            assert line in printed
    assert not any("mathdefault" in text for text in printed)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(CASES) - {"plot_circuit"}))
def test_of_ten_thousand_rows(name: str, tmp_path: Path) -> None:
    figure = CASES[name].draw(CASES[name].of(10_000))
    path = print_figure(figure, tmp_path / "figure.pdf")
    assert 1e3 < path.stat().st_size < 2e7


@pytest.mark.parametrize(("suffix", "start"), [("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_formats_and_widths(suffix: str, start: bytes, tmp_path: Path) -> None:
    figure = CASES["plot_stimulus"].draw(CASES["plot_stimulus"].of(30))
    path = print_figure(figure, tmp_path / f"a.{suffix}", width=3.4, font_size=6)
    assert path.read_bytes().startswith(start)
    size = re.search(
        r'width="([\d.]+)pt"', print_figure(figure, tmp_path / "a.svg", 3.4).read_text()
    )
    assert size is not None
    assert float(size[1]) == pytest.approx(3.4 * 72)


def test_nothing_reaches_beyond_the_picture(tmp_path: Path) -> None:
    """Long names, a legend, a scale of colours, notes to the right: all of it has room."""
    from wiregrad.show._print_figure import _Printed
    from wiregrad.show._printing import print_styles

    for name in ("lesions", "attribution", "activity_by_column", "eye_map", "saliency", "sweep"):
        case = CASES[f"plot_{name}"]
        figure = case.draw(case.of(40))
        with print_styles(**{"font.size": 7}):
            printed = _Printed(figure, 7.0, 7 / 13)
            printed.fit()
            box = printed.sheet.get_tightbbox(printed._canvas.get_renderer())
        width, height = printed.sheet.get_size_inches()
        assert box.x0 > -0.02
        assert box.y0 > -0.02
        assert box.x1 < width + 0.02
        assert box.y1 < height + 0.02


def test_colours_are_those_on_the_screen(tmp_path: Path) -> None:
    figure = CASES["plot_attribution"].draw(CASES["plot_attribution"].of(30))
    svg = print_figure(figure, tmp_path / "a.svg").read_text()
    for colour in set(figure.data[0].marker.color):
        assert colour in svg
    table = pd.DataFrame({"group": ["a", "b", "c"], "step": 0, "x": [-1.0, 0.0, 1.0]})
    heat = show._signed_heatmap.signed_heatmap(table, "x", "x", "step", 9)
    svg = print_figure(heat, tmp_path / "b.svg").read_text()
    for colour in ("#00568a", "#b84f00"):
        assert colour in svg


def test_axes_are_those_on_the_screen(tmp_path: Path) -> None:
    from wiregrad.show._print_figure import _Printed

    figure = CASES["plot_losses"].draw(CASES["plot_losses"].of(30))
    assert figure.layout.yaxis.type == "log"
    (panel,) = _Printed(figure, 7.0, 0.5)._panels.all()
    assert panel.get_yscale() == "log"
    assert panel.get_xlim()[0] == 0
    figure = CASES["plot_targets"].draw(CASES["plot_targets"].of(5))
    (panel,) = _Printed(figure, 7.0, 0.5)._panels.all()
    assert panel.get_ylim() == (4.5, -0.5)
    assert panel.get_xlim() == (-0.03, 1.06)
    figure = CASES["plot_activation_spread"].draw(CASES["plot_activation_spread"].of(40))
    panels = _Printed(figure, 7.0, 0.5)._panels.all()
    assert len(panels) == 8
    assert {panel.get_xlim() for panel in panels} == {panels[0].get_xlim()}


def test_data_is_that_on_the_screen() -> None:
    from wiregrad.show._print_figure import _Printed

    figure = CASES["plot_fit"].draw(CASES["plot_fit"].of(30))
    (panel,) = _Printed(figure, 7.0, 0.5)._panels.all()
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    for drawn, trace in zip(panel.collections, marks, strict=True):
        np.testing.assert_allclose(drawn.get_offsets(), np.stack([trace.x, trace.y], axis=1))
    assert panel.get_aspect() == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_text(name: str, tmp_path: Path) -> None:
    table = CASES["plot_stimulus"].of(5).assign(group=name)
    path = print_figure(show.plot_stimulus(table), tmp_path / "a.svg")
    root = ET.parse(path).getroot()
    assert not list(root.iter(f"{SVG}script"))
    assert not list(root.iter(f"{SVG}a"))
    cut = " ".join((name if len(name) <= 22 else f"{name[:21]}…").split())
    assert any(" ".join(text.split()).startswith(cut) for text in texts(path))


def test_bad_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    figure = CASES["plot_stimulus"].draw(CASES["plot_stimulus"].of(5))
    with pytest.raises(ValueError, match=r"a\.gif ends with none of \.pdf, \.svg"):
        print_figure(figure, tmp_path / "a.gif")
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        print_figure(figure, tmp_path / "no" / "a.pdf")
    with pytest.raises(ValueError, match=r"width is 0 inches and font_size 7.0 points: both are"):
        print_figure(figure, tmp_path / "a.pdf", width=0)
    with pytest.raises(ValueError, match=r"print_circuit\(circuit, path\) prints it"):
        print_figure(CASES["plot_circuit"].draw(CASES["plot_circuit"].of(9)), tmp_path / "a.pdf")
    with pytest.raises(TypeError, match="the kind 'pie' cannot be printed: there are scatter"):
        print_figure(go.Figure(go.Pie(values=[1])), tmp_path / "a.pdf")
    with pytest.raises(TypeError, match="a shape of the kind 'circle' cannot be printed"):
        print_figure(go.Figure(go.Scatter(y=[1, 2])).add_shape(type="circle"), tmp_path / "a.pdf")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "wiregrad\[plot\]"'):
        print_figure(figure, tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_a_figure_of_ones_own(tmp_path: Path) -> None:
    """Vertical bars, arrays, colours by value, hidden traces, texts beside their points."""
    go = pytest.importorskip("plotly.graph_objects")
    figure = go.Figure()
    figure.add_bar(x=np.arange(3), y=np.array([1, 2, 3]), name="bars")
    figure.add_scatter(
        x=np.arange(3),
        y=np.arange(3),
        mode="markers+text",
        text=["a", "b", "c"],
        textposition="top right",
        marker={"color": [1.0, 2.0, 3.0], "colorscale": "Viridis", "size": [4, 8, 12]},
    )
    figure.add_scatter(x=[0, 1], y=[0, 9], name="hidden", visible="legendonly")
    printed = texts(print_figure(figure, tmp_path / "own.svg"))
    assert {"a", "b", "c", "bars"} <= set(printed)
    assert "hidden" not in printed
