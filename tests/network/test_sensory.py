"""The neurons that receive the stimulus: any sequence, its order kept, mistakes named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg
from wiregrad.network._sensory import read_sensory_indices

KINDS = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "uint8": lambda indices: np.array(indices, dtype=np.uint8),
    "tensor": torch.tensor,
    "Series": pd.Series,
    "nullable": lambda indices: pd.Series(indices, dtype="Int64"),
    "late index": lambda indices: pd.Series(indices, index=range(10, 10 + len(indices))),
    "Index": pd.Index,
    "dict keys": lambda indices: list(dict.fromkeys(indices)),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_decision_03_any_integer_sequence_in_its_order(kind: Callable[[list[int]], Any]) -> None:
    assert read_sensory_indices(kind([4, 0, 2]), 5).tolist() == [4, 0, 2]


def test_decision_03_a_range() -> None:
    assert read_sensory_indices(range(4, 0, -2), 5).tolist() == [4, 2]


def test_decision_03_row_i_drives_the_i_th_neuron_named(chain_weights: np.ndarray) -> None:
    stimulus = torch.tensor([[0.9, 0.9, 0.0], [0.3, 0.3, 0.0]])
    outputs = [
        wg.MultilayeredNetwork(chain_weights, order, 3, device="cpu")(stimulus[rows])
        for order, rows in (([2, 0], [0, 1]), ([0, 2], [1, 0]))
    ]
    assert torch.equal(*outputs)
    assert outputs[0][2, 0] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 5, 9], r"out of range: 5, 9; the network has 5 neurons \(0 to 4\)"),
        ([-1], r"out of range: -1; the network has 5 neurons"),
        ([3, 1, 3, 1], r"are repeated: 1, 3$"),
        ([], r"non-empty sequence .* shape \(0,\)"),
        ([[0, 1]], r"one-dimensional, .* shape \(1, 2\)"),
        (3, r"one-dimensional, .* shape \(\)"),
        ([0.0, 1.0], r"must be integers, not float64"),
        ([True, False, True, False, False], r"must be integers, not bool"),
        (["a"], r"must be integers, not <U1"),
        ({0, 1}, r"is a set, which has no order: pass a list"),
        (frozenset([0]), r"is a set, which has no order: pass a list"),
    ],
)
def test_decision_03_names_what_is_wrong(indices: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^sensory_indices .*{message}"):
        read_sensory_indices(indices, 5)


def test_the_result_is_a_copy() -> None:
    given = np.array([1, 0])
    read_sensory_indices(given, 2)[0] = 7
    assert given.tolist() == [1, 0]
