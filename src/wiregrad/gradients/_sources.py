"""Sources of an attribution: what a caller names, as blocks and as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from .._messages import did_you_mean, few
from ..network import MultilayeredNetwork
from ..tables import neuron_labels
from ._column_runner import ColumnRunner
from ._named_places import list_places
from ._source_blocks import SourceBlock, StateBlock, StimulusBlock, SynapseBlock
from ._unrolled_run import START, Trials

__all__ = ["Sources", "read_sources"]

IndexArray = npt.NDArray[np.int64]

_WORDS = ("stimulus", "neurons", "synapses")
_KEYS = ("stimulus", "pre", "post")


@dataclass(frozen=True, eq=False)
class Sources:
    """What is attributed to, in units: single sources, or those of a group together.

    Attributes
    ----------
    kind : str
        "stimulus", "neurons" or "synapses".
    blocks : list of SourceBlock
    unit : list of ndarray of int64
        Of each block, the unit that every source belongs to, counted over all blocks.
    table : DataFrame
        One row a unit.
    """

    kind: str
    blocks: Sequence[SourceBlock]
    unit: Sequence[IndexArray]
    table: pd.DataFrame

    @property
    def single(self) -> bool:
        """Whether every unit is one source."""
        return sum(len(of) for of in self.unit) == len(self.table)

    def pool(self, of_sources: Sequence[Tensor]) -> npt.NDArray[np.float64]:
        """Add up over each unit: (n_members, n_sources) of each block to (n_members, n_units)."""
        return np.concatenate([self.pool_block(k, x) for k, x in enumerate(of_sources)], axis=1)

    def pool_block(self, number: int, of_sources: Tensor) -> npt.NDArray[np.float64]:
        """Do the same for one block and its units."""
        rows = of_sources.detach().cpu().numpy().astype(np.float64)
        code = self.unit[number]
        first, n_units = self._span(number)
        if len(code) == n_units:  # units are single sources, in order
            return rows
        return np.stack([np.bincount(code - first, row, minlength=n_units) for row in rows])

    def members_of(self, unit: int) -> tuple[int, Tensor]:
        """Return the block that a unit is in, and its sources there."""
        number = next(k for k in range(len(self.blocks)) if unit < sum(self._span(k)))
        return number, torch.from_numpy(np.flatnonzero(self.unit[number] == unit))

    def _span(self, number: int) -> tuple[int, int]:
        """Return the first unit of a block, and how many it has."""
        of_block = self.unit[number]
        if not len(of_block):
            return 0, 0
        first = int(of_block.min())
        return first, int(of_block.max()) - first + 1


def read_sources(
    named: Any,
    group_by: str | None,
    trials: Trials,
    baseline: Tensor | None,
    runner: ColumnRunner,
) -> Sources:
    """Read what a caller names as sources; see `attribution`.

    Raises
    ------
    TypeError
        If it is neither a word nor a dict.
    ValueError
        If nothing of the network is named.
    """
    network = runner.model
    kind = _kind(named)
    if baseline is not None and kind != "stimulus":
        raise ValueError(
            f"a baseline is a stimulus, and the sources are {kind}: they are compared with 0; "
            "leave baseline out"
        )
    groups = None if group_by is None else _group_names(network, group_by)
    if kind == "stimulus":
        return _of_stimulus(named, groups, trials, baseline)
    if kind == "neurons":
        return _of_states(named, groups, trials, runner)
    return _of_synapses(named, groups, trials, runner)


def _kind(named: Any) -> str:
    how = (
        "sources are 'stimulus', 'neurons' or 'synapses', or some of them: {'stimulus': neurons}, "
        "{layer: neurons}, {'pre': neurons, 'post': neurons}"
    )
    if isinstance(named, str):
        if named not in _WORDS:
            raise ValueError(f"{how}; not {named!r}{did_you_mean(named, _WORDS)}")
        return named
    if not isinstance(named, Mapping):
        raise TypeError(f"{how}; not {type(named).__name__}")
    words = [key for key in named if isinstance(key, str)]
    strangers = [key for key in words if key not in _KEYS]
    if strangers or not named or (words and len(words) < len(named)):
        raise ValueError(f"{how}; not a dict with the keys {few(map(repr, named))}")
    if not words:
        return "neurons"
    if "stimulus" in words and len(words) > 1:
        raise ValueError(f"{how}; not {few(map(repr, words))} at once")
    return "stimulus" if "stimulus" in words else "synapses"


def _group_names(network: MultilayeredNetwork, group_by: str) -> npt.NDArray[np.object_]:
    """Name the group of every neuron; one without a label is a group of its own."""
    labels = neuron_labels(network)
    if group_by == "group":
        return labels["group"].to_numpy(dtype=object)
    columns = [] if network.neurons is None else list(network.neurons.columns)
    if group_by not in columns or network.neurons is None:
        raise ValueError(
            f"there is no column {group_by!r} to group by: the network's neurons have "
            f"{few(columns, limit=20) or 'no labels'}{did_you_mean(str(group_by), columns)}; "
            "group_by='group' takes the network's own groups"
        )
    column = network.neurons[group_by].astype("string").reset_index(drop=True)
    return column.fillna(labels["id"]).to_numpy(dtype=object)


def _of_stimulus(
    named: Any,
    groups: npt.NDArray[np.object_] | None,
    trials: Trials,
    baseline: Tensor | None,
) -> Sources:
    network, stimulus = trials.model, trials.stimulus
    sensory = network.sensory_indices.cpu().numpy()
    rows = np.arange(len(sensory))
    if isinstance(named, Mapping):
        chosen = network.find(named["stimulus"])
        strangers = np.setdiff1d(chosen, sensory)
        if len(strangers):
            raise ValueError(
                f"the sources name neurons that receive no stimulus: {few(strangers)}; take them "
                "among network.sensory_indices"
            )
        rows = np.flatnonzero(np.isin(sensory, chosen))
    base = torch.zeros_like(stimulus) if baseline is None else baseline
    block = StimulusBlock(trials, base, torch.from_numpy(rows).to(stimulus.device))
    n_steps = network.num_layers
    table = pd.DataFrame(
        {
            "step": np.tile(np.arange(n_steps), len(rows)),
            "neuron": np.repeat(sensory[rows], n_steps),
        }
    )
    return _in_units("stimulus", [block], [table], groups, network)


def _of_states(
    named: Any,
    groups: npt.NDArray[np.object_] | None,
    trials: Trials,
    runner: ColumnRunner,
) -> Sources:
    network = runner.model
    every = {t: np.arange(network.n_neurons) for t in range(network.num_layers)}
    layers, members = list_places(
        list((every if named == "neurons" else named).items()), network, "sources"
    )
    of_layer: dict[int, IndexArray] = {}
    for layer, neurons in zip(layers.tolist(), members, strict=True):
        known = of_layer.get(layer, neurons[:0])
        of_layer[layer] = pd.unique(np.concatenate([known, neurons]))
    states = _states(trials, sorted(of_layer), runner)
    blocks: list[SourceBlock] = []
    tables = []
    for layer in sorted(of_layer):
        where = torch.from_numpy(of_layer[layer]).to(network.device)
        blocks.append(StateBlock(trials, layer, where, states[layer]))
        tables.append(pd.DataFrame({"layer": layer, "neuron": of_layer[layer]}))
    return _in_units("neurons", blocks, tables, groups, network)


def _states(trials: Trials, layers: Sequence[int], runner: ColumnRunner) -> dict[int, Tensor]:
    """Run the network; return the states at some layers, (n_members, n_neurons) each."""
    member = trials.member
    found: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    runner.expect(len(member))
    for part in runner.chunks(len(member)):
        run = runner.run(trials.columns(member[part]))
        for layer in layers:
            found[layer].append(run.states[layer + 1].T)
    return {layer: torch.cat(parts) for layer, parts in found.items()}


def _of_synapses(
    named: Any,
    groups: npt.NDArray[np.object_] | None,
    trials: Trials,
    runner: ColumnRunner,
) -> Sources:
    network = runner.model
    post = network.weights.row.cpu().numpy().astype(np.int64)
    pre = np.repeat(np.arange(network.n_neurons), np.diff(network.weights.ccol.cpu().numpy()))
    keep = np.ones(len(post), dtype=bool)
    if isinstance(named, Mapping):
        for end, at in (("pre", pre), ("post", post)):
            if end in named:
                keep &= np.isin(at, network.find(named[end]))
    entries = np.flatnonzero(keep)
    if not len(entries):
        raise ValueError(
            f"the sources name no synapse: the network has none from {_of(named, 'pre')} to "
            f"{_of(named, 'post')} whose weight is not 0"
        )
    handed_on = _activity(trials, runner)
    where = torch.from_numpy(entries).to(network.device)
    block = SynapseBlock(trials, where, handed_on)
    table = pd.DataFrame({"pre": pre[entries], "post": post[entries]})
    return _in_units("synapses", [block], [table], groups, network)


def _of(named: Any, end: str) -> str:
    return repr(named[end]) if isinstance(named, Mapping) and end in named else "any neuron"


def _activity(trials: Trials, runner: ColumnRunner) -> Tensor:
    """Sum what every neuron hands on, whatever its sign, (n_members, n_neurons)."""
    member, last = trials.member, trials.model.num_layers - 1
    found = []
    runner.expect(len(member))
    for part in runner.chunks(len(member)):
        run = runner.run(trials.columns(member[part]))
        heard = (run.heard(layer).abs() for layer in range(last))
        found.append(sum(heard, start=run.heard(START).abs()).T)
    return torch.cat(found)


def _in_units(
    kind: str,
    blocks: list[SourceBlock],
    tables: list[pd.DataFrame],
    groups: npt.NDArray[np.object_] | None,
    network: MultilayeredNetwork,
) -> Sources:
    """Make every source a unit, or every group of them."""
    units: list[IndexArray] = []
    rows: list[pd.DataFrame] = []
    n_units = 0
    labels = neuron_labels(network)
    for table in tables:
        if groups is None:
            code, table = np.arange(len(table)), _with_names(table, labels)
        else:
            code, table = _grouped(table, groups)
        units.append(n_units + code)
        rows.append(table)
        n_units += len(table)
    return Sources(kind, blocks, units, pd.concat(rows, ignore_index=True))


def _with_names(table: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Name the neurons of a table of sources, and their groups."""
    if "neuron" in table:
        named = labels.iloc[table["neuron"].to_numpy()].reset_index(drop=True)
        return table.assign(id=named["id"], group=named["group"])
    for end in ("pre", "post"):
        named = labels.iloc[table[end].to_numpy()].reset_index(drop=True)
        table = table.assign(**{f"{end}_id": named["id"], f"{end}_group": named["group"]})
    return table


def _grouped(
    table: pd.DataFrame, groups: npt.NDArray[np.object_]
) -> tuple[IndexArray, pd.DataFrame]:
    """Make one row of the sources of a group; return each source's row, and the rows."""
    names = {
        "group" if column == "neuron" else f"{column}_group": pd.array(
            groups[table[column].to_numpy()], dtype="string"
        )
        for column in ("neuron", "pre", "post")
        if column in table
    }
    others = table.drop(columns=["neuron", "pre", "post"], errors="ignore")
    keyed = others.assign(**names)
    code: IndexArray = keyed.groupby(list(keyed.columns)).ngroup().to_numpy().astype(np.int64)
    first = np.unique(code, return_index=True)[1]
    size = np.bincount(code)
    return code, keyed.iloc[first].reset_index(drop=True).assign(n_sources=size)
