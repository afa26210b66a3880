"""Neurons, synapses, signs and selection: the wiring diagram, before any model."""

from ._add_sign import add_sign
from ._connectome import Connectome
from ._describe import ConnectomeSummary, Degrees
from ._edges import SET_ASIDE
from ._select import Selection, select_neurons
from ._signs import TRANSMITTER_SIGNS, EdgeSigns, SignRule
from ._weights import SignedWeights, SignSummary

__all__ = [
    "SET_ASIDE",
    "TRANSMITTER_SIGNS",
    "Connectome",
    "ConnectomeSummary",
    "Degrees",
    "EdgeSigns",
    "Selection",
    "SignRule",
    "SignSummary",
    "SignedWeights",
    "add_sign",
    "select_neurons",
]
