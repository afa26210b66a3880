"""Links that open neurons in neuroglancer, and a view of them in a notebook."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from ..network import MultilayeredNetwork
from ._neuroglancer import NeuronsLike, neuroglancer_state
from ._ngl_sources import source_urls, viewer_of

__all__ = ["get_ngl_link"]

_MOST_LETTERS = 2_000_000  # of an address that browsers take


def get_ngl_link(
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
    open_here: bool = False,
    width: int = 1500,
    height: int = 800,
    *,
    member: int = 0,
    network: MultilayeredNetwork | None = None,
    viewer: str | None = None,
) -> str | None:
    """Make a link that opens neurons in neuroglancer, coloured by activation, a layer a step.

    Parameters
    ----------
    df, no_connection_invisible, group_by, colour_saturation, scene, source, normalise, \
include_postsynaptic_neuron, diff_colours_per_layer, colors, colormap, df_format, member, network
        As for `neuroglancer_state`.
    open_here : bool
        Whether to show the neurons in the notebook, below the cell, in place of returning the link.
    width, height : int
        Size of that view in pixels.
    viewer : str, optional
        Address of the viewer. By default the public one of neuroglancer; for sources that ask for a
        login (BANC), that of CAVE.

    Returns
    -------
    str or None
        The address, with the whole state in it; nothing is sent anywhere before it is opened. None
        where it was opened here: a notebook would print all of it below the view.

    Raises
    ------
    ValueError, TypeError
        As `neuroglancer_state`; if the address is longer than browsers take (2 million letters,
        some 20,000 neurons): `write_neuroglancer_state` has no such limit; or if a size is no
        positive whole number.
    ModuleNotFoundError
        If it is to be opened here, and IPython is not installed.

    Notes
    -----
    Cost: that of `neuroglancer_state`.

    Source: the name, the tables and the arguments are those of connectome_interpreter 2.9.1.

    Examples
    --------
    >>> import pandas as pd
    >>> path = pd.DataFrame({"pre": [11], "post": [12], "layer": [1], "pre_activation": [1.0],
    ...                      "post_activation": [0.4]})
    >>> import wiregrad as wg
    >>> wg.get_ngl_link(wg.activated_path_for_ngl(path), source="hemibrain")[:42]
    'https://neuroglancer-demo.appspot.com/#!%7'
    """
    show = _frame(width, height) if open_here else None  # before any work
    state = neuroglancer_state(
        df,
        no_connection_invisible,
        group_by,
        colour_saturation,
        scene,
        source,
        normalise,
        include_postsynaptic_neuron,
        diff_colours_per_layer,
        colors,
        colormap,
        df_format,
        member=member,
        network=network,
    )
    link = _link(state, viewer_of(viewer, source_urls(source)))
    if show is None:
        return link
    show(link)
    return None


def _link(state: Mapping[str, Any], viewer: str) -> str:
    link = f"{viewer}/#!{quote(json.dumps(state, separators=(',', ':')), safe=':,/')}"
    if len(link) > _MOST_LETTERS:
        n = sum(len(layer.get("segments", ())) for layer in state["layers"])
        raise ValueError(
            f"the link would have {len(link):,} letters for {n:,} segments, and browsers take "
            f"{_MOST_LETTERS:,}: list fewer neurons (prune_circuit, or a threshold), or write the "
            "state to a file with write_neuroglancer_state"
        )
    return link


def _frame(width: int, height: int) -> Any:
    """Return a function that shows an address below the cell of a notebook."""
    for name, size in {"width": width, "height": height}.items():
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"{name} is {size!r}: it is a number of pixels, such as 800")
    try:
        display = importlib.import_module("IPython.display")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("IPython"):  # it is there; what it needs is not
            raise
        raise ModuleNotFoundError(
            "open_here=True shows the neurons in a notebook, which needs IPython: call it in "
            "Jupyter, or leave open_here out and open the link that is returned",
            name=error.name,
        ) from None
    return lambda link: display.display(display.IFrame(link, width=int(width), height=int(height)))
