"""What the members of a group do, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._arrays import FloatArray

__all__ = ["group_statistics"]


def group_statistics(labels: pd.Series, values: FloatArray, first_step: int) -> pd.DataFrame:
    """Summarise values by group and step.

    Parameters
    ----------
    labels : Series of text, length n
        Group of each row of `values`.
    values : ndarray, shape (n, steps)
        n is at least 1.
    first_step : int
        Number of the first column.

    Returns
    -------
    DataFrame
        `group`, `step`, `n` (members), `n_active` (members above 0), `mean` and `max` over all
        members; by group, then step.

    Notes
    -----
    Cost: one sort of the labels and one pass over the values.

    Examples
    --------
    >>> group_statistics(pd.Series(["b", "a", "b"]), np.array([[0.5], [0.2], [0.0]]), 1)
      group  step  n  n_active  mean  max
    0     a     1  1         1  0.20  0.2
    1     b     1  2         1  0.25  0.5
    """
    codes, names = pd.factorize(labels, sort=True)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(names)))
    members, in_order = np.bincount(codes, minlength=len(names)), values[order]
    steps = values.shape[1]
    n = np.repeat(members, steps)
    return pd.DataFrame(
        {
            "group": pd.Series(np.repeat(np.asarray(names, dtype=object), steps), dtype="string"),
            "step": np.tile(np.arange(first_step, first_step + steps, dtype=np.int64), len(names)),
            "n": n.astype(np.int64),
            "n_active": np.add.reduceat((in_order > 0).astype(np.int64), starts, axis=0).ravel(),
            "mean": np.add.reduceat(in_order, starts, axis=0).ravel() / n,
            "max": np.maximum.reduceat(in_order, starts, axis=0).ravel(),
        }
    )
