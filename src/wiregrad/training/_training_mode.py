"""Which of a network's parameters are trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from ..network import MultilayeredNetwork

__all__ = ["parameters_to_train", "training_mode"]


@contextmanager
def training_mode(
    model: MultilayeredNetwork,
    train_slopes: bool = True,
    train_biases: bool = True,
    divisive_strength: bool = True,
) -> Iterator[MultilayeredNetwork]:
    """Let chosen parameters record gradients, and put everything back afterwards.

    Parameters
    ----------
    model : MultilayeredNetwork
    train_slopes, train_biases, divisive_strength : bool
        Whether slopes, biases and the strengths of divisive normalisation, one a group, record
        gradients inside. Those that the network does not have are passed over.

    Yields
    ------
    MultilayeredNetwork
        The same network. On leaving, also by an exception, each parameter's `requires_grad` is
        what it was before.

    Notes
    -----
    Cost: none; no pass over the edges.

    Source: the call is that of connectome_interpreter 2.9.1.

    Examples
    --------
    >>> import numpy as np
    >>> import wiregrad as wg
    >>> network = wg.MultilayeredNetwork(np.eye(2), [0], idx_to_group={0: "a", 1: "b"})
    >>> with training_mode(network, train_biases=False):
    ...     network.slope.requires_grad, network.raw_biases.requires_grad
    (True, False)
    >>> network.slope.requires_grad
    False
    """
    before = [(p, p.requires_grad) for p in _group_parameters(model).values()]
    model.set_param_grads(train_slopes, train_biases, divisive_strength)
    try:
        yield model
    finally:
        for parameter, recorded in before:
            parameter.requires_grad_(recorded)


def _group_parameters(model: MultilayeredNetwork) -> dict[str, nn.Parameter]:
    named = {
        "slope": model.slope,
        "raw_biases": model.raw_biases,
        "divisive_strength": model.divisive_strength,
    }
    return {name: parameter for name, parameter in named.items() if parameter is not None}


def parameters_to_train(
    model: MultilayeredNetwork, slopes: bool, biases: bool, divisive_strength: bool
) -> dict[str, nn.Parameter]:
    """Return the parameters asked for, by name.

    Raises
    ------
    ValueError
        If there are none: the network has no groups, or nothing that it has is asked for.
    """
    present = _group_parameters(model)
    if not present:
        raise ValueError(
            "there is nothing to train: groups share slopes and biases, and this network has no "
            "groups; pass idx_to_group, {neuron index: group}, to MultilayeredNetwork "
            "(dict(enumerate(range(n_neurons))) makes every neuron a group), or group_by to "
            "from_connectome"
        )
    asked = {"slope": slopes, "raw_biases": biases, "divisive_strength": divisive_strength}
    chosen = {name: parameter for name, parameter in present.items() if asked[name]}
    if not chosen:
        raise ValueError(
            "there is nothing to train: set train_slopes or train_biases"
            + (" or train_divisive_strength" if "divisive_strength" in present else "")
            + " to True"
        )
    return chosen
