"""Are slopes and biases recovered from responses? On the worm, from networks that know them.

python benchmarks/recovery.py --out docs/recovery.md
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from measure import machine

import wiregrad as wg

FloatArray = npt.NDArray[np.floating]

#: What the true parameters are drawn from, by cell class.
SLOPES, BIASES = (2.0, 8.0), (0.0, 0.3)

STIMULI, ACTIVE, STEPS = 200, 0.2, 4

#: A class is judged if at some step a member's activation lies within these bounds in at least
#: this share of the training stimuli.
WITHIN, OFTEN = (0.05, 0.95), 0.1

EPOCHS, RATE = 500, 0.02


@dataclass(frozen=True, eq=False)
class Recovery:
    """What came of one training."""

    network: wg.MultilayeredNetwork
    result: wg.TrainingResult
    true_slope: FloatArray
    true_bias: FloatArray
    judged: npt.NDArray[np.bool_]
    seconds: float

    @property
    def slope(self) -> FloatArray:
        """The slopes that were found, one a class."""
        return self.network.slope.detach().numpy()

    @property
    def bias(self) -> FloatArray:
        """The biases that were found, one a class."""
        return self.network.biases.detach().numpy()

    @property
    def loss_before(self) -> float:
        """Distance from the responses held out, with the parameters at the start."""
        return self.result.history["val_loss"][0]

    @property
    def loss_after(self) -> float:
        """The same with the parameters kept."""
        return self.result.kept_val_loss

    @property
    def slope_correlation(self) -> float:
        """Pearson correlation of slopes found and true, over the classes judged."""
        return float(np.corrcoef(self.slope[self.judged], self.true_slope[self.judged])[0, 1])

    @property
    def bias_correlation(self) -> float:
        """Pearson correlation of biases found and true, over the classes judged."""
        return float(np.corrcoef(self.bias[self.judged], self.true_bias[self.judged])[0, 1])

    def row(self) -> str:
        """Return the outcome as cells of a table."""
        return (
            f"{self.loss_before:.4f} | {self.loss_after:.5f} | "
            f"{self.loss_before / self.loss_after:.0f} | {self.slope_correlation:.4f} | "
            f"{self.bias_correlation:.4f} | {self.judged.sum()} of {len(self.judged)} | "
            f"{self.result.kept_epoch} | {self.seconds:.0f}"
        )


def make_worm(**options: object) -> wg.MultilayeredNetwork:
    """Make the worm a network that all its sensory neurons drive."""
    worm = wg.datasets.celegans()
    return wg.MultilayeredNetwork.from_connectome(
        worm, "role=sensory", STEPS, unknown_sign=1, device="cpu", **options
    )


def draw_stimuli(rng: np.random.Generator, n_stimuli: int, n_sensory: int) -> FloatArray:
    """Draw stimuli in which each input is active at a fifth of the steps, uniform in [0, 1)."""
    shape = (n_stimuli, n_sensory, STEPS)
    return rng.random(shape) * (rng.random(shape) < ACTIVE)


def as_targets(activations: FloatArray) -> pd.DataFrame:
    """Ask for the activation of every neuron at every step."""
    batch, neuron, layer = (axis.ravel() for axis in np.indices(activations.shape))
    columns = {"batch": batch, "neuron_idx": neuron, "layer": layer, "value": activations.ravel()}
    return pd.DataFrame(columns)


def judge(network: wg.MultilayeredNetwork, activations: FloatArray) -> npt.NDArray[np.bool_]:
    """Say of each class whether a member is often neither silent nor saturated."""
    low, high = WITHIN
    share = ((activations > low) & (activations < high)).mean(axis=0)  # (n_neurons, step)
    often = pd.Series(share.max(axis=1) >= OFTEN).groupby(network.groups.of_neuron).any()
    return often.to_numpy()


def recover(
    seed: int,
    leak: float = 0.1,
    default_bias: float = 0.0,
    num_epochs: int = EPOCHS,
    learning_rate: float = RATE,
) -> Recovery:
    """Draw slopes and biases, record responses, and train a network with default ones on them."""
    rng = np.random.default_rng(seed)
    network = make_worm(default_bias=default_bias)
    names = network.groups.names
    slope, bias = rng.uniform(*SLOPES, len(names)), rng.uniform(*BIASES, len(names))
    true = make_worm(
        slope_dict=dict(zip(names, slope, strict=True)),
        bias_dict=dict(zip(names, bias, strict=True)),
    )
    stimuli = draw_stimuli(rng, STIMULI, len(network.sensory_indices))
    with torch.no_grad():
        activations = true(stimuli).numpy()
    began = time.perf_counter()
    result = wg.train_model(
        network,
        stimuli,
        as_targets(activations),
        num_epochs=num_epochs,
        learning_rate=learning_rate,
        train_fraction=0.8,
        seed=seed,
        leak=leak,
        use_tqdm=False,
        print_output=False,
    )
    seconds = time.perf_counter() - began
    judged = judge(network, activations[result.train_indices])
    return Recovery(network, result, slope, bias, judged, seconds)


def table(recoveries: dict[int, Recovery]) -> str:
    """Write the outcome of several seeds as a table."""
    lines = [
        "| seed | held-out loss, at the start | at the end | times less | slopes: correlation | "
        "biases: correlation | classes judged | steps to the best | seconds |",
        "| --- " * 9 + "|",
    ]
    return "\n".join([*lines, *(f"| {seed} | {r.row()} |" for seed, r in recoveries.items())])


def missed(recoveries: dict[int, Recovery]) -> str:
    """List the judged classes whose slope is off by more than 0.5."""
    rows = []
    for seed, r in recoveries.items():
        names = r.network.groups.names
        off = np.flatnonzero(r.judged & (abs(r.slope - r.true_slope) > 0.5))
        rows += [
            f"| {seed} | {names[i]} | {r.true_slope[i]:.2f} | {r.slope[i]:.2f} | "
            f"{r.true_bias[i]:.3f} | {r.bias[i]:.3f} |"
            for i in off
        ]
    head = "| seed | class | slope, true | found | bias, true | found |\n" + "| --- " * 6 + "|"
    return "\n".join([head, *rows]) if rows else "None."


def silent_classes() -> list[str]:
    """List the classes that default parameters leave silent in all stimuli of seed 0."""
    network = make_worm()
    rng = np.random.default_rng(0)
    rng.random(2 * len(network.groups.names))  # where `recover` draws slopes and biases
    with torch.no_grad():
        activations = network(draw_stimuli(rng, STIMULI, len(network.sensory_indices))).numpy()
    active = pd.Series(activations.max(axis=(0, 2)) > 0).groupby(network.groups.of_neuron).any()
    return [str(network.groups.names[i]) for i in np.flatnonzero(~active)]


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, help="write the page to this file too")
    options = parser.parse_args()
    warnings.simplefilter("error")
    wg.set_threads(1)  # quicker than more for so small a network

    def all_seeds(**settings: float) -> dict[int, Recovery]:
        return {
            seed: recover(seed, num_epochs=options.epochs, **settings)
            for seed in range(options.seeds)
        }

    leaky = all_seeds(leak=0.1)
    silent = silent_classes()
    network = leaky[0].network
    page = PAGE.format(
        machine=machine(),
        version=wg.__version__,
        epochs=options.epochs,
        rate=RATE,
        signs=network.provenance["signs_in_words"],
        n_groups=len(network.groups.names),
        leaky=table(leaky),
        missed=missed(leaky),
        plain=table(all_seeds(leak=0.0)),
        raised=table(all_seeds(leak=0.0, default_bias=0.02)),
        n_silent=len(silent),
        silent=", ".join(silent),
    )
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


PAGE = """# Are slopes and biases recovered from responses?

