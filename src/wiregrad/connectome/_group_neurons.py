"""A connectome of groups: cell types in place of neurons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from ._merge_pairs import merge_pairs
from ._normalise import SHARE_UNIT
from ._signs import EdgeSigns, SignRule, has_sign_rule
from ._weights import signed_counts

if TYPE_CHECKING:
    from ._connectome import Connectome

__all__ = ["group_connectome"]

FloatArray = npt.NDArray[np.float64]


def group_connectome(
    connectome: Connectome, column: str, sign: SignRule, transmitter_signs: Mapping[str, float]
) -> Connectome:
    """Merge the neurons of each group; see `Connectome.group`."""
    from ._connectome import Connectome

    codes, names = pd.factorize(connectome.group_labels(column), sort=True)
    members, n_groups = connectome.counts, len(names)
    codes = codes.astype(np.int64)
    pre = np.repeat(codes, np.diff(members.indptr))
    pairs = merge_pairs(pre, codes[members.indices], n_groups)
    counts = sparse.csr_array(
        (pairs.add(members.data), (pairs.pre, pairs.post)), shape=(n_groups, n_groups)
    )
    scale: FloatArray | float = 1.0
    if connectome.unit == SHARE_UNIT:  # of a member's input: the group's is the mean of them
        scale = 1 / np.bincount(codes)[counts.indices]
    counts.data *= scale
    known = sign is not None or connectome.edge_signs is not None
    signs = None
    rule = "none"
    if known or has_sign_rule(connectome.neurons):
        net, unknown, summary = signed_counts(connectome, sign, transmitter_signs=transmitter_signs)
        net, unknown = (pairs.add(amounts) * scale for amounts in (net, unknown))
        signs, rule = EdgeSigns(net, unknown), summary.rule
    return Connectome(
        neurons=_group_table(connectome.neurons, column, codes, pd.Index(names)),
        counts=counts,
        edge_signs=signs,
        unit=connectome.unit,
        name=f"{connectome.name} by {column}",
        provenance={
            **connectome.provenance,
            "grouped_from": connectome.name,
            "grouped_by": column,
            "signs_of_members": rule,
        },
    )


def _group_table(
    neurons: pd.DataFrame, column: str, codes: npt.NDArray[np.int64], names: pd.Index
) -> pd.DataFrame:
    """Give each group a row; a column is kept where the members of every group agree."""
    others = neurons.drop(
        columns=list({"id", "cell_type", column, "n_members", "total_input"} & set(neurons))
    )
    by_group = others.groupby(codes)
    varieties = by_group.nunique(dropna=False)
    agree = [name for name in others.columns if varieties[name].max() == 1]
    table = pd.DataFrame(
        {"id": names, "cell_type": names, "n_members": np.bincount(codes, minlength=len(names))}
    )
    return table.join(by_group[agree].first()) if agree else table
