"""A slow dense network in float64 with all that can be done to one, to check attributions by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import wiregrad as wg
from wiregrad.network import Clamp, Scale, Silence

FloatArray = npt.NDArray[np.float64]

NOTHING = wg.Manipulations()


@dataclass(frozen=True)
class Slow:
    """One batch member of a network, in loops: what it is made of, and what is done to it.

    `run` takes a stimulus (sensory, step) to states (n_neurons, step); `held` sets states as
    independent variables, {(layer, neuron): value}, whatever is clamped there.
    """

    weights: FloatArray
    sensory: list[int]
    slope: float = 5.0
    bias: float = 0.0
    threshold: float = 0.01
    tau: FloatArray | None = None
    low: float = 0.0
    kind: str = "rate"  # or "linear", "leaky"
    divisive: list[tuple[int, int, float]] = field(default_factory=list)
    dt_over_tau: float = 0.25
    done: wg.Manipulations = NOTHING
    member: int = 0
    initial: FloatArray | None = None

    def run(
        self,
        stimulus: npt.ArrayLike,
        *,
        weights: FloatArray | None = None,
        held: Mapping[tuple[int, int], float] | None = None,
    ) -> FloatArray:
        x = np.asarray(stimulus, dtype=np.float64)
        W = self._as_scaled(self.weights if weights is None else weights)
        deaf, muted = self._silenced("incoming"), self._silenced("outgoing")
        u = np.array([[self._taken(v) for v in row] for row in x])
        h = self._start(u[:, 0])
        self._hold(h, None)
        states = np.zeros((len(W), x.shape[1]))
        for t in range(x.shape[1]):
            sent = np.maximum(h, 0) if self.kind == "leaky" else h.copy()
            sent[muted] = 0
            total = W @ sent
            total[deaf] = 0
            h = self._step(h, sent, total, u[:, t])
            if self.kind != "leaky" and t + 1 < x.shape[1]:
                h[self.sensory] += u[:, t + 1]
                h = h if self.kind == "linear" else np.minimum(h, 1)
            self._hold(h, t)
            for (layer, neuron), value in (held or {}).items():
                if layer == t:
                    h[neuron] = value
            states[:, t] = h
        return states

    def _step(
        self, h: FloatArray, sent: FloatArray, total: FloatArray, given: FloatArray
    ) -> FloatArray:
        if self.kind == "leaky":
            everywhere = np.zeros(len(h))
            everywhere[self.sensory] = given
            moved: FloatArray = h + self.dt_over_tau * (-h + self.bias + total + everywhere)
            return moved
        gain = np.full(len(h), self.slope)
        for post, pre, weight in self.divisive:
            gain[post] *= max(0.0, 1 + weight * sent[pre])
        z = gain * total + self.bias
        new: FloatArray = z
        if self.kind == "rate":
            new = np.array([np.tanh(v) if v >= self.threshold else 0.0 for v in z])
        if self.tau is not None:
            new = (1 - 1 / self.tau) * h + new / self.tau
        return new

    def _start(self, given: FloatArray) -> FloatArray:
        n = len(self.weights)
        if self.kind == "leaky":
            return np.full(n, self.bias) if self.initial is None else self.initial.copy()
        h = np.zeros(n) if self.initial is None else self.initial.copy()
        h[self.sensory] += given
        return h if self.kind == "linear" else np.minimum(h, 1)

    def _taken(self, v: float) -> float:
        if self.kind == "rate" and abs(v) < self.threshold:
            return 0.0
        return min(max(v, self.low), 1.0)

    def _mine(self) -> list[Any]:
        return [
            item
            for item in self.done.items
            if isinstance(item, Scale) or item.members is None or self.member in item.members
        ]

    def _as_scaled(self, weights: FloatArray) -> FloatArray:
        scaled = weights.copy()
        for item in self._mine():
            if isinstance(item, Scale):
                scaled[np.ix_(list(item.post), list(item.pre))] *= item.factor
        return scaled

    def _silenced(self, mode: str) -> list[int]:
        return [
            neuron
            for item in self._mine()
            if isinstance(item, Silence) and item.mode in (mode, "both")
            for neuron in item.neurons
        ]

    def _hold(self, h: FloatArray, layer: int | None) -> None:
        for item in self._mine():
            if isinstance(item, Clamp) and (item.steps is None or layer in item.steps):
                h[list(item.neurons)] = item.value


@dataclass(frozen=True)
class Case:
    """A network, and of each batch member the slow one that it is to be like."""

    network: wg.MultilayeredNetwork
    slow: list[Slow]
    stimulus: FloatArray
    options: dict[str, Any]


N, SENSORY, STEPS = 6, [4, 0, 2], 3


def _weights(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 0.6, (N, N)) * (rng.random((N, N)) < 0.7)
    return weights * np.where(rng.random(N) < 0.3, -1, 1)


def _case(
    *,
    done: wg.Manipulations = NOTHING,
    initial: bool = False,
    slope: float = 0.8,
    low: float = 0.0,
    slow: dict[str, Any] | None = None,
    **options: Any,
) -> Case:
    """Make a network of six neurons, two members, and their slow twins."""
    weights, rng = _weights(1), np.random.default_rng(7)
    x = rng.uniform(max(low, -0.9) if low else 0.05, 0.9, (2, len(SENSORY), STEPS))
    network = wg.MultilayeredNetwork(
        torch.from_numpy(weights),
        SENSORY,
        STEPS,
        tanh_steepness=slope,
        input_range=(low, 1.0),
        device="cpu",
        **options,
    ).double()
    asked: dict[str, Any] = {"manipulations": done}
    states = rng.uniform(0, 0.5, (2, N)) if initial else [None, None]
    if initial:
        asked["initial_state"] = states
    twins = [
        Slow(
            network.weights.to_scipy().toarray(),
            SENSORY,
            slope=slope,
            bias=options.get("default_bias", 0.0),
            threshold=options.get("threshold", 0.01),
            low=low,
            done=done,
            member=member,
            initial=states[member],
            **(slow or {}),
        )
        for member in range(2)
    ]
    return Case(network, twins, x, asked)


GROUPS = dict(enumerate("aabbcc"))
TAU = np.array([1.0, 1.0, 2.5, 2.5, 4.0, 4.0])


def _with_memory(**options: Any) -> Case:
    return _case(
        idx_to_group=GROUPS,
        tau_dict={"a": 1.0, "b": 2.5, "c": 4.0},
        slow={"tau": TAU},
        **options,
    )


def _divisive() -> Case:
    weights = _weights(1)
    weights[2:4, :2] = -np.abs(weights[2:4, :2]) - 0.2  # a divides b
    network = wg.MultilayeredNetwork(
        torch.from_numpy(weights), SENSORY, STEPS, tanh_steepness=0.8, idx_to_group=GROUPS,
        divisive_normalization={"a": ["b"]}, device="cpu",
    ).double()  # fmt: skip
    done = NOTHING.silence((1,), members=1).clamp((0,), 0.6, steps=0)
    x = np.random.default_rng(3).uniform(0.05, 0.9, (2, len(SENSORY), STEPS))
    pairs = network.divnorm_indices.T.tolist()
    divisive = [
        (post, pre, float(w))
        for (post, pre), w in zip(pairs, network.divnorm_weights.double(), strict=True)
    ]
    twins = [
        Slow(
            network.weights.to_scipy().toarray(), SENSORY, slope=0.8, divisive=divisive, done=done,
            member=member,
        )
        for member in range(2)
    ]  # fmt: skip
    return Case(network, twins, x, {"manipulations": done})


def _leaky(**options: Any) -> Case:
    dynamics = wg.LeakyRectified(tau=20.0, dt=5.0)
    return _case(dynamics=dynamics, low=-1.0, default_bias=0.1, slow={"kind": "leaky"}, **options)


CASES: dict[str, Callable[[], Case]] = {
    "clamped always": lambda: _case(done=NOTHING.clamp((1, 2), 0.7)),
    "clamped at steps": lambda: _case(done=NOTHING.clamp((1,), 0.3, steps=1).clamp((4,), 0.9, 0)),
    "clamped in a member": lambda: _case(done=NOTHING.clamp((0, 5), 0.4, members=1)),
    "muted": lambda: _case(done=NOTHING.silence((2, 3))),
    "muted in a member": lambda: _case(done=NOTHING.silence((2, 3), members=0)),
    "deaf": lambda: _case(done=NOTHING.silence((3,), "incoming"), default_bias=0.2),
    "deaf in a member": lambda: _case(
        done=NOTHING.silence((3,), "incoming", members=1), default_bias=0.2
    ),
    "cut off in a member": lambda: _case(done=NOTHING.silence((0, 1), "both", members=1)),
    "scaled": lambda: _case(done=NOTHING.scale((0, 2), (1, 3, 5), -0.5)),
    "memory": _with_memory,
    "memory, clamped and silenced": lambda: _with_memory(
        done=NOTHING.clamp((1,), 0.4, steps=1).silence((2,), members=0).silence((3,), "incoming", 1)
    ),
    "from a state": lambda: _case(initial=True),
    "memory, from a state": lambda: _with_memory(initial=True, done=NOTHING.clamp((0,), 0.5)),
    "negative inputs": lambda: _case(low=-1.0, default_bias=0.3),
    "negative inputs, memory, clamped": lambda: _with_memory(
        low=-1.0, default_bias=0.3, done=NOTHING.clamp((5,), 0.4, steps=0, members=0)
    ),
    "divisive, muted in a member": _divisive,
    "linear": lambda: _case(dynamics=wg.Linear(), low=-1.0, slow={"kind": "linear"}),
    "linear, all at once": lambda: _with_memory_linear(),
    "leaky": _leaky,
    "leaky, all at once": lambda: _leaky(
        initial=True,
        done=NOTHING.clamp((1,), 0.4, steps=1)
        .silence((2,), members=0)
        .silence((3,), "incoming", 1)
        .scale((0,), (1, 5), 2.0),
    ),
}


def _with_memory_linear() -> Case:
    return _case(
        idx_to_group=GROUPS,
        tau_dict={"a": 1.0, "b": 2.5, "c": 4.0},
        dynamics=wg.Linear(),
        low=-1.0,
        initial=True,
        default_bias=0.1,
        slow={"kind": "linear", "tau": TAU},
        done=NOTHING.clamp((1,), 0.4, steps=1).silence((2,), members=0),
    )
