"""Whether memory of one step and no manipulation cost anything: FlyWire, forward and backward.

    python benchmarks/same_path.py DATA --out docs/experiments.md

One process; the networks take turns, in an order drawn anew each round. The stimulus drives all
right-side sensory neurons at random.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from pathlib import Path

import torch
from measure import machine
from pages import write_between
from torch import Tensor

import wiregrad as wg

STEPS, INPUTS, ROUNDS = 5, "super_class=sensory and side=right", 60


def networks(data: Path) -> dict[str, wg.MultilayeredNetwork]:
    """Make the plain network, and others that ought to be the same."""
    brain = wg.Connectome.load(data / "flywire783")
    plain = wg.MultilayeredNetwork.from_connectome(brain, INPUTS, STEPS, device="cpu")
    remembers = wg.MultilayeredNetwork.from_connectome(
        brain, INPUTS, STEPS, device="cpu", tau=1.0, tau_dict={"EPG": 1.0}
    )
    again = wg.MultilayeredNetwork.from_connectome(brain, INPUTS, STEPS, device="cpu")
    return {
        "plain": plain,
        "plain, made again": again,
        "tau=1, tau_dict={'EPG': 1}": remembers,
        "manipulated(Manipulations())": plain.manipulated(wg.Manipulations()),
    }


def run(network: wg.MultilayeredNetwork, stimulus: Tensor) -> tuple[Tensor, Tensor, float]:
    """Run forward and backward; activations, slope, and milliseconds."""
    given = stimulus.clone().requires_grad_()
    began = time.perf_counter()
    activations = network(given)
    activations[..., -1].sum().backward()
    seconds = time.perf_counter() - began
    assert given.grad is not None
    return activations.detach(), given.grad, 1_000 * seconds


def rows(found: dict[str, wg.MultilayeredNetwork], batch: int) -> list[str]:
    """Time all, in turns; rows of a table."""
    plain = found["plain"]
    shape = (batch, len(plain.sensory_indices), STEPS)
    stimulus = 0.1 * torch.rand(shape, generator=torch.Generator().manual_seed(0))
    first = run(plain, stimulus)
    times: dict[str, list[float]] = {name: [] for name in found}
    equal = dict.fromkeys(found, True)
    for _ in range(ROUNDS):
        for name, network in random.sample(sorted(found.items()), len(found)):
            activations, slope, milliseconds = run(network, stimulus)
            times[name].append(milliseconds)
            equal[name] &= torch.equal(activations, first[0]) and torch.equal(slope, first[1])
    usual = statistics.median(times["plain"])
    lines = []
    for name, taken in times.items():
        low, middle, high = statistics.quantiles(taken, n=4)
        lines.append(
            f"| {batch} | {name} | {middle:.1f} ({low:.1f} to {high:.1f}) "
            f"| {middle / usual:.2f} | {'equal' if equal[name] else 'NOT EQUAL'} |"
        )
    return lines


def main() -> None:
    """Write the figures, into the page if there is one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="the folder of connectomes")
    parser.add_argument("--out", type=Path, help="the page to write them into")
    options = parser.parse_args()
    found = networks(options.data)
    text = "\n".join(
        [
            f"FlyWire, {STEPS} steps, forward and backward, {ROUNDS} rounds in turns: ms, "
            "median and quartiles. Written by `python benchmarks/same_path.py DATA --out "
            f"docs/experiments.md` with wiregrad {wg.__version__} on {machine()}.",
            "",
            "| batch | network | ms | of the plain | activations and slope, bit for bit |",
            "|---|---|---|---|---|",
            *(line for batch in (1, 16) for line in rows(found, batch)),
        ]
    )
    print(text)
    if options.out:
        write_between(options.out, "same path", text)


if __name__ == "__main__":
    main()
