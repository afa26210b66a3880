"""A circuit as a picture: boxes, lines, and what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE

import wiregrad as wg
from wiregrad.circuits import Circuit, circuit, strongest_circuit
from wiregrad.show import plot_circuit
from wiregrad.show._circuit import circuit_width
from wiregrad.show._plotly import EXCITATION, INHIBITION


def of_result(result: wg.MaximisationResult) -> Circuit:
    return circuit(result.network, result.input, result.output, result.targets)


def lines(figure: Any) -> list[Any]:
    return [trace for trace in figure.data if trace.meta == "edge"]


def boxes(figure: Any) -> pd.DataFrame:
    """List the boxes with their labels; they come in the same order."""
    return pd.DataFrame(
        {
            "x": [box.xanchor for box in figure.layout.shapes],
            "y": [box.yanchor for box in figure.layout.shapes],
            "frame": [box.line.width for box in figure.layout.shapes],
            "label": [label.text for label in figure.layout.annotations if label.xref != "paper"],
        }
    )


@pytest.fixture
def chain() -> Circuit:
    """0 excites 1 weakly, 1 inhibits 2 strongly; 3 gets input at step 1 and excites 2."""
    weights = np.zeros((4, 4))
    weights[1, 0], weights[2, 1], weights[2, 3] = 0.2, -0.8, 0.4
    network = wg.MultilayeredNetwork(weights, sensory_indices=[0, 3], num_layers=2, device="cpu")
    stimulus = np.array([[1.0, 0.0], [0.0, 1.0]])
    asked = pd.DataFrame({"layer": [1], "neuron": [2]})
    return circuit(network, stimulus, network(stimulus), asked)


def test_lines_run_from_layer_to_layer_signed_and_as_wide_as_their_flow(chain: Circuit) -> None:
    figure = plot_circuit(chain)
    place = boxes(figure).set_index("label")[["x", "y"]]
    flow = dict(zip(chain.edges["pre"], chain.edges["flow"], strict=True))
    drawn = {line.text.split("</b>")[0].removeprefix("<b>"): line for line in lines(figure)}
    assert set(drawn) == {"0", "1", "3"}
    for pre, post in (("0", "1"), ("1", "2"), ("3", "2")):
        line = drawn[pre]
        start, end = (
            place.loc[name if name in place.index else f"▸{name}"] for name in (pre, post)
        )
        assert (line.x[0], line.y[0]) == pytest.approx(tuple(start))
        assert (line.x[-1], line.y[-1]) == pytest.approx(tuple(end))
        assert line.line.color == (INHIBITION if flow[pre] < 0 else EXCITATION)
        assert line.line.dash == ("dash" if flow[pre] < 0 else "solid")
        assert line.line.width == pytest.approx(9 * abs(flow[pre]) / abs(flow["1"]))
        word = "inhibits" if flow[pre] < 0 else "excites"
        assert f"<b>{pre}</b> {word} <b>{post}</b> at step {int(end['x'])}" in line.text
        assert f"flow {flow[pre]:+.3g}" in line.text


def test_boxes_mark_targets_and_driven_neurons(chain: Circuit) -> None:
    drawn = boxes(plot_circuit(chain))
    assert set(drawn["label"]) == {"▸0", "1", "2", "▸3"}
    assert drawn.set_index("label")["x"].to_dict() == {"▸0": 0, "1": 1, "2": 2, "▸3": 1}
    assert drawn.set_index("label")["frame"].to_dict() == {"▸0": 1, "1": 1, "2": 2.5, "▸3": 1}


def test_columns_are_named_by_their_step(chain: Circuit) -> None:
    assert plot_circuit(chain).layout.xaxis.ticktext == ("start", "step 1", "step 2")


def test_columns_begin_where_the_circuit_begins(chain: Circuit) -> None:
    later = Circuit(chain.edges[chain.edges["layer"] > 1], chain.nodes[chain.nodes["layer"] > 0], 2)
    figure = plot_circuit(later)
    assert figure.layout.xaxis.ticktext == ("step 1", "step 2")
    assert figure.layout.xaxis.range == (0.5, 2.5)


def test_mixed_edges_tell_both_parts(worm_result: wg.MaximisationResult) -> None:
    whole = of_result(worm_result)
    mixed = whole.edges.iloc[[0]].assign(excitation=0.3, inhibition=-0.1, flow=0.2)
    figure = plot_circuit(Circuit(mixed, whole.nodes, 3))
    assert "(excitation +0.3, inhibition -0.1)" in lines(figure)[0].text


def test_boxes_do_not_overlap_and_lie_within_the_picture(
    many_result: wg.MaximisationResult,
) -> None:
    short = strongest_circuit(of_result(many_result))
    figure = plot_circuit(short)
    drawn = boxes(figure)
    assert len(drawn) == len(short.nodes)
    for _, column in drawn.groupby("x"):
        assert (np.diff(np.sort(column["y"])) >= 1 - 1e-9).all()
    low, high = figure.layout.yaxis.range
    assert (drawn["y"] > high).all()
    assert (drawn["y"] < low).all()
    rows = low - high
    pixels = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    assert pixels / rows > 21  # the height of a box
    columns = drawn["x"].nunique()
    assert circuit_width(short) / columns > 112  # its width


def test_all_of_a_large_circuit_is_drawn(many_result: wg.MaximisationResult) -> None:
    whole = of_result(many_result)
    assert len(whole.nodes) > 150
    figure = plot_circuit(whole, groups=10**6, edges=10**6)
    assert len(lines(figure)) == len(whole.edges)
    assert len(boxes(figure)) == len(whole.nodes)


def test_groups_summed_up_are_dotted_and_come_last(many_result: wg.MaximisationResult) -> None:
    figure = plot_circuit(strongest_circuit(of_result(many_result), groups=4))
    drawn = boxes(figure).assign(dash=[box.line.dash for box in figure.layout.shapes])
    others = drawn[drawn["label"].str.contains("others")]
    assert set(others["dash"]) == {"dot"}
    assert len(others) > 1
    for _, row in others.iterrows():
        assert row["y"] == drawn["y"][drawn["x"] == row["x"]].max()


def test_a_target_alone_is_a_box(chain: Circuit) -> None:
    alone = Circuit(chain.edges[:0], chain.nodes[-1:].reset_index(drop=True), 2)
    figure = plot_circuit(alone)
    assert boxes(figure)["label"].tolist() == ["2"]
    assert not lines(figure)


def test_nothing_is_said(chain: Circuit) -> None:
    figure = plot_circuit(Circuit(chain.edges[:0], chain.nodes[:0], 2))
    assert figure.layout.annotations[0].text == "There is no target, hence no circuit."
    assert circuit_width(Circuit(chain.edges[:0], chain.nodes[:0], 2)) > 0


def test_names_are_escaped_and_cut(hostile_result: wg.MaximisationResult) -> None:
    figure = plot_circuit(of_result(hostile_result))
    drawn = boxes(figure)
    assert len(drawn) >= len(HOSTILE)
    assert not drawn["label"].str.contains("<").any()
    texts = [line.text for line in lines(figure)]
    texts += next(trace.text for trace in figure.data if trace.meta == "node")
    for text in texts:
        assert text.replace("<b>", "").replace("</b>", "").replace("<br>", "").count("<") == 0
