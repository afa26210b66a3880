"""Connections between active groups, layer by layer, against loops."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from path_cases import COLUMNS, VALUES, PathCase, path_cases, paths_by_loops
from scipy import sparse
from table_cases import QUICK

import wiregrad as wg

TYPES = {
    "weight": "float64",
    "layer": "int64",
    "pre_activation": "float64",
    "post_activation": "float64",
}

#: 0 excites 1 and 2, 1 inhibits 2; 0 and 3 are sensory.
INPROP = np.array(
    [[0, 0.5, 0.2, 0], [0, 0, -0.4, 0], [0, 0, 0, 0], [0, 0, 0.0005, 0]], dtype=np.float64
)
STIMULUS = np.array([[1.0, 0.0], [0.6, 0.0]])
OUT = np.array([[0.0, 0.1], [0.9, 0.2], [0.3, 0.8], [0.0, 0.4]])


def assert_rows(table: pd.DataFrame, expected: list[tuple[Any, ...]]) -> None:
    """Compare a table, its order included, with what its rows must hold."""
    assert list(table.columns) == COLUMNS
    texts = ["pre", "post", "layer"]
    wanted = pd.DataFrame(expected, columns=COLUMNS)
    assert table[texts].to_numpy().tolist() == wanted[texts].to_numpy().tolist()
    np.testing.assert_allclose(
        table[VALUES].to_numpy(), wanted[VALUES].to_numpy(dtype=np.float64), rtol=1e-9
    )
    assert table[list(TYPES)].dtypes.astype(str).to_dict() == TYPES
    assert isinstance(table.index, pd.RangeIndex)


# Mathematics


@QUICK
@given(path_cases())
def test_the_table_equals_loops(case: PathCase) -> None:
    for member in range(len(case.out)):
        assert_rows(case.table(member), paths_by_loops(case, member))


@QUICK
@given(path_cases())
def test_the_table_of_a_batch_is_that_of_its_members_one_after_the_other(case: PathCase) -> None:
    table = case.batched_table()
    assert list(table.columns) == [*COLUMNS, "batch"]
    assert table["batch"].dtype == np.int64
    expected, members = [], []
    for member in range(len(case.out)):
        rows = paths_by_loops(case, member)
        expected += rows
        members += [member] * len(rows)
    assert table.pop("batch").tolist() == members
    assert_rows(table, expected)


@QUICK
@given(path_cases())
def test_high_ram_changes_nothing(case: PathCase) -> None:
    arguments = case.inprop, case.stimuli[0], case.out[0], case.sensory, *case.options
    frame = wg.activations_to_df(*arguments, high_ram=False)
    pd.testing.assert_frame_equal(frame, wg.activations_to_df(*arguments, high_ram=True))


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        lambda dense: dense.astype(np.float32),
        sparse.csr_array,
        sparse.csc_matrix,
        sparse.coo_array,
        torch.from_numpy,
        lambda dense: torch.from_numpy(dense).to_sparse(),
        lambda dense: torch.from_numpy(dense).to_sparse_csr(),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
@pytest.mark.filterwarnings("ignore:Sparse invariant checks are implicitly disabled")
def test_weights_of_every_kind_give_one_table(convert: Any) -> None:
    expected = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3])
    given_kind = wg.activations_to_df(convert(INPROP), STIMULUS, OUT, [0, 3])
    pd.testing.assert_frame_equal(given_kind, expected)
    assert len(expected) > 3


def test_entries_given_twice_are_added_up() -> None:
    twice = sparse.coo_array(([0.25, 0.25], ([0, 0], [1, 1])), shape=(2, 2))
    table = wg.activations_to_df(twice, np.ones((1, 1)), np.ones((2, 1)), [0])
    assert table["weight"].tolist() == [0.5]


def test_integer_counts_and_float32_tensors_are_taken() -> None:
    counts = np.array([[0, 3], [0, 0]])
    out = torch.tensor([[0.0], [0.5]], requires_grad=True)
    table = wg.activations_to_df(counts, torch.ones(1, 1), out, torch.tensor([0]))
    assert table[VALUES].to_numpy().tolist() == [[3.0, 1.0, 0.5]]


def test_a_float32_activation_equal_to_the_threshold_passes() -> None:
    out = np.array([[0.0], [0.7]], dtype=np.float32)
    inprop = np.array([[0, 1.0], [0, 0]])
    table = wg.activations_to_df(inprop, np.ones((1, 1)), out, [0], activation_threshold=0.7)
    assert len(table) == 1


def test_each_step_may_have_its_own_threshold() -> None:
    table = wg.activations_to_df(
        INPROP, STIMULUS, OUT, [0, 3], activation_threshold={0: 0.5, 1: 0.7}
    )
    rows = [("0", "1", 0.5, 1, 1.0, 0.9), ("1", "2", -0.4, 2, 0.9, 0.8)]
    assert_rows(table, rows)


def test_at_threshold_zero_every_group_counts_as_active() -> None:
    table = wg.activations_to_df(INPROP, STIMULUS, np.zeros((4, 2)), [0, 3])
    pairs = {("0", "1"), ("0", "2"), ("1", "2"), ("3", "2")}
    assert set(zip(*table[table["layer"] == 2][["pre", "post"]].to_numpy().T, strict=True)) == pairs
    first = table[table["layer"] == 1]  # only sensory neurons act on layer 1
    assert first["pre"].tolist() == ["0", "0", "3"]


def test_arguments_are_left_as_they_are() -> None:
    weights, groups = sparse.coo_array(INPROP), dict(enumerate("abba"))
    stimulus, out = STIMULUS.copy(), OUT.copy()
    wg.activations_to_df(weights, stimulus, out, [0, 3], groups, activation_threshold=0.2)
    assert (weights.toarray() == INPROP).all()
    assert weights.coords[0].tolist() == sparse.coo_array(INPROP).coords[0].tolist()
    assert (stimulus == STIMULUS).all()
    assert (out == OUT).all()


# Networks


def test_a_network_brings_weights_groups_and_sensory_neurons(
    worm_network: wg.MultilayeredNetwork, worm: wg.Connectome
) -> None:
    stimulus = np.random.default_rng(0).random((83, 3))
    out = worm_network(stimulus)
    table = wg.activations_to_df(worm_network, stimulus, out, activation_threshold=0.2)
    expected = wg.activations_to_df(
        worm.weights().matrix.T,
        stimulus,
        out,
        worm_network.sensory_indices,
        dict(enumerate(worm.group_labels())),
        activation_threshold=0.2,
    )
    pd.testing.assert_frame_equal(table, expected)
    assert (table["weight"] < 0).any()


def test_a_network_names_neurons_by_columns(
    worm_network: wg.MultilayeredNetwork, worm: wg.Connectome
) -> None:
    stimulus = np.ones((83, 3))
    out = worm_network(stimulus)
    by_id = wg.activations_to_df(worm_network, stimulus, out, inidx_mapping="id")
    assert set(by_id["pre"]) <= set(worm.neurons["id"])
    mixed = wg.activations_to_df(
        worm.weights().matrix.T,
        stimulus[:2],
        out,
        "ASH",
        "id",
        "group",
        network=worm_network,
    )
    assert set(mixed["pre"]) <= set(worm.neurons["id"])
    assert set(mixed["post"]) <= set(worm.neurons["cell_type"])
    assert set(mixed[mixed["layer"] == 1]["pre"]) == {"ASHL", "ASHR"}


def test_without_labels_neurons_are_called_by_their_index(
    bare_network: wg.MultilayeredNetwork,
) -> None:
    out = bare_network(np.array([[1.0, 0.0]]))
    table = wg.activations_to_df(bare_network, np.array([[1.0, 0.0]]), out)
    assert table[["pre", "post", "layer"]].to_numpy().tolist() == [
        *(["0", "1", 1], ["0", "1", 2], ["1", "2", 2])
    ]


# Decisions


def test_decision_02_integer_stimuli_and_tensors_are_taken() -> None:
    table = wg.activations_to_df(INPROP, torch.tensor([[1], [0]]), OUT, [0, 3])
    assert table[table["layer"] == 1]["pre_activation"].tolist() == [1.0, 1.0, 0.0]


def test_decision_03_the_order_of_sensory_indices_is_honoured() -> None:
    table = wg.activations_to_df(INPROP, STIMULUS, OUT, [3, 0])
    first = table[table["layer"] == 1].set_index(["pre", "post"])["pre_activation"]
    assert first["0", "1"] == 0.6
    assert first["3", "2"] == 1.0


@pytest.mark.parametrize("argument", ["model_input", "out", "inprop"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_decision_05_nan_and_infinity_are_refused(argument: str, value: float) -> None:
    arrays = {"inprop": INPROP.copy(), "model_input": STIMULUS.copy(), "out": OUT.copy()}
    arrays[argument][1, 1] = value
    message = rf"{argument} holds 1 .* NaN or infinite.*1, 1.*numpy.nan_to_num"
    with pytest.raises(ValueError, match=message):
        wg.activations_to_df(**arrays, sensory_indices=[0, 3])


def test_decision_23_inhibitory_edges_keep_their_sign_and_are_filtered_by_size() -> None:
    table = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3], connectivity_threshold=0.3)
    second = table[table["layer"] == 2].set_index(["pre", "post"])["weight"]
    assert second.to_dict() == {("0", "1"): 0.5, ("1", "2"): -0.4}


def test_decision_23_no_other_limit_hides_weights() -> None:
    table = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3])
    assert 0.0005 in table["weight"].tolist()


def test_decision_23_different_groupings_work_in_every_layer() -> None:
    mappings = {0: "in", 1: "in", 2: "x", 3: "y"}, {0: "A", 1: "B", 2: "B", 3: "C"}
    table = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3], *mappings)
    second = table[table["layer"] == 2].set_index(["pre", "post"])
    assert set(second.index) == {("in", "B"), ("y", "B")}
    assert second.loc[("in", "B")].to_dict() == pytest.approx(
        {"weight": 0.15, "layer": 2, "pre_activation": 0.45, "post_activation": 0.5}
    )


def test_decision_23_the_index_is_unique() -> None:
    case = np.stack([STIMULUS] * 3), np.stack([OUT] * 3)
    assert wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3]).index.is_unique
    assert wg.activations_to_df_batched(INPROP, *case, [0, 3]).index.is_unique


def test_decision_23_nothing_active_gives_an_empty_table_of_the_same_columns() -> None:
    limits = {"sensory_indices": [0, 3], "activation_threshold": 0.95}
    full = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3])
    empty = wg.activations_to_df(INPROP, STIMULUS, OUT, **limits)
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    batch = np.stack([STIMULUS, STIMULUS]), np.stack([OUT, np.full_like(OUT, 0.99)])
    table = wg.activations_to_df_batched(INPROP, *batch, **limits)
    assert set(table["batch"]) == {1}
    nothing = wg.activations_to_df_batched(INPROP, *(part[:1] for part in batch), **limits)
    assert len(nothing) == 0
    pd.testing.assert_series_equal(nothing.dtypes, table.dtypes)


def test_decision_23_no_table_of_all_neurons_by_all_is_made() -> None:
    n = 100_000  # by itself: 80 GB
    weights = sparse.coo_array(([0.5, -0.5], ([0, n - 1], [1, 1])), shape=(n, n))
    tracemalloc.start()
    table = wg.activations_to_df(weights, np.ones((2, 1)), np.ones((n, 2)), [0, n - 1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table["weight"].tolist() == [0.5, -0.5] * 2
    assert peak < 100e6


WHOLE_BRAIN = """
import sys
from pathlib import Path
import numpy as np
import wiregrad as wg

