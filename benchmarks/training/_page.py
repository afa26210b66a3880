"""The page docs/training.md: how to train, and what was measured."""

from __future__ import annotations

import textwrap
from typing import Any

from ._odours import EPOCHS, FOLDS
from ._recovery import NOISE, STANDARD_ERROR, TRUTH

__all__ = ["page"]

#: What recovery was to come to: the correlation with the truth, and held-out error in units of the
#: noise floor.
ASKED, MOST_ERROR = 0.95, 1.1

_CONDITIONS = {
    "by class": "network; slope and bias of each class (ORN, PN, LN), 6 values",
    "by type": "network; slope and bias of each cell type, held to the start (`l2=0.01`)",
    "PN = ORN": "no network: one line from receptor to projection neuron for all glomeruli",
    "PN = ORN, by type": "no network: a line for each glomerulus",
    "PN's mean": "each projection neuron's mean over the other odours; knows no odour",
    "odours shuffled": "network by class, odours of the receptors permuted",
    "all rewired": "network by class, all connections drawn anew within pairs of classes",
    "LNs rewired": "the same, but for connections from receptors to projection neurons",
}


def page(results: dict[str, Any]) -> str:
    """Write the page."""
    recovered = {name: found for name, found in results.items() if name not in ("odours", "epoch")}
    machines = {str(r["machine"]["machine"]) for r in results.values()}
    return _PAGE.format(
        machine="; ".join(sorted(machines)) or "no machine yet",
        truth="; ".join(
            f"{name} {low:g} to {high:g}"
            for name, (low, high) in TRUTH.items()
            if any(name in found["parameters"] for found in recovered.values())
        ),
        noise=NOISE,
        error=STANDARD_ERROR,
        recovery=_recovery(recovered),
        short=_short(recovered),
        odours=_odours(results["odours"]) if "odours" in results else "Not measured yet.",
        epoch=_epoch(results["epoch"]) if "epoch" in results else "Not measured yet.",
    )


def _recovery(recovered: dict[str, Any]) -> str:
    lines = [
        "| network | parameter | judged | correlation, best start | lowest and highest of the "
        "starts | median error | spread over starts (median sd) |",
        "| --- " * 7 + "|",
    ]
    for name, found in recovered.items():
        for parameter, r in found["parameters"].items():
            low, high = min(r["correlations"]), max(r["correlations"])
            lines.append(
                f"| {name} | {parameter} | {r['n']} | {r['correlation']:.3f} | {low:.3f} to "
                f"{high:.3f} | {r['off']:.2g} | {r['spread']:.2g} |"
            )
    lines += [
        "",
        "| network | neurons recorded | held-out error at first | fitted | noise alone | ratio | "
        "starts | seconds |",
        "| --- " * 8 + "|",
    ]
    lines += [
        f"| {name} | {r['recorded']} of {r['neurons']:,} | {r['first']:.4f} | {r['held_out']:.5f} "
        f"| {r['floor']:.5f} | {r['held_out'] / r['floor']:.3f} | {len(r['starts'])} | "
        f"{r['seconds']:.0f} |"
        for name, r in recovered.items()
    ]
    notes = [f"{name}: {r['note']}." for name, r in recovered.items() if "note" in r]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _short(recovered: dict[str, Any]) -> str:
    """Say where less is recovered than was asked for, in the best start or in the lowest."""
    below = [
        f"{parameter} of {name} ({r['correlation']:.3f} in the best start, "
        f"{min(r['correlations']):.3f} in the lowest)"
        for name, found in recovered.items()
        for parameter, r in found["parameters"].items()
        if min(r["correlation"], *r["correlations"]) <= ASKED
    ]
    errors = [
        f"{name} ({r['held_out'] / r['floor']:.3f})"
        for name, r in recovered.items()
        if r["held_out"] > MOST_ERROR * r["floor"]
    ]
    lines = [
        f"Asked: a correlation above {ASKED:g}, and an error of at most {MOST_ERROR:g} times the "
        "noise alone."
    ]
    if below:
        lines.append(f"The correlation is lower for {'; '.join(below)}.")
    if errors:
        lines.append(f"The error is larger in {'; '.join(errors)}.")
    if not below and not errors:
        lines.append("Every start comes to that correlation, and every best one to that error.")
    return textwrap.fill(" ".join(lines), 100)


