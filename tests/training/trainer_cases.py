"""Small problems for the trainer, and a slow and obvious trainer to compare it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from gradient_cases import make_random
from torch import Tensor
from torch.nn.functional import softplus
from training_cases import GROUPS

import wiregrad as wg

DIVISIVE = {"d": ["a", "b"]}


def make_divisive(seed: int = 0, **options: Any) -> wg.MultilayeredNetwork:
    """Draw a network in float64 of which the connections from d to a and b act divisively."""
    plain = make_random(seed, idx_to_group=GROUPS)
    weights = plain.weights.to_scipy().toarray().astype(np.float64)
    from_d = [i for i, group in GROUPS.items() if group == "d"]
    weights[:, from_d] = -np.abs(weights[:, from_d])
    defaults = {"default_bias": 0.05, "divisive_normalization": DIVISIVE, "num_layers": 3}
    return wg.MultilayeredNetwork(
        torch.from_numpy(weights),
        plain.sensory_indices.tolist(),
        idx_to_group=GROUPS,
        device="cpu",
        **{**defaults, **options},
    )


def record(network: wg.MultilayeredNetwork, stimuli: Tensor, noise: float = 0.0) -> Any:
    """Record all neurons at all steps: (batch, neuron, step)."""
    with torch.no_grad():
        activations = network(stimuli).numpy()
    return activations + noise * np.random.default_rng(9).standard_normal(activations.shape)


@dataclass
class PlainTrainer:
    """The same training in plain dense torch operations, option by option, loops where it can.

    One start; parameters are {name: (Trainable, how entries are shared)}.
    """

    network: wg.MultilayeredNetwork
    options: dict[str, Any]
    low: dict[str, tuple[float, float | None, float]]  # low, high, softness
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.leak = self.options["leak"]
        self.W = torch.from_numpy(self.network.weights.to_scipy().toarray())
        n = self.network.n_neurons
        self.D = torch.zeros(n, n, dtype=torch.float64)
        if self.network.divisive_strength is not None:
            post, pre = self.network.divnorm_indices
            self.D[post, pre] = self.network.divnorm_weights
        self.group = self.network.indices

    def bounded(self, name: str, x: Tensor) -> Tensor:
        low, high, s = self.low[name]
        value = low + s * softplus((x - low) / s, threshold=1e9)
        return value if high is None else value - s * softplus((x - high) / s, threshold=1e9)

    def free(self, name: str, value: Tensor) -> Tensor:
        """Invert the map by bisection."""
        below, above = torch.full_like(value, -50), torch.full_like(value, 50)
        for _ in range(200):
            middle = (below + above) / 2
            less = self.bounded(name, middle) < value
            below, above = torch.where(less, middle, below), torch.where(less, above, middle)
        return middle

    def run(
        self, stimuli: Tensor, slope: Tensor, bias: Tensor, strength: Tensor, W: Tensor
    ) -> Tensor:
        """Unroll the network for one stimulus after another, neuron activations (b, n, t)."""
        leak, threshold = self.leak, self.network.threshold
        members = []
        for stimulus in stimuli:
            u = torch.where(stimulus >= threshold, stimulus.clamp(max=1), 0.0)
            h = torch.zeros(len(W), dtype=torch.float64)
            h[self.network.sensory_indices] = u[:, 0]
            states = []
            for t in range(u.shape[1]):
                factors = (1 + self.D * h * strength).clamp(min=0)
                z = slope * factors.prod(dim=1) * (W @ h) + bias
                silent = z < threshold
                # the surrogate: no change of the value, a part of the slope
                z = torch.where(silent, leak * (z - z.detach()), z)
                h = torch.tanh(z)
                if t < u.shape[1] - 1:
                    joined = torch.zeros_like(h)
                    joined[self.network.sensory_indices] = u[:, t + 1]
                    h = (h + joined).clamp(max=1)
                states.append(h)
            members.append(torch.stack(states, dim=1))
        return torch.stack(members)

    def see(self, states: Tensor) -> Tensor:
        """Calcium, by its recursion."""
        decay = self.options["decay"]
        if decay is None:
            return states
        level, levels = torch.zeros_like(states[..., 0]), []
        for t in range(states.shape[2]):
            level = decay * level + (1 - decay) * states[..., t]
            levels.append(level)
        return torch.stack(levels, dim=2)

    def loss(self, predicted: Tensor, measured: Tensor, weight: Tensor) -> Tensor:
        kind = self.options["loss"]
        if kind == "correlation":
            parts = []
            for c in range(measured.shape[1]):
                p, m, w = (x[:, c].flatten() for x in (predicted, measured, weight))
                p, m = p - (w * p).sum() / w.sum(), m - (w * m).sum() / w.sum()
                if (w * m * m).sum() / w.sum() > 1e-12:
                    parts.append(
                        1 - (w * p * m).sum() / ((w * p * p).sum() * (w * m * m).sum()).sqrt()
                    )
            return torch.stack(parts).mean()
        off = (predicted - measured).abs() if kind == "l1" else (predicted - measured) ** 2
        return (weight * off).sum() / weight.sum()

    def readout(self, seen: Tensor, measured: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted least squares of each channel, by its normal equations."""
        gains, offsets = [], []
        for c in range(measured.shape[1]):
            x, y, w = (part[:, c].flatten() for part in (seen, measured, weight))
            mx, my = (w * x).sum() / w.sum(), (w * y).sum() / w.sum()
            gain = (w * (x - mx) * (y - my)).sum() / ((w * (x - mx) ** 2).sum() + 1e-6 * w.sum())
            gains.append(gain)
            offsets.append(my - gain * mx)
        return torch.stack(gains), torch.stack(offsets)
