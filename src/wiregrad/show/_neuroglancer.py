"""Neurons in three dimensions: states of neuroglancer."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import pandas as pd

from ..circuits import Answer
from ..network import MultilayeredNetwork
from ._ngl_colours import checked_hues, colours_of_layers
from ._ngl_layers import NglLayer, layers_of_result, layers_of_table, split_by_group
from ._ngl_sources import source_urls
from ._write import write_text

__all__ = ["NeuronsLike", "neuroglancer_state", "write_neuroglancer_state"]

_POSTSYNAPTIC = "#43a7ff"  # a blue that no scale of activations has

NeuronsLike: TypeAlias = "pd.DataFrame | pd.Series | Answer"


def neuroglancer_state(
    df: NeuronsLike,
    no_connection_invisible: bool = True,
    group_by: Mapping[Any, Any] | None = None,
    colour_saturation: float = 0.4,
    scene: Any = None,
    source: str | Sequence[str] | None = "flywire",
    normalise: str | None = None,
    include_postsynaptic_neuron: bool = False,
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
    colour_saturation : float
        With a hue a layer: how much of it the smallest value has, from 0 (white) to 1 (all of it).
    scene : dict or str, optional
        A state (its JSON, or a link that holds it) to which the layers are added. It is not
        changed. Objects that give such a link as `url`, as those of nglscenes do, are taken too.
    source : str or list of str, optional
        "flywire", "banc", "malecns", "hemibrain", or the URL of any segmentation, such as
        "precomputed://gs://bucket/path"; several URLs where meshes or labels stand elsewhere.
    normalise : {None, "layer", "all"}
        Whether colours span the values of each layer or of all of them. By default they span 0
        to 1, or what is needed if values lie outside.
    include_postsynaptic_neuron : bool
        Whether each layer of a wide table also has the neuron that its column is named after, in
        blue.
    diff_colours_per_layer : bool
        Whether each layer has one hue, paler for small values, in place of one scale for all.
    colors : list of str, optional
        These hues, as "#rrggbb" or names that matplotlib knows; they are used again from the first
        if there are too few.
    colormap : str
        "viridis" (with negative values, blue to vermilion with 0 in the middle), or a scale that
        plotly or matplotlib knows.
    df_format : {"auto", "long", "wide"}
    member : int
        Which member of a result.
    network : MultilayeredNetwork, optional
        For a result that was pickled or copied: the network that was asked.

    Returns
    -------
    dict
        Ready for `json.dumps`. Ids are text, since JSON has no whole numbers of 64 bits. Of the
        layers, those of the first step are visible: a neuron may be in several, in other colours.

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
    urls = source_urls(source)
    hues = checked_hues(colors, colour_saturation, diff_colours_per_layer)
    if isinstance(df, (pd.DataFrame, pd.Series)) or not hasattr(df, "batch_output"):
        layers = layers_of_table(df, df_format, include_postsynaptic_neuron)  # type: ignore[arg-type]
    elif include_postsynaptic_neuron:
        raise ValueError(
            "include_postsynaptic_neuron needs a wide table, whose columns are named after "
            "postsynaptic neurons: a result has none"
        )
    else:
        layers = layers_of_result(df, member, network)
    if group_by is not None:
        layers = split_by_group(layers, group_by)
    if no_connection_invisible:
        layers = [layer.only_shown() for layer in layers]
    values = [layer.values for layer in layers]
    coloured = colours_of_layers(values, normalise, hues, colour_saturation, colormap)
    return _with_layers(scene, layers, coloured, urls)


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


def _with_layers(
    scene: Any,
    layers: list[NglLayer],
    coloured: list[list[str]],
    urls: list[str],
) -> dict[str, Any]:
    """Add the layers to a state, under names that it has not."""
    state = _read_scene(scene)
    held = [*state.get("layers", [])]
    taken = {layer.get("name") for layer in held}
    first = min((layer.place for layer in layers), default=0)
    names = []
    for layer, colours in zip(layers, coloured, strict=True):
        name = layer.name
        while name in taken:
            name += "*"
        taken.add(name)
        names.append(name)
        colour_of = dict(zip(layer.segments, colours, strict=True))
        if layer.postsynaptic is not None:
            colour_of[layer.postsynaptic] = _POSTSYNAPTIC
        held.append(
            {
                "type": "segmentation",
                "name": name,
                "source": urls[0] if len(urls) == 1 else urls,
                "tab": "segments",
                "visible": layer.place == first,
                "segments": list(colour_of),
                "segmentColors": colour_of,
            }
        )
    state["layers"] = held
    if names:
        state.setdefault("selectedLayer", {"layer": names[0], "visible": True})
    return state


def _read_scene(scene: Any) -> dict[str, Any]:
    if scene is None:
        return {"layers": [], "layout": "3d", "showSlices": False}
    if not isinstance(scene, (str, Mapping)):
        scene = getattr(scene, "url", scene)
    if isinstance(scene, str):
        is_link = re.match(r"\s*https?://", scene)
        text = unquote(scene.partition("#!")[2]) if is_link else scene
        try:
            scene = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"scene is no JSON of a state of neuroglancer, nor a link that holds one: {error}"
            ) from None
    if not isinstance(scene, Mapping) or not isinstance(scene.get("layers", []), list):
        raise ValueError(
            "scene is a state of neuroglancer, a dict (its JSON, or a link that holds it) whose "
            "'layers' are a list"
        )
    return copy.deepcopy(dict(scene))
