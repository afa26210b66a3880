"""What a response is attributed to: stimulus entries, states of neurons at a step, or synapses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from ..network import MultilayeredNetwork
from ..product import SparseMatrix
from ._unrolled_run import START, Columns, UnrolledRun, columns_of, open_inputs, take_in
from ._wiring import (
    CutWiring,
    ScaledWiring,
    WholeWiring,
    split_matrix,
    with_values,
)

__all__ = ["SourceBlock", "StateBlock", "StimulusBlock", "SynapseBlock"]


class SourceBlock(ABC):
    """Sources that one path leads through, from their baseline to what they are.

    Attributes
    ----------
    layer : int or None
        The layer whose states they are, of states.
    values, baseline, activity : Tensor, shape (n_members, n_sources)
        What the sources are, what they are without, and how active they are.
    mixes_samples : bool
        Whether columns with different noise can run together.
    """

    layer: int | None = None
    mixes_samples = True
    values: Tensor
    baseline: Tensor
    activity: Tensor

    def __init__(self, model: MultilayeredNetwork, stimulus: Tensor) -> None:
        self.model, self.stimulus = model, stimulus

    @property
    def size(self) -> int:
        """Number of sources."""
        return self.values.shape[1]

    @property
    def direction(self) -> Tensor:
        """From the baseline to what the sources are: (n_members, n_sources)."""
        return self.values - self.baseline

    @abstractmethod
    def on_path(self, member: Tensor, scale: Tensor) -> Columns:
        """Make columns at places on the path: 0 is the baseline, 1 what the sources are."""

    @abstractmethod
    def noisy(self, member: Tensor, sample: Tensor, noise: float, seed: int) -> Columns:
        """Make columns whose sources are off by noise, the same of a sample for all members."""

    @abstractmethod
    def without(self, member: Tensor, cut: Sequence[Tensor]) -> Columns:
        """Make columns in each of which some sources are at their baseline."""

    @abstractmethod
    def carry_back(
        self, run: UnrolledRun, weight: Tensor | None, total: Tensor | None, *, along: bool
    ) -> Tensor | None:
        """Carry the gradient of a run back to the sources.

        Parameters
        ----------
        run : UnrolledRun
        weight : Tensor, shape (n_columns,), optional
        total : Tensor of float64, shape (n_members, n_sources), optional
            Every column's gradient is added to its member's, times its weight.
        along : bool
            Whether the slope along the path is wanted.

        Returns
        -------
        Tensor, shape (n_columns,), or None
        """

    def _noise(self, sample: Tensor, seed: int) -> Tensor:
        """Draw standard normal noise, (n_samples, n_sources): each sample by its own number."""
        drawn = {}
        for number in sorted(set(sample.tolist())):
            generator = torch.Generator().manual_seed((seed * 1_000_003 + number) % 2**63)
            drawn[number] = torch.randn(self.size, generator=generator, dtype=torch.float64)
        rows = torch.stack([drawn[number] for number in sample.tolist()])
        return rows.to(self.values.device, self.values.dtype)


class _PointBlock(SourceBlock):
    """Sources that are set column by column: their values are points."""

    @abstractmethod
    def _at(self, member: Tensor, points: Tensor) -> Columns:
        """Make columns at points, (n_columns, n_sources)."""

    @abstractmethod
    def gradient(self, run: UnrolledRun) -> Tensor:
        """Return the gradient of each column: (n_columns, n_sources)."""

    def on_path(self, member: Tensor, scale: Tensor) -> Columns:
        points = self.values[member]
        if not bool((scale == 1).all()):  # else exactly what is there
            base = self.baseline[member]
            points = base + scale.unsqueeze(1).to(points.dtype) * (points - base)
        return self._at(member, points)

    def noisy(self, member: Tensor, sample: Tensor, noise: float, seed: int) -> Columns:
        values = self.values[member]
        spread = noise * values.abs().amax(dim=1, keepdim=True)
        return self._at(member, (values + spread * self._noise(sample, seed)).clamp(0, 1))

    def without(self, member: Tensor, cut: Sequence[Tensor]) -> Columns:
        points = self.values[member].clone()
        column = torch.repeat_interleave(
            torch.arange(len(cut)), torch.tensor([len(sources) for sources in cut])
        ).to(points.device)
        source = torch.cat(list(cut)).to(points.device)
        points[column, source] = self.baseline[member[column], source]
        return self._at(member, points)

    def carry_back(
        self, run: UnrolledRun, weight: Tensor | None, total: Tensor | None, *, along: bool
    ) -> Tensor | None:
        gradient, member = self.gradient(run), run.columns.member
        if weight is not None and total is not None:
            for number in sorted(set(member.tolist())):
                mine = member == number
                total[number] += weight[mine].to(total.dtype) @ gradient[mine].to(total.dtype)
        return (gradient * self.direction[member]).sum(dim=1) if along else None


class StimulusBlock(_PointBlock):
    """Entries of the stimulus: rows of some sensory neurons, all steps.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus, baseline : Tensor, shape (n_members, sensory, num_layers)
    rows : Tensor of int64
        Rows of the stimulus.
    """

    def __init__(
        self, model: MultilayeredNetwork, stimulus: Tensor, baseline: Tensor, rows: Tensor
    ) -> None:
        super().__init__(model, stimulus)
        self._rows = rows
        self.values = stimulus[:, rows].flatten(1)
        self.baseline = baseline[:, rows].flatten(1)
        # As the network takes it in: what is below the threshold is silent.
        taken = take_in(model, stimulus).permute(2, 1, 0)[:, rows].flatten(1)
        away = self.values != self.baseline
        self.activity = torch.where(away, torch.maximum(taken, self.baseline.abs()), 0)

    def _at(self, member: Tensor, points: Tensor) -> Columns:
        stimulus = self.stimulus[member].clone()
        stimulus[:, self._rows] = points.view(len(member), len(self._rows), -1)
        return columns_of(self.model, stimulus, member)

    def gradient(self, run: UnrolledRun) -> Tensor:
        """Return the gradient of each column: (n_columns, n_sources)."""
        rows, sensory = self._rows, self.model.sensory_indices
        drive = torch.empty_like(run.columns.drive)
        for stage in run.back():
            if stage.layer == START:
                drive[0] = stage.d_state[sensory]
            elif stage.d_drive is not None:
                drive[stage.layer + 1] = stage.d_drive
        gradient = drive.permute(2, 1, 0) * open_inputs(self.model, run.columns.given)
        return gradient[:, rows].flatten(1)


class StateBlock(_PointBlock):
    """States of some neurons after one step, each an independent variable.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (n_members, sensory, num_layers)
    layer : int
    neurons : Tensor of int64
    states : Tensor, shape (n_members, n_neurons)
        Of all neurons at this layer.
    """

    def __init__(
        self,
        model: MultilayeredNetwork,
        stimulus: Tensor,
        layer: int,
        neurons: Tensor,
        states: Tensor,
    ) -> None:
        super().__init__(model, stimulus)
        self.layer: int = layer
        self.neurons, self._states = neurons, states
        self.values = states[:, neurons]
        self.baseline = torch.zeros_like(self.values)
        self.activity = self.values.abs()

    def _at(self, member: Tensor, points: Tensor) -> Columns:
        start = self._states[member]
        start[:, self.neurons] = points
        stimulus = self.stimulus[member]
        return Columns(
            member,
            self.layer,
            start.T.contiguous(),
            take_in(self.model, stimulus),
            WholeWiring(self.model.weights),
            stimulus,
        )

    def gradient(self, run: UnrolledRun) -> Tensor:
        """Return the gradient of each column: (n_columns, n_sources)."""
        stages = run.back(self.layer)
        return next(s for s in stages if s.layer == self.layer).d_state[self.neurons].T


class SynapseBlock(SourceBlock):
    """Weights of some connections, at all steps at once.

    Parameters
    ----------
    model : MultilayeredNetwork
    stimulus : Tensor, shape (n_members, sensory, num_layers)
    entries : Tensor of int64
        Entries of the weights, in CSC order.
    activity : Tensor, shape (n_members, n_neurons)
        Of every neuron, summed over the states that are handed on.
    """

    mixes_samples = False

    def __init__(
        self, model: MultilayeredNetwork, stimulus: Tensor, entries: Tensor, activity: Tensor
    ) -> None:
        super().__init__(model, stimulus)
        weights = model.weights
        self._entries = entries
        self.post = weights.row.long()[entries]
        self.pre = torch.repeat_interleave(weights.ccol.long().diff())[entries]
        self.values = weights.values.detach()[entries].expand(len(stimulus), -1)
        self.baseline = torch.zeros_like(self.values[:1]).expand_as(self.values)
        self.activity = self.values.abs() * activity[:, self.pre]
        self._all = len(entries) == len(weights.values)
        self._rest: SparseMatrix | None
        self._part, self._rest = (weights, None) if self._all else split_matrix(weights, entries)

    def on_path(self, member: Tensor, scale: Tensor) -> Columns:
        scale = scale.to(self.values.dtype)
        wiring = ScaledWiring(self._part, self._rest, scale)
        whole = bool((scale == 1).all())  # else exactly what is there
        return columns_of(self.model, self.stimulus[member], member, None if whole else wiring)

    def noisy(self, member: Tensor, sample: Tensor, noise: float, seed: int) -> Columns:
        values = self.model.weights.values.detach().clone()
        drawn = self._noise(sample[:1], seed)[0]
        values[self._entries] *= 1 + noise * drawn
        wiring = WholeWiring(with_values(self.model.weights, values))
        return columns_of(self.model, self.stimulus[member], member, wiring)

    def without(self, member: Tensor, cut: Sequence[Tensor]) -> Columns:
        sizes = torch.tensor([len(sources) for sources in cut])
        column = torch.repeat_interleave(torch.arange(len(cut)), sizes).to(self.post.device)
        source = torch.cat(list(cut)).to(self.post.device)
        wiring = CutWiring(
            self.model.weights,
            self.post[source],
            self.pre[source],
            self.values[0, source],
            column,
        )
        return columns_of(self.model, self.stimulus[member], member, wiring)

    def carry_back(
        self, run: UnrolledRun, weight: Tensor | None, total: Tensor | None, *, along: bool
    ) -> Tensor | None:
        member = run.columns.member
        slope = run.response.new_zeros(len(member))
        for stage in run.back():
            if stage.d_summed is None or stage.before is None:
                continue
            if along:
                slope += (stage.d_summed * self._part.multiply(stage.before, False)).sum(dim=0)
            if weight is None or total is None:
                continue
            scaled = stage.d_summed * weight.to(stage.d_summed.dtype)
            for number in sorted(set(member.tolist())):
                mine = member == number
                products = self.model.weights.edge_products(
                    scaled[:, mine].contiguous(), stage.before[:, mine].contiguous()
                )
                total[number] += products[self._entries].to(total.dtype)
        return slope if along else None
