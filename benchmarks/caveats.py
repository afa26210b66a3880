"""How much of a response do gradients miss? Measured on the worm.

    python benchmarks/caveats.py --out docs/caveats.md

A minute or two.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from measure import machine
from scipy.stats import spearmanr

import wiregrad as wg

FloatArray = npt.NDArray[np.floating]

STEPS, STIMULI, NEURONS = 4, 10, 30

#: Points on the way from silence to a stimulus, at which gradients are added up.
POINTS = 500

#: A response, or a change of one, that is worth speaking of.
NOTABLE = 0.01


def make_worm(threshold: float) -> wg.MultilayeredNetwork:
    """Make the worm a network that all its sensory neurons drive."""
    worm = wg.datasets.celegans()
    return wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", STEPS, unknown_sign=1, threshold=threshold, device="cpu"
    )


def draw_stimuli(rng: np.random.Generator, network: wg.MultilayeredNetwork) -> FloatArray:
    """Draw stimuli in which each input is active at a fifth of the steps, uniform in [0, 1)."""
    shape = (STIMULI, len(network.sensory_indices), STEPS)
    return rng.random(shape) * (rng.random(shape) < 0.2)


def responses(network: wg.MultilayeredNetwork, stimuli: FloatArray) -> FloatArray:
    """Return the activations at the last step, (batch, n_neurons)."""
    with torch.no_grad():
        return network(stimuli)[..., -1].numpy().astype(np.float64)


def gradient(network: wg.MultilayeredNetwork, stimuli: FloatArray, neuron: int) -> FloatArray:
    """Return the gradient of a neuron's activation at the last step."""
    return wg.saliency(network, stimuli, {-1: [neuron]}).numpy().astype(np.float64)


def some_responding(rng: np.random.Generator, response: FloatArray) -> list[int]:
    """Draw neurons among those that respond and are not saturated."""
    responding = np.flatnonzero((response > NOTABLE) & (response < 0.95))
    return sorted(rng.permutation(responding)[:NEURONS].tolist())


def shares_explained(threshold: float) -> FloatArray:
    """Add gradients up on the straight way from silence to a stimulus; divide by the response.

    What is missing from 1 are the jumps on this way.
    """
    rng = np.random.default_rng(0)
    network = make_worm(threshold)
    scales = (np.arange(POINTS) + 0.5) / POINTS
    shares = []
    for stimulus in draw_stimuli(rng, network):
        response = responses(network, stimulus[None])[0]
        way = scales[:, None, None] * stimulus
        for neuron in some_responding(rng, response):
            explained = (gradient(network, way, neuron).mean(axis=0) * stimulus).sum()
            shares.append(explained / response[neuron])
    return np.array(shares)


def changed(stimulus: FloatArray, kind: str) -> FloatArray:
    """Return the stimuli that a kind of change makes, (batch, sensory, step)."""
    flat = stimulus.ravel()
    scale = {"all inputs 0.1 % stronger": 1.001, "all inputs 1 % stronger": 1.01}
    scale["all inputs 10 % stronger"] = 1.1
    if kind in scale:
        return np.minimum(stimulus * scale[kind], 1)[None]
    chosen = np.flatnonzero(flat > 0 if kind == REMOVE else flat == 0)
    variants = np.repeat(flat[None], len(chosen), axis=0)
    variants[np.arange(len(chosen)), chosen] = 0 if kind == REMOVE else 0.5
    return variants.reshape(-1, *stimulus.shape)


REMOVE, ADD = "one active input switched off", "one silent input switched on, at 0.5"
KINDS = (
    "all inputs 0.1 % stronger",
    "all inputs 1 % stronger",
    "all inputs 10 % stronger",
    REMOVE,
    ADD,
)


def predictions(threshold: float, kind: str) -> tuple[FloatArray, FloatArray]:
    """Predict changes of responses with one gradient; return these and the true ones."""
    rng = np.random.default_rng(0)
    network = make_worm(threshold)
    predicted, true = [], []
    for stimulus in draw_stimuli(rng, network):
        response = responses(network, stimulus[None])[0]
        variants = changed(stimulus, kind)
        after = responses(network, variants)
        for neuron in some_responding(rng, response):
            slope = gradient(network, stimulus[None], neuron)[0]
            predicted.append(((variants - stimulus) * slope).sum(axis=(1, 2)))
            true.append(after[:, neuron] - response[neuron])
    return np.concatenate(predicted), np.concatenate(true)


def path_row(threshold: float) -> str:
    """Say how much of a response the gradients on the way to it account for."""
    shares = shares_explained(threshold) * 100
    low, median, high = np.percentile(shares, [5, 50, 95])
    return f"| {threshold:g} | {len(shares)} | {median:.1f} % | {low:.1f} to {high:.1f} % |"


