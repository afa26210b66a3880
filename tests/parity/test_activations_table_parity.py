"""Tables of paths and of activations against the reference, both sides sorted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from path_cases import KEYS, VALUES, PathCase, path_cases
from scipy import sparse

import wiregrad as wg

pytestmark = pytest.mark.filterwarnings(
    # The reference makes sparse tensors without saying whether they are to be checked.
    "ignore:Sparse invariant checks are implicitly disabled:UserWarning"
)

Compare = Callable[[str, torch.Tensor, torch.Tensor], None]
SharedData = Callable[[str], Path]
MANY = settings(deadline=None, max_examples=100, derandomize=True)


@pytest.fixture(scope="module")
def driven_worm(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=3, device="cpu")


def compare_tables(compare: Compare, kind: str, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Compare the same rows in whatever order: names exactly, numbers by their difference."""
    assert list(ours.columns) == list(theirs.columns)
    keys = ["batch", *KEYS] if "batch" in ours else KEYS
    ours, theirs = (table.sort_values(keys, ignore_index=True) for table in (ours, theirs))
    assert ours[keys].to_numpy().tolist() == theirs[keys].to_numpy().tolist()
    compare(kind, *(as_tensor(table[VALUES]) for table in (ours, theirs)))


def as_tensor(numbers: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(numbers, dtype=np.float64, order="C"))


def their_table(reference: ModuleType, weights: Any, *arguments: Any) -> Any:
    """Ask the reference twice: it keeps positive weights only, so inhibition is asked for negated.

    None where nothing is active, or nothing connects what is: then the reference fails.
    """
    tables = []
    for sign in (1, -1):
        try:
            table = reference.activations_to_df(sign * weights, *arguments)
        except ValueError:
            continue
        tables.append(table.assign(weight=sign * table["weight"]))
    return pd.concat(tables) if tables else None


def for_the_reference(case: PathCase) -> PathCase:
    """Steer around what the reference gets wrong: input rows in ascending order, one grouping."""
    return case.but(
        sensory=sorted(case.sensory),
        post_groups=None if case.out.shape[2] > 1 else case.post_groups,
    )


@MANY
@given(case=path_cases())
def test_random_tables(reference: ModuleType, compare: Compare, case: PathCase) -> None:
    case = for_the_reference(case)
    weights = sparse.csr_matrix(case.inprop)
    arguments = case.stimuli[0], case.out[0], case.sensory, *case.options
    theirs, ours = their_table(reference, weights, *arguments), case.table(0)
    if theirs is None:
        assert len(ours) == 0
    else:
        compare_tables(compare, "activations_to_df, random", ours, theirs)


@MANY
@given(case=path_cases(signed=False))
def test_random_tables_layer_by_layer(
    reference: ModuleType, compare: Compare, case: PathCase
) -> None:
    case = for_the_reference(case)
    arguments = case.stimuli[0], case.out[0], case.sensory, *case.options
    try:
        theirs = reference.activations_to_df(case.inprop, *arguments, high_ram=False)
    except (ValueError, IndexError):  # one layer without rows fails them all
        assert case.table(0)["layer"].nunique() < case.out.shape[2]
    else:
        compare_tables(compare, "activations_to_df, random", case.table(0), theirs)


@MANY
@given(case=path_cases(signed=False))
def test_random_batches(reference: ModuleType, compare: Compare, case: PathCase) -> None:
    case = for_the_reference(case)
    arguments = case.stimuli, case.out, case.sensory, *case.options
    try:
        theirs = reference.activations_to_df_batched(case.inprop, *arguments)
    except ValueError:  # one member without rows fails them all
        members = case.batched_table()["batch"]
        assert members.nunique() < len(case.out)
    else:
        ours = case.batched_table()
        compare_tables(compare, "activations_to_df_batched, random", ours, theirs)


