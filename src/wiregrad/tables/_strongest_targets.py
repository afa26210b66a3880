"""The targets that attain most, the rest summed up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._strongest import others_label
from ._targets import STATUSES

__all__ = ["strongest_targets"]


def strongest_targets(table: pd.DataFrame, limit: int = 30) -> pd.DataFrame:
    """Keep the rows of `targets_by_group` that attain most and sum up the others.

    Parameters
    ----------
    table : DataFrame
        As of `targets_by_group`. It is not changed.
    limit : int
        Rows to keep, at least 1. A single row that would be left over is kept as well.

    Returns
    -------
    DataFrame
        The columns of `table` and `n_groups`, by attained activation from the largest; equal ones
        stay in their order. The last row sums up the others, if there are any: `n_groups` is their
        number; `step`, `value` and `shortest_walk` are missing where they differ.

    Raises
    ------
    ValueError
        If `limit` is below 1.

    Notes
    -----
    Cost: one sort of the table.

    Examples
    --------
    >>> table = pd.DataFrame({"step": 3, "group": list("abc"), "value": 1.0, "n": [1, 1, 3],
    ...                       "attained": [0.2, 0.9, 0.4], "lowest": [0.2, 0.9, 0.1],
    ...                       "highest": [0.2, 0.9, 0.8], "resting": 0.0, "reached": 0,
    ...                       "improved": [1, 1, 3], "stuck": 0, "unreachable": 0,
    ...                       "shortest_walk": 2})
    >>> strongest_targets(table, 1)[["group", "step", "n", "attained", "lowest", "highest"]]
          group  step  n  attained  lowest  highest
    0         b     3  1      0.90     0.9      0.9
    1  2 others     3  4      0.35     0.1      0.8
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}: keep at least 1 row")
    ranked = table.sort_values("attained", ascending=False, kind="stable", ignore_index=True)
    ranked = ranked.astype({"step": "Int64", "shortest_walk": "Int64"}).assign(n_groups=np.int64(1))
    if len(ranked) <= limit + 1:
        return ranked
    rest = _sum_up(ranked[limit:], others_label(len(ranked) - limit, frozenset(table["group"])))
    return pd.concat([ranked[:limit], rest.astype(ranked.dtypes)], ignore_index=True)


def _sum_up(rest: pd.DataFrame, label: str) -> pd.DataFrame:
    counts = {name: rest[name].sum() for name in ("n", *STATUSES, "n_groups")}
    means = {name: np.average(rest[name], weights=rest["n"]) for name in ("attained", "resting")}
    common = {
        name: rest[name].iloc[0] if len(rest[name].drop_duplicates()) == 1 else None
        for name in ("step", "value", "shortest_walk")
    }
    summed = {**counts, **means, **common}
    summed |= {"group": label, "lowest": rest["lowest"].min(), "highest": rest["highest"].max()}
    return pd.DataFrame([summed], columns=rest.columns)
