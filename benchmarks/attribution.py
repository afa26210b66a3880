"""Attribution: whether the change is complete, what ablation says, what a whole brain costs.

    python benchmarks/attribution.py DATA --out docs/attribution.md

DATA is the folder of the shared data, with `larva` and `flywire783`. Some minutes.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from measure import machine, measure
from scipy.stats import spearmanr

import wiregrad as wg

FloatArray = npt.NDArray[np.floating]

METHODS = ("gradient", "input_x_gradient", "integrated_gradients", "smoothgrad")

#: Steps of the path where completeness is looked at, and where attributions are verified.
COMPLETE_STEPS, VERIFY_STEPS = 400, 50

#: Sources ablated of each target and method: so many top ones, and as many random ones.
TOP = 20

#: Targets of each connectome that are verified: 50 in all.
TARGETS = {"worm": 20, "larva": 20, "FlyWire": 10}

STEPS = 4

FLYWIRE = """
import numpy as np, time, wiregrad as wg
brain = wg.Connectome.load({path!r})
inputs = "super_class=sensory and side=right"
network = wg.MultilayeredNetwork.from_connectome(brain, inputs, 6, sign="sign", device="cpu")
stimulus = np.zeros((len(network.sensory_indices), 6))
stimulus[:, 0] = 1
asked = {{-1: "cell_type=MBON11 and side=right"}}
options = dict(sources={sources!r}, method={method!r}, progress=False)
wg.attribution(network, stimulus, asked, **{{**options, "method": "gradient"}})
began = time.perf_counter()
found = wg.attribution(network, stimulus, asked, **options)
error = (found.completeness["error"] / found.completeness["change"]).abs().max()
[time.perf_counter() - began, found.values.shape[1], found.n_runs, error]
"""


@dataclass(frozen=True, eq=False)
class Animal:
    """A connectome and how to make a network of it."""

    name: str
    connectome: wg.Connectome
    inputs: str
    options: dict[str, object]

    def network(self, threshold: float = 0.01) -> wg.MultilayeredNetwork:
        """Make the network that its sensory neurons drive."""
        return wg.MultilayeredNetwork.from_connectome(
            self.connectome, self.inputs, STEPS, threshold=threshold, device="cpu", **self.options
        )


def animals(data: Path) -> Iterator[Animal]:
    """Load the three connectomes."""
    yield Animal("worm", wg.datasets.celegans(), "role=sensory", {"unknown_sign": 1})
    larva = wg.Connectome.load(data / "larva")
    yield Animal("larva", larva, "role=sensory", {"sign": {"LN": -1, "*": 1}})
    brain = wg.Connectome.load(data / "flywire783")
    yield Animal("FlyWire", brain, "super_class=sensory and side=right", {"sign": "sign"})


def draw(network: wg.MultilayeredNetwork, n: int, seed: int) -> tuple[FloatArray, list[int]]:
    """Draw stimuli, each input active at a fifth of the steps, and a target that responds to each.

    A target is neither silent nor saturated at the last step.
    """
    rng = np.random.default_rng(seed)
    shape = n, len(network.sensory_indices), STEPS
    stimuli = rng.random(shape) * (rng.random(shape) < 0.2)
    targets = []
    for stimulus in stimuli:
        with torch.no_grad():
            last = network(stimulus)[:, -1].numpy()
        targets.append(int(rng.choice(np.flatnonzero((last > 0.05) & (last < 0.95)))))
    return stimuli, targets


def completeness(animal: Animal, n: int = 10) -> Iterator[str]:
    """Say how much of the change is attributed, and how much jumps carry."""
    for threshold in (0.0, 0.01):
        network = animal.network(threshold)
        tables = []
        for stimulus, target in zip(*draw(network, n, seed=1), strict=True):
            found = wg.attribution(
                network, stimulus, {-1: [target]}, n_steps=COMPLETE_STEPS, progress=False
            )
            tables.append(found.completeness)
        table = pd.concat(tables)
        error = (table["error"] / table["change"]).abs()
        jump = table["jump"] / table["change"]
        yield (
            f"| {animal.name} | {threshold:g} | {n} | {error.median():.2%} | {error.max():.2%} | "
            f"{jump.median():.0%} ({jump.min():.0%} to {jump.max():.0%}) | "
            f"{table['n_jumps'].median():.0f} |"
        )


def correlations(animal: Animal) -> Iterator[dict[str, object]]:
    """Correlate attributions with ablations, target by target."""
    network = animal.network()
    for stimulus, target in zip(*draw(network, TARGETS[animal.name], seed=2), strict=True):
        for sources in ("stimulus", "neurons"):
            named: object = sources
            if sources == "neurons":
                named = {layer: range(network.n_neurons) for layer in range(STEPS - 1)}
            for method in METHODS:
                found = wg.attribution(
                    network,
                    stimulus,
                    {-1: [target]},
                    sources=named,
                    method=method,
                    n_steps=VERIFY_STEPS,
                    tolerance=None,
                    verify=TOP,
                    progress=False,
                )
                table = found.verified
                top, random = (
                    table.loc[table["chosen"] == word, "measured"].abs().mean()
                    for word in ("top", "random")
                )
                yield {
                    "animal": animal.name,
                    "sources": sources,
                    "method": method,
                    "rho": rank_correlation(table["attribution"], table["measured"]),
                    "top": top,
                    "random": random,
                }


def rank_correlation(ours: pd.Series, theirs: pd.Series) -> float:
    """Correlate ranks; NaN where all are equal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(spearmanr(ours, theirs).statistic)


