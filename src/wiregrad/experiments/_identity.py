"""What makes two sweeps the same: network, arguments and problems, as a page for the folder."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from .._messages import did_you_mean
from .._version import __version__
from ..gradients import TargetActivation, activation_maximisation
from ..network import MultilayeredNetwork
from ._problems import Problems

__all__ = ["FORMAT", "check_arguments", "differences", "make_manifest"]

FORMAT = 1

#: Arguments of activation_maximisation that a sweep sees to itself, and why.
_TAKEN = {
    "model": "it is the sweep's network",
    "target_activations": "they are the sweep's problems",
    "input_tensor": "starts are drawn from the seed",
    "use_tqdm": "a sweep has a progress bar of its own: progress=",
    "print_output": "a sweep says how it ended by itself",
    "device": "move the network first: network.to(device)",
    "wandb": "a sweep writes to its folder",
    "seed": "",
    "manipulations": "they are its own: sweep(..., manipulations=)",
}
#: Arguments that change no result.
_WITHOUT_EFFECT = {"checkpoint_steps"}

_SETTINGS = (
    *("threshold", "tanh_steepness", "default_bias", "signed_biases", "divisive_rule"),
    *("slope", "raw_biases", "divisive_strength", "indices", "divnorm_indices", "divnorm_weights"),
    "custom_activation_function",
)


def check_arguments(
    network: MultilayeredNetwork, arguments: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """Check arguments for activation_maximisation before any work; return them with the defaults.

    Raises
    ------
    TypeError
        If there is no such argument, or the sweep sees to it itself.
    ValueError
        If one is out of its range.
    """
    known = inspect.signature(activation_maximisation).parameters
    for name in arguments:
        if name in _TAKEN:
            raise TypeError(f"a sweep takes no {name}: {_TAKEN[name]}")
        if name not in known:
            own = [other for other in known if other not in _TAKEN]
            raise TypeError(
                f"neither sweep nor activation_maximisation has an argument {name!r}"
                f"{did_you_mean(name, own)}"
            )
    nothing = TargetActivation({})
    try:  # arguments are checked before targets are missed
        activation_maximisation(
            network, nothing, seed=seed, use_tqdm=False, print_output=False, **arguments
        )
    except ValueError as error:
        if "there are no targets" not in str(error):
            raise
    return {
        name: arguments.get(name, parameter.default)
        for name, parameter in known.items()
        if name not in _TAKEN
    }


def make_manifest(
    network: MultilayeredNetwork, arguments: Mapping[str, Any], seed: int, problems: Problems
) -> dict[str, Any]:
    """Write down all that the results of a sweep depend on.

    Notes
    -----
    Cost: a pass over the edges, and one over the table of neurons.
    """
    matrix = network.weights.to_scipy()
    return {
        "format": FORMAT,
        "version": __version__,
        "seed": seed,
        "arguments": {
            name: _plain(value) for name, value in arguments.items() if name not in _WITHOUT_EFFECT
        },
        "network": {
            "connectome": network.provenance.get("connectome"),
            "checksum": network.provenance.get("checksum"),
            "neurons": network.n_neurons,
            "connections": int(matrix.nnz),
            "steps": network.num_layers,
            "dtype": str(network.dtype).removeprefix("torch."),
            "device": network.device.type,
            "weights": _digest([matrix.indptr, matrix.indices, matrix.data]),
            "inputs": _digest([network.sensory_indices]),
            "parameters": _digest(getattr(network, name, None) for name in _SETTINGS),
            "names": _digest(_names(network)),
            **_unusual(network),
        },
        "problems": {
            "problems": len(problems),
            "targets": len(problems.table),
            "digest": problems.digest(),
        },
        "sensory_indices": network.sensory_indices.tolist(),
    }


def _unusual(network: MultilayeredNetwork) -> dict[str, str]:
    """Write down what few networks have; others keep the page that they had."""
    found = {}
    if network.manipulations:
        found["manipulations"] = repr(network.manipulations)
    if network.tau is not None:
        found["tau"] = _digest([network.tau])
    if network.input_range != (0.0, 1.0):
        found["input_range"] = repr(network.input_range)
    if network.dynamics is not None:
        state = network.dynamics.state_dict().values()
        plain = {k: v for k, v in vars(network.dynamics).items() if not k.startswith("_")}
        found["dynamics"] = _digest([_plain(type(network.dynamics)), _plain(plain), *state])
    return found


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Name what differs between the sweep of a folder and the one that is asked for."""
    lines = []
    if found["version"] != wanted["version"]:
        lines.append(f"wiregrad {found['version']}, now {wanted['version']}")
    if found["seed"] != wanted["seed"]:
        lines.append(f"seed {found['seed']}, now {wanted['seed']}")
    lines += _different("", found["arguments"], wanted["arguments"])
    lines += _different("the network's ", found["network"], wanted["network"])
    if found["problems"] != wanted["problems"]:
        before, now = (
            f"{part['problems']:,} problems with {part['targets']:,} targets"
            for part in (found["problems"], wanted["problems"])
        )
        lines.append("the problems" + (f" ({before}, now {now})" if before != now else ""))
    return lines


def _different(whose: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    lines = []
    for name in dict.fromkeys([*found, *wanted]):
        before, now = found.get(name), wanted.get(name)
        if before == now:
            continue
        said = all(len(str(value)) < 40 for value in (before, now))  # a digest says nothing
        lines.append(f"{whose}{name}" + (f" ({before!r}, now {now!r})" if said else ""))
    return lines


def _names(network: MultilayeredNetwork) -> list[Any]:
    """List what neurons can be named by, since problems are asked by name."""
    parts: list[Any] = []
    if network.groups is not None:
        parts += ["\0".join(map(str, network.groups.names)), network.groups.of_neuron]
    if network.neurons is not None:
        for column in network.neurons.columns:
            texts = network.neurons[column].astype("string").fillna("")
            parts.append("\0".join([str(column), *texts]))
    return parts


def _digest(parts: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, torch.Tensor):
            part = part.detach().cpu().numpy()
        if isinstance(part, np.ndarray):
            if part.dtype.kind == "i":  # whatever their width
                part = part.astype(np.int64)
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        else:
            digest.update(f"\0{_plain(part)!r}".encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Turn an argument into what JSON holds; functions leave their names."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', repr(value))}"
    return str(value)
