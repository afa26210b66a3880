"""Stimuli, activations, targets and circuits as data frames."""

from ._activation_paths import activations_to_df, activations_to_df_batched
from ._activations import activations_by_group
from ._arrays import ArrayLike, FloatArray, given_stimulus, read_activations
from ._by_column import activity_by_column
from ._connectivity_summary import result_summary
from ._edge_list import adjacency_df_to_el
from ._index_array import to_nparray
from ._input_activation import get_input_activation
from ._input_from_df import input_from_df
from ._labels import neuron_labels, neuron_names
from ._mapping import GroupsLike, group_labels
from ._neuron_activation import get_neuron_activation
from ._neuron_numbers import find_numbers
from ._neurons import read_neurons
from ._on_grid import activity_on_grid
from ._path_activations import activated_path_for_ngl, get_activations_for_path
from ._pulses import pulses
from ._saliency_by_group import saliency_by_group
from ._selected_activations import get_activations
from ._spread import activation_spread
from ._stimulus import active_inputs, stimulus_by_group
from ._strongest import others_label, strongest_groups
from ._strongest_targets import strongest_targets
from ._targets import STATUSES, targets_by_group
from ._visual_stimuli import image_sequence, looming_disc, moving_edge, sine_grating

__all__ = [
    "STATUSES",
    "ArrayLike",
    "FloatArray",
    "GroupsLike",
    "activated_path_for_ngl",
    "activation_spread",
    "activations_by_group",
    "activations_to_df",
    "activations_to_df_batched",
    "active_inputs",
    "activity_by_column",
    "activity_on_grid",
    "adjacency_df_to_el",
    "find_numbers",
    "get_activations",
    "get_activations_for_path",
    "get_input_activation",
    "get_neuron_activation",
    "given_stimulus",
    "group_labels",
    "image_sequence",
    "input_from_df",
    "looming_disc",
    "moving_edge",
    "neuron_labels",
    "neuron_names",
    "others_label",
    "pulses",
    "read_activations",
    "read_neurons",
    "result_summary",
    "saliency_by_group",
    "sine_grating",
    "stimulus_by_group",
    "strongest_groups",
    "strongest_targets",
    "targets_by_group",
    "to_nparray",
]
