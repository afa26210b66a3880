"""What a training returns: eight fields to unpack, and all that is known of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from ..network import MultilayeredNetwork

__all__ = ["TrainingResult"]

IndexArray = npt.NDArray[np.int64]


class _Fields(NamedTuple):
    model: MultilayeredNetwork
    history: dict[str, list[float]]
    train_inputs: Tensor
    val_inputs: Tensor
    train_targets: pd.DataFrame
    val_targets: pd.DataFrame
    train_indices: IndexArray
    val_indices: IndexArray


class TrainingResult(_Fields):
    """A trained network, how it was trained, and on what.

    It unpacks as a tuple of its first eight fields.

    Attributes
    ----------
    model : MultilayeredNetwork
        The network that was given, trained in place.
    history : dict of lists of float
        One entry an epoch, of the parameters before that epoch's step: `loss` (the sum of the next
        two), `activation_loss` (mean absolute distance from the training targets, an activation),
        `param_reg_loss` (penalty on change), `val_loss` (distance from the validation targets).
        `mse_loss` is another name for `activation_loss`, kept from connectome_interpreter; it is no
        mean of squares.
    train_inputs, val_inputs : Tensor, shape (n_members, sensory, step)
        The stimuli of the members that were drawn for training, in the order in which they were,
        and of the others.
    train_targets, val_targets : DataFrame
        Their rows of the targets, by member as the caller counts them; `batch` is now the place in
        `train_inputs` or `val_inputs`.
    train_indices, val_indices : ndarray of int64
        These members, as the caller counts them.
    kept_epoch : int
        Steps behind the parameters that the network has now: history entry `kept_epoch` is theirs
        (after the last step there is none).
    kept_val_loss : float
        Their validation loss; NaN where it was not worked out.
    interrupted : bool
        Whether it was stopped by control-C.
    seed : int
        What the members to train on were drawn with.
    arguments : dict
        The other arguments of the call.
    version : str
        The package's version.
    provenance : dict
        Where the network comes from; empty for a network made from bare weights.
    seconds : float
        How long it took.
    """

    kept_epoch: int
    kept_val_loss: float
    interrupted: bool
    seed: int
    arguments: dict[str, Any]
    version: str
    provenance: dict[str, Any]
    seconds: float

    def __repr__(self) -> str:
        losses = self.history["activation_loss"]
        lines = [f"TrainingResult after {len(losses):,} epochs in {self.seconds:.1f} s"]
        if losses:
            before = self.history["val_loss"][0]
            lines += [
                f"training: {losses[0]:.4g} from the targets at first, {losses[-1]:.4g} at last",
                f"validation: {before:.4g} at first, {self.kept_val_loss:.4g} with the parameters "
                f"kept, those after {self.kept_epoch:,} steps",
            ]
        return "\n  ".join(lines)
