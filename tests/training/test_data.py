"""The data that a network is trained on: checked, and split in two."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from gradient_cases import make_chain
from hypothesis import given, settings
from hypothesis import strategies as st
from training_cases import draw_stimuli, make_grouped, make_problem, train

import wiregrad as wg
from wiregrad.training._data import read_training_inputs, split_data


def split(
    targets: pd.DataFrame, n_members: int = 10, fraction: float = 0.8, seed: int = 42
) -> tuple[Any, Any]:
    network = make_grouped()
    return split_data(draw_stimuli(network, n_members), targets, network, fraction, seed)


def rows(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"batch": range(10), "neuron_idx": 3, "value": 0.5, **columns})


# The split.


@settings(deadline=None, max_examples=30)
@given(n_members=st.integers(2, 60), fraction=st.floats(0.5, 1), seed=st.integers(0, 2**32 - 1))
@pytest.mark.filterwarnings("ignore:there is nothing to validate on:UserWarning")
def test_decision_17_draws_what_numpy_draws_after_its_global_seed(
    n_members: int, fraction: float, seed: int
) -> None:
    targets = pd.DataFrame({"batch": range(n_members), "neuron_idx": 3, "value": 0.5})
    part, other = split(targets, n_members, fraction, seed)
    before = np.random.get_state()  # noqa: NPY002  what is compared with
    np.random.seed(seed)  # noqa: NPY002
    drawn = np.random.choice(range(n_members), int(n_members * fraction), replace=False)  # noqa: NPY002
    np.random.set_state(before)  # noqa: NPY002
    assert part.indices.tolist() == drawn.tolist()
    assert other.indices.tolist() == sorted(set(range(n_members)) - set(drawn.tolist()))


def test_decision_17_the_global_random_state_is_neither_read_nor_set() -> None:
    network, stimuli, targets = make_problem()
    before = (np.random.get_state()[1].tolist(), torch.get_rng_state(), random.getstate())  # noqa: NPY002
    first = train(network, stimuli, targets, num_epochs=1)
    after = (np.random.get_state()[1].tolist(), torch.get_rng_state(), random.getstate())  # noqa: NPY002
    assert before[0] == after[0]
    assert torch.equal(before[1], after[1])
    assert before[2] == after[2]
    torch.rand(3)
    np.random.rand(3)  # noqa: NPY002
    again = train(network, stimuli, targets, num_epochs=1)
    assert np.array_equal(first.train_indices, again.train_indices)


def test_inputs_come_in_the_order_drawn_and_the_others_ascending() -> None:
    network, stimuli, targets = make_problem()
    result = train(network, stimuli, targets, num_epochs=0)
    assert result.train_indices.tolist() != sorted(result.train_indices)
    assert result.val_indices.tolist() == sorted(result.val_indices)
    assert sorted([*result.train_indices, *result.val_indices]) == list(range(10))
    assert torch.equal(result.train_inputs, stimuli[result.train_indices])
    assert torch.equal(result.val_inputs, stimuli[result.val_indices])


def test_targets_come_by_member_and_count_members_in_the_order_drawn() -> None:
    targets = rows(batch=[5, 0, 5, 1, 2, 4, 3, 0, 1, 2], extra=range(10)).set_index(
        pd.Index(list("abcdefghij"))
    )
    train_part, validation = split(targets, n_members=6, fraction=0.9)
    drawn = train_part.indices.tolist()
    assert len(drawn) == 5
    for part in (train_part, validation):
        indices = part.indices.tolist()
        expected = targets[targets["batch"].isin(indices)].sort_values("batch", kind="stable")
        assert part.targets.index.tolist() == expected.index.tolist()
        assert part.targets["batch"].tolist() == [indices.index(b) for b in expected["batch"]]
        assert part.targets["batch"].dtype == np.int64
        assert part.targets["extra"].tolist() == expected["extra"].tolist()
        assert list(part.targets.columns) == list(targets.columns)


def test_nothing_that_was_given_is_changed() -> None:
    network, stimuli, targets = make_problem()
    copies = stimuli.clone(), targets.copy()
    train(network, stimuli, targets, num_epochs=2)
    assert torch.equal(stimuli, copies[0])
    pd.testing.assert_frame_equal(targets, copies[1])


def test_the_seed_is_kept_and_drawn_where_there_is_none() -> None:
    network, stimuli, targets = make_problem()
    assert train(network, stimuli, targets, num_epochs=0).seed == 42
    torch.manual_seed(1)
    drawn = train(network, stimuli, targets, num_epochs=0, seed=None)
    torch.manual_seed(1)
    again = train(network, stimuli, targets, num_epochs=0, seed=None)
    assert drawn.seed == again.seed != 42
    same = train(network, stimuli, targets, num_epochs=0, seed=drawn.seed)
    assert np.array_equal(drawn.train_indices, same.train_indices)


# Rows for which there is no stimulus.


def test_rows_of_members_without_a_stimulus_are_left_out_with_one_warning() -> None:
    targets = pd.concat([rows(), rows(batch=[-1, *range(10, 19)])])
    with pytest.warns(
        UserWarning, match=r"10 rows .* batch -1, 10, 11, 12, 13 and 5 more; .*10 batch members, c"
    ) as warned:
        train_part, validation = split(targets)
    assert len(warned) == 1
    assert len(train_part.targets) + len(validation.targets) == 10


def test_decision_21_nothing_to_validate_on_is_a_warning() -> None:
    network, stimuli, targets = make_problem()
    with pytest.warns(UserWarning, match="there is nothing to validate on: val_loss is NaN"):
        result = train(network, stimuli, targets, num_epochs=3, train_fraction=1)
    assert np.isnan(result.history["val_loss"]).all()
    assert len(result.history["val_loss"]) == 3
    assert np.isnan(result.kept_val_loss)
    assert result.kept_epoch == 3, "the last parameters are kept"
    assert len(result.val_inputs) == len(result.val_targets) == len(result.val_indices) == 0
    some = targets[targets["batch"].isin(result.train_indices[:8])]
    with pytest.warns(UserWarning, match=r"2 batch members are not trained on, and none of them"):
        train(network, stimuli, some, num_epochs=1)


def test_decision_21_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"train_fraction=0.05 of 10 batch members is less than"):
        split(rows(), fraction=0.05)
    drawn = split(rows())[0].indices
    only_others = rows(batch=[np.setdiff1d(range(10), drawn)[0]] * 10)
    with pytest.raises(ValueError, match=r"none of the 8 batch members that were drawn has a tar"):
        split(only_others)
    with pytest.raises(ValueError, match=r"there are no targets: the frame has no rows"):
        split(rows().iloc[:0])
    with pytest.raises(ValueError, match=r"no row of the targets has a stimulus: .* not 99"):
        split(rows(batch=[99] * 10))


# Names.


def test_neurons_are_indices_ids_or_groups_and_a_group_means_all_its_members(
    worm_network: wg.MultilayeredNetwork,
) -> None:
    stimuli = draw_stimuli(worm_network, 5)
    named = pd.DataFrame(
        {"batch": range(5), "neuron_idx": ["AVA", "AVAL", 54, "AVB", "PLM"], "value": 0.5}
    )
    part, _ = (
        split_data(stimuli, named.assign(batch=0), worm_network, 1.0, 0)
        if False
        else (split_data(stimuli, named, worm_network, 0.8, 0))
    )
    drawn = part.indices.tolist()
    expected = [
        (drawn.index(batch), neuron)
        for batch, what in enumerate(named["neuron_idx"])
        if batch in drawn
        for neuron in worm_network.find(what).tolist()
    ]
    found = zip(part.responses.member.tolist(), part.responses.neuron.tolist(), strict=True)
    assert sorted(found) == sorted(expected)
    kept = named[named["batch"].isin(drawn)]["neuron_idx"].tolist()
    assert part.targets["neuron_idx"].tolist() == kept, "the frame is as it was given"


# What is refused.

BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"value": [np.nan, *[0.5] * 9]}, r"1 rows .* hold NaN.*\(targets.dropna\(\)\).*fillna\(0\)"),
    ({"value": [np.inf, *[0.5] * 9]}, r"1 rows of the targets hold NaN, infinity .*\n.*\n.*inf"),
    ({"value": ["high", *[0.5] * 9]}, r"a value that is no number.*\n.*\n.*high"),
    ({"batch": [np.nan, *range(9)]}, r"1 rows of the targets hold NaN.*\n.*\n.*NaN"),
    ({"neuron_idx": [None, *[1] * 9]}, r"1 rows of the targets hold NaN"),
    ({"layer": [np.nan, *[1] * 9]}, r"1 rows of the targets hold NaN.*\n.*layer.*\n.*NaN"),
    ({"batch": [0.5, *range(9)]}, r"'batch' must be whole numbers:\n.*\n.*0\.5"),
    ({"layer": [3, *[1] * 9]}, r"target layer 3 is out of range: .*num_layers=3 \(0 to 2, or neg"),
    ({"layer": [-4, *[1] * 9]}, r"target layer -4 is out of range"),
    ({"layer": [0.5, *[1] * 9]}, r"'layer' must be whole numbers"),
    (
        {"neuron_idx": 24},
        r"target neuron 24 is not in the network: .* index \(0 to 23\).*\n.*neuro",
    ),
    ({"neuron_idx": -1}, r"target neuron -1 is not in the network"),
    ({"neuron_idx": "e"}, r"target neuron 'e' is not in the network: 'e' is not the name of a gr"),
]


@pytest.mark.parametrize(("columns", "message"), BAD_ROWS)
def test_decision_05_bad_targets_are_refused_and_shown(
    columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        split(rows(**columns))


def test_decision_12_negative_layers_count_from_the_end() -> None:
    part, _ = split(rows(layer=-1))
    assert part.responses.layer.tolist() == [2] * 8


def test_a_missing_column_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"must contain columns: 'batch', 'neuron_idx', 'value'.*lacks neuron_idx"
    ):
        split(rows().rename(columns={"neuron_idx": "neuron"}))
    with pytest.raises(TypeError, match=r"targets are a DataFrame with the columns .* not dict"):
        split({0: {1: 0.5}})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (np.ones((1, 2)), ValueError, r"shape \(1, 2\), but training needs .* \(batch, 1, 2\)"),
        (np.ones((5, 2, 2)), ValueError, r"shape \(5, 2, 2\), but training needs"),
        (np.ones((5, 1, 1)), ValueError, r"shape \(5, 1, 1\), but training needs"),
        (np.full((5, 1, 2), np.nan), ValueError, r"inputs hold 10 values that are NaN or infinite"),
        ([[[1.0, 2.0]]], TypeError, r"inputs must be a torch tensor or a numpy array, not list"),
        (np.ones((5, 1, 2), complex), TypeError, r"inputs must hold real numbers"),
    ],
)
def test_decision_04_inputs_that_do_not_fit_are_refused(
    inputs: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_training_inputs(inputs, make_chain())


def test_decision_04_the_first_steps_are_used_of_longer_inputs_with_one_warning() -> None:
    network, stimuli, targets = make_problem()
    result = train(network, stimuli, targets, num_epochs=3)
    longer = torch.cat([stimuli, torch.ones(10, 8, 2)], dim=2)
    with pytest.warns(UserWarning, match=r"have 5 steps .* the first 3 are used") as warned:
        same = train(make_problem()[0], longer, targets, num_epochs=3)
    assert len(warned) == 1
    assert same.history == result.history
    assert same.train_inputs.shape[2] == 5, "what is returned is as it was given"


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, bool])
def test_decision_02_inputs_of_any_real_dtype(dtype: Any) -> None:
    inputs = np.ones((5, 1, 2), dtype=dtype)
    assert read_training_inputs(inputs, make_chain()).dtype == torch.float32
    double = read_training_inputs(torch.from_numpy(inputs), make_chain().double())
    assert double.dtype == torch.float64
