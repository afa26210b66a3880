"""States of neuroglancer: their structure against a schema, and what they hold."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import jsonschema
import numpy as np
import pandas as pd
import pytest

import wiregrad as wg
from wiregrad.show import NGL_SOURCES, neuroglancer_state, write_neuroglancer_state

COLOUR = {"type": "string", "pattern": "^#[0-9a-f]{6}$"}
SEGMENT = "^[0-9]+$"

#: What neuroglancer reads of a state.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["layers"],
    "properties": {
        "layers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "name", "source", "segments", "segmentColors"],
                "properties": {
                    "type": {"const": "segmentation"},
                    "name": {"type": "string", "minLength": 1},
                    "source": {
                        "anyOf": [
                            {"type": "string", "pattern": "^[a-z0-9+]+://"},
                            {"type": "array", "items": {"type": "string", "pattern": "://"}},
                        ]
                    },
                    "tab": {"type": "string"},
                    "visible": {"type": "boolean"},
                    "segments": {
                        "type": "array",
                        "uniqueItems": True,
                        "items": {"type": "string", "pattern": SEGMENT},
                    },
                    "segmentColors": {
                        "type": "object",
                        "propertyNames": {"pattern": SEGMENT},
                        "additionalProperties": COLOUR,
                    },
                },
                "additionalProperties": False,
            },
        },
        "layout": {"enum": ["3d", "4panel", "xy-3d", "xz-3d", "yz-3d", "xy", "xz", "yz"]},
        "showSlices": {"type": "boolean"},
        "selectedLayer": {
            "type": "object",
            "required": ["layer"],
            "properties": {"layer": {"type": "string"}, "visible": {"type": "boolean"}},
        },
    },
}


def check(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Check a state as it is once written, and return its layers by name."""
    written = json.loads(json.dumps(state))
    jsonschema.validate(written, SCHEMA)
    layers = {layer["name"]: layer for layer in written["layers"]}
    assert len(layers) == len(written["layers"])
    for layer in layers.values():
        assert list(layer["segmentColors"]) == layer["segments"]
    if layers:
        assert written["selectedLayer"]["layer"] in layers
    return layers


