"""The trainer: how a network is fitted to recordings, apart from the network and the recordings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from .._messages import did_you_mean, few
from ..gradients import not_negative, positive, share, whole_number
from ..network import MultilayeredNetwork, read_window
from ._callbacks import Listener
from ._fit import FitCall, run_fit
from ._fit_result import FitResult
from ._folds import CrossValidation, run_folds
from ._losses import LOSSES
from ._observation import Observation
from ._parameters import Trainable, read_trainables
from ._recording import Recording
from ._schedule import Schedule, check_schedule

__all__ = ["Trainer"]


@dataclass(frozen=True)
class Trainer:
    """How to fit a network's parameters to recordings; to be used on as many as you like.

    Parameters
    ----------
    parameters : names, or dict from name to Trainable
        What to train: "slope", "bias", "tau" (of networks that have it), "divisive" (strengths of
        presynaptic groups), "divisive_gain" (of pairs), "weight" (factors on connections, which
        keep their pattern and sign). A dict says how each is shared, bounded and held to its start.
    loss : {"l1", "squared", "correlation"}
        Weighted mean of |predicted - measured| or of its square; or 1 minus Pearson's correlation
        over the values of each channel, averaged over channels.
    observation : Observation
        How what is measured follows from activations: a calcium kernel, a readout.
    epochs : int
        Most passes over the training stimuli.
    learning_rate : float
        Step size of Adam in units of the parameter; for biases a tenth of it.
    schedule : {"constant", "linear", "cosine", "exponential"} or callable
        What the learning rate is multiplied with over the epochs: 1; down to 0 on a line or half a
        cosine; down to 0.01; or a function of the epoch.
    warmup : int
        Epochs over which the learning rate rises to its value.
    batch_size : int, optional
        Stimuli of one step; by default all. Smaller ones are drawn anew each epoch, and readouts
        are those of all training stimuli at its beginning.
    clip : float, optional
        Longest gradient, over all parameters of a start together.
    patience : int, optional
        Epochs without progress of the held-out loss after which a start is stopped.
    least_gain : float
        What counts as progress, as a share of the loss.
    restore_best : bool
        Whether to keep the parameters that did best on the stimuli held out (of those before,
        between and after the epochs; without any held out, on those trained on), else the last.
    n_starts : int
        Starts: the first at the network's values, the others drawn around them
        (`Trainable.spread`). They are trained as one batch, as far as memory allows.
    leak : float
        Slope of a surrogate gradient below the threshold, as a share of the slope above. A silent
        neuron has no gradient; with a leak it can be woken. It is used in the first third of the
        epochs, a tenth of it in the second, and the true gradient in the last. 0: throughout.
    seed : int
        For stimuli held out, minibatches and starts.
    checkpoint_steps : int, optional
        Steps of the network kept in memory for the gradient, as in `MultilayeredNetwork.forward`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range; the message names it.

    Notes
    -----
    Bounds are kept by one smooth map for all parameters, see `Trainable`. Cost of an epoch: for
    each start a forward and a backward run of the training stimuli, and a forward run of those held
    out; with minibatches a forward run of all stimuli besides. Memory as of
    `network.memory_estimate(batch, gradient=True)`, times the starts that fit.

    Source: the optimiser is Adam (Kingma and Ba 2015); a readout in closed form within the gradient
    is variable projection (Golub and Pereyra 1973); surrogate gradients are discussed by Neftci et
    al. 2019, IEEE Signal Process Mag 36:51.

    Examples
    --------
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> groups = {0: "s", 1: "a", 2: "b"}
    >>> true = MultilayeredNetwork(chain, [0], idx_to_group=groups, slope_dict={"a": 2, "b": 4})
    >>> stimuli = np.linspace(0.1, 1, 20).reshape(10, 1, 2)
    >>> recording = Recording(true(stimuli)[:, 1:].cpu().numpy(), neurons=["a", "b"])
    >>> network = MultilayeredNetwork(chain, [0], idx_to_group=groups)
    >>> trainer = Trainer({"slope": Trainable(bounds=(0.1, 20))}, learning_rate=0.1)
    >>> result = trainer.fit(network, stimuli, recording, progress=False)
    >>> result.parameters[["name", "start", "fitted"]].round(1).values.tolist()
    [['a', 5.0, 2.0], ['b', 5.0, 4.0], ['s', 5.0, 5.0]]
    """

    parameters: Iterable[str] | Mapping[str, Trainable | None] = ("slope", "bias")
    loss: str = "l1"
    observation: Observation = field(default_factory=Observation)
    epochs: int = 300
    learning_rate: float = 0.05
    schedule: Schedule = "constant"
    warmup: int = 0
    batch_size: int | None = None
    clip: float | None = None
    patience: int | None = None
    least_gain: float = 1e-3
    restore_best: bool = True
    n_starts: int = 1
    leak: float = 0.1
    seed: int = 0
    checkpoint_steps: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", read_trainables(self.parameters))
        if self.loss not in LOSSES:
            raise ValueError(
                f"loss={self.loss!r} is none of {few(map(repr, LOSSES))}"
                f"{did_you_mean(str(self.loss), LOSSES)}"
            )
        if not isinstance(self.observation, Observation):
            raise TypeError(
                f"observation is a wiregrad.Observation, not {type(self.observation).__name__}"
            )
        for name, least in (("epochs", 0), ("warmup", 0), ("n_starts", 1), ("seed", 0)):
            whole_number(name, getattr(self, name), least=least)
        for name in ("batch_size", "patience"):
            if getattr(self, name) is not None:
                whole_number(name, getattr(self, name))
        positive("learning_rate", self.learning_rate)
        if self.clip is not None:
            positive("clip", self.clip)
        not_negative("least_gain", self.least_gain)
        share("leak", self.leak)
        check_schedule(self.schedule)
        read_window(self.checkpoint_steps)

    def settings(self) -> dict[str, Any]:
        """Return the arguments by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def fit(
        self,
        network: MultilayeredNetwork,
        stimuli: Tensor | np.ndarray,
        recording: Recording | pd.DataFrame,
        *,
        held_out: float | Sequence[int] | np.ndarray = 0.2,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 10,
        callbacks: Sequence[Listener] = (),
        stability: bool = True,
        progress: bool = True,
    ) -> FitResult:
        """Fit a network, which gets the parameters of the best start.

        Parameters
        ----------
        network : MultilayeredNetwork
            Its values are the start, and what penalties hold to.
        stimuli : ndarray or Tensor, shape (batch, sensory, step)
            Values used in [threshold, 1].
        recording : Recording or DataFrame
            What was measured; a frame as for `Recording.from_table`.
        held_out : float or sequence of int
            Share of the measured stimuli to hold out, drawn with the seed; or which ones.
        checkpoint : path, optional
            A folder. A run that was killed and is asked again the same goes on from what is there,
            to the same result.
        checkpoint_every : int
            Epochs between two checkpoints.
        callbacks : sequence
            `TensorBoardLog`, `WeightsAndBiasesLog`, a function of the epoch and a dict of losses,
            or anything with their methods `begin`, `epoch` and `end`.
        stability : bool
            Whether to work out the spectral radius at a few training stimuli, before and after.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        FitResult

        Raises
        ------
        ValueError
            If stimuli, recording or parameters do not fit the network, nothing is left to train
            on, the checkpoint is of another run, or the loss of every start comes to NaN: the
            network is as it was then.
        MemoryError
            If a step cannot fit into memory.

        Warns
        -----
        UserWarning
            If training drives the spectral radius beyond 1.

        Notes
        -----
        Control-C stops the training; the network gets the best parameters so far, and the result
        says `interrupted`.
        """
        call = FitCall(
            held_out=held_out,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            checkpoint_every=whole_number("checkpoint_every", checkpoint_every),
            callbacks=tuple(callbacks),
            stability=stability,
            progress=progress,
        )
        return run_fit(self, network, stimuli, recording, call)

    def cross_validate(
        self,
        network: MultilayeredNetwork,
        stimuli: Tensor | np.ndarray,
        recording: Recording | pd.DataFrame,
        *,
        folds: int = 5,
        keep_together: Sequence[object] | np.ndarray | None = None,
        held_out: float = 0.2,
        progress: bool = True,
    ) -> CrossValidation:
        """Fit the network to all but a part of the stimuli, and predict that part; for each part.

        Parameters
        ----------
        network : MultilayeredNetwork
            It is left as it is.
        stimuli, recording
            As for `fit`.
        folds : int
            Parts; as many as there are measured stimuli to leave out one at a time.
        keep_together : sequence, optional
            A label of each stimulus: those with the same (an odour at several dilutions) are in the
            same part.
        held_out : float
            Share of the stimuli trained on that is held out for early stopping. The part that is
            predicted is never looked at.
        progress : bool

        Returns
        -------
        CrossValidation

        Raises
        ------
        ValueError
            As for `fit`, or if there are fewer stimuli, or labels, than folds.
        """
        return run_folds(
            self, network, stimuli, recording, folds, keep_together, held_out, progress
        )
