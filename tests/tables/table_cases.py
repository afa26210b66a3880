"""Random problems on small networks, and what their tables must hold, by loops."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from hypothesis import settings
from hypothesis import strategies as st

import wiregrad as wg

FloatArray = npt.NDArray[np.floating]

QUICK = settings(deadline=None, max_examples=30)

#: Groups whose order as text is not their order as numbers.
GROUP_NAMES = ("b", "a", "10", "9")


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, a stimulus, what it answers, and targets (in `targets`, one row a target)."""

    weights: FloatArray
    sensory: list[int]
    groups: list[str]
    stimulus: FloatArray
    targets: pd.DataFrame
    threshold: float = 0.01

    @cached_property
    def network(self) -> wg.MultilayeredNetwork:
        return wg.MultilayeredNetwork(
            torch.from_numpy(self.weights),
            self.sensory,
            self.steps,
            threshold=self.threshold,
            idx_to_group=dict(enumerate(self.groups)),
            default_bias=0.05 if self.stimulus.sum() > 1 else 0.0,
            device="cpu",
        )

    @property
    def steps(self) -> int:
        return self.stimulus.shape[1]

    @cached_property
    def activations(self) -> FloatArray:
        return self.network(self.stimulus).numpy()

    def given(self, row: int, column: int) -> float:
        """Tell what one entry of the stimulus comes to: silent below threshold, at most 1."""
        value = self.stimulus[row, column]
        return min(value, 1.0) if value >= self.threshold else 0.0

    def driven(self, neuron: int, layer: int) -> float:
        """Tell what a neuron receives in a layer; no input joins the last one."""
        if neuron not in self.sensory or layer >= self.steps:
            return 0.0
        return self.given(self.sensory.index(neuron), layer)

    def state(self, neuron: int, layer: int) -> float:
        """Tell the activation of a neuron in a layer; in layer 0 it is the stimulus."""
        return self.activations[neuron, layer - 1] if layer else self.driven(neuron, 0)

    @cached_property
    def wanted(self) -> set[tuple[int, int]]:
        return {(neuron, layer + 1) for layer, neuron in self.targets[["layer", "neuron"]].values}


@st.composite
def problems(draw: st.DrawFn, max_neurons: int = 6, max_steps: int = 4) -> Problem:
    """Draw the shape of a problem, which hypothesis can shrink; its numbers come from a seed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, steps = draw(st.integers(1, max_neurons)), draw(st.integers(1, max_steps))
    weights = rng.uniform(-0.6, 1, (n, n)) * (
        rng.random((n, n)) < draw(st.sampled_from([0.0, 0.3, 0.7]))
    )
    sensory = rng.permutation(n)[: rng.integers(1, n + 1)].tolist()
    strength = draw(st.sampled_from([0.0, 0.5, 1.5]))
    stimulus = rng.uniform(-1, 1, (len(sensory), steps)) * strength
    places = rng.permutation(n * steps)[: draw(st.integers(1, 4))]
    targets = pd.DataFrame({"layer": places // n, "neuron": places % n}).astype("int64")
    return Problem(weights, sensory, rng.choice(GROUP_NAMES, n).tolist(), stimulus, targets)


def walks(problem: Problem) -> Iterator[list[tuple[int, int]]]:
    """List every walk from a driven neuron to a target, as (neuron, layer), by trying all."""
    n, state = len(problem.weights), np.array(problem.activations)
    wanted = problem.wanted

    def go_on(walk: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        neuron, layer = walk[-1]
        if (neuron, layer) in wanted:
            yield walk
        active = state[neuron, layer - 1] if layer else problem.driven(neuron, 0)
        if layer < problem.steps and active > 0:
            for post in range(n):
                if problem.weights[post, neuron]:
                    yield from go_on([*walk, (post, layer + 1)])

    for neuron in range(n):
        for layer in range(problem.steps + 1):
            if problem.driven(neuron, layer) > 0:
                yield from go_on([(neuron, layer)])


def circuit_by_hand(problem: Problem) -> tuple[dict[Any, set[int]], dict[Any, dict[str, float]]]:
    """Return the members of each (layer, group), and the sums of each (layer, pre, post)."""
    members: dict[Any, set[int]] = defaultdict(set)
    connections = set()
    for walk in walks(problem):
        for neuron, layer in walk:
            members[layer, problem.groups[neuron]].add(neuron)
        connections |= set(itertools.pairwise(walk))
    for neuron, layer in problem.wanted:
        members[layer, problem.groups[neuron]].add(neuron)
    edges: dict[Any, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (pre, before), (post, layer) in sorted(connections):
        edge = edges[layer, problem.groups[pre], problem.groups[post]]
        n_post = len(members[layer, problem.groups[post]])
        weight = problem.weights[post, pre]
        flow = weight * problem.state(pre, before)
        edge["weight"] += weight / n_post
        edge["excitation" if flow > 0 else "inhibition"] += flow / n_post
    return members, edges
