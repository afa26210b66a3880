"""wiregrad: question a wiring diagram of a nervous system with gradients."""

from . import _environment as _environment  # first: before anything loads torch or numba
from . import datasets
from ._version import __version__
from .connectome import (
    TRANSMITTER_SIGNS,
    Connectome,
    select_neurons,
)
from .gradients import MaximisationResult, TargetActivation, activation_maximisation
from .network import MultilayeredNetwork, reference_forward, set_threads
from .show import report

__all__ = [
    "TRANSMITTER_SIGNS",
    "Connectome",
    "MaximisationResult",
    "MultilayeredNetwork",
    "TargetActivation",
    "__version__",
    "activation_maximisation",
    "datasets",
    "reference_forward",
    "report",
    "select_neurons",
    "set_threads",
]
