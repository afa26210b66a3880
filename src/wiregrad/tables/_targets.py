"""Targets as a table: what was asked of each group or neuron, and what it attains."""

from __future__ import annotations

import pandas as pd

from ..network import MultilayeredNetwork
from ._labels import neuron_labels

__all__ = ["STATUSES", "targets_by_group"]

#: What a target can come to, from the best to the worst.
STATUSES = ("reached", "improved", "stuck", "unreachable")


def targets_by_group(
    network: MultilayeredNetwork, targets: pd.DataFrame, by: str = "group"
) -> pd.DataFrame:
    """Summarise the targets of a result by group, or name them one by one.

    Parameters
    ----------
    network : MultilayeredNetwork
    targets : DataFrame
        `result.targets`, or the rows of one batch member; several members are counted together.
    by : {"group", "id"}
        A row a group of neurons, or a row a neuron.

    Returns
    -------
    DataFrame
        A row for each step, group (or neuron) and asked value, in this order:

        - `step`: steps taken when the activation is asked for; layer + 1;
        - `group`: group, or id with `by="id"`;
        - `value`: activation asked for;
        - `n`: targets in the row;
        - `attained`, `lowest`, `highest`: mean and range of the activation attained;
        - `resting`: mean activation without any stimulus;
        - `reached`, `improved`, `stuck`, `unreachable`: targets of each status;
        - `shortest_walk`: fewest hops from the inputs to one of them; missing where there is none.

    Raises
    ------
    ValueError
        If `by` is neither, or a column is missing.

    Notes
    -----
    Cost: one pass over the targets and the neurons' labels.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 3, device="cpu")
    >>> targets = pd.DataFrame({"layer": 2, "neuron": [53, 54], "value": 1.0, "resting": 0.0,
    ...                         "attained": [0.99, 0.5], "status": ["reached", "improved"],
    ...                         "shortest_walk": pd.array([1, 1], dtype="Int64")})
    >>> targets_by_group(network, targets)[["step", "group", "n", "attained", "reached"]]
       step group  n  attained  reached
    0     3   AVA  2     0.745        1
    """
    if by not in ("group", "id"):
        raise ValueError(f"by is 'group' or 'id', not {by!r}")
    needed = {"layer", "neuron", "value", "attained", "resting", "status", "shortest_walk"}
    missing = sorted(needed - set(targets.columns))
    if missing:
        raise ValueError(f"targets lack the columns {', '.join(missing)}: pass result.targets")
    names = neuron_labels(network)[by].take(targets["neuron"].to_numpy()).array
    table = targets.reset_index(drop=True).assign(group=names, step=targets["layer"].array + 1)
    for status in STATUSES:
        table[status] = (table["status"] == status).astype("int64")
    grouped = table.groupby(["step", "group", "value"], as_index=False)
    return grouped.agg(
        n=("attained", "size"),
        attained=("attained", "mean"),
        lowest=("attained", "min"),
        highest=("attained", "max"),
        resting=("resting", "mean"),
        **{status: (status, "sum") for status in STATUSES},
        shortest_walk=("shortest_walk", "min"),
    )
