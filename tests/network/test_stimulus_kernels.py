"""The stimulus into the network and its gradient out, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wiregrad.network._gate import gate
from wiregrad.network._stimulus_kernels import drive_start, hand_back, read_start, take_in

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


@pytest.mark.parametrize("width", [0, 1, 8])
def test_the_start_is_driven_and_its_gradient_read_at_sensory_neurons(width: int) -> None:
    rng = np.random.default_rng(1)
    sensory, places = np.array([2, 5, 6], np.uint32), np.array([1, 2, 0], np.uint32)
    given = rng.random((3, width)) * np.array([[0.0], [1.0], [1.0]])
    start, active = np.zeros((8, width)), np.zeros(8, np.uint32)
    n = drive_start(given, sensory, places, start, active)
    assert active[:n].tolist() == ([2, 5] if width else []), "the first row of the stimulus is 0"
    np.testing.assert_array_equal(start[sensory], given[places])
    assert not start[[0, 1, 3, 4, 7]].any()
    g, d_given = rng.normal(size=(8, width)), np.empty((3, width))
    read_start(g, sensory, places, d_given)
    np.testing.assert_array_equal(d_given[places], g[sensory])
