"""The same network on another wiring of the same neurons: what a null model asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..connectome import TRANSMITTER_SIGNS, Connectome
from ..product import SparseMatrix
from ._interventions import Interventions
from ._labels import network_provenance
from ._manipulated import manipulated, sharing_all
from ._manipulations import Manipulations
from ._read_weights import read_weights

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["on_connectome"]


def on_connectome(network: MultilayeredNetwork, connectome: Connectome) -> MultilayeredNetwork:
    """Return a network with the weights of another connectome, and all else of this one.

    Parameters
    ----------
    network : MultilayeredNetwork
        Made by `from_connectome`, without divisive normalisation.
    connectome : Connectome
        Of the same neurons in the same order, as a rewired one is. Its weights are made by the sign
        rule of the network.

    Returns
    -------
    MultilayeredNetwork
        Inputs, steps, parameters and manipulations are those of `network`.

    Raises
    ------
    ValueError
        If the network was made otherwise, or the neurons are others.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    >>> (on_connectome(network, worm).weights.values == network.weights.values).all()
    tensor(True)
    """
    if network.neurons is None or "choices" not in network.provenance:
        raise ValueError(
            "the network was made from bare weights, so that its sign rule is not known: make it "
            "with MultilayeredNetwork.from_connectome, or say how to make one with network_of="
        )
    if network.divisive_strength is not None:
        raise ValueError(
            "the network normalises divisively, which depends on its wiring: say how to make one "
            "of another connectome with network_of="
        )
    if not network.neurons["id"].equals(connectome.neurons["id"]):
        raise ValueError(
            f"the connectome {connectome.name!r} has other neurons than the network, or the same "
            "in another order: a null model has the same neurons"
        )
    choices, signs = network.provenance["choices"], network.provenance["signs"]
    weights = connectome.weights(
        choices.get("sign"),
        unknown_sign=signs["unknown_sign"],
        transmitter_signs=choices.get("transmitter_signs", TRANSMITTER_SIGNS),
    )
    matrix = SparseMatrix(read_weights(weights.matrix))
    made = sharing_all(network)
    made.__dict__["_modules"]["weights"] = matrix.to(device=network.device, dtype=network.dtype)
    made.provenance = network_provenance(connectome, weights, choices)
    made.interventions, made.manipulations = Interventions(), Manipulations()
    return manipulated(made, network.manipulations)
