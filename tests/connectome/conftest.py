"""What the tests of the connectome room share: a circuit small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from file_cases import write_table

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


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes csv tables into a folder, by their names."""

    def write(**tables: pd.DataFrame) -> Path:
        for name, table in tables.items():
            write_table(table, tmp_path / f"{name}.csv")
        return tmp_path

    return write
