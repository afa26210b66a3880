"""What a fit returns: parameters before and after, what is predicted, and how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork
from ._data import read_training_inputs
from ._observation import Observation, Readout
from ._reading import Reading
from ._recording import Recording, channel_names, rows_of
from ._tables import prediction_table

__all__ = ["FitResult"]


@dataclass(eq=False, repr=False)
class FitResult:
    """A fitted network, and all that is known of the fit.

    Attributes
    ----------
    network : MultilayeredNetwork
        The network that was given, with the parameters of the best start.
    parameters : DataFrame
        A row a value that was trained: `parameter`, `name` (of the group, or the presynaptic one of
        a pair), `post` (postsynaptic group of a pair), `start` and `fitted` (before and after;
        gains are factors on the weights), and over the ensemble `mean`, `sd`, `lowest`, `highest`.
    ensemble : dict of ndarray, each of shape (n_starts, n_values)
        The values of every start, by parameter, in the order of `parameters`.
    starts : DataFrame
        A row a start: `start`, `epoch` (epochs behind the parameters kept), `loss` (of what was
        judged: the stimuli held out, or where there are none those trained on, with penalties),
        `stopped` (why), `best` (whether the network has its parameters).
    history : DataFrame
        A row a start and epoch: `start`, `epoch`, `loss` (`data_loss` + `penalty`), `data_loss`,
        `penalty`, `held_out`, `learning_rate`; all of the parameters before that epoch's steps.
    predictions : DataFrame
        A row a value measured: `batch`, `channel`, `layer` (missing: the mean over steps),
        `value`, `weight`, `predicted` (through the observation model), `held_out`.
    readout : DataFrame
        `channel`, `gain`, `offset`; without rows where activations are measured as they are.
    observation : Observation
    train_members, held_out_members : ndarray of int64
        Stimuli trained on, and held out.
    train_loss, held_out_loss : float
        Of the network now, without penalties; NaN where nothing is held out.
    first_train_loss, first_held_out_loss : float
        The same before training.
    radius_before, radius : float
        Spectral radius of the linearised network, the largest over some stimuli; NaN where it was
        not asked for.
    interrupted : bool
        Whether it was stopped by control-C.
    seed : int
    arguments : dict
        What is needed to do it again: the trainer's settings and those of the call.
    version : str
    provenance : dict
        Where the network comes from.
    seconds : float
    """

    network: MultilayeredNetwork
    parameters: pd.DataFrame
    ensemble: dict[str, npt.NDArray[np.float64]]
    starts: pd.DataFrame
    history: pd.DataFrame
    predictions: pd.DataFrame
    readout: pd.DataFrame
    observation: Observation
    train_members: npt.NDArray[np.int64]
    held_out_members: npt.NDArray[np.int64]
    train_loss: float
    held_out_loss: float
    first_train_loss: float
    first_held_out_loss: float
    radius_before: float
    radius: float
    interrupted: bool
    seed: int
    arguments: dict[str, Any]
    version: str
    provenance: dict[str, Any]
    seconds: float

    def __repr__(self) -> str:
        best = self.starts[self.starts["best"]].iloc[0]
        counts = self.parameters["parameter"].value_counts(sort=False)
        trained = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        lines = [
            f"FitResult of {trained} values, {len(self.starts)} "
            f"{'start' if len(self.starts) == 1 else 'starts'}, in {self.seconds:.1f} s"
            + (", interrupted" if self.interrupted else ""),
            f"training loss {self.first_train_loss:.4g} at first, {self.train_loss:.4g} with the "
            f"parameters kept, those after {best['epoch']:,} epochs",
        ]
        if len(self.held_out_members):
            lines.append(f"held out: {self.first_held_out_loss:.4g}, {self.held_out_loss:.4g}")
        if not np.isnan(self.radius):
            lines.append(f"spectral radius {self.radius_before:.3g}, {self.radius:.3g}")
        return "\n  ".join(lines)

    def correlation(self, held_out: bool = True) -> float:
        """Return Pearson's correlation of what was predicted and measured, over all values.

        Parameters
        ----------
        held_out : bool
            Of the stimuli held out, or of those trained on.

        Returns
        -------
        float
            NaN where there are fewer than two values, or one side does not vary.
        """
        rows = self.predictions[self.predictions["held_out"] == held_out]
        measured, predicted = rows["value"].to_numpy(), rows["predicted"].to_numpy()
        if len(rows) < 2 or measured.std() == 0 or predicted.std() == 0:
            return float("nan")
        return float(np.corrcoef(measured, predicted)[0, 1])

    def predict(
        self, stimuli: Tensor | npt.NDArray[Any], recording: Recording | pd.DataFrame
    ) -> pd.DataFrame:
        """Predict what is measured of other stimuli, with the readout as it was fitted.

        Parameters
        ----------
        stimuli : ndarray or Tensor, shape (batch, sensory, step)
        recording : Recording or DataFrame
            What is to be predicted: of the same channels, in the same order, where there is a
            readout. Its values come back beside the predictions.

        Returns
        -------
        DataFrame
            As `predictions`, without `held_out`.

        Raises
        ------
        ValueError
            If the recording does not fit the stimuli, the network or the readout.

        Notes
        -----
        Cost: a run of the network.
        """
        given = read_training_inputs(stimuli, self.network)[..., : self.network.num_layers]
        rows, names = rows_of(recording, self.network, len(given)), channel_names(recording)
        per_channel = list(self.readout["channel"])
        if self.observation.readout == "channel" and names != per_channel:
            raise ValueError(
                f"the readout was fitted for the channels {few(per_channel)}, and the recording "
                f"has {few(names)}: give it the same ones, in the same order"
            )
        kernel = self.observation.kernel(self.network.num_layers)
        reading = Reading(self.network, 1, rows, kernel, leak=0.0, window=None)
        with torch.no_grad():
            seen = reading(given)
        readout = Readout(None, None)
        if len(per_channel):
            gain, offset = (
                torch.from_numpy(self.readout[name].to_numpy(copy=True))[None]
                for name in ("gain", "offset")
            )
            readout = Readout(gain, offset)
        predicted = readout(seen, torch.from_numpy(rows.channel))[0].numpy()
        table = prediction_table(rows, predicted, np.arange(len(given)), len(given), names)
        return table.drop(columns="held_out")
