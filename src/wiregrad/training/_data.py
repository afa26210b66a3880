"""What a network is trained on: stimuli and responses, checked and split in two."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from .._messages import did_you_mean, few
from ..gradients import given_tensor, refuse_rows, whole_numbers
from ..network import MultilayeredNetwork, require_finite
from ._responses import Responses, find_responses

__all__ = ["Part", "read_training_inputs", "split_data"]

IndexArray = npt.NDArray[np.int64]

_COLUMNS = ["batch", "neuron_idx", "value"]


@dataclass(frozen=True, eq=False)
class Part:
    """The training or the validation part of the data.

    Attributes
    ----------
    indices : ndarray of int64, shape (n_members,)
        Its members among all.
    inputs : Tensor, shape (n_members, sensory, step)
        Their stimuli, in this order.
    targets : DataFrame
        Their rows of the targets by member among all; `batch` counts them in the order of
        `indices`.
    responses : Responses
        The same as tensors.
    """

    indices: IndexArray
    inputs: Tensor
    targets: pd.DataFrame
    responses: Responses


def read_training_inputs(inputs: Tensor | np.ndarray, model: MultilayeredNetwork) -> Tensor:
    """Check the stimuli and convert them to the network's dtype and device.

    Returns
    -------
    Tensor, shape (batch, sensory, step)
        With all its steps, though the network may use fewer.

    Raises
    ------
    ValueError
        If the shape does not fit, or a value is NaN or infinite.
    TypeError
        If it is neither an array nor a tensor, or holds no real numbers.
    """
    stimuli = given_tensor(inputs, "inputs", model)
    n_sensory, n_steps = len(model.sensory_indices), model.num_layers
    if stimuli.ndim != 3 or stimuli.shape[1] != n_sensory or stimuli.shape[2] < n_steps:
        raise ValueError(
            f"inputs have shape {tuple(stimuli.shape)}, but training needs (batch, sensory, step) "
            f"= (batch, {n_sensory}, {n_steps})"
        )
    require_finite(stimuli, "inputs hold", "numpy.nan_to_num")
    if stimuli.shape[2] > n_steps:
        warnings.warn(
            f"inputs have {stimuli.shape[2]} steps but the network has num_layers={n_steps}: the "
            f"first {n_steps} are used",
            stacklevel=3,
        )
    return stimuli


def split_data(
    inputs: Tensor,
    targets: pd.DataFrame,
    model: MultilayeredNetwork,
    train_fraction: float,
    seed: int,
) -> tuple[Part, Part]:
    """Check the targets, and draw the members to train on.

    Returns
    -------
    train, validation : Part
        The members drawn, in the order in which they were, and the others, ascending.

    Raises
    ------
    ValueError
        If the targets lack a column, hold NaN or infinity or name what is not in the network, or
        nothing is left to train on.
    TypeError
        If they are no frame.

    Notes
    -----
    Cost: two sorts of the targets. The indices are those that connectome_interpreter draws with
    the same seed; the global random state is neither read nor set.
    """
    batch = _check_targets(targets)
    known = _known_members(batch, len(inputs))
    targets, batch = targets[known], batch[known]
    responses = find_responses(targets.reset_index(drop=True), batch, model)
    drawn, others = _draw(len(inputs), train_fraction, seed)
    train, validation = (
        Part(
            indices=members,
            inputs=inputs[members],
            targets=_rows_of(targets, batch, members),
            responses=responses.of_members(members),
        )
        for members in (drawn, others)
    )
    _require_rows(train, validation)
    return train, validation


def _check_targets(targets: pd.DataFrame) -> IndexArray:
    """Check what can be checked without the network; return the column `batch`."""
    if not isinstance(targets, pd.DataFrame):
        raise TypeError(
            f"targets are a DataFrame with the columns {_COLUMNS} and perhaps 'layer', not "
            f"{type(targets).__name__}"
        )
    missing = [column for column in _COLUMNS if column not in targets.columns]
    if missing:
        raise ValueError(
            "Targets DataFrame must contain columns: 'batch', 'neuron_idx', 'value', and 'layer' "
            f"where a value is one of a step; it lacks {few(missing)} and has "
            f"{few(targets.columns, limit=20)}{did_you_mean(missing[0], targets.columns)}"
        )
    if targets.empty:
        raise ValueError("there are no targets: the frame has no rows")
    read = [column for column in ("batch", "layer", "neuron_idx") if column in targets.columns]
    values = pd.to_numeric(targets["value"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = targets[read].isna().any(axis=1).to_numpy() | ~np.isfinite(values)
    if wrong.any():
        refuse_rows(
            targets,
            wrong,
            f"{wrong.sum():,} rows of the targets hold NaN, infinity or a value that is no number; "
            "drop them (targets.dropna()) or fill them (targets.fillna(0))",
        )
    return whole_numbers(targets, "batch")


def _known_members(batch: IndexArray, n_members: int) -> npt.NDArray[np.bool_]:
    """Say which rows are of members that have a stimulus; warn of the others."""
    known = (batch >= 0) & (batch < n_members)
    strangers = few(np.unique(batch[~known]).tolist())
    there_are = f"inputs have {n_members:,} batch members, counted from 0"
    if not known.any():
        raise ValueError(f"no row of the targets has a stimulus: {there_are}, not {strangers}")
    if not known.all():
        warnings.warn(
            f"{(~known).sum():,} rows of the targets are left out: there is no stimulus for their "
            f"batch {strangers}; {there_are}",
            stacklevel=4,
        )
    return known


def _draw(n_members: int, train_fraction: float, seed: int) -> tuple[IndexArray, IndexArray]:
    """Draw the members to train on; return them and the others."""
    n_train = int(n_members * train_fraction)
    if n_train == 0:
        raise ValueError(
            f"nothing to train on: train_fraction={train_fraction} of {n_members:,} batch members "
            "is less than one"
        )
    drawn = np.random.RandomState(seed).choice(n_members, n_train, replace=False)
    return drawn.astype(np.int64), np.setdiff1d(np.arange(n_members), drawn)


def _rows_of(targets: pd.DataFrame, batch: IndexArray, members: IndexArray) -> pd.DataFrame:
    """Return the rows of some members, sorted by member; `batch` becomes the place in the list."""
    order = np.argsort(batch, kind="stable")
    place = pd.Index(members).get_indexer(pd.Index(batch[order]))
    kept = place >= 0
    return targets.iloc[order[kept]].assign(batch=place[kept].astype(np.int64))


def _require_rows(train: Part, validation: Part) -> None:
    if not len(train.responses):
        raise ValueError(
            f"nothing to train on: none of the {len(train.indices):,} batch members that were "
            "drawn has a target; give every member one, or set another train_fraction or seed"
        )
    if not len(validation.responses):
        warnings.warn(
            "there is nothing to validate on: val_loss is NaN, and the last parameters are kept; "
            f"{len(validation.indices):,} batch members are not trained on, and none of them has "
            "a target",
            stacklevel=4,
        )
