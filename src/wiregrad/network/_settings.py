"""What may be set on a network after it is made, and the checks it passes each time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ._dynamics import Dynamics
from ._sensory import read_sensory_indices

__all__ = ["SETTING_CHECKS"]

_RULES = ("product", "sum")


def _whole_steps(_: Any, value: Any) -> int:
    try:
        right = not isinstance(value, bool) and int(value) == value and value >= 1
    except (TypeError, ValueError, OverflowError):  # a text, NaN, infinity
        right = False
    if not right:
        raise ValueError(f"num_layers is a whole number of steps, at least 1, not {value!r}")
    return int(value)


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, ValueError):  # a text, None, several numbers
        return False


def _threshold(_: Any, value: Any) -> float:
    if not (_is_finite(value) and value >= 0):
        raise ValueError(f"threshold must be a finite number, at least 0, not {value!r}")
    return float(value)


def _finite(name: str) -> Callable[[Any, Any], float]:
    def check(_: Any, value: Any) -> float:
        if not _is_finite(value):
            raise ValueError(f"{name} must be a finite number, not {value!r}")
        return float(value)

    return check


def _divisive_rule(_: Any, value: Any) -> Any:
    if value not in _RULES:
        raise ValueError(f"divisive_rule must be one of {', '.join(_RULES)}, not {value!r}")
    return value


def _activation_function(_: Any, value: Any) -> Any:
    if value is not None and not callable(value):
        raise ValueError(f"activation_function is f(x) or f(model, x, x_previous), not {value!r}")
    return value


def _input_range(_: Any, value: Any) -> tuple[float, float]:
    try:
        low, high = map(float, value)
        right = math.isfinite(low) and math.isfinite(high) and low <= 0 < high
    except (TypeError, ValueError):
        right = False
    if not right:
        raise ValueError(
            f"input_range is (lowest, highest), two finite numbers with 0 between them or lowest, "
            f"not {value!r}"
        )
    return low, high


def _dynamics(_: Any, value: Any) -> Any:
    if value is not None and not isinstance(value, Dynamics):
        raise ValueError(f"dynamics is an object of a subclass of wiregrad.Dynamics, not {value!r}")
    return value


def _tau(network: Any, value: Any) -> Any:
    if value is None:
        return value
    n = len(network._groups.names) if network._groups else 1
    if not isinstance(value, Tensor) or value.shape != (n,):
        raise ValueError(f"tau is a parameter with one entry for each of {n:,} groups, or None")
    if not (value.detach().isfinite() & (value.detach() >= 1)).all():
        raise ValueError(
            f"tau is a number of steps, at least 1 (no memory), not {value.detach().min():g}"
        )
    return value


def _signed_biases(_: Any, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"signed_biases is True or False, not {value!r}")
    return value


def _group_positions(network: Any, value: Any) -> Any:
    if value is None:  # before there are groups
        return value
    n_groups = _n_groups(network, "slope")
    right = isinstance(value, Tensor) and value.shape == (network.n_neurons,)
    if not right or value.is_floating_point() or not ((value >= 0) & (value < n_groups)).all():
        raise ValueError(
            f"indices holds the position of each neuron's group, {network.n_neurons:,} integers "
            f"from 0 to {n_groups - 1}"
        )
    return value


def _fixed(name: str) -> Callable[[Any, Any], Any]:
    """Refuse a change of what the parameters were made from."""

    def check(network: Any, value: Any) -> Any:
        if name in network.__dict__ and network.__dict__[name] is not value:
            raise ValueError(
                f"{name} cannot be changed once a network is made, since its parameters follow "
                "from it: make a new network"
            )
        return value

    return check


def _sensory_indices(network: Any, value: Any) -> Tensor:
    indices = torch.from_numpy(read_sensory_indices(value, network.n_neurons))
    return indices.to(network.device)


def _n_groups(network: Any, name: str) -> int:
    if name == "divisive_strength":
        return len(network.divisive_normalization or ())
    return len(network._groups.names) if network._groups else 0


def _one_entry_a_group(name: str) -> Callable[[Any, Any], Any]:
    def check(network: Any, value: Any) -> Any:
        n_groups = _n_groups(network, name)
        if value is None and n_groups and name != "divisive_strength":
            raise ValueError(f"{name} is a parameter with one entry for each of {n_groups} groups")
        if not isinstance(value, Tensor):  # None, where there are no groups
            return value
        if value.shape != (n_groups,):
            what = "presynaptic groups" if name == "divisive_strength" else "groups"
            raise ValueError(
                f"{name} needs one entry for each of the {n_groups} {what}, not shape "
                f"{tuple(value.shape)}"
            )
        if not torch.isfinite(value.detach()).all():
            raise ValueError(f"{name} holds values that are NaN or infinite")
        if name == "raw_biases" and not network.signed_biases and (value.detach() < 0).any():
            raise ValueError(
                "a bias is negative: biases are taken as |raw|; pass signed_biases=True to let "
                "them be negative"
            )
        return value

    return check


#: By attribute: a function of the network and the new value that returns the value to keep.
SETTING_CHECKS: dict[str, Callable[[Any, Any], Any]] = {
    "num_layers": _whole_steps,
    "threshold": _threshold,
    "tanh_steepness": _finite("tanh_steepness"),
    "default_bias": _finite("default_bias"),
    "divisive_rule": _divisive_rule,
    "divisive_strength": _one_entry_a_group("divisive_strength"),
    "dynamics": _dynamics,
    "input_range": _input_range,
    "tau": _tau,
    "sensory_indices": _sensory_indices,
    "custom_activation_function": _activation_function,
    "signed_biases": _signed_biases,
    "indices": _group_positions,
    "idx_to_group": _fixed("idx_to_group"),
    "divisive_normalization": _fixed("divisive_normalization"),
    "slope": _one_entry_a_group("slope"),
    "raw_biases": _one_entry_a_group("raw_biases"),
}
