"""Training: the slopes and biases that make a network respond as was measured."""

from __future__ import annotations

import logging
import time

import numpy as np
import pandas as pd
from torch import Tensor

from .._version import __version__
from ..gradients import WandbLog, choose_seed, not_negative, positive, share, whole_number
from ..network import Manipulations, MultilayeredNetwork, manipulated, read_window
from ._data import Part, read_training_inputs, split_data
from ._loop import Course, TrainingSettings, train
from ._reporter import Reporter, tell_of_interruption, tell_of_unmoved_groups
from ._result import TrainingResult
from ._training_mode import parameters_to_train, training_mode

__all__ = ["train_model"]

logger = logging.getLogger("wiregrad")


def train_model(
    model: MultilayeredNetwork,
    inputs: Tensor | np.ndarray,
    targets: pd.DataFrame,
    num_epochs: int = 100,
    learning_rate: float = 0.01,
    param_reg_lambda: float | None = None,
    wandb: bool = False,
    wandb_project_name: str = WandbLog.PROJECT,
    train_fraction: float = 0.8,
    seed: int | None = 42,
    train_slopes: bool = True,
    train_biases: bool = True,
    train_divisive_strength: bool = True,
    *,
    restore_best: bool = True,
    use_tqdm: bool = True,
    print_output: bool = True,
    leak: float = 0.0,
    checkpoint_steps: int | None = None,
    manipulations: Manipulations | None = None,
) -> TrainingResult:
    """Fit the slopes and biases of a network's groups to measured responses.

    A part of the batch members is held out. On the others, the mean absolute distance of the
    activations from the targets is made small with Adam, all members at a time; each member counts
    alike, however many targets it has. The parameters that do best on the members held out are
    kept.

    Parameters
    ----------
    model : MultilayeredNetwork
        With groups. It is trained in place.
    inputs : Tensor or ndarray, shape (batch, sensory, step)
        The stimuli, of any real dtype; values used in [threshold, 1].
    targets : DataFrame
        Columns `batch` (position in `inputs`), `neuron_idx` (an index, or the name of a group for
        all its members; on a network with labels any selection), `value` (activation, 0 to 1), and
        perhaps `layer` (the step, from 0; negative ones count from the end). Without `layer` a
        value is one of the mean over steps.
    num_epochs : int
        Steps to take; 0 only splits the data.
    learning_rate : float
        Step size: how far a slope or bias moves in one step, about.
    param_reg_lambda : float, optional
        What the mean over all trained parameters of |p - p0| is multiplied with, p0 being their
        values at the start. By default there is no such penalty.
    wandb : bool
        Whether to log every epoch to Weights & Biases.
    wandb_project_name : str
    train_fraction : float
        Share of the batch members to train on, rounded down to whole members.
    seed : int, optional
        What members are drawn with, 0 to 2**32 - 1. None draws one from torch's global generator.
        It is kept in the result.
    train_slopes, train_biases, train_divisive_strength : bool
        What to train; the strengths only where the network normalises divisively.
    restore_best : bool
        Whether to end with the parameters whose validation loss was lowest, of all there were
        before, between and after the steps; else with the last.
    use_tqdm : bool
        Whether to show a progress bar.
    print_output : bool
        Whether to log every tenth epoch and how it ended, to the logger `wiregrad`.
    leak : float
        Slope of a surrogate gradient below the threshold, as a share of the slope above, 0 to 1. A
        silent neuron has no gradient, so with 0, the true gradient, a group that is silent in all
        of the training stimuli is not trained; 0.1 lets it be. The responses stay the same.
    checkpoint_steps : int, optional
        For long unrollings: so many steps are kept in memory for the gradient, and the others are
        computed a second time; results are the same. By default all, or where memory is short the
        square root of `num_layers`.
    manipulations : Manipulations, optional
        Neurons to clamp or silence and synapses to scale while the responses were measured, in all
        members of `inputs` or in some. The network that is trained has none of them.

    Returns
    -------
    TrainingResult
        Unpacks as model, history, train_inputs, val_inputs, train_targets, val_targets,
        train_indices, val_indices; says besides which parameters were kept.

    Raises
    ------
    ValueError
        If there is nothing to train (no groups), nothing to train on, the targets hold NaN or do
        not fit the network, an argument is out of its range, or the loss comes to NaN.
    TypeError
        If the targets are no frame, or the stimuli no array.
    ImportError
        If wandb is asked for and is not installed.

    Warns
    -----
    UserWarning
        If some targets have no stimulus, the stimuli have more steps than the network, or there
        is nothing to validate on: `val_loss` is NaN then, and the last parameters are kept.

    Notes
    -----
    Control-C stops the training; the best parameters so far are kept, and the result says
    `interrupted`. An error, such as a loss of NaN, also leaves the best parameters so far: those at
    the start, if none did better.

    A threshold makes the response jump, and gradients do not see jumps. Biases start from 0 with
    the gradient of |raw_biases| taken as +1 there. Slopes may become negative.

    Cost: for each epoch and step, a forward and a backward pass over the edges for all members, or
    only forward for those held out where they are the more; about 3 * batch * n_neurons *
    num_layers times the size of a number.

    Source: the optimiser is Adam (Kingma and Ba 2015); the surrogate gradient is discussed by
    Neftci et al. 2019, IEEE Signal Process Mag 36:51; the call and the loss are those of
    connectome_interpreter 2.9.1. How well parameters are recovered is measured in
    `docs/recovery.md`.

    Examples
    --------
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> groups = {0: "s", 1: "a", 2: "b"}
    >>> true = MultilayeredNetwork(chain, [0], idx_to_group=groups, slope_dict={"a": 2, "b": 4})
    >>> stimuli = np.linspace(0.1, 1, 20).reshape(10, 1, 2)
    >>> measured = true(stimuli)[:, 2, 1].cpu().numpy()  # neuron 2, second step
    >>> targets = pd.DataFrame({"batch": range(10), "neuron_idx": 2, "layer": 1, "value": measured})
    >>> network = MultilayeredNetwork(chain, [0], idx_to_group=groups)
    >>> result = train_model(network, stimuli, targets, learning_rate=0.1, use_tqdm=False)
    >>> result.history["val_loss"][0] > 10 * result.kept_val_loss
    True
    """
    arguments = {
        "num_epochs": num_epochs,
        "learning_rate": learning_rate,
        "param_reg_lambda": param_reg_lambda,
        "train_fraction": train_fraction,
        "train_slopes": train_slopes,
        "train_biases": train_biases,
        "train_divisive_strength": train_divisive_strength,
        "restore_best": restore_best,
        "leak": leak,
        "checkpoint_steps": checkpoint_steps,
    }
    settings = _settings(num_epochs, learning_rate, param_reg_lambda, leak, checkpoint_steps)
    fraction = share("train_fraction", train_fraction)
    log = WandbLog(wandb, wandb_project_name)
    seed = _split_seed(seed)
    parameters = parameters_to_train(model, train_slopes, train_biases, train_divisive_strength)
    stimuli = read_training_inputs(inputs, model)
    train_part, validation = split_data(stimuli, targets, model, fraction, seed)

    acting = manipulated(model, manipulations)
    acting.interventions.require_members(len(stimuli))
    began = time.perf_counter()
    initial = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    reporter = Reporter(settings, log, use_tqdm, print_output)
    with (
        log.run({**arguments, "seed": seed}),
        training_mode(model, train_slopes, train_biases, train_divisive_strength),
        reporter,
    ):
        course = train(acting, train_part, validation, parameters, settings, reporter.on_epoch)
    if print_output and course.steps:
        tell_of_unmoved_groups(model, parameters, initial, course.steps)
    result = _result(model, train_part, validation, course, restore_best)
    result.seed, result.arguments = seed, dict(arguments)
    if manipulations:
        result.arguments["manipulations"] = manipulations
    result.version, result.provenance = __version__, dict(model.provenance)
    result.seconds = time.perf_counter() - began
    if course.interrupted:
        tell_of_interruption(result, num_epochs)
    if print_output:
        logger.info("%r", result)
    return result


