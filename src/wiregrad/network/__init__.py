"""The connectome as a differentiable network."""

from ._gate import gate
from ._network import MultilayeredNetwork
from ._reference import reference_forward
from ._stimulus import real_tensor, require_finite
from ._threads import set_threads
from ._unroll import unroll
from ._walks import NO_WALK, shortest_walks

__all__ = [
    "NO_WALK",
    "MultilayeredNetwork",
    "gate",
    "real_tensor",
    "reference_forward",
    "require_finite",
    "set_threads",
    "shortest_walks",
    "unroll",
]
