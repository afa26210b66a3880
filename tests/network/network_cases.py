"""Random networks small enough for the dense oracle, and what compares networks with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from hypothesis import settings
from hypothesis import strategies as st
from scipy import sparse
from torch import Tensor

import wiregrad as wg

FloatArray = npt.NDArray[np.floating]

QUICK = settings(deadline=None, max_examples=60)

GROUP_NAMES = ("a", "b", "c", "d")
BIAS_RANGES = {"mixed": (-0.2, 0.3), "silent": (0.0, 0.0), "active": (0.1, 0.3)}


@dataclass(frozen=True, eq=False)
class NetworkCase:
    """A network and a stimulus, as arguments for the network and for the oracle.

    `weights` is W[post, pre], divisive connections included; `stimulus` is (batch, sensory, step).
    """

    weights: FloatArray
    sensory: list[int]
    stimulus: FloatArray
    options: dict[str, Any]

    def network(self, dtype: torch.dtype = torch.float64) -> wg.MultilayeredNetwork:
        weights = torch.from_numpy(self.weights).to(dtype)
        steps = self.stimulus.shape[-1]
        network = wg.MultilayeredNetwork(weights, self.sensory, steps, device="cpu", **self.options)
        return network.to(dtype)

    def oracle(self, shift: float = 0.0) -> FloatArray:
        """Run the dense reference, with the threshold moved by `shift`."""
        weights, divisive = self._split_divisive()
        members = [
            wg.reference_forward(
                weights,
                self.sensory,
                member,
                threshold=self.options["threshold"] + shift,
                slope=self._by_neuron("slope_dict", "tanh_steepness"),
                bias=self._by_neuron("bias_dict", "default_bias"),
                divisive=divisive,
                divisive_rule=self.options["divisive_rule"],
            )
            for member in self.stimulus
        ]
        return np.stack(members)

    def clear_of_threshold(self, margin: float = 1e-5) -> bool:
        """Whether no input and no drive lies within `margin` of the threshold, where h jumps."""
        return np.array_equal(self.oracle(margin), self.oracle(-margin))

    def _by_neuron(self, by_group: str, default: str) -> list[float]:
        values = self.options[by_group] or {}
        groups = self.options["idx_to_group"] or dict.fromkeys(range(len(self.weights)))
        return [values.get(groups[i], self.options[default]) for i in range(len(self.weights))]

    def _split_divisive(self) -> tuple[FloatArray, list[tuple[int, int, float]]]:
        weights, divisive = self.weights.copy(), []
        groups, strength = self.options["idx_to_group"], self.options["divisive_strength"]
        for source, targets in (self.options["divisive_normalization"] or {}).items():
            for post, pre in np.argwhere(self.weights):
                if groups[pre] == source and groups[post] in targets:
                    divisive.append((post, pre, weights[post, pre] * strength[source]))
                    weights[post, pre] = 0
        return weights, divisive


def make_case(
    seed: int,
    *,
    n_neurons: int = 8,
    density: float = 0.5,
    steps: int = 3,
    batch: int = 2,
    threshold: float = 0.01,
    grouped: bool = True,
    divisive_rule: str | None = None,
    activity: str = "mixed",
) -> NetworkCase:
    """Draw the numbers of a case; self loops, empty rows and isolated neurons come by chance.

    `activity` is "mixed", "silent" (inhibition only: nothing but the input is active) or "active"
    (excitation and bias only). Without a `divisive_rule` nothing acts divisively.
    """
    rng = np.random.default_rng(seed)
    weights = rng.uniform(-1, 1, (n_neurons, n_neurons))
    weights *= rng.random((n_neurons, n_neurons)) < density
    isolated = rng.random(n_neurons) < 0.1
    weights[isolated] = 0
    weights[:, isolated] = 0
    if activity != "mixed":
        weights = np.abs(weights) * (1 if activity == "active" else -1)
    sensory = rng.permutation(n_neurons)[: rng.integers(1, n_neurons + 1)].tolist()
    stimulus = rng.uniform(-0.2, 1.3, (batch, len(sensory), steps))
    options = _options(rng, threshold, activity)
    if grouped or divisive_rule:
        options |= _group_options(rng, n_neurons, activity)
    if divisive_rule:
        options |= _divisive_options(rng, weights, options["idx_to_group"], divisive_rule)
    return NetworkCase(weights, sensory, stimulus, options)


def _options(rng: np.random.Generator, threshold: float, activity: str) -> dict[str, Any]:
    return {
        "threshold": threshold,
        "tanh_steepness": rng.uniform(0.5, 6),
        "default_bias": rng.uniform(*BIAS_RANGES[activity]),
        "idx_to_group": None,
        "slope_dict": None,
        "bias_dict": None,
        "divisive_normalization": None,
        "divisive_strength": 1,
        "divisive_rule": "product",
    }


def _group_options(rng: np.random.Generator, n_neurons: int, activity: str) -> dict[str, Any]:
    groups = rng.choice(GROUP_NAMES, n_neurons).tolist()
    lowest, highest = np.maximum(BIAS_RANGES[activity], 0)  # groups take no negative bias
    return {
        "default_bias": rng.uniform(lowest, highest),
        "idx_to_group": dict(enumerate(groups)),
        "slope_dict": {groups[0]: rng.uniform(0.5, 6)},
        "bias_dict": {groups[-1]: rng.uniform(lowest, highest)},
    }


def _divisive_options(
    rng: np.random.Generator, weights: FloatArray, idx_to_group: dict[int, str], rule: str
) -> dict[str, Any]:
    """Choose divisive pairs of groups, and make their weights inhibitory in place."""
    names = np.array(list(idx_to_group.values()))
    present = sorted(set(idx_to_group.values()))
    pairs = {source: present[1 - i :] for i, source in enumerate(present[:2])}
    pairs = {source: targets for source, targets in pairs.items() if targets}
    for source, targets in pairs.items():
        block = np.ix_(np.isin(names, targets), names == source)
        weights[block] = -np.abs(weights[block])
    return {
        "divisive_normalization": pairs or None,
        "divisive_strength": {source: rng.uniform(0.3, 4) for source in pairs} or 1,
        "divisive_rule": rule,
    }


@st.composite
def network_cases(
    draw: st.DrawFn,
    *,
    batches: st.SearchStrategy[int] = st.integers(1, 4),  # noqa: B008  strategies do not change
    rules: tuple[str | None, ...] = (None, "product", "sum"),
    max_neurons: int = 12,
) -> NetworkCase:
    """Draw the shape of a case, which hypothesis can shrink; its numbers come from a seed."""
    return make_case(
        draw(st.integers(0, 2**32 - 1)),
        n_neurons=draw(st.integers(1, max_neurons)),
        density=draw(st.sampled_from([0.0, 0.2, 0.6, 1.0])),
        steps=draw(st.integers(1, 5)),
        batch=draw(batches),
        threshold=draw(st.sampled_from([0.01, 0.0, 0.2])),
        grouped=draw(st.booleans()),
        divisive_rule=draw(st.sampled_from(rules)),
        activity=draw(st.sampled_from(["mixed", "silent", "active"])),
    )


def sparse_oracle(
    weights: sparse.csr_array,
    sensory: npt.ArrayLike,
    stimulus: npt.ArrayLike,
    *,
    threshold: float = 0.01,
    slope: float = 5.0,
) -> FloatArray:
    """Run an unbiased network in float64 with scipy: (sensory, step) to (neuron, step)."""
    W, u = weights.astype(np.float64), np.asarray(stimulus, dtype=np.float64)
    external = np.zeros((W.shape[0], u.shape[1] + 1))  # no input joins the last state
    external[sensory, :-1] = np.where(u < threshold, 0, np.minimum(u, 1))
    h, states = external[:, 0], []
    for joining in external[:, 1:].T:
        z = slope * (W @ h)
        h = np.minimum(np.where(z < threshold, 0, np.tanh(z)) + joining, 1)
        states.append(h)
    return np.stack(states, axis=1)


def inhibitory_pairs(worm: wg.Connectome) -> dict[str, list[str]]:
    """List the classes with inhibitory output only, each with the classes it reaches.

    Connections of unknown sign are taken as inhibitory.
    """
    weights, labels = worm.weights(unknown_sign=-1).matrix.tocoo(), worm.group_labels().to_numpy()
    pre, post = labels[weights.col], labels[weights.row]
    exciting = set(pre[weights.data > 0])
    return {name: sorted(set(post[pre == name])) for name in sorted(set(pre) - exciting)}


def run(network: wg.MultilayeredNetwork, stimulus: Tensor) -> tuple[Tensor, Tensor]:
    """Return the activations, and the stimulus's gradient of a fixed weighting of them."""
    stimulus = stimulus.detach().clone().requires_grad_()
    activations = network(stimulus)
    size = activations[0].numel()
    weighting = torch.linspace(0.1, 1, size, dtype=network.dtype).view(activations[0].shape)
    activations.backward(weighting.expand_as(activations))
    assert stimulus.grad is not None
    return activations.detach(), stimulus.grad
