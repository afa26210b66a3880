"""The circuit of a result: of activation maximisation, or anything that looks like it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import GroupsLike
from ._circuit import Circuit, circuit
from ._wanted import TargetsLike

__all__ = ["Answer", "network_of", "result_circuit"]


class Answer(Protocol):
    """A result with stimuli, what the network answers, and targets: a `MaximisationResult`."""

    @property
    def batch_input(self) -> npt.NDArray[np.floating]:
        """Stimuli, (batch, sensory, step)."""

    @property
    def batch_output(self) -> npt.NDArray[np.floating]:
        """Activations, (batch, n_neurons, step)."""

    @property
    def target_neurons(self) -> pd.DataFrame:
        """Columns `batch`, `layer`, `neuron`: those of all targets."""

    @property
    def network(self) -> MultilayeredNetwork | None:
        """The network that was asked, unless it was left behind."""

    def require_asked(self, network: MultilayeredNetwork) -> None:
        """Refuse a network that is not the one that was asked."""


def result_circuit(
    result: Answer,
    member: int = 0,
    *,
    by: GroupsLike | None = None,
    targets: TargetsLike | None = None,
    network: MultilayeredNetwork | None = None,
) -> Circuit:
    """Find what carries activity from a result's stimulus to its targets.

    Parameters
    ----------
    result : MaximisationResult
        It is not changed.
    member : int
        Which member of a batch; negative ones count from the end.
    by : str, dict or Series, optional
        What makes a group; see `circuit`.
    targets : dict or DataFrame, optional
        Others than those that were asked; see `circuit`.
    network : MultilayeredNetwork, optional
        The network that was asked; needed for a result that was pickled or copied.

    Returns
    -------
    Circuit

    Raises
    ------
    ValueError
        If there is no such member, or the network is not there or not the one that was asked.

    Notes
    -----
    Cost: that of `circuit`.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> asked = wg.TargetActivation({2: {"AVA": 0.9}})
    >>> result = wg.activation_maximisation(network, asked, seed=0, use_tqdm=False)
    >>> wg.result_circuit(result).nodes["group"].iloc[-1]
    'AVA'
    >>> wg.result_circuit(result, by="id").nodes["group"].iloc[-2:].tolist()
    ['AVAL', 'AVAR']
    """
    network = network_of(result, network)
    n_members = len(result.batch_input)
    if not -n_members <= member < n_members:
        raise ValueError(
            f"there is no member {member}: the result has {n_members:,} (0 to {n_members - 1:,})"
        )
    place = member % n_members
    if targets is None:
        neurons = result.target_neurons
        targets = neurons[neurons["batch"] == place]
    return circuit(network, result.batch_input[place], result.batch_output[place], targets, by=by)


def network_of(result: Answer, network: MultilayeredNetwork | None = None) -> MultilayeredNetwork:
    """Return the network that a result is of: the one given, if it can be that, or its own.

    Raises
    ------
    ValueError
        If there is none, it was made from another connectome, or sizes differ.
    """
    network = result.network if network is None else network
    if network is None:
        raise ValueError(
            "this result does not hold its network (a pickled or copied result leaves it out): "
            "pass the network that was asked, network=network"
        )
    result.require_asked(network)
    return network
