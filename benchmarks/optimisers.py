"""Optimisers for the nearest approach: which comes nearest, and in how many passes.

    python -m benchmarks.optimisers --out docs/solver.md

A dozen targets each of the worm, the larva and FlyWire, the first of benchmarks.attainment, each
asked for 1.0. Every optimiser begins at the linear start and gets as many passes, forward and
backward; the best stimulus on its way counts. Minutes, most of them on FlyWire.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.optimize import minimize
from torch import Tensor

import wiregrad as wg
from wiregrad.gradients._adam import BoundedAdam
from wiregrad.gradients._resolved_targets import ResolvedTargets, resolve_targets
from wiregrad.gradients._start import linear_slope, make_starts
from wiregrad.network import Slopes, shortest_walks

from .attainment._question import ask
from .engine._packages import ROOT
from .engine._problem import Problem
from .engine._problems import AbsentError, Store
from .measure import machine
from .pages import write_between

#: Names as in benchmarks.attainment.
NAMES = ("worm", "larva", "flywire")

#: Passes of each optimiser, and targets.
PASSES, TARGETS = 300, 12

#: Slope below threshold of the surrogate gradient.
LEAK = 0.1

#: Penalty on the sum of a stimulus, for proximal steps.
PENALTY = 1e-3

#: Given a stimulus, its slope and the passes so far, the next one.
Move = Callable[[Tensor, Tensor, int], Tensor]


class Best:
    """Keeps the stimulus that attains most, and counts passes, of every member.

    Parameters
    ----------
    model : MultilayeredNetwork
    targets : ResolvedTargets
        One of each member.
    leak : float
        Slope of the surrogate gradient below threshold.
    """

    def __init__(
        self, model: wg.MultilayeredNetwork, targets: ResolvedTargets, leak: float
    ) -> None:
        self._targets, self._watch = targets, targets.watch(model, leak=leak)
        self.attained = torch.full((targets.n_members,), -torch.inf)
        self.active = torch.zeros(targets.n_members, dtype=torch.int64)
        self.at = torch.zeros_like(self.active)
        self._threshold, self._passes = model.threshold, 0

    def slope(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return squared distances from the targets, and their slopes."""
        response, gradient = self._watch.run(x)
        miss = response.read - self._targets.value
        self._passes += 1
        better = response.read > self.attained
        self.attained = torch.where(better, response.read, self.attained)
        active = (x >= self._threshold).flatten(1).sum(dim=1)
        self.active = torch.where(better, active, self.active)
        self.at = torch.where(better, self._passes, self.at)
        return miss.square(), gradient(Slopes(2 * miss, None, None, None))


def descend(best: Best, x: Tensor, move: Move) -> None:
    """Follow slopes."""
    for number in range(PASSES):
        _, slope = best.slope(x)
        x = move(x, slope, number)


def rate(number: int) -> float:
    """Fall from a tenth to a hundredth over the passes."""
    return float(0.1 ** (1 + number / PASSES))


def adam(x: Tensor) -> Move:
    """Adam within [0, 1]."""
    state = BoundedAdam(x)
    return lambda x, slope, number: state.step(x, slope, torch.tensor(rate(number)))


def proximal_adam(x: Tensor) -> Move:
    """Adam, and then a soft threshold: an L1 penalty by its proximal step."""
    state = BoundedAdam(x)

    def move(x: Tensor, slope: Tensor, number: int) -> Tensor:
        step = torch.tensor(rate(number))
        return (state.step(x, slope, step) - step * PENALTY).clamp(min=0)

    return move


def projected(x: Tensor) -> Move:
    """Step along the slope, its largest entry scaled to the step size, back into [0, 1]."""

    def move(x: Tensor, slope: Tensor, number: int) -> Tensor:
        largest = slope.abs().flatten(1).amax(dim=1).clamp(min=1e-30)[:, None, None]
        return (x - rate(number) * slope / largest).clamp(0, 1)

    return move


def lbfgs(model: wg.MultilayeredNetwork, one: ResolvedTargets, x: Tensor, leak: float) -> Best:
    """Run L-BFGS-B, scipy's, on one target."""
    best = Best(model, one, leak)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        error, slope = best.slope(torch.from_numpy(flat.astype(np.float32)).view_as(x))
        return float(error), slope.flatten().double().numpy()

    minimize(
        loss,
        x.flatten().double().numpy(),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * x.numel(),
        options={"maxfun": PASSES, "maxiter": PASSES, "ftol": 0, "gtol": 0},
    )
    return best


