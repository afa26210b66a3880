"""A table in a notebook, each cell shaded by the size of its number."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["cell_colours", "show_in_notebook"]

# What large numbers are shaded in: positive ones, negative ones.
_BLUE, _RED = (8, 48, 107), (103, 0, 13)
# Cells that are still shaded: beyond, a browser is slow, and pandas shows a plain table in part.
_MOST_SHADED = 20_000


def show_in_notebook(table: pd.DataFrame) -> None:
    """Show a table below the notebook's cell that is being run; elsewhere, do nothing."""
    ipython: Any = sys.modules.get("IPython")  # a notebook has loaded it
    shell = None if ipython is None else ipython.get_ipython()
    if not hasattr(shell, "kernel"):
        return
    shown: Any = table
    if table.size <= _MOST_SHADED and importlib.util.find_spec("jinja2") is not None:
        shown = table.style.apply(cell_colours, axis=None)
    importlib.import_module("IPython.display").display(shown)


def cell_colours(table: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Colour each cell from white, for the smallest |number|, to dark blue (red if negative).

    Returns
    -------
    ndarray of str (dtype object), of the shape of the table
        CSS.

    Examples
    --------
    >>> cell_colours(pd.DataFrame([[0.0, 1.0]]))[0].tolist()
    ['background-color: #ffffff; color: #000000', 'background-color: #08306b; color: #ffffff']
    """
    values = table.to_numpy(dtype=np.float64)
    size = np.abs(values)
    share = (size - size.min()) / max(np.ptp(size), np.finfo(np.float64).tiny)
    dark = np.where(values[..., None] < 0, _RED, _BLUE)
    colours = np.rint(255 + share[..., None] * (dark - 255)).astype(int)
    css = [
        f"background-color: #{red:02x}{green:02x}{blue:02x}; "
        f"color: #{'ffffff' if part > 0.5 else '000000'}"
        for (red, green, blue), part in zip(colours.reshape(-1, 3), share.ravel(), strict=True)
    ]
    return np.array(css, dtype=object).reshape(table.shape)
