"""The strongest groups of a table, the rest summed up."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

__all__ = ["others_label", "strongest_groups"]


def strongest_groups(
    table: pd.DataFrame, limit: int = 25, *, always: Collection[str] = ()
) -> pd.DataFrame:
    """Keep the strongest groups of a stimulus or activations table and sum up the others.

    A group is as strong as its members' values summed over all steps.

    Parameters
    ----------
    table : DataFrame
        As of `stimulus_by_group` or `activations_by_group`. It is not changed.
    limit : int
        Most groups to keep, at least 1; silent ones are not kept. A single group that would be left
        over is kept as well.
    always : collection of str
        Groups to keep whatever their strength, before all others; they count towards `limit`.

    Returns
    -------
    DataFrame
        The columns of `table` and `n_groups`, the number of groups in the row: 1, and more in the
        rows of the others, which come last, one a step. Groups of equal strength are in the order
        of their names.

    Raises
    ------
    ValueError
        If `limit` is below 1.

    Notes
    -----
    Cost: one pass over the table.

    Examples
    --------
    >>> table = pd.DataFrame({"group": list("abcd"), "step": 0, "n": [1, 1, 3, 1],
    ...                       "n_active": 1, "mean": [0.1, 0.2, 0.3, 0.1],
    ...                       "max": [0.1, 0.2, 0.9, 0.1]})
    >>> strongest_groups(table, 2)
          group  step  n  n_active  mean  max  n_groups
    0         c     0  3         1   0.3  0.9         1
    1         b     0  1         1   0.2  0.2         1
    2  2 others     0  2         2   0.1  0.1         2
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}: keep at least 1 group")
    ranked, n_strong = _ranking(table, frozenset(always))
    kept = ranked[: min(limit, n_strong)]
    if len(kept) == len(ranked) - 1:
        kept = ranked
    place = table["group"].map({name: i for i, name in enumerate(kept)})
    strong = table.assign(n_groups=np.int64(1), place=place)[place.notna()]
    strong = strong.sort_values(["place", "step"]).drop(columns="place")
    if len(kept) == len(ranked):
        return strong.reset_index(drop=True)
    label = others_label(len(ranked) - len(kept), frozenset(kept))
    rest = _sum_up(table[place.isna()], label)
    return pd.concat([strong, rest], ignore_index=True)


def others_label(n: int, taken: Collection[str]) -> str:
    """Name what stands for `n` others, unlike any name that is taken.

    Examples
    --------
    >>> others_label(3, ["a"]), others_label(3, ["3 others"])
    ('3 others', '3 others*')
    """
    label = f"{n:,} others"
    while label in taken:
        label += "*"
    return label


def _ranking(table: pd.DataFrame, always: frozenset[str]) -> tuple[list[str], int]:
    """Names of all groups, those to keep anyway first, then by strength; how many may be kept."""
    strength = (table["mean"] * table["n"]).groupby(table["group"].astype(object)).sum()
    wanted = strength.index.isin(always)
    ranks = pd.DataFrame({"other": ~wanted, "weakness": -strength})
    names = ranks.sort_values(["other", "weakness"], kind="stable").index.tolist()
    return names, int((wanted | (strength > 0)).sum())


def _sum_up(rest: pd.DataFrame, label: str) -> pd.DataFrame:
    total = rest.assign(mean=rest["mean"] * rest["n"]).groupby("step")
    summed = total[["n", "n_active", "mean"]].sum().assign(max=total["max"].max())
    summed["mean"] /= summed["n"]
    summed["n_groups"] = total.size()
    summed = summed.reset_index()
    summed.insert(0, "group", pd.Series([label] * len(summed), dtype="string"))
    return summed[[*rest.columns, "n_groups"]]
