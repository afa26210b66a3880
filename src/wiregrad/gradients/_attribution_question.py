"""One attribution of one network, by any of the methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ._attribution_result import COMPLETENESS, JUMPS
from ._column_runner import ColumnRunner, columns_at_once
from ._jump_shares import share_jumps
from ._named_places import weigh_places
from ._path_integral import Integrated, integrate
from ._source_blocks import SourceBlock, StateBlock
from ._sources import Sources, read_sources
from ._unrolled_run import Trials

__all__ = ["SLOPES", "Answer", "Question"]

FloatArray = npt.NDArray[np.float64]

#: Methods whose numbers are slopes: a source's share of the change is its slope times its value.
SLOPES = ("gradient", "smoothgrad")


@dataclass(frozen=True, eq=False)
class Answer:
    """What a method says of one network.

    Attributes
    ----------
    runner : ColumnRunner
    sources : Sources
    values, attributed, activity : ndarray, shape (n_members, n_units)
        The method's numbers, the changes that they stand for, and how active units are.
    target : ndarray, shape (n_members,)
    completeness, jumps : DataFrame
    jump_values : ndarray, or None
        See `Attribution`.
    """

    runner: ColumnRunner
    sources: Sources
    values: FloatArray
    attributed: FloatArray
    activity: FloatArray
    target: FloatArray
    completeness: pd.DataFrame
    jumps: pd.DataFrame
    jump_values: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked; the parameters of `attribution`, checked."""

    targets: Mapping[int, Any]
    sources: Any
    method: str
    group_by: str | None
    n_steps: int
    tolerance: float | None
    n_samples: int
    noise: float
    seed: int
    runs_at_once: int | None
    share_jumps: bool = False

    def ask(
        self,
        trials: Trials,
        baseline: Tensor | None,
        bar: tqdm[Any],
    ) -> Answer:
        """Ask it of a network; the baseline is a stimulus, (n_members, sensory, num_layers)."""
        network = trials.model
        places = weigh_places(self.targets, network)
        at_once = self.runs_at_once or columns_at_once(network)
        runner = ColumnRunner(network, places, at_once, bar)
        sources = read_sources(self.sources, self.group_by, trials, baseline, runner)
        if self.method == "integrated_gradients":
            return self._integrated(runner, sources, trials)
        if self.method == "smoothgrad":
            slopes = [self._smoothed(runner, block) for block in sources.blocks]
            target = _responses(runner, trials)
        else:
            slopes, target = _gradients(runner, sources, trials)
        shares = [
            slope * block.direction for slope, block in zip(slopes, sources.blocks, strict=True)
        ]
        if self.method == "input_x_gradient":
            # What is multiplied is the source itself, whatever the baseline.
            slopes = [s * block.values for s, block in zip(slopes, sources.blocks, strict=True)]
        return Answer(
            runner,
            sources,
            sources.pool(slopes),
            sources.pool(shares),
            _activity(sources),
            target,
            _frame([], COMPLETENESS),
            _frame([], JUMPS),
        )

    def _integrated(self, runner: ColumnRunner, sources: Sources, trials: Trials) -> Answer:
        found = [integrate(runner, block, self.n_steps, self.tolerance) for block in sources.blocks]
        shares = [
            part.total * block.direction for part, block in zip(found, sources.blocks, strict=True)
        ]
        pooled = sources.pool(shares)
        rows = [
            row
            for part, share, block in zip(found, shares, sources.blocks, strict=True)
            for row in _completeness(part, share, block)
        ]
        jumps: list[tuple[Any, ...]] = []
        jump_shares = []
        for part, block in zip(found, sources.blocks, strict=True):
            crossed: list[tuple[int, int] | None] = [None] * len(part.jumps)
            if self.share_jumps:
                shared = share_jumps(runner, block, part.jumps)
                crossed = shared.crossed
                jump_shares.append(shared.total)
            jumps += [
                (jump.member, block.layer, jump.at, jump.size, *(who or (None, None)))
                for jump, who in zip(part.jumps, crossed, strict=True)
            ]
        # Of neurons a path leaves out the targets of earlier layers: a run reads them all.
        whole = sources.kind != "neurons"
        return Answer(
            runner,
            sources,
            pooled,
            pooled,
            _activity(sources),
            found[0].end if whole else _responses(runner, trials),
            _frame(rows, COMPLETENESS),
            _frame(jumps, JUMPS),
            sources.pool(jump_shares) if self.share_jumps else None,
        )

    def _smoothed(self, runner: ColumnRunner, block: SourceBlock) -> Tensor:
        """Average the gradient under noise: (n_members, n_sources)."""
        n_members = len(block.values)
        total = _zeros(block)
        device = total.device
        sample = torch.arange(self.n_samples, device=device).repeat_interleave(n_members)
        member = torch.arange(n_members, device=device).repeat(self.n_samples)
        weight = torch.full_like(sample, 1 / self.n_samples, dtype=torch.float64)
        runner.expect(len(member))
        for part in runner.chunks(len(member), None if block.mixes_samples else sample):
            columns = block.noisy(member[part], sample[part], self.noise, self.seed)
            block.carry_back(runner.run(columns), weight[part], total, along=False)
        return total


def _gradients(
    runner: ColumnRunner, sources: Sources, trials: Trials
) -> tuple[list[Tensor], FloatArray]:
    """Take the gradient of every source in one run a member; also return the responses."""
    totals = [_zeros(block) for block in sources.blocks]
    member = trials.member
    responses = []
    runner.expect(len(member))
    for part in runner.chunks(len(member)):
        run = runner.run(trials.columns(member[part]))
        responses.append(run.response)
        states = {block.layer: k for k, block in enumerate(sources.blocks)}
        if None in states:
            weight = torch.ones(len(member[part]), dtype=torch.float64, device=member.device)
            sources.blocks[0].carry_back(run, weight, totals[0], along=False)
            continue
        for stage in run.back(min(layer for layer in states if layer is not None)):
            number = states.get(stage.layer)
            if number is not None:
                block = sources.blocks[number]
                if isinstance(block, StateBlock):
                    totals[number][part] = stage.d_state[block.neurons].T.double()
    return totals, torch.cat(responses).double().cpu().numpy()


def _responses(runner: ColumnRunner, trials: Trials) -> FloatArray:
    member = trials.member
    runner.expect(len(member))
    found = runner.responses(member, lambda part: trials.columns(member[part]))
    return found.double().cpu().numpy()


def _zeros(block: SourceBlock) -> Tensor:
    return torch.zeros(block.values.shape, dtype=torch.float64, device=block.values.device)


def _activity(sources: Sources) -> FloatArray:
    return sources.pool([block.activity for block in sources.blocks])


def _completeness(part: Integrated, shares: Tensor, block: SourceBlock) -> list[tuple[Any, ...]]:
    """Say of each member what of the change is attributed, and what jumps carry."""
    rows = []
    attributed = shares.sum(dim=1).cpu().numpy()
    for member, (begin, end) in enumerate(zip(part.begin, part.end, strict=True)):
        sizes = [jump.size for jump in part.jumps if jump.member == member]
        jump, change, given = float(sum(sizes)), end - begin, attributed[member]
        error = change - given - jump
        rows.append((member, block.layer, end, begin, change, given, jump, error, len(sizes)))
    return rows


def _frame(rows: list[tuple[Any, ...]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Make a table of rows, of the right kinds even where there are none."""
    return pd.DataFrame(rows, columns=list(columns)).astype(dict(columns))
