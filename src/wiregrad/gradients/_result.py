"""What activation maximisation returns: six fields to unpack, and all that is known of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..network import MultilayeredNetwork
from ._saved_result import SAVED, read_result, write_result
from ._summary import named_neurons, summary

__all__ = ["MaximisationResult"]

FloatArray = npt.NDArray[np.floating]


class _Fields(NamedTuple):
    input: FloatArray
    output: FloatArray
    activation_losses: list[float]
    out_regularisation_losses: list[float]
    in_regularisation_losses: list[float]
    snapshots: list[FloatArray]


class MaximisationResult(_Fields):
    """The stimulus that was found and what it does.

    It unpacks as a tuple of its first six fields.

    Attributes
    ----------
    input : ndarray, shape (batch, sensory, step) or (sensory, step)
        The stimulus, in [0, 1] and 0 below the network's threshold. A batch of one has no batch
        axis.
    output : ndarray, shape (batch, n_neurons, step) or (n_neurons, step)
        The activations it causes: exactly `network(input)`.
    activation_losses, out_regularisation_losses, in_regularisation_losses : list of float
        Mean over batch members of the squared distance from the targets and of the penalties, one
        entry a pass, and one more at the end: that of `input`.
    snapshots : list of ndarray, shaped as `input`
        The stimulus at every fifth pass of each stage.
    targets : DataFrame
        One row a target: `batch`, `layer`, `neuron` (index), `value` (asked), `attained`, `nearest`
        (activation at the nearest approach, before inputs were left out: the ceiling that was
        found), `resting` (activation without any input), `status`, `shortest_walk` (fewest hops
        from the inputs; <NA> if there is no walk). Status is "reached" (within 0.02 of the value),
        "improved" (nearer than at rest by more than 0.02), "stuck", or "unreachable" (no walk of
        the right length). With targets of several neurons (`TargetActivation.mean` and others)
        `target` besides: what each is called; then `neuron` is missing, and `layer` where it has
        several; `attained`, `nearest` and `resting` are of the mean or the difference.
    target_neurons : DataFrame
        One row for each neuron of a target and each layer: the columns of `targets`, with
        `attained` and `resting` of the neuron alone, `value`, `nearest` and `status` of its target,
        and its `weight` in it. The same as `targets` where all targets are single neurons.
    members : DataFrame
        One row a batch member: `batch`, `status`, `active_inputs` (entries of the stimulus above
        0), `active_neurons` (sensory neurons that have one), `best_pass`, `passes`, `seed`,
        `agreement` (share of the starts that came as near to the targets as the best one; 1 where
        they were reached), `minimal` (none of the active inputs can be left out without losing the
        targets: each was, and the network was run).
    seed : int
        What start stimuli were drawn with.
    arguments : dict
        The other arguments of the call.
    version : str
        The package's version.
    provenance : dict
        Where the network comes from; empty for a network made from bare weights.
    n_passes : int
        Forward and backward passes that were made.
    seconds : float
        How long it took.
    stage_seconds : dict
        How long each stage of an automatic search took: reach; shorten, or with a budget of inputs
        choose; thin; prune.
    interrupted : bool
        Whether it was stopped by control-C, so that more passes might have found more.
    network : MultilayeredNetwork or None
        The network that was asked. It is left out of pickles and copies.
    """

    targets: pd.DataFrame
    target_neurons: pd.DataFrame
    members: pd.DataFrame
    seed: int
    arguments: dict[str, Any]
    version: str
    provenance: dict[str, Any]
    n_passes: int
    seconds: float
    stage_seconds: dict[str, float]
    interrupted: bool
    network: MultilayeredNetwork | None

    @property
    def batch_input(self) -> FloatArray:
        """The stimulus with its batch axis, (batch, sensory, step)."""
        return self.input if self.input.ndim == 3 else self.input[np.newaxis]

    @property
    def batch_output(self) -> FloatArray:
        """The activations with their batch axis, (batch, n_neurons, step)."""
        return self.output if self.output.ndim == 3 else self.output[np.newaxis]

    @property
    def neurons(self) -> pd.DataFrame:
        """The sensory neurons and the targets: `neuron` (index), `id`, `group`, `sensory`.

        `sensory` is the neuron's row in the stimulus, or -1. A result that was saved knows them
        without its network; one that was pickled or copied does not.
        """
        known: pd.DataFrame | None = self.__dict__.get("_neurons")
        return named_neurons(self) if known is None else known

    def to_frame(self) -> pd.DataFrame:
        """Sum the result up, a row a problem.

        Returns
        -------
        DataFrame
            - `member`: number in the batch;
            - `targets`, `n_targets`: the ids of its targets, the first eight; how many there are;
            - `status`, `agreement`, `minimal`, `active_inputs`, `active_neurons`, `passes`,
              `best_pass`, `seed`: as in `members`;
            - `asked`, `attained`, `nearest`, `resting`: means over its targets;
            - `active_types`, `types`: groups of the active neurons: how many, and their names;
            - `seconds`, `seconds_reach`, ...: an equal share of the time of the batch;
            - `version`, `connectome`, `checksum`: of the package and of the data; "" if unknown.

        Raises
        ------
        ValueError
            If the result was pickled or copied, and knows no names.

        Notes
        -----
        Cost: one pass over the neurons.

        Examples
        --------
        >>> import wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
        >>> result = wg.activation_maximisation(network, {2: {"AVA": 0.9}}, seed=0, use_tqdm=False)
        >>> result.to_frame()[["targets", "status", "asked", "minimal"]]
              targets   status  asked  minimal
        0  AVAL, AVAR  reached    0.9     True
        """
        return summary(self)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Save all of the result but its network.

        Parameters
        ----------
        folder : str or Path
            A new folder, or one that holds a saved result, which is replaced. It then holds
            `result.json` (arguments, seed, version, and where the network comes from, with its
            checksum), tables in parquet and arrays in npz.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        ValueError
            If the folder holds other files, or the result was pickled or copied: then it knows no
            names.
        FileNotFoundError
            If there is no folder to make it in.
        OSError
            If it cannot be written; what was saved there before is then as it was.

        Notes
        -----
        Functions among the arguments leave their names. A start that was given (`input_tensor`) is
        the first of the snapshots, with what lies below the network's threshold at 0.

        Cost: the bytes of the arrays, compressed.

        Examples
        --------
        >>> import tempfile, wiregrad as wg
        >>> worm = wg.datasets.celegans()
        >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
        >>> result = wg.activation_maximisation(network, {2: {"AVA": 0.9}}, seed=0, use_tqdm=False)
        >>> folder = result.save(tempfile.mkdtemp())
        >>> again = wg.MaximisationResult.load(folder, network)  # another day
        >>> (again.input == result.input).all(), again.seed
        (np.True_, 0)
        """
        path = Path(folder)
        write_result(self, path)
        return path

    @classmethod
    def load(
        cls, folder: str | os.PathLike[str], network: MultilayeredNetwork | None = None
    ) -> MaximisationResult:
        """Load what `save` saved.

        Parameters
        ----------
        folder : str or Path
        network : MultilayeredNetwork, optional
            The network that was asked, for `wiregrad.report`.

        Raises
        ------
        ValueError
            If no result is in the folder, a file is damaged or of a newer version, or the network
            is another one.
        """
        page, tables, fields = read_result(Path(folder))
        result = cls(*fields)
        for name in SAVED:
            setattr(result, name, page[name])
        result.version = page["version"]
        result.targets, result.members = tables["targets"], tables["members"]
        result.target_neurons = tables["target_neurons"]
        result.__dict__["_neurons"] = tables["neurons"]
        result.network = None
        if network is not None:
            result.require_asked(network)
            result.network = network
        return result

    def require_asked(self, network: MultilayeredNetwork) -> None:
        """Refuse a network that is not the one that was asked.

        Raises
        ------
        ValueError
            If it was made from another connectome, or differs in size.
        """
        made, asked = network.provenance.get("checksum"), self.provenance.get("checksum")
        if made and asked and made != asked:
            raise ValueError(
                "the network was made from another connectome than the result: its checksum starts "
                f"with {made[:12]}, the result's with {asked[:12]}; pass the network that was asked"
            )
        needed = (len(network.sensory_indices), network.n_neurons, network.num_layers)
        held: tuple[int, ...] = (self.batch_input.shape[1], *self.batch_output.shape[1:])
        if needed != held:
            raise ValueError(
                f"the result is of {held[0]:,} sensory and {held[1]:,} neurons in all, in "
                f"{held[2]} steps; the network has {needed[0]:,} and {needed[1]:,}, and "
                f"{needed[2]} steps: pass the network that was asked"
            )

    def __repr__(self) -> str:
        lines = [
            f"member {row.batch}: {row.status}, {row.active_inputs:,} active inputs to "
            f"{row.active_neurons:,} neurons"
            for row in self.members.head(5).itertuples()
        ]
        rest = len(self.members) - len(lines)
        lines += [f"and {rest:,} more members"] if rest else []
        passes = f"{self.n_passes:,} passes in {self.seconds:.1f} s"
        return f"MaximisationResult after {passes}\n  " + "\n  ".join(lines)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the network behind: a result is small, a whole brain is not.

        Functions among the arguments leave their names: not every function can be pickled.
        """
        return {
            **self.__dict__,
            "network": None,
            "arguments": _name_functions(self.arguments),
            "provenance": _name_functions(self.provenance),
        }


def _name_functions(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _name_functions(item) for key, item in value.items()}
    return getattr(value, "__qualname__", repr(value)) if callable(value) else value