brain = wg.Connectome.load(sys.argv[1])
network = wg.MultilayeredNetwork.from_connectome(
    brain, range(brain.n_neurons), steps=5, sign="sign", device="cpu"
)
activations = np.random.default_rng(0).random((brain.n_neurons, 5))
table = wg.activations_to_df(network, activations, activations, inidx_mapping="id")
peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
print(len(table), int(peak) * 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_decision_23_the_whole_brain_ungrouped_fits_in_2_gb(
    shared_data: Callable[[str], Path],
) -> None:
    command = [sys.executable, "-c", WHOLE_BRAIN, str(shared_data("flywire783"))]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, peak = map(int, output.split())
    assert rows > 10_000_000
    assert peak < 2e9


def test_decision_25_a_presynaptic_group_counts_its_sensory_neurons_in_layer_1() -> None:
    groups = {0: "mixed", 1: "mixed", 2: "post", 3: "other"}
    out = OUT.copy()
    out[1] = 0.123
    table = wg.activations_to_df(INPROP, STIMULUS, out, [0, 3], groups)
    row = table[(table["layer"] == 1) & (table["pre"] == "mixed") & (table["post"] == "post")]
    assert row["pre_activation"].tolist() == [1.0]


def test_decision_31_rows_come_by_layer_pre_and_post_as_text() -> None:
    n = 12
    rng = np.random.default_rng(0)
    out = rng.random((n, 3))
    table = wg.activations_to_df(rng.random((n, n)), rng.random((n, 1)), out, range(n - 1, -1, -1))
    assert len(table) == 3 * n * n
    in_order = table.sort_values(["layer", "pre", "post"], kind="stable")
    assert (in_order.index == table.index).all()
    assert table["pre"].unique()[:4].tolist() == ["0", "1", "10", "11"]


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inprop": INPROP[:3]}, r"inprop must be square.*not \(3, 4\)"),
        ({"inprop": np.ones(4)}, r"inprop must be a matrix.*not of shape \(4,\)"),
        ({"inprop": INPROP * 1j}, "inprop must hold real numbers, not complex128"),
        ({"inprop": INPROP.tolist()}, "inprop must be a scipy sparse .*not list"),
        ({"sensory_indices": None}, "sensory_indices is missing"),
        ({"sensory_indices": [0, 0]}, "sensory_indices are repeated: 0"),
        ({"sensory_indices": [0, 4]}, "sensory_indices are out of range.* 4"),
        ({"sensory_indices": {0, 3}}, "sensory_indices is a set, which has no order"),
        ({"sensory_indices": [0]}, r"model_input has shape \(2, 2\).*\(1, steps\).*1 sensory"),
        ({"out": OUT[:2]}, r"out has shape \(2, 2\).*\(4, steps\).*each of the 4 neurons"),
        ({"out": OUT[:, :0]}, r"out has shape \(4, 0\).*at least one step"),
        ({"out": OUT[None]}, r"out has shape \(1, 4, 2\).*activations_to_df_batched takes this"),
        ({"out": OUT.astype(str)}, "out must hold real numbers, not <U"),
        ({"inidx_mapping": {0: "a"}}, "3 neurons have no group in inidx_mapping: 1, 2, 3"),
        ({"outidx_mapping": {0: "a"}}, "3 neurons have no group in outidx_mapping: 1, 2, 3"),
        ({"inidx_mapping": "group"}, "inidx_mapping='group' names a column, but there is no net"),
        ({"activation_threshold": np.nan}, "activation_threshold is NaN"),
        ({"connectivity_threshold": np.nan}, "connectivity_threshold is NaN"),
    ],
)
def test_bad_input_is_refused(arguments: dict[str, Any], message: str) -> None:
    usual = {"inprop": INPROP, "model_input": STIMULUS, "out": OUT, "sensory_indices": [0, 3]}
    with pytest.raises((ValueError, TypeError), match=message):
        wg.activations_to_df(**(usual | arguments))


