"""Divisive normalisation: inhibition that scales a neuron's slope instead of its drive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from .._messages import did_you_mean, few
from ._groups import Groups

__all__ = ["DivisiveEdges", "divide_slopes", "read_strengths", "split_divisive"]

IndexArray: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DivisiveEdges:
    """The connections taken out of the weights to act divisively.

    Attributes
    ----------
    post, pre : ndarray of int64, shape (n_edges,)
        Ends of each connection, by post and then pre.
    weight : ndarray, shape (n_edges,)
        Their weights, none of them positive.
    source : ndarray of int64, shape (n_edges,)
        Position of the presynaptic group among the keys of `divisive_normalization`.
    """

    post: IndexArray
    pre: IndexArray
    weight: npt.NDArray[np.floating]
    source: IndexArray


def split_divisive(
    weights: sparse.csr_array, pairs: Mapping[object, Sequence[object]], groups: Groups
) -> tuple[sparse.csr_array, DivisiveEdges]:
    """Take the connections between the listed groups out of the weights.

    Parameters
    ----------
    weights : csr_array
        W[post, pre].
    pairs : dict
        {pre group: [post group, ...]}.
    groups : Groups
        The neurons' groups.

    Returns
    -------
    rest : csr_array
        The weights without these connections.
    divisive : DivisiveEdges

    Raises
    ------
    ValueError
        If a name is no group, or one of these weights is positive.

    Notes
    -----
    Cost: one pass over the edges.
    """
    coo = weights.tocoo()
    n_groups = len(groups.names)
    code = groups.of_neuron[coo.col] * n_groups + groups.of_neuron[coo.row]
    source = np.full(len(code), -1, dtype=np.int64)
    for position, (pre_group, post_groups) in enumerate(pairs.items()):
        if isinstance(post_groups, str):
            post_groups = [post_groups]
        pre_code = _group_position(pre_group, groups) * n_groups
        listed = [pre_code + _group_position(post_group, groups) for post_group in post_groups]
        source[np.isin(code, listed)] = position
    taken = source >= 0
    post, pre = coo.row[taken].astype(np.int64), coo.col[taken].astype(np.int64)
    _check_inhibitory(coo.data[taken], post, pre, groups)
    rest = sparse.csr_array(
        (coo.data[~taken], (coo.row[~taken], coo.col[~taken])), shape=weights.shape
    )
    divisive = DivisiveEdges(post=post, pre=pre, weight=coo.data[taken], source=source[taken])
    return rest, divisive


def _group_position(name: object, groups: Groups) -> int:
    position = groups.position(name)
    if position is None:
        raise ValueError(
            f"divisive_normalization names {name!r}, which is no group"
            f"{did_you_mean(str(name), groups.names)}"
        )
    return position


def _check_inhibitory(
    weight: npt.NDArray[np.floating], post: IndexArray, pre: IndexArray, groups: Groups
) -> None:
    positive = np.flatnonzero(weight > 0)
    if len(positive):
        pairs = [
            f"{pre[k]} ({groups.names[groups.of_neuron[pre[k]]]}) to "
            f"{post[k]} ({groups.names[groups.of_neuron[post[k]]]}): {weight[k]:.3g}"
            for k in positive[:5]
        ]
        raise ValueError(
            f"divisive normalisation takes inhibitory connections only, but {len(positive):,} of "
            f"the listed ones have positive weights: {few(pairs)}; leave these groups out"
        )


def read_strengths(
    strength: float | Mapping[object, float],
    pairs: Mapping[object, Sequence[object]],
    groups: Groups,
) -> dict[object, float]:
    """Give every presynaptic group its divisive strength, in the order of `pairs`.

    Entries for other groups are allowed.

    Raises
    ------
    ValueError
        If a presynaptic group has none, a name is no group, or a strength is not finite.
    """
    if isinstance(strength, Mapping):
        strangers = [name for name in strength if groups.position(name) is None]
        if strangers:
            raise ValueError(
                f"divisive_strength names {few(strangers)}, which is no group"
                f"{did_you_mean(str(strangers[0]), groups.names)}"
            )
        missing = [name for name in pairs if name not in strength]
        if missing:
            raise ValueError(
                f"divisive_strength lacks {few(missing)}: it needs one entry for each presynaptic "
                f"group of divisive_normalization ({few(pairs)})"
            )
        strengths = {name: float(strength[name]) for name in pairs}
    else:
        strengths = dict.fromkeys(pairs, float(strength))
    if not np.isfinite(list(strengths.values())).all():
        raise ValueError(f"divisive_strength is not finite: {strengths}")
    return strengths


def divide_slopes(
    slopes: Tensor,
    h_previous: Tensor,
    indices: Tensor,
    weights: Tensor,
    strengths: Tensor,
    rule: str,
) -> Tensor:
    """Scale slopes by the divisive input of each neuron.

    Parameters
    ----------
    slopes : Tensor, shape (n_neurons, batch)
    h_previous : Tensor, shape (n_neurons, batch)
        Activation one step before.
    indices : Tensor of int64, shape (2, n_edges)
        Post and pre of the divisive connections.
    weights, strengths : Tensor, shape (n_edges,)
        Weight of each connection, and the strength of its presynaptic group.
    rule : {"product", "sum"}
        slope * product of max(0, 1 + w h s), or slope * max(0, 1 + sum of w h s).

    Returns
    -------
    Tensor, shape (n_neurons, batch)

    Examples
    --------
    >>> args = (torch.ones(2, 1), torch.ones(2, 1), torch.tensor([[0, 0], [0, 1]]),
    ...         torch.tensor([-0.5, -0.4]), torch.ones(2))
    >>> divide_slopes(*args, rule="product")[0], divide_slopes(*args, rule="sum")[0]
    (tensor([0.3000]), tensor([0.1000]))
    """
    post, pre = indices
    inhibition = (weights * strengths).unsqueeze(1) * h_previous[pre]
    if rule == "sum":
        total = torch.zeros_like(slopes).index_add(0, post, inhibition)
        return slopes * (1 + total).clamp(min=0)
    factors = (1 + inhibition).clamp(min=0)
    target = post.unsqueeze(1).expand_as(factors)
    return slopes * torch.ones_like(slopes).scatter_reduce(0, target, factors, reduce="prod")
