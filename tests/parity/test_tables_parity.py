"""Stimuli in, tables of activations out, signs and names against the reference."""

from __future__ import annotations

import inspect
import sys
import warnings
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
from scipy import sparse

import wiregrad as wg
from wiregrad._elsewhere import ELSEWHERE

pytestmark = pytest.mark.filterwarnings(
    # The reference makes sparse tensors without saying whether they are to be checked, and renames
    # columns in place.
    "ignore:Sparse invariant checks are implicitly disabled:UserWarning",
    "ignore:The inplace keyword in DataFrame",
)

Compare = Callable[[str, torch.Tensor, torch.Tensor], None]
SharedData = Callable[[str], Path]
MANY = settings(deadline=None, max_examples=100, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)
#: Text whose order is not that of its numbers; numbers.
NAMES = (("b", "a", "10", "9", "c"), (3, 20, 100, 1, 7))


def compare_numbers(compare: Compare, kind: str, ours: Any, theirs: Any) -> None:
    """Compare arrays that may hold NaN, in the same places."""
    ours, theirs = (np.array(side, dtype=np.float64, order="C") for side in (ours, theirs))
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))
    if ours.size:
        sides = (torch.from_numpy(np.nan_to_num(side)) for side in (ours, theirs))
        compare(kind, *sides)


def compare_tables(
    compare: Compare, kind: str, ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]
) -> None:
    """Compare the same rows in whatever order: keys exactly, numbers by their difference."""
    assert list(ours.columns) == list(theirs.columns)
    assert ours.dtypes[keys].tolist() == theirs.dtypes[keys].tolist()
    ours, theirs = (table.sort_values(keys, ignore_index=True) for table in (ours, theirs))
    assert ours[keys].to_numpy().tolist() == theirs[keys].to_numpy().tolist()
    numbers = ours.columns.drop(keys)
    compare_numbers(compare, kind, ours[numbers], theirs[numbers])


def draw_groups(rng: np.random.Generator, n: int) -> dict[int, Any]:
    return dict(enumerate(rng.choice(NAMES[rng.integers(2)], n).tolist()))


@pytest.fixture(scope="module")
def driven_worm(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=4, device="cpu")


@pytest.fixture(scope="module")
def worm_stimuli() -> np.ndarray:
    return np.random.default_rng(0).random((5, 83, 4)).astype(np.float32)


# input_from_df


@MANY
@given(seed=SEEDS, steps=st.integers(1, 5), n_columns=st.integers(0, 4))
def test_random_response_tables(
    reference: ModuleType, compare: Compare, seed: int, steps: int, n_columns: int
) -> None:
    rng = np.random.default_rng(seed)
    groups = draw_groups(rng, 9)
    sensory = rng.permutation(9)[: rng.integers(1, 10)].tolist()
    rows = rng.permutation(list(set(groups.values()))).tolist()
    rows = [groups[sensory[0]], *(row for row in rows[1:] if row != groups[sensory[0]])]
    df = pd.DataFrame(rng.normal(size=(len(rows), n_columns)), index=rows)
    times: Any = rng.permutation(steps)[: rng.integers(0, steps + 1)]
    times = [times, times.tolist(), set(times.tolist()), range(steps), -1][rng.integers(5)]
    arguments = df, sensory, groups, steps, times
    compare_numbers(
        compare, "input_from_df", wg.input_from_df(*arguments), reference.input_from_df(*arguments)
    )


def test_larval_odours(reference: ModuleType, compare: Compare, shared_data: SharedData) -> None:
    """The responses of all larval receptors to 34 odours, given to their neurons, left and right.

    Si et al. 2019, Neuron 101:950.
    """
    larva = wg.Connectome.load(shared_data("larva"))
    receptors = pd.read_parquet(shared_data("odours") / "larva_orn_map.parquet")
    trials = pd.read_parquet(shared_data("odours") / "si2019_larva_mean.parquet")
    df = trials.pivot_table(index="receptor", columns=["odour", "dilution"], values="dff").fillna(0)
    sensory = larva.select(receptors["skid"].to_numpy())
    groups = dict(zip(sensory.tolist(), receptors["receptor"], strict=True))
    assert df.shape[1] > 100
    ours = wg.input_from_df(df, sensory, groups, 3, [0, 1])
    theirs = reference.input_from_df(df, sensory.tolist(), groups, 3, [0, 1])
    assert theirs.any(axis=(0, 2)).all()
    compare_numbers(compare, "input_from_df", ours, theirs)


# get_neuron_activation


