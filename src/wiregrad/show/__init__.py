"""Figures and the report."""

from ._activations import plot_activations
from ._circuit import plot_circuit
from ._fits import plot_fit, plot_parameters, plot_residuals
from ._losses import plot_losses
from ._report import report
from ._stimulus import plot_stimulus
from ._targets import plot_targets

__all__ = [
    "plot_activations",
    "plot_circuit",
    "plot_fit",
    "plot_losses",
    "plot_parameters",
    "plot_residuals",
    "plot_stimulus",
    "plot_targets",
    "report",
]
