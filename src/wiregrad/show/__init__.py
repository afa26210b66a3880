"""Figures and the report."""

from ._activations import plot_activations
from ._circuit import plot_circuit
from ._losses import plot_losses
from ._neuroglancer import (
    NGL_SOURCES,
    get_ngl_link,
    neuroglancer_state,
    write_neuroglancer_state,
)
from ._report import report
from ._stimulus import plot_stimulus
from ._targets import plot_targets

__all__ = [
    "NGL_SOURCES",
    "get_ngl_link",
    "neuroglancer_state",
    "plot_activations",
    "plot_circuit",
    "plot_losses",
    "plot_stimulus",
    "plot_targets",
    "report",
    "write_neuroglancer_state",
]
