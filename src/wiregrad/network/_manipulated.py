"""A network as manipulations leave it: what is changed is its own, all else is shared."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..connectome import Selection
from ..product import SparseMatrix
from ._interventions import Held, Interventions, Touched
from ._manipulations import Clamp, Manipulations, Scale, Silence
from ._recording import read_steps

if TYPE_CHECKING:
    from ._network import MultilayeredNetwork

__all__ = ["manipulated", "sharing_all"]

IndexArray = npt.NDArray[np.int64]


def manipulated(
    model: MultilayeredNetwork, manipulations: Manipulations | None
) -> MultilayeredNetwork:
    """Return a network on which manipulations have been done, or the network itself for none.

    Raises
    ------
    TypeError
        If they are no `Manipulations`.
    ValueError
        If one names neurons or steps that the network does not have.
    """
    if manipulations is None:
        return model
    if not isinstance(manipulations, Manipulations):
        raise TypeError(
            f"manipulations are made with wiregrad.Manipulations(), as in Manipulations()"
            f".silence('APL'), not of a {type(manipulations).__name__}"
        )
    if not manipulations:
        return model
    changes = [change for item in manipulations.items for change in _changes(model, item)]
    derived = sharing_all(model)
    if changes:
        derived.__dict__["_modules"]["weights"] = _with_changed_weights(model, changes)
        if model.divisive_strength is not None:
            derived.__dict__["_buffers"]["divnorm_weights"] = _divisive_weights(model, changes)
    derived.interventions = model.interventions + _interventions(model, manipulations)
    derived.manipulations = model.manipulations + manipulations
    derived.provenance = {**model.provenance, "manipulations": str(derived.manipulations)}
    return derived


def sharing_all(model: MultilayeredNetwork) -> MultilayeredNetwork:
    """Return a network that shares parameters, weights and labels with another.

    What is replaced in it is replaced in it alone.
    """
    derived = model.__class__.__new__(model.__class__)
    derived.__dict__ = dict(model.__dict__)
    for name in ("_parameters", "_buffers", "_modules"):
        derived.__dict__[name] = dict(model.__dict__[name])
    derived.__dict__["activations"] = []
    return derived


#: Presynaptic and postsynaptic neurons, None for all, and what their weights are multiplied with.
_Change = tuple[IndexArray | None, IndexArray | None, float]


def _changes(model: MultilayeredNetwork, item: Clamp | Silence | Scale) -> list[_Change]:
    """List what a manipulation does to weights, for all members."""
    if isinstance(item, Scale):
        pre, post = _neurons_or_all(model, item.pre), _neurons_or_all(model, item.post)
        if not _reaches(model, pre, post):
            warnings.warn(
                f"{item}: there are none, so that nothing is changed", UserWarning, stacklevel=5
            )
        return [(pre, post, item.factor)]
    if isinstance(item, Clamp) or item.members is not None:
        return []
    neurons = model.find(item.neurons)
    outgoing: list[_Change] = [(neurons, None, 0.0)] if item.mode != "incoming" else []
    incoming: list[_Change] = [(None, neurons, 0.0)] if item.mode != "outgoing" else []
    return outgoing + incoming


def _neurons_or_all(model: MultilayeredNetwork, what: Selection) -> IndexArray | None:
    return None if what is None else model.find(what)


def _reaches(model: MultilayeredNetwork, pre: IndexArray | None, post: IndexArray | None) -> bool:
    if len(model.weights.entries(pre, post)):
        return True
    return model.divisive_strength is not None and bool(_divisive_entries(model, pre, post).any())


def _with_changed_weights(model: MultilayeredNetwork, changes: list[_Change]) -> SparseMatrix:
    values = model.weights.values.clone()
    for pre, post, factor in changes:
        at = torch.from_numpy(model.weights.entries(pre, post)).to(values.device)
        values[at] = values[at] * factor
    return model.weights.with_values(values)


def _divisive_weights(model: MultilayeredNetwork, changes: list[_Change]) -> Tensor:
    weights = model.divnorm_weights.clone()
    for pre, post, factor in changes:
        chosen = _divisive_entries(model, pre, post)
        if factor < 0 and chosen.any():
            raise ValueError(
                f"a scaling by {factor:g} would make divisive connections excite: their factor is "
                "at least 0"
            )
        weights[torch.from_numpy(chosen).to(weights.device)] *= factor
    return weights


def _divisive_entries(
    model: MultilayeredNetwork, pre: IndexArray | None, post: IndexArray | None
) -> npt.NDArray[np.bool_]:
    ends = model.divnorm_indices.cpu().numpy()
    chosen = np.ones(ends.shape[1], np.bool_)
    for end, neurons in zip(ends, (post, pre), strict=True):
        if neurons is not None:
            chosen &= np.isin(end, neurons)
    return chosen


def _interventions(model: MultilayeredNetwork, manipulations: Manipulations) -> Interventions:
    """Find what is done to states: clamps, and what is done to single members."""
    muted, deaf, held = [], [], []
    for item in manipulations.items:
        if isinstance(item, Clamp):
            layers = item.steps
            if layers is not None:
                layers = tuple(read_steps(layers, model.num_layers, "steps of a clamp"))
            held.append(Held(model.find(item.neurons), item.members, item.value, layers))
        elif isinstance(item, Silence) and item.members is not None:
            touched = Touched(model.find(item.neurons), item.members)
            if item.mode != "incoming":
                muted.append(touched)
            if item.mode != "outgoing":
                deaf.append(touched)
    return Interventions(tuple(muted), tuple(deaf), tuple(held))
