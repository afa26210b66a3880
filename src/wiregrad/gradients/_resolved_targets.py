"""Targets checked against a network, and read from its activations."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from ._target_sums import combine, combined_rows, read_values
from ._target_watch import Sums, TargetWatch, ranges_of
from ._targets import TargetActivation

__all__ = ["ResolvedTargets", "resolve_targets"]

TargetsLike = TargetActivation | Mapping[int, Mapping[Any, float]] | pd.DataFrame


@dataclass(frozen=True, eq=False)
class ResolvedTargets:
    """Targets as tensors, in the order of member, layer and neuron; each place once.

    Attributes
    ----------
    batch : Tensor of int64, shape (n_targets,)
    layer, neuron : Tensor of int64, shape (n_places,)
        Where activations are read: one place a target, unless targets are weighted sums.
    value : Tensor, shape (n_targets,)
        Of the network's dtype.
    n_members : int
        Size of the batch.
    member : ndarray of int64, shape (n_members,)
        Which of the members that were asked each is: some may have left, or come several times.
    table : DataFrame
        The same as a frame: `batch`, `layer`, `neuron` and `value`, in float64 as it was asked.
        With weighted sums, `target` besides: what each is called; its neuron is missing, and so is
        its layer where it has several.
    driven : Tensor of bool, shape (1 or n_members, 1 or sensory, step), or None
        Inputs that may be driven: the network sees nothing of the others, and they have no slope.
        By default all.
    sums : Sums, optional
        Which weighted sums of the activations the targets are.
    """

    batch: Tensor
    layer: Tensor
    neuron: Tensor
    value: Tensor
    n_members: int
    member: npt.NDArray[np.int64]
    table: pd.DataFrame
    driven: Tensor | None = None
    sums: Sums | None = None

    def watch(
        self,
        model: MultilayeredNetwork,
        *,
        leak: float,
        also: Wanted = "nothing",
        window: int | None = None,
    ) -> TargetWatch:
        """Make what runs a network and reads the targets' activations; see `Watch`."""
        place = self.place_batch, self.neuron, self.layer
        watch = Watch(model, *place, leak=leak, also=also, window=window, rows=self.member)
        return TargetWatch(watch, self.driven, self.sums)

    def watch_of(
        self, model: MultilayeredNetwork, members: Tensor, *, leak: float
    ) -> tuple[TargetWatch, Tensor, Tensor]:
        """Make what runs some members, in any order and any number of times.

        Returns
        -------
        watch : TargetWatch
        row, target : Tensor of int64, shape (n_read,)
            Of each target it reads: the position in `members`, and which of these targets.
        """
        row, target = ranges_of(self.starts, members)
        place, sums = self._places_of(target)
        place_row = row if sums is None else row[sums.of]
        where = place_row, self.neuron[place], self.layer[place]
        watch = Watch(model, *where, leak=leak, rows=self.member[members.cpu().numpy()])
        return TargetWatch(watch, self._driven_of(members), sums), row, target

    @property
    def place_batch(self) -> Tensor:
        """The member that each place belongs to."""
        return self.batch if self.sums is None else self.batch[self.sums.of]

    def _places_of(self, targets: Tensor) -> tuple[Tensor, Sums | None]:
        """Return the places of some targets, in any order, and the sums of them."""
        if self.sums is None:
            return targets, None
        numbers = torch.arange(len(self.batch) + 1, device=self.batch.device)
        starts = torch.searchsorted(self.sums.of, numbers)
        of, place = ranges_of(starts, targets)
        return place, Sums(of, self.sums.weight[place], len(targets))

    def slope_of(
        self, model: MultilayeredNetwork, members: Tensor, stimuli: Tensor, leak: float
    ) -> Tensor:
        """Return the same of some members, in any order, with a stimulus for each."""
        watch, _, target = self.watch_of(model, members, leak=leak)
        response, gradient = watch.run(stimuli)
        return gradient(Slopes((self.value[target] - response.read).sign()))

    def within(self, stimulus: Tensor) -> Tensor:
        """Silence the inputs that may not be driven, (batch, sensory, step)."""
        return stimulus if self.driven is None else torch.where(self.driven, stimulus, 0)

    def driving(self, driven: Tensor | None) -> ResolvedTargets:
        """Ask the same of some inputs alone, (1 or n_members, 1 or sensory, step); None for all."""
        return replace(self, driven=driven)

    @cached_property
    def starts(self) -> Tensor:
        """Where each member's targets begin, and where the last one's end."""
        members = torch.arange(self.n_members + 1, device=self.batch.device)
        return torch.searchsorted(self.batch, members)

    def _driven_of(self, members: Tensor) -> Tensor | None:
        if self.driven is None or len(self.driven) == 1:
            return self.driven
        return self.driven[members]

    def slope(self, model: MultilayeredNetwork, stimulus: Tensor, leak: float) -> Tensor:
        """Return by how much each input moves its member's targets towards their values.

        Stimuli and slopes are (batch, sensory, step); `leak` is the slope below threshold.
        """
        response, gradient = self.watch(model, leak=leak).run(stimulus)
        return gradient(Slopes((self.value - response.read).sign()))

    def read(self, activations: Tensor) -> Tensor:
        """Read the targets' activations: (batch, n_neurons, step) to (n_targets,)."""
        return self.add_up(activations[self.place_batch, self.neuron, self.layer])

    def read_one(self, activations: Tensor) -> Tensor:
        """Read them from one run without a batch: (n_neurons, step) to (n_targets,)."""
        return self.add_up(activations[self.neuron, self.layer])

    def add_up(self, read: Tensor) -> Tensor:
        """Make targets of what was read at their places: (n_places, ...) to (n_targets, ...)."""
        return read if self.sums is None else self.sums.add_up(read)

    def read_parts(self, activations: Tensor) -> Tensor:
        """Read every place by itself: (batch, n_neurons, step) to (n_places,)."""
        return activations[self.place_batch, self.neuron, self.layer]

    def parts(self) -> pd.DataFrame:
        """List the places: `part_of` (row of `table`), `layer`, `neuron`, `weight`."""
        of = np.arange(len(self.batch)) if self.sums is None else self.sums.of.cpu().numpy()
        weight = 1.0 if self.sums is None else self.sums.weight.double().cpu().numpy()
        return pd.DataFrame(
            {
                "part_of": of,
                "layer": self.layer.cpu().numpy(),
                "neuron": self.neuron.cpu().numpy(),
                "weight": weight,
            }
        )

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
        return self._of_rows(*self._rows_of(members), members)

    def targets_of(self, members: Tensor) -> Tensor:
        """Return which targets belong to some members, ascending: their places in this batch."""
        return self._rows_of(members)[0]

    def repeated(self, n: int) -> ResolvedTargets:
        """Ask the same of `n` members in a row each."""
        rows = torch.arange(len(self.batch), device=self.batch.device)
        copies = self.batch[:, None] * n + torch.arange(n, device=self.batch.device)
        order = torch.argsort(copies.flatten(), stable=True)
        rows = rows.repeat_interleave(n)[order]
        members = torch.arange(self.n_members, device=self.batch.device).repeat_interleave(n)
        return self._of_rows(rows, copies.flatten()[order], members)

    def _rows_of(self, members: Tensor) -> tuple[Tensor, Tensor]:
        number = torch.full((self.n_members,), -1, device=self.batch.device)
        number[members] = torch.arange(len(members), device=self.batch.device)
        rows = (number[self.batch] >= 0).nonzero().flatten()
        return rows, number[self.batch[rows]]

    def _of_rows(self, rows: Tensor, batch: Tensor, members: Tensor) -> ResolvedTargets:
        table = self.table.iloc[rows.cpu().numpy()].reset_index(drop=True)
        place, sums = self._places_of(rows)
        return ResolvedTargets(
            batch=batch,
            layer=self.layer[place],
            neuron=self.neuron[place],
            value=self.value[rows],
            n_members=len(members),
            member=self.member[members.cpu().numpy()],
            table=table.assign(batch=batch.cpu().numpy()),
            driven=self._driven_of(members),
            sums=sums,
        )

    def digests(self) -> list[bytes]:
        """Fingerprint each member's targets, wherever in a batch the member stands."""
        table, columns = self.table, ["layer", "neuron", "value"]
        plain = _in_pieces(table["batch"], table[columns], self.n_members)
        if self.sums is None:
            return [hashlib.sha256(piece).digest() for piece in plain]
        parts = self.parts()
        rows = table.iloc[parts["part_of"]].reset_index(drop=True)
        numbers = parts[["part_of", "layer", "neuron", "weight"]].assign(value=rows["value"])
        first = numbers["part_of"].groupby(rows["batch"]).transform("min")
        numbers["part_of"] -= first
        summed = _in_pieces(rows["batch"], numbers, self.n_members)
        has_sums = table["target"].notna().groupby(table["batch"]).any()
        return [
            hashlib.sha256(summed[member] if has_sums[member] else plain[member]).digest()
            for member in range(self.n_members)
        ]


