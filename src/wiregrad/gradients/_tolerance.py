"""When a target counts as reached, and as held."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["PROGRESS", "TOLERANCE", "WITHIN", "allowed_miss"]

#: A target counts as reached within this distance of the value asked.
TOLERANCE = 0.02

#: The search asks a little more, so that no rounding turns what it holds into a miss.
WITHIN = TOLERANCE - 1e-6

#: The root mean square distance from the targets must fall by this much to count as progress.
PROGRESS = 1e-3

# Where a target cannot be reached, a stimulus with fewer inputs may cost it this much of the
# nearest approach, and no more than this share of what the approach gained.
_SLACK, _SHARE = 0.02, 0.02


def allowed_miss(nearest: Tensor, resting: Tensor) -> Tensor:
    """Say how far from its value each target may be, by how near it came.

    Parameters
    ----------
    nearest, resting : Tensor, shape (n_targets,)
        Distance from the value at the nearest approach, and without any input.

    Examples
    --------
    >>> allowed_miss(torch.tensor([0.01, 0.5, 0.9]), resting=torch.tensor([1.0, 1.0, 1.0]))
    tensor([0.0200, 0.5100, 0.9020])
    """
    slack = (_SHARE * (resting - nearest)).clamp(0, _SLACK)
    return torch.where(nearest <= WITHIN, torch.full_like(nearest, WITHIN), nearest + slack)
