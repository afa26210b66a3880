"""Networks fitted to what was measured."""

from ._callbacks import TensorBoardLog, WeightsAndBiasesLog
from ._fit_result import FitResult
from ._folds import CrossValidation
from ._observation import Observation
from ._parameters import Trainable
from ._recording import Recording
from ._result import TrainingResult
from ._saved_network import load_network, save_network
from ._stability import spectral_radius
from ._train_model import train_model
from ._trainer import Trainer
from ._training_mode import training_mode

__all__ = [
    "CrossValidation",
    "FitResult",
    "Observation",
    "Recording",
    "TensorBoardLog",
    "Trainable",
    "Trainer",
    "TrainingResult",
    "WeightsAndBiasesLog",
    "load_network",
    "save_network",
    "spectral_radius",
    "train_model",
    "training_mode",
]
