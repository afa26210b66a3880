"""Dash when it is needed, or how to install it."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

__all__ = ["Dash", "load_dash"]


class Dash(NamedTuple):
    """The modules that pages are made of; Dash's components have no types worth having."""

    dash: Any
    html: Any
    dcc: Any
    cytoscape: Any


def load_dash() -> Dash:
    """Import Dash and its Cytoscape.

    Raises
    ------
    ModuleNotFoundError
        If they, or plotly, are not installed: which extra to install.
    """
    names = ("dash", "dash.html", "dash.dcc", "dash_cytoscape")
    try:
        return Dash(*(importlib.import_module(name) for name in names))
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in ("dash", "dash_cytoscape", "plotly"):
            raise
        raise ModuleNotFoundError(
            'the explorer needs dash, which is not installed: pip install "wiregrad[explore]"',
            name=error.name,
        ) from None
