"""Numbers as colours, for viewers that take a colour for each neuron."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._plotly import EXCITATION, INHIBITION, graph_objects

__all__ = ["checked_hues", "colours_of", "colours_of_layers", "range_of", "stops_of"]

FloatArray = npt.NDArray[np.float64]

#: Samples of viridis (Smith and van der Walt 2015, CC0), which is read the same by colour-blind.
_VIRIDIS = (
    *("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30"),
    "#fde725",
)

#: One colour a layer: Okabe and Ito 2008, without black, which is the background.
_LAYER_COLOURS = (*("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2"),)

#: What inhibits in blue, what excites in vermilion, 0 in grey white in between.
_SIGNED = (INHIBITION, "#9cc3dc", "#f2f2f2", "#f0bf99", EXCITATION)


def checked_hues(
    colors: Sequence[str] | None, saturation: float, wanted: bool
) -> Sequence[str] | None:
    """Return the hues of the layers, as "#rrggbb"; None where all layers share a scale.

    Raises
    ------
    ValueError
        If a colour is none, there are none, or the saturation is out of its range.
    """
    if not 0 <= saturation <= 1:
        raise ValueError(
            f"colour_saturation is {saturation!r}: it is a number from 0 (the smallest values are "
            "white) to 1 (they have the whole hue)"
        )
    if not wanted and colors is None:
        return None
    hues = list(map(_hue, _LAYER_COLOURS if colors is None else colors))
    if not hues:
        raise ValueError(f"colors is an empty list: give hues, such as {_LAYER_COLOURS[0]!r}")
    return hues


def _hue(colour: object) -> str:
    if re.fullmatch(r"#[0-9a-fA-F]{6}", str(colour)):
        return str(colour).lower()
    try:
        return str(importlib.import_module("matplotlib.colors").to_hex(colour))
    except (ValueError, ModuleNotFoundError) as error:
        known = "" if isinstance(error, ValueError) else " (names need matplotlib)"
        raise ValueError(
            f"colors are written as '#rrggbb', such as {_LAYER_COLOURS[0]!r}, or as names, such as "
            f"'red'{known}; not {colour!r}"
        ) from None


def colours_of_layers(
    layers: Sequence[FloatArray],
    normalise: str | None,
    hues: Sequence[str] | None,
    saturation: float,
    colormap: str,
) -> list[list[str]]:
    """Colour the values of several layers on one scale, or each in a hue of its own.

    Parameters
    ----------
    layers : list of ndarray, shape (n_segments,)
    normalise : {None, "layer", "all"}
        What colours span: 0 to 1 or what is needed, the values of each layer, or all values.
    hues : list of str or None
        As of `checked_hues`.
    saturation : float
        Share of its hue that the smallest value has; the rest is white.
    colormap : str
        Without hues, as of `stops_of`.
    """
    low, high = range_of(np.concatenate([np.empty(0), *layers]))
    if normalise is None:
        low, high = (low, max(high, 1.0)) if low == 0 else (min(low, -1.0), max(high, 1.0))
    signed = low < 0
    coloured = []
    for number, values in enumerate(layers):
        limits = range_of(values) if normalise == "layer" else (low, high)
        if hues is None:
            stops = stops_of(colormap, signed)
            limits = (-limits[1], limits[1]) if signed else limits
        else:
            hue = hues[number % len(hues)]
            stops = [_paler(hue, saturation), hue]
        coloured.append(colours_of(values, limits, stops))
    return coloured


def _paler(hue: str, saturation: float) -> str:
    channels = np.array([int(hue[i : i + 2], 16) for i in (1, 3, 5)])
    return _hex(255 - saturation * (255 - channels))


def stops_of(colormap: str, signed: bool) -> Sequence[str]:
    """Return the colours of a scale, evenly spaced.

    Parameters
    ----------
    colormap : str
        "viridis", or any scale that plotly or matplotlib knows.
    signed : bool
        Whether there are negative values: these have a scale of their own in place of "viridis".

    Raises
    ------
    ValueError
        If there is no such scale.
    ModuleNotFoundError
        If it is another than "viridis", and plotly is not installed.
    """
    if colormap == "viridis":
        return _SIGNED if signed else _VIRIDIS
    graph_objects()  # or the error that says how to install plotly
    colours = importlib.import_module("plotly.colors")
    places = np.linspace(0, 1, 17)
    try:
        scale = colours.get_colorscale(colormap)
    except Exception as error:  # plotly's own error, which is no ValueError
        return _stops_of_matplotlib(colormap, places, error)
    samples = colours.sample_colorscale(scale, places.tolist(), colortype="tuple")
    return [_hex(np.array(sample) * 255) for sample in samples]


def _stops_of_matplotlib(colormap: Any, places: FloatArray, unknown: Exception) -> Sequence[str]:
    """Sample a scale that plotly has not, such as "coolwarm"."""
    try:
        scale = importlib.import_module("matplotlib").colormaps[colormap]
    except (KeyError, ModuleNotFoundError):
        raise ValueError(
            f"colormap={colormap!r} is no scale that plotly or matplotlib knows: try 'viridis', "
            "'cividis', 'plasma' or 'RdBu'"
        ) from unknown
    return [_hex(rgb[:3] * 255) for rgb in scale(places)]


def range_of(values: FloatArray) -> tuple[float, float]:
    """Return the range that colours span: from 0 (or the lowest), symmetrical if it is signed.

    Examples
    --------
    >>> range_of(np.array([0.2, 0.5])), range_of(np.array([-0.3, 0.1])), range_of(np.array([]))
    ((0.0, 0.5), (-0.3, 0.3), (0.0, 1.0))
    """
    known = values[np.isfinite(values)]
    top = float(np.abs(known).max(initial=0.0)) or 1.0
    return (-top, top) if (known < 0).any() else (0.0, top)


def colours_of(values: FloatArray, limits: tuple[float, float], stops: Sequence[str]) -> list[str]:
    """Interpolate colours; missing values have that of the lower limit.

    Examples
    --------
    >>> colours_of(np.array([0.0, 0.5, 1.0]), (0, 1), ["#000000", "#ff0080"])
    ['#000000', '#800040', '#ff0080']
    """
    low, high = limits
    known = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    at = np.clip((known - low) / (high - low), 0, 1) * (len(stops) - 1)
    channels = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    places = np.arange(len(stops))
    mixed = np.column_stack([np.interp(at, places, channel) for channel in channels.T])
    return [_hex(rgb) for rgb in mixed.reshape(-1, 3)]


def _hex(rgb: npt.NDArray[np.floating]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*np.rint(np.asarray(rgb)).astype(int))
