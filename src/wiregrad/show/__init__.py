"""Figures and the report."""

from ._activation_spread import plot_activation_spread
from ._activations import plot_activations
from ._attribution_figures import plot_attribution, plot_verified
from ._by_column import plot_activity_by_column
from ._circuit import plot_circuit
from ._comparison_figures import plot_activation_changes, plot_flow_changes
from ._eye_map import plot_eye_map
from ._fit_course import plot_fit_losses, plot_folds
from ._fits import plot_fit, plot_parameters, plot_residuals
from ._losses import plot_losses
from ._neuroglancer import neuroglancer_state, write_neuroglancer_state
from ._ngl_link import get_ngl_link
from ._ngl_sources import NGL_SOURCES
from ._null_figures import plot_lesions, plot_nulls
from ._print_circuit import print_circuit
from ._print_figure import print_figure
from ._repeat import python_lines, setup_lines
from ._report import has_report, report
from ._saliency_page import plot_saliency
from ._stimulus import plot_stimulus
from ._sweep_figure import plot_sweep
from ._targets import plot_targets
from ._training_page import plot_training

__all__ = [
    "NGL_SOURCES",
    "get_ngl_link",
    "has_report",
    "neuroglancer_state",
    "plot_activation_changes",
    "plot_activation_spread",
    "plot_activations",
    "plot_activity_by_column",
    "plot_attribution",
    "plot_circuit",
    "plot_eye_map",
    "plot_fit",
    "plot_fit_losses",
    "plot_flow_changes",
    "plot_folds",
    "plot_lesions",
    "plot_losses",
    "plot_nulls",
    "plot_parameters",
    "plot_residuals",
    "plot_saliency",
    "plot_stimulus",
    "plot_sweep",
    "plot_targets",
    "plot_training",
    "plot_verified",
    "print_circuit",
    "print_figure",
    "python_lines",
    "report",
    "setup_lines",
    "write_neuroglancer_state",
]
