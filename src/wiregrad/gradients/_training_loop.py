"""Gradient descent on a network's parameters: one loop, all members at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..network import MultilayeredNetwork, Watch
from ._best_parameters import BestParameters
from ._training_data import Part
from ._training_loss import parameter_change

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

    Cost of an epoch: a forward and a backward run on the training part, and a forward run on the
    validation part.
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
    weights = train_part.responses.weights()
    watch = train_part.responses.watch(model, settings.leak, settings.window)
    measure_validation = _Validation(model, validation)
    for epoch in range(settings.num_epochs):
        losses = _differentiate(watch, train_part, weights, trained, initial, settings)
        _refuse_nan(losses, parameters, epoch)
        val_loss = measure_validation()
        _record(course, losses, val_loss)
        course.best.offer(epoch, val_loss)
        on_epoch(course)
        optimiser.step()
        course.steps = epoch + 1
    course.last_val_loss = measure_validation()
    course.best.offer(settings.num_epochs, course.last_val_loss)


def _differentiate(
    watch: Watch,
    part: Part,
    weights: Tensor,
    trained: Sequence[nn.Parameter],
    initial: Sequence[Tensor],
    settings: TrainingSettings,
) -> list[float]:
    """Work out the losses and give each parameter its gradient.

    Returns loss, distance from the responses, and penalty on change.
    """
    with torch.enable_grad():  # whatever the caller has set
        read = watch(part.inputs[..., : watch.num_layers]).read
        distance = part.responses.distance(read, weights)
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
    return numbers


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


class _Validation:
    """Works the validation loss out each time that it is called; NaN without responses."""

    def __init__(self, model: MultilayeredNetwork, part: Part) -> None:
        self._responses = part.responses
        self._watch = part.responses.watch(model, leak=0.0, window=1)
        self._stimuli = part.inputs[..., : model.num_layers]
        self._weights = part.responses.weights()

    def __call__(self) -> float:
        if not len(self._responses):
            return math.nan
        with torch.no_grad():
            read = self._watch(self._stimuli).read
            return float(self._responses.distance(read, self._weights))
