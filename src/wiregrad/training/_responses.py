"""How far a network is from measured responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ..gradients import find_neurons_of_rows, layer_numbers
from ..network import MultilayeredNetwork, Watch

__all__ = ["Responses", "find_responses", "parameter_change"]

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Responses:
    """Measured responses as tensors: which activation should have which value.

    Attributes
    ----------
    member, neuron : Tensor of int64, shape (n,)
    layer : Tensor of int64, shape (n,), or None
        None: the value is one of the mean over steps.
    value : Tensor, shape (n,)
        Of the network's dtype.
    """

    member: Tensor
    neuron: Tensor
    layer: Tensor | None
    value: Tensor

    def __len__(self) -> int:
        return len(self.member)

    def of_members(self, members: IndexArray) -> Responses:
        """Keep the responses of some members, who are counted in this order from now on."""
        place = pd.Index(members).get_indexer(pd.Index(self.member.cpu().numpy()))
        kept = torch.from_numpy(np.flatnonzero(place >= 0)).to(self.member.device)
        return Responses(
            member=torch.from_numpy(place.astype(np.int64)).to(self.member.device)[kept],
            neuron=self.neuron[kept],
            layer=None if self.layer is None else self.layer[kept],
            value=self.value[kept],
        )

    def weights(self) -> Tensor:
        """Weigh each response, so that members with any count alike: they sum to 1."""
        counts = torch.bincount(self.member)
        return 1 / (counts[self.member] * (counts > 0).sum()).to(self.value.dtype)

    def watch(
        self,
        model: MultilayeredNetwork,
        leak: float,
        window: int | None,
        rows: IndexArray | None = None,
    ) -> Watch:
        """Make what reads the activations that these responses are compared with.

        `rows` says which batch member each stimulus is of, for what is done to single members.
        Where a response has no layer, that is one activation a step.
        """
        if self.layer is not None:
            place = (self.member, self.neuron, self.layer)
        else:
            layers = torch.arange(model.num_layers, device=self.member.device)
            layer, member = torch.meshgrid(layers, self.member, indexing="ij")
            place = (member.flatten(), self.neuron.repeat(len(layers)), layer.flatten())
        return Watch(model, *place, leak=leak, window=window, rows=rows)

    def attained(self, read: Tensor) -> Tensor:
        """Take the activations, one for each response, from what a watch has read."""
        return read if self.layer is not None else read.view(-1, len(self)).mean(dim=0)

    def distance(self, attained: Tensor, weights: Tensor) -> Tensor:
        """Sum up the weighted distances of activations from the responses; a scalar."""
        return ((attained - self.value).abs() * weights).sum()

    def followed_by(self, other: Responses, n_members: int) -> Responses:
        """Join responses of another batch, whose members come after these `n_members`."""
        layer = None
        if self.layer is not None and other.layer is not None:
            layer = torch.cat([self.layer, other.layer])
        return Responses(
            member=torch.cat([self.member, other.member + n_members]),
            neuron=torch.cat([self.neuron, other.neuron]),
            layer=layer,
            value=torch.cat([self.value, other.value]),
        )


def find_responses(
    targets: pd.DataFrame, batch: IndexArray, model: MultilayeredNetwork
) -> Responses:
    """Find the neurons and layers of a table of responses.

    Parameters
    ----------
    targets : DataFrame
        Columns `neuron_idx`, `value` and perhaps `layer`, without missing values.
    batch : ndarray of int64, shape (n_rows,)
        The column `batch`.
    model : MultilayeredNetwork

    Raises
    ------
    ValueError
        If a layer or neuron is not in the network, with the first of these rows.
    """
    row, neuron = find_neurons_of_rows(targets, "neuron_idx", model)
    layers = layer_numbers(targets, model.num_layers) if "layer" in targets else None
    values = pd.to_numeric(targets["value"]).to_numpy(dtype=np.float64)

    def to_tensor(numbers: npt.NDArray[np.generic], dtype: torch.dtype = torch.int64) -> Tensor:
        return torch.tensor(numbers).to(device=model.device, dtype=dtype)

    return Responses(
        member=to_tensor(batch[row]),
        neuron=to_tensor(neuron),
        layer=None if layers is None else to_tensor(layers[row]),
        value=to_tensor(values[row], model.dtype),
    )


def parameter_change(parameters: Sequence[Tensor], initial: Sequence[Tensor]) -> Tensor:
    """Average |p - p0| over all entries of all parameters.

    Examples
    --------
    >>> parameter_change([torch.tensor([1.0, 2.0]), torch.tensor([5.0])], [torch.zeros(2), 5])
    tensor(1.)
    """
    changes = [(p - p0).abs().flatten() for p, p0 in zip(parameters, initial, strict=True)]
    return torch.cat(changes).mean()
