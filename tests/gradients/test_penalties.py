"""Penalties against their formula, and their gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import l1_plus_l2 as by_hand
from torch.autograd import gradcheck

from wiregrad.gradients._penalties import (
    check_penalties,
    l1_plus_l2,
    member_sums,
    penalise_members,
    penalties_and_slopes,
    steady_sum,
)


def draw(*shape: int, low: float = -1.0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(shape, generator=generator, dtype=dtype) * (1 - low) + low


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 5, 3), (1, 4096, 1), (1, 4097, 1), (1, 9999, 5)])
def test_l1_plus_l2_is_its_formula(shape: tuple[int, ...]) -> None:
    x = draw(*shape)
    assert l1_plus_l2(x).item() == pytest.approx(by_hand(x), rel=1e-12)


@pytest.mark.parametrize("shape", [(1, 5, 3), (1, 1500, 3)])
def test_its_gradient_is_that_of_finite_differences(shape: tuple[int, ...]) -> None:
    x = draw(*shape).requires_grad_()
    assert gradcheck(l1_plus_l2, x, fast_mode=True)


def test_its_gradient_at_zero_is_zero() -> None:
    x = torch.zeros(1, 3, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(l1_plus_l2(x), x)
    assert not gradient.any()
    assert l1_plus_l2(x).item() == 0


def test_its_gradient_where_some_entries_are_zero() -> None:
    """Those have the middle of their two slopes, -1 and 1; the others that of the formula."""
    x = torch.tensor([[[0.0, 3.0], [0.0, -4.0]]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(l1_plus_l2(x), x)
    assert gradient.flatten().tolist() == pytest.approx([0, 1 + 3 / 5, 0, -1 - 4 / 5])
    step = 1e-6
    for i, expected in enumerate(gradient.flatten().tolist()):
        ahead, behind = x.detach().clone(), x.detach().clone()
        ahead.view(-1)[i] += step
        behind.view(-1)[i] -= step
        slope = (l1_plus_l2(ahead) - l1_plus_l2(behind)).item() / (2 * step)
        assert slope == pytest.approx(expected, abs=1e-6)


def test_steady_sum_adds_everything_up() -> None:
    for n in (0, 1, 4095, 4096, 4097, 50_000):
        x = draw(n)
        assert steady_sum(x).item() == pytest.approx(x.numpy().sum(), rel=1e-12)


@pytest.mark.parametrize("penalty", [steady_sum, l1_plus_l2])
def test_decision_15_sums_do_not_depend_on_the_number_of_threads(
    use_threads: Callable[[int], None], penalty: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    sizes = (1000, 40_000, 228_345, 1_000_000)
    members = [draw(1, n, 1, low=0, dtype=torch.float32) for n in sizes]
    use_threads(1)
    one = [penalty(member).item() for member in members]
    plain = [member.sum().item() for member in members]
    use_threads(2)
    assert [penalty(member).item() for member in members] == one
    assert [member.sum().item() for member in members] != plain, "PyTorch's own sum does"


@pytest.mark.parametrize("penalty", [steady_sum, l1_plus_l2])
@pytest.mark.parametrize("rows", [7, 3000])
def test_decision_15_a_member_costs_the_same_alone_and_in_company(
    penalty: Callable[[torch.Tensor], torch.Tensor], rows: int
) -> None:
    batch = draw(rows, 9, 3, dtype=torch.float32).transpose(0, 1)  # as activations lie in memory
    together = penalise_members(penalty, batch)
    for i in range(9):
        assert torch.equal(penalise_members(penalty, batch[i : i + 1])[0], together[i])
        assert torch.equal(penalise_members(penalty, batch[i : i + 1].contiguous())[0], together[i])


def test_members_are_shown_one_by_one_with_a_batch_axis() -> None:
    seen = []
    batch = draw(4, 5, 3)
    costs = penalise_members(lambda member: (seen.append(member.clone()), member.sum())[1], batch)
    assert [tuple(member.shape) for member in seen] == [(1, 5, 3)] * 4
    assert torch.equal(torch.cat(seen), batch)
    assert torch.allclose(costs, batch.sum(dim=(1, 2)))
    assert penalise_members(torch.sum, batch[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("penalty", "got"),
    [
        (lambda member: member, r"\(1, 5, 3\)"),
        (lambda member: 0.5, "float"),
        (lambda member: None, "NoneType"),
    ],
)
def test_a_penalty_that_is_no_single_number_is_refused(penalty: Any, got: str) -> None:
    with pytest.raises(ValueError, match=f"must return one number as a tensor: {got}"):
        penalise_members(penalty, draw(2, 5, 3))


def test_a_number_of_any_shape_will_do() -> None:
    costs = penalise_members(lambda member: member.sum().reshape(1, 1), draw(2, 5, 3))
    assert costs.shape == (2,)


def test_penalties_left_out_are_the_references() -> None:
    assert check_penalties(None) == {"in": l1_plus_l2, "out": l1_plus_l2}
    assert check_penalties({"out": torch.norm}) == {"in": l1_plus_l2, "out": torch.norm}


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"input": torch.norm}, r"has the key 'input': it takes 'in' .* and 'out'"),
        ({"in": None}, r"custom_reg_functions\['in'\] is not a function: None"),
        ({"out": 0.01}, r"custom_reg_functions\['out'\] is not a function: 0\.01"),
    ],
)
def test_what_is_no_penalty_is_refused(functions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_penalties(functions)


def test_the_formula_by_hand_is_right() -> None:
    assert by_hand(np.array([3.0, -4.0])) == 12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 5, 3), (3, 40, 7), (2, 1, 1), (0, 4, 2)])
def test_costs_and_slopes_are_those_of_autograd(
    dtype: torch.dtype, shape: tuple[int, int, int]
) -> None:
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    batch[..., :1] = 0  # no slope there but that of the norm, 0 as well
    if len(batch):
        batch[0] = 0  # the norm has none at 0
    costs, slopes = penalties_and_slopes(l1_plus_l2, batch)
    x = batch.clone().requires_grad_()
    expected = penalise_members(l1_plus_l2, x)
    if len(batch):
        (gradient,) = torch.autograd.grad(expected.sum(), x)
        torch.testing.assert_close(slopes, gradient)
    torch.testing.assert_close(costs, expected.detach())
    assert costs.dtype == slopes.dtype == dtype


def test_a_member_costs_the_same_alone_and_in_a_batch() -> None:
    batch = draw(4, 1000, 5)
    costs, slopes = penalties_and_slopes(l1_plus_l2, batch)
    for i in range(4):
        alone, its_slopes = penalties_and_slopes(l1_plus_l2, batch[i : i + 1])
        assert torch.equal(alone[0], costs[i])
        assert torch.equal(its_slopes[0], slopes[i])


def test_a_penalty_of_the_callers_own_is_differentiated() -> None:
    batch = draw(2, 3, 2)
    costs, slopes = penalties_and_slopes(lambda member: (member**3).sum(), batch)
    assert torch.allclose(costs, (batch**3).sum(dim=(1, 2)))
    assert torch.allclose(slopes, 3 * batch**2)
    assert not costs.requires_grad
    assert not slopes.requires_grad


def test_a_penalty_that_does_not_depend_on_its_argument_has_no_slope() -> None:
    costs, slopes = penalties_and_slopes(lambda member: torch.tensor(2.0), draw(2, 3, 2))
    assert costs.tolist() == [2, 2]
    assert not slopes.any()


@pytest.mark.parametrize("shape", [(7, 83, 3), (40, 434, 5), (3, 9000, 6), (2, 5, 0)])
def test_a_member_sums_to_the_same_bits_alone_and_in_a_batch(shape: tuple[int, int, int]) -> None:
    batch = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    together = member_sums(batch)
    assert torch.equal(together, torch.cat([member_sums(one[None]) for one in batch]))
    assert torch.allclose(together.double(), batch.double().sum(dim=(1, 2)))
