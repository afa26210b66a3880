"""The tables of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ._descent import Descent
from ._observation import Readout
from ._recording import MEAN, Rows

__all__ = [
    "history_table",
    "parameter_table",
    "prediction_table",
    "readout_table",
    "start_table",
]


def parameter_table(descents: Sequence[Descent], best: Descent, start: int) -> pd.DataFrame:
    """Make the table of values before and after, with their spread over all starts."""
    tables = []
    for name, slot in best.problem.free.slots.items():
        with torch.no_grad():
            values = np.concatenate([d.problem.free.values()[name].numpy() for d in descents])
            fitted = best.problem.free.values()[name][start].numpy()
        names = slot.units.names
        pairs = [
            unit if isinstance(unit, tuple) and len(unit) == 2 else (unit, None) for unit in names
        ]
        tables.append(
            pd.DataFrame(
                {
                    "parameter": name,
                    "name": pd.Series([pre for pre, _ in pairs], dtype=object),
                    "post": pd.Series([post for _, post in pairs], dtype=object),
                    "start": slot.start.numpy(),
                    "fitted": fitted,
                    "mean": values.mean(axis=0),
                    "sd": values.std(axis=0),
                    "lowest": values.min(axis=0),
                    "highest": values.max(axis=0),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def start_table(states: Sequence[Any]) -> pd.DataFrame:
    """Make the table of starts."""
    table = pd.DataFrame(
        {
            "epoch": np.concatenate([state.best_epoch for state in states]),
            "loss": np.concatenate([state.best_loss for state in states]),
            "stopped": [why for state in states for why in state.stopped],
        }
    )
    table.insert(0, "start", np.arange(len(table)))
    table["best"] = table.index == int(np.argmin(table["loss"].to_numpy()))
    return table


def history_table(states: Sequence[Any]) -> pd.DataFrame:
    """Make the table of losses by start and epoch; those after a start has stopped are left out."""
    tables, first = [], 0
    for state in states:
        n_starts = len(state.best_loss)
        n_epochs = len(state.rates)
        epoch, start = (axis.ravel() for axis in np.indices((n_epochs, n_starts)))
        columns = {
            name: np.array(values[:n_epochs]).reshape(n_epochs, n_starts).ravel()
            for name, values in state.history.items()
        }
        table = pd.DataFrame({"start": start + first, "epoch": epoch, **columns})
        table.insert(2, "loss", table["data_loss"] + table["penalty"])
        table["learning_rate"] = np.array(state.rates, dtype=np.float64)[epoch]
        tables.append(table[table["data_loss"].notna()])
        first += n_starts
    return pd.concat(tables).sort_values(["start", "epoch"], ignore_index=True)


def prediction_table(
    rows: Rows,
    predicted: npt.NDArray[np.float64],
    members: npt.NDArray[np.int64],
    n_train: int,
    names: Sequence[object],
) -> pd.DataFrame:
    """Make the table of what was measured and is predicted."""
    table = pd.DataFrame(
        {
            "batch": members[rows.member],
            "channel": pd.Series([names[i] for i in rows.channel], dtype=object),
            "layer": np.where(rows.layer == MEAN, np.nan, rows.layer),
            "value": rows.value,
            "weight": rows.weight,
            "predicted": predicted,
            "held_out": rows.member >= n_train,
        }
    )
    return table.sort_values(["batch", "layer"], kind="stable", ignore_index=True)


def readout_table(readout: Readout, start: int, names: Sequence[object]) -> pd.DataFrame:
    """Make the table of gains and offsets; empty where activations are measured as they are."""
    if readout.gain is None or readout.offset is None:
        return pd.DataFrame(
            {"channel": pd.Series(dtype=object), "gain": np.empty(0), "offset": np.empty(0)}
        )
    gain, offset = (part[start].numpy() for part in (readout.gain, readout.offset))
    shown = list(names) if len(gain) == len(names) else ["(all)"]
    return pd.DataFrame({"channel": pd.Series(shown, dtype=object), "gain": gain, "offset": offset})
