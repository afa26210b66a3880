"""Questions asked of a network with gradients."""

from ._attribution import attribution
from ._attribution_result import Attribution
from ._maximise import activation_maximisation
from ._result import MaximisationResult
from ._saliency_map import saliency
from ._targets import TargetActivation
from ._trainable import training_mode
from ._training import train_model
from ._training_result import TrainingResult

__all__ = [
    "Attribution",
    "MaximisationResult",
    "TargetActivation",
    "TrainingResult",
    "activation_maximisation",
    "attribution",
    "saliency",
    "train_model",
    "training_mode",
]
