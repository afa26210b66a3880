"""Signs given to connectivity: every weight by a loop, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import wiregrad as wg

QUICK = settings(deadline=None, max_examples=30)
DENSE = np.array([[0.0, 0.5, 0.25], [0.0, -0.75, 0.0], [1.0, 0.0, 0.0]])
SIGNS = {0: -1, 1: 1, 2: -1}
KINDS = [
    *(sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix, sparse.lil_matrix),
    *(sparse.csr_array, sparse.csc_array, sparse.coo_array, np.asarray),
]


def dense(matrix: Any) -> np.ndarray:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    kind=st.sampled_from(KINDS),
)
def test_every_weight_is_that_of_a_loop(
    seed: int, shape: tuple[int, int], kind: Callable[[Any], Any]
) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=shape) * (rng.random(shape) < 0.5)
    signs = {pre: int(rng.choice([-1, 1])) for pre in range(shape[0])}
    expected = np.zeros(shape[::-1])
    for pre in range(shape[0]):
        for post in range(shape[1]):
            expected[post, pre] = signs[pre] * abs(weights[pre, post])
    signed = wg.add_sign(kind(weights), signs)
    np.testing.assert_array_equal(dense(signed), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_decision_29_the_kind_is_kept(kind: Callable[[Any], Any]) -> None:
    given = kind(DENSE)
    signed = wg.add_sign(given, SIGNS)
    if isinstance(given, np.ndarray):
        assert type(signed) is np.ndarray
        assert not np.signbit(signed[signed == 0]).any()
    else:
        array = isinstance(given, sparse.sparray)
        assert type(signed) is (sparse.coo_array if array else sparse.coo_matrix)
    np.testing.assert_array_equal(dense(given), DENSE)


@pytest.mark.parametrize("kind", KINDS)
def test_decision_29_a_second_time_changes_nothing(kind: Callable[[Any], Any]) -> None:
    once = wg.add_sign(kind(DENSE), SIGNS)
    twice = wg.add_sign(once.T, SIGNS)
    np.testing.assert_array_equal(dense(twice), dense(once))
    np.testing.assert_array_equal(dense(once), [[0, 0, -1], [-0.5, 0.75, 0], [-0.25, 0, 0]])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("uint8", "int16"),
        ("uint32", "int64"),
        ("uint64", "float64"),
        ("bool", "int8"),
        ("int8", "int8"),
        ("int64", "int64"),
        ("float32", "float32"),
    ],
)
@pytest.mark.parametrize("kind", [sparse.csr_array, np.asarray])
def test_decision_29_unsigned_and_integer_types_work(
    kind: Callable[[Any], Any], dtype: str, expected: str
) -> None:
    top = 1 if dtype == "bool" else 127 if dtype == "int8" else 200
    weights = np.array([[0, top], [1, 0]]).astype(dtype)
    signed = wg.add_sign(kind(weights), {0: -1, 1: 1})
    assert signed.dtype == expected
    assert dense(signed).tolist() == [[0, 1], [-top, 0]]


@pytest.mark.parametrize(
    ("dtype", "expected"), [("int8", "int16"), ("int32", "int64"), ("int64", "float64")]
)
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.lil_matrix, np.asarray])
def test_decision_29_the_lowest_integer_gets_its_sign_too(
    kind: Callable[[Any], Any], dtype: str, expected: str
) -> None:
    """Its negative is beyond the type: |-128| is -128 in int8."""
    lowest = int(np.iinfo(dtype).min)
    signed = wg.add_sign(kind(np.array([[0, lowest], [3, 0]], dtype=dtype)), {0: 1, 1: -1})
    assert signed.dtype == expected
    assert dense(signed).tolist() == [[0, -3], [-lowest, 0]]


@pytest.mark.parametrize("unknown", [0, 0.0, np.nan, None, pd.NA])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, np.asarray])
def test_decision_29_without_a_sign_weights_stay_and_are_counted(
    kind: Callable[[Any], Any], unknown: Any
) -> None:
    message = "2 neurons have no sign in idx_to_sign, so their 2 connections stay as they are: 1, 2"
    with pytest.warns(UserWarning, match=message) as told:
        signed = wg.add_sign(kind(DENSE), {0: -1, 1: unknown})
    assert len(told) == 1
    assert told[0].filename == __file__
    np.testing.assert_array_equal(dense(signed), [[0, 0, 1], [-0.5, -0.75, 0], [-0.25, 0, 0]])


def test_a_neuron_without_outputs_needs_no_sign() -> None:
    weights = sparse.csr_array([[0.0, 0.5], [0.0, 0.0]])
    assert wg.add_sign(weights, {0: -1}).toarray().tolist() == [[0, 0], [-0.5, 0]]


@pytest.mark.parametrize("signs", [2, 0.5, "-", "1", -2])
def test_decision_29_other_signs_are_refused(signs: Any) -> None:
    with pytest.raises(ValueError, match=rf"idx_to_sign holds {signs}, first for neuron 1: a sign"):
        wg.add_sign(sparse.csr_array(DENSE), {0: 1, 1: signs, 2: 1})


@pytest.mark.parametrize(
    "signs",
    [
        {0: -1.0, 1: np.int8(1), 2: np.float32(-1)},
        pd.Series([-1, 1, -1]),
        pd.Series([-1.0, 1.0, -1.0], index=[0, 1, 2]),
        pd.Series([-1, 1, -1], dtype="Int8"),
        {**SIGNS, 99: 1, -1: 1},
    ],
)
def test_signs_of_any_kind(signs: Any) -> None:
    np.testing.assert_array_equal(
        wg.add_sign(DENSE, signs), [[0, 0, -1], [-0.5, 0.75, 0], [-0.25, 0, 0]]
    )


def test_the_signs_stay_as_they_are() -> None:
    signs = pd.Series([-1.0, np.nan, 1.0], dtype=object)
    before = signs.copy()
    with pytest.warns(UserWarning, match="1 neurons"):
        wg.add_sign(DENSE, signs)
    pd.testing.assert_series_equal(signs, before)


def test_entries_given_twice_are_one_weight() -> None:
    weights = sparse.coo_array(([5.0, -3.0], ([0, 0], [1, 1])), shape=(2, 2))
    assert wg.add_sign(weights, {0: -1}).toarray().tolist() == [[0, 0], [-2, 0]]
    assert weights.nnz == 2


def test_the_network_takes_it() -> None:
    inprop = sparse.csr_matrix(np.array([[0, 0.5, 0], [0, 0, 0.5], [0, 0, 0]]))
    network = wg.MultilayeredNetwork(wg.add_sign(inprop, {0: 1, 1: -1}), [0], device="cpu")
    activations = network(np.array([[1.0, 0.0]]))
    assert activations[1, 0] > 0.9
    assert activations[2, 1] == 0


@pytest.mark.parametrize(
    ("inprop", "signs", "error", "message"),
    [
        (
            DENSE,
            {7: 1},
            ValueError,
            r"no key of idx_to_sign is the index of a row \(0 to 2\): .* 7",
        ),
        (
            DENSE,
            {"0": 1, "1": -1},
            ValueError,
            r"no key .* its keys are text: .*\{int\(k\): v for k, v in idx_to_sign.items\(\)\}",
        ),
        (
            DENSE,
            pd.Series([1, -1, 1], index=[0, 1, 0]),
            ValueError,
            "idx_to_sign has several entries for 1 keys: 0; give every neuron one",
        ),
        (DENSE, {}, ValueError, r"no key of idx_to_sign .* it has none"),
        (DENSE[0], SIGNS, ValueError, r"must be a matrix, .* not of shape \(3,\)"),
        (DENSE * 1j, SIGNS, TypeError, "inprop must hold real numbers, not complex128"),
        (DENSE.tolist(), SIGNS, TypeError, "or a numpy array, not list"),
        (DENSE, [1, -1, 1], TypeError, "idx_to_sign is a dict from neuron index to sign, not list"),
    ],
)
def test_what_is_refused(inprop: Any, signs: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wg.add_sign(inprop, signs)
