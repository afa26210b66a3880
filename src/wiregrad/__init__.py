"""wiregrad: question a wiring diagram of a nervous system with gradients."""

from . import datasets
from ._version import __version__
from .connectome import (
    TRANSMITTER_SIGNS,
    Connectome,
    select_neurons,
)
from .network import MultilayeredNetwork, reference_forward, set_threads

__all__ = [
    "TRANSMITTER_SIGNS",
    "Connectome",
    "MultilayeredNetwork",
    "__version__",
    "datasets",
    "reference_forward",
    "select_neurons",
    "set_threads",
]
