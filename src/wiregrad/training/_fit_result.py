"""What a fit returns: parameters before and after, what is predicted, and how it went."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from .._messages import few
from ..network import MultilayeredNetwork
from ._data import read_training_inputs
from ._fitted_network import require_fitted
from ._observation import Observation, Readout
from ._reading import Reading
from ._recording import Recording, channel_names, rows_of
from ._saved_fit import read_fit, write_fit
from ._tables import prediction_table

__all__ = ["FitResult"]


@dataclass(eq=False, repr=False)
class FitResult:
    """A fitted network, and all that is known of the fit.

    Attributes
    ----------
    network : MultilayeredNetwork or None
        The network that was given, with the parameters of the best start; None in a fit that was
        loaded without it.
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

    network: MultilayeredNetwork | None
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

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Save all of the fit but its network, which `wiregrad.save_network` keeps.

        Parameters
        ----------
        folder : str or Path
            A new folder, or one that holds a saved fit, which is replaced. It then holds
            `result.json`, tables in parquet and arrays in npz. The network goes into a folder of
            its own.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        ValueError
            If the folder holds other files.
        FileNotFoundError
            If there is no folder to make it in.
        OSError
            If it cannot be written; what was saved there before is then as it was.

        Notes
        -----
        Of a schedule that is a function its name is saved, and where some groups or channels are
        called by texts and others by numbers, texts. Cost: the bytes of tables and arrays,
        compressed.

        Examples
        --------
        >>> import tempfile, wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, "ASH", 2, device="cpu")
        >>> recording = wg.Recording(np.full((3, 1), 0.4), ["AVA"], steps=-1)
        >>> trainer = wg.Trainer("slope", epochs=2)
        >>> result = trainer.fit(network, np.ones((3, 2, 2)), recording, progress=False)
        >>> place = Path(tempfile.mkdtemp())
        >>> folder = result.save(place / "fit")
        >>> wg.save_network(result.network, place / "network")
        >>> network = wg.load_network(place / "network", worm, device="cpu")  # another day
        >>> again = wg.FitResult.load(folder, network)
        >>> again.train_loss == result.train_loss, again.arguments["epochs"]
        (True, 2)
        """
        path = Path(folder)
        write_fit(self, path)
        return path

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], network: MultilayeredNetwork | None = None
    ) -> FitResult:
        """Load what `save` saved.

        Parameters
        ----------
        folder : str or Path
        network : MultilayeredNetwork, optional
            The network that was fitted, as of `wiregrad.load_network`. `predict` needs it, and
            `wiregrad.report` says more with it.

        Raises
        ------
        ValueError
            If no fit is in the folder, a file is damaged or of a newer version, or the network is
            another one: of another connectome, or without the fitted values.
        """
        result = cls(**read_fit(Path(folder)), network=None)
        if network is not None:
            result.require_fitted(network)
            result.network = network
        return result

    def require_fitted(self, network: MultilayeredNetwork) -> None:
        """Refuse a network that is not the one that was fitted.

        Raises
        ------
        ValueError
            If it was made from another connectome, or has other steps or other values than the
            fitted ones. Factors on connections are not compared.
        """
        trainables = self.arguments.get("parameters", {})
        require_fitted(network, self.provenance, trainables, self.parameters)

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
            If the recording does not fit the stimuli, the network or the readout, or the fit was
            loaded without its network.

        Notes
        -----
        Cost: a run of the network.
        """
        network = self.network
        if network is None:
            raise ValueError(
                "this fit was loaded without its network, which predictions are made with: pass "
                "it, FitResult.load(folder, network), as of wiregrad.load_network"
            )
        given = read_training_inputs(stimuli, network)[..., : network.num_layers]
        rows, names = rows_of(recording, network, len(given)), channel_names(recording)
        per_channel = list(self.readout["channel"])
        if self.observation.readout == "channel" and names != per_channel:
            raise ValueError(
                f"the readout was fitted for the channels {few(per_channel)}, and the recording "
                f"has {few(names)}: give it the same ones, in the same order"
            )
        kernel = self.observation.kernel(network.num_layers)
        reading = Reading(network, 1, rows, kernel, leak=0.0, window=None)
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