#: By name: slope below threshold, and what makes moves; None for L-BFGS.
OPTIMISERS: dict[str, tuple[float, Callable[[Tensor], Move] | None]] = {
    "Adam, surrogate": (LEAK, adam),
    "Adam, true gradient": (0.0, adam),
    "projected gradient, surrogate": (LEAK, projected),
    "proximal Adam (L1 of 0.001), surrogate": (LEAK, proximal_adam),
    "L-BFGS-B, surrogate": (LEAK, None),
    "L-BFGS-B, true gradient": (0.0, None),
}


def compare(model: wg.MultilayeredNetwork, targets: ResolvedTargets) -> dict[str, pd.DataFrame]:
    """Run every optimiser; tables of attained, active and at, a row for each target."""
    start, found = make_starts(model, targets, linear_slope(model, targets), 0, 1), {}
    for name, (leak, make) in OPTIMISERS.items():
        if make is None:
            rows = torch.arange(targets.n_members)
            runs = [lbfgs(model, targets.take(r), start[r], leak) for r in rows.split(1)]
        else:
            runs = [Best(model, targets, leak)]
            descend(runs[0], start, make(start))
        columns = ("attained", "active", "at")
        found[name] = pd.DataFrame(
            {c: torch.cat([getattr(run, c) for run in runs]).numpy() for c in columns}
        )
    return found


def of_connectome(name: str, store: Store) -> list[str]:
    """Compare on one connectome; rows of a table."""
    asked = ask(name, store, 100, seed=0)
    problem = Problem.load(asked.problem)
    model = wg.MultilayeredNetwork(
        problem.matrix(), problem.sensory.tolist(), asked.size.steps, default_bias=problem.bias
    )
    walks = shortest_walks(model)
    chosen = [t for t in asked.targets if 1 <= walks[t] <= asked.size.steps][: 3 * TARGETS]
    table = pd.DataFrame({"neuron": chosen, "layer": asked.size.steps - 1, "value": 1.0})
    table = table.assign(batch=np.arange(len(table)))
    whole = wg.activation_maximisation(
        model, wg.TargetActivation(table), seed=0, use_tqdm=False, print_output=False
    )
    moved = np.flatnonzero(whole.targets["nearest"] > model.threshold)[:TARGETS]
    table = table.iloc[moved].assign(batch=np.arange(len(moved)))
    found = compare(model, resolve_targets(wg.TargetActivation(table), model))
    nearest = whole.targets["nearest"].to_numpy()[moved]
    found["wiregrad's search, before it leaves inputs out"] = pd.DataFrame({"attained": nearest})
    ceiling = np.max([table["attained"] for table in found.values()], axis=0)
    return [_row(name, way, table, ceiling) for way, table in found.items()]


def _row(name: str, way: str, table: pd.DataFrame, ceiling: Any) -> str:
    share = table["attained"].to_numpy() / ceiling
    more = [f"{table[c].median():,.0f}" if c in table else "-" for c in ("active", "at")]
    return (
        f"| {name} | {way} | {(share >= 0.95).sum()} of {len(share)} | {share.mean():.3f} "
        f"| {share.min():.3f} | {' | '.join(more)} |"
    )


def main() -> None:
    """Write the table, into the page if there is one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--names", default=",".join(NAMES), help="which connectomes")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "wiregrad-benchmarks"
    )
    parser.add_argument("--out", type=Path, help="the page to write the table into")
    options = parser.parse_args()
    lines = [
        f"Written by `python -m benchmarks.optimisers --out docs/solver.md` on {machine()}.",
        "",
        "| connectome | optimiser | 95 % of the best of all | mean share of it | worst | active "
        "inputs, median | passes to its best, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in options.names.split(","):
        try:
            lines += of_connectome(name, Store(options.data, options.cache, seed=0))
        except AbsentError as absent:
            lines.append(f"| {name} | {absent} | | | | | |")
        print(lines[-1])
    text = "\n".join(lines)
    print(text)
    if options.out:
        write_between(options.out, "optimisers", text)


if __name__ == "__main__":
    main()
