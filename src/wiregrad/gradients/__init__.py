"""Questions asked of a network with gradients."""

from ._attribution import attribution
from ._attribution_progress import AttributionProgress
from ._attribution_result import Attribution
from ._given_tensor import given_tensor
from ._maximise import activation_maximisation
from ._numbers import finite_number, not_negative, positive, share, whole_number
from ._progress import SearchProgress
from ._result import MaximisationResult
from ._saliency_map import saliency
from ._start import choose_seed
from ._target_rows import (
    count_from_start,
    find_neurons_of_rows,
    layer_numbers,
    layers_are,
    refuse_rows,
    whole_numbers,
)
from ._targets import TargetActivation
from ._wandb import WandbLog

__all__ = [
    "Attribution",
    "AttributionProgress",
    "MaximisationResult",
    "SearchProgress",
    "TargetActivation",
    "WandbLog",
    "activation_maximisation",
    "attribution",
    "choose_seed",
    "count_from_start",
    "find_neurons_of_rows",
    "finite_number",
    "given_tensor",
    "layer_numbers",
    "layers_are",
    "not_negative",
    "positive",
    "refuse_rows",
    "saliency",
    "share",
    "whole_number",
    "whole_numbers",
]