def _odours(found: dict[str, Any]) -> str:
    lines = [
        f"{len(found['odours'])} odours and {len(found['glomeruli'])} glomeruli are in both "
        f"tables; the antennal lobe has {found['neurons']:,} neurons and {found['edges']:,} "
        "connections. "
        f"{FOLDS} parts of the odours are left out in turn; {EPOCHS} epochs.",
        "",
        "| what predicts | r, all values | r across glomeruli, mean over odours | r across odours, "
        "mean over glomeruli | variance explained |",
        "| --- " * 5 + "|",
    ]
    for name, what in _CONDITIONS.items():
        if name in found:
            r = found[name]
            across = "-" if name == "PN's mean" else f"{r['across odours']:.2f}"
            lines.append(
                f"| **{name}**: {what} | {r['all']:.2f} | {r['across glomeruli']:.2f} | {across} | "
                f"{r['explained']:.2f} |"
            )
    return "\n".join(lines)


def _epoch(found: dict[str, Any]) -> str:
    lines = ["| | stimuli | seconds an epoch | seconds a stimulus | peak MB |", "| --- " * 5 + "|"]
    for name, r in found.items():
        if name == "machine":
            continue
        if "skipped" in r:
            lines.append(f"| {name} | | {r['skipped']} | | |")
            continue
        lines.append(
            f"| {name} | {r['batch']} | {r['seconds']:.2f} | {r['seconds'] / r['batch']:.3f} | "
            f"{r['peak_mb']:,.0f} |"
        )
    ours, theirs = found["wiregrad"], found["reference"]
    if "skipped" not in ours and "skipped" not in theirs:
        times = theirs["seconds"] / theirs["batch"] / (ours["seconds"] / ours["batch"])
        lines += ["", f"A stimulus takes {times:.0f} times less."]
    return "\n".join(lines)