def _settings(
    num_epochs: int,
    learning_rate: float,
    param_reg_lambda: float | None,
    leak: float,
    checkpoint_steps: int | None,
) -> TrainingSettings:
    penalty = param_reg_lambda
    return TrainingSettings(
        num_epochs=whole_number("num_epochs", num_epochs, least=0),
        rate=positive("learning_rate", learning_rate),
        reg_lambda=None if penalty is None else not_negative("param_reg_lambda", penalty),
        leak=share("leak", leak),
        window=read_window(checkpoint_steps),
    )


def _split_seed(seed: int | None) -> int:
    seed = choose_seed(seed)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is a whole number from 0 to 2**32 - 1, not {seed}")
    return seed


def _result(
    model: MultilayeredNetwork,
    train_part: Part,
    validation: Part,
    course: Course,
    restore_best: bool,
) -> TrainingResult:
    """Choose the parameters to keep, and gather all that is known."""
    history = {**course.history, "mse_loss": course.history["activation_loss"]}
    result = TrainingResult(
        model,
        history,
        train_part.inputs,
        validation.inputs,
        train_part.targets,
        validation.targets,
        train_part.indices,
        validation.indices,
    )
    result.kept_epoch, result.kept_val_loss = course.steps, course.last_val_loss
    if restore_best and course.best.epoch is not None:
        course.best.restore()
        result.kept_epoch, result.kept_val_loss = course.best.epoch, course.best.val_loss
    result.interrupted = course.interrupted
    return result
