"""Objectives for one target a member, shown made-up passes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from gradient_cases import batch_of, make_chain
from torch import Tensor

from wiregrad.gradients._resolved_targets import resolve_targets
from wiregrad.gradients._search import Trial, Verdict

VALUE = 0.5


class Judged:
    """Shows passes to the objective that `make` makes of targets, all of them `VALUE`."""

    objective: Any

    def __init__(self, n_members: int = 1, **options: Any) -> None:
        self.targets = resolve_targets(batch_of([{0: {1: VALUE}}] * n_members), make_chain())
        self.objective = self.make(**options)
        self.number = 0

    def make(self, **options: Any) -> Any:
        raise NotImplementedError

    def show(
        self, miss: Iterable[float], inputs: Iterable[int] = (5,), strength: float = 0.5,
        running: Tensor | None = None,
    ) -> Verdict:  # fmt: skip
        """Pass: how far members are off, and how many inputs of which strength they use."""
        attained = VALUE - torch.tensor(list(miss))
        stimulus = torch.zeros(len(attained), 10, 1)
        for member, count in enumerate(inputs):
            stimulus[member, :count] = strength
        zero = torch.zeros_like(attained)
        trial = Trial(
            number=self.number,
            members=torch.arange(len(attained)),
            stimulus=stimulus,
            attained=attained,
            error=(attained - VALUE) ** 2,
            in_cost=zero,
            out_cost=zero,
            running=torch.ones_like(zero).bool() if running is None else running,
        )
        self.number += 1
        return self.objective.judge(trial)


def passes_until_finished(judged: Judged, misses: Iterable[float]) -> int | None:
    for number, miss in enumerate(misses):
        if judged.show([miss]).finished.item():
            return number
    return None
