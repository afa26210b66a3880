"""Gradient descent of `train_model`: one loop, all members at once.

`Trainer` has a descent of its own, and the two stay apart: this one follows the reference step by
step (raw parameters in the network's own precision, its weights of members, the last parameters
where nothing judges), so nothing that makes `Trainer` better may change it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ..network import MultilayeredNetwork, has_room
from ._best_parameters import BestParameters
from ._data import Part
from ._responses import parameter_change

__all__ = ["Course", "TrainingSettings", "train"]


@dataclass(frozen=True)
class TrainingSettings:
    """How to train: steps, step size, penalty on change (None: none), surrogate slope.

    `window` steps are kept in memory at a time; None chooses.
    """

    num_epochs: int
    rate: float
    reg_lambda: float | None
    leak: float
    window: int | None = None


@dataclass(eq=False)
class Course:
    """How a training went.

    Attributes
    ----------
    best : BestParameters
    history : dict of lists
        One entry an epoch: the losses of the parameters before that epoch's step.
    steps : int
        Steps taken.
    last_val_loss : float
        Validation loss after the last step; NaN where it was not worked out.
    interrupted : bool
        Whether it was stopped from outside (control-C).
    """

    best: BestParameters
    history: dict[str, list[float]] = field(
        default_factory=lambda: {
            "loss": [],
            "activation_loss": [],
            "param_reg_loss": [],
            "val_loss": [],
        }
    )
    steps: int = 0
    last_val_loss: float = math.nan
    interrupted: bool = False


def train(
    model: MultilayeredNetwork,
    train_part: Part,
    validation: Part,
    parameters: Mapping[str, nn.Parameter],
    settings: TrainingSettings,
    on_epoch: Callable[[Course], None],
) -> Course:
    """Follow the gradient of the training loss with Adam.

    Parameters
    ----------
    model : MultilayeredNetwork
    train_part, validation : Part
    parameters : dict
        What to train, by name; all of them record gradients.
    settings : TrainingSettings
    on_epoch : callable
        Told of every epoch, for progress and logs.

    Returns
    -------
    Course
        On control-C: what came of it until then.

    Raises
    ------
    ValueError
        If the activation function does not depend on the parameters, or the loss or its gradient
        is NaN or infinite.

    Notes
    -----
    Whatever else ends it, such as an error, puts the parameters back to the best so far: those at
    the start, if none did better. The parameters have no `.grad` afterwards, however it ended.

    Cost of an epoch: a forward run on both parts, and a backward run on the training part; on both
    where the validation part is the smaller one.
    """
    course = Course(BestParameters(list(parameters.values())))
    try:
        _run(model, train_part, validation, parameters, settings, on_epoch, course)
    except KeyboardInterrupt:
        course.interrupted = True
        complete = min(map(len, course.history.values()))
        course.history = {name: values[:complete] for name, values in course.history.items()}
    except BaseException:
        course.best.restore()
        raise
    finally:
        for parameter in parameters.values():
            parameter.grad = None
    return course


def _run(
    model: MultilayeredNetwork,
    train_part: Part,
    validation: Part,
    parameters: Mapping[str, nn.Parameter],
    settings: TrainingSettings,
    on_epoch: Callable[[Course], None],
    course: Course,
) -> None:
    trained = list(parameters.values())
    initial = [parameter.detach().clone() for parameter in trained]
    optimiser = torch.optim.Adam(trained, lr=settings.rate)
    runs = _Runs(model, train_part, validation, settings)
    for epoch in range(settings.num_epochs):
        losses, val_loss = _differentiate(runs, trained, initial, settings)
        _refuse_nan(losses, parameters, epoch)
        _record(course, losses, val_loss)
        course.best.offer(epoch, val_loss)
        on_epoch(course)
        optimiser.step()
        course.steps = epoch + 1
    course.last_val_loss = runs.validation_loss()
    course.best.offer(settings.num_epochs, course.last_val_loss)


def _differentiate(
    runs: _Runs,
    trained: Sequence[nn.Parameter],
    initial: Sequence[Tensor],
    settings: TrainingSettings,
) -> tuple[list[float], float]:
    """Work out the losses and give each parameter its gradient.

    Returns loss, distance from the responses, and penalty on change; and the validation loss.
    """
    with torch.enable_grad():  # whatever the caller has set
        distance, val_loss = runs.losses()
        if not distance.requires_grad:
            raise ValueError(
                "there is nothing to train: the activation function that was given to the network "
                "does not use its slopes, biases or divisive strengths"
            )
        penalty = distance.new_zeros(())
        if settings.reg_lambda is not None:
            penalty = settings.reg_lambda * parameter_change(trained, initial)
        loss = distance + penalty
        gradients = torch.autograd.grad(loss, trained, allow_unused=True)
    for parameter, gradient in zip(trained, gradients, strict=True):
        parameter.grad = gradient
    numbers: list[float] = torch.stack([loss, distance, penalty]).tolist()
    return numbers, val_loss


def _refuse_nan(
    losses: Sequence[float], parameters: Mapping[str, nn.Parameter], epoch: int
) -> None:
    """Stop before a step that would leave no usable parameters."""
    wrong = [
        name
        for name, parameter in parameters.items()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    if wrong or not math.isfinite(losses[0]):
        raise ValueError(
            f"the loss or its gradient is NaN or infinite at epoch {epoch}"
            + (f" (gradient of {', '.join(wrong)})" if wrong else "")
            + ": try a smaller learning_rate, or mend the activation function that was given; the "
            "parameters are again the best so far, or those at the start if none did better"
        )


def _record(course: Course, losses: Sequence[float], val_loss: float) -> None:
    names = ("loss", "activation_loss", "param_reg_loss", "val_loss")
    for name, value in zip(names, (*losses, val_loss), strict=True):
        course.history[name].append(value)


# A run of a few members takes nearly as long as one of many; but in one batch the gradient is
# carried back through all of it. So parts are joined up to this many held out for each trained on.
_JOIN_UP_TO = 1.0


class _Runs:
    """Runs the network on both parts, as one batch unless the validation part is the larger."""

    def __init__(
        self,
        model: MultilayeredNetwork,
        training: Part,
        validation: Part,
        settings: TrainingSettings,
    ) -> None:
        self._training, self._validation = training.responses, validation.responses
        self._weights = [part.weights() for part in (self._training, self._validation)]
        self._stimuli = [part.inputs[..., : model.num_layers] for part in (training, validation)]
        self._joined = self._training
        n_training, n_validation = len(training.indices), len(validation.indices)
        # A function of the user's own may look across the batch, or have an infinite gradient.
        self._in_one = (
            len(self._validation) > 0
            and n_validation <= _JOIN_UP_TO * n_training
            and model.custom_activation_function is None
            and has_room(model, n_training + n_validation)
        )
        if self._in_one:
            self._stimuli[0] = torch.cat(self._stimuli)
            self._joined = self._training.followed_by(self._validation, n_training)
        rows = [part.indices for part in (training, validation)]
        joined = np.concatenate(rows) if self._in_one else rows[0]
        self._watch = self._joined.watch(model, settings.leak, settings.window, joined)
        self._watch_validation = self._validation.watch(model, 0.0, 1, rows[1])

    def losses(self) -> tuple[Tensor, float]:
        """Return the distance from the training responses, with its graph, and validation loss."""
        attained = self._joined.attained(self._watch(self._stimuli[0]).read)
        if not self._in_one:
            return self._training.distance(attained, self._weights[0]), self.validation_loss()
        n = len(self._training)
        distance = self._training.distance(attained[:n], self._weights[0])
        val_loss = self._validation.distance(attained[n:].detach(), self._weights[1])
        return distance, float(val_loss)

    def validation_loss(self) -> float:
        """Return the validation loss; NaN without responses."""
        if not len(self._validation):
            return math.nan
        with torch.no_grad():
            attained = self._validation.attained(self._watch_validation(self._stimuli[1]).read)
            return float(self._validation.distance(attained, self._weights[1]))
