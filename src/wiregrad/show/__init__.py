"""Figures and the report."""

from ._activations import plot_activations
from ._circuit import plot_circuit
from ._losses import plot_losses
from ._repeat import python_lines, setup_lines
from ._report import report
from ._stimulus import plot_stimulus
from ._targets import plot_targets

__all__ = [
    "plot_activations",
    "plot_circuit",
    "plot_losses",
    "plot_stimulus",
    "plot_targets",
    "python_lines",
    "report",
    "setup_lines",
]
