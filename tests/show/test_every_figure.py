"""Every figure of nothing, of one row and of ten thousand."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from show_cases import HOSTILE

import wiregrad as wg
from wiregrad import show
from wiregrad.circuits import Circuit

RNG = np.random.default_rng(0)


def by_group(n: int) -> pd.DataFrame:
    """Activations (or inputs) of n / 5 groups in 5 steps."""
    mean = RNG.random(n)
    return pd.DataFrame(
        {
            "group": pd.Series([f"type {i // 5}" for i in range(n)], dtype="string"),
            "step": np.arange(n) % 5,
            "n": 3,
            "n_active": 2,
            "mean": mean,
            "max": np.sqrt(mean),
        }
    )


def spread(n: int) -> pd.DataFrame:
    quantiles = np.sort(RNG.random((n, 5)), axis=1)
    names = ["min", "low", "median", "high", "max"]
    numbers = pd.DataFrame(quantiles, columns=names).assign(mean=quantiles.mean(axis=1))
    return pd.concat([by_group(n)[["group", "step", "n"]], numbers], axis=1)


def targets(n: int) -> pd.DataFrame:
    attained = RNG.random(n)
    return pd.DataFrame(
        {
            "group": pd.Series([f"target {i}" for i in range(n)], dtype="string"),
            "step": 3,
            "value": 1.0,
            "n": 1,
            "attained": attained,
            "lowest": attained,
            "highest": attained,
            "resting": 0.0,
            "reached": 0,
            "improved": 1,
            "stuck": 0,
            "unreachable": 0,
            "shortest_walk": 1,
        }
    )


def columns(n: int) -> pd.DataFrame:
    """The table of activity_by_column, of up to 10 groups in up to 20 steps."""
    return pd.DataFrame(
        {
            "normalised_column": (np.arange(n) % 50 + 1) / 50,
            "cell_group": [f"type {i // 50 % 10}" for i in range(n)],
            "time_point": "time_0",
            "activation": RNG.random(n),
            "time_step": np.arange(n) // 500,
        }
    )


def eye(n: int) -> pd.DataFrame:
    places = np.arange(n)
    return pd.DataFrame(
        {"u": places % 100 - 50.0, "v": places // 100 - 50.0, "activation": RNG.normal(size=n)}
    )


def losses(n: int) -> SimpleNamespace:
    curve = np.exp(-np.arange(n) / max(n / 8, 1)).tolist()
    return SimpleNamespace(
        activation_losses=curve,
        in_regularisation_losses=curve,
        out_regularisation_losses=[0.0] * n,
    )


def sweep(n: int) -> SimpleNamespace:
    names = [f"problem {i}" for i in range(n)]
    status = RNG.choice(["reached", "improved", "stuck", "unreachable"], n)
    inputs = RNG.integers(0, 5000, n)
    attained = RNG.random(n)
    return SimpleNamespace(
        targets=pd.DataFrame({"problem": names, "attained": attained, "value": 0.9}),
        members=pd.DataFrame({"problem": names, "status": status, "active_inputs": inputs}),
    )


def training(n: int) -> SimpleNamespace:
    curve = np.exp(-np.arange(n) / max(n / 8, 1)).tolist()
    history = {"activation_loss": curve, "val_loss": curve, "param_reg_loss": [0.0] * n}
    return SimpleNamespace(history=history, kept_epoch=n // 2)


def fit(n: int) -> SimpleNamespace:
    value = RNG.random(n)
    names = [f"type {i}" for i in range(n)]
    return SimpleNamespace(
        predictions=pd.DataFrame(
            {
                "batch": np.arange(n),
                "channel": names,
                "layer": 1.0,
                "value": value,
                "predicted": value * 0.8,
                "held_out": np.arange(n) % 5 == 4,
            }
        ),
        parameters=pd.DataFrame(
            {"parameter": "slope", "name": names, "post": None, "start": 5.0, "fitted": 4 + value}
        ).assign(lowest=4.0, highest=5.0),
    )


def saliency(n: int) -> pd.DataFrame:
    values = RNG.normal(size=n)
    table = by_group(n)[["group", "step", "n"]]
    return table.assign(mean=values, min=values - 1, max=values + 1)


def circuit(n: int) -> Circuit:
    """n edges between two layers, or none at all."""
    side = int(np.ceil(np.sqrt(n)))
    pre, post = np.arange(n) % max(side, 1), np.arange(n) // max(side, 1)
    names = [f"g{i}" for i in range(side)]
    nodes = pd.DataFrame({"layer": np.repeat([0, 1], side), "group": names * 2}).assign(
        n=2, size=3, activation=0.5, input=0.5, n_driven=1, n_targets=1, share=0.1, n_groups=1
    )
    flow = RNG.normal(size=n)
    edges = pd.DataFrame(
        {
            "layer": np.ones(n, dtype=np.int64),
            "pre": np.array(names, dtype=object)[pre],
            "post": np.array(names, dtype=object)[post],
            "weight": flow,
            "flow": flow,
            "excitation": np.maximum(flow, 0),
            "inhibition": np.minimum(flow, 0),
            "share": np.abs(flow) / max(np.abs(flow).sum(), 1),
            "pre_activation": 0.5,
            "n_pre": 2,
            "post_activation": 0.5,
            "n_post": 2,
        }
    )
    text = {"pre": "string", "post": "string"}
    return Circuit(edges.astype(text), nodes.astype({"group": "string", "layer": "int64"}), 1)


def attribution(n: int) -> SimpleNamespace:
    steps = np.arange(n) % 5
    ids = pd.Series([f"{i}" for i in range(n)], dtype="string")
    sources = pd.DataFrame({"step": steps, "neuron": np.arange(n), "id": ids, "group": "KC"})
    attributed = RNG.normal(size=n)
    return SimpleNamespace(
        values=attributed[np.newaxis],
        activity=RNG.random((1, n)),
        sources=sources,
        null_share=RNG.random((1, n)),
        method="integrated_gradients",
        verified=pd.DataFrame(
            {
                "chosen": np.where(np.arange(n) % 2, "random", "top"),
                "source": np.arange(n),
                "attributed": attributed,
                "measured": attributed * 0.4,
            }
        ),
    )


def lesions(n: int) -> SimpleNamespace:
    table = pd.DataFrame({"group": [f"type {i}" for i in range(n)], "neurons": 2, "peak": 0.8})
    effect = -np.sort(-RNG.random(n))
    return SimpleNamespace(
        table=table.assign(
            response=0.5,
            effect=effect,
            holds_target=False,
            null_mean=0.1,
            null_sd=0.05,
            null_share=0.2,
        )
    )


def nulls(n: int) -> wg.NullComparison:
    names = pd.Index([f"number {i}" for i in range(n)])
    return wg.NullComparison(RNG.normal(size=n), RNG.normal(size=(20, n)), names)


def course(n: int) -> SimpleNamespace:
    """n epochs of two starts, or none."""
    starts = pd.DataFrame({"start": [0, 1], "epoch": n // 2, "best": [False, True]})
    curve = np.exp(-np.arange(n) / max(n / 8, 1))
    one = pd.DataFrame({"epoch": np.arange(n), "data_loss": curve, "held_out": 2 * curve})
    history = pd.concat([one.assign(start=0), one.assign(start=1, held_out=np.nan)])
    return SimpleNamespace(starts=starts, history=history)


def folds(n: int) -> SimpleNamespace:
    losses = dict(zip(["train_loss", "test_loss"], RNG.random((2, n)), strict=True))
    return SimpleNamespace(
        folds=pd.DataFrame({"fold": np.arange(n), "held_out_loss": np.nan, **losses})
    )


def comparison(n: int) -> SimpleNamespace:
    change = RNG.normal(size=n)
    names = np.array([f"type {i}" for i in range(n)], dtype=object)
    edges = pd.DataFrame({"layer": 1, "pre": names, "post": names, "flow_first": 0.5})
    edges = edges.assign(flow_second=0.5 + change, flow_change=change, in_first=change > 0)
    edges = edges.assign(in_second=change < 1, sign_flips=change < -1)
    nodes = pd.DataFrame({"layer": np.arange(n) % 5, "group": names, "activation_change": change})
    return SimpleNamespace(edges=edges, nodes=nodes)


class Case(NamedTuple):
    draw: Callable[[Any], Any]
    of: Callable[[int], Any]
    message: str


CASES = {
    "plot_activations": Case(show.plot_activations, by_group, "No neuron is active."),
    "plot_stimulus": Case(show.plot_stimulus, by_group, "No sensory neuron receives any input."),
    "plot_activation_spread": Case(show.plot_activation_spread, spread, "No neuron is active."),
    "plot_targets": Case(show.plot_targets, targets, "There are no targets."),
    "plot_activity_by_column": Case(
        show.plot_activity_by_column, columns, "No neuron has a column."
    ),
    "plot_eye_map": Case(show.plot_eye_map, eye, "No neuron has a column of the eye."),
    "plot_losses": Case(show.plot_losses, losses, "No pass was made."),
    "plot_saliency": Case(
        show.plot_saliency, saliency, "No input matters: the map is 0 everywhere."
    ),
    "plot_training": Case(show.plot_training, training, "No epoch was run."),
    "plot_sweep": Case(show.plot_sweep, sweep, "No problem is done yet."),
    "plot_fit": Case(show.plot_fit, fit, "Nothing was measured."),
    "plot_residuals": Case(show.plot_residuals, fit, "Nothing was measured."),
    "plot_parameters": Case(show.plot_parameters, fit, "Nothing was trained."),
    "plot_attribution": Case(
        show.plot_attribution, attribution, "Nothing is attributed: it is 0 for every source."
    ),
    "plot_verified": Case(
        show.plot_verified, attribution, "No source was ablated: ask for verify=10, say."
    ),
    "plot_lesions": Case(show.plot_lesions, lesions, "No lesion changes the response."),
    "plot_nulls": Case(show.plot_nulls, nulls, "No number was asked for."),
    "plot_fit_losses": Case(show.plot_fit_losses, course, "No epoch was run."),
    "plot_folds": Case(show.plot_folds, folds, "There are no folds."),
    "plot_flow_changes": Case(show.plot_flow_changes, comparison, "No flow changes."),
    "plot_activation_changes": Case(
        show.plot_activation_changes, comparison, "No activation changes."
    ),
    "plot_circuit": Case(show.plot_circuit, circuit, "There is no target, hence no circuit."),
}


def test_every_figure_is_among_them() -> None:
    assert {name for name in show.__all__ if name.startswith("plot_")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_of_nothing_there_is_a_message(name: str) -> None:
    figure = CASES[name].draw(CASES[name].of(0))
    assert not figure.data
    assert [note.text for note in figure.layout.annotations] == [CASES[name].message]


@pytest.mark.parametrize("n", [1, 10_000])
@pytest.mark.parametrize("name", CASES)
def test_of_one_row_and_of_ten_thousand_there_is_a_picture(name: str, n: int) -> None:
    figure = CASES[name].draw(CASES[name].of(n))
    assert figure.data
    assert len(figure.data) < 800  # traces: what a browser draws in a second or two
    assert 100 < figure.layout.height < 3000
    text = figure.to_json()
    assert len(text) < 8e6
    assert "NaN" not in text


@pytest.mark.parametrize("name", CASES)
def test_arguments_are_left_as_they_were(name: str) -> None:
    given = CASES[name].of(40)
    frames = [given] if isinstance(given, pd.DataFrame) else [*vars(given).values()]
    frames = [frame for frame in frames if isinstance(frame, pd.DataFrame)]
    before = [frame.copy() for frame in frames]
    CASES[name].draw(given)
    for frame, copy in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


# Each of the new ones more closely


def test_curves_of_groups_and_their_band() -> None:
    table = spread(10)
    figure = show.plot_activation_spread(table, groups=["type 1"])
    band, ends, line = figure.data
    rows = table[table["group"] == "type 1"]
    assert list(line.y) == rows["mean"].tolist()
    assert list(band.y) == [*rows["low"], *rows["high"][::-1]]
    assert list(ends.y) == [*rows["min"], *rows["max"]]
    with pytest.raises(ValueError, match="there is no group type 9 in the table"):
        show.plot_activation_spread(table, groups="type 9")


def test_groups_not_drawn_are_counted() -> None:
    texts = [note.text for note in show.plot_activation_spread(spread(100)).layout.annotations]
    assert any("8 more active groups are not drawn" in text for text in texts)
    texts = [note.text for note in show.plot_activity_by_column(columns(500)).layout.annotations]
    assert any("2 more groups are not drawn" in text for text in texts)


def test_curves_by_column_are_named_once_and_have_the_data() -> None:
    table = columns(1000)
    table = table[table["cell_group"].isin(["type 1", "type 2"])]
    figure = show.plot_activity_by_column(table)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["type 1", "type 2"]
    first = table[(table["cell_group"] == "type 1") & (table["time_step"] == 0)]
    assert list(figure.data[0].y) == first["activation"].tolist()
    assert figure.data[0].line.dash != figure.data[1].line.dash
    fixed = show.plot_activity_by_column(
        table, plot_type="scatter", figsize=(700, 500), global_min=-1, global_max=2
    )
    assert (fixed.layout.width, fixed.layout.height) == (700, 500)
    assert {trace.mode for trace in fixed.data} == {"markers"}
    assert fixed.layout.yaxis.range[0] < -1
    with pytest.raises(ValueError, match="plot_type is 'bar': it is 'line' or 'scatter'"):
        show.plot_activity_by_column(table, plot_type="bar")


def test_activity_by_column_of_arrays(fly_network: wg.MultilayeredNetwork) -> None:
    """As the reference calls it, but for the network, which knows the groups."""
    stimulus = np.ones((len(fly_network.sensory_indices), 5))
    out = fly_network(stimulus)
    assert fly_network.neurons is not None
    column = {i: int(u) + 16 for i, u in enumerate(fly_network.neurons["u"])}
    figure = wg.plot_activity_by_column(
        out, None, column, ["L1", "R1"], model_input=stimulus, network=fly_network
    )
    table = wg.activity_by_column(
        out, None, column, ["L1", "R1"], stimulus, None, network=fly_network
    )
    assert len(figure.data) == len(table.groupby(["time_step", "cell_group"]))


def test_hexagons_touch_and_do_not_overlap() -> None:
    """All six neighbours are at the distance of two hexagons that share a side."""
    for slant, diagonal in ((1, (1, -1)), (-1, (1, 1))):
        near = [(1, 0), (0, 1), diagonal]
        places = [(0, 0), *near, *((-u, -v) for u, v in near)]
        table = pd.DataFrame(places, columns=["u", "v"]).assign(activation=0.5)
        marks = show.plot_eye_map(table, slant=slant).data[-1]
        x, y = np.array(marks.x), np.array(marks.y)
        origin = next(i for i, text in enumerate(marks.text) if text.startswith("u 0, v 0:"))
        distance = np.hypot(x - x[origin], y - y[origin])
        np.testing.assert_allclose(np.delete(distance, origin), np.sqrt(3), atol=2e-3)


def test_signed_values_are_centred_and_unknown_ones_grey() -> None:
    table = pd.DataFrame({"u": [0, 1, 2], "v": 0, "pull": [-0.2, 0.1, np.nan]})
    figure = show.plot_eye_map(table, "pull", title="pull (1/s)")
    marker = figure.data[-1].marker
    assert (marker.cmin, marker.cmax) == (-0.2, 0.2)
    assert marker.colorbar.title.text == "pull (1/s)"
    assert figure.data[0].fillcolor == "#d9dbe0"
    with pytest.raises(ValueError, match="no column 'push': it has u, v, pull"):
        show.plot_eye_map(table, "push")
    with pytest.raises(ValueError, match="slant is 2: it is 1 or -1"):
        show.plot_eye_map(table, "pull", slant=2)


def test_a_batch_is_drawn_as_a_sweep(batch_result: wg.MaximisationResult) -> None:
    figure = show.plot_sweep(batch_result)
    drawn = sum(len(trace.x) for trace in figure.data if trace.showlegend)
    assert drawn == len(batch_result.members)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_text(name: str) -> None:
    figures = [
        show.plot_activation_spread(spread(5).assign(group=name)),
        show.plot_activity_by_column(columns(5).assign(cell_group=name)),
        show.plot_saliency(saliency(5).assign(group=name)),
        show.plot_eye_map(eye(5).rename(columns={"activation": name}), name),
    ]
    named = attribution(5)
    named.sources = named.sources.assign(id=name, group=name)
    figures += [show.plot_attribution(named), show.plot_verified(named)]
    lost = lesions(5)
    lost.table = lost.table.assign(group=name)
    figures.append(show.plot_lesions(lost))
    changed = comparison(5)
    changed.edges = changed.edges.assign(pre=name)
    changed.nodes = changed.nodes.assign(group=name)
    figures += [show.plot_flow_changes(changed), show.plot_activation_changes(changed)]
    figures.append(
        show.plot_nulls(wg.NullComparison(np.ones(1), np.ones((3, 1)), pd.Index([name])))
    )
    one = sweep(1)
    one.members["problem"] = one.targets["problem"] = name
    figures.append(show.plot_sweep(one))
    for figure in figures:
        text = figure.to_json()
        for tag in ("<script", "<img", "<a ", "$x"):
            assert tag not in text
