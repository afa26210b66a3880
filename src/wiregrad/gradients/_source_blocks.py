"""What a response is attributed to: stimulus entries, states of neurons at a step, or synapses."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..network import MultilayeredNetwork, drive_of
from ..product import SparseMatrix
from ._unrolled_run import Columns, Trials, UnrolledRun
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

    def __init__(self, trials: Trials) -> None:
        self.trials, self.model = trials, trials.model

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
    """Sources that are set column by column: their values are points.

    Attributes
    ----------
    span : (float, float)
        The lowest and the highest that a source can be.
    """

    span: tuple[float, float]

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
        return self._at(member, (values + spread * self._noise(sample, seed)).clamp(*self.span))

    def without(self, member: Tensor, cut: Sequence[Tensor]) -> Columns:
        points = self.values[member].clone()
        column, source = _pairs(cut, points.device)
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
    trials : Trials
    baseline : Tensor, shape (n_members, sensory, num_layers)
    rows : Tensor of int64
        Rows of the stimulus.
    """

    def __init__(self, trials: Trials, baseline: Tensor, rows: Tensor) -> None:
        super().__init__(trials)
        self._rows = rows
        self.values = trials.stimulus[:, rows].flatten(1)
        self.baseline = baseline[:, rows].flatten(1)
        self.span = self.model.input_range
        # As the network takes it in: what is below the threshold is silent.
        taken = drive_of(self.model, trials.stimulus)[:, rows].flatten(1).abs()
        away = self.values != self.baseline
        self.activity = torch.where(away, torch.maximum(taken, self.baseline.abs()), 0)

    def _at(self, member: Tensor, points: Tensor) -> Columns:
        stimulus = self.trials.stimulus[member].clone()
        stimulus[:, self._rows] = points.view(len(member), len(self._rows), -1)
        return self.trials.columns(member, stimulus)

    def gradient(self, run: UnrolledRun) -> Tensor:
        """Return the gradient of each column: (n_columns, n_sources)."""
        return run.of_stimulus()[:, self._rows].flatten(1)

    def source_of(self, row: Tensor, step: Tensor) -> Tensor:
        """Find the sources of some rows of the stimulus, at some steps each; the first for none."""
        place = torch.zeros(self.trials.stimulus.shape[1], dtype=torch.int64, device=row.device)
        place[self._rows] = torch.arange(len(self._rows), device=row.device)
        return place[row.clamp(max=len(place) - 1)] * self.trials.stimulus.shape[2] + step


class StateBlock(_PointBlock):
    """States of some neurons after one step, each an independent variable.

    Parameters
    ----------
    trials : Trials
    layer : int
    neurons : Tensor of int64
    states : Tensor, shape (n_members, n_neurons)
        Of all neurons at this layer.
    """

    def __init__(self, trials: Trials, layer: int, neurons: Tensor, states: Tensor) -> None:
        super().__init__(trials)
        self.layer: int = layer
        self.span = _span_of_states(self.model)
        self.neurons, self._states = neurons, states
        self.values = states[:, neurons]
        self.baseline = torch.zeros_like(self.values)
        self.activity = self.values.abs()

    def _at(self, member: Tensor, points: Tensor) -> Columns:
        state = self._states[member]
        state[:, self.neurons] = points
        columns = self.trials.columns(member)
        return replace(columns, first=self.layer, state=state.T.contiguous())

    def gradient(self, run: UnrolledRun) -> Tensor:
        """Return the gradient of each column: (n_columns, n_sources)."""
        stages = run.back(self.layer)
        return next(s for s in stages if s.layer == self.layer).d_state[self.neurons].T


class SynapseBlock(SourceBlock):
    """Weights of some connections, at all steps at once.

    Parameters
    ----------
    trials : Trials
    entries : Tensor of int64
        Entries of the weights, in CSC order.
    activity : Tensor, shape (n_members, n_neurons)
        Of every neuron, summed over the states that are handed on.
    """

    mixes_samples = False

    def __init__(self, trials: Trials, entries: Tensor, activity: Tensor) -> None:
        super().__init__(trials)
        weights = self.model.weights
        self._entries = entries
        self.post = weights.row.long()[entries]
        self.pre = torch.repeat_interleave(weights.ccol.long().diff())[entries]
        self.values = weights.values.detach()[entries].expand(len(trials.stimulus), -1)
        self.baseline = torch.zeros_like(self.values[:1]).expand_as(self.values)
        self.activity = self.values.abs() * activity[:, self.pre]
        self._all = len(entries) == len(weights.values)
        self._rest: SparseMatrix | None
        self._part, self._rest = (weights, None) if self._all else split_matrix(weights, entries)

    def on_path(self, member: Tensor, scale: Tensor) -> Columns:
        scale = scale.to(self.values.dtype)
        wiring = ScaledWiring(self._part, self._rest, scale)
        whole = bool((scale == 1).all())  # else exactly what is there
        return self.trials.columns(member, wiring=None if whole else wiring)

    def noisy(self, member: Tensor, sample: Tensor, noise: float, seed: int) -> Columns:
        values = self.model.weights.values.detach().clone()
        drawn = self._noise(sample[:1], seed)[0]
        values[self._entries] *= 1 + noise * drawn
        wiring = WholeWiring(with_values(self.model.weights, values))
        return self.trials.columns(member, wiring=wiring)

    def without(self, member: Tensor, cut: Sequence[Tensor]) -> Columns:
        column, source = _pairs(cut, self.post.device)
        wiring = CutWiring(
            self.model.weights,
            self.post[source],
            self.pre[source],
            self.values[0, source],
            column,
        )
        return self.trials.columns(member, wiring=wiring)

    def carry_back(
        self, run: UnrolledRun, weight: Tensor | None, total: Tensor | None, *, along: bool
    ) -> Tensor | None:
        member = run.columns.member
        slope = run.response.new_zeros(len(member))
        for stage in run.back():
            if stage.d_summed is None or stage.heard is None:
                continue
            if along:
                slope += (stage.d_summed * self._part.multiply(stage.heard, False)).sum(dim=0)
            if weight is None or total is None:
                continue
            scaled = stage.d_summed * weight.to(stage.d_summed.dtype)
            for number in sorted(set(member.tolist())):
                mine = member == number
                products = self.model.weights.edge_products(
                    scaled[:, mine].contiguous(), stage.heard[:, mine].contiguous()
                )
                total[number] += products[self._entries].to(total.dtype)
        return slope if along else None


def _pairs(cut: Sequence[Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """List every column with each source that is cut in it."""
    sizes = torch.tensor([len(sources) for sources in cut])
    column = torch.repeat_interleave(torch.arange(len(cut)), sizes)
    return column.to(device), torch.cat(list(cut)).to(device)


def _span_of_states(model: MultilayeredNetwork) -> tuple[float, float]:
    """Return the lowest and the highest that a state can be, as far as the network says."""
    if model.dynamics is not None or model.custom_activation_function is not None:
        return -math.inf, math.inf
    keeps = 1.0 if model.tau is None else float(model.tau.max())
    return min(model.input_range[0], 0.0) * keeps, 1.0