`train_model` fits the slope and the bias of each cell class to responses. Here the responses come
from a network whose parameters are known, so that they can be compared with those found. Written by
`python benchmarks/recovery.py --out docs/recovery.md` with wiregrad {version} on one thread
of {machine}.

- **Network.** The worm (Cook et al. 2019), all sensory neurons (`role=sensory`) as inputs, four
  steps, {n_groups} classes. Connections of unknown sign are taken as excitatory
  (`unknown_sign=1`): {signs}.
- **Truth.** Each class draws its slope from 2 to 8 and its bias from 0 to 0.3, uniformly.
- **Data.** Activations of all 302 neurons at all four steps to 200 stimuli; in a stimulus each
  input is active at each step with probability 0.2, at a strength drawn uniformly from 0 to 1.
  160 stimuli to train on, 40 held out. There is no noise.
- **Training.** From the default slope 5 and bias 0: `train_model(network, stimuli, targets,
  num_epochs={epochs}, learning_rate={rate}, train_fraction=0.8, leak=0.1)`; no penalty on change
  (`param_reg_lambda=None`).
- **Loss.** Mean absolute distance from the responses held out, in units of activation.
- **Classes judged.** A class can show its slope only where it is neither silent nor saturated. It
  is judged if a member's activation at some step lies between 0.05 and 0.95 in at least 10 % of the
  training stimuli.

{leaky}

Classes judged whose slope is off by more than 0.5. PLM has no input among these connections: its
activity is its bias, and no response tells its slope. AIY's inputs are mostly inhibitory, so that
it is seldom driven beyond its bias.

{missed}

## Why leak=0.1

A neuron below the threshold is silent and has no gradient. With bias 0, {n_silent} classes are
silent in all of the stimuli of seed 0, those of the pharynx, to which no walk leads from the
sensory neurons: {silent}.

With the true gradient (`leak=0`, the default, as in connectome_interpreter) nothing can raise their
biases; `train_model` logs which classes got no gradient.

{plain}

A surrogate gradient below the threshold (`leak=0.1`: a tenth of the slope above) is one way out.
The other is to start above the threshold, 0.01: with `default_bias=0.02` in the network and
`leak=0`:

{raised}
"""


if __name__ == "__main__":
    main()