def run(network: wg.MultilayeredNetwork, seed: int, batch: int = 1) -> tuple[Any, Any]:
    """Drive a network at random; return stimuli and activations."""
    shape = batch, len(network.sensory_indices), network.num_layers
    rng = np.random.default_rng(seed)
    stimuli = rng.random(shape) * (rng.random(shape) < 0.4)
    with torch.no_grad():
        return stimuli, network(stimuli)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("limits", [(0, 0), (0.1, 0), (0.1, 0.05), (0.5, 0.02)])
def test_worm(
    reference: ModuleType,
    worm: wg.Connectome,
    driven_worm: wg.MultilayeredNetwork,
    compare: Compare,
    grouped: bool,
    limits: tuple[float, float],
) -> None:
    stimuli, out = run(driven_worm, seed=1)
    mapping = dict(enumerate(worm.group_labels())) if grouped else None
    # The reference leaves out presynaptic groups whose weights are all small.
    weights = without_small(worm.weights().matrix.T, mapping)
    arguments = stimuli[0], out[0], driven_worm.sensory_indices.tolist(), mapping, None, *limits
    theirs = their_table(reference, weights, *arguments)
    compare_tables(
        compare, "activations_to_df, worm", wg.activations_to_df(weights, *arguments), theirs
    )


def without_small(weights: Any, mapping: dict[int, str] | None) -> sparse.csr_matrix:
    """Silence presynaptic groups none of whose weights reaches 1e-3: the reference hides these."""
    everyone = range(weights.shape[0])
    options = {"display_output": False, "display_threshold": 0}
    table = wg.result_summary(weights, everyone, everyone, mapping, **options)
    small = set(table.index[table.abs().max(axis=1) < 1.1e-3])
    kept = np.array([str((mapping or {}).get(i, i)) not in small for i in everyone], dtype=float)
    return sparse.csr_matrix(sparse.diags_array(kept) @ weights)


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("limits", [(0, 0), (0.2, 0.02)])
def test_worm_in_batches(
    reference: ModuleType,
    worm: wg.Connectome,
    driven_worm: wg.MultilayeredNetwork,
    compare: Compare,
    batch: int,
    limits: tuple[float, float],
) -> None:
    stimuli, out = run(driven_worm, seed=2, batch=batch)
    mapping = dict(enumerate(worm.group_labels()))
    weights = without_small(abs(worm.weights().matrix.T), mapping)
    arguments = stimuli, out, driven_worm.sensory_indices.tolist(), mapping, None, *limits
    ours = wg.activations_to_df_batched(weights, *arguments)
    theirs = reference.activations_to_df_batched(weights, *arguments)
    compare_tables(compare, "activations_to_df_batched, worm", ours, theirs)


@pytest.mark.parametrize("column", ["cell_type", "annotated_name", "lineage"])
@pytest.mark.parametrize("limits", [(0, 0), (0.1, 0.01)])
def test_larva(
    reference: ModuleType,
    compare: Compare,
    shared_data: SharedData,
    column: str,
    limits: tuple[float, float],
) -> None:
    larva = wg.Connectome.load(shared_data("larva"))
    network = wg.MultilayeredNetwork.from_connectome(larva, "role=sensory", 3, sign=1, device="cpu")
    stimuli, out = run(network, seed=3)
    mapping = dict(enumerate(larva.group_labels(column)))
    weights = without_small(larva.weights(1).matrix.T, mapping)
    arguments = stimuli[0], out[0], network.sensory_indices.tolist(), mapping, None, *limits
    theirs = reference.activations_to_df(weights, *arguments)
    compare_tables(
        compare, "activations_to_df, larva", wg.activations_to_df(weights, *arguments), theirs
    )


# Activations by neuron and by group


def compare_activations(compare: Compare, ours: dict[int, Any], theirs: dict[int, Any]) -> None:
    assert list(ours) == list(theirs)
    for column in ours:
        assert list(ours[column]) == list(theirs[column])  # in one order
        if ours[column]:
            values = (as_tensor(list(found[column].values())) for found in (ours, theirs))
            compare("get_activations", *values)