def long_table(*rows: tuple[Any, Any, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["neuron_id", "layer", "activation"])


def test_the_schema_refuses_what_is_no_state() -> None:
    for wrong in ({}, {"layers": [{"type": "image"}]}, {"layers": {}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


def test_a_long_table_has_its_segments_colours_and_layers() -> None:
    big = 720575940612345678  # beyond what a float holds
    table = long_table((big, 1, 1.0), (big + 1, 2, 0.0), (12, 2, 0.5), (13, 2, float("nan")))
    layers = check(neuroglancer_state(table))
    assert {name: layer["segments"] for name, layer in layers.items()} == {
        "layer 1": [str(big)],
        "layer 2": ["12"],
    }
    assert layers["layer 1"]["segmentColors"] == {str(big): "#fde725"}  # the end of viridis
    assert layers["layer 2"]["segmentColors"] == {"12": "#21918c"}  # its middle
    assert all(layer["source"] == NGL_SOURCES["flywire"] for layer in layers.values())
    every = check(neuroglancer_state(table, no_connection_invisible=False))
    assert every["layer 2"]["segments"] == [str(big + 1), "12", "13"]
    assert every["layer 2"]["segmentColors"]["13"] == "#440154"


def test_the_table_of_the_paths_of_a_run() -> None:
    path = pd.DataFrame(
        {"pre": ["11", "11"], "post": ["12", "13"], "layer": 1, "pre_activation": 1.0}
    ).assign(post_activation=[0.9, 0.2])
    layers = check(neuroglancer_state(wg.activated_path_for_ngl(path)))
    assert {name: layer["segments"] for name, layer in layers.items()} == {
        "layer 1": ["11"],
        "layer 2": ["12", "13"],
    }


def test_a_wide_table_has_a_layer_a_column() -> None:
    table = pd.DataFrame({"t1": [0.0, 1.0], "t2": [0.5, 0.0]}, index=[5, 6])
    layers = check(neuroglancer_state(table, df_format="wide"))
    assert [layers[name]["segments"] for name in ("t1", "t2")] == [["6"], ["5"]]
    single = check(neuroglancer_state(table["t1"]))
    assert single["t1"]["segments"] == ["6"]


def test_of_a_neuron_named_twice_in_a_layer_the_larger_value_counts() -> None:
    layers = check(neuroglancer_state(long_table((7, 1, 0.0), (8, 1, 0.5), (7, 1, 1.0))))
    assert layers["layer 1"]["segmentColors"] == {"8": "#21918c", "7": "#fde725"}


def test_negative_values_have_a_scale_with_0_in_its_middle() -> None:
    state = neuroglancer_state(
        long_table((1, 1, -0.5), (2, 1, 0.0), (3, 1, 0.5), (4, 2, 1.0)),
        no_connection_invisible=False,
    )
    layers = check(state)
    assert layers["layer 2"]["segmentColors"]["4"] == "#d55e00"  # vermilion excites
    colours = layers["layer 1"]["segmentColors"]
    assert colours["2"] == "#f2f2f2"
    red, blue = (int(colours["1"][i : i + 2], 16) for i in (1, 5))
    assert blue > red


def test_colours_span_each_layer_all_or_0_to_1() -> None:
    table = long_table((1, 1, 0.25), (2, 1, 0.5), (3, 2, 0.1))
    top = "#fde725"
    given = check(neuroglancer_state(table))
    assert given["layer 1"]["segmentColors"]["2"] == "#21918c"
    every = check(neuroglancer_state(table, normalise="all"))
    assert every["layer 1"]["segmentColors"]["2"] == top
    assert every["layer 2"]["segmentColors"]["3"] != top
    each = check(neuroglancer_state(table, normalise="layer"))
    assert each["layer 2"]["segmentColors"]["3"] == top


def test_layers_may_have_hues_of_their_own() -> None:
    table = long_table((1, 1, 1.0), (2, 2, 1.0), (3, 3, 1.0))
    layers = check(neuroglancer_state(table, colors=["#ff0000", "#00ff00"]))
    colours = [layers[f"layer {i}"]["segmentColors"][str(i)] for i in (1, 2, 3)]
    assert colours == ["#ff0000", "#00ff00", "#ff0000"]
    own = check(neuroglancer_state(table, diff_colours_per_layer=True))
    assert len({layer["segmentColors"][str(i)] for i, layer in enumerate(own.values(), 1)}) == 3


@pytest.mark.parametrize("saturation", [0.0, 0.4, 1.0])
def test_a_hue_is_paler_for_small_values_by_its_saturation(saturation: float) -> None:
    values = np.linspace(0, 1, 6)
    table = pd.DataFrame({"neuron_id": np.arange(6), "layer": 1, "activation": values})
    state = neuroglancer_state(table, False, None, saturation, colors=["#ff6b00"])
    found = check(state)["layer 1"]["segmentColors"]
    for i, value in enumerate(values):  # white, mixed with so much of the hue
        share = saturation + (1 - saturation) * value
        mixed = [round(255 + share * (channel - 255)) for channel in (0xFF, 0x6B, 0x00)]
        given = [int(found[str(i)][place : place + 2], 16) for place in (1, 3, 5)]
        assert np.abs(np.subtract(given, mixed)).max() <= 1


def test_hues_may_be_names() -> None:
    named = neuroglancer_state(long_table((1, 1, 1.0)), colors=["tomato"])
    assert check(named)["layer 1"]["segmentColors"] == {"1": "#ff6347"}


def test_a_layer_has_its_postsynaptic_neuron() -> None:
    big = 720575940612345678
    table = pd.DataFrame({big: [0.0, 1.0], 6: [0.5, 0.0]}, index=[5, 6])
    layers = check(neuroglancer_state(table, include_postsynaptic_neuron=True))
    assert layers[str(big)]["segmentColors"] == {"6": "#fde725", str(big): "#43a7ff"}
    assert layers["6"]["segments"] == ["5", "6"]
    every = check(neuroglancer_state(table, False, include_postsynaptic_neuron=True))
    assert every["6"]["segmentColors"]["6"] == "#43a7ff"  # not the colour of its own 0
    grouped = check(
        neuroglancer_state(table, False, {5: "a", 6: "b"}, include_postsynaptic_neuron=True)
    )
    assert [layer["segments"] for layer in grouped.values()] == [
        ["5", str(big)],
        ["6", str(big)],
        ["5", "6"],
        ["6"],
    ]


def test_postsynaptic_neurons_that_are_not_there(worm_result: wg.MaximisationResult) -> None:
    for table in (long_table((1, 1, 1.0)), worm_result):
        with pytest.raises(ValueError, match="include_postsynaptic_neuron needs a wide table"):
            neuroglancer_state(table, include_postsynaptic_neuron=True)
    with pytest.raises(ValueError, match=r"these are none: t1; give segment ids .* as the columns"):
        neuroglancer_state(pd.DataFrame({"t1": [1.0]}, index=[5]), include_postsynaptic_neuron=True)


def test_the_first_step_is_visible() -> None:
    table = long_table((1, 1, 1.0), (2, 1, 1.0), (1, 2, 0.5))
    visible = [layer["visible"] for layer in check(neuroglancer_state(table)).values()]
    assert visible == [True, False]
    grouped = neuroglancer_state(table, group_by={1: "ORN", 2: "PN"})
    assert [layer["visible"] for layer in check(grouped).values()] == [True, True, False]
    assert grouped["selectedLayer"]["layer"] == "layer 1 ORN"


def test_a_scale_of_matplotlib() -> None:
    layers = check(neuroglancer_state(long_table((1, 1, 1.0)), colormap="coolwarm"))
    assert layers["layer 1"]["segmentColors"]["1"] == "#b40426"


def test_a_scale_of_plotly() -> None:
    table = long_table((1, 1, 1.0))
    layers = check(neuroglancer_state(table, colormap="greys"))
    assert layers["layer 1"]["segmentColors"]["1"] == "#000000"
    with pytest.raises(ValueError, match="colormap='no such' is no scale that plotly or"):
        neuroglancer_state(table, colormap="no such")


def test_groups_become_layers() -> None:
    table = long_table((1, 1, 1.0), (2, 1, 1.0), (3, 1, 1.0), (4, 2, 1.0))
    layers = check(neuroglancer_state(table, group_by={1: "ORN", "2": "PN", 4: "ORN"}))
    assert {name: layer["segments"] for name, layer in layers.items()} == {
        "layer 1 ORN": ["1"],
        "layer 1 PN": ["2"],
        "layer 2 ORN": ["4"],
    }


def test_layers_are_added_to_a_scene() -> None:
    scene = {
        "layers": [{"name": "layer 1", "type": "mesh", "source": "precomputed://x"}],
        "layout": "xy-3d",
        "projectionScale": 3e4,
    }
    before = copy.deepcopy(scene)
    state = neuroglancer_state(long_table((1, 1, 1.0)), scene=scene)
    assert scene == before
    assert [layer["name"] for layer in state["layers"]] == ["layer 1", "layer 1*"]
    assert (state["layout"], state["projectionScale"]) == ("xy-3d", 3e4)
    assert neuroglancer_state(long_table((1, 1, 1.0)), scene=json.dumps(scene)) == state
    link = "https://viewer.example/#!" + quote(json.dumps(scene))
    assert neuroglancer_state(long_table((1, 1, 1.0)), scene=link) == state
    of_nglscenes = SimpleNamespace(url=link)
    assert neuroglancer_state(long_table((1, 1, 1.0)), scene=of_nglscenes) == state


@pytest.mark.parametrize("name", ["flywire", "BANC", "maleCNS", "hemibrain"])
def test_known_segmentations(name: str) -> None:
    layers = check(neuroglancer_state(long_table((1, 1, 1.0)), source=name))
    assert layers["layer 1"]["source"] == NGL_SOURCES[name.casefold()]


def test_a_segmentation_of_ones_own() -> None:
    urls = ["precomputed://gs://mine/seg", "precomputed://gs://mine/info"]
    layers = check(neuroglancer_state(long_table((1, 1, 1.0)), source=urls))
    assert layers["layer 1"]["source"] == urls


def test_a_result_has_a_layer_a_step(worm_result: wg.MaximisationResult) -> None:
    """The worm's neurons have names; numbered, they can be shown."""
    network = copy.copy(worm_result.network)
    assert network is not None
    network.neurons = network.neurons.assign(id=np.arange(1000, 1302))
    layers = check(neuroglancer_state(worm_result, network=network))
    assert list(layers) == ["start", "step 1", "step 2", "step 3"]
    for step in (1, 2, 3):
        active = np.flatnonzero(worm_result.output[:, step - 1])
        assert layers[f"step {step}"]["segments"] == [str(1000 + i) for i in active]
    with pytest.raises(ValueError, match="there is no member 4"):
        neuroglancer_state(worm_result, network=network, member=4)
    with pytest.raises(ValueError, match=r"knows neurons by the numbers .* none: .*give segment"):
        neuroglancer_state(worm_result)


def test_nothing_to_show_is_a_state_without_segments() -> None:
    assert check(neuroglancer_state(long_table())) == {}
    silent = check(neuroglancer_state(long_table((1, 1, 0.0))))
    assert silent["layer 1"]["segments"] == []


def test_a_state_is_written_to_a_file(tmp_path: Path) -> None:
    state = neuroglancer_state(long_table((1, 1, 1.0)))
    path = write_neuroglancer_state(state, tmp_path / "state.json")
    assert json.loads(path.read_text(encoding="utf-8")) == state


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([("AVAL", 1, 1.0)], {}, "these are none: AVAL; give segment ids"),
        ([(7.205e17, 1, 1.0)], {}, "floats, which hold no whole numbers beyond"),
        ([(-3, 1, 1.0)], {}, "these are none: -3"),
        ([(1, 1, 1.0)], {"source": "flywir"}, "'flywir' is no segmentation .* 'flywire'"),
        ([(1, 1, 1.0)], {"source": []}, "source is empty"),
        ([(1, 1, 1.0)], {"colors": ["rad"]}, "written as '#rrggbb', .* not 'rad'"),
        ([(1, 1, 1.0)], {"colors": []}, "colors is an empty list"),
        ([(1, 1, 1.0)], {"colour_saturation": 1.5}, "colour_saturation is 1.5: .* 0 .* to 1"),
        ([(1, 1, 1.0)], {"colour_saturation": float("nan")}, "colour_saturation is nan"),
        ([(1, 1, 1.0)], {"normalise": "row"}, "normalise is 'row'"),
        ([(1, 1, 1.0)], {"df_format": "tall"}, "df_format is 'tall'"),
        ([(1, 1, 1.0)], {"scene": "{"}, "scene is no JSON"),
        ([(1, 1, 1.0)], {"scene": {"layers": 3}}, "whose 'layers' are a list"),
        ([(1, 1, 1.0)], {"scene": 3}, "scene is a state of neuroglancer"),
        ([(1, 1, 1.0)], {"scene": "https://viewer.example/#!x"}, "nor a link that holds one"),
    ],
)
def test_bad_input(rows: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        neuroglancer_state(long_table(*rows), **options)


def test_tables_that_are_none() -> None:
    with pytest.raises(ValueError, match="df lacks the columns activation: it has"):
        neuroglancer_state(long_table((1, 1, 1.0)).drop(columns="activation"), df_format="long")
    with pytest.raises(ValueError, match="the columns a hold no numbers"):
        neuroglancer_state(pd.DataFrame({"a": ["x"]}, index=[1]))
    with pytest.raises(TypeError, match="df is a DataFrame, a Series or a result, not list"):
        neuroglancer_state([1])
