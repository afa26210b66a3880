"""Where a search begins."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import batch_of, make_chain, make_random, maximise, random_targets

from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._start import choose_seed, given_start, random_start

NETWORK = make_random()


def starts(members: list[dict[int, dict[int, float]]], seed: int = 0) -> torch.Tensor:
    return random_start(NETWORK, resolve_targets(batch_of(members), NETWORK), seed)


def test_starts_are_uniform_between_0_and_1() -> None:
    x = starts(random_targets(NETWORK, 200))
    assert x.shape == (200, 8, 3)
    assert ((x >= 0) & (x < 1)).all()
    assert x.mean().item() == pytest.approx(0.5, abs=0.02)
    assert x.var().item() == pytest.approx(1 / 12, abs=0.01)


def test_decision_15_a_start_depends_on_the_members_targets_and_not_on_its_place() -> None:
    members = random_targets(NETWORK, 5)
    x = starts(members)
    assert torch.equal(starts(members[::-1]), x.flip(0))
    assert torch.equal(starts(members[3:4]), x[3:4])
    assert len({row.numpy().tobytes() for row in x}) == 5
    twins = starts([members[0], members[0]])
    assert torch.equal(twins[0], twins[1])


def test_a_start_depends_on_the_seed() -> None:
    members = random_targets(NETWORK, 1)
    drawn = [starts(members, seed).numpy().tobytes() for seed in (0, 1, -1, 2**40)]
    assert len(set(drawn)) == 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_start_is_of_the_dtype_of_the_network_and_the_same_in_each(dtype: torch.dtype) -> None:
    network = make_random().to(dtype)
    x = random_start(network, resolve_targets({0: {1: 0.9}}, network), 0)
    assert x.dtype == dtype
    assert torch.equal(x.float(), starts([{0: {1: 0.9}}]))


# Seeds.


@pytest.fixture
def untouched_state() -> Iterator[None]:
    """Every global generator is where it was."""
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    yield
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]


@pytest.mark.usefixtures("untouched_state")
def test_decision_17_an_integer_seed_neither_sets_the_global_state() -> None:
    maximise(make_chain(), {0: {1: 0.9}}, num_iterations=3, seed=5)


def test_decision_17_nor_reads_it() -> None:
    results = []
    for state in (1, 2):
        torch.manual_seed(state)
        np.random.seed(state)  # noqa: NPY002
        results.append(maximise(make_chain(), {0: {1: 0.9}}, num_iterations=3, seed=5))
    assert results[0].input.tobytes() == results[1].input.tobytes()


def test_decision_17_without_a_seed_manual_seed_makes_it_repeatable() -> None:
    results = []
    for state in (1, 1, 2):
        torch.manual_seed(state)
        results.append(maximise(make_random(), {2: {1: 0.9}}, num_iterations=3))
    assert results[0].seed == results[1].seed != results[2].seed
    assert results[0].input.tobytes() == results[1].input.tobytes()
    assert results[0].input.tobytes() != results[2].input.tobytes()


def test_decision_17_the_seed_drawn_is_recorded_and_can_be_given() -> None:
    drawn = maximise(make_random(), {2: {1: 0.9}}, num_iterations=3)
    again = maximise(make_random(), {2: {1: 0.9}}, num_iterations=3, seed=drawn.seed)
    assert drawn.members["seed"].tolist() == [drawn.seed]
    assert again.input.tobytes() == drawn.input.tobytes()


def test_two_calls_without_a_seed_differ() -> None:
    first, second = (maximise(make_random(), {2: {1: 0.9}}, num_iterations=1) for _ in range(2))
    assert first.seed != second.seed


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3), 3])
def test_an_integer_of_numpy_is_a_seed(seed: Any) -> None:
    assert (choose_seed(seed), type(choose_seed(seed))) == (3, int)


@pytest.mark.parametrize("seed", [0.5, "0", True, [1]])
def test_what_is_no_integer_is_no_seed(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed is an integer or None, not "):
        maximise(make_chain(), {0: {1: 0.9}}, seed=seed)


# Starts that are given.

SHAPE = (2, 1, 2)


@pytest.mark.parametrize(
    "given",
    [
        torch.full(SHAPE, 0.5),
        torch.full(SHAPE, 0.5, dtype=torch.float64, requires_grad=True),
        np.full(SHAPE, 0.5),
        np.full(SHAPE, 0.5, dtype=np.float16),
        np.full(SHAPE, 0.5, dtype=">f8"),
        np.broadcast_to(0.5, SHAPE),
        np.full(SHAPE, 0.5)[::-1, :, ::-1],
    ],
)
def test_decision_02_a_given_start_is_of_any_real_dtype(given: Any) -> None:
    start = given_start(make_chain(), given, 2)
    assert start.dtype == torch.float32
    assert not start.requires_grad
    assert torch.equal(start, torch.full(SHAPE, 0.5))


def test_integers_and_bools_will_do() -> None:
    for ones in (np.ones(SHAPE, dtype=bool), np.ones(SHAPE, dtype=int), torch.ones(SHAPE).int()):
        assert torch.equal(given_start(make_chain(), ones, 2), torch.ones(SHAPE))


@pytest.mark.parametrize("make", [torch.tensor, np.array])
def test_decision_13_a_given_start_is_brought_within_bounds_and_left_as_it_was(make: Any) -> None:
    given = make([[[-0.5, 1.5]], [[0.25, 0.005]]])
    before = given.copy() if isinstance(given, np.ndarray) else given.clone()
    network = make_chain()
    result = maximise(network, batch_of([{1: {2: 0.9}}] * 2), given, num_iterations=3)
    np.testing.assert_array_equal(np.asarray(given), np.asarray(before))
    assert result.snapshots[0].tolist() == [[[0, 1]], [[0.25, 0]]]
    assert result.arguments["input_tensor"] == "given"


@pytest.mark.parametrize("shape", [(1, 2), (2, 1, 1), (2, 2, 2), (1, 1, 2), (3, 1, 2), (2, 2, 1)])
def test_a_start_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    message = rf"input_tensor has shape .*, but must have \(batch, sensory, step\) = {SHAPE}"
    with pytest.raises(ValueError, match=message.replace("(2,", r"\(2,").replace("2)", r"2\)")):
        maximise(make_chain(), batch_of([{1: {2: 0.9}}] * 2), torch.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_decision_05_a_start_with_nan_is_refused_and_the_first_is_shown(bad: float) -> None:
    given = np.zeros(SHAPE)
    given[1, 0, 1] = bad
    message = r"input_tensor holds 1 values that are NaN or infinite, first at \[\(1, 0, 1\)\]: rep"
    for start in (given, torch.from_numpy(given)):
        with pytest.raises(ValueError, match=message):
            maximise(make_chain(), batch_of([{1: {2: 0.9}}] * 2), start)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[[0.5, 0.5]]], "must be a torch tensor or a numpy array, not list"),
        (np.zeros(SHAPE, dtype=complex), "must hold real numbers, not complex128"),
        (torch.zeros(SHAPE, dtype=torch.complex64), r"must hold real numbers, not torch\.complex"),
        (np.full(SHAPE, "a"), "must hold real numbers, not <U1"),
        (np.full(SHAPE, None), "must hold real numbers, not object"),
    ],
)
def test_what_holds_no_real_numbers_is_no_start(given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        maximise(make_chain(), batch_of([{1: {2: 0.9}}] * 2), given)
