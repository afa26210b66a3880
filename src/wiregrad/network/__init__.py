"""The connectome as a differentiable network."""

from ._network import MultilayeredNetwork
from ._reference import reference_forward
from ._threads import set_threads

__all__ = ["MultilayeredNetwork", "reference_forward", "set_threads"]
