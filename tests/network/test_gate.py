"""The threshold, and the gradient that may leak below it."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck

from wiregrad.network._gate import gate

# Below, at and above the threshold.
X = torch.tensor([-1.0, 0.0, 0.2, 0.25, 0.3, 2.0], dtype=torch.float64)
THRESHOLD = 0.25
ABOVE = [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_values_from_the_threshold_on_are_kept(leak: float) -> None:
    assert gate(X, THRESHOLD, leak).tolist() == [0, 0, 0, 0.25, 0.3, 2.0]


@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_the_gradient_below_is_the_leak(leak: float) -> None:
    x = X.clone().requires_grad_()
    gate(x, THRESHOLD, leak).sum().backward()
    assert x.grad.tolist() == [1 if above else leak for above in ABOVE]


def test_the_leaky_gradient_scales_what_comes_down() -> None:
    x = X.clone().requires_grad_()
    (gate(x, THRESHOLD, 0.5) * 3).sum().backward()
    assert x.grad.tolist() == [3 if above else 1.5 for above in ABOVE]


def test_without_a_leak_it_is_the_true_gradient() -> None:
    x = X[X != THRESHOLD].clone().requires_grad_()
    assert gradcheck(lambda x: gate(x, THRESHOLD), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("leak", [0.0, 0.1])
def test_the_dtype_is_kept(dtype: torch.dtype, leak: float) -> None:
    assert gate(X.to(dtype), THRESHOLD, leak).dtype == dtype
