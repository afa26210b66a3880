"""Random manipulations, and a slow dense network that they are done to, member by member."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from hypothesis import strategies as st
from network_cases import FloatArray, NetworkCase

import wiregrad as wg
from wiregrad.network import Clamp, Manipulation, Scale, Silence
from wiregrad.network._fused import fused_response
from wiregrad.network._places import Grid
from wiregrad.network._room import Room
from wiregrad.network._steps import unrolled_steps


@st.composite
def manipulations_of(
    draw: st.DrawFn, case: NetworkCase, *, single_members: bool = True, most: int = 4
) -> wg.Manipulations:
    """Draw manipulations that fit a case: neurons by index."""
    n_neurons, (n_batch, _, n_steps) = len(case.weights), case.stimulus.shape
    neurons = st.lists(st.integers(0, n_neurons - 1), min_size=1, max_size=3, unique=True)
    members = st.none()
    if single_members and n_batch:
        some = st.lists(st.integers(0, n_batch - 1), min_size=1, max_size=n_batch)
        members = st.none() | some
    steps = st.none() | st.lists(
        st.integers(0, n_steps - 1), min_size=1, max_size=n_steps, unique=True
    )
    done = wg.Manipulations()
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["clamp", "silence", "scale"]))
        if kind == "clamp":
            value = draw(st.sampled_from([0.0, 0.3, 1.0]))
            done = done.clamp(draw(neurons), value, draw(steps), draw(members))
        elif kind == "silence":
            mode = draw(st.sampled_from(["outgoing", "incoming", "both"]))
            done = done.silence(draw(neurons), mode, draw(members))
        else:
            factor = draw(st.sampled_from([0.0, 0.5, 2.0]))
            pre, post = draw(neurons), draw(neurons)
            if case.weights[np.ix_(post, pre)].any():
                done = done.scale(pre, post, factor)
    return done


def slow_answer(
    case: NetworkCase, done: wg.Manipulations, *, threshold: float | None = None
) -> FloatArray:
    """Run the case in loops, (batch, neuron, step); without divisive connections."""
    threshold = case.options["threshold"] if threshold is None else threshold
    return np.stack([_member(case, done, b, threshold) for b in range(len(case.stimulus))])


def _member(case: NetworkCase, done: wg.Manipulations, b: int, threshold: float) -> FloatArray:
    weights, divisive = case._split_divisive()
    mine = [item for item in done.items if _is_for(item, b)]
    weights = weights.copy()
    for post in range(len(weights)):
        for pre in range(len(weights)):
            weights[post, pre] *= _factor(mine, post, pre)
    divisive = [(post, pre, w * _factor(mine, post, pre)) for post, pre, w in divisive]
    slope = case._by_neuron("slope_dict", "tanh_steepness")
    bias = case._by_neuron("bias_dict", "default_bias")

    n_neurons, n_steps = len(weights), case.stimulus.shape[2]
    given = [[min(x, 1.0) if x >= threshold else 0.0 for x in row] for row in case.stimulus[b]]
    h = np.zeros(n_neurons)
    for row, neuron in enumerate(case.sensory):
        h[neuron] = given[row][0]
    _hold(h, mine, None)
    states = np.zeros((n_neurons, n_steps))
    for t in range(n_steps):
        new = np.zeros(n_neurons)
        for i in range(n_neurons):
            scale = [1 + w * h[pre] for post, pre, w in divisive if post == i]
            if case.options["divisive_rule"] == "sum":
                factor = max(0.0, 1 + sum(s - 1 for s in scale))
            else:
                factor = float(np.prod([max(0.0, s) for s in scale]))
            z = slope[i] * factor * float(weights[i] @ h) + bias[i]
            new[i] = np.tanh(z) if z >= threshold else 0.0
        h = new
        if t < n_steps - 1:
            for row, neuron in enumerate(case.sensory):
                h[neuron] = min(h[neuron] + given[row][t + 1], 1.0)
        _hold(h, mine, t)
        states[:, t] = h
    return states


def _is_for(item: Manipulation, b: int) -> bool:
    return isinstance(item, Scale) or item.members is None or b in item.members


def _factor(items: list[Manipulation], post: int, pre: int) -> float:
    factor = 1.0
    for item in items:
        if isinstance(item, Scale) and pre in item.pre and post in item.post:
            factor *= item.factor
        if isinstance(item, Silence):
            cut_off = item.mode != "incoming" and pre in item.neurons
            deafened = item.mode != "outgoing" and post in item.neurons
            factor *= 0.0 if cut_off or deafened else 1.0
    return factor


def _hold(h: FloatArray, items: list[Manipulation], layer: int | None) -> None:
    for item in items:
        if isinstance(item, Clamp) and (item.steps is None or layer in item.steps):
            h[list(item.neurons)] = item.value


def fused_and_plain(
    acting: wg.MultilayeredNetwork, stimulus: torch.Tensor, leak: float, window: int
) -> list[list[torch.Tensor]]:
    """Return all states, their sums, and the gradients of a loss of both, by either path."""
    n_batch, _, n_steps = stimulus.shape
    places = Grid(*(np.arange(n) for n in (n_steps, acting.n_neurons)), n_batch)
    found = []
    for fused in (True, False):
        x = stimulus.clone().requires_grad_()
        if fused:
            _, read, size, square = fused_response(
                acting, x, leak, places, Room(), True, window=window
            )
        else:
            states = unrolled_steps(acting, x, leak, partial(acting.activation_function, leak=leak))
            read = places.of(states)
            size, square = states.abs().sum(dim=(1, 2)), states.square().sum(dim=(1, 2))
        loss = (read * torch.linspace(0.1, 1, len(read), dtype=read.dtype)).sum()
        loss = loss + (size * square.detach()).sum() + 2 * square.sum()
        wanted = [x, *(p for p in acting.parameters() if p.requires_grad)]
        found.append([read, size, square, *torch.autograd.grad(loss, wanted)])
    return found