@MANY
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 30),
    grouped=st.booleans(),
    top_n=st.sampled_from([None, 1, 5, 50]),
    threshold=st.sampled_from([None, 0, 0.3, {0: 0.5, 1: 0.0}, -1.0]),
)
def test_activations(
    reference: ModuleType,
    compare: Compare,
    seed: int,
    n: int,
    grouped: bool,
    top_n: int | None,
    threshold: Any,
) -> None:
    rng = np.random.default_rng(seed)
    array = rng.random((n, 3), dtype=np.float32)
    indices = np.sort(rng.permutation(100)[:n])  # the reference takes them for sorted
    groups = {i: rng.choice(["b", "a", "c"]).item() for i in indices.tolist()} if grouped else None
    arguments = array, indices, groups, top_n, threshold
    compare_activations(
        compare, wg.get_activations(*arguments), reference.get_activations(*arguments)
    )


@pytest.mark.parametrize("top_n", [None, 20])
@pytest.mark.parametrize("threshold", [None, 0.2])
def test_activations_of_the_worm(
    reference: ModuleType,
    worm: wg.Connectome,
    driven_worm: wg.MultilayeredNetwork,
    compare: Compare,
    top_n: int | None,
    threshold: float | None,
) -> None:
    out = run(driven_worm, seed=4)[1][0].numpy()
    for groups in (None, dict(enumerate(worm.group_labels()))):
        arguments = out, range(302), groups, top_n, threshold
        theirs = reference.get_activations(out, list(range(302)), *arguments[2:])
        compare_activations(compare, wg.get_activations(*arguments), theirs)


# Edge lists and index arrays


@MANY
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    threshold=st.sampled_from([None, 0, 0.3, -0.2]),
    whole=st.booleans(),
)
def test_edge_lists(
    reference: ModuleType,
    compare: Compare,
    seed: int,
    shape: tuple[int, int],
    threshold: float | None,
    whole: bool,
) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.normal(size=shape) * (rng.random(shape) < 0.6)
    adjacency = pd.DataFrame(
        np.rint(3 * cells).astype(int) if whole else cells,
        index=[f"n{i}" for i in range(shape[0])],
        columns=range(shape[1]),
    )
    ours, theirs = (
        function(adjacency, threshold)
        for function in (wg.adjacency_df_to_el, reference.adjacency_df_to_el)
    )
    pd.testing.assert_frame_equal(ours, theirs)
    if len(ours):
        compare("adjacency_df_to_el", *(as_tensor(table["weight"]) for table in (ours, theirs)))


@pytest.mark.parametrize("unique", [True, False])
@pytest.mark.parametrize(
    "data",
    [
        3,
        3.5,
        float("nan"),
        np.int64(3),
        np.int32(3),
        np.float64(2.5),
        True,
        [5, 2, 5],
        [5.0, float("nan"), 2.0],
        [],
        {5, 2},
        np.array([5, 2, 5], dtype=np.int32),
        np.array([[5.5, np.nan], [1.5, 5.5]]),
        np.array([5, np.nan, 2], dtype=object),
        pd.Series([5, 2, 5], index=["a", "b", "c"]),
        pd.Series([5.0, np.nan, 2.0]),
        pd.Series(["b", "a", "b"]),
        pd.Index([5, 2, 5]),
        pd.Index(["b", "a"]),
        ["b", "a", "b"],
    ],
)
def test_index_arrays(reference: ModuleType, compare: Compare, data: Any, unique: bool) -> None:
    theirs = sys.modules["connectome_interpreter.utils"].to_nparray(data, unique=unique)
    ours = wg.to_nparray(data, unique=unique)
    assert ours.dtype == theirs.dtype
    assert ours.tolist() == theirs.tolist()
    if len(ours) and ours.dtype.kind in "biuf":
        compare("to_nparray", as_tensor(ours), as_tensor(theirs))