def change_row(threshold: float, kind: str) -> str:
    """Compare predicted and true changes."""
    predicted, true = predictions(threshold, kind)
    moved = abs(true) > NOTABLE
    within = abs(predicted - true) <= 0.25 * abs(true)
    error = abs(predicted - true).sum() / abs(true).sum()
    rank = f"{spearmanr(predicted, true).statistic:.2f}" if predicted.any() else "-"
    cells = [kind, f"{len(true):,}", f"{abs(true).mean():.2g}", f"{error * 100:.0f} %", rank]
    if moved.any():
        blind = (predicted == 0)[moved].mean()
        cells += [f"{moved.sum():,}", f"{within[moved].mean() * 100:.0f} %", f"{blind * 100:.0f} %"]
    else:
        cells += ["0", "-", "-"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="write the page to this file too")
    options = parser.parse_args()
    warnings.simplefilter("error")
    page = PAGE.format(
        machine=machine(),
        version=wg.__version__,
        paths="\n".join(path_row(threshold) for threshold in (0, 0.01, 0.05, 0.1)),
        changes="\n".join(change_row(0.01, kind) for kind in KINDS),
        smooth="\n".join(change_row(0, kind) for kind in (REMOVE, ADD)),
        neurons=NEURONS,
        stimuli=STIMULI,
        points=POINTS,
    )
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


PAGE = """# Caveats: what gradients do not see

A network of wiregrad has a threshold, 0.01 by default: a drive or an input below it is silent, one
at it acts in full. The response therefore jumps where a neuron or an input crosses the threshold,
and a gradient, which is a slope, does not see jumps. Three things follow for `saliency`, for
`train_model` and for anything else that follows gradients:

- **What is silent has no gradient.** An input that is off has the derivative 0, whatever it would
  do if it were switched on; a group of neurons that is silent in all of the data gets no gradient
  for its slope and its bias. What is saturated (an input at 1, an activation near 1) has next to
  none.
- **What a gradient predicts of a change is only the part without crossings**, and only as far as
  the response is straight.
- **Contributions do not add up to the response**: what the jumps contribute is missing.

The numbers below say how large each is. They are measured on the worm (Cook et al. 2019; all
sensory neurons as inputs, four steps, slope 5, no bias, connections of unknown sign excitatory),
for up to {neurons} neurons that respond between 0.01 and 0.95 at the last step to each of
{stimuli} random stimuli, in which an input is active at a step with probability 0.2, at a strength
uniform in [0, 1). Written by `python benchmarks/caveats.py --out docs/caveats.md` with wiregrad
{version} on {machine}.

## How much of a response is made of jumps?

Turn a stimulus up from silence in {points} small steps and add up the gradient times the change at
each: on smooth ground this is the response, whatever its shape (the completeness of integrated
gradients, Sundararajan et al. 2017, arXiv:1703.01365). What is missing is the sum of the jumps.

| threshold | responses | gradients account for, median | 5th to 95th percentile |
| --- | --- | --- | --- |
{paths}

## How much of a change does one gradient predict?

The change of a response against the change of the stimulus times `saliency` at the stimulus, with
the default threshold 0.01. "Off by" is the summed error of the predictions, over the summed size of
the changes; the rank correlation (Spearman) is between predicted and true changes. The last three
columns are about changes of more than 0.01: how many there are, how many of them are predicted to
within a quarter, and for how many the gradient is exactly 0.

| change | cases | mean size | off by | rank correlation | larger than 0.01 | predicted | unseen |
| --- | --- | --- | --- | --- | --- | --- | --- |
{changes}

The same in a network without a threshold (`threshold=0`), where silent inputs do have a gradient.
What is left is the curvature of the response: it saturates, so the sizes predicted are too large,
but the order is nearly right:

| change | cases | mean size | off by | rank correlation | larger than 0.01 | predicted | unseen |
| --- | --- | --- | --- | --- | --- | --- | --- |
{smooth}

## What to do about it

- Check what matters with a real change: run the network on the changed stimulus. All candidates
  fit into one batch, at the cost of one forward pass for all.
- To rank silent inputs, take the saliency of a network with `threshold=0`, or ask
  `activation_maximisation`, which follows a surrogate gradient below the threshold and reports only
  responses that it evaluated.
- To train silent groups, pass `leak=0.1` to `train_model` or start from a `default_bias` at the
  threshold or above; see [recovery.md](recovery.md).
"""


if __name__ == "__main__":
    main()
