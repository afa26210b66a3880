"""Cross-validation: every stimulus is predicted by a network that has not seen it."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..gradients import share, whole_number
from ..network import MultilayeredNetwork
from ._data import read_training_inputs
from ._fit import FitCall, run_fit, split_members
from ._fit_result import FitResult
from ._losses import LOSSES, Measured
from ._recording import Recording, rows_of
from ._saved_fit import read_folds, write_folds

if TYPE_CHECKING:
    from ._trainer import Trainer

__all__ = ["CrossValidation", "run_folds"]

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation:
    """What came of a cross-validation.

    Attributes
    ----------
    folds : DataFrame
        A row a fold: `fold`, `n_predicted` (stimuli), `train_loss`, `held_out_loss` (of the stimuli
        held out for early stopping), `test_loss` and `test_correlation` (of those predicted).
    predictions : DataFrame
        As of `FitResult`, each stimulus as predicted by the network that has not seen it, with the
        `fold`.
    parameters : DataFrame
        As of `FitResult`, one below the other, with the `fold`: how much values hang on stimuli.
    seed : int
    """

    folds: pd.DataFrame
    predictions: pd.DataFrame
    parameters: pd.DataFrame
    seed: int

    @property
    def correlation(self) -> float:
        """Pearson's correlation of predicted and measured; NaN if one of them is constant."""
        measured = self.predictions["value"].to_numpy()
        predicted = self.predictions["predicted"].to_numpy()
        if measured.std() == 0 or predicted.std() == 0:
            return float("nan")
        return float(np.corrcoef(measured, predicted)[0, 1])

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Save it: `result.json` and tables in parquet.

        Parameters
        ----------
        folder : str or Path
            A new folder, or one that holds a saved cross-validation, which is replaced.

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
        """
        path = Path(folder)
        write_folds(self, path)
        return path

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> CrossValidation:
        """Load what `save` saved.

        Raises
        ------
        ValueError
            If no cross-validation is in the folder, or one of a newer version, or a file is
            damaged.
        """
        return cls(**read_folds(Path(folder)))

    def __repr__(self) -> str:
        losses = self.folds["test_loss"]
        return (
            f"CrossValidation of {len(self.folds)} folds, "
            f"{self.predictions['batch'].nunique():,} stimuli predicted: loss {losses.mean():.4g} "
            f"({losses.min():.4g} to {losses.max():.4g}), correlation {self.correlation:.3f}"
        )


def run_folds(
    trainer: Trainer,
    network: MultilayeredNetwork,
    stimuli: Tensor | npt.NDArray[Any],
    recording: Recording | pd.DataFrame,
    folds: int,
    keep_together: Sequence[object] | npt.NDArray[Any] | None,
    held_out: float,
    progress: bool,
) -> CrossValidation:
    """See `Trainer.cross_validate`."""
    share("held_out", held_out)
    if not isinstance(recording, Recording):
        recording = Recording.from_table(recording)
    given = read_training_inputs(stimuli, network)[..., : network.num_layers]
    rows = rows_of(recording, network, len(given))
    parts = _draw_folds(np.unique(rows.member), folds, keep_together, len(given), trainer.seed)
    scores, predictions, parameters = [], [], []
    for fold, part in enumerate(tqdm(parts, desc="folds", disable=not progress)):
        rest = recording.of_stimuli(np.setdiff1d(np.unique(rows.member), part))
        _, out = split_members(rows_of(rest, network, len(given)), held_out, fold)
        network.activations = []  # not to be copied
        call = FitCall(out if len(out) else 0.0, stability=False, progress=False)
        result = run_fit(trainer, copy.deepcopy(network), given, rest, call)
        tested = result.predict(given, recording.of_stimuli(part))
        scores.append({"fold": fold, "n_predicted": len(part), **_scores(result, tested, trainer)})
        predictions.append(tested.assign(fold=fold))
        parameters.append(result.parameters.assign(fold=fold))
    return CrossValidation(
        pd.DataFrame(scores),
        pd.concat(predictions).sort_values(["batch", "layer"], kind="stable", ignore_index=True),
        pd.concat(parameters, ignore_index=True),
        trainer.seed,
    )


def _draw_folds(
    measured: IndexArray,
    folds: int,
    keep_together: Sequence[object] | npt.NDArray[Any] | None,
    n_stimuli: int,
    seed: int,
) -> list[IndexArray]:
    """Divide the measured stimuli into parts, those with the same label into the same one."""
    labels = np.arange(n_stimuli)
    if keep_together is not None:
        if len(keep_together) != n_stimuli:
            raise ValueError(
                f"keep_together has {len(keep_together):,} labels, but there are {n_stimuli:,} "
                "stimuli"
            )
        labels = pd.factorize(pd.Series(list(keep_together), dtype=object))[0]
    different = np.unique(labels[measured])
    whole_number("folds", folds, least=2)
    if folds > len(different):
        raise ValueError(
            f"folds={folds}: there are {len(different):,} measured stimuli"
            + ("" if keep_together is None else " with different labels")
        )
    drawn = np.random.default_rng(seed).permutation(different)
    return [measured[np.isin(labels[measured], drawn[fold::folds])] for fold in range(folds)]


def _scores(result: FitResult, tested: pd.DataFrame, trainer: Trainer) -> dict[str, float]:
    """Return the losses of a fold, and the correlation of what is predicted and measured."""
    predicted, measured = (tested[name].to_numpy(copy=True) for name in ("predicted", "value"))
    varies = len(tested) > 1 and predicted.std() > 0 and measured.std() > 0
    codes, _ = pd.factorize(tested["channel"])
    weight = tested["weight"].to_numpy(copy=True)
    rows = Measured.of(measured, weight, codes.astype(np.int64), int(codes.max()) + 1)
    loss = LOSSES[trainer.loss](torch.from_numpy(predicted)[None], rows)
    return {
        "train_loss": result.train_loss,
        "held_out_loss": result.held_out_loss,
        "test_loss": float(loss),
        "test_correlation": float(np.corrcoef(measured, predicted)[0, 1]) if varies else np.nan,
    }
