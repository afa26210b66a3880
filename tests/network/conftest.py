"""What the tests of the network room share; random networks are drawn in `network_cases`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg


@pytest.fixture(scope="session")
def chain_weights() -> np.ndarray:
    """0 excites 1, 1 excites 2, 2 inhibits 1."""
    weights = np.zeros((3, 3))
    weights[1, 0], weights[2, 1], weights[1, 2] = 0.5, 0.25, -0.5
    weights.flags.writeable = False
    return weights


@pytest.fixture
def make_chain(chain_weights: np.ndarray) -> Callable[..., wg.MultilayeredNetwork]:
    """Make the chain of three a network: neuron 0 is sensory, groups (if any) are "abc"."""

    def make(*, grouped: bool = False, **options: Any) -> wg.MultilayeredNetwork:
        options = {"all_weights": chain_weights, "sensory_indices": [0], "device": "cpu", **options}
        if grouped:
            options["idx_to_group"] = dict(enumerate("abc"))
        return wg.MultilayeredNetwork(**options)

    return make


@pytest.fixture(scope="session")
def tiny() -> wg.Connectome:
    """Two sensory neurons, two interneurons without a side, one motor neuron without a type."""
    neurons = pd.DataFrame(
        {
            "id": ["sl", "sr", "i1", "i2", "m"],
            "cell_type": ["S", "S", "I", "I", None],
            "role": ["in", "in", "inter", "inter", "out"],
            "side": ["L", "R", None, None, "L"],
            "nt": ["acetylcholine", "acetylcholine", "GABA", "acetylcholine", "acetylcholine"],
        }
    )
    edges = pd.DataFrame(
        {
            "pre": ["sl", "sr", "sr", "i1", "i2", "sl"],
            "post": ["i1", "i1", "i2", "m", "m", "m"],
            "count": [4, 6, 3, 2, 5, 1],
        }
    )
    return wg.Connectome.from_edges(edges, neurons, name="tiny")


@pytest.fixture(scope="session")
def worm_network(worm: wg.Connectome) -> wg.MultilayeredNetwork:
    """The worm's 83 sensory neurons, four steps."""
    return wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", steps=4, device="cpu")