@MANY
@given(seed=SEEDS, batch=st.integers(0, 3), steps=st.integers(1, 4), grouped=st.booleans())
def test_random_neuron_activations(
    reference: ModuleType, compare: Compare, seed: int, batch: int, steps: int, grouped: bool
) -> None:
    rng = np.random.default_rng(seed)
    shape = (batch, 9, steps) if batch else (9, steps)
    activations = torch.from_numpy(rng.random(shape)).float()
    chosen = rng.integers(0, 9, rng.integers(1, 12)).tolist()
    names = [f"odour {name}" for name in rng.permutation(batch)] if batch else None
    # In three dimensions the reference takes neurons without groups for members of the batch.
    groups = draw_groups(rng, 9) if grouped or batch else None
    arguments = activations, chosen, names, groups
    keys = ["batch_name", "group"] if batch else ["group"]
    ours, theirs = (f.get_neuron_activation(*arguments) for f in (wg, reference))
    compare_tables(compare, "get_neuron_activation", ours, theirs, keys)
    if not batch:
        assert ours["group"].tolist() == theirs["group"].tolist()


@pytest.mark.parametrize("grouped", [True, False])
def test_worm_neuron_activations(
    reference: ModuleType,
    compare: Compare,
    driven_worm: wg.MultilayeredNetwork,
    worm_stimuli: np.ndarray,
    grouped: bool,
) -> None:
    activations = driven_worm(worm_stimuli)
    groups = driven_worm.neurons["cell_type"].to_dict() if grouped else None
    for states in [activations[0], *([activations] if grouped else [])]:
        arguments = states, range(302), None, groups
        ours = wg.get_neuron_activation(*arguments)
        theirs = reference.get_neuron_activation(states, list(range(302)), None, groups)
        keys = [name for name in ("batch_name", "group") if name in ours]
        compare_tables(compare, "get_neuron_activation", ours, theirs, keys)


# get_input_activation


@MANY
@given(seed=SEEDS, threshold=st.sampled_from([0, 0.3, 0.9]), select=st.booleans())
def test_random_input_activations(
    reference: ModuleType, compare: Compare, seed: int, threshold: float, select: bool
) -> None:
    rng = np.random.default_rng(seed)
    groups = draw_groups(rng, 12)
    # The reference sorts the neurons, but not the rows; and it takes inhibition for silence.
    sensory = np.sort(rng.permutation(12)[: rng.integers(1, 13)]).tolist()
    stimulus = rng.random((len(sensory), 3)) * (rng.random((len(sensory), 3)) < 0.7)
    selected = rng.choice(sensory, 4).tolist() if select else None
    arguments = stimulus, sensory, groups, selected, threshold
    ours, theirs = (f.get_input_activation(*arguments) for f in (wg, reference))
    assert ours.index.name == theirs.index.name
    if len(theirs):
        assert ours.index.equals(theirs.index)
        compare_numbers(compare, "get_input_activation", ours, theirs)
    else:
        assert ours.empty


def test_worm_input_activations(
    reference: ModuleType,
    compare: Compare,
    driven_worm: wg.MultilayeredNetwork,
    worm_stimuli: np.ndarray,
) -> None:
    groups = driven_worm.neurons["cell_type"].to_dict()
    sensory = driven_worm.sensory_indices.tolist()
    for stimulus in worm_stimuli:
        ours = wg.get_input_activation(stimulus, sensory, groups, None, 0.9)
        theirs = reference.get_input_activation(stimulus, sensory, groups, None, 0.9)
        assert ours.index.equals(theirs.index)
        compare_numbers(compare, "get_input_activation", ours, theirs)
        named = wg.get_input_activation(stimulus, activation_threshold=0.9, network=driven_worm)
        pd.testing.assert_frame_equal(named, ours, check_index_type=False)


# get_activations_for_path and activated_path_for_ngl


def compare_paths(
    reference: ModuleType, compare: Compare, path: pd.DataFrame, *arguments: Any
) -> None:
    """Compare a table with activations, and what neuroglancer is given of it: rows in order."""
    theirs = reference.get_activations_for_path(path.copy(), *arguments)
    ours = wg.get_activations_for_path(path, *arguments)
    assert ours.index.equals(theirs.index)
    assert ours.columns.tolist() == theirs.columns.tolist()
    pd.testing.assert_frame_equal(ours[path.columns], theirs[path.columns])
    added = ["pre_activation", "post_activation"]
    compare_numbers(compare, "get_activations_for_path", ours[added], theirs[added])
    # Of the same table, so that rounding does not tell two activations apart.
    ours, theirs = (f.activated_path_for_ngl(theirs) for f in (wg, reference))
    assert ours.index.equals(theirs.index)
    assert ours.columns.tolist() == theirs.columns.tolist()
    assert ours["neuron_id"].tolist() == theirs["neuron_id"].tolist()
    numbers = ["layer", "activation"]
    compare_numbers(compare, "activated_path_for_ngl", ours[numbers], theirs[numbers])


