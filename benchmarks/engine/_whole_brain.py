"""A whole adult fly brain of 15.1M connections, made from the 2.31M that are at hand.

FlyWire's table has no connection below five synapses and none between the hemispheres. What is
missing is drawn, seeded: as many pairs as are published, from class to class in proportion to the
real connections, from neuron to neuron by log-normal propensities that follow the real degrees.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._draw_edges import (
    Floats,
    Integers,
    copy_back,
    draw_edges,
    has_reverse,
    propensities,
)

__all__ = ["RECIPE", "Brain", "Recipe", "complete", "whole_brain"]


@dataclass(frozen=True)
class Recipe:
    """What is to come out. Published: v783, from the README of the graph statistics.

    Attributes
    ----------
    strong, strong_synapses : int
        Pairs of five synapses and more, and their synapses.
    weak : int
        Pairs of one to four.
    weak_counts : tuple of float
        Shares of weak pairs with 1, 2, 3 and 4 synapses (mean 1.63; published mean 1.64).
    strong_reciprocity, reciprocity : float
        Share of pairs with a reverse, among the strong ones and among all; the second is not
        published: 0.14 in the adult brain from five synapses on, 0.26 in the larva's of all.
    sigma, rho : float
        Of the logarithms of the degrees in the hemibrain, where all pairs are counted.
    loyalty : float
        How well a neuron's weak degree follows its strong one: a guess.
    """

    strong: int = 2_700_513
    strong_synapses: int = 34_153_566
    weak: int = 12_391_470
    weak_counts: tuple[float, ...] = (0.60, 0.23, 0.11, 0.06)
    strong_reciprocity: float = 0.14
    reciprocity: float = 0.20
    sigma: float = 0.82
    rho: float = 0.70
    loyalty: float = 0.80

    def digest(self) -> str:
        """Return a few letters that change with the recipe or with the code that follows it."""
        sources = [Path(__file__), Path(__file__).with_name("_draw_edges.py")]
        whole = hashlib.sha256(repr(self).encode())
        for source in sources:
            whole.update(source.read_bytes())
        return whole.hexdigest()[:8]


RECIPE = Recipe()


@dataclass(frozen=True, eq=False)
class Brain:
    """A graph with its neurons.

    Attributes
    ----------
    neurons : DataFrame
        One row a neuron: cell_type, super_class, side, sign.
    pre, post : ndarray of int32
        Edges, sorted by pre, then post.
    count : ndarray of int16
        Synapses.
    """

    neurons: pd.DataFrame
    pre: npt.NDArray[np.int32]
    post: npt.NDArray[np.int32]
    count: npt.NDArray[np.int16]

    def save(self, path: Path) -> None:
        """Write an npz of plain arrays, through a temporary name."""
        columns = {
            f"neurons_{name}": column.to_numpy(dtype="U" if column.dtype != np.int8 else np.int8)
            for name, column in self.neurons.items()
        }
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, pre=self.pre, post=self.post, count=self.count, **columns)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Brain:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            names = [name for name in file.files if name.startswith("neurons_")]
            neurons = pd.DataFrame({name.removeprefix("neurons_"): file[name] for name in names})
            return cls(neurons, file["pre"], file["post"], file["count"])


def whole_brain(folder: Path, seed: int, recipe: Recipe = RECIPE) -> Brain:
    """Make the brain from FlyWire's tables.

    Parameters
    ----------
    folder : Path
        `flywire783` of the shared data.
    seed : int
    recipe : Recipe

    Returns
    -------
    Brain
        138,639 neurons: those of the table, in its order, then the others of Shiu et al. 2024.

    Notes
    -----
    Cost: about a minute and 2 GB.
    """
    rng = np.random.default_rng(seed)
    columns = ["cell_type", "super_class", "side", "sign"]
    inside = pd.read_parquet(folder / "neurons.parquet")
    everyone = pd.read_parquet(folder / "all_neurons_783.parquet")
    outside = everyone[everyone["in_shiu783"] & ~everyone["in_graph"]]
    inside = inside.assign(side=inside["hemi_graph"])
    neurons = pd.concat([inside[columns], outside[columns]], ignore_index=True)
    neurons = neurons.assign(
        side=_sides(neurons["side"], rng), cell_type=neurons["cell_type"].fillna("")
    )
    real = pd.read_parquet(folder / "edges.parquet")
    return complete(
        neurons,
        real["pre"].to_numpy(np.int64) * len(neurons) + real["post"].to_numpy(np.int64),
        real["syn_count"].to_numpy(np.int64),
        rng,
        recipe,
    )


def complete(
    neurons: pd.DataFrame,
    real: Integers,
    real_count: Integers,
    rng: np.random.Generator,
    recipe: Recipe,
) -> Brain:
    """Add crossing and weak edges to the real ones.

    Parameters
    ----------
    neurons : DataFrame
        super_class, side (left or right), and whatever else is to be kept.
    real, real_count : ndarray of int64
        Real edges as pre * n_neurons + post, in any order, and their synapses.
    rng : Generator
    recipe : Recipe

    Returns
    -------
    Brain
    """
    n = len(neurons)
    order = np.argsort(real)
    real, real_count = real[order], real_count[order]
    class_of, optic = _classes(neurons)
    inside, crossing = _expected(class_of, optic, real, n)
    out, inward = _propensities(rng, real, n, recipe)

    n_crossing = recipe.strong - len(real)
    back = round(n_crossing * recipe.strong_reciprocity / 2)
    across = draw_edges(rng, n_crossing - back, class_of, crossing, out, inward, real)
    across = np.union1d(across, copy_back(rng, back, across, n))
    across_count = _strong_counts(
        rng, n_crossing, real_count, recipe.strong_synapses - real_count.sum()
    )

    strong = np.union1d(real, across)
    out, inward = _propensities(rng, strong, n, recipe)
    expected = inside / inside.sum() * len(real) + crossing / crossing.sum() * n_crossing
    total = recipe.strong + recipe.weak
    # Each copy gives two pairs a reverse; what comes about by chance comes on top.
    back = round((recipe.reciprocity * total - has_reverse(strong, n).sum()) / 2)
    weak = draw_edges(rng, recipe.weak - back, class_of, expected, out, inward, strong)
    weak = np.union1d(weak, copy_back(rng, back, np.union1d(strong, weak), n))
    weak_count = rng.choice(
        np.arange(1, 1 + len(recipe.weak_counts)), len(weak), p=recipe.weak_counts
    )

    edges = np.concatenate([real, across, weak])
    count = np.concatenate([real_count, across_count, weak_count])
    order = np.argsort(edges)
    pre, post = np.divmod(edges[order], n)
    return Brain(
        neurons, pre.astype(np.int32), post.astype(np.int32), count[order].astype(np.int16)
    )


def _sides(side: pd.Series, rng: np.random.Generator) -> pd.Series:
    """Give the few neurons in the middle, and those without a side, either of the two."""
    lateral = side.isin(["left", "right"])
    either = pd.Series(rng.choice(["left", "right"], len(side)), index=side.index)
    return side.where(lateral, either)


def _classes(neurons: pd.DataFrame) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Give every super_class and side a number, and say which belong to an optic lobe.

    The class 2 * k + 1 mirrors 2 * k.
    """
    codes, names = pd.factorize(neurons["super_class"], sort=True)
    class_of = 2 * codes.astype(np.int64) + (neurons["side"] == "right").to_numpy()
    return class_of, np.repeat(np.asarray(names) == "optic", 2)


