"""Statistics of a graph, and what is published of the fly's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from ._draw_edges import has_reverse
from ._whole_brain import Brain

__all__ = ["PUBLISHED", "describe_brain", "describe_degrees", "describe_graph", "transitivity"]

#: Rows of neurons whose two-step paths are held at once.
_CHUNK = 2_000

#: What the page compares with: (of which pairs, statistic, number, source).
PUBLISHED: tuple[tuple[str, str, float, str], ...] = (
    ("all", "neurons", 138_639, "v783 in Shiu et al. 2024"),
    ("all", "pairs", 15_091_983, "v783 in Shiu et al. 2024"),
    ("all", "synapses", 54_492_922, "v783 in Shiu et al. 2024"),
    ("all", "mean_count", 54_492_922 / 15_091_983, "v783 in Shiu et al. 2024"),
    ("central", "mu_log_in", 5.05, "hemibrain, which is most of one central brain"),
    ("central", "sigma_log_in", 0.82, "hemibrain"),
    ("central", "mu_log_out", 5.00, "hemibrain"),
    ("central", "sigma_log_out", 0.82, "hemibrain"),
    ("central", "corr_log_in_out", 0.70, "hemibrain"),
    ("strong", "connected_neurons", 134_181, "v783, 5 synapses or more"),
    ("strong", "pairs", 2_700_513, "v783, 5 synapses or more"),
    ("strong", "synapses", 34_153_566, "v783, 5 synapses or more"),
    ("strong", "reciprocity", 0.1398, "v783, 5 synapses or more"),
    ("strong", "mean_in_degree", 20.5, "v630 (Lin et al. 2024), 5 synapses or more"),
    ("strong", "connection_probability", 1.61e-4, "v630 (Lin et al. 2024)"),
    ("strong", "clustering", 0.0463, "v630 (Lin et al. 2024)"),
    ("strong", "largest_weak_component", 124_778, "v630 (Lin et al. 2024), 127,319 neurons"),
    ("strong", "largest_strong_component", 115_661, "v630 (Lin et al. 2024), 127,319 neurons"),
    ("strong", "rich_club", 40_218, "v630 (Lin et al. 2024): total degree 37 or more"),
    ("weak", "pairs", 12_391_470, "v783, below 5 synapses"),
    ("weak", "synapses", 20_339_356, "v783, below 5 synapses"),
    ("weak", "mean_count", 20_339_356 / 12_391_470, "v783, below 5 synapses"),
)


def describe_brain(brain: Brain) -> dict[str, dict[str, float]]:
    """Describe all pairs, those of five synapses and more (strong) and the others (weak).

    `central` are the degrees that central neurons have among all pairs.
    """
    n = len(brain.neurons)
    parts = {
        "all": np.ones(len(brain.pre), dtype=bool),
        "strong": brain.count >= 5,
        "weak": brain.count < 5,
    }
    described = {
        part: describe_graph(n, brain.pre[these], brain.post[these], brain.count[these])
        for part, these in parts.items()
    }
    strong = parts["strong"]
    described["strong"]["clustering"] = transitivity(n, brain.pre[strong], brain.post[strong])
    central = (brain.neurons["super_class"] == "central").to_numpy()
    into, out = np.bincount(brain.post, minlength=n), np.bincount(brain.pre, minlength=n)
    described["central"] = describe_degrees(into[central], out[central])
    return described


def describe_degrees(
    into: npt.NDArray[np.integer], out: npt.NDArray[np.integer]
) -> dict[str, float]:
    """Fit log-normal distributions to the degrees above 0."""
    both = (into > 0) & (out > 0)
    return {
        "mu_log_in": float(np.log(into[into > 0]).mean()),
        "sigma_log_in": float(np.log(into[into > 0]).std()),
        "mu_log_out": float(np.log(out[out > 0]).mean()),
        "sigma_log_out": float(np.log(out[out > 0]).std()),
        "corr_log_in_out": float(np.corrcoef(np.log(into[both]), np.log(out[both]))[0, 1]),
    }


def describe_graph(
    n: int, pre: npt.NDArray[np.integer], post: npt.NDArray[np.integer], count: npt.NDArray
) -> dict[str, float]:
    """Describe a directed graph of sorted, distinct edges.

    Returns
    -------
    dict of float
        Probability and mean in-degree are over the neurons that have an edge.
    """
    into, out = np.bincount(post, minlength=n), np.bincount(pre, minlength=n)
    connected = int(((into + out) > 0).sum())
    edges = pre.astype(np.int64) * n + post
    graph = sparse.csr_array((np.ones(len(pre), np.int8), (pre, post)), shape=(n, n))
    return {
        "neurons": n,
        "connected_neurons": connected,
        "pairs": len(pre),
        "synapses": int(count.sum(dtype=np.int64)),
        "mean_count": float(count.mean()),
        "reciprocity": float(has_reverse(edges, n).mean()),
        "connection_probability": len(pre) / (connected * (connected - 1)),
        "mean_in_degree": len(pre) / connected,
        **describe_degrees(into, out),
        "largest_weak_component": _largest(graph, "weak"),
        "largest_strong_component": _largest(graph, "strong"),
        "rich_club": int(((into + out) >= 37).sum()),
    }


def _largest(graph: sparse.csr_array, connection: str) -> int:
    _, label = csgraph.connected_components(graph, directed=True, connection=connection)
    return int(np.bincount(label).max())


def transitivity(n: int, pre: npt.NDArray[np.integer], post: npt.NDArray[np.integer]) -> float:
    """Return the share of connected triplets that are closed, directions set aside."""
    ends = np.concatenate([pre, post]), np.concatenate([post, pre])
    graph = sparse.csr_array((np.ones(2 * len(pre), np.float32), ends), shape=(n, n))
    graph.setdiag(0)
    graph.eliminate_zeros()
    graph.data[:] = 1
    degree = np.diff(graph.indptr).astype(float)
    closed = sum(
        float(((rows := graph[start : start + _CHUNK]) @ graph).multiply(rows).sum())
        for start in range(0, n, _CHUNK)
    )
    return closed / (degree * (degree - 1)).sum()
