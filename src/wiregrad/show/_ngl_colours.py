"""Numbers as colours, for viewers that take a colour for each neuron."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ._plotly import EXCITATION, INHIBITION, graph_objects

__all__ = ["colours_of", "range_of", "stops_of"]

FloatArray = npt.NDArray[np.float64]

#: Samples of viridis (Smith and van der Walt 2015, CC0), which is read the same by colour-blind.
_VIRIDIS = (
    *("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30"),
    "#fde725",
)

#: What inhibits in blue, what excites in vermilion, 0 in grey white in between.
_SIGNED = (INHIBITION, "#9cc3dc", "#f2f2f2", "#f0bf99", EXCITATION)


def stops_of(colormap: str, signed: bool) -> Sequence[str]:
    """Return the colours of a scale, evenly spaced.

    Parameters
    ----------
    colormap : str
        "viridis", or any scale that plotly knows.
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
    try:
        scale = colours.get_colorscale(colormap)
    except Exception as error:  # plotly's own error, which is no ValueError
        raise ValueError(
            f"colormap={colormap!r} is no scale that plotly knows: try 'viridis', 'cividis', "
            "'plasma' or 'RdBu'"
        ) from error
    samples = colours.sample_colorscale(scale, np.linspace(0, 1, 17).tolist(), colortype="tuple")
    return [_hex(np.array(sample) * 255) for sample in samples]


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
