"""The objective of connectome_interpreter: fixed penalties on stimulus and activations."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..network import Response, Wanted
from ._penalties import Penalty, l1_plus_l2, norm, penalties_and_slopes
from ._search import Costs, Trial, Verdict

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

    def costs(self, x: Tensor, response: Response) -> Costs:
        """Return the penalties by member, and their slopes."""
        in_cost, d_x = self._cost("in", x)
        if not self._lambdas["out"]:
            return Costs(in_cost, torch.zeros_like(self._best), d_x)
        if response.activations is not None:
            out_cost, d_activations = self._cost("out", response.activations)
            return Costs(in_cost, out_cost, d_x, d_activations=d_activations)
        return self._with_sums(in_cost, d_x, response.size, response.square)

    def _with_sums(
        self, in_cost: Tensor, d_x: Tensor, size: Tensor | None, square: Tensor | None
    ) -> Costs:
        """Take the penalty on activations from their sums: size + sqrt(square)."""
        if size is None or square is None:
            raise RuntimeError("the response lacks the sums that this objective reads")
        factor, length = self._lambdas["out"], norm(square)
        # The norm has no slope at 0: taken as 0.
        d_square = factor * (0.5 / torch.where(length > 0, length, torch.inf))
        d_size = torch.full_like(size, factor)
        return Costs(in_cost, factor * (size + length), d_x, d_size=d_size, d_square=d_square)

    def _cost(self, side: str, batch: Tensor) -> tuple[Tensor, Tensor]:
        if not self._lambdas[side]:
            return batch.new_zeros(len(batch)), torch.zeros_like(batch)
        costs, slopes = penalties_and_slopes(self._penalties[side], batch)
        return self._lambdas[side] * costs, self._lambdas[side] * slopes

    def rate(self) -> Tensor:
        """Return the step size, the same for all members."""
        return self._rate

    def bound(self, x: Tensor) -> Tensor:
        """Return stimuli as they are: any within their range will do."""
        return x

    def take(self, members: Tensor, targets: Tensor) -> None:
        """Go on with some members alone."""
        self._best = self._best[members]
        self._history = [loss[members] for loss in self._history]

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
