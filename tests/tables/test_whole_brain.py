"""The tables of a whole fly brain: they are there in seconds, and small."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg
from wiregrad.circuits import circuit, strongest_circuit
from wiregrad.tables import (
    activations_by_group,
    active_inputs,
    stimulus_by_group,
    strongest_groups,
)


@pytest.mark.slow
def test_tables_of_the_fly_brain(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("flywire783")
    neurons = pd.read_parquet(folder / "neurons.parquet").rename(columns={"idx": "id"})
    connectome = wg.Connectome.from_edges(pd.read_parquet(folder / "edges.parquet"), neurons)
    network = wg.MultilayeredNetwork.from_connectome(
        connectome, "super_class=sensory", steps=5, sign="sign", device="cpu"
    )
    rng = np.random.default_rng(0)
    stimulus = rng.random((len(network.sensory_indices), 5))
    stimulus *= rng.random(stimulus.shape) < 0.05
    activations = network(stimulus)
    asked = pd.DataFrame({"layer": 4, "neuron": network.find("super_class=descending")})

    start = time.perf_counter()
    by_group = activations_by_group(network, activations)
    found = circuit(network, stimulus, activations, asked)
    short = strongest_circuit(found)
    inputs = active_inputs(network, stimulus)
    kept = strongest_groups(stimulus_by_group(network, stimulus))
    assert time.perf_counter() - start < 30

    assert by_group.groupby("step")["n"].sum().eq(network.n_neurons).all()
    assert len(inputs) == (stimulus >= network.threshold).sum()
    assert len(kept) == 26 * 5
    assert len(found.edges) > 10_000
    assert (short.nodes.groupby("layer").size() <= 13).all()
    assert found.nodes["n_targets"].sum() == short.nodes["n_targets"].sum() == len(asked)
