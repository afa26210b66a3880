"""The connectome as a differentiable network."""

from ._divisive import divide_slopes
from ._fused import is_compiled
from ._gate import gate
from ._groups import Groups
from ._memory import has_room
from ._network import MultilayeredNetwork
from ._recording import read_window, recorded
from ._reference import reference_forward
from ._stimulus import read_stimulus, real_tensor, require_finite
from ._to_pytorch import scipy_sparse_to_pytorch
from ._unroll import unroll
from ._walks import NO_WALK, shortest_walks
from ._watch import Response, Slopes, Wanted, Watch

__all__ = [
    "NO_WALK",
    "Groups",
    "MultilayeredNetwork",
    "Response",
    "Slopes",
    "Wanted",
    "Watch",
    "divide_slopes",
    "gate",
    "has_room",
    "is_compiled",
    "read_stimulus",
    "read_window",
    "real_tensor",
    "recorded",
    "reference_forward",
    "require_finite",
    "scipy_sparse_to_pytorch",
    "shortest_walks",
    "unroll",
]
