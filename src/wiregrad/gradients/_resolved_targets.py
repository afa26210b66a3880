"""Targets checked against a network, and read from its activations."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork, Slopes, Wanted, Watch
from ._target_rows import find_neurons_of_rows, layer_numbers, refuse_rows, whole_numbers
from ._targets import TargetActivation

__all__ = ["ResolvedTargets", "resolve_targets"]

TargetsLike = TargetActivation | Mapping[int, Mapping[Any, float]] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class ResolvedTargets:
    """Targets as tensors, in the order of member, layer and neuron; each place once.

    Attributes
    ----------
    batch, layer, neuron : Tensor of int64, shape (n_targets,)
    value : Tensor, shape (n_targets,)
        Of the network's dtype.
    n_members : int
        Size of the batch.
    member : ndarray of int64, shape (n_members,)
        Which of the members that were asked each is: some may have left, or come several times.
    table : DataFrame
        The same as a frame: `batch`, `layer`, `neuron` and `value`, in float64 as it was asked.
    """

    batch: Tensor
    layer: Tensor
    neuron: Tensor
    value: Tensor
    n_members: int
    member: npt.NDArray[np.int64]
    table: pd.DataFrame

    def watch(
        self,
        model: MultilayeredNetwork,
        *,
        leak: float,
        also: Wanted = "nothing",
        window: int | None = None,
    ) -> Watch:
        """Make what runs a network and reads the targets' activations; see `Watch`."""
        place = self.batch, self.neuron, self.layer
        return Watch(model, *place, leak=leak, also=also, window=window, rows=self.member)

    def slope(self, model: MultilayeredNetwork, stimulus: Tensor, leak: float) -> Tensor:
        """Return by how much each input moves its member's targets towards their values.

        Stimuli and slopes are (batch, sensory, step); `leak` is the slope below threshold.
        """
        response, gradient = self.watch(model, leak=leak).run(stimulus)
        return gradient(Slopes((self.value - response.read).sign()))

    def read(self, activations: Tensor) -> Tensor:
        """Read the targets' activations: (batch, n_neurons, step) to (n_targets,)."""
        return activations[self.batch, self.neuron, self.layer]

    def read_one(self, activations: Tensor) -> Tensor:
        """Read them from one run without a batch: (n_neurons, step) to (n_targets,)."""
        return activations[self.neuron, self.layer]

    def mean_by_member(self, per_target: Tensor) -> Tensor:
        """Average over each member's targets: (n_targets,) to (n_members,)."""
        total = per_target.new_zeros(self.n_members).index_add(0, self.batch, per_target)
        return total / self._counts

    def slope_of_mean(self, per_target: Tensor) -> Tensor:
        """Carry slopes with respect to each target's part of a mean back: (n_targets,) both."""
        return per_target / self._counts[self.batch]

    @cached_property
    def _counts(self) -> Tensor:
        """Targets of each member."""
        return torch.bincount(self.batch, minlength=self.n_members)

    def all_by_member(self, per_target: Tensor) -> Tensor:
        """Whether something holds for all of a member's targets: (n_targets,) to (n_members,)."""
        failed = torch.zeros(self.n_members, dtype=torch.int64, device=self.batch.device)
        return failed.index_add(0, self.batch, (~per_target).long()) == 0

    def take(self, members: Tensor) -> ResolvedTargets:
        """Keep some members, ascending; the others' targets go."""
        return self._of_rows(*self._rows_of(members), self.member[members.cpu().numpy()])

    def targets_of(self, members: Tensor) -> Tensor:
        """Return which targets belong to some members, ascending: their places in this batch."""
        return self._rows_of(members)[0]

    def repeated(self, n: int) -> ResolvedTargets:
        """Ask the same of `n` members in a row each."""
        rows = torch.arange(len(self.batch), device=self.batch.device)
        copies = self.batch[:, None] * n + torch.arange(n, device=self.batch.device)
        order = torch.argsort(copies.flatten(), stable=True)
        rows = rows.repeat_interleave(n)[order]
        return self._of_rows(rows, copies.flatten()[order], np.repeat(self.member, n))

    def _rows_of(self, members: Tensor) -> tuple[Tensor, Tensor]:
        number = torch.full((self.n_members,), -1, device=self.batch.device)
        number[members] = torch.arange(len(members), device=self.batch.device)
        rows = (number[self.batch] >= 0).nonzero().flatten()
        return rows, number[self.batch[rows]]

    def _of_rows(
        self, rows: Tensor, batch: Tensor, member: npt.NDArray[np.int64]
    ) -> ResolvedTargets:
        table = self.table.iloc[rows.cpu().numpy()].reset_index(drop=True)
        return ResolvedTargets(
            batch=batch,
            layer=self.layer[rows],
            neuron=self.neuron[rows],
            value=self.value[rows],
            n_members=len(member),
            member=member,
            table=table.assign(batch=batch.cpu().numpy()),
        )

    def digests(self) -> list[bytes]:
        """Fingerprint each member's targets, wherever in a batch the member stands."""
        rows = self.table[["layer", "neuron", "value"]].to_numpy(dtype=np.float64)
        starts = np.searchsorted(self.table["batch"], np.arange(self.n_members + 1))
        return [
            hashlib.sha256(np.ascontiguousarray(rows[start:stop]).tobytes()).digest()
            for start, stop in itertools.pairwise(starts)
        ]


