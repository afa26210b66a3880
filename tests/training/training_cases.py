"""Small networks to train, and responses to train them on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from gradient_cases import make_random

import wiregrad as wg

GROUPS = {i: "abcd"[i % 4] for i in range(24)}


def make_grouped(seed: int = 0, **options: Any) -> wg.MultilayeredNetwork:
    """Draw a network of four groups."""
    return make_random(seed, **{"idx_to_group": GROUPS, "default_bias": 0.05, **options})


def draw_stimuli(network: wg.MultilayeredNetwork, n_stimuli: int = 10, seed: int = 0) -> Any:
    shape = (n_stimuli, len(network.sensory_indices), network.num_layers)
    return torch.from_numpy(np.random.default_rng(seed).random(shape)).to(network.dtype)


def responses_of(
    network: wg.MultilayeredNetwork, stimuli: torch.Tensor, neurons: list[int] | None = None
) -> pd.DataFrame:
    """Record some neurons at every step."""
    neurons = list(range(network.n_neurons)) if neurons is None else neurons
    with torch.no_grad():
        activations = network(stimuli)[:, neurons].cpu().numpy()
    batch, which, layer = (axis.ravel() for axis in np.indices(activations.shape))
    return pd.DataFrame(
        {
            "batch": batch,
            "neuron_idx": np.array(neurons)[which],
            "layer": layer,
            "value": activations.ravel(),
        }
    )


def make_problem(n_stimuli: int = 10) -> tuple[wg.MultilayeredNetwork, torch.Tensor, pd.DataFrame]:
    """Make a network with default slopes, stimuli, and the responses of one with others."""
    network = make_grouped()
    true = make_grouped(slope_dict={"a": 3, "b": 6, "c": 2}, bias_dict={"a": 0.2, "d": 0.1})
    stimuli = draw_stimuli(network, n_stimuli)
    return network, stimuli, responses_of(true, stimuli)


def make_silent() -> tuple[wg.MultilayeredNetwork, torch.Tensor, pd.DataFrame]:
    """Make a problem in which neuron 3 has no input, and should be active all the same."""
    weights = np.zeros((4, 4))
    weights[1, 0] = weights[2, 1] = 0.5
    groups = dict(enumerate("sabc"))
    network = wg.MultilayeredNetwork(weights, [0], 2, idx_to_group=groups, device="cpu")
    targets = pd.DataFrame({"batch": range(5), "neuron_idx": 3, "value": 0.5})
    return network, torch.rand(5, 1, 2), targets


def train(network: wg.MultilayeredNetwork, *args: Any, **options: Any) -> wg.TrainingResult:
    """Train in silence; warnings are still warnings."""
    return wg.train_model(network, *args, **{"use_tqdm": False, "print_output": False, **options})


def loss_by_loop(activations: torch.Tensor, rows: pd.DataFrame) -> float:
    """Average |activation - value| over each member's rows, and then over members."""
    members: dict[int, list[float]] = {}
    for row in rows.to_dict("records"):
        response = activations[row["batch"], row["neuron_idx"]]
        attained = response[row["layer"]] if "layer" in row else response.mean()
        members.setdefault(row["batch"], []).append(abs(float(attained) - row["value"]))
    return float(np.mean([np.mean(distances) for distances in members.values()]))
