"""Small networks to ask, and what checks the answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

import wiregrad as wg

FIELDS = (
    "input",
    "output",
    "activation_losses",
    "out_regularisation_losses",
    "in_regularisation_losses",
    "snapshots",
)


def maximise(
    network: wg.MultilayeredNetwork, targets: Any, *args: Any, **options: Any
) -> wg.MaximisationResult:
    return wg.activation_maximisation(network, targets, *args, **{"use_tqdm": False, **options})


def make_chain(n_neurons: int = 3, weight: float = 0.5, **options: Any) -> wg.MultilayeredNetwork:
    """Neuron 0, which receives the stimulus, excites 1, 1 excites 2, and so on."""
    options = {"num_layers": n_neurons - 1, "device": "cpu", **options}
    return wg.MultilayeredNetwork(np.eye(n_neurons, k=-1) * weight, [0], **options)


def make_random(
    seed: int = 0, n_neurons: int = 24, n_sensory: int = 8, num_layers: int = 3, **options: Any
) -> wg.MultilayeredNetwork:
    """Draw a signed network that is mostly excitatory, so that most targets can be reached."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 0.5, (n_neurons, n_neurons)) * (
        rng.random((n_neurons, n_neurons)) < 0.4
    )
    weights *= np.where(rng.random(n_neurons) < 0.25, -1, 1)
    sensory = rng.permutation(n_neurons)[:n_sensory]
    return wg.MultilayeredNetwork(weights, sensory, num_layers, device="cpu", **options)


def random_targets(
    network: wg.MultilayeredNetwork, n_members: int, seed: int = 0
) -> list[dict[int, dict[int, float]]]:
    """Draw three targets for each of several members, as dicts."""
    rng = np.random.default_rng(seed)
    members = []
    for _ in range(n_members):
        targets: dict[int, dict[int, float]] = {}
        for neuron in rng.permutation(network.n_neurons)[:3].tolist():
            layer = int(rng.integers(network.num_layers))
            targets.setdefault(layer, {})[neuron] = float(rng.uniform(0.3, 1))
        members.append(targets)
    return members


def batch_of(members: list[dict[int, dict[int, float]]]) -> wg.TargetActivation:
    """Make members, given as dicts, a batch."""
    rows = [
        (batch, layer, neuron, value)
        for batch, targets in enumerate(members)
        for layer, neurons in targets.items()
        for neuron, value in neurons.items()
    ]
    return wg.TargetActivation(pd.DataFrame(rows, columns=["batch", "layer", "neuron", "value"]))


def member_of(result: wg.MaximisationResult, batch: int) -> dict[str, Any]:
    """Pick one member's answer out of a result, as plain values that can be compared bit by bit."""
    targets = result.targets[result.targets["batch"] == batch].drop(columns="batch")
    member = result.members.iloc[batch].drop("batch")
    return {
        "input": result.batch_input[batch].tobytes(),
        "output": np.ascontiguousarray(result.batch_output[batch]).tobytes(),
        "targets": targets.to_dict("records"),
        "member": member.to_dict(),
    }


def l1_plus_l2(values: npt.NDArray[np.floating] | torch.Tensor) -> float:
    """Work the reference's penalty out in float64."""
    values = np.asarray(values, dtype=np.float64)
    return float(np.abs(values).sum() + np.sqrt((values**2).sum()))
