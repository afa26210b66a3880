"""The stimulus into the network and its gradient out, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wiregrad.network._gate import gate
from wiregrad.network._stimulus_kernels import hand_back, take_in

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("leak", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(1, 5, 3), (4, 7, 2), (0, 3, 2), (2, 0, 3)])
def test_is_the_gate_with_a_cap_and_its_gradient(leak: float, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.choice([-0.5, 0.0, 0.009, 0.01, 0.4, 1.0, 1.2], shape)
    given, upstream = np.empty(shape[::-1]), rng.normal(size=shape[::-1])
    take_in(x, 0.01, given)
    found = np.empty(shape)
    hand_back(upstream, x, 0.01, leak, found)

    stimulus = torch.from_numpy(x).requires_grad_()
    passed = gate(stimulus, 0.01, leak).clamp(max=1).permute(2, 1, 0)
    np.testing.assert_array_equal(given, passed.detach().numpy())
    (expected,) = torch.autograd.grad(passed, stimulus, torch.from_numpy(upstream))
    np.testing.assert_array_equal(found, expected.numpy())
