"""The wiring diagram: neurons, the synapses between them, and where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from .._messages import did_you_mean, few
from ._describe import ConnectomeSummary, describe
from ._edges import counts_from_edges, standard_neurons
from ._group_neurons import group_connectome
from ._normalise import input_of_neurons
from ._rewire import rewire_connectome
from ._saved import write_saved
from ._select import IndexArray, Selection, select_neurons
from ._signs import TRANSMITTER_SIGNS, EdgeSigns, SignRule
from ._weights import SignedWeights, signed_weights

__all__ = ["Connectome"]


@dataclass(frozen=True, eq=False)
class Connectome:
    """Neurons and the counts of the synapses between them.

    Make one with `Connectome.from_edges` or with `wiregrad.datasets`. It does not change: methods
    return new ones.

    Attributes
    ----------
    neurons : DataFrame
        One row a neuron; its index is its position. Columns `id` (unique), `cell_type`, and any
        others.
    counts : csr_array of float64, shape (n_neurons, n_neurons)
        Synapse counts [pre, post]; what is counted is named by `unit`. Counts may be fractional.
    edge_signs : EdgeSigns or None
        Signs of single connections, where the data has them.
    unit : str
        What one unit of a count is, for example "synapses" or "EM serial sections".
    name : str
        A short name for reports.
    provenance : dict
        Where it comes from and what was done to it: source, citation, options, rows merged or
        dropped.
    """

    neurons: pd.DataFrame
    counts: sparse.csr_array
    edge_signs: EdgeSigns | None = None
    unit: str = "synapses"
    name: str = "connectome"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_edges(
        cls,
        edges: pd.DataFrame,
        neurons: pd.DataFrame,
        *,
        pre: str = "pre",
        post: str = "post",
        count: str | None = None,
        sign: str | None = None,
        id: str = "id",  # noqa: A002  the field's word for the column
        cell_type: str = "cell_type",
        unit: str = "synapses",
        name: str = "connectome",
        min_synapses: float = 0,
        self_connections: bool = True,
        provenance: Mapping[str, Any] | None = None,
    ) -> Connectome:
        """Build a connectome from a table of edges and a table of neurons.

        Parameters
        ----------
        edges : DataFrame
            One row a connection. Rows for the same pair of neurons are added up; rows with count 0
            are left out; both are counted in `provenance`.
        neurons : DataFrame
            One row a neuron.
        pre, post : str
            Columns of `edges` with the ids of the presynaptic and the postsynaptic neuron.
        count : str, optional
            Column of `edges` with the counts. By default the one of `count`, `weight`, `syn_count`
            and `n_syn` that is there.
        sign : str, optional
            Column of `edges` with each connection's sign: +1, -1, and 0 or missing where it is not
            known.
        id, cell_type : str
            Columns of `neurons`. Without cell types every neuron is a type of its own.
        unit, name : str
            What is counted, and a short name for reports.
        min_synapses : float
            Connections that count less, all their rows together, are dropped.
        self_connections : bool
            Whether connections of a neuron with itself are kept.
        provenance : dict, optional
            Anything to remember about the source. Rows merged and connections dropped are added.

        Returns
        -------
        Connectome

        Raises
        ------
        ValueError
            If a column is missing, a table is empty, an id is repeated in or missing from the
            neurons table, ids are floats, counts are NaN, infinite or negative, or signs are
            anything but +1, -1 and 0. The first offending rows are named.

        Notes
        -----
        Cost: a sort of the edges; about 100 bytes an edge while it runs, 12 afterwards.

        Examples
        --------
        >>> neurons = pd.DataFrame({"id": ["s", "i", "m"], "nt": ["ACh", "GABA", "ACh"]})
        >>> edges = pd.DataFrame({"pre": ["s", "s", "i"], "post": ["i", "m", "m"],
        ...                       "count": [4, 6, 2]})
        >>> wiring = Connectome.from_edges(edges, neurons)
        >>> wiring.n_neurons, wiring.n_edges
        (3, 3)
        >>> wiring.weights().matrix.toarray()[2].tolist()  # the input of "m"
        [0.75, -0.25, 0.0]
        """
        table = standard_neurons(neurons, id, cell_type)
        built = counts_from_edges(
            edges,
            table["id"],
            pre,
            post,
            count,
            sign,
            min_synapses=min_synapses,
            self_connections=self_connections,
        )
        return cls(
            neurons=table,
            counts=built.counts,
            edge_signs=built.signs,
            unit=unit,
            name=name,
            provenance={**(provenance or {}), **built.account},
        )

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        neurons: str | Path | pd.DataFrame | None = None,
        pre: str | None = None,
        post: str | None = None,
        count: str | None = None,
        sign: str | None = None,
        id: str | None = None,  # noqa: A002  the field's word for the column
        cell_type: str | None = None,
        unit: str | None = None,
        name: str | None = None,
        min_synapses: float = 0,
        self_connections: bool = True,
        unlisted: str = "error",
        transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
    ) -> Connectome:
        """Read a connectome from the files it comes in.

        Parameters
        ----------
        path : str or Path
            A folder that `save` wrote; a folder with a table of edges and tables of neurons; a
            table of edges (parquet, feather, csv, tsv; text may be gzipped); or a matrix
            [pre, post] of `scipy.sparse.save_npz`. Tables of neurons are looked for beside a file.
        neurons : str, Path or DataFrame, optional
            The table of neurons, where it is not found by its name.
        pre, post, count : str, optional
            Columns of the edge table. By default those of FlyWire Codex (`pre_root_id`,
            `post_root_id`, `syn_count`), neuPrint (`bodyId_pre`, `bodyId_post`, `weight`), CAVE
            (`pre_pt_root_id`, `post_pt_root_id`; a row is a synapse), Shiu et al. 2024
            (`Presynaptic_ID` or `Presynaptic_Index`, ..., `Excitatory x Connectivity`), or `pre`,
            `post` and one of `count`, `weight`, `syn_count`, `n_syn`.
        sign : str, optional
            Column of the edge table with a sign or a transmitter for each connection. By default
            `sign`, signed counts, or Codex's `nt_type` where the neurons have none.
        id, cell_type : str, optional
            Columns of the neurons table. Edges may refer to the id, or to a column `idx`. Another
            column that is called `id` or `cell_type` becomes `own_id` or `own_cell_type`.
        unit, name : str, optional
            What is counted, and a short name for reports.
        min_synapses : float
            Connections that count less are dropped, after all rows of a pair (neuropils, regions)
            have been added up.
        self_connections : bool
            Whether connections of a neuron with itself are kept.
        unlisted : {"error", "drop"}
            What to do with edges of neurons that are not in the neurons table.
        transmitter_signs : dict
            Sign of each transmitter, for signs of single connections.

        Returns
        -------
        Connectome
            `provenance` has the kind of source, the files with their SHA-256, the options, and what
            was merged and dropped.

        Raises
        ------
        ValueError
            If a file is cut short or of an unknown format, columns are missing (those that there
            are, are named), ids are floats, or the tables do not fit each other.
        OSError
            If a file is not there or may not be read.

        Notes
        -----
        Ids of 64 bits stay exact in every format. Cost: a pass over the files and a sort of the
        edges; about 100 bytes an edge while it runs.

        Examples
        --------
        >>> import tempfile, wiregrad as wg
        >>> folder = tempfile.mkdtemp() + "/worm"
        >>> wg.datasets.celegans().save(folder)
        >>> wg.Connectome.load(folder)
        Connectome('C. elegans': 302 neurons, 3,709 connections, 20,965 EM serial sections)
        """
        from ._load import LoadOptions, load_connectome

        options = LoadOptions(
            neurons=neurons,
            pre=pre,
            post=post,
            count=count,
            sign=sign,
            id=id,
            cell_type=cell_type,
            unit=unit,
            name=name,
            min_synapses=min_synapses,
            self_connections=self_connections,
            unlisted=unlisted,
            transmitter_signs=transmitter_signs,
        )
        return load_connectome(Path(path), options)

    def save(self, path: str | Path) -> None:
        """Write the connectome to a folder, for `load` and for other tools.

        Two parquet files, and a page that names them and holds the provenance. A save that is
        interrupted leaves what the folder held before.

        Parameters
        ----------
        path : str or Path
            A new folder, or one that holds a saved connectome, which is replaced.

        Raises
        ------
        ValueError
            If the folder holds other files.
        OSError
            If it cannot be written.

        Notes
        -----
        In the table of edges `pre` and `post` are rows of the table of neurons. Cost: one pass over
        the edges; about 20 bytes an edge while it runs.
        """
        write_saved(self, Path(path))

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.neurons)

    @property
    def n_edges(self) -> int:
        """Number of connected pairs; a pair counts once a direction."""
        return int(self.counts.nnz)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of ids, cell types, counts and signs: equal wiring has equal checksums."""
        digest = hashlib.sha256(self.unit.encode())
        for labels in (self.neurons["id"], self.neurons["cell_type"]):
            digest.update("\0".join(["", *labels.astype("string").fillna(""), ""]).encode())
        arrays = [self.counts.indptr, self.counts.indices, self.counts.data]
        if self.edge_signs is not None:
            arrays += [self.edge_signs.net, self.edge_signs.unknown]
        for array in arrays:
            width = np.int64 if array.dtype.kind == "i" else np.float64
            digest.update(np.ascontiguousarray(array, dtype=width).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        return (
            f"Connectome({self.name!r}: {self.n_neurons:,} neurons, {self.n_edges:,} connections, "
            f"{self.counts.data.sum():,.10g} {self.unit})"
        )

    def select(self, what: Selection) -> IndexArray:
        """Find neurons by index, id, cell type, `column=value`, `/regex/`, mask or query.

        Parameters
        ----------
        what : int, str, mask, or a sequence of them
            See `wiregrad.select_neurons`, which this calls on the neurons table.

        Returns
        -------
        ndarray of int64
            The indices of the selected neurons.

        Raises
        ------
        ValueError
            If it matches nothing; the nearest names are given.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> worm.neurons["id"][worm.select("AVA and side=R")].tolist()
        ['AVAR']
        """
        return select_neurons(self.neurons, what)

    def group_labels(self, column: str = "cell_type") -> pd.Series:
        """Label every neuron with its group, as text.

        A neuron whose label is missing forms a group of its own, named after its id.

        Raises
        ------
        ValueError
            If there is no such column.

        Examples
        --------
        >>> import wiregrad as wg
        >>> wg.datasets.celegans().group_labels().head(2).tolist()
        ['ADA', 'ADA']
        """
        if column not in self.neurons.columns:
            raise ValueError(
                f"there is no column {column!r} to group by: the neurons table has "
                f"{few(self.neurons.columns, limit=20)}{did_you_mean(column, self.neurons.columns)}"
            )
        labels = self.neurons[column].astype("string")
        return labels.fillna(self.neurons["id"].astype("string"))

    def weights(
        self,
        sign: SignRule = None,
        *,
        unknown_sign: int = 0,
        transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
        normalise: str | None = None,
        total_input: str = "total_input",
    ) -> SignedWeights:
        """Give every connection a signed weight: its share of the postsynaptic neuron's input.

        W[post, pre] = sign * count / (total count that the post neuron receives).

        Parameters
        ----------
        sign : str, int, dict, optional
            Where signs come from: `"edges"` (a sign per connection), the name of a column with
            signs or transmitter names, a dict from ids, cell types or indices to signs, or +1 or -1
            for all; a dict's entry `"*"` is for all neurons that it does not name. By default the
            connections' own signs if there are any, else a column named `sign`, `transmitter`,
            `neurotransmitter`, `nt`, `nt_type` or `top_nt`.
        unknown_sign : {0, 1, -1}
            What a connection of unknown sign does: nothing (0: its weight is 0, while its count
            stays in the denominator), excite, or inhibit.
        transmitter_signs : dict
            Sign of each transmitter; by default `wiregrad.TRANSMITTER_SIGNS`.
        normalise : {"input", "input over the whole dataset", "none"}, optional
            What a count is a share of: the input that is in the connectome; all input of the post
            neuron in a larger data set, which the column `total_input` gives; or nothing. By
            default "input", and "none" where the counts are shares already.
        total_input : str
            Column of the neurons table with known totals. `subset` keeps them under this name.

        Returns
        -------
        SignedWeights
            `.matrix`, a float32 csr_array [post, pre], and `.signs`, which says how many neurons
            and how much input have no known sign.

        Raises
        ------
        ValueError
            If there is no rule to take signs from, or the rule does not fit the neurons.

        Notes
        -----
        Cost: two passes over the edges; 8 bytes an edge for the result.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> print(worm.weights().signs)  # doctest: +ELLIPSIS
        signs by connection; unknown for 2,004 connections of ... neurons, 45.3% of all input ...
        """
        return signed_weights(
            self,
            sign,
            unknown_sign=unknown_sign,
            transmitter_signs=transmitter_signs,
            normalise=normalise,
            total_input=total_input,
        )

    def subset(self, what: Selection) -> Connectome:
        """Keep the selected neurons, in ascending order, and the synapses between them.

        Weights made from the result are shares of the input from the kept neurons; the column
        `total_input` keeps what each received before, for
        `weights(normalise="input over the whole dataset")`.

        Parameters
        ----------
        what : int, str, mask, or a sequence of them
            The neurons to keep, in the selection language.

        Returns
        -------
        Connectome
            `provenance` says what it was cut from and how much input was lost.

        Raises
        ------
        ValueError
            If the selection matches nothing.

        Examples
        --------
        >>> import wiregrad as wg
        >>> wg.datasets.celegans().subset("role=sensory").n_neurons
        83
        """
        keep = np.sort(self.select(what))
        counts = self.counts[keep][:, keep].tocsr()
        counts.sort_indices()
        lost = self.counts[:, keep].sum() - counts.sum()
        cut = {"cut_from": self.name, "neurons_kept": len(keep), "input_lost": float(lost)}
        neurons = self.neurons
        if "total_input" not in neurons.columns:  # cut again, it is still the first total
            neurons = neurons.assign(total_input=input_of_neurons(self))
        return Connectome(
            neurons=neurons.iloc[keep].reset_index(drop=True),
            counts=counts,
            edge_signs=self._subset_signs(keep),
            unit=self.unit,
            name=f"{self.name}, {len(keep):,} neurons",
            provenance={**self.provenance, **cut},
        )

    def _subset_signs(self, keep: IndexArray) -> EdgeSigns | None:
        if self.edge_signs is None:
            return None
        # Positions, not values, are carried through the cut: a net sign of 0 must not vanish.
        slot = sparse.csr_array(
            (np.arange(1, self.n_edges + 1), self.counts.indices, self.counts.indptr),
            shape=self.counts.shape,
        )[keep][:, keep].tocsr()
        slot.sort_indices()
        kept = slot.data - 1
        return EdgeSigns(self.edge_signs.net[kept], self.edge_signs.unknown[kept])

    def group(
        self,
        column: str = "cell_type",
        *,
        sign: SignRule = None,
        transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
    ) -> Connectome:
        """Merge the neurons of each group into one: a connectome of cell types.

        Counts of all members are added up, and signs with them: where members differ in sign, a
        connection keeps how much of it excites, inhibits, or is not known. Counts that are shares
        of the postsynaptic neuron's input are averaged over the postsynaptic members.

        Parameters
        ----------
        column : str
            Column of the neurons table. A neuron without a value is a group of its own.
        sign, transmitter_signs
            The sign rule, as for `weights`. Without one, and none to be found, the result has no
            signs either.

        Returns
        -------
        Connectome
            Ids and cell types are the groups' names, sorted; `n_members` says how many neurons each
            has; other columns are kept where all members agree.

        Raises
        ------
        ValueError
            If there is no such column, or the sign rule does not fit.

        Notes
        -----
        Cost: a sort of the edges.

        Examples
        --------
        >>> import wiregrad as wg
        >>> classes = wg.datasets.celegans().group("cell_type")
        >>> classes.n_neurons, classes.n_edges
        (118, 1770)
        """
        return group_connectome(self, column, sign, transmitter_signs)

    def rewire(
        self,
        seed: int = 0,
        keep: str = "degree",
        *,
        rounds: int = 10,
        column: str = "cell_type",
        sign: SignRule = None,
        transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
    ) -> Connectome:
        """Rewire at random, as a null model: what degrees alone explain.

        Connections swap their postsynaptic ends, two by two. So every neuron keeps the number of
        its inputs and of its outputs, exactly; its connections keep their counts and signs; and no
        connection is there twice.

        Parameters
        ----------
        seed : int
            Equal seeds give equal wiring.
        keep : {"degree", "degree+sign", "type-pairs"}
            What is kept besides: nothing; also the number of excitatory, inhibitory and unknown
            inputs of every neuron; or this, and the number of connections of each sign between
            every two cell types.
        rounds : int
            In each three quarters of the connections are offered a swap. More than ten hardly mix
            any further: see `docs/nulls.md`.
        column : str
            Column of the neurons table with the types of "type-pairs".
        sign, transmitter_signs
            The sign rule, as for `weights`; not needed for "degree".

        Returns
        -------
        Connectome
            Of the same neurons. `provenance["rewired_moved"]` is the share of connections that the
            original has not: how well mixed it is. Where types are small or most neurons are
            connected, little can be moved.

        Raises
        ------
        ValueError
            If `keep` is none of these, there is no such column, or no sign rule.

        Notes
        -----
        A connection of a neuron with itself stays, and none is made. A count stays with the
        presynaptic neuron, whose summed output is kept; the postsynaptic one's summed input is not.
        Counts that are shares of the postsynaptic neuron's input stay with that.

        Cost: some ten passes over the edges a round: seconds for millions of edges; about 100 bytes
        an edge while it runs.

        Source: Maslov and Sneppen 2002, Science 296:910 (swaps); Milo et al. 2003,
        arXiv:cond-mat/0312028 (how many).

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> null = worm.rewire(seed=1)
        >>> (null.counts != 0).sum(axis=0).tolist() == (worm.counts != 0).sum(axis=0).tolist()
        True
        >>> round(null.provenance["rewired_moved"], 1)
        0.9
        """
        return rewire_connectome(self, seed, keep, rounds, column, sign, transmitter_signs)

    def describe(self) -> ConnectomeSummary:
        """Count neurons, connections, synapses, signs, degrees and isolated neurons.

        Returns
        -------
        ConnectomeSummary
            Prints as a short table; `.to_frame()` gives one row.

        Examples
        --------
        >>> import wiregrad as wg
        >>> summary = wg.datasets.celegans().describe()
        >>> summary.n_neurons, summary.n_edges
        (302, 3709)
        """
        return describe(self)
