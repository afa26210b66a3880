"""Gradient descent for an ensemble of starts, each stopped and remembered by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ._problem import Problem
from ._schedule import Schedule, leak_factor, rate_factor

__all__ = ["Descent", "DescentSettings"]

FloatArray = npt.NDArray[np.float64]

RUNNING, PATIENCE, NOT_A_NUMBER, ENDED = "running", "no progress", "not a number", "all epochs"


@dataclass(frozen=True)
class DescentSettings:
    """How to descend; see `Trainer`."""

    epochs: int
    learning_rate: float
    schedule: Schedule
    warmup: int
    clip: float | None
    patience: int | None
    least_gain: float
    restore_best: bool
    seed: int


@dataclass(eq=False)
class _State:
    """What changes from epoch to epoch, beside the free numbers and the optimiser."""

    epoch: int
    best_loss: FloatArray
    best_epoch: npt.NDArray[np.int64]
    notable: FloatArray
    since: npt.NDArray[np.int64]
    stopped: list[str]
    best: dict[str, FloatArray]
    history: dict[str, list[FloatArray]] = field(
        default_factory=lambda: {"data_loss": [], "penalty": [], "held_out": []}
    )
    rates: list[float] = field(default_factory=list)


class Descent:
    """Adam on the free numbers of a problem.

    Parameters
    ----------
    problem : Problem
    settings : DescentSettings

    Notes
    -----
    Source: Kingma and Ba 2015. The starts of an ensemble do not touch one another: steps, clipping,
    stopping and the best parameters are each start's own.
    """

    def __init__(self, problem: Problem, settings: DescentSettings) -> None:
        self.problem, self._settings = problem, settings
        free = problem.free
        self._rates = [settings.learning_rate * slot.rate for slot in free.slots.values()]
        self._optimiser = torch.optim.Adam(
            {"params": [number], "lr": rate}
            for number, rate in zip(free.free.values(), self._rates, strict=True)
        )
        n = free.n_starts
        self.state = _State(
            epoch=0,
            best_loss=np.full(n, np.inf),
            best_epoch=np.zeros(n, np.int64),
            notable=np.full(n, np.inf),
            since=np.zeros(n, np.int64),
            stopped=[RUNNING] * n,
            best=free.copy(),
        )

    def run(
        self, on_epoch: Callable[[Descent], None], after_epoch: Callable[[Descent], None]
    ) -> None:
        """Descend until the last epoch, or until every start has stopped.

        `on_epoch` is called before each epoch's steps, when its losses are known; `after_epoch`
        after them, when the state can be saved.

        Raises
        ------
        ValueError
            If the loss or the gradient of every start is NaN or infinite.
        """
        state, settings, whole = self.state, self._settings, self.problem.whole
        while state.epoch < settings.epochs and RUNNING in state.stopped:
            factor = rate_factor(settings.schedule, settings.warmup, state.epoch, settings.epochs)
            self.problem.fade(leak_factor(state.epoch, settings.epochs))
            evaluation = self.problem.evaluate(gradient=whole)
            self._record(evaluation.data, evaluation.penalty, evaluation.held_out)
            state.rates.append(factor * settings.learning_rate)
            on_epoch(self)
            if RUNNING not in state.stopped:
                break
            for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
                group["lr"] = rate * factor
            if whole:
                self._step()
            else:
                for _ in self.problem.batches(state.epoch, settings.seed, evaluation.readout):
                    self._step()
            state.epoch += 1
            after_epoch(self)
        if RUNNING in state.stopped:
            last = self.problem.evaluate(gradient=False)
            self._offer(last.data + last.penalty, last.held_out, state.epoch)
            state.stopped = [ENDED if why == RUNNING else why for why in state.stopped]

    def restore(self) -> None:
        """Give every start its best free numbers; with `restore_best` False, its last."""
        if self._settings.restore_best:
            self.problem.free.set(self.state.best)

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on, of plain numbers, texts and tensors."""
        state = self.state
        tensors = {
            "best_loss": state.best_loss,
            "best_epoch": state.best_epoch,
            "notable": state.notable,
            "since": state.since,
        }
        return {
            "epoch": state.epoch,
            "stopped": list(state.stopped),
            "rates": list(state.rates),
            "arrays": {name: torch.from_numpy(part.copy()) for name, part in tensors.items()},
            "best": {name: torch.from_numpy(part.copy()) for name, part in state.best.items()},
            "free": {name: torch.from_numpy(p) for name, p in self.problem.free.copy().items()},
            "history": {
                name: torch.from_numpy(np.array(values).reshape(len(values), -1))
                for name, values in state.history.items()
            },
            "optimiser": self._optimiser.state_dict(),
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        state = self.state
        state.epoch, state.stopped = saved["epoch"], list(saved["stopped"])
        state.rates = list(saved["rates"])
        for name, tensor in saved["arrays"].items():
            setattr(state, name, tensor.numpy().copy())
        state.best = {name: tensor.numpy().copy() for name, tensor in saved["best"].items()}
        state.history = {name: list(t.numpy().copy()) for name, t in saved["history"].items()}
        self.problem.free.set({name: tensor.numpy() for name, tensor in saved["free"].items()})
        self._optimiser.load_state_dict(saved["optimiser"])

    def _record(self, data: FloatArray, penalty: FloatArray, held_out: FloatArray) -> None:
        state, running = self.state, self._running
        for name, losses in zip(state.history, (data, penalty, held_out), strict=True):
            state.history[name].append(np.where(running, losses, np.nan))
        self._offer(data + penalty, held_out, state.epoch)
        self._stop(~np.isfinite(data + penalty), NOT_A_NUMBER)
        if self.problem.whole:
            self._stop(~self._finite_gradients(), NOT_A_NUMBER)
        self._refuse_if_none_left()
        if self._settings.patience is not None:
            self._stop(state.since >= self._settings.patience, PATIENCE)

    def _offer(self, loss: FloatArray, held_out: FloatArray, epoch: int) -> None:
        """Remember the parameters of the starts that do better than ever."""
        state = self.state
        judged = np.where(np.isnan(held_out), loss, held_out)
        better = self._running & (judged < state.best_loss)
        state.best_loss = np.where(better, judged, state.best_loss)
        state.best_epoch = np.where(better, epoch, state.best_epoch)
        for name, numbers in self.problem.free.copy().items():
            state.best[name][better] = numbers[better]
        notable = judged < state.notable * (1 - self._settings.least_gain)
        state.notable = np.where(notable, judged, state.notable)
        state.since = np.where(notable, 0, state.since + 1)

    def _step(self) -> None:
        """Take a step with the gradients that are there; starts that have stopped stay."""
        free, running = self.problem.free.free, self._running
        finite = self._finite_gradients()
        if not finite[running].all():  # of a minibatch
            self._stop(~finite, NOT_A_NUMBER)
            self._refuse_if_none_left()
            running = self._running
        if self._settings.clip is not None:
            self._clip(self._settings.clip)
        if running.all():
            self._optimiser.step()
            self.problem.free.keep_within_reach()
            return
        before = self.problem.free.copy()
        for number in free.values():
            if number.grad is not None:
                number.grad[torch.from_numpy(~running)] = 0
        self._optimiser.step()
        self.problem.free.keep_within_reach()
        after = self.problem.free.copy()
        for name, numbers in after.items():
            numbers[~running] = before[name][~running]
        self.problem.free.set(after)

    def _clip(self, most: float) -> None:
        """Shorten each start's gradient, over all its parameters together, to a norm."""
        gradients = [number.grad for number in self.problem.free.free.values()]
        there = [gradient for gradient in gradients if gradient is not None]
        norm = torch.cat(there, dim=1).norm(dim=1, keepdim=True)
        factor = (most / norm.clamp(min=1e-300)).clamp(max=1)
        for gradient in there:
            gradient.mul_(factor)

    @property
    def _running(self) -> npt.NDArray[np.bool_]:
        return np.array([why == RUNNING for why in self.state.stopped])

    def _stop(self, which: npt.NDArray[np.bool_], why: str) -> None:
        for start in np.flatnonzero(which & self._running):
            self.state.stopped[start] = why

    def _finite_gradients(self) -> npt.NDArray[np.bool_]:
        finite = np.ones(self.problem.free.n_starts, bool)
        for number in self.problem.free.free.values():
            if number.grad is not None:
                finite &= number.grad.isfinite().all(dim=1).numpy()
        return finite

    def _refuse_if_none_left(self) -> None:
        if all(why == NOT_A_NUMBER for why in self.state.stopped):
            raise ValueError(
                f"the loss or its gradient is NaN or infinite at epoch {self.state.epoch}: try a "
                "smaller learning_rate, bounds, or clip=1; the network is as it was"
            )
