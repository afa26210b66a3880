"""The network: a connectome unrolled in time, one synaptic hop a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor, nn

from ..connectome import TRANSMITTER_SIGNS, Connectome, Selection, SignRule
from ..product import SparseMatrix
from ._activation import ActivationFunction, call_custom
from ._divisive import divide_slopes, read_strengths, split_divisive
from ._dynamics import Dynamics
from ._gate import gate
from ._groups import Groups, group_values, read_groups
from ._interventions import Interventions
from ._labels import find_neurons, network_provenance
from ._manipulated import manipulated
from ._manipulations import Manipulations
from ._memory import estimate_memory
from ._read_weights import WeightsLike, read_weights
from ._recording import read_steps, read_window, recorded
from ._sensory import read_sensory_indices
from ._settings import SETTING_CHECKS
from ._stimulus import StimulusLike, read_state, read_stimulus
from ._unroll import unroll

__all__ = ["MultilayeredNetwork"]


class MultilayeredNetwork(nn.Module):
    """A rate network unrolled over synaptic hops.

    Each step moves activity along every connection once::

        z = slope * (W @ h) + bias         drive
        z = z where z >= threshold else 0
        h = tanh(z)                        activation
        h = min(h + input, 1)              at the sensory neurons, but for the last step

    so that `activations[..., t]` is the state after t + 1 hops. Column 0 of the input drives the
    first hop and is not itself among the activations; column c >= 1 appears in
    `activations[..., c - 1]` of the sensory neurons.

    Parameters
    ----------
    all_weights : scipy sparse matrix or array, ndarray, or torch tensor (dense, COO, CSR)
        W[post, pre], dimensionless: usually the signed share of the postsynaptic neuron's input.
        Any real dtype; float64 tensors stay float64, all else becomes float32.
    sensory_indices : sequence of int
        The neurons that receive the input, in the order of its rows.
    num_layers : int
        Steps, at least 1.
    threshold : float
        Drive and input below it are silent; at least 0.
    tanh_steepness : float
        Slope of every neuron, or of the groups that `slope_dict` does not name.
    idx_to_group : dict, optional
        Group of every neuron. Groups share a slope and a bias, which become parameters.
    default_bias : float
        Bias of every neuron, or of the groups that `bias_dict` does not name.
    bias_dict, slope_dict : dict, optional
        Bias and slope of single groups.
    divisive_normalization : dict, optional
        {pre group: [post group, ...]}: these connections, all inhibitory, scale the slope of the
        postsynaptic neuron instead of adding to its drive.
    divisive_strength : float or dict
        What their weights are multiplied with, for all or by presynaptic group.
    activation_function : callable, optional
        f(x) or f(model, x, x_previous) on tensors of shape (n_neurons, batch), in place of bias,
        slope, threshold, divisive normalisation and tanh.
    device : torch.device, optional
        By default CUDA if there is one, else the CPU.
    signed_biases : bool
        Let biases be negative. Otherwise the bias of a group is |raw_biases|.
    divisive_rule : {"product", "sum"}
        slope * product of max(0, 1 + w h strength) over the divisive connections, or
        slope * max(0, 1 + sum of w h strength).
    tau : float
        Memory, in steps, at least 1: a state keeps 1 - 1 / tau of itself, and the activation has
        the rest; the input joins after that. At 1, the default, nothing is kept.
    tau_dict : dict, optional
        That of single groups.
    input_range : (float, float)
        What stimuli may be, by default (0, 1); values beyond are capped. The lower end may be
        negative, for inputs that can be below a baseline; what is nearer to 0 than the threshold
        is silent.
    dynamics : Dynamics, optional
        Another model of a neuron in place of all this, such as `wiregrad.Linear()`.

    Attributes
    ----------
    activations : Tensor
        What the last forward pass returned.
    slope, raw_biases, divisive_strength : Parameter or None
        One entry a group (a presynaptic group of `divisive_normalization`); None without groups.
    tau : Parameter or None
        One entry a group, or one for all without groups; None where nothing is kept.
    indices : Tensor or None
        Position of each neuron's group among the sorted groups.
    divnorm_indices, divnorm_weights : Tensor
        Post and pre, shape (2, n), and weights of the divisive connections, if there are any.
    neurons : DataFrame or None
        The labels, for a network made by `from_connectome`.
    provenance : dict
        Where the weights come from, for a network made by `from_connectome`.
    manipulations : Manipulations
        What has been done to it; see `manipulated`.

    Raises
    ------
    TypeError
        If the weights or the groups are of no supported kind.
    ValueError
        If an argument is out of its range or does not fit the others; the message names it.

    Notes
    -----
    Cost of a forward pass: `num_layers` passes over the edges for the whole batch, and
    n_neurons * batch * num_layers * 4 bytes for the activations. A gradient costs as much again,
    and about three times these bytes.

    Source: the model is that of connectome_interpreter 2.9.1.

    Examples
    --------
    >>> import numpy as np
    >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
    >>> network = MultilayeredNetwork(chain, sensory_indices=[0], num_layers=2, device="cpu")
    >>> network(np.array([[1.0, 0.0]]))
    tensor([[0.0000, 0.0000],
            [0.9866, 0.0000],
            [0.0000, 0.9857]])
    """

    sensory_indices: Tensor
    num_layers: int
    threshold: float
    tanh_steepness: float
    default_bias: float
    slope: nn.Parameter | None
    raw_biases: nn.Parameter | None
    divisive_strength: nn.Parameter | None
    tau: nn.Parameter | None
    indices: Tensor | None
    divnorm_indices: Tensor
    divnorm_weights: Tensor
    _divnorm_source: Tensor

    def __init__(
        self,
        all_weights: WeightsLike,
        sensory_indices: Iterable[int],
        num_layers: int = 2,
        threshold: float = 0.01,
        tanh_steepness: float = 5,
        idx_to_group: Mapping[int, object] | None = None,
        default_bias: float = 0.0,
        bias_dict: Mapping[Any, float] | None = None,
        slope_dict: Mapping[Any, float] | None = None,
        divisive_normalization: Mapping[Any, Sequence[Any]] | None = None,
        divisive_strength: float | Mapping[Any, float] = 1,
        activation_function: ActivationFunction | None = None,
        device: torch.device | str | None = None,
        *,
        signed_biases: bool = False,
        divisive_rule: str = "product",
        tau: float = 1.0,
        tau_dict: Mapping[Any, float] | None = None,
        input_range: tuple[float, float] = (0.0, 1.0),
        dynamics: Dynamics | None = None,
    ) -> None:
        super().__init__()
        weights = read_weights(all_weights)
        self.num_layers = num_layers
        self.threshold = threshold
        self.tanh_steepness = tanh_steepness
        self.default_bias = default_bias
        self.custom_activation_function = activation_function
        self.signed_biases = signed_biases
        self.divisive_rule = divisive_rule
        self.input_range = input_range
        self.dynamics = dynamics
        self.idx_to_group = idx_to_group
        self.divisive_normalization = divisive_normalization
        self.activations: Tensor | list[Tensor] = []
        self.neurons: pd.DataFrame | None = None
        self.provenance: dict[str, Any] = {}
        self.manipulations, self.interventions = Manipulations(), Interventions()
        sensory = read_sensory_indices(sensory_indices, weights.shape[0])
        self.register_buffer("sensory_indices", torch.from_numpy(sensory))

        self._groups = _groups_or_none(
            idx_to_group,
            weights.shape[0],
            bias_dict=bias_dict,
            slope_dict=slope_dict,
            tau_dict=tau_dict,
            divisive_normalization=divisive_normalization,
            divisive_strength=divisive_strength if isinstance(divisive_strength, Mapping) else None,
        )
        dtype = torch.from_numpy(weights.data[:0]).dtype
        if dynamics is not None:
            dynamics.to(dtype)
        self._make_group_parameters(slope_dict, bias_dict, dtype)
        self._make_tau(tau, tau_dict, dtype)
        weights = self._make_divisive(weights, divisive_strength, dtype)
        self.weights = SparseMatrix(weights)
        if device is None:
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.to(device)

    @classmethod
    def from_connectome(
        cls,
        connectome: Connectome,
        inputs: Selection,
        steps: int = 2,
        *,
        group_by: str | None = "cell_type",
        sign: SignRule = None,
        unknown_sign: int = 0,
        transmitter_signs: Mapping[str, float] = TRANSMITTER_SIGNS,
        **options: Any,
    ) -> MultilayeredNetwork:
        """Make a network that knows the names of its neurons.

        Parameters
        ----------
        connectome : Connectome
        inputs : int, str, mask, or a sequence of them
            The neurons to drive, in the selection language; see `wiregrad.select_neurons`.
        steps : int
            Synaptic hops (`num_layers`).
        group_by : str or None
            Column whose values share slope and bias. A neuron without a value is its own group.
            None makes no groups.
        sign, unknown_sign, transmitter_signs
            The sign rule; see `Connectome.weights`.
        **options
            Any other argument of `MultilayeredNetwork`.

        Returns
        -------
        MultilayeredNetwork
            With `neurons` (the connectome's table) and `provenance` set: functions that take
            neurons take ids and cell types, and results name them.

        Raises
        ------
        ValueError
            If the selection matches nothing or no sign rule is known, and as the constructor.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
        >>> len(network.sensory_indices), network.find("AVA").tolist()
        (83, [53, 54])
        """
        weights = connectome.weights(
            sign, unknown_sign=unknown_sign, transmitter_signs=transmitter_signs
        )
        labels = None if group_by is None else connectome.group_labels(group_by)
        network = cls(
            weights.matrix,
            connectome.select(inputs),
            num_layers=steps,
            idx_to_group=None if labels is None else dict(enumerate(labels)),
            **options,
        )
        network.neurons = connectome.neurons
        choices = {"inputs": inputs, "steps": steps, "group_by": group_by, "sign": sign, **options}
        if transmitter_signs is not TRANSMITTER_SIGNS:
            choices["transmitter_signs"] = dict(transmitter_signs)
        network.provenance = network_provenance(connectome, weights, choices)
        return network

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return self.weights.n_neurons

    @property
    def groups(self) -> Groups | None:
        """The groups that share parameters: their `names`, and each neuron's place in them."""
        return self._groups

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of weights and activations."""
        return self.weights.values.dtype

    @property
    def device(self) -> torch.device:
        """Where the network lives."""
        return self.weights.values.device

    @property
    def all_weights(self) -> Tensor:
        """The weights W[post, pre] as a coalesced torch COO tensor.

        Setting it takes whatever the constructor takes. Divisive connections are not part of it.
        """
        return self.weights.to_coo()

    @all_weights.setter
    def all_weights(self, weights: WeightsLike) -> None:
        matrix = read_weights(weights)
        if matrix.shape[0] != self.n_neurons:
            raise ValueError(
                f"all_weights has {matrix.shape[0]:,} neurons, the network {self.n_neurons:,}: "
                "make a new network"
            )
        self.weights = SparseMatrix(matrix).to(device=self.device, dtype=self.dtype)

    @property
    def biases(self) -> Tensor | None:
        """The bias of each group: |raw_biases|, or raw_biases where biases are signed.

        The gradient of |raw| at 0 is taken as +1, so that biases can be trained from 0.
        """
        if self.raw_biases is None or self.signed_biases:
            return self.raw_biases
        return self.raw_biases * torch.where(self.raw_biases.detach() < 0, -1.0, 1.0).to(self.dtype)

    def forward(
        self,
        inputs: StimulusLike,
        *,
        record: Selection | None = None,
        record_steps: Sequence[int] | int | None = None,
        checkpoint_steps: int | None = None,
        manipulations: Manipulations | None = None,
        initial_state: StimulusLike | None = None,
    ) -> Tensor:
        """Run the network.

        Parameters
        ----------
        inputs : ndarray or Tensor, shape (batch, sensory, step) or (sensory, step)
            The stimulus: any real dtype, values used in [threshold, 1]: below it silent, above 1
            capped. Steps beyond `num_layers` are ignored, with a warning.
        record : selection, optional
            The neurons whose activations are returned, as for `find`; by default all. The others
            are not kept.
        record_steps : int or sequence of int, optional
            The layers that are returned, in this order; by default all. Negative ones count from
            the end.
        checkpoint_steps : int, optional
            With `record` or `record_steps`: so many steps are kept in memory for the gradient, and
            the others are computed a second time. By default all, or where memory is short the
            square root of `num_layers`.
        manipulations : Manipulations, optional
            Neurons to clamp or silence and synapses to scale, for this run alone. To use them
            again and again, run `network.manipulated(...)` instead.
        initial_state : ndarray or Tensor, shape (batch, n_neurons) or (n_neurons,), optional
            What column 0 of the stimulus joins; by default silence. With the last state of a run,
            `activations[..., -1]`, that run goes on.

        Returns
        -------
        Tensor, shape (batch, n_neurons, num_layers) or (n_neurons, num_layers)
            Dimensionless, in [0, 1]; also kept as `activations`. With `record`, only its neurons
            and steps.

        Raises
        ------
        ValueError
            If the shape does not fit, a value is NaN or infinite, or what is to be recorded or
            manipulated is not there.
        TypeError
            If it holds no real numbers.
        MemoryError
            If it cannot fit into memory; see `memory_estimate`.

        Notes
        -----
        Cost: at most `num_layers` passes over the edges. A threshold makes the response jump;
        gradients do not see jumps.
        """
        acting = manipulated(self, manipulations)
        stimulus = read_stimulus(
            inputs, len(self.sensory_indices), self.num_layers, self.dtype, self.device
        )
        window = read_window(checkpoint_steps)
        initial = read_state(initial_state, self, len(stimulus))
        if record is None and record_steps is None:
            states = unroll(acting, stimulus, window=window, initial=initial)
        else:
            neurons = np.arange(self.n_neurons) if record is None else self.find(record)
            steps = read_steps(record_steps, self.num_layers)
            states = recorded(acting, stimulus, neurons, steps, window, initial)
        activations = states if inputs.ndim == 3 else states[0]
        self.activations = activations
        return activations  # not the attribute: another thread may have set it since

    def memory_estimate(
        self,
        batch: int = 1,
        record: Selection | None = None,
        gradient: bool = False,
        *,
        record_steps: Sequence[int] | int | None = None,
        checkpoint_steps: int | None = None,
        manipulations: Manipulations | None = None,
    ) -> int:
        """Estimate the memory that a run takes beyond what is in use, at its peak.

        Parameters
        ----------
        batch : int
            Members.
        record, record_steps, checkpoint_steps, manipulations
            As for `forward`.
        gradient : bool
            Whether the gradient of the stimulus is taken too.

        Returns
        -------
        int
            Bytes.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, "role=sensory", 50, device="cpu")
        >>> all_states, two_cells = (network.memory_estimate(64, what) for what in (None, "AVA"))
        >>> all_states > 1.9 * two_cells  # the rest is the stimulus
        True
        """
        n_read = None
        if record is not None or record_steps is not None:
            neurons = self.n_neurons if record is None else len(self.find(record))
            n_read = neurons * len(read_steps(record_steps, self.num_layers))
        window = read_window(checkpoint_steps)
        if n_read is not None and not gradient:
            window = 1
        acting = manipulated(self, manipulations)
        own = 0 if acting.weights is self.weights else acting.weights.values.nbytes
        return own + estimate_memory(acting, batch, n_read=n_read, gradient=gradient, window=window)

    def manipulated(self, manipulations: Manipulations) -> MultilayeredNetwork:
        """Return the network with neurons clamped or silenced, or synapses scaled.

        Whatever takes a network takes it. What was done before stays done.

        Parameters
        ----------
        manipulations : Manipulations

        Returns
        -------
        MultilayeredNetwork
            It shares parameters and labels with this one, so that training one trains the other,
            and all weights unless some are changed. Settings made later are each one's own.

        Raises
        ------
        ValueError
            If a manipulation names neurons or steps that the network does not have.
        TypeError
            If they are no `Manipulations`.

        Notes
        -----
        Cost: a pass over the edges, and 4 bytes an edge where weights change. Runs of it are as
        fast as before; what differs between batch members, and clamps, take a call of the
        compiled kernels for each step instead of one for all.

        Examples
        --------
        >>> import wiregrad as wg
        >>> chain = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0]])  # 0 -> 1 -> 2
        >>> network = wg.MultilayeredNetwork(chain, [0], num_layers=2, device="cpu")
        >>> network.manipulated(wg.Manipulations().silence(1))(np.array([[1.0, 0.0]]))
        tensor([[0.0000, 0.0000],
                [0.9866, 0.0000],
                [0.0000, 0.0000]])
        """
        return manipulated(self, manipulations)

    def activation_function(self, x: Tensor, x_previous: Tensor, leak: float = 0.0) -> Tensor:
        """Turn summed input into activation.

        Parameters
        ----------
        x : Tensor, shape (n_neurons, batch)
            W @ h.
        x_previous : Tensor, shape (n_neurons, batch)
            The activation h that it came from; divisive normalisation reads it.
        leak : float
            Slope of a surrogate gradient below threshold; 0 gives the true gradient.

        Returns
        -------
        Tensor, shape (n_neurons, batch)
        """
        if self.custom_activation_function is not None:
            return call_custom(self.custom_activation_function, self, x, x_previous)
        slopes, bias = self.slope_and_bias
        return self.rate(self.divnorm(slopes, x_previous) * x + bias, leak)

    @property
    def slope_and_bias(self) -> tuple[Tensor | float, Tensor | float]:
        """Slope and bias of every neuron, shape (n_neurons, 1); numbers without groups."""
        if self.slope is None or self.biases is None or self.indices is None:
            return self.tanh_steepness, self.default_bias
        return (
            self.slope[self.indices].unsqueeze(1),
            self.biases[self.indices].unsqueeze(1),
        )

    @property
    def may_remember(self) -> bool:
        """Whether a state may depend on the neuron's own state before, not by connections alone."""
        own = self.custom_activation_function is not None or self.dynamics is not None
        return own or self.tau is not None

    def remember(self, before: Tensor, activation: Tensor) -> Tensor:
        """Mix a state with the activation that follows it, (n_neurons, batch) both; by `tau`."""
        if self.tau is None:
            return activation
        share = 1 / self.tau.clamp(min=1)
        share = share[self.indices].unsqueeze(1) if self.indices is not None else share
        return (1 - share) * before + share * activation

    def rate(self, z: Tensor, leak: float = 0.0) -> Tensor:
        """Turn drive into activation: silent below the threshold, tanh above."""
        return torch.tanh(gate(z, self.threshold, leak))

    def divnorm(self, slopes: Tensor | float, x_previous: Tensor) -> Tensor | float:
        """Scale slopes by divisive normalisation; without any they come back as they are.

        Parameters
        ----------
        slopes : float or Tensor, shape (n_neurons,), (n_neurons, 1) or (n_neurons, batch)
        x_previous : Tensor, shape (n_neurons, batch) or (n_neurons,)

        Returns
        -------
        Tensor, of the shape of `x_previous`
        """
        if self.divisive_strength is None:
            return slopes
        h = x_previous if x_previous.ndim == 2 else x_previous.unsqueeze(1)
        if not isinstance(slopes, Tensor):
            slopes = torch.full_like(h, float(slopes))
        slopes = slopes if slopes.ndim == 2 else slopes.unsqueeze(1)
        strengths = self.divisive_strength[self._divnorm_source]
        scaled = divide_slopes(
            slopes.expand_as(h),
            h,
            self.divnorm_indices,
            self.divnorm_weights,
            strengths,
            self.divisive_rule,
        )
        return scaled.view(x_previous.shape)

    def find(self, what: Selection) -> npt.NDArray[np.int64]:
        """Find neurons by index, list, mask, group name and, with labels, id or any selection.

        Returns
        -------
        ndarray of int64
            Indices of the neurons.

        Raises
        ------
        ValueError
            If nothing matches.
        """
        return find_neurons(self.neurons, self._groups, self.n_neurons, what)

    def set_param_grads(
        self,
        slopes: bool = False,
        raw_biases: bool = False,
        divisive_strength: bool = False,
        tau: bool = False,
    ) -> None:
        """Choose which parameters record gradients; those that do not exist are passed over."""
        for parameter, wanted in (
            (self.slope, slopes),
            (self.raw_biases, raw_biases),
            (self.divisive_strength, divisive_strength),
            (self.tau, tau),
        ):
            if parameter is not None:
                parameter.requires_grad_(wanted)

    @property
    def is_training_parameters(self) -> bool:
        """Whether any slope, bias, divisive strength, tau, or what dynamics have, records them."""
        return any(parameter.requires_grad for parameter in self.parameters())

    def __setattr__(self, name: str, value: Any) -> None:
        check = SETTING_CHECKS.get(name)
        super().__setattr__(name, check(self, value) if check else value)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the graph of the last forward pass behind: copies and pickles cannot hold it."""
        state = dict(super().__getstate__())  # type: ignore[no-untyped-call]
        if isinstance(state["activations"], Tensor):
            state["activations"] = state["activations"].detach()
        return state

    def _make_group_parameters(
        self,
        slope_dict: Mapping[Any, float] | None,
        bias_dict: Mapping[Any, float] | None,
        dtype: torch.dtype,
    ) -> None:
        """Make the slope and the bias of every group a parameter."""
        groups = self._groups
        if groups is None:
            self.slope = self.raw_biases = self.indices = None
            return
        slopes = group_values(groups, self.tanh_steepness, slope_dict, "slope_dict")
        biases = group_values(groups, self.default_bias, bias_dict, "bias_dict")
        self.slope = nn.Parameter(torch.tensor(slopes, dtype=dtype), requires_grad=False)
        self.raw_biases = nn.Parameter(torch.tensor(biases, dtype=dtype), requires_grad=False)
        self.register_buffer("indices", torch.from_numpy(groups.of_neuron))

    def _make_tau(
        self, tau: float, by_group: Mapping[Any, float] | None, dtype: torch.dtype
    ) -> None:
        """Make the memory of every group a parameter, if anything is remembered."""
        values = np.array([float(tau)])
        if self._groups is not None:
            values = group_values(self._groups, float(tau), by_group, "tau_dict")
        kept = nn.Parameter(torch.tensor(values, dtype=dtype), requires_grad=False)
        self.tau = kept  # what cannot be is refused, also 1 among others
        if (values == 1).all():
            self.tau = None

    def _make_divisive(
        self,
        weights: sparse.csr_array,
        strength: float | Mapping[Any, float],
        dtype: torch.dtype,
    ) -> sparse.csr_array:
        """Set the divisive connections apart; return the other weights."""
        self.divisive_strength = None
        if self._groups is None:
            return weights
        pairs = self.divisive_normalization or {}
        if not pairs:
            read_strengths(strength, pairs, self._groups)  # a name that is no group is an error
            return weights
        rest, divisive = split_divisive(weights, pairs, self._groups)
        strengths = read_strengths(strength, pairs, self._groups)
        self.type2div_strength = strengths
        self.divisive_strength = nn.Parameter(
            torch.tensor(list(strengths.values()), dtype=dtype), requires_grad=False
        )
        ends = np.stack([divisive.post, divisive.pre])
        self.register_buffer("divnorm_indices", torch.from_numpy(ends))
        self.register_buffer("divnorm_weights", torch.from_numpy(divisive.weight))
        self.register_buffer("_divnorm_source", torch.from_numpy(divisive.source))
        return rest


def _groups_or_none(
    idx_to_group: Mapping[int, object] | None, n_neurons: int, **needing_groups: object
) -> Groups | None:
    if idx_to_group is not None:
        return read_groups(idx_to_group, n_neurons)
    given = [name for name, value in needing_groups.items() if value is not None]
    if given:
        raise ValueError(f"{given[0]} needs groups: pass idx_to_group, {{neuron index: group}}")
    return None
