"""Questions asked of a network with gradients."""

from ._maximise import activation_maximisation
from ._result import MaximisationResult
from ._targets import TargetActivation

__all__ = ["MaximisationResult", "TargetActivation", "activation_maximisation"]
