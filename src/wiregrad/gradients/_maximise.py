"""Activation maximisation: the stimulus that makes neurons do what is asked of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from .._messages import few
from .._version import __version__
from ..network import (
    NO_WALK,
    Manipulations,
    MultilayeredNetwork,
    Response,
    Wanted,
    manipulated,
)
from ._automatic import AutomaticSearch
from ._budget import Budget, InputSteps, MaxActive, read_budget
from ._fixed import FixedPenalties
from ._penalties import Penalty
from ._progress import Progress, SearchProgress
from ._resolved_targets import ResolvedTargets, TargetsLike, resolve_targets
from ._result import MaximisationResult
from ._search import Outcome, search
from ._settings import SearchSettings, check_settings
from ._start import choose_seed, given_start, make_noise, make_starts, random_start
from ._status import Prospect, look_ahead, member_table, part_table, target_table
from ._wandb import WandbLog

__all__ = ["activation_maximisation"]

logger = logging.getLogger("wiregrad")


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
    n_starts: int = 2,
    checkpoint_steps: int | None = None,
    input_steps: InputSteps = None,
    max_active: MaxActive = None,
    binary: bool = False,
    manipulations: Manipulations | None = None,
    on_progress: Callable[[SearchProgress], object] | None = None,
) -> MaximisationResult:
    """Find a stimulus that brings neurons to the activations asked of them.

    By default the search is automatic. From several starts it reaches the targets, or comes as near
    as it can. Then it looks for the stimulus that holds them with the fewest active inputs. Last it
    leaves inputs out as long as the targets hold, until the network was run without each one that
    is left, and lost them (`minimal` in the result's `members`). With a number for `in_reg_lambda`
    or `out_reg_lambda`, or with functions of one's own, it minimises the distance from the targets
    plus these penalties, as connectome_interpreter does.

    Every batch member is a problem of its own: its result does not depend on the others.

    Parameters
    ----------
    model : MultilayeredNetwork
    target_activations : TargetActivation
        What is asked, (batch, neuron, step); also a dict or a frame that makes one.
    input_tensor : Tensor or ndarray, shape (batch, sensory, step), optional
        Where to start. By default the automatic search starts from all inputs that would help in
        the network without threshold and saturation, and from random ones; with fixed penalties it
        starts from a random one.
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
    n_starts : int
        Starts of the automatic search for each member; the nearest to its targets is gone on with.
        How many came as near is told as `agreement`: 1 means that others are hardly to be found.
    checkpoint_steps : int, optional
        For long unrollings: so many steps are kept in memory for the gradient, and the others are
        computed a second time; results are the same. By default all, or where memory is short the
        square root of `num_layers`.
    input_steps : int or list of int, optional
        Steps at which inputs may be driven, from 0 or, negative, from the end; at the others all is
        silent. By default all.
    max_active : int or dict, optional
        At most so many sensory neurons are active; with `{"entries": 5}` at most so many entries of
        the stimulus (a neuron at a step), and `{"neurons": 2, "entries": 5}` limits both.
    binary : bool
        Whether every input is 0 or 1. Neither this nor `max_active` where inputs may be negative.
    manipulations : Manipulations, optional
        Neurons to clamp or silence and synapses to scale, in all members or in some: the stimulus
        is found for the network as they leave it, and that network is the result's.
    on_progress : callable, optional
        Called after every pass, and while inputs are left out, with a `SearchProgress`. If it
        returns True the search ends as by control-C.

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
        by the caller comes to NaN; or if inputs are counted with fixed penalties.
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

    With `max_active` or `binary` the best set of inputs is looked for by forward runs, swap by swap
    until none improves it (`docs/solver.md`), so that it is found where the response jumps and
    gradients see nothing; `nearest` is then the ceiling within the budget.

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
    searching = {
        "num_iterations": num_iterations,
        "learning_rate": learning_rate,
        "in_reg_lambda": in_reg_lambda,
        "out_reg_lambda": out_reg_lambda,
        "custom_reg_functions": custom_reg_functions,
        "early_stopping": early_stopping,
        "stopping_threshold": stopping_threshold,
        "n_runs": n_runs,
        "n_starts": n_starts,
        "checkpoint_steps": checkpoint_steps,
    }
    settings = check_settings(**searching)  # type: ignore[arg-type]  # one dict for check and record
    budget = read_budget(model.num_layers, input_steps, max_active, binary)
    if budget.is_counted and not settings.automatic:
        raise ValueError(
            "max_active and binary belong to the automatic search: leave in_reg_lambda, "
            "out_reg_lambda and custom_reg_functions out"
        )
    if budget.is_counted and model.input_range[0] < 0:
        raise ValueError(
            f"max_active and binary are for inputs from 0 on, and this network's input_range is "
            f"{model.input_range}: leave them out (the fewest inputs are looked for all the same), "
            "or ask a network with input_range=(0, 1)"
        )
    driving = {"input_steps": input_steps, "max_active": max_active, "binary": binary}
    arguments: dict[str, Any] = {**searching, **driving}
    log = WandbLog(wandb)
    seed = choose_seed(seed)
    if device is not None:
        model.to(device)
    model = manipulated(model, manipulations)
    targets = resolve_targets(target_activations, model).driving(budget.driven(model))
    model.interventions.require_members(targets.n_members)
    given = None
    if input_tensor is not None:
        given = targets.within(given_start(model, input_tensor, targets.n_members))

    began = time.perf_counter()
    prospect = look_ahead(model, targets, budget.steps)
    if print_output:
        _warn_of_unreachable(targets, prospect, budget)
    with log.run({**arguments, "seed": seed}):
        search_for = _automatic if settings.automatic else _with_fixed_penalties
        found = search_for(
            model, targets, prospect, given, seed, settings, budget, log, use_tqdm, on_progress
        )
    result = _evaluate(model, targets, prospect, found, seed)
    result.arguments = {**arguments, "input_tensor": None if input_tensor is None else "given"}
    if manipulations:
        result.arguments["manipulations"] = manipulations
    result.seconds = time.perf_counter() - began
    if print_output:
        logger.info("%r", result)
    return result


@dataclass(frozen=True, eq=False)
class _Search:
    """What a search found: besides its outcome, the penalties on stimulus and activations.

    `nearest` (n_targets,), `agreement` and `minimal` (batch,) are of an automatic search.
    """

    outcome: Outcome
    reads: Wanted
    costs: Callable[[Tensor, Response], tuple[Tensor, Tensor]]
    nearest: Tensor | None = None
    agreement: npt.NDArray[np.float64] | None = None
    minimal: npt.NDArray[np.bool_] | None = None
    stage_seconds: dict[str, float] | None = None


def _with_fixed_penalties(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    prospect: Prospect,
    given: Tensor | None,
    seed: int,
    settings: SearchSettings,
    budget: Budget,
    log: WandbLog,
    use_tqdm: bool,
    on_progress: Callable[[SearchProgress], object] | None,
) -> _Search:
    objective = FixedPenalties(
        settings.in_lambda,
        settings.out_lambda,
        settings.penalties,
        settings.rate,
        window=settings.window,
        flat=settings.flat,
        stop=settings.stop,
        like=targets.value.new_zeros(targets.n_members),
    )
    running = _reachable_members(targets, prospect)
    silent = not use_tqdm or not running.any()
    with Progress("searching", settings, log, silent, on_progress) as bar:
        outcome = search(
            model,
            targets,
            targets.within(random_start(model, targets, seed)) if given is None else given,
            objective,
            limit=settings.limit,
            running=running,
            resting_error=targets.mean_by_member((prospect.resting - targets.value).square()),
            on_pass=bar.on_pass,
            window=settings.checkpoint_steps,
        )

    def costs(stimulus: Tensor, response: Response) -> tuple[Tensor, Tensor]:
        found = objective.costs(stimulus, response)
        return found.in_cost, found.out_cost

    return _Search(outcome, objective.reads, costs)


def _automatic(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    prospect: Prospect,
    given: Tensor | None,
    seed: int,
    settings: SearchSettings,
    budget: Budget,
    log: WandbLog,
    use_tqdm: bool,
    on_progress: Callable[[SearchProgress], object] | None,
) -> _Search:
    running = _reachable_members(targets, prospect)
    silent = not use_tqdm or not running.any()

    def starts(slope: Tensor) -> Tensor:
        if given is not None:
            return given
        made = make_starts(model, targets, slope, seed, settings.n_starts)
        return targets.repeated(settings.n_starts).within(made)

    with Progress("searching", settings, log, silent, on_progress) as bar:
        search = AutomaticSearch(
            model,
            targets,
            prospect.resting,
            running,
            noise=lambda slope, number: targets.within(
                make_noise(model, targets, slope, seed, number)
            ),
            limit=settings.limit,
            rate=settings.rate,
            stop=settings.stop,
            on_pass=bar.on_pass,
            on_runs=bar.on_runs,
            silent=silent,
            window=settings.checkpoint_steps,
            budget=budget,
        )
        found = search.run(starts)

    def costs(stimulus: Tensor, response: Response) -> tuple[Tensor, Tensor]:
        return found.price, torch.zeros_like(found.price)

    return _Search(
        found.outcome,
        "nothing",
        costs,
        found.nearest,
        found.agreement,
        found.minimal,
        found.seconds,
    )


def _reachable_members(targets: ResolvedTargets, prospect: Prospect) -> Tensor:
    """Mark the members with a target that a stimulus can move."""
    unreachable = torch.from_numpy(prospect.unreachable).to(targets.batch.device)
    return ~targets.all_by_member(unreachable)


def _warn_of_unreachable(targets: ResolvedTargets, prospect: Prospect, budget: Budget) -> None:
    """Say at once which targets no stimulus can move, and what would."""
    lost = targets.table[prospect.unreachable]
    if lost.empty:
        return
    walks, sensory = prospect.walk[prospect.unreachable], prospect.sensory[prospect.unreachable]
    layers = targets.parts().groupby("part_of")["layer"].max()[prospect.unreachable]
    names = [
        str(row.target) if pd.notna(getattr(row, "target", None)) else f"neuron {row.neuron}"
        for row in lost.itertuples()
    ]
    remedy = [
        f"{name} at layer {layer} ({_fewest_steps(layer, walk, direct, budget)})"
        for name, layer, walk, direct in zip(names, layers, walks, sensory, strict=True)
    ]
    logger.warning(
        "%d of %d targets cannot be reached from the inputs in the steps given; fewest steps that "
        "would do: %s",
        len(lost),
        len(prospect.walk),
        few(remedy),
    )


def _fewest_steps(layer: int, walk: int, sensory: bool, budget: Budget) -> str:
    if budget.steps is not None and (sensory or NO_WALK != walk <= layer + 1):
        shortest = "" if walk == NO_WALK else f"; the shortest walk has {walk} steps"
        return f"none of the right length from input_steps={list(budget.steps)}{shortest}"
    if sensory:
        return f"an input neuron, driven before the last layer only: num_layers={layer + 2}"
    return "no walk at all" if walk == NO_WALK else f"{walk} steps"


def _evaluate(
    model: MultilayeredNetwork,
    targets: ResolvedTargets,
    prospect: Prospect,
    found: _Search,
    seed: int,
) -> MaximisationResult:
    """Run the network once more on what was found, and gather all that is known of it."""
    outcome = found.outcome
    stimulus = outcome.stimulus
    alone = len(stimulus) == 1
    with torch.no_grad():
        returned = model(stimulus[0] if alone else stimulus)
    activations = returned.unsqueeze(0) if alone else returned
    attained = targets.read(activations)
    error = targets.mean_by_member((attained - targets.value).square())
    in_cost, out_cost = found.costs(stimulus, Response.of(activations, attained, found.reads))
    last = torch.stack([error, out_cost, in_cost]).mean(dim=1).cpu().numpy()
    error_list, out_list, in_list = np.stack([*outcome.losses, last], axis=1).tolist()

    table = target_table(targets, prospect, activations, found.nearest)
    result = MaximisationResult(
        (stimulus[0] if alone else stimulus).cpu().numpy(),
        returned.cpu().numpy(),
        error_list,
        out_list,
        in_list,
        [snapshot[0] if alone else snapshot for snapshot in outcome.snapshots],
    )
    result.targets = table
    result.target_neurons = part_table(targets, table, prospect, activations)
    result.members = member_table(table, stimulus, outcome.best_pass, outcome.passes, seed).assign(
        agreement=1.0 if found.agreement is None else found.agreement,
        minimal=False if found.minimal is None else found.minimal,
    )
    result.seed, result.version, result.network = seed, __version__, model
    result.provenance = dict(model.provenance)
    result.stage_seconds = found.stage_seconds or {}
    result.n_passes, result.interrupted = len(outcome.losses), outcome.interrupted
    return result
