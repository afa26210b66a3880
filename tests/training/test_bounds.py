"""The smooth map onto an interval: monotone, inside, its own inverse, the identity well inside."""

from __future__ import annotations

import pytest
import torch

from wiregrad.training._bounds import SmoothBounds

BOUNDS = [
    SmoothBounds(),
    SmoothBounds(low=0.0),
    SmoothBounds(high=2.0, softness=0.3),
    SmoothBounds(-1.0, 2.0, softness=0.05),
    SmoothBounds(0.0, 0.1, softness=0.5),  # softer than wide
]


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_values_rise_lie_inside_and_map_back(bounds: SmoothBounds) -> None:
    free = torch.linspace(-1.5, 2.5, 81, dtype=torch.float64)
    value = bounds.value(free)
    assert (value.diff() > 0).all()
    assert not bounds.outside(value).any()
    torch.testing.assert_close(bounds.free(value), free, atol=1e-6, rtol=0)


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_the_gradient_is_right(bounds: SmoothBounds) -> None:
    free = torch.linspace(-1, 2, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(bounds.value, free)


def test_well_inside_it_is_the_identity() -> None:
    free = torch.tensor([3.0, 5.0], dtype=torch.float64)
    torch.testing.assert_close(SmoothBounds(0, 10, 0.1).value(free), free, atol=1e-9, rtol=0)


def test_a_value_at_an_end_is_moved_where_it_can_leave_it() -> None:
    bounds = SmoothBounds(0.0, 1.0, softness=0.01)
    value = bounds.inside(torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64))
    torch.testing.assert_close(value, torch.tensor([0.001, 0.5, 0.999], dtype=torch.float64))
    free = bounds.free(value).requires_grad_()
    (slope,) = torch.autograd.grad(bounds.value(free).sum(), free)
    assert (slope > 0.05).all()


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_the_gradient_that_is_followed_is_that_of_the_value(bounds: SmoothBounds) -> None:
    free = torch.linspace(-1.5, 2.5, 9, dtype=torch.float64, requires_grad=True)
    value = bounds.followed(free)
    torch.testing.assert_close(value.detach(), bounds.value(free.detach()), atol=1e-12, rtol=0)
    (slope,) = torch.autograd.grad((value**2).sum(), free)
    torch.testing.assert_close(slope, 2 * value.detach())


def test_free_numbers_stay_where_values_are_close_to_their_bounds() -> None:
    bounds = SmoothBounds(0.0, 1.0, softness=0.02)
    free = torch.tensor([-9.0, -0.03, 0.5, 9.0], dtype=torch.float64)
    near = bounds.within_reach(free)
    assert near.tolist() == pytest.approx([-0.06, -0.03, 0.5, 1.06])
    value = bounds.value(near)
    assert 0 < value[0] < 0.05 * 0.02
    assert 0 < 1 - value[3] < 0.05 * 0.02
    assert SmoothBounds().within_reach(free).equal(free)


def test_what_lies_outside_is_told() -> None:
    outside = SmoothBounds(0.0, 1.0).outside(torch.tensor([-0.1, 0.0, 1.0, 1.1]))
    assert outside.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 1, "high": 1}, r"bounds are \(low, high\) with low < high, not \(1, 1\)"),
        ({"low": float("nan")}, "low is a finite number, not nan"),
        ({"softness": 0}, "softness is more than 0, not 0"),
    ],
)
def test_bad_bounds_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SmoothBounds(**options)
