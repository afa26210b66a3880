"""Random activations on random connections, and the table of paths that they give, by loops."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st
from scipy import sparse

import wiregrad as wg

FloatArray = npt.NDArray[np.float64]

COLUMNS = ["pre", "post", "weight", "layer", "pre_activation", "post_activation"]
VALUES = ["weight", "pre_activation", "post_activation"]
KEYS = ["layer", "pre", "post"]

#: Groups of which there are texts and numbers, and whose order as text is not that as numbers.
LABELS: tuple[Any, ...] = ("b", "a", 10, 9, float("nan"))


@dataclass(frozen=True, eq=False)
class PathCase:
    """Arguments of activations_to_df_batched; `inprop` is [pre, post] and dense."""

    inprop: FloatArray
    stimuli: FloatArray
    out: FloatArray
    sensory: list[int]
    pre_groups: dict[int, Any] | None
    post_groups: dict[int, Any] | None
    activation_threshold: float
    connectivity_threshold: float

    def table(self, member: int) -> pd.DataFrame:
        return wg.activations_to_df(
            sparse.coo_matrix(self.inprop),
            self.stimuli[member],
            self.out[member],
            self.sensory,
            *self.options,
        )

    def batched_table(self) -> pd.DataFrame:
        return wg.activations_to_df_batched(
            self.inprop, self.stimuli, self.out, self.sensory, *self.options
        )

    @property
    def options(self) -> tuple[Any, ...]:
        return (
            *(self.pre_groups, self.post_groups),
            *(self.activation_threshold, self.connectivity_threshold),
        )

    def but(self, **changes: Any) -> PathCase:
        return replace(self, **changes)


@st.composite
def path_cases(draw: st.DrawFn, max_neurons: int = 9, signed: bool = True) -> PathCase:
    """Draw the shape of a case, which hypothesis can shrink; its numbers come from a seed.

    Grouped or not, weights are 0 or well away from it.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, steps = draw(st.integers(1, max_neurons)), draw(st.integers(1, 4))
    batch = draw(st.integers(1, 3))
    weights = rng.uniform(0.05, 1, (n, n))
    if signed:
        weights *= rng.choice([-1.0, 1.0], n)[:, None]
    weights *= rng.random((n, n)) < draw(st.sampled_from([0.1, 0.4, 0.9]))
    sensory = rng.permutation(n)[: rng.integers(1, n + 1)].tolist()
    active = draw(st.sampled_from([0.1, 0.5, 1.0]))
    stimuli, out = (
        rng.random((batch, rows, steps)) * (rng.random((batch, rows, steps)) < active)
        for rows in (len(sensory), n)
    )
    pre, post = (
        dict(enumerate(rng.choice(np.array(LABELS, dtype=object), n).tolist())) for _ in range(2)
    )
    groups = draw(st.sampled_from([(None, None), (pre, None), (pre, post)]))
    limits = draw(st.sampled_from([0.0, 0.3])), draw(st.sampled_from([0.0, 0.2]))
    return PathCase(weights, stimuli, out, sensory, *groups, *limits)


def paths_by_loops(case: PathCase, member: int) -> list[tuple[Any, ...]]:
    """List the rows of the table, in the order of its columns, by trying all pairs of groups."""
    n = len(case.inprop)
    pre_of = case.pre_groups or dict(enumerate(range(n)))
    post_of = case.post_groups or pre_of
    stimulus = dict(zip(case.sensory, case.stimuli[member][:, 0].tolist(), strict=True))
    out, rows = case.out[member], []
    for step in range(out.shape[1]):
        before = dict(enumerate(out[:, step - 1].tolist())) if step else stimulus
        after = dict(enumerate(out[:, step].tolist()))
        for pre in sorted(set(map(str, pre_of.values()))):
            for post in sorted(set(map(str, post_of.values()))):
                row = _edge(case, pre, post, pre_of, post_of, before, after)
                if row is not None:
                    weight, *activations = row
                    rows.append((pre, post, weight, step + 1, *activations))
    return rows


def _edge(
    case: PathCase,
    pre: str,
    post: str,
    pre_of: dict[int, Any],
    post_of: dict[int, Any],
    before: dict[int, float],
    after: dict[int, float],
) -> tuple[float, float, float] | None:
    sources = [i for i, group in pre_of.items() if str(group) == pre]
    targets = [i for i, group in post_of.items() if str(group) == post]
    level = case.activation_threshold
    acting = [before[i] for i in sources if i in before and (level <= 0 or before[i] >= level)]
    reached = [after[i] for i in targets if level <= 0 or after[i] >= level]
    weight = sum(case.inprop[i, j] for i in sources for j in targets) / len(targets)
    if not acting or not reached or not weight or abs(weight) < case.connectivity_threshold:
        return None
    return weight, sum(acting) / len(acting), sum(reached) / len(reached)