@MANY
@given(seed=SEEDS, steps=st.integers(1, 4), start=st.integers(0, 2), grouped=st.booleans())
def test_random_paths(
    reference: ModuleType, compare: Compare, seed: int, steps: int, start: int, grouped: bool
) -> None:
    rng = np.random.default_rng(seed)
    groups = draw_groups(rng, 12) if grouped else None
    names = {i: str(name) for i, name in groups.items()} if groups else {i: i for i in range(12)}
    # The reference needs every member of a presynaptic group of layer 1 to be sensory.
    driven = rng.permutation(sorted(set(names.values())))[:3].tolist()
    sensory = rng.permutation([i for i in range(12) if names[i] in driven]).tolist()
    layer = rng.integers(1, steps + 1, 10)
    every = sorted(set(names.values()))
    pre = np.where(layer + start == 1, rng.choice(driven, 10), rng.choice(every, 10))
    path = pd.DataFrame(
        {"pre": pre, "post": rng.choice(every, 10), "layer": layer, "weight": rng.random(10)},
        index=rng.permutation(10),
    )
    activations = torch.from_numpy(rng.random((12, steps + start))).float()
    stimulus = torch.from_numpy(rng.random((len(sensory), 2))).float()
    compare_paths(reference, compare, path, activations, stimulus, sensory, groups, start)


@pytest.mark.parametrize("grouped", [True, False])
def test_worm_paths(
    reference: ModuleType,
    compare: Compare,
    driven_worm: wg.MultilayeredNetwork,
    worm_stimuli: np.ndarray,
    grouped: bool,
) -> None:
    groups = driven_worm.neurons["cell_type" if grouped else "id"].to_dict()
    sensory = driven_worm.sensory_indices.tolist()
    # Their groups are wholly sensory: the worm's roles go by class.
    stimulus, activations = worm_stimuli[0], driven_worm(worm_stimuli[0]).numpy()
    inprop = driven_worm.weights.to_scipy().T
    path = wg.activations_to_df(inprop, stimulus, activations, sensory, groups)
    bare = path.drop(columns=["pre_activation", "post_activation"])
    assert len(bare) > 2_000
    compare_paths(reference, compare, bare, activations, stimulus, sensory, groups, 0)
    later = bare[bare["layer"] < 3]
    compare_paths(reference, compare, later, activations, None, None, groups, 2)


def test_larva_paths(reference: ModuleType, compare: Compare, shared_data: SharedData) -> None:
    larva = wg.Connectome.load(shared_data("larva"))
    network = wg.MultilayeredNetwork.from_connectome(
        larva, "role=sensory", 3, sign=1, group_by="simple_group", device="cpu"
    )
    stimulus = np.random.default_rng(0).random((len(network.sensory_indices), 3))
    activations = network(stimulus).numpy()
    groups = dict(enumerate(larva.group_labels("simple_group")))
    sensory = network.sensory_indices.tolist()
    path = wg.activations_to_df(network, stimulus, activations)
    # The reference needs every member of a presynaptic group of layer 1 to be sensory.
    mixed = {groups[i] for i in set(range(larva.n_neurons)) - set(sensory)}
    path = path[(path["layer"] > 1) | ~path["pre"].isin(mixed)]
    assert path["layer"].nunique() == 3
    compare_paths(reference, compare, path, activations, stimulus, sensory, groups, 0)


# activity_by_column

LONG = ["time_step", "cell_group", "time_point"]