def resolve_targets(targets: TargetsLike, network: MultilayeredNetwork) -> ResolvedTargets:
    """Check targets against a network and find their neurons.

    Parameters
    ----------
    targets : TargetActivation, or what makes one
    network : MultilayeredNetwork

    Returns
    -------
    ResolvedTargets

    Raises
    ------
    ValueError
        If there are no targets, a batch member has none, a layer or neuron is out of range or not
        known, a value is outside [0, 1], or one place is given two values. The first offending rows
        are shown.
    """
    if not isinstance(targets, TargetActivation):
        targets = TargetActivation(targets)
    n_members = int(targets.batch_size or 0)
    table = targets.targets_df.reset_index(drop=True)
    if len(table):
        table = table[whole_numbers(table, "batch") < n_members]
    if not len(table):
        raise ValueError("there are no targets: ask an activation of at least one neuron")
    _check_members(table, n_members)
    layers = layer_numbers(table, network.num_layers)
    table = table.assign(layer=layers, value=_values(table))
    row, neuron = find_neurons_of_rows(table, "neuron", network)
    table = table.iloc[row].assign(neuron=neuron)
    table = _one_value_a_place(table)
    return _to_tensors(table, n_members, network)


def _check_members(table: pd.DataFrame, n_members: int) -> None:
    batch = whole_numbers(table, "batch")
    if (batch < 0).any():
        refuse_rows(table, batch < 0, "a batch member's number is 0 or more")
    without = np.setdiff1d(np.arange(n_members), batch)
    if len(without):
        raise ValueError(
            f"{len(without):,} of {n_members:,} batch members have no target: {few(without)}; give "
            "every member one, or make batch_size smaller"
        )


def _values(table: pd.DataFrame) -> npt.NDArray[np.float64]:
    values = pd.to_numeric(table["value"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        refuse_rows(table, wrong, "a target value is an activation from 0 to 1")
    return values


def _one_value_a_place(table: pd.DataFrame) -> pd.DataFrame:
    place = ["batch", "layer", "neuron"]
    table = table[[*place, "value"]].drop_duplicates().sort_values(place)
    twice = table.duplicated(place, keep=False)
    if twice.any():
        refuse_rows(table, twice, "a neuron has two target values at one layer of one batch member")
    return table


def _to_tensors(
    table: pd.DataFrame, n_members: int, network: MultilayeredNetwork
) -> ResolvedTargets:
    def column(name: str, dtype: torch.dtype = torch.int64) -> Tensor:
        values = torch.tensor(table[name].tolist(), dtype=torch.float64)
        return values.to(device=network.device, dtype=dtype)

    return ResolvedTargets(
        batch=column("batch"),
        layer=column("layer"),
        neuron=column("neuron"),
        value=column("value", network.dtype),
        n_members=n_members,
        member=np.arange(n_members),
        table=table.reset_index(drop=True),
    )
