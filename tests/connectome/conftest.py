"""What the tests of the connectome room share: a circuit small enough to work out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import wiregrad as wg


@pytest.fixture
def neurons() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["sens", "inter", "motor", "alone"],
            "cell_type": ["S", "I", "M", "M"],
            "nt": ["ACh", "GABA", "dopamine", None],
        }
    )


@pytest.fixture
def edges() -> pd.DataFrame:
    """Two ways from sensor to motor neuron; the motor neuron synapses on itself."""
    return pd.DataFrame(
        {
            "pre": ["sens", "sens", "inter", "motor"],
            "post": ["inter", "motor", "motor", "motor"],
            "count": [4, 6, 2, 4],
        }
    )


@pytest.fixture
def circuit(edges: pd.DataFrame, neurons: pd.DataFrame) -> wg.Connectome:
    return wg.Connectome.from_edges(edges, neurons, name="circuit")
