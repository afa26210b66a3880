"""The connectome as a differentiable network."""

from ._gate import gate
from ._network import MultilayeredNetwork
from ._reference import reference_forward
from ._threads import set_threads
from ._unroll import unroll
from ._walks import NO_WALK, shortest_walks

__all__ = [
    "NO_WALK",
    "MultilayeredNetwork",
    "gate",
    "reference_forward",
    "set_threads",
    "shortest_walks",
    "unroll",
]
