"""Decisions on the tables as a user notices them: through public names only.

With the reference in wiregrad's place, every one of these tests fails.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

import wiregrad as wg

# 0 and 3 are sensory; 0 excites 1 and 2, 1 inhibits 2, 3 excites 2.
INPROP = np.array([[0, 0.5, 0.2, 0], [0, 0, -0.4, 0], [0, 0, 0, 0], [0, 0, 0.1, 0]])
SENSORY = [3, 0]  # not in the order of their numbers
STIMULUS = np.array([[1.0, 0.0], [0.6, 0.0]])
OUT = np.array([[0.0, 0.1, 0.3], [0.9, 0.2, 0.0], [0.3, 0.8, 0.2], [0.0, 0.4, 0.5]])
GROUPS = {0: "s0", 1: "m", 2: "n", 3: "s3"}
COLUMNS = {0: 1, 1: 1, 2: 2, 3: 2}
PATH = pd.DataFrame({"pre": ["m", "s0", "s3"], "post": ["n", "m", "n"], "layer": [2, 1, 1]})
NGL = PATH.assign(pre_activation=0.5, post_activation=[0.1, 0.2, 0.3])
RESPONSES = pd.DataFrame({"light": [0.1, 0.9]}, index=["s3", "s0"])


def _eye() -> wg.MultilayeredNetwork:
    """Three columns of an eye, each an input."""
    places = pd.DataFrame({"id": ["a", "b", "c"], "u": [0, 1, 0], "v": [0, 0, 1], "nt": "ACh"})
    edges = pd.DataFrame({"pre": ["a"], "post": ["b"], "count": [1]})
    eye = wg.Connectome.from_edges(edges, places)
    return wg.MultilayeredNetwork.from_connectome(eye, range(3), 2, device="cpu")


EYE = _eye()

#: Every function that reads or makes tables, with arguments.
CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "activations_to_df": (
        wg.activations_to_df,
        (sparse.csr_matrix(INPROP), STIMULUS, OUT, SENSORY, GROUPS),
    ),
    "activations_to_df_batched": (
        wg.activations_to_df_batched,
        (sparse.csr_matrix(INPROP), STIMULUS[None], OUT[None], SENSORY, GROUPS),
    ),
    "get_activations": (wg.get_activations, (OUT, [0, 1, 2, 3], GROUPS)),
    "get_neuron_activation": (wg.get_neuron_activation, (OUT, [2, 1, 0], None, GROUPS)),
    "get_input_activation": (wg.get_input_activation, (STIMULUS, SENSORY, GROUPS)),
    "get_activations_for_path": (
        wg.get_activations_for_path,
        (PATH, OUT, STIMULUS, SENSORY, GROUPS, 1),
    ),
    "activated_path_for_ngl": (wg.activated_path_for_ngl, (NGL,)),
    "activity_by_column": (
        wg.activity_by_column,
        (OUT, GROUPS, COLUMNS, ["m", "n", "s0"], STIMULUS, SENSORY),
    ),
    "input_from_df": (wg.input_from_df, (RESPONSES, SENSORY, GROUPS, 2, [0])),
    "result_summary": (
        wg.result_summary,
        (sparse.csr_matrix(INPROP), [3, 1, 0], [1, 2], GROUPS, GROUPS, False),
    ),
    "adjacency_df_to_el": (wg.adjacency_df_to_el, (pd.DataFrame(INPROP),)),
    "add_sign": (wg.add_sign, (sparse.csr_matrix(abs(INPROP)), {0: 1, 1: -1, 2: 1, 3: 1})),
    "to_nparray": (wg.to_nparray, ([3, 1, 3],)),
    "pulses": (wg.pulses, (EYE, {"a": 0.5, "b": 1.0})),
    "sine_grating": (partial(wg.sine_grating, wavelength=3), (EYE, ["a", "b"])),
    "moving_edge": (wg.moving_edge, (EYE, ["a", "b"])),
    "looming_disc": (wg.looming_disc, (EYE, ["a", "b"])),
    "image_sequence": (wg.image_sequence, (EYE, np.arange(18.0).reshape(2, 3, 3))),
}


def test_decision_03_paths_and_batches_honour_the_order_of_sensory_indices() -> None:
    """The reference sorts the neurons, and leaves the rows of the stimulus as they are."""
    batch = wg.activations_to_df_batched(INPROP, STIMULUS[None], OUT[None], SENSORY, GROUPS)
    first = batch[batch["layer"] == 1].drop_duplicates("pre").set_index("pre")["pre_activation"]
    assert first.to_dict() == {"s0": 0.6, "s3": 1.0}
    path = wg.get_activations_for_path(PATH, OUT, STIMULUS, SENSORY, GROUPS)
    first = path[path["layer"] == 1].set_index("pre")["pre_activation"]
    assert first.to_dict() == {"s0": 0.6, "s3": 1.0}


def test_decision_11_no_function_prints(capfd: pytest.CaptureFixture[str]) -> None:
    """The reference tells of its progress on the way to a table."""
    for name, (function, arguments) in CALLS.items():
        function(*arguments)
        assert capfd.readouterr() == ("", ""), name


def same(one: Any, other: Any) -> bool:
    if isinstance(one, wg.MultilayeredNetwork):
        pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
        return same(one.neurons, other.neurons) and all(torch.equal(a, b) for a, b in pairs)
    if isinstance(one, pd.DataFrame):
        return one.equals(other) and list(one.columns) == list(other.columns)
    if sparse.issparse(one):
        return bool((one.toarray() == other.toarray()).all())
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else one == other


def overwrite(result: Any) -> None:
    """Change a result wherever it can be changed."""
    if isinstance(result, pd.DataFrame):
        for column in result.columns:
            result[column] = 7
    elif isinstance(result, np.ndarray):
        result[:] = 7
    elif sparse.issparse(result):
        result.data[:] = 7


def test_decision_25_no_function_changes_its_arguments() -> None:
    """Nor does it return parts of them, which would be changed with the result."""
    missing = set(wg.tables.__all__) & set(wg.__all__) - set(CALLS)
    assert not missing, "a new function: it is tested here too"
    for name, (function, arguments) in CALLS.items():
        before = copy.deepcopy(arguments)
        overwrite(function(*arguments))
        for argument, as_it_was in zip(arguments, before, strict=True):
            assert same(argument, as_it_was), name


def test_decision_31_a_batch_comes_by_member_layer_pre_and_post() -> None:
    rng = np.random.default_rng(0)
    n = 12
    shape = (3, n, 2)
    table = wg.activations_to_df_batched(
        rng.random((n, n)), rng.random(shape), rng.random(shape), list(range(n))
    )
    assert len(table) == 3 * 2 * n * n
    keys = table[["batch", "layer", "pre", "post"]]
    in_order = keys.sort_values(list(keys.columns), kind="stable")
    assert keys.to_numpy().tolist() == in_order.to_numpy().tolist()
