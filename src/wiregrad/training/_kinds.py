"""The table of what can be trained in a network; a further parameter is one entry in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..network import MultilayeredNetwork
from ._units import (
    Units,
    units_of_divisive_pairs,
    units_of_edges,
    units_of_groups,
    units_of_sources,
)

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """One kind of parameter.

    Attributes
    ----------
    tensor : callable
        Where the network keeps its entries: a parameter or buffer, or None if it has none.
    value : callable
        The entries as users know them, from that tensor. Writing a value writes the tensor, so the
        two differ in sign at most.
    units : callable
        (network, by) to the units that share a value.
    by : str
        How values are shared unless asked otherwise.
    low : float or None
        Lower bound unless asked otherwise; `high` is None for all.
    softness, rate, spread : float
        How softly a bound is approached; step size as a multiple of the learning rate; and standard
        deviation of an ensemble's starts. All as suits the parameter's usual size.
    lacking : str
        What to do where a network has none.
    gain : bool
        Whether a value is a factor on what the network has, which is 1 at the start.
    """

    tensor: Callable[[MultilayeredNetwork], Tensor | None]
    value: Callable[[MultilayeredNetwork], Tensor]
    units: Callable[[MultilayeredNetwork, str], Units]
    by: str
    low: float | None
    softness: float
    rate: float
    spread: float
    lacking: str
    gain: bool = False


def _of(name: str) -> Callable[[MultilayeredNetwork], Tensor | None]:
    def tensor(network: MultilayeredNetwork) -> Tensor | None:
        found: Tensor | None = getattr(network, name, None)
        return found

    return tensor


def _given(name: str) -> Callable[[MultilayeredNetwork], Tensor]:
    def value(network: MultilayeredNetwork) -> Tensor:
        found: Tensor = getattr(network, name)
        return found.detach()

    return value


def _ones(name: Callable[[MultilayeredNetwork], Tensor | None]) -> Callable[..., Tensor]:
    def value(network: MultilayeredNetwork) -> Tensor:
        entries = name(network)
        return torch.ones(0) if entries is None else torch.ones_like(entries.detach())

    return value


def _weights(network: MultilayeredNetwork) -> Tensor:
    return network.weights.values


_NO_GROUPS = (
    "groups share it, and this network has none; pass idx_to_group to MultilayeredNetwork, or "
    "group_by to from_connectome"
)
_NO_DIVISIVE = "pass divisive_normalization, {pre group: [post groups]}, to MultilayeredNetwork"

#: By name. The order is that of tables of parameters.
KINDS: dict[str, Kind] = {
    "slope": Kind(
        tensor=_of("slope"),
        value=_given("slope"),
        units=units_of_groups,
        by="group",
        low=0.0,
        softness=0.1,
        rate=1.0,
        spread=1.0,
        lacking=_NO_GROUPS,
    ),
    "bias": Kind(
        tensor=_of("raw_biases"),
        value=_given("biases"),
        units=units_of_groups,
        by="group",
        low=0.0,  # unless the network's biases are signed
        softness=0.01,
        rate=0.1,
        spread=0.03,
        lacking=_NO_GROUPS,
    ),
    "tau": Kind(
        tensor=_of("tau"),
        value=_given("tau"),
        units=units_of_groups,
        by="group",
        low=1.0,
        softness=0.1,
        rate=1.0,
        spread=0.3,
        lacking="it has no time constants (`tau`)",
    ),
    "divisive": Kind(
        tensor=_of("divisive_strength"),
        value=_given("divisive_strength"),
        units=units_of_sources,
        by="group",
        low=0.0,
        softness=0.1,
        rate=1.0,
        spread=0.3,
        lacking=_NO_DIVISIVE,
    ),
    "divisive_gain": Kind(
        tensor=_of("divnorm_weights"),
        value=_ones(_of("divnorm_weights")),
        units=units_of_divisive_pairs,
        by="pair",
        low=0.0,
        softness=0.1,
        rate=1.0,
        spread=0.3,
        lacking=_NO_DIVISIVE,
        gain=True,
    ),
    "weight": Kind(
        tensor=_weights,
        value=_ones(_weights),
        units=units_of_edges,
        by="pair",
        low=0.0,
        softness=0.1,
        rate=1.0,
        spread=0.3,
        lacking="it has no connections",
        gain=True,
    ),
}
