"""Attribution: what carried a response."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._messages import did_you_mean, few
from .._version import __version__
from ..network import (
    Manipulations,
    MultilayeredNetwork,
    StimulusLike,
    manipulated,
    read_state,
    read_stimulus,
)
from ._ablations import ablate
from ._attribution_nulls import share_of_nulls
from ._attribution_progress import AttributionProgress, RunsBar
from ._attribution_question import Question
from ._attribution_result import Attribution
from ._given_tensor import given_tensor
from ._numbers import not_negative, positive, whole_number
from ._sources import Sources
from ._unrolled_run import Trials

__all__ = ["attribution"]

_METHODS = ("integrated_gradients", "input_x_gradient", "gradient", "smoothgrad")


def attribution(
    network: MultilayeredNetwork,
    stimulus: Tensor | np.ndarray,
    targets: Mapping[int, Any],
    *,
    sources: Any = "stimulus",
    method: str = "integrated_gradients",
    group_by: str | None = None,
    baseline: Tensor | np.ndarray | None = None,
    manipulations: Manipulations | None = None,
    initial_state: StimulusLike | None = None,
    n_steps: int = 100,
    tolerance: float | None = 0.002,
    share_jumps: bool = False,
    n_samples: int = 50,
    noise: float = 0.1,
    verify: int = 0,
    nulls: Iterable[MultilayeredNetwork] | None = None,
    seed: int = 0,
    runs_at_once: int | None = None,
    progress: bool = True,
    on_progress: Callable[[AttributionProgress], object] | None = None,
) -> Attribution:
    """Attribute a response to what caused it: inputs, neurons at a step, groups, or synapses.

    Parameters
    ----------
    network : MultilayeredNetwork
    stimulus : Tensor or ndarray, shape (batch, sensory, step) or (sensory, step)
        Of any real dtype.
    targets : dict
        `{layer: neurons}`: the sum of these activations; or `{layer: {neurons: weight}}`: their
        weighted sum, so that `{2: {"AVA": 1, "AVB": -1}}` is a difference. Layer t is the state
        after t + 1 steps; negative layers count from the end. Neurons are whatever `network.find`
        takes.
    sources : str or dict
        What the response is attributed to. `"stimulus"`: every entry of the stimulus, or
        `{"stimulus": neurons}` those of some sensory neurons. `"neurons"`: every neuron's state at
        every step, or `{layer: neurons}` some of them. `"synapses"`: every connection whose weight
        is not 0, or `{"pre": neurons, "post": neurons}` those between some (either may be left
        out). Divisive connections are not among them.
    method : {"integrated_gradients", "input_x_gradient", "gradient", "smoothgrad"}
        The mean gradient on the way from the baseline, times the way; the gradient, times the
        source's value; the gradient; the mean gradient under noise.
    group_by : str, optional
        A column of the network's neurons, or "group" for its own groups: what is attributed to
        the members of a group is added up (stimulus: by step; neurons: by layer; synapses: by pair
        of groups), and they are ablated together.
    baseline : Tensor or ndarray, shape of the stimulus, optional
        The stimulus that integrated gradients start from, and that an ablation puts in its place.
        By default silence; states and weights are always compared with 0.
    manipulations : Manipulations, optional
        Neurons to clamp or silence and synapses to scale, in all members or in some; in nulls too.
    initial_state : ndarray or Tensor, shape (batch, n_neurons) or (n_neurons,), optional
        What column 0 of the stimulus joins, as in `network(...)`; by default silence. It is the
        same all along the path: what it carries is in the target at the baseline.
    n_steps : int
        Intervals of the path of integrated gradients.
    tolerance : float or None
        Intervals are halved until the change of the target that is neither attributed nor located
        as a jump is less than this share of it. None: no interval is halved, no jump located.
    share_jumps : bool
        Whether to give jumps to sources, too (`Attribution.jump_values`): by each source's part in
        the drive of the neuron that crosses its threshold there, as integrated gradients would if
        the threshold were a steep slope.
    n_samples, noise : int, float
        Of SmoothGrad: samples, and the standard deviation of the noise as a share of the largest
        source (of synapses, of each weight). Noisy inputs stay within the network's `input_range`,
        and noisy states in [0, 1], or what else they can be.
    verify : int
        So many sources with the largest attributions are ablated for real, one by one, and as many
        random ones of about the same activity, no target itself: see `Attribution.verified`.
        Ablating is to set an input to its baseline, to hold a neuron at 0 at that step, or to take
        a synapse out.
    nulls : iterable of MultilayeredNetwork, optional
        Null models, such as `wiregrad.rewired_networks` makes: the same is asked of each, and
        `Attribution.null_share` says in how many a source has as large an attribution.
    seed : int
        For the random sources of `verify`, and the noise: that of sample k, for all members alike,
        is `torch.randn(n_sources, dtype=torch.float64)` after `manual_seed(seed * 1_000_003 + k)`.
    runs_at_once : int, optional
        Runs in memory at a time; by default as many as 200 MB hold, at most 64.
    progress : bool
        Whether to show a progress bar, over runs, once they take more than a second.
    on_progress : callable, optional
        Called before every few runs with an `AttributionProgress`. If it returns True the
        attribution ends as by control-C: without an answer.

    Returns
    -------
    Attribution
        `.values`, shape (batch, n_sources); `.to_frame()`; and how far to trust them.

    Raises
    ------
    ValueError
        If the method is unknown, a layer, neuron or column is not in the network, sources or
        targets name nothing, the stimulus does not fit, manipulations name what is not there, or
        jumps are to be shared where none are located or no threshold is known.
    TypeError
        If targets or sources are of another kind.
    KeyboardInterrupt
        If `on_progress` says so.

    Notes
    -----
    The state h[layer, neuron] counts as an independent variable: its gradient is that of all that
    comes from it, with other states of that step as they are. A neuron at one step is held at 0,
    and its other steps are what they are. So each layer has a path of its own, on which the chosen
    neurons rise together from 0 to their state, and a target's change is attributed once for each
    layer.

    A threshold makes the response jump, and gradients do not see jumps: `completeness` says how
    much of the change they carry. At threshold 0 there are none. What an ablation does is often
    more, or less, than what is attributed: `docs/attribution.md` has figures.

    Members of a batch do not act on each other: each has the numbers it would have alone.
    `network.activations`, the parameters' gradients and the caller's gradient mode are left alone.

    Cost: a run is a pass over the edges a step forward and one back, many runs at a time. Gradients
    take one run a member. Integrated gradients take n_steps + 2 (for each layer, of neurons), and
    up to 20 times as many where much jumps; SmoothGrad takes n_samples. Memory: 8 bytes a source
    and member, and 200 MB.

    Source: Simonyan et al. 2013, arXiv:1312.6034 (gradient); Shrikumar et al. 2016,
    arXiv:1605.01713 (input times gradient); Sundararajan et al. 2017, arXiv:1703.01365 (integrated
    gradients); Smilkov et al. 2017, arXiv:1706.03825 (SmoothGrad).

    Examples
    --------
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")
    >>> touch = np.zeros((4, 3))
    >>> touch[:, 0] = 1  # the nose is touched
    >>> found = attribution(network, touch, {2: "AVA"}, group_by="group", verify=1, progress=False)
    >>> found.to_frame(top=1)[["group", "step"]].to_numpy().tolist()
    [['FLP', 0]]
    >>> bool(found.completeness["error"].abs().max() < 0.002 * found.target[0])
    True
    """
    began = time.perf_counter()
    acting = manipulated(network, manipulations)
    question = Question(
        targets=targets,
        sources=sources,
        method=_method(method),
        group_by=group_by,
        n_steps=whole_number("n_steps", n_steps),
        tolerance=None if tolerance is None else positive("tolerance", tolerance),
        n_samples=whole_number("n_samples", n_samples),
        noise=not_negative("noise", noise),
        seed=whole_number("seed", seed, least=0),
        runs_at_once=None if runs_at_once is None else whole_number("runs_at_once", runs_at_once),
        share_jumps=bool(share_jumps),
    )
    whole_number("verify", verify, least=0)
    if share_jumps:
        _require_threshold(network, method, tolerance)
    with torch.inference_mode(False), torch.no_grad():  # whatever the caller has set
        given, base = _read(stimulus, "stimulus", network), None
        acting.interventions.require_members(len(given))
        initial = _read_initial(initial_state, network, len(given))
        trials = Trials(acting, given, initial)
        if baseline is not None:
            base = _read(baseline, "baseline", network).expand_as(given)
        with RunsBar(disable=not progress, on_progress=on_progress) as bar:
            answer = question.ask(trials, base, bar)
            runner, named = answer.runner, answer.sources
            verified = ablate(
                runner, named, answer.values, answer.attributed, answer.activity, verify, seed
            )
            null_share = None
            if nulls is not None:
                null_share = share_of_nulls(
                    nulls, question, answer, trials, base, manipulations, bar
                )
    return Attribution(
        values=answer.values,
        sources=named.table,
        activity=answer.activity,
        target=answer.target,
        completeness=answer.completeness,
        jumps=answer.jumps,
        jump_values=answer.jump_values,
        verified=verified,
        null_share=null_share,
        kind=named.kind,
        method=method,
        shape=_grid(named, len(given), network),
        seed=seed,
        arguments={
            **_arguments(question),
            "verify": verify,
            "baseline": baseline,
            "manipulations": manipulations,
            "initial_state": initial_state,
        },
        version=__version__,
        provenance=dict(acting.provenance),
        n_runs=runner.n_runs,
        seconds=time.perf_counter() - began,
        stimulus=given.cpu().numpy(),
        network=network,
    )


def _require_threshold(network: MultilayeredNetwork, method: str, tolerance: float | None) -> None:
    """Refuse to share jumps where none are located, or nothing is known of a threshold."""
    reasons = {
        f"jumps are located by method='integrated_gradients' alone, not {method!r}": (
            method != "integrated_gradients"
        ),
        "with tolerance=None no jump is located: give a tolerance": tolerance is None,
        "this network has a model of its own (`dynamics=` or `activation_function=`), of which no "
        "threshold is known": network.dynamics is not None
        or network.custom_activation_function is not None,
    }
    for reason, holds in reasons.items():
        if holds:
            raise ValueError(f"jumps cannot be shared: {reason}; or leave share_jumps out")


def _method(method: str) -> str:
    if method not in _METHODS:
        raise ValueError(
            f"unknown attribution method: {method!r}{did_you_mean(str(method), _METHODS)}; there "
            f"are {few(_METHODS)}"
        )
    return method


def _read(given: Tensor | np.ndarray, name: str, network: MultilayeredNetwork) -> Tensor:
    return read_stimulus(
        given_tensor(given, name, network),
        len(network.sensory_indices),
        network.num_layers,
        network.dtype,
        network.device,
    )


def _read_initial(
    given: StimulusLike | None, network: MultilayeredNetwork, n_members: int
) -> Tensor | None:
    """Read states to start from: (n_neurons, n_members), made here whatever mode they are from."""
    initial = read_state(given, network, n_members)
    return None if initial is None else initial.detach().clone()


def _arguments(question: Question) -> dict[str, Any]:
    """Return what was asked, but for what a result holds under another name."""
    names = ("targets", "sources", "method", "group_by", "n_steps", "tolerance", "share_jumps")
    found = {name: getattr(question, name) for name in names}
    return found | {"n_samples": question.n_samples, "noise": question.noise}


def _grid(
    sources: Sources, n_members: int, network: MultilayeredNetwork
) -> tuple[int, int, int] | None:
    """Return (batch, neuron, step) if the values are all of a grid."""
    rows = {"stimulus": len(network.sensory_indices), "neurons": network.n_neurons}
    n_rows = rows.get(sources.kind, 0)
    whole = n_rows * network.num_layers == len(sources.table) and sources.single
    return (n_members, n_rows, network.num_layers) if whole and n_rows else None