def _in_pieces(batch: pd.Series, rows: pd.DataFrame, n_members: int) -> list[bytes]:
    """Return the bytes of each member's rows; `batch` is ascending."""
    numbers = rows.to_numpy(dtype=np.float64, na_value=np.nan)
    starts = np.searchsorted(batch, np.arange(n_members + 1))
    return [
        np.ascontiguousarray(numbers[start:stop]).tobytes()
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
    combined = combined_rows(table)
    table = table.assign(layer=layers, value=read_values(table, combined))
    row, neuron = find_neurons_of_rows(table, "neuron", network)
    parts = table.iloc[row].assign(neuron=neuron, row=row)
    single = parts[~combined[row]]
    if len(single):
        single = _one_value_a_place(single)
    if not combined.any():
        return _to_tensors(single, n_members, network)
    table, parts = combine(single, parts[combined[row]])
    return _to_tensors(table, n_members, network, parts=parts)


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


def _one_value_a_place(table: pd.DataFrame) -> pd.DataFrame:
    place = ["batch", "layer", "neuron"]
    table = table[[*place, "value"]].drop_duplicates().sort_values(place)
    twice = table.duplicated(place, keep=False)
    if twice.any():
        refuse_rows(table, twice, "a neuron has two target values at one layer of one batch member")
    return table


def _to_tensors(
    table: pd.DataFrame,
    n_members: int,
    network: MultilayeredNetwork,
    *,
    parts: pd.DataFrame | None = None,
) -> ResolvedTargets:
    """Make tensors of targets, and of their parts where they are weighted sums."""

    def column(of: pd.DataFrame, name: str, dtype: torch.dtype = torch.int64) -> Tensor:
        values = torch.tensor(of[name].tolist(), dtype=torch.float64)
        return values.to(device=network.device, dtype=dtype)

    places = table if parts is None else parts
    sums = None
    if parts is not None:
        weight = column(parts, "weight", network.dtype)
        sums = Sums(column(parts, "part_of"), weight, len(table))
    return ResolvedTargets(
        batch=column(table, "batch"),
        layer=column(places, "layer"),
        neuron=column(places, "neuron"),
        value=column(table, "value", network.dtype),
        n_members=n_members,
        member=np.arange(n_members),
        table=table.reset_index(drop=True),
        sums=sums,
    )
