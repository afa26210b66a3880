"""What carries activity from layer to layer: connections between active groups, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ._arrays import ArrayLike
from ._connectivity import ConnectivityLike, labels_of, read_connectivity
from ._finite import finite_array
from ._group_means import ThresholdLike, means_of_passing, threshold_of
from ._mapping import GroupsLike, group_labels
from ._neurons import read_sensory
from ._path_table import GroupEdges, Layer, path_table
from ._text_groups import TextGroups

__all__ = ["activations_to_df", "activations_to_df_batched"]


def activations_to_df(
    inprop: ConnectivityLike,
    model_input: ArrayLike,
    out: ArrayLike,
    sensory_indices: Any = None,
    inidx_mapping: GroupsLike | None = None,
    outidx_mapping: GroupsLike | None = None,
    activation_threshold: ThresholdLike = 0,
    connectivity_threshold: float = 0,
    high_ram: bool = True,
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """List the connections between active groups, layer by layer.

    Parameters
    ----------
    inprop : scipy sparse matrix or array, ndarray, Tensor, or MultilayeredNetwork
        Weights with **presynaptic neurons in rows**, shape (n_neurons, n_neurons): the transpose
        of a network's W. The network itself does as well: its connections, but for divisive ones,
        and its labels.
    model_input : ndarray or Tensor, shape (sensory, step)
        The stimulus, dimensionless; only column 0 is used.
    out : ndarray or Tensor, shape (n_neurons, step)
        Activations, dimensionless, as the network returns them.
    sensory_indices : sequence of int, optional
        The neuron of each row of `model_input`, in this order. With a network: any selection;
        its own sensory neurons if left out.
    inidx_mapping : dict, Series or str, optional
        {neuron index: group} of presynaptic neurons. With a network also "id" or another column of
        its labels, and its groups if left out. Without either, each neuron is a group of its own.
    outidx_mapping : dict, Series or str, optional
        The same for postsynaptic neurons; that of presynaptic ones if left out.
    activation_threshold : float or dict
        Smallest activation that counts as active. At 0 or below, all do. {step: threshold} gives
        each column its own.
    connectivity_threshold : float
        Smallest |weight| between groups that is listed.
    high_ram : bool
        Changes nothing; it is there for scripts that pass it.
    network : MultilayeredNetwork, optional
        Where labels come from if `inprop` is a matrix.

    Returns
    -------
    DataFrame
        A row for each connection in each layer in which both its groups have an active member, by
        `layer`, `pre`, `post` (as text: "10" comes before "9"); empty if there is none.

        - `pre`, `post`: the groups, as text; that of neurons whose group is missing is "nan";
        - `weight`: sum over all members of `pre`, mean over all members of `post`, never 0;
        - `layer`: from 1;
        - `pre_activation`: mean over the active members of `pre` in the layer before; in layer 1,
          over its active sensory neurons, of the stimulus at the start;
        - `post_activation`: mean over the active members of `post`.

    Raises
    ------
    ValueError
        If shapes do not fit, a neuron has no group, or values are NaN or infinite.
    TypeError
        If an argument is of another kind.

    Notes
    -----
    Weights are those of the whole groups, activations those of the active members: their product
    overstates what `pre` hands on. `wiregrad.circuit` tells flows.

    Cost: one pass over the edges to group them, and two a layer over the connections between
    groups; 28 bytes an edge and about 60 a row. No table of all groups by all groups is made.

    Source: the grouping rule is that of connectome_interpreter 2.9.1.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", steps=2, device="cpu")
    >>> stimulus = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> limits = {"activation_threshold": 0.3, "connectivity_threshold": 0.1}
    >>> activations_to_df(network, stimulus, network(stimulus), **limits).round(2)
       pre post  weight  layer  pre_activation  post_activation
    0  ASH  AVD    0.11      1            1.00             0.50
    1  ASH  HSN    0.14      1            1.00             0.59
    2  AVD  DVC    0.16      2            0.50             0.37
    3  HSN   VC    0.20      2            0.59             0.68
    """
    wiring = _Wiring.read(
        inprop, sensory_indices, inidx_mapping, outidx_mapping, connectivity_threshold, network
    )
    stimulus = _read(model_input, "model_input", len(wiring.sensory), "sensory neurons")
    activations = _read(out, "out", wiring.n_neurons, "neurons")
    return path_table(
        wiring.edges, lambda _: wiring.layers(stimulus, activations, activation_threshold)
    )


def activations_to_df_batched(
    inprop: ConnectivityLike,
    opt_in: ArrayLike,
    out: ArrayLike,
    sensory_indices: Any = None,
    inidx_mapping: GroupsLike | None = None,
    outidx_mapping: GroupsLike | None = None,
    activation_threshold: ThresholdLike = 0,
    connectivity_threshold: float = 0,
    high_ram: bool = True,
    *,
    network: MultilayeredNetwork | None = None,
) -> pd.DataFrame:
    """List the connections between active groups, layer by layer, for each batch member.

    Parameters
    ----------
    inprop : scipy sparse matrix or array, ndarray, Tensor, or MultilayeredNetwork
        As for `activations_to_df`.
    opt_in : ndarray or Tensor, shape (batch, sensory, step)
    out : ndarray or Tensor, shape (batch, n_neurons, step)
    sensory_indices, inidx_mapping, outidx_mapping, activation_threshold, connectivity_threshold, \