def correlation_rows(found: pd.DataFrame) -> Iterator[str]:
    """Summarise correlations over targets."""
    for (animal, sources, method), table in found.groupby(
        ["animal", "sources", "method"], sort=False
    ):
        low, middle, high = table["rho"].quantile([0.25, 0.5, 0.75])
        yield (
            f"| {animal} | {sources} | {method} | {len(table)} | {middle:.2f} ({low:.2f} to "
            f"{high:.2f}) | {table['top'].mean():.4f} | {table['random'].mean():.4f} |"
        )


def overall_rows(found: pd.DataFrame) -> Iterator[str]:
    """Summarise over all targets of all connectomes."""
    for (sources, method), table in found.groupby(["sources", "method"], sort=False):
        low, middle, high = table["rho"].quantile([0.25, 0.5, 0.75])
        yield f"| {sources} | {method} | {middle:.2f} ({low:.2f} to {high:.2f}) |"


def cost_rows(data: Path) -> Iterator[str]:
    """Time a FlyWire target, each in a process of its own."""
    for sources, method in (
        ("neurons", "gradient"),
        ("neurons", "input_x_gradient"),
        ("synapses", "input_x_gradient"),
        ("stimulus", "integrated_gradients"),
        ("neurons", "integrated_gradients"),
    ):
        path = str(data / "flywire783")
        run = measure(FLYWIRE.format(path=path, sources=sources, method=method), 1)
        seconds, n_sources, n_runs, error = run.answer
        shown = "" if np.isnan(error) else f"{error:.2%}"
        yield (
            f"| {method} | {sources} | {n_sources:,} | {n_runs:,} | {seconds:.1f} | "
            f"{run.peak_mb[0] / 1e3:.2f} | {shown} |"
        )


