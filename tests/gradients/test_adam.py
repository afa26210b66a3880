"""Adam within bounds, against PyTorch's."""

from __future__ import annotations

import pytest
import torch

from wiregrad.gradients._adam import BoundedAdam

RATE = torch.tensor(0.01, dtype=torch.float64)


def gradients(n_steps: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n_steps, *shape, generator=generator, dtype=dtype)


def follow(
    adam: BoundedAdam, x: torch.Tensor, slopes: torch.Tensor, rate: torch.Tensor
) -> torch.Tensor:
    for slope in slopes:
        x = adam.step(x, slope, rate)
    return x


def test_is_pytorchs_adam_inside_the_bounds() -> None:
    slopes = gradients(40, 3, 5, 2)
    start = torch.full((3, 5, 2), 0.5, dtype=torch.float64)
    theirs = start.clone()
    optimiser = torch.optim.Adam([theirs], lr=0.01, eps=BoundedAdam.EPSILON)
    adam, ours = BoundedAdam(start), start
    for slope in slopes:
        theirs.grad = slope.clone()
        optimiser.step()
        ours = adam.step(ours, slope, RATE)
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
    assert ((ours > 0) & (ours < 1)).all(), "else the bounds had a part in it"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 7), (3, 4, 2), (2, 30_000, 3), (0, 3, 2), (2, 0, 3)])
def test_the_compiled_step_is_the_plain_one(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """The plain one is taken on a GPU."""
    start = torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=dtype)
    compiled, plain = BoundedAdam(start), BoundedAdam(start)
    ours = theirs = start
    rate = torch.linspace(0.01, 0.2, shape[0], dtype=dtype).view(-1, *[1] * (len(shape) - 1))
    for slope in gradients(5, *shape, dtype=dtype):
        ours = compiled.step(ours, slope, rate)
        plain.steps += 1
        theirs = plain._plain(theirs, slope, rate)
        torch.testing.assert_close(ours, theirs)


def test_the_first_step_is_the_rate_whatever_the_slope() -> None:
    x = torch.full((1, 3), 0.5, dtype=torch.float64)
    slope = torch.tensor([[1e-3, -5.0, 0.0]], dtype=torch.float64)
    moved = BoundedAdam(x).step(x, slope, RATE) - x
    assert moved.tolist()[0] == pytest.approx([-0.01, 0.01, 0], rel=1e-4)


def test_every_step_ends_within_the_bounds() -> None:
    x = torch.rand(2, 50, dtype=torch.float64)
    adam = BoundedAdam(x)
    for slope in gradients(30, 2, 50):
        x = adam.step(x, slope, torch.tensor(0.5))
        assert ((x >= 0) & (x <= 1)).all()
    assert (x == 0).any()
    assert (x == 1).any()


def test_arguments_are_not_changed() -> None:
    x, slope = torch.rand(2, 3), torch.rand(2, 3)
    before = x.clone(), slope.clone()
    adam = BoundedAdam(x)
    adam.step(x, slope, torch.tensor(0.1))
    assert torch.equal(x, before[0])
    assert torch.equal(slope, before[1])


def test_members_may_have_rates_of_their_own() -> None:
    x, slope = torch.full((2, 3, 1), 0.5), torch.ones(2, 3, 1)
    moved = BoundedAdam(x).step(x, slope, torch.tensor([0.1, 0.0])[:, None, None])
    assert moved[0].flatten().tolist() == pytest.approx([0.4] * 3)
    assert torch.equal(moved[1], x[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [2, 8, 33])
@pytest.mark.parametrize("rows", [1, 7, 249, 5000])
def test_decision_15_a_member_moves_the_same_alone_and_in_company(
    dtype: torch.dtype, batch: int, rows: int
) -> None:
    slopes = gradients(12, batch, rows, 3, dtype=dtype)
    start = torch.full((batch, rows, 3), 0.5, dtype=dtype)
    rate = torch.full((batch, 1, 1), 0.05, dtype=dtype)
    together = follow(BoundedAdam(start), start, slopes, rate)
    for i in {0, 1, batch // 2, batch - 1}:
        one = start[i : i + 1].clone()
        alone = follow(BoundedAdam(one), one, slopes[:, i : i + 1], rate[:1])
        assert torch.equal(together[i], alone[0])
