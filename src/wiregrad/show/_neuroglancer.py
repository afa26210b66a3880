"""Neurons in three dimensions: states of neuroglancer, and links that open them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import numpy as np
import pandas as pd

from .._messages import did_you_mean, few
from ..circuits import Answer
from ..network import MultilayeredNetwork
from ._ngl_colours import colours_of, range_of, stops_of
from ._ngl_layers import NglLayer, layers_of_result, layers_of_table, split_by_group
from ._write import write_text

__all__ = ["NGL_SOURCES", "get_ngl_link", "neuroglancer_state", "write_neuroglancer_state"]

NeuronsLike: TypeAlias = "pd.DataFrame | pd.Series | Answer"

#: Segmentations by name: the URL that neuroglancer takes.
NGL_SOURCES: Mapping[str, str] = {
    "flywire": "precomputed://gs://flywire_v141_m783",
    "hemibrain": "precomputed://gs://neuroglancer-janelia-flyem-hemibrain/v1.2/segmentation",
    "malecns": "precomputed://gs://flyem-male-cns/v0.9/segmentation",
    "banc": "graphene://middleauth+https://cave.fanc-fly.com/segmentation/table/wclee_fly_cns_001",
}

_VIEWER = "https://neuroglancer-demo.appspot.com"
#: Viewer for segmentations that ask for a login.
_LOGIN_VIEWER = "https://spelunker.cave-explorer.org"

_MOST_LETTERS = 2_000_000  # of an address that browsers take

#: One colour a layer: Okabe and Ito 2008, without black, which is the background.
_LAYER_COLOURS = (*("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2"),)


def neuroglancer_state(
    df: NeuronsLike,
    no_connection_invisible: bool = True,
    group_by: Mapping[Any, Any] | None = None,
    scene: Mapping[str, Any] | str | None = None,
    source: str | Sequence[str] = "flywire",
    normalise: str | None = None,
    diff_colours_per_layer: bool = False,
    colors: Sequence[str] | None = None,
    colormap: str = "viridis",
    df_format: str = "auto",
    *,
    member: int = 0,
    network: MultilayeredNetwork | None = None,
) -> dict[str, Any]:
    """Make a state of neuroglancer: a layer for each step, neurons coloured by activation.

    Parameters
    ----------
    df : DataFrame, Series or MaximisationResult
        Long, with the columns `neuron_id`, `layer` and `activation`, as of
        `activated_path_for_ngl`; or wide, with ids in the index and a column a layer. Of a result,
        the layers are its driven neurons at the start and its active ones after each step.
    no_connection_invisible : bool
        Whether neurons whose value is 0 or missing are left out.
    group_by : dict, optional
        {neuron id: group}: each group of each layer becomes a layer. Others are left out.
    scene : dict or str, optional
        A state (or its JSON) to which the layers are added. It is not changed.
    source : str or list of str
        "flywire", "banc", "malecns", "hemibrain", or the URL of any segmentation, such as
        "precomputed://gs://bucket/path"; several URLs where meshes or labels stand elsewhere.
    normalise : {None, "layer", "all"}
        Whether colours span the values of each layer or of all of them. By default they span 0
        to 1, or what is needed if values lie outside.
    diff_colours_per_layer : bool
        Whether each layer has one hue, darker for small values, in place of one scale for all.
    colors : list of str, optional
        These hues, as "#rrggbb"; they are used again from the first if there are too few.
    colormap : str
        "viridis" (with negative values, blue to vermilion with 0 in the middle), or a scale that
        plotly knows.
    df_format : {"auto", "long", "wide"}
    member : int
        Which member of a result.
    network : MultilayeredNetwork, optional
        For a result that was pickled or copied: the network that was asked.

    Returns
    -------
    dict
        Ready for `json.dumps`. Ids are text, since JSON has no whole numbers of 64 bits.

    Raises
    ------
    ValueError
        If ids are no whole numbers, the source is unknown, a colour is none, or an option is.
    TypeError
        If `df` is no table and no result.

    Notes
    -----
    Cost: one pass over the rows, 60 bytes each.

    Examples
    --------
    >>> path = pd.DataFrame({"neuron_id": [720575940612345678], "layer": 1, "activation": 1.0})
    >>> state = neuroglancer_state(path)
    >>> layer = state["layers"][0]
    >>> layer["name"], layer["segmentColors"]
    ('layer 1', {'720575940612345678': '#fde725'})
    """
    if normalise not in (None, "layer", "all"):
        raise ValueError(f"normalise is {normalise!r}: it is None, 'layer' or 'all'")
    urls = _source_urls(source)
    if isinstance(df, (pd.DataFrame, pd.Series)) or not hasattr(df, "batch_output"):
        layers = layers_of_table(df, df_format)  # type: ignore[arg-type]
    else:
        layers = layers_of_result(df, member, network)
    if group_by is not None:
        layers = split_by_group(layers, group_by)
    if no_connection_invisible:
        layers = [layer.only_shown() for layer in layers]
    hues = _hues(colors, diff_colours_per_layer)
    coloured = _coloured(layers, normalise, hues, colormap)
    return _with_layers(scene, layers, coloured, urls)


def get_ngl_link(
    df: NeuronsLike,
    no_connection_invisible: bool = True,
    group_by: Mapping[Any, Any] | None = None,
    scene: Mapping[str, Any] | str | None = None,
    source: str | Sequence[str] = "flywire",
    normalise: str | None = None,
    diff_colours_per_layer: bool = False,
    colors: Sequence[str] | None = None,
    colormap: str = "viridis",
    df_format: str = "auto",
    *,
    member: int = 0,
    network: MultilayeredNetwork | None = None,
    viewer: str | None = None,
) -> str:
    """Make a link that opens neurons in neuroglancer, coloured by activation, a layer a step.

    Parameters
    ----------
    df, no_connection_invisible, group_by, scene, source, normalise, diff_colours_per_layer, \
