"""An attribution put to the test: sources ablated one by one, for real."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ._attribution_result import VERIFIED
from ._column_runner import ColumnRunner
from ._source_blocks import StateBlock
from ._sources import Sources

__all__ = ["ablate"]

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]

# A random source is drawn among so many that are nearest in activity to the one it is matched to.
_NEAREST = 10


def ablate(
    runner: ColumnRunner,
    sources: Sources,
    values: FloatArray,
    attributed: FloatArray,
    activity: FloatArray,
    k: int,
    seed: int,
) -> pd.DataFrame:
    """Ablate the top k active sources of each member, and k random ones of like activity.

    Parameters
    ----------
    runner : ColumnRunner
    sources : Sources
    values, attributed, activity : ndarray, shape (n_members, n_units)
        What the method says, the change it stands for, and how active each unit is. What is not
        active cannot be ablated; targets themselves are left out.
    k, seed : int
        Random ones are drawn with the seed, for every member alike.

    Returns
    -------
    DataFrame
        See `Attribution.verified`.
    """
    tables = []
    trivial = _targets_themselves(runner, sources)
    for member, row in enumerate(values if k else values[:0]):
        active = np.flatnonzero((activity[member] > 0) & ~trivial)
        top = active[np.argsort(-np.abs(row[active]), kind="stable")][:k]
        random = _matched(top, active, activity[member], np.random.default_rng(seed))
        chosen = np.concatenate([top, random]).astype(np.int64)
        tables.append(
            pd.DataFrame(
                {
                    "batch": member,
                    "chosen": ["top"] * len(top) + ["random"] * len(random),
                    "rank": [*range(len(top)), *range(len(random))],
                    "source": chosen,
                    "activity": activity[member, chosen],
                    "attribution": row[chosen],
                    "attributed": attributed[member, chosen],
                    "measured": _effects(runner, sources, member, chosen),
                }
            )
        )
    tables = tables or [pd.DataFrame(columns=list(VERIFIED))]
    return pd.concat(tables, ignore_index=True).astype(VERIFIED)


def _targets_themselves(runner: ColumnRunner, sources: Sources) -> npt.NDArray[np.bool_]:
    """Mark units with a target's own state: without it there is no target."""
    found = np.zeros(len(sources.table), dtype=bool)
    for block, unit in zip(sources.blocks, sources.unit, strict=True):
        if isinstance(block, StateBlock):
            targets = runner.places.neuron[runner.places.layer == block.layer]
            found[unit[torch.isin(block.neurons, targets).cpu().numpy()]] = True
    return found


def _matched(
    top: IndexArray, active: IndexArray, activity: FloatArray, rng: np.random.Generator
) -> IndexArray:
    """Draw for each of some units another one, each once, among the nearest in activity."""
    left = np.setdiff1d(active, top)
    found = []
    for unit in top:
        if not len(left):
            break
        distance = np.abs(activity[left] - activity[unit])
        near = np.argsort(distance + 0 * left, kind="stable")
        # Where many are as near, all of them may be drawn.
        last = distance[near[min(_NEAREST, len(near)) - 1]]
        place = int(rng.choice(np.flatnonzero(distance <= last)))
        found.append(left[place])
        left = np.delete(left, place)
    return np.array(found, dtype=np.int64)


def _effects(runner: ColumnRunner, sources: Sources, member: int, units: IndexArray) -> FloatArray:
    """Return the target with each unit less the target without it."""
    effects = np.zeros(len(units))
    placed = [sources.members_of(int(unit)) for unit in units]
    for number, block in enumerate(sources.blocks):
        rows = [i for i, (of_block, _) in enumerate(placed) if of_block == number]
        if not rows:
            continue
        device = block.values.device
        whole = torch.tensor([member], device=device)
        runner.expect(len(rows) + 1)
        with_it = runner.run(block.on_path(whole, torch.ones(1, device=device))).response
        cut = [placed[i][1] for i in rows]
        without = runner.without(block, whole.expand(len(rows)), cut)
        effects[rows] = (with_it.double() - without.double()).cpu().numpy()
    return effects
