"""Stimuli, activations, targets and circuits as data frames."""

from ._activations import activations_by_group
from ._circuit import Circuit, circuit
from ._labels import neuron_labels, neuron_names
from ._stimulus import active_inputs, stimulus_by_group
from ._strongest import strongest_groups
from ._strongest_circuit import strongest_circuit
from ._strongest_targets import strongest_targets
from ._targets import STATUSES, targets_by_group

__all__ = [
    "STATUSES",
    "Circuit",
    "activations_by_group",
    "active_inputs",
    "circuit",
    "neuron_labels",
    "neuron_names",
    "stimulus_by_group",
    "strongest_circuit",
    "strongest_groups",
    "strongest_targets",
    "targets_by_group",
]
