"""What pages and figures of other rooms are drawn with."""

from ._calls import literal
from ._circuit import activation_colour, placed_nodes
from ._heatmap import step_name
from ._html import Page
from ._plotly import (
    EXCITATION,
    INHIBITION,
    INK,
    Figure,
    graph_objects,
    message_figure,
    new_figure,
    plain,
    short,
)
from ._signed_heatmap import signed_heatmap
from ._words import amount, counted, joined

__all__ = [
    "EXCITATION",
    "INHIBITION",
    "INK",
    "Figure",
    "Page",
    "activation_colour",
    "amount",
    "counted",
    "graph_objects",
    "joined",
    "literal",
    "message_figure",
    "new_figure",
    "placed_nodes",
    "plain",
    "short",
    "signed_heatmap",
    "step_name",
]