colors, colormap, df_format, member, network
        As for `neuroglancer_state`.
    viewer : str, optional
        Address of the viewer. By default the public one of neuroglancer; for sources that ask for a
        login (BANC), that of CAVE.

    Returns
    -------
    str
        The address, with the whole state in it; nothing is sent anywhere before it is opened.

    Raises
    ------
    ValueError, TypeError
        As `neuroglancer_state`; and if the address is longer than browsers take (2 million
        letters, some 20,000 neurons): `write_neuroglancer_state` has no such limit.

    Notes
    -----
    Cost: that of `neuroglancer_state`.

    Source: the name and the tables are those of connectome_interpreter 2.9.1.

    Examples
    --------
    >>> path = pd.DataFrame({"pre": [11], "post": [12], "layer": [1], "pre_activation": [1.0],
    ...                      "post_activation": [0.4]})
    >>> import wiregrad as wg
    >>> wg.get_ngl_link(wg.activated_path_for_ngl(path), source="hemibrain")[:42]
    'https://neuroglancer-demo.appspot.com/#!%7'
    """
    state = neuroglancer_state(
        df,
        no_connection_invisible,
        group_by,
        scene,
        source,
        normalise,
        diff_colours_per_layer,
        colors,
        colormap,
        df_format,
        member=member,
        network=network,
    )
    if viewer is None:
        asks_login = any("middleauth+" in url for url in _source_urls(source))
        viewer = _LOGIN_VIEWER if asks_login else _VIEWER
    if not re.fullmatch(r"https?://\S+", viewer):
        raise ValueError(f"viewer is {viewer!r}: give an address such as {_VIEWER}")
    link = f"{viewer.rstrip('/')}/#!{quote(json.dumps(state, separators=(',', ':')), safe=':,/')}"
    if len(link) > _MOST_LETTERS:
        n = sum(len(layer.get("segments", ())) for layer in state["layers"])
        raise ValueError(
            f"the link would have {len(link):,} letters for {n:,} segments, and browsers take "
            f"{_MOST_LETTERS:,}: list fewer neurons (prune_circuit, or a threshold), or write the "
            "state to a file with write_neuroglancer_state"
        )
    return link


def write_neuroglancer_state(state: Mapping[str, Any], path: str | Path) -> Path:
    """Write a state as JSON; neuroglancer's editor of its state takes the text.

    Parameters
    ----------
    state : dict
        As of `neuroglancer_state`.
    path : str or Path
        An existing file is replaced.

    Returns
    -------
    Path

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_neuroglancer_state({"layers": []}, Path(folder) / "state.json").name
    'state.json'
    """
    path = Path(path)
    write_text(path, json.dumps(state, indent=1) + "\n")
    return path


def _source_urls(source: str | Sequence[str]) -> list[str]:
    listed = [source] if isinstance(source, str) else list(source)
    if not listed:
        raise ValueError("source is empty: name a segmentation, such as 'flywire'")
    urls = [NGL_SOURCES.get(str(item).casefold(), str(item)) for item in listed]
    strangers = [url for url in urls if "://" not in url]
    if strangers:
        raise ValueError(
            f"source {strangers[0]!r} is no segmentation known here{_nearest(strangers[0])}: there "
            f"are {few(NGL_SOURCES)}; or give its URL, such as precomputed://gs://bucket/path"
        )
    return urls


def _nearest(name: str) -> str:
    return did_you_mean(name, NGL_SOURCES)


def _hues(colors: Sequence[str] | None, wanted: bool) -> Sequence[str] | None:
    if not wanted and colors is None:
        return None
    hues = _LAYER_COLOURS if colors is None else list(colors)
    wrong = [hue for hue in hues if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(hue))]
    if wrong or not hues:
        raise ValueError(
            f"colors are written as '#rrggbb', such as {_LAYER_COLOURS[0]!r}, not "
            f"{few(map(repr, wrong)) or 'an empty list'}"
        )
    return hues


def _coloured(
    layers: list[NglLayer], normalise: str | None, hues: Sequence[str] | None, colormap: str
) -> list[list[str]]:
    every = np.concatenate([np.empty(0), *(layer.values for layer in layers)])
    low, high = range_of(every)
    if normalise is None:
        low, high = (low, max(high, 1.0)) if low == 0 else (min(low, -1.0), max(high, 1.0))
    signed = low < 0
    coloured = []
    for number, layer in enumerate(layers):
        limits = range_of(layer.values) if normalise == "layer" else (low, high)
        if hues is None:
            stops = stops_of(colormap, signed)
            limits = (-limits[1], limits[1]) if signed else limits
        else:
            hue = hues[number % len(hues)]
            stops = [_darker(hue), hue]
        coloured.append(colours_of(layer.values, limits, stops))
    return coloured


def _darker(hue: str) -> str:
    return "#" + "".join(f"{int(hue[i : i + 2], 16) // 4:02x}" for i in (1, 3, 5))


def _with_layers(
    scene: Mapping[str, Any] | str | None,
    layers: list[NglLayer],
    coloured: list[list[str]],
    urls: list[str],
) -> dict[str, Any]:
    """Add the layers to a state, under names that it has not."""
    state = _read_scene(scene)
    held = [*state.get("layers", [])]
    taken = {layer.get("name") for layer in held}
    for layer, colours in zip(layers, coloured, strict=True):
        name = layer.name
        while name in taken:
            name += "*"
        taken.add(name)
        held.append(
            {
                "type": "segmentation",
                "name": name,
                "source": urls[0] if len(urls) == 1 else urls,
                "tab": "segments",
                "segments": layer.segments,
                "segmentColors": dict(zip(layer.segments, colours, strict=True)),
            }
        )
    state["layers"] = held
    if held:
        state.setdefault("selectedLayer", {"layer": held[-1]["name"], "visible": True})
    return state


def _read_scene(scene: Mapping[str, Any] | str | None) -> dict[str, Any]:
    if scene is None:
        return {"layers": [], "layout": "3d", "showSlices": False}
    if isinstance(scene, str):
        try:
            scene = json.loads(scene)
        except json.JSONDecodeError as error:
            raise ValueError(f"scene is no JSON of a state of neuroglancer: {error}") from None
    if not isinstance(scene, Mapping) or not isinstance(scene.get("layers", []), list):
        raise ValueError(
            "scene is a state of neuroglancer, a dict (or its JSON) whose 'layers' are a list"
        )
    return copy.deepcopy(dict(scene))
