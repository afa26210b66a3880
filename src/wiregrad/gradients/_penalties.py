"""What makes a stimulus or a response costly, one batch member at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..product import run_on, threads_for

__all__ = [
    "Penalty",
    "check_penalties",
    "l1_plus_l2",
    "member_sums",
    "norm",
    "penalise_members",
    "penalties_and_slopes",
    "steady_sum",
]

#: Takes one member, (1, rows, step), and returns a number as a tensor.
Penalty = Callable[[Tensor], Tensor]

_SIDES = ("in", "out")

# Dtypes that the kernels take.
_COMPILED = (torch.float32, torch.float64)

# PyTorch shares a single sum among its threads only from 32,768 terms on.
_SHORT = 4096


def steady_sum(member: Tensor) -> Tensor:
    """Sum all entries, to the same bits on any number of threads.

    Examples
    --------
    >>> steady_sum(torch.ones(2, 3))
    tensor(6.)
    """
    if member.numel() <= _SHORT:
        return member.sum()
    rows = nn.functional.pad(member.reshape(-1), (0, -member.numel() % _SHORT)).view(-1, _SHORT)
    return rows.sum(dim=1).sum()


def l1_plus_l2(member: Tensor) -> Tensor:
    """Sum of absolute values plus Euclidean norm: the penalty of connectome_interpreter.

    Examples
    --------
    >>> l1_plus_l2(torch.tensor([[[3.0, 4.0]]]))
    tensor(12.)
    """
    return steady_sum(member.abs()) + norm(steady_sum(member.square()))


def norm(square: Tensor) -> Tensor:
    """Return the square root of sums of squares, with slope 0 at 0, where it has none.

    Examples
    --------
    >>> norm(torch.tensor([9.0, 0.0]))
    tensor([3., 0.])
    """
    return torch.where(square > 0, square, 1.0).sqrt() * (square > 0)


def penalise_members(penalty: Penalty, batch: Tensor) -> Tensor:
    """Apply a penalty to each member by itself: (batch, rows, step) to (batch,).

    Members are laid out alike whatever the batch, so that sums over them round alike.

    Raises
    ------
    ValueError
        If the penalty does not return a single number.
    """
    costs = []
    for member in batch.unbind(0):
        cost = penalty(member.contiguous().unsqueeze(0))
        if not isinstance(cost, Tensor) or cost.numel() != 1:
            got = tuple(cost.shape) if isinstance(cost, Tensor) else type(cost).__name__
            raise ValueError(f"a regularisation function must return one number as a tensor: {got}")
        costs.append(cost.reshape(()))
    return torch.stack(costs) if costs else batch.new_zeros(0)


def member_sums(batch: Tensor) -> Tensor:
    """Sum up each member's entries: (batch, rows, step) to (batch,), to the same bits in any batch.

    Examples
    --------
    >>> member_sums(torch.ones(2, 3, 4))
    tensor([12., 12.])
    """
    if batch.device.type != "cpu":
        return penalise_members(steady_sum, batch)
    # numpy sums up rows one by one; PyTorch would share them among threads by their number.
    sums: npt.NDArray[np.floating] = batch.detach().contiguous().flatten(1).numpy().sum(axis=1)
    return torch.from_numpy(sums)


def penalties_and_slopes(penalty: Penalty, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Apply a penalty to each member by itself, and differentiate it.

    Returns
    -------
    costs : Tensor, shape (batch,)
    slopes : Tensor, shape of `batch`
        The derivative of each member's cost; 0 where a penalty does not depend on its argument.
    """
    batch = batch.detach()
    if penalty is l1_plus_l2 and batch.device.type == "cpu" and batch.dtype in _COMPILED:
        return _l1_plus_l2_and_slopes(batch)
    with torch.enable_grad():  # whatever the caller has set
        x = batch.requires_grad_()
        costs = penalise_members(penalty, x)
        if not costs.requires_grad:
            return costs, torch.zeros_like(batch)
        (slopes,) = torch.autograd.grad(costs.sum(), x)
    return costs.detach(), slopes


def _l1_plus_l2_and_slopes(batch: Tensor) -> tuple[Tensor, Tensor]:
    from ._member_kernels import l1_plus_l2_of_members  # numba is loaded when it is first needed

    rows = batch.contiguous().flatten(1)
    costs, slopes = rows.new_empty(len(rows)), torch.empty_like(rows)
    with run_on(threads_for(rows.numel(), len(rows))):
        l1_plus_l2_of_members(rows.numpy(), costs.numpy(), slopes.numpy())
    return costs, slopes.view(batch.shape)


def check_penalties(functions: Mapping[str, Penalty] | None) -> dict[str, Penalty]:
    """Fill up the custom penalties: `{"in": ..., "out": ...}`.

    Raises
    ------
    ValueError
        If there is another key, or what is given cannot be called.
    """
    given = dict(functions or {})
    for side, function in given.items():
        if side not in _SIDES:
            raise ValueError(
                f"custom_reg_functions has the key {side!r}: it takes 'in' (called on the "
                "stimulus, (1, sensory, step)) and 'out' (on the activations, (1, neurons, step))"
            )
        if not callable(function):
            raise ValueError(f"custom_reg_functions[{side!r}] is not a function: {function!r}")
    return {side: given.get(side, l1_plus_l2) for side in _SIDES}
