"""Odours in the larva: receptor responses through to Kenyon cells, with and without the APL.

    python benchmarks/odours.py DATA --out docs/odours.md

DATA is the folder of the shared data, with `larva` and `odours`. Seconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

import wiregrad as wg

FloatArray = npt.NDArray[np.floating]

STEPS = 6

#: Slopes of all neurons: the default saturates, the first does not.
SLOPES = (1.2, 2.0, 5.0)

#: What the weights of the APL's output are multiplied with.
APL = {"with": 1.0, "without": 0.0, "ten times": 10.0}

#: A neuron is active above this.
ACTIVE = 0.05

#: Signs: local neurons inhibit, the APL among them; all others excite.
SIGN = {"LN": -1, "*": 1}

GROUPS = ("ORN", "PN", "KC", "MBON")


@dataclass(frozen=True, eq=False)
class Responses:
    """Activations at the last step, (odour, neuron), by group of neurons."""

    of: dict[str, FloatArray]

    def share(self, group: str) -> FloatArray:
        """Return the share of active neurons, odour by odour."""
        return (self.of[group] > ACTIVE).mean(axis=1)

    def mean(self, group: str) -> FloatArray:
        """Return the mean activation, odour by odour."""
        return self.of[group].mean(axis=1)

    def similarity(self, group: str) -> float:
        """Return the mean correlation of the patterns of two odours."""
        patterns = self.of[group]
        table = np.corrcoef(patterns[patterns.std(axis=1) > 0])
        return float(table[np.triu_indices(len(table), 1)].mean())


def stimuli(
    data: Path, network: wg.MultilayeredNetwork, dilution: float
) -> tuple[list[str], FloatArray]:
    """Return odours, and the input that they give to the olfactory receptor neurons at every step.

    Calcium responses (dF/F) over the 99th percentile of all of them, at most 1. Those that were not
    measured count as none.
    """
    measured = pd.read_parquet(data / "odours" / "si2019_larva_mean.parquet")
    scale = measured["dff"].quantile(0.99)
    here = measured[np.isclose(np.log10(measured["dilution"]), np.log10(dilution))]
    table = here.pivot_table(index="receptor", columns="odour", values="dff").fillna(0) / scale
    neurons = pd.read_parquet(data / "odours" / "larva_orn_map.parquet")
    receptor = dict(zip(neurons["idx"], neurons["receptor"], strict=True))
    given = wg.input_from_df(
        table.clip(0, 1), idx_to_group=receptor, timepoints=range(STEPS), network=network
    )
    return list(table.columns), given


def respond(larva: wg.Connectome, network: wg.MultilayeredNetwork, given: FloatArray) -> Responses:
    """Run the network; sort the last state by group."""
    with torch.no_grad():
        last = network(given, record_steps=-1)[..., 0].numpy()
    found = {group: last[:, larva.select(group)] for group in GROUPS[1:]}
    found["ORN"] = given[..., -1]
    found["APL"] = last[:, larva.select("annotated_name=APL")]
    return Responses(found)


def make_networks(
    larva: wg.Connectome, orns: list[int], slope: float
) -> dict[str, wg.MultilayeredNetwork]:
    """Make the larva with the APL, without its output, and with ten times that.

    Where it is left out its share of the input stays in the denominator.
    """
    networks = {}
    for name, factor in APL.items():
        network = wg.MultilayeredNetwork.from_connectome(
            larva, orns, STEPS, sign=SIGN, tanh_steepness=slope, device="cpu"
        )
        weights = network.weights.to_scipy().tocsc()
        for neuron in larva.select("annotated_name=APL"):
            weights.data[weights.indptr[neuron] : weights.indptr[neuron + 1]] *= factor
        network.all_weights = weights
        networks[name] = network
    return networks


def by_dilution(data: Path, larva: wg.Connectome, orns: list[int]) -> Iterator[str]:
    """Summarise all odours, by slope and dilution."""
    for slope in SLOPES:
        networks = make_networks(larva, orns, slope)
        for dilution in (1e-8, 1e-7, 1e-6, 1e-5, 1e-4):
            _, given = stimuli(data, networks["with"], dilution)
            found = [respond(larva, network, given) for network in networks.values()]
            kcs = " | ".join(f"{r.share('KC').mean():.2f}" for r in found)
            alike = " | ".join(f"{r.similarity('KC'):.2f}" for r in found)
            mbons = " | ".join(f"{r.mean('MBON').mean():.3f}" for r in found)
            yield (
                f"| {slope:g} | {dilution:.0e} | {found[0].share('PN').mean():.2f} | "
                f"{found[0].mean('APL').mean():.2f} | {kcs} | {alike} | {mbons} |"
            )


def by_odour(data: Path, larva: wg.Connectome, orns: list[int]) -> Iterator[str]:
    """List the odours at the highest concentration, those that excite the most receptors first."""
    networks = make_networks(larva, orns, SLOPES[0])
    odours, given = stimuli(data, networks["with"], 1e-4)
    found = {name: respond(larva, network, given) for name, network in networks.items()}
    first = found["with"]
    for i in np.argsort(-first.mean("ORN")):
        kcs, mbons = (
            " | ".join(f"{values[i]:.{digits}f}" for values in by_network)
            for digits, by_network in (
                (2, [r.share("KC") for r in found.values()]),
                (3, [r.mean("MBON") for r in found.values()]),
            )
        )
        yield (
            f"| {odours[i]} | {first.share('ORN')[i]:.2f} | {first.share('PN')[i]:.2f} | "
            f"{first.mean('APL')[i]:.2f} | {kcs} | {mbons} |"
        )


def apl_share(larva: wg.Connectome) -> float:
    """Return the APL's mean share of the Kenyon cells' input."""
    weights = larva.weights(SIGN).matrix
    of_apl = weights[larva.select("KC")][:, larva.select("annotated_name=APL")]
    return float(np.abs(of_apl.sum(axis=1)).mean())


PAGE = """# Odours in the larva

