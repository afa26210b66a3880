"""Jumps on a path given to the sources that drove the neuron which crossed its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ._column_runner import ColumnRunner
from ._path_integral import Jump
from ._source_blocks import SourceBlock, StimulusBlock
from ._unrolled_run import Columns, Stage, UnrolledRun, gradients_of

__all__ = ["SharedJumps", "share_jumps"]

# Halvings of the interval that a jump was located in, so that no other lies in it.
_HALVINGS = 10
# A half of it with less than this share of the jump is left.
_PART = 0.02


@dataclass(frozen=True, eq=False)
class SharedJumps:
    """What of the jumps on the paths of a block belongs to each source.

    Attributes
    ----------
    total : Tensor of float64, shape (n_members, n_sources)
    crossed : list of (int, int) or None
        Of each jump the layer and the neuron that crossed the threshold first; None where several
        did at once, or none is known to have.
    """

    total: Tensor
    crossed: list[tuple[int, int] | None]


def share_jumps(runner: ColumnRunner, block: SourceBlock, jumps: Sequence[Jump]) -> SharedJumps:
    """Give each jump to the sources, by what each had in the drive that crossed the threshold.

    Notes
    -----
    If the threshold were a steep slope instead of a step, integrated gradients would see the jump
    as a short stretch in which the drive of the neuron that crosses rises by the sources' slopes:
    each source's part in that rise is its part in the jump, however steep. An input that crosses
    the threshold by itself has all of it. Neurons that cross at the same place one step later or
    more are carried along. Where two cross first and at once, nobody can say whose the jump is, and
    it is given to none.

    Cost: some 15 runs for each jump.
    """
    total = torch.zeros(block.values.shape, dtype=torch.float64, device=block.values.device)
    direct = torch.zeros_like(total)
    crossed: list[tuple[int, int] | None] = [None] * len(jumps)
    if not jumps:
        return SharedJumps(total, crossed)
    whose = torch.tensor([jump.member for jump in jumps], device=total.device)
    spans, largest = _narrowed(runner, block, jumps), [0.0] * len(jumps)
    runner.expect(3 * len(spans.jump))
    for part in runner.chunks(len(spans.jump)):
        own = spans.take(torch.arange(part.start, part.stop, device=total.device))
        member, size = whose[own.jump], own.residual
        below, above = (runner.run(block.on_path(member, at)) for at in own.ends)
        first = _first_crossings(below, above, block)
        inputs, neurons = first.kind == _INPUT, first.kind == _NEURON
        if isinstance(block, StimulusBlock):
            at = member[inputs], block.source_of(first.place, first.step)[inputs]
            direct.index_put_(at, size[inputs], accumulate=True)
        if neurons.any():
            columns = block.on_path(member[neurons], own.ends[0, neurons])
            run = CrossingRun(runner, columns, first.step[neurons], first.place[neurons])
            slope = block.carry_back(run, None, None, along=True)
            if slope is not None:
                weight = size[neurons] / slope.double()
                weight = torch.where(weight.isfinite(), weight, 0)
                block.carry_back(run, weight, total, along=False)
        named = zip(own.jump.tolist(), size.tolist(), first.named(runner), strict=True)
        for jump, change, who in named:  # of several at one place, the one that carries most
            if abs(change) > largest[jump]:
                crossed[jump], largest[jump] = who, abs(change)
    return SharedJumps(total * block.direction + direct, crossed)


class CrossingRun(UnrolledRun):
    """A run whose gradient is that of one neuron's drive at one layer, in every column another's.

    Parameters
    ----------
    runner : ColumnRunner
    columns : Columns
    layer, neuron : Tensor of int64, shape (n_columns,)
    """

    def __init__(
        self, runner: ColumnRunner, columns: Columns, layer: Tensor, neuron: Tensor
    ) -> None:
        super().__init__(runner.model, runner.places, columns)
        self._layer, self._neuron = layer, neuron

    def _read_back(self, layer: int, g: Tensor) -> Tensor:
        """Read no targets."""
        return g

    def _back_through(self, layer: int, g: Tensor) -> tuple[Stage, Tensor | None]:
        stage, d_before = super()._back_through(layer, g)
        mine = torch.nonzero(self._layer == layer).flatten()
        if not len(mine):
            return stage, d_before
        at = layer - self.columns.first
        summed = self._summed[at - 1].detach().requires_grad_()
        before = self.states[at - 1].detach().requires_grad_()
        with torch.enable_grad():
            drive = self._rule.drive(self._rule.heard(before), summed)
        one = torch.zeros_like(g)
        one[self._neuron[mine], mine] = 1
        d_summed, d_own = gradients_of(drive, [summed, before], one)
        if stage.d_summed is not None:
            d_summed = d_summed + stage.d_summed
        return replace(stage, d_summed=d_summed), d_own if d_before is None else d_before + d_own


#: What crosses first: nothing or several at once, an input by itself, or a neuron's drive.
_UNSURE, _INPUT, _NEURON = 0, 1, 2


@dataclass(frozen=True, eq=False)
class _Crossings:
    """What crosses first in each column: tensors of int64, shape (n_columns,).

    `place` is the row of an input or the index of a neuron; `step` the step of an input or the
    layer of a neuron.
    """

    kind: Tensor
    place: Tensor
    step: Tensor

    def named(self, runner: ColumnRunner) -> list[tuple[int, int] | None]:
        """Return the layer and the neuron of each; an input's is the layer that it joins."""
        sensory = runner.model.sensory_indices.tolist()
        rows = zip(self.kind.tolist(), self.place.tolist(), self.step.tolist(), strict=True)
        return [
            None
            if kind == _UNSURE
            else ((step, place) if kind == _NEURON else (step - 1, sensory[place]))
            for kind, place, step in rows
        ]