def _expected(
    class_of: Integers, optic: npt.NDArray[np.bool_], real: Integers, n: int
) -> tuple[Floats, Floats]:
    """Estimate edges from class to class, within a hemisphere and across.

    Within: the real block probability, times the neurons there are now. Across: the probability
    within, but for the cells of the optic lobes, which do not leave theirs.
    """
    n_classes = len(optic)
    pre, post = np.divmod(real, n)
    pairs = class_of[pre] * n_classes + class_of[post]
    found = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    seen = np.zeros(n, dtype=bool)
    seen[pre] = seen[post] = True
    before = np.maximum(np.bincount(class_of[seen], minlength=n_classes), 1)
    now = np.bincount(class_of, minlength=n_classes)
    probability = found / np.outer(before, before)

    mirrored = np.arange(n_classes) ^ 1
    same_side = np.equal.outer(np.arange(n_classes) % 2, np.arange(n_classes) % 2)
    within = (probability + probability[mirrored][:, mirrored]) / 2
    across = np.where(same_side | optic[:, None] | optic[None, :], 0, within[:, mirrored])
    room = np.outer(now, now)
    return np.where(same_side, probability, 0) * room, across * room


def _propensities(
    rng: np.random.Generator, edges: Integers, n: int, recipe: Recipe
) -> tuple[Floats, Floats]:
    pre, post = np.divmod(edges, n)
    return propensities(
        rng,
        np.bincount(pre, minlength=n),
        np.bincount(post, minlength=n),
        sigma=recipe.sigma,
        rho=recipe.rho,
        loyalty=recipe.loyalty,
    )


def _strong_counts(
    rng: np.random.Generator, n: int, real_count: Integers, synapses: int
) -> Integers:
    """Draw synapse counts from the real ones, with about so many synapses in all.

    A part is drawn in proportion to the count itself, so that the mean comes out.
    """
    mean, larger = real_count.mean(), (real_count.astype(float) ** 2).sum() / real_count.sum()
    part = np.clip((synapses / n - mean) / max(larger - mean, 1e-9), 0, 1)
    n_larger = rng.binomial(n, part)
    by_count = rng.choice(real_count, n_larger, p=real_count / real_count.sum())
    drawn = np.concatenate([by_count, rng.choice(real_count, n - n_larger)])
    return rng.permutation(drawn)
