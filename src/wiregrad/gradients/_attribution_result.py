"""What an attribution returns: a number for every source, and how far to trust it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ._saved_attribution import read_attribution, write_attribution

__all__ = ["COMPLETENESS", "JUMPS", "VERIFIED", "Attribution"]

FloatArray = npt.NDArray[np.float64]

#: Columns of the tables of an attribution, and their kinds.
COMPLETENESS = {
    "batch": "int64",
    "layer": "Int64",
    "target": "float64",
    "at_baseline": "float64",
    "change": "float64",
    "attributed": "float64",
    "jump": "float64",
    "error": "float64",
    "n_jumps": "int64",
}
JUMPS = {
    "batch": "int64",
    "layer": "Int64",
    "at": "float64",
    "jump": "float64",
    "crossed_layer": "Int64",
    "crossed": "Int64",
}
VERIFIED = {
    "batch": "int64",
    "chosen": "string",
    "rank": "int64",
    "source": "int64",
    "activity": "float64",
    "attribution": "float64",
    "attributed": "float64",
    "measured": "float64",
}


@dataclass(eq=False)
class Attribution:
    """A number for every source of a response, member by member.

    Attributes
    ----------
    values : ndarray of float64, shape (batch, n_sources)
        Of "gradient" and "smoothgrad", slopes: target per unit of the source. Of the other
        methods, shares of the target's change, in its own units.
    sources : DataFrame
        One row a source, in the order of `values`: of the stimulus `step`, `neuron` (index), `id`
        and `group`; of neurons `layer` in place of `step`; of synapses `pre`, `post` and their ids
        and groups. With `group_by`, the groups, and how many sources each has (`n_sources`).
    activity : ndarray of float64, shape (batch, n_sources)
        How active each source is: the input taken in, or the state; of a synapse |weight| times
        the activations that it hands on, summed over steps.
    target : ndarray of float64, shape (batch,)
        The weighted sum of the targets' activations.
    completeness : DataFrame
        Of integrated gradients, one row a member (and layer, of neurons): `target` with the
        sources and `at_baseline` without them, their difference `change`, what is `attributed` to
        all sources together, what jumps carry (`jump`, of `n_jumps`), and the `error`: change -
        attributed - jump. Without rows for other methods.
    jumps : DataFrame
        The jumps that were located: `at` which place of the path, from 0 (baseline) to 1, and by
        how much the target jumps. The smallest ones may be missing. With `share_jumps`, the neuron
        that `crossed` its threshold there first, and the layer where it did (of an input, the layer
        that it joins, -1 for the start); none where several did at once.
    jump_values : ndarray of float64, shape (batch, n_sources), or None
        With `share_jumps`: what of the jumps belongs to each source. With `values` it adds up to
        the change, but for jumps where several neurons crossed at once.
    verified : DataFrame
        With `verify`: the sources that were ablated one by one. `chosen` is "top" or "random",
        `rank` the rank among the top ones (of a random one, that of the top one it was matched
        to), `source` the row in `sources`, `attributed` the change that the attribution says it
        carries, and `measured` the target with it less the target without it.
    null_share : ndarray of float64, shape (batch, n_sources), or None
        With `nulls`: the share of the null networks in which the source has at least as large an
        attribution, either sign. 0 of n says less than about 1 / (n + 1).
    kind : str
        "stimulus", "neurons" or "synapses".
    method : str
    shape : tuple of int, or None
        The shape of `values` as (batch, neuron, step), if they are all of a grid.
    seed : int
    arguments : dict
        The other arguments of the call.
    version : str
        The package's version.
    provenance : dict
        Where the network comes from; empty for a network made from bare weights.
    n_runs : int
        Runs of the network, forward, or forward and back.
    seconds : float
    stimulus : ndarray, shape (batch, sensory, step)
        What the response was to.
    network : MultilayeredNetwork or None
        The network that was asked. It is left out of pickles and copies.
    """

    values: FloatArray
    sources: pd.DataFrame
    activity: FloatArray
    target: FloatArray
    completeness: pd.DataFrame
    jumps: pd.DataFrame
    jump_values: FloatArray | None
    verified: pd.DataFrame
    null_share: FloatArray | None
    kind: str
    method: str
    shape: tuple[int, int, int] | None
    seed: int
    arguments: dict[str, Any]
    version: str
    provenance: dict[str, Any]
    n_runs: int
    seconds: float
    stimulus: npt.NDArray[np.floating]
    network: MultilayeredNetwork | None = field(repr=False)

    def to_frame(self, top: int | None = None) -> pd.DataFrame:
        """Return one row a member and source: the sources' columns, activity and attribution.

        Parameters
        ----------
        top : int, optional
            Only so many sources of each member, those with the largest |attribution| first. By
            default all, in the order of `sources`.

        Returns
        -------
        DataFrame
            `batch`, the columns of `sources`, `activity`, `attribution` and, with nulls,
            `null_share`.
        """
        parts = []
        for batch, row in enumerate(self.values):
            order = np.arange(len(row))
            if top is not None:
                order = np.argsort(-np.abs(row), kind="stable")[:top]
            table = self.sources.iloc[order].reset_index(drop=True)
            table = table.assign(activity=self.activity[batch, order], attribution=row[order])
            if self.null_share is not None:
                table = table.assign(null_share=self.null_share[batch, order])
            table.insert(0, "batch", batch)
            parts.append(table)
        return pd.concat(parts, ignore_index=True)

    def as_grid(self) -> FloatArray:
        """Return the values by neuron and step.

        Returns
        -------
        ndarray of float64
            Of the stimulus (batch, sensory, step), of neurons (batch, n_neurons, step).

        Raises
        ------
        ValueError
            If they are no grid: only some sources were asked for, or groups, or synapses.
        """
        if self.shape is None:
            raise ValueError(
                "these values are no grid of neurons and steps: take to_frame(), or ask for "
                "sources='stimulus' or 'neurons' without group_by"
            )
        if self.kind == "stimulus":
            return self.values.reshape(self.shape)
        batch, n_neurons, n_steps = self.shape
        by_layer = self.values.reshape(batch, n_steps, n_neurons)
        return by_layer.transpose(0, 2, 1)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Save all of the attribution but its network.

        Parameters
        ----------
        folder : str or Path
            A new folder, or one that holds a saved attribution, which is replaced. It then holds
            `result.json`, tables in parquet and arrays in npz.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        ValueError
            If the folder holds other files.
        FileNotFoundError
            If there is no folder to make it in.
        OSError
            If it cannot be written; what was saved there before is then as it was.

        Notes
        -----
        Cost: the bytes of the arrays, compressed.

        Examples
        --------
        >>> import tempfile, wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", 3, device="cpu")
        >>> found = wg.attribution(network, np.ones((2, 3)), {2: "AVA"}, progress=False)
        >>> folder = found.save(tempfile.mkdtemp())
        >>> again = wg.Attribution.load(folder, network)  # another day
        >>> (again.values == found.values).all(), again.arguments["targets"]
        (np.True_, {2: 'AVA'})
        """
        path = Path(folder)
        write_attribution(self, path)
        return path

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], network: MultilayeredNetwork | None = None
    ) -> Attribution:
        """Load what `save` saved.

        Parameters
        ----------
        folder : str or Path
        network : MultilayeredNetwork, optional
            The one that was asked, for `wiregrad.report`.

        Raises
        ------
        ValueError
            If no attribution is in the folder, or one of a newer version, or a file is damaged.
        """
        return cls(**read_attribution(Path(folder)), network=network)

    def __repr__(self) -> str:
        n_members, n_sources = self.values.shape
        word = "member" if n_members == 1 else "members"
        return (
            f"Attribution by {self.method} to {n_sources:,} sources ({self.kind}) of "
            f"{n_members:,} {word}, after {self.n_runs:,} runs and {self.seconds:.1f} s"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network behind: a result is small, a whole brain is not."""
        return {**self.__dict__, "network": None}