_PAGE = """# Training

`wg.Trainer` fits a network's parameters to recordings. (`wg.train_model` is the call of
connectome_interpreter, for slopes and biases and its own loss; [recovery.md](recovery.md).)

```python
import wiregrad as wg

worm = wg.datasets.celegans()
network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=4)

trainer = wg.Trainer(
    {{"slope": wg.Trainable(bounds=(0.1, 20), l2=0.01), "bias": None}},
    loss="squared",
    observation=wg.Observation("channel", decay=0.5),  # calcium, gain and offset of each channel
    patience=50,
    n_starts=5,
)
recording = wg.Recording(values, neurons=["AVA", "AVB", "RIM"])  # (stimulus, channel, step)
result = trainer.fit(network, stimuli, recording, checkpoint="ava")
result.parameters  # before and after, with the spread over the starts
wg.save_network(network, "ava-fitted", result)
```

## What there is to choose

- **Parameters.** `slope`, `bias`, `tau` (of networks that have it), `divisive` (strengths of
  presynaptic groups), `divisive_gain` (of pairs), `weight` (factors on connections, which keep
  their pattern and sign). `Trainable` says how values are shared (`by`: group, neuron, a column of
  the labels, pair, edge, shared), which are trained (`only`), their bounds, and penalties toward
  the start (`l1`, `l2`). A value is x well inside its bounds and nears them smoothly, to within
  0.05 of `softness`; what starts at a bound is moved inside by a tenth of it. x follows the
  gradient of the value (mirror descent), so that a value leaves its bound as soon as the responses
  ask for it.
- **Recordings.** Neurons or groups (their mean), at steps, over the whole time course, or as means
  over time; NaN is missing; `weights` weigh. `Observation` adds a calcium kernel and a readout,
  whose gain and offset are worked out in closed form at every step, so that the gradient knows of
  them. Gain and slope trade off where responses are nearly linear.
- **Losses.** `l1`, `squared`, `correlation`.
- **Starts.** The first is the network as it is, the others are drawn around it (`spread`). They are
  trained as copies side by side, with the results that each would have alone.
- **Silent neurons** have no gradient; `leak=0.1` lends them one, their responses stay the same. It
  fades: a tenth of it in the second third of the epochs, the true gradient in the last.
- **What is held out** stops a start (`patience`) and chooses the parameters that are kept. It is
  therefore no test: `cross_validate` leaves other stimuli out for that.
- **Checkpoints.** Asked the same again, a run that was killed goes on to the same result. The
  checkpoint of another run is refused, and what differs is named.
- **Stability.** `result.radius` is the spectral radius of the linearised network at some of the
  training stimuli, and a warning says when training has driven it beyond 1
  (`wg.spectral_radius`).
- **Progress** goes to a bar, and to callbacks: `TensorBoardLog`, `WeightsAndBiasesLog`, or a
  function of the epoch and its losses.
- **Figures.** `wiregrad.show` has `plot_fit`, `plot_residuals` and `plot_parameters`.

## How it was measured

`python -m benchmarks.training` writes this page. The figures below are of {machine};
seconds are of one run.

## Are known parameters recovered?

Each class draws its parameters uniformly ({truth}). 300 stimuli, in which each sensory neuron is
active at each step with probability 0.2; activations of the recorded neurons at four steps, with
noise of standard deviation {noise:g} (5 % of the largest activation); 60 stimuli held out; loss
`l1`. A class is judged if a recorded member's activation lies between 0.05 and 0.95 in a tenth of
the stimuli; a divisive strength if the responses could tell it to {error:g} at all (one over the
root of its Fisher information).

{recovery}

"worm-tau": every class has memory, of 1.5 steps at the start. "worm-divisive": the connections of
the ten groups that inhibit most act divisively, in the pairs of groups that are inhibitory
throughout. In the larva, where no transmitters are known, local neurons (LN) are taken as
inhibitory and all others as excitatory.

{short}

Starts differ: take the best of several, and look at the spread. Two things help them all. Steps
follow the gradient of the value, not that of the free number behind it, which vanishes beyond a
bound; and the slope below the threshold fades. Measured once, without the first: in the larva the
bias of LN, the only inhibitory class, fell to 0 in the first epochs and was caught there (0.19 is
true; the biases' correlation was 0.856, the error 1.08 times the noise), and starts drawn beyond a
bound came to correlations down to 0.65 in the worm. Without the second the worm's slopes came to
0.954 to 0.984; with the true gradient alone, its biases to 0.981 to 0.999.

## Real responses: odours

Receptor neurons of FlyWire's antennal lobe are driven as their glomeruli respond (DoOR 2.0, Münch
and Galizia 2016, which holds Hallem and Carlson 2006), unknown responses as 0, at four steps. The
fit is to the projection neurons' calcium responses of Badel et al. 2016, through one gain and
offset for all; names of odours are matched after spelling Greek letters out and a few synonyms.

{odours}

What this says: the network explains a little more than a straight line from receptor to projection
neuron does, if each has as few parameters. Most of that is in the identity of the glomeruli, as the
rewired networks show; the wiring of local neurons adds little. With parameters for each cell type
it gains on what a glomerulus has in common over odours, which needs no odour to be predicted
(compare the means), and loses across odours; a line for each glomerulus, without any network, does
better than that. Shuffling and rewiring were drawn once each. Responses of the two sources were
recorded at other concentrations, and the receptors of some glomeruli are unknown; a limit on what
any model can explain is not known.

## An epoch on FlyWire

133,436 neurons, 2.3 million connections, five steps; slopes and biases of all groups; 500 responses
to each stimulus, at any neuron of the right side and any step. The reference
(connectome_interpreter 2.9.1) on a batch that it can do, in a process of its own.

{epoch}
"""
