"""wiregrad: question a wiring diagram of a nervous system with gradients."""

from typing import TYPE_CHECKING

from . import _environment as _environment  # first: before anything loads torch or numba
from . import datasets
from ._version import __version__
from .circuits import (
    BestPaths,
    Circuit,
    CircuitComparison,
    best_paths,
    circuit,
    compare_circuits,
    path_circuit,
    prune_circuit,
    result_circuit,
    strongest_circuit,
)
from .connectome import (
    TRANSMITTER_SIGNS,
    Connectome,
    add_sign,
    select_neurons,
)
from .experiments import LesionScreen, SweepResult, lesion_screen, problems_for, sweep
from .gradients import (
    MaximisationResult,
    SearchProgress,
    TargetActivation,
    TrainingResult,
    activation_maximisation,
    saliency,
    train_model,
    training_mode,
)
from .network import (
    Dynamics,
    LeakyRectified,
    Linear,
    Manipulations,
    MultilayeredNetwork,
    reference_forward,
    scipy_sparse_to_pytorch,
)
from .product import set_threads
from .show import get_ngl_link, neuroglancer_state, plot_activity_by_column, report
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
    input_from_df,
    result_summary,
    to_nparray,
)

__all__ = [
    "TRANSMITTER_SIGNS",
    "BestPaths",
    "Circuit",
    "CircuitComparison",
    "Connectome",
    "Dynamics",
    "LeakyRectified",
    "LesionScreen",
    "Linear",
    "Manipulations",
    "MaximisationResult",
    "MultilayeredNetwork",
    "SearchProgress",
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
    "best_paths",
    "circuit",
    "compare_circuits",
    "datasets",
    "get_activations",
    "get_activations_for_path",
    "get_input_activation",
    "get_neuron_activation",
    "get_ngl_link",
    "input_from_df",
    "lesion_screen",
    "neuroglancer_state",
    "path_circuit",
    "plot_activity_by_column",
    "problems_for",
    "prune_circuit",
    "reference_forward",
    "report",
    "result_circuit",
    "result_summary",
    "saliency",
    "scipy_sparse_to_pytorch",
    "select_neurons",
    "set_threads",
    "strongest_circuit",
    "sweep",
    "to_nparray",
    "train_model",
    "training_mode",
]

if not TYPE_CHECKING:  # a type checker would take any name for one that exists
    from ._elsewhere import missing_name as __getattr__  # noqa: F401