def test_a_batch_of_the_wrong_shape_is_refused() -> None:
    stimuli, out = np.stack([STIMULUS] * 2), np.stack([OUT] * 3)
    with pytest.raises(ValueError, match="opt_in has 2 batch members and out has 3"):
        wg.activations_to_df_batched(INPROP, stimuli, out, [0, 3])
    with pytest.raises(ValueError, match=r"\(4, 2\).*\(batch, 4, steps\).*activations_to_df takes"):
        wg.activations_to_df_batched(INPROP, stimuli, OUT, [0, 3])


def test_a_network_that_does_not_fit_is_refused(
    bare_network: wg.MultilayeredNetwork, worm_network: wg.MultilayeredNetwork
) -> None:
    with pytest.raises(ValueError, match="inprop has 2 neurons, the network 4"):
        wg.activations_to_df(np.eye(2), STIMULUS, OUT, network=bare_network)
    with pytest.raises(ValueError, match="two different networks"):
        wg.activations_to_df(bare_network, STIMULUS, OUT, network=worm_network)


# Text without objects


@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option is deprecated")
@pytest.mark.parametrize(
    ("option", "value"), [("future.infer_string", False), ("mode.string_storage", "python")]
)
def test_text_comes_in_the_dtype_that_pandas_gives_it(option: str, value: Any) -> None:
    usual = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3])
    with pd.option_context(option, value):
        table = wg.activations_to_df(INPROP, STIMULUS, OUT, [0, 3])
        assert table["pre"].dtype == pd.Series(["a"]).dtype
    assert table.to_numpy().tolist() == usual.to_numpy().tolist()
