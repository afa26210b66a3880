"""Lesion screens: every group in turn silenced, and what the targets lose."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm.auto import tqdm

from .._messages import few
from ..connectome import Connectome, Selection
from ..network import (
    Manipulations,
    MultilayeredNetwork,
    SilenceMode,
    StimulusLike,
    manipulated,
    on_connectome,
    read_steps,
    read_stimulus,
)
from ._lesion_result import LesionScreen
from ._lesions import Lesions, Question, lesion_responses
from ._problems import problems_for

__all__ = ["lesion_screen"]

IndexArray = npt.NDArray[np.int64]
#: What a rewired connectome keeps of the real one; see `Connectome.rewire`.
Keep = Literal["degree", "degree+sign", "type-pairs"]


def lesion_screen(
    network: MultilayeredNetwork,
    stimulus: StimulusLike,
    targets: Selection,
    groups: str | Iterable[Any] | None = None,
    mode: SilenceMode = "outgoing",
    *,
    steps: Sequence[int] | int | None = -1,
    nulls: int | Iterable[Connectome | MultilayeredNetwork] = 0,
    connectome: Connectome | None = None,
    keep: Keep = "degree+sign",
    seed: int = 0,
    network_of: Callable[[Connectome], MultilayeredNetwork] | None = None,
    manipulations: Manipulations | None = None,
    batch_size: int | None = None,
    progress: bool = True,
) -> LesionScreen:
    """Silence every group of neurons in turn, and rank them by what the targets lose.

    Parameters
    ----------
    network : MultilayeredNetwork
    stimulus : ndarray or Tensor, shape (sensory, step) or (1, sensory, step)
        Under which the targets respond; values used in [threshold, 1].
    targets : selection
        The neurons whose mean activation is the response.
    groups : str or list, optional
        What to silence: a column of the neurons table, for each of its values; or a list of group
        names or other selections. By default the network's own groups, or each cell type.
    mode : {"outgoing", "incoming", "both"}
        Which synapses of the silenced neurons have no effect; see `Manipulations.silence`.
    steps : int or sequence of int, optional
        The layers over which the response is averaged; negative ones count from the end. By default
        the last; None: all.
    nulls : int or iterable of Connectome or MultilayeredNetwork
        Rewired connectomes on which the same is done, to see what wiring by chance would show, or
        networks of such; or how many to draw, with `connectome.rewire(seed, keep)` for seeds from
        `seed` on and the network's sign rule.
    connectome : Connectome, optional
        What to draw nulls from.
    keep : {"degree", "degree+sign", "type-pairs"}
        What a null keeps of the real wiring.
    seed : int
        Of the first null.
    network_of : callable, optional
        Makes the network of a null connectome. By default it is this network with other weights:
        of the same sign rule, inputs, parameters and manipulations.
    manipulations : Manipulations, optional
        What is done besides, in every run, also of the nulls.
    batch_size : int, optional
        Lesions that are run side by side. By default as many as there is memory for, at most 64.
        Results do not depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    LesionScreen
        `.to_frame()` is its table; with nulls it says of each effect in which share of them it is
        as large.

    Raises
    ------
    ValueError
        If a selection matches nothing, a step is out of range, the stimulus does not fit, or nulls
        are to be drawn without a connectome.
    MemoryError
        If not even a single run fits.

    Notes
    -----
    A group that is silent in the intact network is not run where outgoing synapses are silenced:
    nothing is lost with it. Effects of single groups do not add up: one may stand in for another.

    Cost: a forward run for each group that matters, side by side, and the same again for each null;
    20 ms for all 118 classes of the worm in four steps.

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")
    >>> touch = np.ones((len(network.sensory_indices), 3))
    >>> found = wg.lesion_screen(network, touch, "AVA", progress=False)
    >>> found.to_frame()[["group", "effect"]].head(2).round(3)
      group  effect
    0   FLP  -0.389
    1   ASH  -0.085
    """
    began = time.perf_counter()
    plain, network = network, manipulated(network, manipulations)
    if network.manipulations.of_single_members:
        raise ValueError(
            f"a lesion screen has no batch members of its own: {network.manipulations}; leave "
            "members= out, and make a screen for each manipulation"
        )
    names, members = _groups(network, groups)
    question = Question(
        _one_stimulus(network, stimulus),
        network.find(targets),
        tuple(read_steps(steps, network.num_layers, "steps")),
        members,
        mode,
    )
    Manipulations().silence(0, mode)  # refuses an unknown mode
    _check_batch_size(batch_size)
    drawn, known = _nulls(nulls, connectome, keep, seed, plain)
    make = partial(on_connectome, plain) if network_of is None else network_of
    bar = tqdm(
        total=None if known is None else len(names) * (1 + known),
        desc="silencing",
        unit=" groups",
        disable=not progress,
    )
    with bar:
        real = lesion_responses(network, question, batch_size, bar.update)
        others = []
        for null in drawn:
            other = null if isinstance(null, MultilayeredNetwork) else make(null)
            other = manipulated(_checked(other, network), manipulations)
            others.append(lesion_responses(other, question, batch_size, bar.update))
    n_nulls = len(others)
    table, order = _table(names, question, real)
    null_effects = np.array([other.responses - other.intact for other in others])
    null_effects = null_effects.reshape(n_nulls, len(names))[:, order]
    if n_nulls:
        table = _beside_nulls(table, null_effects)
    return LesionScreen(
        table,
        real.intact,
        np.array([other.intact for other in others]),
        null_effects,
        arguments={
            "targets": question.targets.tolist(),
            "groups": _as_given(groups),
            "steps": list(question.steps),
            "mode": mode,
            "nulls": n_nulls,
            "keep": keep,
            "seed": seed,
            "manipulations": str(network.manipulations) if network.manipulations else None,
        },
        provenance=dict(network.provenance),
        seconds=time.perf_counter() - began,
        stimulus=question.stimulus.cpu().numpy(),
    )


def _as_given(groups: str | Iterable[Any] | None) -> Any:
    """Return what tells the groups again: a column, or names; None for others, and the default."""
    listed = list(groups) if isinstance(groups, (list, tuple)) else groups
    named = isinstance(listed, list) and all(isinstance(name, (str, int)) for name in listed)
    return listed if named or isinstance(listed, str) else None


def _groups(
    network: MultilayeredNetwork, groups: str | Iterable[Any] | None
) -> tuple[list[Any], list[IndexArray]]:
    """Name the groups, and list the neurons of each."""
    if groups is None and network.groups is not None:
        found = network.groups
        return list(found.names), [found.members(name) for name in found.names]
    problems = problems_for(network, "cell_type" if groups is None else groups)
    codes, names = pd.factorize(problems["problem"])
    neurons = problems["neuron"].to_numpy()
    return list(names), [np.unique(neurons[codes == k]) for k in range(len(names))]


def _one_stimulus(network: MultilayeredNetwork, stimulus: StimulusLike) -> torch.Tensor:
    read = read_stimulus(
        stimulus, len(network.sensory_indices), network.num_layers, network.dtype, network.device
    )
    if len(read) != 1:
        raise ValueError(
            f"a lesion screen is made under one stimulus, (sensory, step), not {len(read):,}: make "
            "one for each"
        )
    return read[0].detach()


def _check_batch_size(batch_size: int | None) -> None:
    whole = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if batch_size is not None and not (whole and batch_size >= 1):
        raise ValueError(f"batch_size is a whole number of lesions, at least 1, not {batch_size!r}")


def _nulls(
    nulls: int | Iterable[Connectome | MultilayeredNetwork],
    connectome: Connectome | None,
    keep: Keep,
    seed: int,
    network: MultilayeredNetwork,
) -> tuple[Iterator[Connectome | MultilayeredNetwork], int | None]:
    """Return the null connectomes or networks, one at a time, and their number if it is known."""
    if isinstance(nulls, (bool, str, float)):
        raise ValueError(f"nulls are a number of networks, or connectomes, not {nulls!r}")
    if not isinstance(nulls, (int, np.integer)):
        return iter(nulls), len(nulls) if isinstance(nulls, Sized) else None
    if nulls < 0:
        raise ValueError(f"the number of nulls is at least 0, not {nulls}")
    if nulls and connectome is None:
        raise ValueError(
            f"{nulls:,} nulls are to be drawn, but of what is not said: pass connectome=, the one "
            "the network was made of"
        )
    choices = network.provenance.get("choices", {})
    rule = {name: choices[name] for name in ("sign", "transmitter_signs") if name in choices}
    return _drawn(connectome, range(seed, seed + nulls), keep, rule), int(nulls)


def _drawn(
    connectome: Any, seeds: range, keep: Keep, rule: Mapping[str, Any]
) -> Iterator[Connectome]:
    for seed in seeds:
        yield connectome.rewire(seed, keep=keep, **rule)


def _checked(other: MultilayeredNetwork, network: MultilayeredNetwork) -> MultilayeredNetwork:
    """Refuse a null network of which the same cannot be asked."""
    pairs = {
        "neurons": (other.n_neurons, network.n_neurons),
        "num_layers": (other.num_layers, network.num_layers),
        "input neurons": (len(other.sensory_indices), len(network.sensory_indices)),
    }
    wrong = [f"{name} {a:,}, not {b:,}" for name, (a, b) in pairs.items() if a != b]
    if wrong:
        raise ValueError(f"a null network differs from the real one: {few(wrong)}")
    return other


def _table(names: list[Any], question: Question, real: Lesions) -> tuple[pd.DataFrame, IndexArray]:
    effects = real.responses - real.intact
    order = np.argsort(-np.abs(effects), kind="stable")
    relative = effects / real.intact if real.intact else np.full(len(effects), np.nan)
    table = pd.DataFrame(
        {
            "group": names,
            "neurons": [len(group) for group in question.groups],
            "peak": real.peaks,
            "response": real.responses,
            "effect": effects,
            "relative": relative,
            "holds_target": [
                bool(np.isin(group, question.targets).any()) for group in question.groups
            ],
        }
    )
    return table.iloc[order].reset_index(drop=True), order


def _beside_nulls(table: pd.DataFrame, nulls: npt.NDArray[np.float64]) -> pd.DataFrame:
    effect = table["effect"].to_numpy()
    as_large = np.where(effect < 0, nulls <= effect, nulls >= effect)
    as_large |= effect == 0
    return table.assign(
        null_mean=nulls.mean(axis=0),
        null_sd=nulls.std(axis=0),
        null_share=as_large.mean(axis=0),
    )
