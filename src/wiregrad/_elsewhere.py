"""Where to find what connectome_interpreter has and wiregrad has not."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import NoReturn

from ._messages import did_you_mean

__all__ = ["ELSEWHERE", "missing_name"]

_LAYERS = "wiregrad.report and wiregrad.show.plot_circuit draw the circuit of a result in layers"
_WEIGHTS = "network.weights.to_scipy() gives the weights of a wiregrad.MultilayeredNetwork"
_PATHS = "wiregrad.activations_to_df and wiregrad.get_activations_for_path make such tables"
_ON_WALKS = "wiregrad.circuit keeps only what lies on walks from stimulus to targets"
_BEST_PATHS = "wiregrad.best_paths lists the strongest paths of a run"
_BY_GROUP = "wiregrad.Connectome.group adds up the connections between groups"
_SUMMARY = "wiregrad.result_summary is a table of weights between groups"

#: The public names of connectome_interpreter 2.9.1 that wiregrad has not, and what wiregrad has for
#: the same purpose, if anything.
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "XORCircuit": "",
        "add_first_n_matrices": "",
        "change_model_weights": "network.all_weights = ... gives a network other weights",
        "check_consecutive_layers": "",
        "compare_connectivity": _SUMMARY,
        "compare_layered_paths": "wiregrad.compare_circuits compares what two runs do",
        "compress_paths": "",
        "compress_paths_dense_chunked": "",
        "compress_paths_not_chunked": "",
        "compress_paths_signed": "",
        "compress_paths_signed_no_chunking": "",
        "compute_flow_hitting_time": "",
        "connected_components": "",
        "contribution_by_path_lengths": "",
        "contribution_by_path_lengths_data": "",
        "contribution_by_path_lengths_heatmap": "",
        "coo_tensor_to_el": "",
        "coo_to_el": "",
        "count_keys_per_value": "",
        "create_layered_positions": _LAYERS,
        "display_df": "",
        "dynamic_representation": "",
        "effective_conn_from_paths": _PATHS,
        "el_within_n_steps": "",
        "filter_paths": "wiregrad.prune_circuit drops what is weak or leads nowhere",
        "find_instance_flow": "",
        "find_path_iteratively": _BEST_PATHS,
        "find_path_once": _BEST_PATHS,
        "find_shortest_paths": "wiregrad.network.shortest_walks counts the hops to each neuron",
        "find_xor": "",
        "group_edge_by": _BY_GROUP,
        "group_paths": _PATHS,
        "hex_heatmap": "wiregrad.show.plot_eye_map draws values on the eye's columns",
        "layered_el": "",
        "load_dataset": "wiregrad.input_from_df makes stimuli of such tables",
        "looming_stimulus": "wiregrad.looming_disc makes one over hexagonal columns",
        "make_grid_inputs": "",
        "make_sine_stim": "wiregrad.sine_grating makes one over hexagonal columns",
        "map_to_experiment": "",
        "modify_coo_matrix": "",
        "output_grid_data": "",
        "path_for_ngl": "wiregrad.activated_path_for_ngl does it with activations",
        "plot_flow_layered_paths": _LAYERS,
        "plot_layered_paths": _LAYERS,
        "plot_mollweide_projection": "",
        "plot_output_grid": "",
        "pytorch_sparse_to_scipy": _WEIGHTS,
        "read_precomputed": "",
        "remove_excess_neurons": _ON_WALKS,
        "remove_excess_neurons_batched": _ON_WALKS,
        "sc_connectivity_summary": _SUMMARY,
        "signed_effective_conn_from_paths": _PATHS,
        "tensor_to_csc": _WEIGHTS,
        "torch_sparse_where": "",
        "trim_inprop_by_flow": "",
    }
)


def missing_name(name: str) -> NoReturn:
    """Say where a name is that the package has not; it serves as the package's `__getattr__`.

    Raises
    ------
    ImportError
        In `from wiregrad import name`, if connectome_interpreter has the name. (Python replaces an
        AttributeError there by an error without our words.)
    AttributeError
        Otherwise.
    """
    if name in ELSEWHERE:
        own = ELSEWHERE[name]
        message = (
            f"wiregrad has no {name!r}: it is in connectome_interpreter "
            f"(connectome_interpreter.{name}){'; ' if own else ''}{own}"
        )
        if _asked_by_import():
            raise ImportError(message, name="wiregrad")
    else:
        message = f"module 'wiregrad' has no attribute {name!r}"
        if not name.startswith("_"):
            message += did_you_mean(name, sys.modules["wiregrad"].__all__)
    # Without the module in `obj`, Python adds no suggestion of its own.
    raise AttributeError(message, name=name, obj=None)


def _asked_by_import() -> bool:
    """Whether the package's attribute is asked for by a `from wiregrad import ...`."""
    caller = sys._getframe(2) if hasattr(sys, "_getframe") else None
    return caller is not None and caller.f_code.co_name == "_handle_fromlist"
