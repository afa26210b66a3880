"""One fit: from a trainer, a network and a recording to a result."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from .._version import __version__
from ..gradients import share
from ..network import MultilayeredNetwork, has_room
from ._callbacks import Listener, told
from ._checkpoint import Checkpoint, digest
from ._data import read_training_inputs
from ._descent import Descent, DescentSettings
from ._fit_result import FitResult
from ._losses import LOSSES
from ._parameters import FreeParameters
from ._problem import Evaluation, Problem
from ._recording import Recording, Rows, channel_names, rows_of
from ._stability import spectral_radius
from ._tables import (
    history_table,
    parameter_table,
    prediction_table,
    readout_table,
    start_table,
)

if TYPE_CHECKING:
    from ._trainer import Trainer

__all__ = ["FitCall", "run_fit", "split_members"]

IndexArray = npt.NDArray[np.int64]

#: Stimuli at which the spectral radius is worked out.
_N_RADII = 3


@dataclass(frozen=True)
class FitCall:
    """What is asked of one call of `Trainer.fit`."""

    held_out: float | Sequence[int] | npt.NDArray[Any]
    checkpoint: Path | None = None
    checkpoint_every: int = 10
    callbacks: tuple[Listener, ...] = ()
    stability: bool = True
    progress: bool = True


def run_fit(
    trainer: Trainer,
    network: MultilayeredNetwork,
    stimuli: Tensor | npt.NDArray[Any],
    recording: Recording | pd.DataFrame,
    call: FitCall,
) -> FitResult:
    """Fit a network; see `Trainer.fit`."""
    began = time.perf_counter()
    given = read_training_inputs(stimuli, network)[..., : network.num_layers]
    rows = rows_of(recording, network, len(given))
    train, held_out = split_members(rows, call.held_out, trainer.seed)
    free = FreeParameters(_trainables(trainer), network, trainer.n_starts, trainer.seed)
    watched = train[np.linspace(0, len(train) - 1, min(_N_RADII, len(train))).astype(int)]
    radius_before = _radius(network, given[torch.from_numpy(watched)], call.stability)
    identity = _identity(trainer, network, given, rows, train, held_out)

    run = _Run(trainer, network, given, rows, train, held_out, call, identity)
    settings = {**trainer.settings(), "n_stimuli": len(given), "n_values": free.n_values}
    with told(call.callbacks, settings) as tell:
        outcomes, interrupted = run.all_starts(free, tell)

    best_outcome, best = _best(outcomes)
    _write_best(network, best_outcome, best)
    radius = _radius(network, given[torch.from_numpy(watched)], call.stability)
    if radius > 1 >= radius_before:
        warnings.warn(
            f"training drove the spectral radius of the linearised network from "
            f"{radius_before:.3g} to {radius:.3g}: beyond 1, small changes of activity grow. Bound "
            "or penalise the slopes, or fit longer time courses",
            stacklevel=3,
        )
    evaluation, first = best_outcome.last, outcomes[0].first
    problem = best_outcome.descent.problem
    return FitResult(
        network=network,
        parameters=parameter_table([o.descent for o in outcomes], best_outcome.descent, best),
        ensemble=_ensemble(outcomes),
        starts=start_table([o.descent.state for o in outcomes]),
        history=history_table([o.descent.state for o in outcomes]),
        predictions=prediction_table(
            problem.rows,
            problem.predictions(evaluation)[best].numpy(),
            np.concatenate([train, held_out]),
            len(train),
            channel_names(recording),
        ),
        readout=readout_table(evaluation.readout, best, channel_names(recording)),
        observation=trainer.observation,
        train_members=train,
        held_out_members=held_out,
        train_loss=float(evaluation.data[best]),
        held_out_loss=float(evaluation.held_out[best]),
        first_train_loss=float(first.data[0]),
        first_held_out_loss=float(first.held_out[0]),
        radius_before=radius_before,
        radius=radius,
        interrupted=interrupted,
        seed=trainer.seed,
        arguments={**trainer.settings(), "held_out": call.held_out},
        version=__version__,
        provenance=dict(network.provenance),
        seconds=time.perf_counter() - began,
    )


@dataclass(frozen=True, eq=False)
class _Outcome:
    """Some starts, fitted together: the descent, and losses before and with what is kept."""

    descent: Descent
    first: Evaluation
    last: Evaluation


@dataclass(frozen=True, eq=False)
class _Run:
    """All that the starts of one fit have in common."""

    trainer: Trainer
    network: MultilayeredNetwork
    stimuli: Tensor
    rows: Rows
    train: IndexArray
    held_out: IndexArray
    call: FitCall
    identity: Mapping[str, str]

    def all_starts(
        self, free: FreeParameters, tell: Callable[[int, Mapping[str, float]], None]
    ) -> tuple[list[_Outcome], bool]:
        """Fit all starts, as many at a time as fit into memory; say whether it was interrupted."""
        outcomes: list[_Outcome] = []
        groups = self._groups(free.n_starts)
        for number, starts in enumerate(groups):
            which = "" if len(groups) == 1 else f" {number + 1} of {len(groups)}"
            outcome, interrupted = self._some_starts(
                free.take(starts), f"fit{which}", f"starts-{number}.pt", tell
            )
            outcomes.append(outcome)
            if interrupted:
                return outcomes, True
        return outcomes, False

    def _groups(self, n_starts: int) -> list[list[int]]:
        batch = self.trainer.batch_size or len(self.train) + len(self.held_out)
        together = n_starts
        if self.network.custom_activation_function is not None:
            together = 1
        while together > 1 and not has_room(self.network, together * batch):
            together = (together + 1) // 2
        starts = list(range(n_starts))
        return [starts[first : first + together] for first in range(0, n_starts, together)]

    def _some_starts(
        self,
        free: FreeParameters,
        what: str,
        file: str,
        tell: Callable[[int, Mapping[str, float]], None],
    ) -> tuple[_Outcome, bool]:
        trainer, interrupted = self.trainer, False
        problem = Problem(
            self.network,
            free,
            self.stimuli,
            self.rows,
            self.train,
            self.held_out,
            loss=LOSSES[trainer.loss],
            observation=trainer.observation,
            batch_size=trainer.batch_size,
            leak=trainer.leak,
            window=trainer.checkpoint_steps,
        )
        first = problem.evaluate(gradient=False)
        descent = Descent(problem, _descent_settings(trainer))
        checkpoint = None
        if self.call.checkpoint is not None:
            checkpoint = Checkpoint(self.call.checkpoint / file, self.identity)
            saved = checkpoint.load()
            if saved is not None:
                descent.load_state_dict(saved)
        bar = tqdm(
            total=trainer.epochs,
            initial=descent.state.epoch,
            desc=what,
            unit=" epochs",
            disable=not self.call.progress,
        )
        with bar:

            def on_epoch(descent: Descent) -> None:
                losses = _losses_of_last_epoch(descent)
                bar.update()
                shown = f"loss {losses['loss']:.4g}"
                if "held_out" in losses:
                    shown += f", held out {losses['held_out']:.4g}"
                bar.set_postfix_str(shown, refresh=False)
                tell(descent.state.epoch, losses)

            def after_epoch(descent: Descent) -> None:
                every = self.call.checkpoint_every
                if checkpoint is not None and descent.state.epoch % every == 0:
                    checkpoint.save(descent.state_dict())

            try:
                descent.run(on_epoch, after_epoch)
                if checkpoint is not None:
                    checkpoint.save(descent.state_dict())
            except KeyboardInterrupt:
                interrupted = True
        descent.restore()
        return _Outcome(descent, first, problem.evaluate(gradient=False)), interrupted


def _trainables(trainer: Trainer) -> Mapping[str, Any]:
    parameters: Any = trainer.parameters
    found: Mapping[str, Any] = parameters
    return found


def _descent_settings(trainer: Trainer) -> DescentSettings:
    return DescentSettings(
        epochs=trainer.epochs,
        learning_rate=trainer.learning_rate,
        schedule=trainer.schedule,
        warmup=trainer.warmup,
        clip=trainer.clip,
        patience=trainer.patience,
        least_gain=trainer.least_gain,
        restore_best=trainer.restore_best,
        seed=trainer.seed,
    )


def split_members(
    rows: Rows, held_out: float | Sequence[int] | npt.NDArray[Any], seed: int
) -> tuple[IndexArray, IndexArray]:
    """Divide the stimuli that have responses into those trained on and those held out.

    Raises
    ------
    ValueError
        If nothing is left to train on, or a stimulus held out has no response.
    """
    measured = np.unique(rows.member)
    if np.ndim(held_out) == 0:
        n_out = round(share("held_out", held_out) * len(measured))  # type: ignore[arg-type]  # a number
        drawn = np.random.default_rng(seed).permutation(measured)
        out = np.sort(drawn[:n_out])
    else:
        out = np.unique(np.asarray(held_out))
        strangers = np.setdiff1d(out, measured)
        if out.dtype.kind not in "iu" or len(strangers):
            raise ValueError(
                "held_out is a share, or the indices of stimuli that have responses; "
                f"{strangers[:5].tolist()} are none"
            )
    train = np.setdiff1d(measured, out)
    if not len(train):
        raise ValueError(
            f"nothing to train on: held_out={held_out!r} of {len(measured):,} stimuli that have "
            "responses"
        )
    return train, out.astype(np.int64)


def _radius(network: MultilayeredNetwork, stimuli: Tensor, wanted: bool) -> float:
    if not wanted or network.custom_activation_function is not None:
        return float("nan")
    return float(spectral_radius(network, stimuli).max())


def _identity(
    trainer: Trainer,
    network: MultilayeredNetwork,
    stimuli: Tensor,
    rows: Rows,
    train: IndexArray,
    held_out: IndexArray,
) -> dict[str, str]:
    """Say what a run is of, so that a checkpoint of another one is told."""

    def text(value: object) -> str:
        return getattr(value, "__qualname__", None) or repr(value)

    matrix = network.weights
    return {
        **{name: text(value) for name, value in trainer.settings().items()},
        "version": __version__,
        "connections": digest(matrix.ccol, matrix.row, matrix.values.detach().cpu()),
        "network": digest(
            network.sensory_indices.cpu(),
            [network.num_layers, network.threshold, network.tanh_steepness, network.default_bias],
            *(parameter.detach().cpu() for parameter in network.parameters()),
        ),
        "stimuli": digest(stimuli.cpu()),
        "recording": digest(
            rows.member, rows.channel, rows.layer, rows.value, rows.weight, *rows.channels
        ),
        "held_out": digest(train, held_out),
    }


def _losses_of_last_epoch(descent: Descent) -> dict[str, float]:
    """Return the losses of the best running start; of an ensemble, those of each start too."""
    state = descent.state
    last = {name: values[-1] for name, values in state.history.items()}
    total = last["data_loss"] + last["penalty"]
    judged = np.where(np.isnan(last["held_out"]), total, last["held_out"])
    best = 0 if np.isnan(judged).all() else int(np.nanargmin(judged))
    losses = {"loss": float(total[best]), "data_loss": float(last["data_loss"][best])}
    losses |= {"penalty": float(last["penalty"][best])}
    if not np.isnan(last["held_out"][best]):
        losses["held_out"] = float(last["held_out"][best])
    losses["learning_rate"] = state.rates[-1]
    if len(total) > 1:
        losses |= {f"start_{i}/loss": float(loss) for i, loss in enumerate(total)}
    return losses


def _best(outcomes: Sequence[_Outcome]) -> tuple[_Outcome, int]:
    """Return the best start, and those that it was fitted with."""
    found = [
        (o.descent.state.best_loss[i], n, i)
        for n, o in enumerate(outcomes)
        for i in range(len(o.descent.state.best_loss))
    ]
    _, number, start = min(found)
    return outcomes[number], start


def _write_best(network: MultilayeredNetwork, outcome: _Outcome, start: int) -> None:
    free = outcome.descent.problem.free.take([start])
    with torch.no_grad():
        free.write(network, free.entries(free.values()))


def _ensemble(outcomes: Sequence[_Outcome]) -> dict[str, npt.NDArray[np.float64]]:
    parts = [outcome.descent.problem.free.values() for outcome in outcomes]
    return {name: torch.cat([part[name].detach() for part in parts]).numpy() for name in parts[0]}
