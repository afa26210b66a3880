"""The connectome as a differentiable network."""

from ._divisive import divide_slopes
from ._dynamics import Dynamics, Linear, take_in
from ._funnel import Funnel, Funnels
from ._fused import is_compiled
from ._gate import gate
from ._groups import Groups
from ._interventions import holds_of
from ._leaky_rectified import LeakyRectified
from ._manipulated import manipulated
from ._manipulations import Clamp, Manipulation, Manipulations, Scale, Silence, SilenceMode
from ._memory import has_room
from ._network import MultilayeredNetwork
from ._on_connectome import on_connectome
from ._reach_by_step import can_change
from ._recording import read_steps, read_window, recorded
from ._reference import reference_forward
from ._steps import StepRule, drive_of
from ._stimulus import StimulusLike, read_state, read_stimulus, real_tensor, require_finite
from ._to_pytorch import scipy_sparse_to_pytorch
from ._unroll import unroll
from ._walks import NO_WALK, driven_states, shortest_walks
from ._watch import Response, Slopes, Wanted, Watch

__all__ = [
    "NO_WALK",
    "Clamp",
    "Dynamics",
    "Funnel",
    "Funnels",
    "Groups",
    "LeakyRectified",
    "Linear",
    "Manipulation",
    "Manipulations",
    "MultilayeredNetwork",
    "Response",
    "Scale",
    "Silence",
    "SilenceMode",
    "Slopes",
    "StepRule",
    "StimulusLike",
    "Wanted",
    "Watch",
    "can_change",
    "divide_slopes",
    "drive_of",
    "driven_states",
    "gate",
    "has_room",
    "holds_of",
    "is_compiled",
    "manipulated",
    "on_connectome",
    "read_state",
    "read_steps",
    "read_stimulus",
    "read_window",
    "real_tensor",
    "recorded",
    "reference_forward",
    "require_finite",
    "scipy_sparse_to_pytorch",
    "shortest_walks",
    "take_in",
    "unroll",
]
