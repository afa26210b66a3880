"""Random layered circuits, and their paths found by trying all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from wiregrad.circuits import Circuit

QUICK = settings(deadline=None, max_examples=25)


class Path(NamedTuple):
    """A path: where it begins, its groups, and the product of its flows."""

    layer: int
    groups: tuple[str, ...]
    product: float


@st.composite
def circuits(draw: st.DrawFn, max_layers: int = 5, max_groups: int = 4) -> Circuit:
    """Draw the shape of a circuit, which hypothesis can shrink; its numbers come from a seed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_layers, n_groups = draw(st.integers(1, max_layers)), draw(st.integers(1, max_groups))
    density = draw(st.sampled_from([0.0, 0.4, 0.8]))
    names = [f"g{i}" for i in range(n_groups)]
    place = [(layer, name) for layer in range(n_layers + 1) for name in names]
    nodes = pd.DataFrame(place, columns=["layer", "group"])
    n = len(nodes)
    nodes = nodes.assign(
        n=1,
        size=1,
        activation=rng.random(n),
        input=0.5,
        n_driven=(rng.random(n) < 0.4).astype(np.int64),
        n_targets=(rng.random(n) < 0.4).astype(np.int64),
        share=rng.random(n),
        n_groups=1,
    )
    hops = [
        (layer, pre, post)
        for layer in range(1, n_layers + 1)
        for pre in names
        for post in names
        if rng.random() < density
    ]
    edges = pd.DataFrame(hops, columns=["layer", "pre", "post"])
    few = rng.choice([-0.5, -0.25, 0.0, 0.25, 0.5], len(edges))  # with ties, and flows of 0
    flow = np.where(rng.random(len(edges)) < 0.5, few, rng.uniform(-1, 1, len(edges)))
    edges = edges.assign(
        weight=2 * flow,
        flow=flow,
        excitation=np.maximum(flow, 0),
        inhibition=np.minimum(flow, 0),
        share=rng.random(len(edges)),
        pre_activation=0.5,
        n_pre=1,
        post_activation=0.5,
        n_post=1,
    )
    texts = {"pre": "string", "post": "string", "layer": "int64"}
    return Circuit(edges.astype(texts), nodes.astype({"group": "string"}), n_layers)


def all_paths(found: Circuit) -> Iterator[Path]:
    """List every path from a driven node to a target, by trying all."""
    nodes = found.nodes.set_index(["layer", "group"])
    onward: dict[tuple[int, str], list[tuple[str, float]]] = {}
    for layer, pre, post, flow in found.edges[["layer", "pre", "post", "flow"]].values:
        onward.setdefault((layer - 1, pre), []).append((post, flow))

    def go_on(path: Path) -> Iterator[Path]:
        here = path.layer + len(path.groups) - 1
        if len(path.groups) > 1 and nodes.loc[(here, path.groups[-1]), "n_targets"] > 0:
            yield path
        for post, flow in onward.get((here, path.groups[-1]), []):
            if flow != 0:
                yield from go_on(Path(path.layer, (*path.groups, post), path.product * flow))

    for (layer, group), node in nodes.iterrows():
        if node["n_driven"] > 0:
            yield from go_on(Path(layer, (group,), 1.0))
