"""Questions asked of a network with gradients."""

from ._attribution import attribution
from ._attribution_progress import AttributionProgress
from ._attribution_result import Attribution
from ._maximise import activation_maximisation
from ._progress import SearchProgress
from ._result import MaximisationResult
from ._saliency_map import saliency
from ._saved_network import load_network, save_network
from ._stability import spectral_radius
from ._targets import TargetActivation
from ._trainable import training_mode
from ._training import train_model
from ._training_callbacks import TensorBoardLog, WeightsAndBiasesLog
from ._training_fit_result import FitResult
from ._training_folds import CrossValidation
from ._training_observation import Observation
from ._training_parameters import Trainable
from ._training_recording import Recording
from ._training_result import TrainingResult
from ._training_trainer import Trainer

__all__ = [
    "Attribution",
    "AttributionProgress",
    "CrossValidation",
    "FitResult",
    "MaximisationResult",
    "Observation",
    "Recording",
    "SearchProgress",
    "TargetActivation",
    "TensorBoardLog",
    "Trainable",
    "Trainer",
    "TrainingResult",
    "WeightsAndBiasesLog",
    "activation_maximisation",
    "attribution",
    "load_network",
    "saliency",
    "save_network",
    "spectral_radius",
    "train_model",
    "training_mode",
]