What the receptor neurons of the larva answer to odours (Si et al. 2019, Neuron: 34 odours, 21
receptors, calcium imaging) is given to the 42 receptor neurons of its connectome (Winding et al.
2023), and runs through projection neurons to Kenyon cells (KCs) and mushroom body output neurons
(MBONs); with the APL, the GABAergic neuron that inhibits KCs, and without: the weights of all that
it hands on are set to 0. Written by `python benchmarks/odours.py DATA --out docs/odours.md`.

Steps: {steps}, with the input on at all of them; the last state is read. A neuron is active above
{active}. Transmitters are not known for the larva: local neurons (Winding's type LN, the APL among
them) inhibit, all others excite. Threshold 0.01. Input is dF/F over its 99th percentile, at most 1;
what was not measured counts as none. "Ten times": the APL's output weights times ten.

Mean over 34 odours. "Alike" is the mean correlation between the KC patterns of two odours.

| slope | dilution | PNs active | APL | KCs active | without APL | ten times | KCs alike | without | ten times | MBON mean | without | ten times |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
{by_dilution}

Every odour at dilution 1e-4, slope {slope}:

| odour | ORNs active | PNs active | APL | KCs active | without APL | ten times | MBON mean | without | ten times |
|---|---|---|---|---|---|---|---|---|---|
{by_odour}

## What it says

- In weights that are shares of the input the APL makes up {share:.1%} of what a Kenyon cell
  receives.
  Silencing it changes what it should, in the direction it should (more KCs answer, and to more
  odours alike), but by a few percent of them. In the animal it is the APL that keeps odour
  responses sparse. Synapse counts alone do not show that: it takes a strength that counts do not
  give, as the third column of each block shows.
- Odours stay apart only while the network does not saturate. At the default slope (5), where all
  but local neurons are taken to excite, every odour drives the same KCs, with or without the APL:
  a larva without transmitters wants a gentler slope, or slopes that were trained.
- The number of active KCs grows with concentration until they saturate.
"""  # noqa: E501  rows of tables


def main(data: Path, out: Path) -> None:
    """Write the page."""
    larva = wg.Connectome.load(data / "larva")
    orns = pd.read_parquet(data / "odours" / "larva_orn_map.parquet")["idx"].tolist()
    text = PAGE.format(
        steps=STEPS,
        active=ACTIVE,
        slope=SLOPES[0],
        share=apl_share(larva),
        by_dilution="\n".join(by_dilution(data, larva, orns)),
        by_odour="\n".join(by_odour(data, larva, orns)),
    )
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    main(arguments.data, arguments.out)
