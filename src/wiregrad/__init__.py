"""wiregrad: question a wiring diagram of a nervous system with gradients."""

from typing import TYPE_CHECKING

from . import _environment as _environment  # first: before anything loads torch or numba
from . import datasets
from ._version import __version__
from .connectome import (
    TRANSMITTER_SIGNS,
    Connectome,
    add_sign,
    select_neurons,
)
from .experiments import (
    NullComparison,
    SweepResult,
    ask_of_nulls,
    problems_for,
    rewired_networks,
    sweep,
)
from .gradients import (
    Attribution,
    MaximisationResult,
    TargetActivation,
    TrainingResult,
    activation_maximisation,
    attribution,
    saliency,
    train_model,
    training_mode,
)
from .network import MultilayeredNetwork, reference_forward, scipy_sparse_to_pytorch
from .product import set_threads
from .show import report
from .tables import (
    activated_path_for_ngl,
    activations_to_df,
    activations_to_df_batched,
    activity_by_column,
    adjacency_df_to_el,
    get_activations,
    get_activations_for_path,
    get_input_activation,
    get_neuron_activation,
    image_sequence,
    input_from_df,
    looming_disc,
    moving_edge,
    pulses,
    result_summary,
    sine_grating,
    to_nparray,
)

__all__ = [
    "TRANSMITTER_SIGNS",
    "Attribution",
    "Connectome",
    "MaximisationResult",
    "MultilayeredNetwork",
    "NullComparison",
    "SweepResult",
    "TargetActivation",
    "TrainingResult",
    "__version__",
    "activated_path_for_ngl",
    "activation_maximisation",
    "activations_to_df",
    "activations_to_df_batched",
    "activity_by_column",
    "add_sign",
    "adjacency_df_to_el",
    "ask_of_nulls",
    "attribution",
    "datasets",
    "get_activations",
    "get_activations_for_path",
    "get_input_activation",
    "get_neuron_activation",
    "image_sequence",
    "input_from_df",
    "looming_disc",
    "moving_edge",
    "problems_for",
    "pulses",
    "reference_forward",
    "report",
    "result_summary",
    "rewired_networks",
    "saliency",
    "scipy_sparse_to_pytorch",
    "select_neurons",
    "set_threads",
    "sine_grating",
    "sweep",
    "to_nparray",
    "train_model",
    "training_mode",
]

if not TYPE_CHECKING:  # a type checker would take any name for one that exists
    from ._elsewhere import missing_name as __getattr__  # noqa: F401
