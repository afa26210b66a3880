"""Activation maximisation: the stimulus that makes neurons do what is asked of them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from .._messages import few
from .._version import __version__
from ..network import NO_WALK, MultilayeredNetwork, Response
from ._automatic import ReachThenThin
from ._fixed import FixedPenalties
from ._penalties import Penalty
from ._resolved_targets import ResolvedTargets, TargetsLike, resolve_targets
from ._result import MaximisationResult
from ._search import Objective, Outcome, Trial, search
from ._settings import SearchSettings, check_settings
from ._start import choose_seed, given_start, random_start
from ._status import Prospect, look_ahead, member_table, target_table
from ._wandb import WandbLog

__all__ = ["activation_maximisation"]

logger = logging.getLogger("wiregrad")

# Seconds between two counts of the active inputs beside the progress bar.
_SHOWN_EVERY = 0.1


def activation_maximisation(
    model: MultilayeredNetwork,
    target_activations: TargetsLike,
    input_tensor: Tensor | np.ndarray | None = None,
    num_iterations: int | None = None,
    learning_rate: float = 0.1,
    in_reg_lambda: float | None = None,
    out_reg_lambda: float | None = None,
    custom_reg_functions: Mapping[str, Penalty] | None = None,
    early_stopping: bool = True,
    stopping_threshold: float = 1e-5,
    n_runs: int = 10,
    use_tqdm: bool = True,
    print_output: bool = True,
    device: torch.device | str | None = None,
    wandb: bool = False,
    *,
    seed: int | None = None,
    checkpoint_steps: int | None = None,
) -> MaximisationResult:
    """Find a stimulus that brings neurons to the activations asked of them.

    By default the search is automatic: it reaches the targets first, or comes as near as it can,
    and then looks for the stimulus that holds them with the fewest active inputs. With a number for
    `in_reg_lambda` or `out_reg_lambda`, or with functions of one's own, it minimises the distance
    from the targets plus these penalties, as connectome_interpreter does.

    Every batch member is a problem of its own: its result does not depend on the others.

    Parameters
    ----------
    model : MultilayeredNetwork
    target_activations : TargetActivation
        What is asked, (batch, neuron, step); also a dict or a frame that makes one.
    input_tensor : Tensor or ndarray, shape (batch, sensory, step), optional
        Where to start; random by default.
    num_iterations : int, optional
        Most forward and backward passes. By default until the search is done: at most 2,000, or
        50 with fixed penalties.
    learning_rate : float
        Step size of the optimiser, Adam; halved in the second half of the automatic search.
    in_reg_lambda, out_reg_lambda : float, optional
        What the penalties on stimulus and activations are multiplied with. If either is given, the
        other is 0.01 by default.
    custom_reg_functions : dict, optional
        `{"in": f, "out": g}`, in place of the sum of absolute values plus Euclidean norm: called
        for each member, on tensors of shape (1, sensory, step) and (1, n_neurons, step).
    early_stopping : bool
        Whether members stop by themselves before `num_iterations`.
    stopping_threshold, n_runs : float, int
        With fixed penalties, a member stops when its loss has moved by less than
        `stopping_threshold` in `n_runs` passes.
    use_tqdm : bool
        Whether to show a progress bar.
    print_output : bool
        Whether to log how it ended, to the logger `wiregrad`.
    device : torch.device, optional
        Where to work: the model is moved there. By default where the model is.
    wandb : bool
        Whether to log every pass to Weights & Biases, project `connectome_interpreter`.
    seed : int, optional
        Makes the start repeatable. By default one is drawn from torch's global generator. It is
        kept in the result.
    checkpoint_steps : int, optional
        For long unrollings: so many steps are kept in memory for the gradient, and the others are
        computed a second time; results are the same. By default all, or where memory is short the
        square root of `num_layers`.

    Returns
    -------
    MaximisationResult
        Unpacks as input, output, activation losses, output penalties, input penalties, snapshots;
        says besides what was attained of each target and how each member ended. A target that no
        stimulus can move is "unreachable"; a result is returned all the same.

    Raises
    ------
    ValueError
        If a target does not fit the network, an argument is out of its range, or a function given
        by the caller comes to NaN.
    MemoryError
        If the search cannot fit into memory: before it starts.
    ImportError
        If wandb is asked for and is not installed.

    Notes
    -----
    Control-C ends the search and returns the best so far, with `interrupted` set.

    Below the threshold neurons are silent and have no slope; the search uses a surrogate there, a
    tenth of the slope above (Neftci et al. 2019, IEEE Signal Process Mag 36:51), so that silent
    targets can be found. What is returned was evaluated by the network as it is.

    Cost: a forward and a backward pass over the edges for each step and iteration, for all members
    together, but on the CPU only over those of neurons that are active or that a gradient can pass;
    about batch * n_neurons * (num_layers + 3) * 4 bytes.

    Source: activation maximisation is due to Erhan et al. 2009, University of Montreal report 1341;
    its use on connectomes, the model and the fixed penalties follow connectome_interpreter 2.9.1.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> asked = wg.TargetActivation({2: {"AVA": 0.9}})  # both cells, at the third step
    >>> result = wg.activation_maximisation(network, asked, seed=0, use_tqdm=False)
    >>> result.targets["status"].tolist()
    ['reached', 'reached']
    >>> stimulus, activations, *losses, snapshots = result
    >>> stimulus.shape, activations.shape
    ((83, 3), (302, 3))
    """
    arguments = {
        "num_iterations": num_iterations,
        "learning_rate": learning_rate,
        "in_reg_lambda": in_reg_lambda,
        "out_reg_lambda": out_reg_lambda,
        "custom_reg_functions": custom_reg_functions,
        "early_stopping": early_stopping,
        "stopping_threshold": stopping_threshold,
        "n_runs": n_runs,
        "checkpoint_steps": checkpoint_steps,
    }
    settings = check_settings(**arguments)  # type: ignore[arg-type]  # one dict for check and record
    log = WandbLog(wandb)
    seed = choose_seed(seed)
    if device is not None:
        model.to(device)
    targets = resolve_targets(target_activations, model)
    if input_tensor is None:
        start = random_start(model, targets, seed)
    else:
        start = given_start(model, input_tensor, targets.n_members)

    began = time.perf_counter()
    prospect = look_ahead(model, targets)
    if print_output:
        _warn_of_unreachable(targets, prospect)
    objective = _objective(settings, targets)
    with log.run({**arguments, "seed": seed}):
        outcome = _search(model, targets, prospect, start, objective, settings, log, use_tqdm)
    result = _evaluate(model, targets, prospect, objective, outcome, seed)
    result.arguments = {**arguments, "input_tensor": None if input_tensor is None else "given"}
    result.seconds = time.perf_counter() - began
    if print_output:
        logger.info("%r", result)
    return result


def _objective(settings: SearchSettings, targets: ResolvedTargets) -> Objective:
    if settings.automatic:
        return ReachThenThin(targets, settings.rate, stop=settings.stop)
    return FixedPenalties(
        settings.in_lambda,
        settings.out_lambda,
        settings.penalties,
        settings.rate,
        window=settings.window,
        flat=settings.flat,
        stop=settings.stop,
        like=targets.value.new_zeros(targets.n_members),
    )


def _warn_of_unreachable(targets: ResolvedTargets, prospect: Prospect) -> None:
    """Say at once which targets no stimulus can move, and what would."""
    lost = targets.table[prospect.unreachable]
    if lost.empty:
        return
    walks, sensory = prospect.walk[prospect.unreachable], prospect.sensory[prospect.unreachable]
    remedy = [
        f"neuron {neuron} at layer {layer} ({_fewest_steps(layer, walk, direct)})"
        for neuron, layer, walk, direct in zip(
            lost["neuron"], lost["layer"], walks, sensory, strict=True
        )
    ]
    logger.warning(
        "%d of %d targets cannot be reached from the inputs in the steps given; fewest steps that "
        "would do: %s",
        len(lost),
        len(prospect.walk),
        few(remedy),
    )


def _fewest_steps(layer: int, walk: int, sensory: bool) -> str:
    if sensory:
        return f"an input neuron, driven before the last layer only: num_layers={layer + 2}"
    return "no walk at all" if walk == NO_WALK else f"{walk} steps"


def _search(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    prospect: Prospect,
    start: Tensor,
    objective: Objective,
    settings: SearchSettings,
    log: WandbLog,
    use_tqdm: bool,
) -> Outcome:
    unreachable = torch.from_numpy(prospect.unreachable).to(targets.batch.device)
    running = ~targets.all_by_member(unreachable)
    total = settings.limit if settings.limit_given else None  # else nobody knows how many
    silent = not use_tqdm or not running.any()
    with tqdm(total=total, desc="searching", unit=" passes", disable=silent) as bar:
        shown = -math.inf

        def on_pass(trial: Trial, outcome: Outcome) -> None:
            nonlocal shown
            error, out_cost, in_cost = (float(part) for part in outcome.losses[-1])
            bar.update()
            if not silent and time.monotonic() - shown > _SHOWN_EVERY:
                shown = time.monotonic()  # counting the inputs takes as long as a small pass
                active = int((trial.stimulus > 0).sum())
                bar.set_postfix_str(
                    f"off by {error**0.5:.3f}, {active:,} inputs active", refresh=False
                )
            log.log(
                activation_loss=error,
                in_regularisation_loss=in_cost,
                out_regularisation_loss=out_cost,
                loss=error + in_cost + out_cost,
            )

        return search(
            model,
            targets,
            start,
            objective,
            limit=settings.limit,
            running=running,
            resting_error=targets.mean_by_member((prospect.resting - targets.value).square()),
            on_pass=on_pass,
            window=settings.checkpoint_steps,
        )


def _evaluate(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    prospect: Prospect,
    objective: Objective,
    outcome: Outcome,
    seed: int,
) -> MaximisationResult:
    """Run the network once more on what was found, and gather all that is known of it."""
    stimulus = outcome.stimulus
    alone = len(stimulus) == 1
    with torch.no_grad():
        returned = model(stimulus[0] if alone else stimulus)
    activations = returned.unsqueeze(0) if alone else returned
    attained = targets.read(activations)
    error = targets.mean_by_member((attained - targets.value).square())
    response = Response.of(activations, attained, objective.reads)
    costs = objective.costs(stimulus, response)
    last = torch.stack([error, costs.out_cost, costs.in_cost]).mean(dim=1).cpu().numpy()
    error_list, out_list, in_list = np.stack([*outcome.losses, last], axis=1).tolist()

    table = target_table(targets, prospect, activations)
    result = MaximisationResult(
        (stimulus[0] if alone else stimulus).cpu().numpy(),
        returned.cpu().numpy(),
        error_list,
        out_list,
        in_list,
        [snapshot[0] if alone else snapshot for snapshot in outcome.snapshots],
    )
    result.targets = table
    result.members = member_table(table, stimulus, outcome.best_pass, outcome.passes, seed)
    result.seed, result.version, result.network = seed, __version__, model
    result.provenance = dict(model.provenance)
    result.n_passes, result.interrupted = len(outcome.losses), outcome.interrupted
    return result
