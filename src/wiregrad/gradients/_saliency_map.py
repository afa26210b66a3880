"""Saliency: what of a stimulus matters to the activation of chosen neurons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .._messages import did_you_mean, few
from ..network import (
    Manipulations,
    MultilayeredNetwork,
    Slopes,
    Watch,
    manipulated,
    read_stimulus,
    read_window,
)
from ._given_tensor import given_tensor
from ._named_places import list_places

__all__ = ["saliency"]

IndexArray = npt.NDArray[np.int64]


class _Places(NamedTuple):
    """Where activations are read, each place once, and how often each was named."""

    layer: IndexArray
    neuron: IndexArray
    times: IndexArray


_METHODS = ("vanilla", "input_x_gradient")


def saliency(
    model: MultilayeredNetwork,
    input_tensor: Tensor | np.ndarray,
    neurons_of_interest: Mapping[int, Any],
    method: str = "vanilla",
    normalize: bool = False,
    device: torch.device | str | None = None,
    *,
    checkpoint_steps: int | None = None,
    manipulations: Manipulations | None = None,
) -> Tensor:
    """Differentiate the activation of chosen neurons with respect to the stimulus.

    Parameters
    ----------
    model : MultilayeredNetwork
    input_tensor : Tensor or ndarray, shape (batch, sensory, step) or (sensory, step)
        The stimulus at which to differentiate, of any real dtype.
    neurons_of_interest : dict
        `{layer: neurons}`. Layer t is the state after t + 1 steps; negative layers count from the
        end. Neurons are an index, a group's name, a list of them, a mask, or on a network with
        labels any selection. A neuron that is named twice, in a list or
        by two numbers for one layer, counts twice.
    method : {"vanilla", "input_x_gradient"}
        The gradient, or its product with the stimulus.
    normalize : bool
        Whether to divide each batch member's map by its maximum; by its largest absolute value
        where that maximum is not above 0.
    device : torch.device, optional
        Where to work: the model is moved there. By default where the model is.
    checkpoint_steps : int, optional
        For long unrollings: so many steps are kept in memory, and the others are computed a second
        time. `model.activations` is left as it was, then; otherwise it holds all activations.
    manipulations : Manipulations, optional
        Neurons to clamp or silence and synapses to scale, in all members or in some.

    Returns
    -------
    Tensor, shape of `input_tensor`
        Of the network's dtype, without a graph. The derivative of the sum of the activations over
        all of these neurons and layers: activation per unit of input, both dimensionless. Batch
        members do not act on each other, so each has the derivative of its own activations.

    Raises
    ------
    ValueError
        If the method is unknown, no neurons are named, a layer or neuron is not in the network, or
        the stimulus does not fit it.
    TypeError
        If `neurons_of_interest` is no dict, or the stimulus holds no real numbers.

    Notes
    -----
    A threshold makes the network's response jump, and a gradient does not see jumps. An input that
    is off, below the threshold, has the derivative 0 whatever it would do if switched on; so has
    one above 1, where it is capped, and one that acts through neurons which are all silent now.
    How much of a response gradients miss is measured, for the worm, in `docs/caveats.md`.

    The gradients of the model's parameters, their `requires_grad` and the caller's gradient mode
    are left as they are.

    Cost: one forward and one backward pass over the edges for each step, for the whole batch;
    about 3 * batch * n_neurons * num_layers bytes times the size of a number.

    Source: saliency maps are due to Simonyan et al. 2013, arXiv:1312.6034, and their product with
    the input to Shrikumar et al. 2016, arXiv:1605.01713; the call is that of
    connectome_interpreter 2.9.1.

    Examples
    --------
    >>> import wiregrad as wg
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = wg.MultilayeredNetwork(chain, [0], tanh_steepness=1, device="cpu")
    >>> saliency(network, np.array([[0.4, 0.4]]), {-1: [2]})  # one hop is too short to reach it
    tensor([[0.2379, 0.0000]])
    """
    if method not in _METHODS:
        raise ValueError(
            f"unknown saliency method: {method!r}{did_you_mean(str(method), _METHODS)}; there are "
            f"{few(_METHODS)}"
        )
    window = read_window(checkpoint_steps)
    places = _places(neurons_of_interest, model)
    if device is not None:
        model.to(device)
    stimulus = given_tensor(input_tensor, "input_tensor", model)
    acting = manipulated(model, manipulations)
    gradient = _gradient(acting, stimulus, places, window)
    if window is None:
        model.activations = acting.activations
    found = gradient if method == "vanilla" else stimulus * gradient
    return _normalise(found) if normalize else found


def _places(neurons_of_interest: Mapping[int, Any], model: MultilayeredNetwork) -> _Places:
    """List layers and neurons, each place once, with how often it was named."""
    if not isinstance(neurons_of_interest, Mapping):
        raise TypeError(
            "neurons_of_interest is a dict {layer: neurons}, not "
            f"{type(neurons_of_interest).__name__}"
        )
    layers, members = list_places(list(neurons_of_interest.items()), model, "neurons_of_interest")
    places = np.stack([np.repeat(layers, [len(m) for m in members]), np.concatenate(members)])
    (layer, neuron), count = np.unique(places, axis=1, return_counts=True)
    return _Places(layer, neuron, count)


def _gradient(
    model: MultilayeredNetwork,
    stimulus: Tensor,
    places: _Places,
    window: int | None,
) -> Tensor:
    """Differentiate the summed activation of some places with respect to the stimulus.

    Only these places hand a gradient back, so none is made for all activations. Without a window
    the network keeps these.
    """
    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller has set
        layer, neuron, count = (torch.from_numpy(index).to(model.device) for index in places)
        x = stimulus.clone().requires_grad_()
        stimuli = read_stimulus(
            x, len(model.sensory_indices), model.num_layers, model.dtype, model.device
        )
        n_members = len(stimuli)
        member = torch.arange(n_members, device=model.device).repeat_interleave(len(layer))
        watch = Watch(
            model,
            member,
            neuron.repeat(n_members),
            layer.repeat(n_members),
            leak=0.0,
            also="activations" if window is None else "nothing",
            window=window,
        )
        response, back = watch.run(stimuli)
        slope = back(Slopes(read=count.repeat(n_members).to(response.read.dtype)))
        (gradient,) = torch.autograd.grad(stimuli, x, slope)
    if response.activations is not None:
        model.activations = response.activations[0] if x.ndim == 2 else response.activations
    return gradient


def _normalise(maps: Tensor) -> Tensor:
    """Divide each member's map by its maximum, or its largest absolute value if that is not > 0."""
    members = maps.unsqueeze(0) if maps.ndim == 2 else maps
    if not members.numel():
        return maps
    largest = members.amax(dim=(1, 2), keepdim=True)
    scale = torch.where(largest > 0, largest, members.abs().amax(dim=(1, 2), keepdim=True))
    normalised = members / torch.where(scale > 0, scale, 1)  # a map of zeros stays one
    return normalised.reshape(maps.shape)
