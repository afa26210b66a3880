"""A worm with a question, and a network without names: fixtures of several folders."""

from __future__ import annotations

import numpy as np
import pytest

import wiregrad as wg

__all__ = ["bare_network", "worm_network", "worm_result"]


@pytest.fixture(scope="session")
def worm_network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=3, device="cpu")


@pytest.fixture(scope="session")
def worm_result(worm_network: wg.MultilayeredNetwork) -> wg.MaximisationResult:
    """The worm's AVA and VC4, asked something: AVA is reached, the last can be moved a little."""
    asked = wg.TargetActivation({2: {"AVA": 0.9, "VC4": 1.0}})
    return wg.activation_maximisation(
        worm_network, asked, num_iterations=60, seed=0, use_tqdm=False, print_output=False
    )


@pytest.fixture
def bare_network() -> wg.MultilayeredNetwork:
    """A network without labels and without groups: 0 excites 1, 1 inhibits 2, 3 is alone."""
    weights = np.zeros((4, 4))
    weights[1, 0], weights[2, 1] = 0.5, -0.5
    return wg.MultilayeredNetwork(weights, sensory_indices=[0], num_layers=2, device="cpu")