PAGE = """# Attribution

`attribution` says what carried a response: which entries of the stimulus, which neurons at which
step, which groups or synapses. Its docstring says what each number means. This page says how far
the numbers can be trusted. Written by `python benchmarks/attribution.py DATA --out
docs/attribution.md`, on {machine}; other programs ran beside it, so seconds are rough.

## Is the change complete?

Integrated gradients add gradients up on the way from silence to the stimulus ({complete} steps).
What they attribute to all inputs together should be the target's change. At threshold 0 the
response is continuous, and it is. At the default threshold (0.01) neurons that switch on make it
jump, and gradients see nothing of that: the place and the size of the jumps is found by bisection
(`found.jumps`), and attributed + jump is the change again. Error: what is missing from it.

| connectome | threshold | targets | error, median | largest | carried by jumps | jumps, median |
|---|---|---|---|---|---|---|
{completeness}

A jump belongs to a place on the path, not to a source: where jumps carry much, attributions leave
out as much. With `share_jumps=True` they are given to sources all the same, apart from `values`, as
`jump_values`. At each jump the neuron that crosses its threshold first is found (`crossed` and
`crossed_layer` in `found.jumps`), and every source has the part of the jump that it has in the rise
of that neuron's drive; an input that crosses the threshold by itself has all of it. That is what
integrated gradients come to when the threshold is a slope and the slope becomes ever steeper. Where
two neurons cross first and at once it is given to none. It costs some 15 runs a jump.

```python
found = wg.attribution(network, touch, {{2: "AVA"}}, share_jumps=True)
whole = found.values + found.jump_values  # adds up to the change
```

For 20 random targets on the worm (drawn like those below, 100 steps) values and shared jumps
together miss 0.1 % of the change in the median, 1.5 % at most. They are no better guide to
ablations: the rank correlation with what is lost without an input (see below) was 0.62 with and
without them.

## Experiments and other models

Neurons that are clamped, silenced or remember, runs that go on from a state, negative inputs and
other models of a neuron are attributed like any (`manipulations=`, `initial_state=`; all that is
made with `tau=`, `input_range=` and `dynamics=`).

```python
done = wg.Manipulations().clamp("AVB", 0.3, steps=[1]).silence("AVD")
found = wg.attribution(network, touch, {{2: "AVA"}}, sources="neurons", manipulations=done)
```

- A clamp lets nothing past, so nothing is attributed to what lies behind it. Among `neurons` the
  clamped one is a source like another: what the response owes to its value at that step. Ablating
  it takes the clamp off for that step, and holds it at 0.
- Where neurons remember, a state acts on the neuron's own later states too, and that counts as its
  doing.
- What a state to start from, a clamp or a bias does by itself is in `at_baseline`, not in the
  change.
- Of `wg.LeakyRectified` states are voltages, compared with 0, where nothing is sent; the neuron's
  own leak carries them on. Neither it nor `wg.Linear` jumps: `jumps` is empty. In a linear network
  integrated gradients are what each input does alone.
- A model of one's own is differentiated as it is written (`sends`, `step`, `start`, `take_in`); its
  jumps are found like others. What it does to neurons besides (numbers kept on the object between
  steps) is not seen.

## What does ablation say?

For {n} random targets (neither silent nor saturated after {steps} steps, each with a random
stimulus), the {top} sources with the largest attributions were ablated one by one, and {top} random
ones of about the same activity. The rank correlation between what the method says of these sources
and what the target lost: median over targets, and quartiles. "neurons" are all neurons at all steps
but the last; they are held at 0 at that step.

| sources | method | rank correlation |
|---|---|---|
{overall}

By connectome, with the mean |change| of the target when a top and when a random source is ablated:

| connectome | sources | method | targets | rank correlation | top | random |
|---|---|---|---|---|---|---|
{correlations}

- **input_x_gradient** agrees on all three. Random stimuli drive many inputs at once, so that
  leaving a single one out is a small change, where the slope says nearly all; expect less where one
  source does much.
- **integrated_gradients** divides up the whole change from silence, which is not what is lost
  without one source: least alike on the worm's stimulus, where responses saturate and jumps carry
  a fifth of the change.
- **gradient** and **smoothgrad** rank by what a source does per unit: of two inputs with the same
  slope the stronger one loses more.
- About half of the pairs are random sources, most of which do nothing, and are said to: that is in
  the correlation too.

Take the attribution to find candidates and `verify=` to see what they do.

## What does a whole brain cost?

FlyWire (133,436 neurons, 6 steps, right-side sensory neurons on at the start), target MBON11,
default settings; peak memory of the whole process, connectome included.

| method | sources | sources | runs | seconds | peak, GB | error |
|---|---|---|---|---|---|---|
{cost}

## Null models

`nulls=` asks the same of rewired connectomes, and says in what share of them a source has as large
an attribution: see [nulls.md](nulls.md).

```python
nulls = wg.rewired_networks(worm, 99, "role=sensory", 3, keep="degree+sign")
found = wg.attribution(network, touch, {{2: "AVA"}}, group_by="cell_type", nulls=nulls)
found.to_frame(top=10)  # has a column null_share
```
"""


def write(data: Path, out: Path) -> None:
    """Write the page."""
    complete, found = [], []
    for animal in animals(data):
        if animal.name != "FlyWire":
            complete += completeness(animal)
        found += list(correlations(animal))
        print(*complete, *correlation_rows(pd.DataFrame(found)), sep="\n", flush=True)
    table = pd.DataFrame(found)
    text = PAGE.format(
        machine=machine(),
        complete=COMPLETE_STEPS,
        completeness="\n".join(complete),
        n=sum(TARGETS.values()),
        steps=STEPS,
        top=TOP,
        overall="\n".join(overall_rows(table)),
        correlations="\n".join(correlation_rows(table)),
        cost="\n".join(cost_rows(data)),
    )
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write(arguments.data, arguments.out)