def _first_crossings(before: UnrolledRun, after: UnrolledRun, block: SourceBlock) -> _Crossings:
    """Find what is on one side of its threshold in one run and on the other in another.

    An input joins the state after the step before it, so that it comes before the neurons of its
    own step.
    """
    n_columns = len(before.response)
    found = torch.zeros(3, n_columns, dtype=torch.int64, device=before.response.device)
    left = torch.ones(n_columns, dtype=torch.bool, device=before.response.device)
    for step in range(before.columns.first + 1, before.columns.first + len(before.states)):
        pairs = [(_NEURON, before.is_driven(step) ^ after.is_driven(step))]
        if isinstance(block, StimulusBlock):
            pairs.insert(0, (_INPUT, before.takes_in(step) ^ after.takes_in(step)))
        for kind, differs in pairs:
            count = differs.sum(dim=0)
            for n_found, what in ((count == 1, kind), (count > 1, _UNSURE)):
                here = left & n_found
                place = differs.to(torch.int64).argmax(dim=0)
                values = torch.stack([torch.full_like(place, what), place, 0 * place + step])
                found = torch.where(here, values, found)
            left = left & (count == 0)
    return _Crossings(*found)


@dataclass(frozen=True, eq=False)
class _Spans:
    """Short stretches of paths, each with a jump: tensors of shape (n,).

    `jump` is the number of the jump that each was cut out of; `ends` (2, n) places on the path,
    `response` and `slope` (2, n) what the response is there, and how it rises.
    """

    jump: Tensor
    ends: Tensor
    response: Tensor
    slope: Tensor

    @property
    def residual(self) -> Tensor:
        """What the response changes by beyond the integral of its slope."""
        change, width = self.response[1] - self.response[0], self.ends[1] - self.ends[0]
        return change - width * self.slope.mean(dim=0)

    def take(self, which: Tensor) -> _Spans:
        """Return some of them."""
        return _Spans(
            self.jump[which], self.ends[:, which], self.response[:, which], self.slope[:, which]
        )


def _narrowed(runner: ColumnRunner, block: SourceBlock, jumps: Sequence[Jump]) -> _Spans:
    """Halve the intervals of jumps again and again; keep the halves with a part of the jump.

    So jumps that were found as one come apart.
    """
    device = block.values.device
    member, size, begin, end = (
        torch.tensor([getattr(jump, name) for jump in jumps], device=device)
        for name in ("member", "size", "begin", "end")
    )

    def run(jump: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        runner.expect(len(at))
        return runner.along(block, member[jump], at, None, None)

    every = torch.arange(len(jumps), device=device)
    ends = torch.stack([begin, end]).double()
    known = [run(every, at) for at in ends]
    spans = _Spans(every, ends, *(torch.stack(parts) for parts in zip(*known, strict=True)))
    for _ in range(_HALVINGS):
        middle = spans.ends.mean(dim=0)
        response, slope = run(spans.jump, middle)
        halves = []
        for k in (0, 1):  # the middle takes the place of the other end
            parts = [
                torch.stack([own[0], new] if k == 0 else [new, own[1]])
                for own, new in (
                    (spans.ends, middle),
                    (spans.response, response),
                    (spans.slope, slope),
                )
            ]
            halves.append(parts)
        spans = _Spans(
            spans.jump.repeat(2),
            *(torch.cat([a, b], dim=1) for a, b in zip(*halves, strict=True)),
        )
        spans = spans.take(spans.residual.abs() > _PART * size[spans.jump].abs())
    return spans
