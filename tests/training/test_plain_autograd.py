"""Training with all options equals an independent, dense implementation in plain torch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from trainer_cases import PlainTrainer, make_divisive, record
from training_cases import draw_stimuli

import wiregrad as wg

N_STIMULI, EPOCHS, RATE, SEED = 12, 12, 0.03, 3


def pools(network: wg.MultilayeredNetwork) -> tuple[list[Any], torch.Tensor]:
    """Channels of one neuron, of several, and of a group; and the matrix that pools them."""
    channels: list[Any] = [3, 17, [1, 5, 6], "b", "c"]
    matrix = torch.zeros(len(channels), network.n_neurons, dtype=torch.float64)
    for i, what in enumerate(channels):
        found = network.find(what)
        matrix[i, found] = 1 / len(found)
    return channels, matrix


def plain_training(
    network: wg.MultilayeredNetwork,
    stimuli: torch.Tensor,
    values: np.ndarray,
    weights: np.ndarray,
    held_out: list[int],
    options: dict[str, Any],
) -> dict[str, Any]:
    """Train with a loop that shares nothing with the package but the formulas of its docs."""
    bounds = {
        "slope": (0.2, 9.0, 0.1),
        "bias": (0.0, None, 0.01),
        "divisive": (0.0, None, 0.1),
        "weight": (0.0, 3.0, 0.1),
    }
    plain = PlainTrainer(network, options, bounds)
    _, pool = pools(network)
    groups = network.groups
    n_groups = len(groups.names)
    names = np.array(groups.names)[groups.of_neuron]
    present = [
        (a, b)
        for a in "abcd"
        for b in "abcd"
        if (plain.W.numpy()[np.ix_(names == b, names == a)] != 0).any()
    ]
    start = {
        "slope": network.slope.detach().mean()[None],  # shared
        "bias": network.biases.detach().clamp(min=0.001),
        "divisive": network.divisive_strength.detach().clone(),
        "weight": torch.ones(len(present), dtype=torch.float64),
    }
    free = {name: plain.free(name, value) for name, value in start.items()}
    rates = {"slope": 1.0, "bias": 0.1, "divisive": 1.0, "weight": 0.5}
    optimiser = torch.optim.Adam(
        [{"params": [x], "lr": RATE * rates[name]} for name, x in free.items()]
    )
    measured, weight = torch.from_numpy(np.nan_to_num(values)), torch.from_numpy(weights)
    weight = torch.where(torch.from_numpy(np.isnan(values)), 0.0, weight)
    train = [i for i in range(len(stimuli)) if i not in held_out]

    def forward(members: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        value = {name: plain.bounded(name, x).requires_grad_() for name, x in free.items()}
        gain = torch.ones_like(plain.W)
        for k, (a, b) in enumerate(present):
            block = torch.from_numpy(np.outer(names == b, names == a))
            gain = torch.where(block, value["weight"][k], gain)
        states = plain.run(
            stimuli[members],
            value["slope"].expand(n_groups)[plain.group],
            value["bias"][plain.group],
            value["divisive"][0],
            plain.W * gain,
        )
        return torch.einsum("cn,bnt->bct", pool, plain.see(states)), value

    def through(seen: torch.Tensor, readout: Any) -> torch.Tensor:
        if readout is None:
            return seen
        return readout[1][:, None] + readout[0][:, None] * seen

    def fit_readout(seen: torch.Tensor, members: Any) -> Any:
        if options["readout"] is None:
            return None
        return plain.readout(seen, measured[members], weight[members])

    def judge() -> tuple[float, dict[str, np.ndarray]]:
        with torch.no_grad():
            seen, value = forward(train)
            readout = fit_readout(seen, train)
            out = through(forward(held_out)[0], readout)
            loss = plain.loss(out, measured[held_out], weight[held_out])
        return float(loss), {name: v.detach().numpy().copy() for name, v in value.items()}

    course = [judge()]
    for epoch in range(EPOCHS):
        third = EPOCHS // 3
        plain.leak = options["leak"] * (1 if epoch < third else 0.1 if epoch < 2 * third else 0)
        factor = (1 + math.cos(math.pi * epoch / EPOCHS)) / 2 * min(1, (epoch + 1) / 3)
        for group, name in zip(optimiser.param_groups, free, strict=True):
            group["lr"] = RATE * rates[name] * factor
        size = options["batch_size"] or len(train)
        order = train
        if options["batch_size"]:
            order = np.array(train)[np.random.default_rng([SEED, epoch]).permutation(len(train))]
            with torch.no_grad():
                fixed = fit_readout(forward(train)[0], train)
        for first in range(0, len(train), size):
            members = list(order[first : first + size])
            seen, value = forward(members)
            readout = fixed if options["batch_size"] else fit_readout(seen, members)
            loss = plain.loss(through(seen, readout), measured[members], weight[members])
            loss = loss + 0.02 * (value["slope"] - start["slope"]).abs().mean()
            loss = loss + 0.3 * ((value["weight"] - start["weight"]) ** 2).mean()
            for x, found in zip(
                free.values(), torch.autograd.grad(loss, [*value.values()]), strict=True
            ):
                x.grad = found.clone()
            norm = math.sqrt(sum(float((x.grad**2).sum()) for x in free.values()))
            for x in free.values():
                x.grad *= min(1.0, options["clip"] / norm)
            optimiser.step()
            for name, x in free.items():
                low, high, softness = bounds[name]
                x.clamp_(low - 3 * softness, None if high is None else high + 3 * softness)
        course.append(judge())
    return {"course": [loss for loss, _ in course], "best": min(course, key=lambda c: c[0])}


CASES = {
    "readout": {"readout": "channel", "loss": "squared"},
    "calcium, minibatches": {"decay": 0.6, "batch_size": 4, "readout": "channel", "loss": "l1"},
    "correlation, leak": {"loss": "correlation", "leak": 0.1},
    "as they are": {"loss": "l1", "batch_size": 5, "leak": 0.3},
}


@pytest.mark.parametrize("case", CASES)
def test_training_equals_a_plain_dense_implementation(case: str) -> None:
    defaults = {"readout": None, "decay": None, "batch_size": None, "leak": 0.0, "clip": 0.05}
    options = {**defaults, **CASES[case]}
    true = make_divisive(
        slope_dict={"a": 3, "b": 6, "c": 2}, bias_dict={"a": 0.2, "d": 0.1}, divisive_strength=2.0
    )
    network = make_divisive()
    stimuli = draw_stimuli(network, N_STIMULI)
    channels, pool = pools(network)
    values = np.einsum("cn,bnt->bct", pool.numpy(), record(true, stimuli, noise=0.02))
    values = 0.3 + 2 * values if options["readout"] else values
    rng = np.random.default_rng(1)
    values[rng.random(values.shape) < 0.2] = np.nan
    weights = rng.uniform(0.5, 2, values.shape)
    held_out = [1, 4, 8]
    expected = plain_training(network, stimuli, values, weights, held_out, options)

    trainer = wg.Trainer(
        {
            "slope": wg.Trainable(by="shared", bounds=(0.2, 9), l1=0.02),
            "bias": wg.Trainable(),
            "divisive": None,
            "weight": wg.Trainable(by="pair", bounds=(0, 3), l2=0.3, rate=0.5),
        },
        loss=options["loss"],
        observation=wg.Observation(options["readout"], options["decay"]),
        epochs=EPOCHS,
        learning_rate=RATE,
        schedule="cosine",
        warmup=2,
        batch_size=options["batch_size"],
        clip=options["clip"],
        leak=options["leak"],
        seed=SEED,
    )
    recording = wg.Recording(values, channels, weights=weights)
    result = trainer.fit(network, stimuli, recording, held_out=held_out, progress=False)

    course = result.history["held_out"].to_numpy()
    np.testing.assert_allclose(course, expected["course"][:-1], rtol=1e-5, atol=1e-7)
    best_loss, best = expected["best"]
    assert result.held_out_loss == pytest.approx(best_loss, rel=1e-5)
    for name, table in result.parameters.groupby("parameter"):
        np.testing.assert_allclose(table["fitted"], best[name], atol=1e-5, err_msg=name)
    assert course.min() < 0.95 * course[0]  # it is a training