high_ram, network
        As for `activations_to_df`.

    Returns
    -------
    DataFrame
        The tables of all members one after the other, with the member, from 0, in a last column
        `batch`. A member without active connections has no rows.

    Raises
    ------
    ValueError, TypeError
        As `activations_to_df`, and if the two batches are not of one size.

    Notes
    -----
    Cost: that of `activations_to_df` for each member, but the edges are grouped only once; about
    70 bytes a row.

    Examples
    --------
    >>> inprop = np.array([[0, 0.5, 0], [0, 0, -0.5], [0, 0, 0]])  # 0 excites 1, 1 inhibits 2
    >>> out = np.array([[[0.0], [0.9], [0.0]], [[0.0], [0.1], [0.0]]])
    >>> activations_to_df_batched(inprop, np.ones((2, 1, 1)), out, [0], activation_threshold=0.5)
      pre post  weight  layer  pre_activation  post_activation  batch
    0   0    1     0.5      1             1.0              0.9      0
    """
    wiring = _Wiring.read(
        inprop, sensory_indices, inidx_mapping, outidx_mapping, connectivity_threshold, network
    )
    stimuli = _read(opt_in, "opt_in", len(wiring.sensory), "sensory neurons", batched=True)
    activations = _read(out, "out", wiring.n_neurons, "neurons", batched=True)
    if len(stimuli) != len(activations):
        raise ValueError(
            f"opt_in has {len(stimuli):,} batch members and out has {len(activations):,}: pass the "
            "activations that these stimuli gave"
        )
    return path_table(
        wiring.edges,
        lambda member: wiring.layers(stimuli[member], activations[member], activation_threshold),
        len(stimuli),
        batched=True,
    )


@dataclass(frozen=True, eq=False)
class _Wiring:
    """What stays the same from member to member: the groups and the edges between them."""

    sensory: npt.NDArray[np.int64]
    pre: TextGroups
    post: TextGroups
    edges: GroupEdges

    @classmethod
    def read(
        cls,
        inprop: ConnectivityLike,
        sensory_indices: Any,
        inidx_mapping: GroupsLike | None,
        outidx_mapping: GroupsLike | None,
        connectivity_threshold: float,
        network: MultilayeredNetwork | None,
    ) -> _Wiring:
        network = labels_of(inprop, network, "inprop")
        matrix = read_connectivity(inprop, "inprop")
        n_neurons = matrix.shape[0]
        if network is not None and network.n_neurons != n_neurons:
            raise ValueError(
                f"inprop has {n_neurons:,} neurons, the network {network.n_neurons:,}: pass the "
                "network that these weights belong to"
            )
        if connectivity_threshold != connectivity_threshold:
            raise ValueError("connectivity_threshold is NaN: give a number; 0 keeps all edges")
        sensory = read_sensory(sensory_indices, n_neurons, network)
        everyone = np.arange(n_neurons)
        pre = TextGroups.of(group_labels(inidx_mapping, everyone, "inidx_mapping", network))
        post = pre
        if outidx_mapping is not None:
            post = TextGroups.of(group_labels(outidx_mapping, everyone, "outidx_mapping", network))
        return cls(sensory, pre, post, GroupEdges.of(matrix, pre, post, connectivity_threshold))

    @property
    def n_neurons(self) -> int:
        return len(self.pre.of_neuron)

    def layers(
        self, stimulus: npt.NDArray[Any], activations: npt.NDArray[Any], threshold: ThresholdLike
    ) -> Iterator[Layer]:
        """Average what the active members of each group do, before and after each hop."""
        levels = [
            threshold_of(threshold, step, "activation_threshold")
            for step in range(activations.shape[1])
        ]
        for step, level in enumerate(levels):
            if step == 0:
                before, members, passed = stimulus[:, 0], self.pre.of_neuron[self.sensory], level
            else:
                before, members = activations[:, step - 1], self.pre.of_neuron
                passed = levels[step - 1]
            pre = means_of_passing(before, members, self.pre.n_groups, passed)
            after = activations[:, step]
            post = means_of_passing(after, self.post.of_neuron, self.post.n_groups, level)
            yield Layer(step + 1, pre, post)


def _read(
    values: ArrayLike, argument: str, n_rows: int, rows: str, batched: bool = False
) -> npt.NDArray[Any]:
    array = finite_array(values, argument)
    if array.ndim != (3 if batched else 2) or array.shape[-2] != n_rows or not array.shape[-1]:
        other = "activations_to_df" if batched else "activations_to_df_batched"
        needed = f"({n_rows:,}, steps)"
        raise ValueError(
            f"{argument} has shape {array.shape}, but these connections need "
            f"{needed.replace('(', '(batch, ', 1) if batched else needed}: a row for each of the "
            f"{n_rows:,} {rows}, at least one step"
            + (f"; {other} takes this shape" if array.ndim == (2 if batched else 3) else "")
        )
    return array
