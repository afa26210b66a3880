"""The objective of connectome_interpreter: fixed penalties on stimulus and activations."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..network import Response, Wanted
from ._penalties import Penalty, l1_plus_l2, norm, penalise_members
from ._search import Trial, Verdict

__all__ = ["FixedPenalties"]


class FixedPenalties:
    """Distance from the targets plus fixed multiples of two penalties, each member on its own.

    Parameters
    ----------
    in_lambda, out_lambda : float
        What the penalties on stimulus and activations are multiplied with.
    penalties : dict
        The functions `in` and `out`.
    rate : float
        Step size.
    window, flat : int, float
        A member is finished when its loss moved by less than `flat` over `window` passes.
    stop : bool
        Whether members finish at all before the last pass.
    like : Tensor, shape (batch,)
        Of the dtype and on the device of losses.
    """

    def __init__(
        self,
        in_lambda: float,
        out_lambda: float,
        penalties: Mapping[str, Penalty],
        rate: float,
        *,
        window: int,
        flat: float,
        stop: bool,
        like: Tensor,
    ) -> None:
        self._lambdas = {"in": in_lambda, "out": out_lambda}
        self._penalties = penalties
        self._rate = like.new_tensor(rate)
        self._window, self._flat, self._stop = window, flat, stop
        self._best = like.new_full((len(like),), torch.inf)
        self._history: list[Tensor] = []

    @property
    def reads(self) -> Wanted:
        """The sums are enough for the penalty of connectome_interpreter."""
        if not self._lambdas["out"]:
            return "nothing"
        return "sums" if self._penalties["out"] is l1_plus_l2 else "activations"

    def costs(self, x: Tensor, response: Response) -> tuple[Tensor, Tensor]:
        """Return the penalties by member."""
        return self._cost("in", x), self._out_cost(response)

    def _out_cost(self, response: Response) -> Tensor:
        if self.reads == "sums" and response.size is not None and response.square is not None:
            return self._lambdas["out"] * (response.size + norm(response.square))
        if response.activations is not None:
            return self._cost("out", response.activations)
        return torch.zeros_like(self._best)

    def _cost(self, side: str, batch: Tensor) -> Tensor:
        if not self._lambdas[side]:
            return batch.new_zeros(len(batch))
        return self._lambdas[side] * penalise_members(self._penalties[side], batch)

    def rate(self) -> Tensor:
        """Return the step size, the same for all members."""
        return self._rate

    def judge(self, trial: Trial) -> Verdict:
        """Compare losses with the lowest so far; finish members whose loss no longer moves."""
        loss = trial.error + trial.in_cost + trial.out_cost
        better = loss < self._best
        self._best = torch.where(better, loss, self._best)
        self._history = [*self._history, loss][-self._window :]
        if not self._stop or trial.number <= self._window:
            return Verdict(better, torch.zeros_like(better))
        recent = torch.stack(self._history)
        return Verdict(better, recent.amax(0) - recent.amin(0) < self._flat)
