"""The spectral radius against the dense Jacobian of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gradient_cases import make_chain, make_random
from trainer_cases import make_divisive
from training_cases import draw_stimuli

import wiregrad as wg
from wiregrad.training import _stability


def dense_radius(network: wg.MultilayeredNetwork, stimulus: torch.Tensor) -> float:
    """Differentiate a step with autograd, and take the eigenvalues of all of it."""
    network = network.double()
    with torch.no_grad():
        h = network(stimulus.double())[0, :, -1]

    def step(h: torch.Tensor) -> torch.Tensor:
        column = h.unsqueeze(1)
        found: torch.Tensor = network.activation_function(network.weights(column), column)
        return found[:, 0]

    jacobian: Any = torch.autograd.functional.jacobian(step, h)
    return float(np.abs(np.linalg.eigvals(jacobian.numpy())).max())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rule", [None, "product", "sum"])
def test_it_is_that_of_the_jacobian(seed: int, rule: str | None) -> None:
    network = (
        make_random(seed, default_bias=0.1, tanh_steepness=3)
        if rule is None
        else make_divisive(seed, divisive_rule=rule, default_bias=0.1, divisive_strength=0.7)
    ).double()
    stimuli = draw_stimuli(network, 2)
    found = wg.spectral_radius(network, stimuli)
    assert found.shape == (2,)
    for member in range(2):
        expected = dense_radius(network, stimuli[member : member + 1])
        assert found[member] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found.max() > 0.01


def test_a_chain_has_none() -> None:
    assert wg.spectral_radius(make_chain(5), np.ones((1, 1, 4))) == [0.0]


def test_large_components_are_solved_by_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_random(1, n_neurons=60, default_bias=0.1, tanh_steepness=3).double()
    stimuli = draw_stimuli(network, 1)
    expected = wg.spectral_radius(network, stimuli)
    monkeypatch.setattr(_stability, "_DENSE", 5)
    np.testing.assert_allclose(wg.spectral_radius(network, stimuli), expected, rtol=1e-5)


def test_where_iteration_does_not_end_powers_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.sparse import linalg

    def fail(*_: Any, **__: Any) -> None:
        raise linalg.ArpackNoConvergence("no", np.empty(0), np.empty((0, 0)))

    network = make_random(1, n_neurons=60, default_bias=0.1, tanh_steepness=3).double()
    stimuli = draw_stimuli(network, 1)
    expected = wg.spectral_radius(network, stimuli)
    monkeypatch.setattr(_stability, "_DENSE", 5)
    monkeypatch.setattr(linalg, "eigs", fail)
    np.testing.assert_allclose(wg.spectral_radius(network, stimuli), expected, rtol=0.02)


def test_a_function_of_ones_own_is_refused() -> None:
    network = make_chain(activation_function=torch.tanh)
    with pytest.raises(ValueError, match="an activation function of your own"):
        wg.spectral_radius(network, np.ones((1, 1, 2)))
