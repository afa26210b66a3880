"""Known parameters: drawn by class, and found again from noisy responses, from several starts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

import wiregrad as wg

__all__ = ["EXPERIMENTS", "Experiment", "recover"]

Floats = npt.NDArray[np.floating]

#: What true parameters are drawn from, uniformly.
TRUTH = {"slope": (2.0, 8.0), "bias": (0.0, 0.3), "tau": (1.0, 3.0), "divisive": (1.0, 6.0)}

#: Starts are spread over the range of the truth.
HOW = {
    "slope": wg.Trainable(bounds=(0.1, 30), spread=1.5),
    "bias": wg.Trainable(spread=0.15),
}

N_STIMULI, ACTIVE, NOISE, HELD_OUT = 300, 0.2, 0.05, 0.2

#: A divisive strength is judged where the responses could tell it so well.
STANDARD_ERROR = 0.1

#: A class is judged where a member's activity lies within these bounds in a tenth of the stimuli.
WITHIN, OFTEN = (0.05, 0.95), 0.1


@dataclass(frozen=True)
class Experiment:
    """What is to be recovered.

    Attributes
    ----------
    connectome : str
        worm or larva.
    divisive : int
        Presynaptic groups, those that inhibit most, that act divisively where they only inhibit.
    parameters : tuple of str
    per_class : int
        Neurons recorded of each class.
    epochs, starts, steps : int
    bias : float
        Of the first start: above the threshold, so that no class is silent of itself.
    tau : float
        Of the first start; at 1 the network has no memory.
    """

    connectome: str
    divisive: int = 0
    parameters: tuple[str, ...] = ("slope", "bias")
    per_class: int = 1_000
    epochs: int = 300
    starts: int = 5
    steps: int = 4
    bias: float = 0.02
    tau: float = 1.0


EXPERIMENTS = {
    "worm": Experiment("worm"),
    "larva": Experiment("larva", per_class=6, epochs=120),
    "worm-tau": Experiment("worm", parameters=("slope", "bias", "tau"), epochs=600, tau=1.5),
    "worm-divisive": Experiment(
        "worm", divisive=10, parameters=("slope", "bias", "divisive"), per_class=2
    ),
}


def recover(experiment: Experiment, data: Path, seed: int = 0) -> dict[str, Any]:
    """Draw, record, fit, and compare."""
    rng = np.random.default_rng(seed)
    base = _make(experiment, data)
    pairs = dict(_inhibitory(base, experiment.divisive))
    options = {"divisive_normalization": pairs} if pairs else {}
    network, true = (_make(experiment, data, **options) for _ in range(2))
    _draw_truth(true, experiment, rng)
    shape = (N_STIMULI, len(network.sensory_indices), experiment.steps)
    stimuli = rng.random(shape) * (rng.random(shape) < ACTIVE)
    neurons = _recorded(network, experiment.per_class, rng)
    with torch.no_grad():
        clean = true(stimuli, record=neurons).numpy()
    noisy = clean + NOISE * rng.standard_normal(clean.shape)
    trainer = wg.Trainer(
        {name: HOW.get(name) for name in experiment.parameters},
        epochs=experiment.epochs,
        learning_rate=0.1,
        schedule="cosine",
        n_starts=experiment.starts,
        seed=seed,
    )
    began = time.perf_counter()
    recording = wg.Recording(noisy, neurons.tolist())
    result = trainer.fit(
        network, stimuli, recording, held_out=HELD_OUT, stability=False, progress=False
    )
    seconds = time.perf_counter() - began
    out = result.held_out_members
    floor = float(np.abs(noisy - clean)[out].mean())
    judged = _judged(network, neurons, clean)
    shown = dict.fromkeys(experiment.parameters, judged)
    if pairs:
        shown["divisive"] = _tellable(true, stimuli[result.train_members], neurons)
    compared = {name: _compare(name, result, true, shown[name]) for name in experiment.parameters}
    return {
        "neurons": network.n_neurons,
        "classes": len(network.groups.names),
        "judged": int(judged.sum()),
        "recorded": len(neurons),
        "signs": network.provenance["signs_in_words"],
        "first": result.first_held_out_loss,
        "held_out": result.held_out_loss,
        "floor": floor,
        "seconds": seconds,
        "starts": result.starts["loss"].tolist(),
        "parameters": compared,
        **{name: getattr(experiment, name) for name in ("epochs", "divisive")},
    }


def _make(experiment: Experiment, data: Path, **options: Any) -> wg.MultilayeredNetwork:
    if experiment.connectome == "worm":
        wiring, how = wg.datasets.celegans(), {"unknown_sign": 1}
    else:
        wiring, how = wg.Connectome.load(data / "larva"), {"sign": {"LN": -1, "*": 1}}
    return wg.MultilayeredNetwork.from_connectome(
        wiring,
        "role=sensory",
        experiment.steps,
        device="cpu",
        default_bias=experiment.bias,
        tau=experiment.tau,
        **how,
        **options,
    )


def _inhibitory(network: wg.MultilayeredNetwork, most: int) -> Iterator[tuple[object, list[Any]]]:
    """List the presynaptic groups with the most inhibition, and the pairs that only inhibit."""
    matrix = network.weights.to_scipy().tocoo()
    of_neuron, names = network.groups.of_neuron, network.groups.names
    edges = pd.DataFrame(
        {"pre": of_neuron[matrix.col], "post": of_neuron[matrix.row], "weight": matrix.data}
    )
    by_pair = edges.groupby(["pre", "post"])["weight"]
    total = by_pair.sum()[by_pair.max() < 0]
    order = total.groupby("pre").sum().sort_values().index[:most]
    for pre in order:
        yield names[pre], [names[post] for post in total.loc[pre].index]


def _draw_truth(
    true: wg.MultilayeredNetwork, experiment: Experiment, rng: np.random.Generator
) -> None:
    tensors = {"slope": true.slope, "bias": true.raw_biases, "divisive": true.divisive_strength}
    for name in experiment.parameters:
        tensor = tensors.get(name, getattr(true, name, None))
        tensor.copy_(torch.from_numpy(rng.uniform(*TRUTH[name], len(tensor))))


def _recorded(
    network: wg.MultilayeredNetwork, per_class: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    groups = network.groups
    chosen = [rng.permutation(groups.members(name))[:per_class] for name in groups.names]
    return np.sort(np.concatenate(chosen))


def _judged(
    network: wg.MultilayeredNetwork, neurons: npt.NDArray[np.int64], clean: Floats
) -> npt.NDArray[np.bool_]:
    """Say of each class whether a recorded member is often neither silent nor saturated."""
    low, high = WITHIN
    often = ((clean > low) & (clean < high)).mean(axis=0).max(axis=1) >= OFTEN
    found = np.zeros(len(network.groups.names), bool)
    found[network.groups.of_neuron[neurons[often]]] = True
    return found


def _tellable(
    true: wg.MultilayeredNetwork, stimuli: Floats, neurons: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Say which divisive strengths the noisy responses can tell, to STANDARD_ERROR at best.

    That is one over the root of the Fisher information, all else being known.
    """
    found = []
    with torch.no_grad():
        before = true(stimuli, record=neurons)
        for position in range(len(true.divisive_strength)):
            true.divisive_strength[position] += STANDARD_ERROR
            change = (true(stimuli, record=neurons) - before).norm()
            true.divisive_strength[position] -= STANDARD_ERROR
            found.append(float(change) > NOISE)
    return np.array(found)


def _compare(
    name: str,
    result: wg.FitResult,
    true: wg.MultilayeredNetwork,
    shown: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """Compare fitted and true values of the classes judged, of the best start and of all."""
    values = {"slope": true.slope, "bias": true.biases, "divisive": true.divisive_strength}
    truth = values.get(name, getattr(true, name, None)).detach().numpy().astype(float)
    table = result.parameters[result.parameters["parameter"] == name]
    fitted = table["fitted"].to_numpy()
    starts = result.ensemble[name]

    def correlation(found: Floats) -> float:
        if shown.sum() < 3:
            return float("nan")
        return float(np.corrcoef(found[shown], truth[shown])[0, 1])

    return {
        "n": int(shown.sum()),
        "correlation": correlation(fitted),
        "correlations": [correlation(start) for start in starts],
        "off": float(np.median(np.abs(fitted - truth)[shown])) if shown.any() else float("nan"),
        "largest_off": float(np.abs(fitted - truth)[shown].max()) if shown.any() else float("nan"),
        "spread": float(np.median(table["sd"].to_numpy()[shown])) if shown.any() else float("nan"),
    }
