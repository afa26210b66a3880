"""Stimuli of every real kind, brought to one form; what does not fit is named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import wiregrad as wg
from wiregrad.network._stimulus import read_stimulus

MakeChain = Callable[..., wg.MultilayeredNetwork]

VALUES = np.array([[[0, 1, 1], [1, 0, 1]]])
REAL_DTYPES = ["int8", "uint8", "uint16", "int64", "float16", "float32", "float64", "bool", ">f8"]
NOT_FINITE = [np.nan, np.inf, -np.inf]


def read(inputs: Any, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return read_stimulus(inputs, 2, 3, dtype, torch.device("cpu"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("given", [*REAL_DTYPES, "longdouble"])
def test_decision_02_any_real_dtype_of_numpy(given: str, dtype: torch.dtype) -> None:
    stimulus = read(VALUES.astype(given), dtype)
    assert stimulus.dtype == dtype
    assert stimulus.tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    "given", [torch.uint8, torch.int64, torch.float16, torch.float64, torch.bool]
)
def test_decision_02_any_real_dtype_of_torch(given: torch.dtype) -> None:
    stimulus = read(torch.tensor(VALUES).to(given))
    assert stimulus.dtype == torch.float32
    assert stimulus.tolist() == VALUES.tolist()


def read_only() -> np.ndarray:
    array = VALUES.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "inputs",
    [
        read_only(),
        VALUES.transpose(2, 1, 0).copy().transpose(2, 1, 0),
        VALUES[..., ::-1].copy()[..., ::-1],
    ],
    ids=["read-only", "transposed", "backwards"],
)
def test_decision_02_arrays_however_they_lie_in_memory(inputs: np.ndarray) -> None:
    assert read(inputs).tolist() == VALUES.tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_decision_02_the_network_answers_in_its_own_dtype(
    make_chain: MakeChain, dtype: torch.dtype
) -> None:
    network = make_chain(num_layers=3).to(dtype)
    for inputs in (np.ones((1, 3)), np.ones((1, 3), dtype=int), torch.ones(1, 3)):
        assert network(inputs).dtype == dtype


def test_decision_02_the_gradient_comes_back_in_the_stimulus_dtype(make_chain: MakeChain) -> None:
    stimulus = torch.ones(1, 2, dtype=torch.float64, requires_grad=True)
    make_chain()(stimulus).sum().backward()
    assert stimulus.grad.dtype == torch.float64
    assert stimulus.grad.abs().sum() > 0


def test_one_stimulus_is_a_batch_of_one() -> None:
    assert torch.equal(read(VALUES[0]), read(VALUES))


def test_values_are_as_given() -> None:
    given = torch.tensor([[-1.0, 0.001, 7.0], [0.5, 1.0, 0.0]])
    assert torch.equal(read(given)[0], given)


@pytest.mark.parametrize("make", [np.zeros, torch.zeros])
@pytest.mark.parametrize(
    "shape", [(2, 2), (3, 3), (1, 2, 2), (4, 1, 3), (2, 0), (3,), (1, 1, 2, 3)]
)
def test_decision_04_a_shape_that_does_not_fit_is_shown_with_the_right_one(
    make: Callable[..., Any], shape: tuple[int, ...]
) -> None:
    shown = str(shape).replace("(", r"\(").replace(")", r"\)")
    message = (
        rf"inputs have shape {shown}, but the network needs \(2, 3\) or \(batch, 2, 3\): "
        r"2 sensory neurons x 3 steps"
    )
    with pytest.raises(ValueError, match=message):
        read(make(shape))


def test_decision_04_further_columns_are_ignored_with_one_warning(make_chain: MakeChain) -> None:
    network = make_chain(num_layers=2)
    stimulus = torch.tensor([[[1.0, 0.5, 0.9, 0.9]]])
    message = r"inputs have 4 steps but the network has num_layers=2: the first 2 are used"
    with pytest.warns(UserWarning, match=message) as caught:
        output = network(stimulus)
    assert len(caught) == 1
    assert caught[0].filename == __file__, "it points at the caller"
    assert torch.equal(output, network(stimulus[..., :2]))


def test_a_stimulus_that_fits_warns_of_nothing(make_chain: MakeChain) -> None:
    with warnings.catch_warnings(record=True) as caught:
        make_chain()(read_only()[0, :1, :2])
    assert not caught


@pytest.mark.parametrize("bad", NOT_FINITE)
@pytest.mark.parametrize("make", [np.asarray, torch.tensor])
def test_decision_05_inputs_that_are_not_finite_are_named(
    make: Callable[..., Any], bad: float
) -> None:
    values = VALUES.astype(float)
    values[0, 1, 2] = bad
    message = (
        r"inputs hold 1 values that are NaN or infinite, first at \[\(0, 1, 2\)\]: "
        r".*numpy\.nan_to_num or \.fillna\(0\)"
    )
    with pytest.raises(ValueError, match=message):
        read(make(values))


def test_decision_05_only_the_first_places_are_listed() -> None:
    with pytest.raises(ValueError, match=r"6 values .* first at \[(\(\d, \d\)(, )?){5}\]"):
        read(np.full((2, 3), np.nan))


@pytest.mark.parametrize("inputs", [[[0.0] * 3] * 2, pd.DataFrame(VALUES[0]), None, "stimulus"])
def test_refuses_what_is_no_array(inputs: Any) -> None:
    with pytest.raises(TypeError, match=r"must be a numpy array or a torch tensor, not \w+"):
        read(inputs)


@pytest.mark.parametrize(
    "inputs",
    [VALUES.astype(complex), VALUES.astype(object), VALUES.astype(str), torch.tensor(VALUES) * 1j],
)
def test_refuses_numbers_that_are_not_real(inputs: Any) -> None:
    with pytest.raises(TypeError, match=r"inputs must hold real numbers, not .+"):
        read(inputs)


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_the_argument_is_not_changed(make_chain: MakeChain, make: Callable[..., Any]) -> None:
    values = [[-0.5, 0.001, 7.0]]
    given = make(values)
    make_chain(num_layers=3)(given)
    assert (given == make(values)).all()
