"""Custom activation functions: what a user may give in place of the rate neuron."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from torch import Tensor, nn

__all__ = ["ActivationFunction", "call_custom", "takes_network"]

ActivationFunction = Callable[..., Tensor]


def takes_network(function: ActivationFunction) -> bool:
    """Whether a function is f(model, x, x_previous) rather than f(x).

    It is where it needs exactly three positional arguments. A function whose signature cannot be
    read is f(x).

    Examples
    --------
    >>> takes_network(lambda model, x, x_previous: x), takes_network(abs)
    (True, False)
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    return len(needed) == 3


def call_custom(
    function: ActivationFunction, model: nn.Module, x: Tensor, x_previous: Tensor
) -> Tensor:
    """Call a custom activation function on the drive of all neurons.

    Raises
    ------
    ValueError
        If it does not return a tensor of the shape of `x`, (n_neurons, batch).
    """
    h = function(model, x, x_previous) if takes_network(function) else function(x)
    if not isinstance(h, Tensor) or h.shape != x.shape:
        got = tuple(h.shape) if isinstance(h, Tensor) else type(h).__name__
        raise ValueError(
            f"the activation function returned {got}: it must return a tensor of the shape of its "
            f"argument, (neurons, batch) = {tuple(x.shape)}"
        )
    return h