def compare_long(compare: Compare, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Compare rows in order; the reference numbers them by the order before its sort."""
    assert ours[LONG].to_numpy().tolist() == theirs[LONG].to_numpy().tolist()
    assert ours.dtypes.tolist() == theirs.dtypes.tolist()
    compare_tables(compare, "activity_by_column", ours, theirs.reset_index(drop=True), LONG)


@MANY
@given(seed=SEEDS, steps=st.integers(1, 3), driven=st.booleans())
def test_random_columns(
    reference: ModuleType, compare: Compare, seed: int, steps: int, driven: bool
) -> None:
    rng = np.random.default_rng(seed)
    groups = draw_groups(rng, 14)
    columns = dict(enumerate(rng.integers(1, 5, 14).tolist()))
    selected = rng.permutation(sorted(set(groups.values())))[:3].tolist()
    activity = torch.from_numpy(rng.random((14, steps)))
    stimulus = sensory = None
    if driven:
        # The reference divides by the largest column that is sensory: here it is the largest.
        largest = pd.Series(columns).groupby(pd.Series(groups)).transform("max")
        chosen = (pd.Series(columns) == largest) | (rng.random(14) < 0.3)
        sensory = np.flatnonzero(chosen).tolist()
        stimulus = torch.from_numpy(rng.random((len(sensory), steps)))
    arguments = activity, groups, columns, selected, stimulus, sensory
    ours, theirs = (f.activity_by_column(*arguments) for f in (wg, reference))
    compare_long(compare, ours, theirs)


def test_the_columns_of_the_fly_eye(
    reference: ModuleType, compare: Compare, fly_column: wg.Connectome
) -> None:
    eye = fly_column.subset(["R1", "L1", "Mi1", "T4a"])
    network = wg.MultilayeredNetwork.from_connectome(eye, "R1", 3, device="cpu")
    sensory = network.sensory_indices.tolist()
    stimulus = np.random.default_rng(0).random((len(sensory), 3))
    activity = network(stimulus).numpy()
    groups, columns = eye.neurons["cell_type"].to_dict(), eye.neurons["u"].to_dict()
    arguments = activity, groups, columns, ["T4a", "L1", "R1"], stimulus, sensory
    ours, theirs = (f.activity_by_column(*arguments) for f in (wg, reference))
    compare_long(compare, ours, theirs)


# add_sign and scipy_sparse_to_pytorch


@MANY
@given(seed=SEEDS, n=st.integers(1, 8), density=st.floats(0, 1))
def test_random_signs(
    reference: ModuleType, compare: Compare, seed: int, n: int, density: float
) -> None:
    rng = np.random.default_rng(seed)
    # Of weights that are negative already the reference makes positive ones.
    inprop = sparse.csr_matrix(rng.random((n, n)) * (rng.random((n, n)) < density))
    signs = {0: 1, **{i: int(rng.integers(-1, 2)) for i in range(n) if rng.random() < 0.8}}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*have no sign in idx_to_sign")
        ours = wg.add_sign(inprop, signs)
    theirs = reference.add_sign(inprop, signs)
    assert type(ours) is type(theirs)
    compare_numbers(compare, "add_sign", ours.toarray(), theirs.toarray())


def test_signs_and_tensors_of_the_worm(
    reference: ModuleType, compare: Compare, worm: wg.Connectome
) -> None:
    inprop = sparse.csr_matrix(worm.weights(sign=1).matrix.T)
    signs = dict(enumerate(np.random.default_rng(0).choice([-1, 1], 302).tolist()))
    ours, theirs = (f.add_sign(inprop, signs) for f in (wg, reference))
    compare_numbers(compare, "add_sign", ours.toarray(), theirs.toarray())
    theirs = utils().scipy_sparse_to_pytorch(theirs, torch.device("cpu"))
    compare_tensors(compare, wg.scipy_sparse_to_pytorch(ours, "cpu"), theirs)


@MANY
@given(seed=SEEDS, shape=st.tuples(st.integers(1, 8), st.integers(1, 8)))
def test_random_tensors(
    reference: ModuleType, compare: Compare, seed: int, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(seed)
    matrix = sparse.coo_matrix(rng.normal(size=shape) * (rng.random(shape) < 0.4))
    matrix = matrix.asformat(str(rng.choice(["csr", "csc", "coo", "lil"])))
    theirs = utils().scipy_sparse_to_pytorch(matrix, torch.device("cpu"))
    compare_tensors(compare, wg.scipy_sparse_to_pytorch(matrix, "cpu"), theirs)


def compare_tensors(compare: Compare, ours: torch.Tensor, theirs: torch.Tensor) -> None:
    theirs = theirs.coalesce()
    assert ours.dtype == theirs.dtype
    assert ours.layout == theirs.layout
    assert torch.equal(ours.indices(), theirs.indices())
    compare_numbers(
        compare, "scipy_sparse_to_pytorch", ours.values().numpy(), theirs.values().numpy()
    )


def utils() -> ModuleType:
    return sys.modules["connectome_interpreter.utils"]


# Names and signatures


def public_names() -> dict[str, Any]:
    """List the functions and classes that the reference defines and exports."""
    package = sys.modules["connectome_interpreter"]
    found = {name: getattr(package, name) for name in dir(package) if not name.startswith("_")}
    return {
        name: thing
        for name, thing in found.items()
        if (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__.startswith("connectome_interpreter.")
    }


def test_every_public_name_is_here_or_its_place_is_told(reference: ModuleType) -> None:
    here = set(wg.__all__)
    assert set(public_names()) - here == set(ELSEWHERE)


@pytest.mark.parametrize(
    "name",
    [
        *("input_from_df", "get_neuron_activation", "get_activations_for_path"),
        *("activated_path_for_ngl", "get_input_activation", "activity_by_column"),
        *("add_sign", "scipy_sparse_to_pytorch"),
    ],
)
def test_signatures_are_kept(reference: ModuleType, name: str) -> None:
    """The same arguments in the same order; what is new has a default, and must be named."""
    theirs = inspect.signature(public_names()[name]).parameters
    ours = inspect.signature(getattr(wg, name)).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    for parameter in list(ours.values())[len(theirs) :]:
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert parameter.default is None
    for argument, parameter in theirs.items():
        if parameter.default is not parameter.empty and argument != "device":
            assert ours[argument].default == parameter.default
