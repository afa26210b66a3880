"""Real responses: odours into the fly's antennal lobe, fitted to what projection neurons did."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import wiregrad as wg

__all__ = ["odours"]

Floats = npt.NDArray[np.float64]

CLASSES = ("olfactory", "ALPN", "ALLN")
STEPS, FOLDS, EPOCHS, SEED = 4, 5, 150, 0

_GREEK = {"a-": "alpha-", "b-": "beta-", "g-": "gamma-", "d-": "delta-"}
_SPELLINGS = {
    "methyl salicilate": "methyl salicylate",
    "phenylethylamine": "2-phenylethylamine",
    "methanoic acid": "formic acid",
    "2-oxopentanoic acid": "2-oxovaleric acid",
    "isopentyl acetate": "isoamyl acetate",
    "pentyl acetate": "amyl acetate",
}


def odours(data: Path) -> dict[str, Any]:
    """Fit and predict under every condition."""
    given, measured = _read(data / "odours")
    brain = wg.Connectome.load(data / "flywire783")
    lobe = brain.subset(np.flatnonzero(brain.neurons["cell_class"].isin(CLASSES)))
    channels = {
        name: found
        for name in measured.columns
        if len(found := _projection_neurons(lobe.neurons, name)) and name in given
    }
    measured = measured[list(channels)]
    found: dict[str, Any] = {
        "odours": list(measured.index),
        "glomeruli": list(channels),
        "neurons": lobe.n_neurons,
        "edges": lobe.n_edges,
    }
    values, rng = measured.to_numpy(), np.random.default_rng(SEED)
    network = _network(lobe)
    stimuli = _stimuli(network, given)
    found["by class"] = _scores(_fit(network, stimuli, values, channels, "cell_class"), values)
    found["by type"] = _scores(_fit(network, stimuli, values, channels, "cell_type"), values)
    own = given[list(channels)].to_numpy()
    found["PN = ORN"] = _scores(_affine(own, values), values)
    found["PN = ORN, by type"] = _scores(_affine_each(own, values), values)
    found["PN's mean"] = _scores(_means(values), values)
    shuffled = stimuli[rng.permutation(len(stimuli))]
    found["odours shuffled"] = _scores(
        _fit(network, shuffled, values, channels, "cell_class"), values
    )
    for name, kept in (("all rewired", ()), ("LNs rewired", (("olfactory", "ALPN"),))):
        rewired = _network(_rewire(lobe, kept, rng))
        found[name] = _scores(_fit(rewired, stimuli, values, channels, "cell_class"), values)
    return found


def _normal(name: str) -> str:
    """Write a name as DoOR does: lower case, Greek letters in full, one spelling."""
    name = re.sub(r"\s+", " ", name.strip().lower())
    for short, long in _GREEK.items():
        if name.startswith(short):
            name = long + name.removeprefix(short)
    return _SPELLINGS.get(name, name)


def _read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return responses of receptors and of projection neurons, (odour, glomerulus)."""
    door = pd.read_parquet(folder / "door2_adult_glomerulus_responses.parquet")
    adult = pd.read_parquet(folder / "adult_glomerulus_responses.parquet")
    badel = adult[adult["source"] == "Badel2016_PN"]

    def table(rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows.assign(odour=rows["odour"].map(_normal))
        rows = rows.assign(glomerulus=rows["glomerulus"].map(_glomerulus))
        return rows.pivot_table(index="odour", columns="glomerulus", values="response")

    given, measured = table(door), table(badel)
    shared = sorted(set(given.index) & set(measured.index))
    return given.loc[shared], measured.loc[shared]


def _glomerulus(name: str) -> str:
    return {"DA4L": "DA4l", "VA7L": "VA7l", "Dp1m": "DP1m"}.get(name, name)


def _projection_neurons(neurons: pd.DataFrame, glomerulus: str) -> npt.NDArray[np.int64]:
    """Find the uniglomerular projection neurons of a glomerulus, excitatory ones."""
    types = neurons["cell_type"].astype("string").fillna("")
    ours = types.str.fullmatch(re.escape(glomerulus) + r"_\w*PN") & (
        neurons["cell_class"] == "ALPN"
    )
    return np.flatnonzero((ours & (neurons["sign"] == 1)).to_numpy(bool))


def _network(lobe: wg.Connectome) -> wg.MultilayeredNetwork:
    return wg.MultilayeredNetwork.from_connectome(
        lobe, "cell_class=olfactory", STEPS, sign="sign", device="cpu", default_bias=0.02
    )


def _stimuli(network: wg.MultilayeredNetwork, given: pd.DataFrame) -> Floats:
    """Drive every receptor neuron as its glomerulus responds, at all steps; unknown is 0."""
    sensory = network.sensory_indices.numpy()
    types = network.neurons["cell_type"].astype("string").fillna("").iloc[sensory]
    names = types.str.removeprefix("ORN_")
    columns = given.reindex(columns=names).fillna(0).to_numpy().clip(0, 1)
    return np.repeat(columns[:, :, None], STEPS, axis=2)


def _fit(
    network: wg.MultilayeredNetwork,
    stimuli: Floats,
    values: Floats,
    channels: dict[str, npt.NDArray[np.int64]],
    by: str,
) -> Floats:
    """Predict every odour by a network that has not seen it."""
    penalty = {} if by == "cell_class" else {"l2": 0.01}
    trainer = wg.Trainer(
        {
            "slope": wg.Trainable(by=by, bounds=(0.05, 30), **penalty),
            "bias": wg.Trainable(by=by, **penalty),
        },
        loss="squared",
        observation=wg.Observation("shared"),
        epochs=EPOCHS,
        learning_rate=0.1,
        schedule="cosine",
        seed=SEED,
    )
    recording = wg.Recording(values, list(channels.values()), steps=-1)
    found = trainer.cross_validate(
        network, stimuli, recording, folds=FOLDS, held_out=0, progress=False
    )
    table = found.predictions
    predicted = np.full(values.shape, np.nan)
    channel = table["channel"].str.removeprefix("channel ").astype(int)
    predicted[table["batch"], channel] = table["predicted"]
    return predicted


def _affine(own: Floats, values: Floats) -> Floats:
    """Predict odours by the line through all glomeruli of the others: PN = a + b ORN."""
    predicted = np.full(values.shape, np.nan)
    for odour in _left_out(len(values)):
        rest = ~np.isin(np.arange(len(values)), odour)
        there = rest[:, None] & np.isfinite(own) & np.isfinite(values)
        offset, slope = values[there].mean() if there.any() else np.nan, 0.0
        if there.sum() > 2 and own[there].std() > 0:
            slope, offset = np.polyfit(own[there], values[there], 1)
        predicted[odour] = offset + slope * np.nan_to_num(own[odour])
    return predicted


def _affine_each(own: Floats, values: Floats) -> Floats:
    """Predict odours by the line through the others, one for each glomerulus."""
    columns = [_affine(own[:, [i]], values[:, [i]]) for i in range(values.shape[1])]
    return np.concatenate(columns, axis=1)


def _means(values: Floats) -> Floats:
    """Predict odours by each glomerulus' mean over the others: it knows no odour."""
    predicted = np.full(values.shape, np.nan)
    for odour in _left_out(len(values)):
        predicted[odour] = np.nanmean(np.delete(values, odour, axis=0), axis=0)
    return predicted


def _left_out(n_odours: int) -> list[npt.NDArray[np.int64]]:
    """Divide the odours as `Trainer.cross_validate` does."""
    drawn = np.random.default_rng(SEED).permutation(n_odours)
    return [drawn[fold::FOLDS] for fold in range(FOLDS)]


def _scores(predicted: Floats, values: Floats) -> dict[str, float]:
    there = np.isfinite(values) & np.isfinite(predicted)

    def mean_correlation(pairs: Any) -> float:
        each = [
            np.corrcoef(p[t], v[t])[0, 1]
            for p, v, t in pairs
            if t.sum() > 2 and p[t].std() > 0 and v[t].std() > 0
        ]
        return float(np.mean(each)) if each else float("nan")

    off = (predicted - values)[there]
    return {
        "rms": float(np.sqrt((off**2).mean())),
        "explained": float(1 - (off**2).mean() / values[there].var()),
        "all": float(np.corrcoef(predicted[there], values[there])[0, 1]),
        "across glomeruli": mean_correlation(zip(predicted, values, there, strict=True)),
        "across odours": mean_correlation(zip(predicted.T, values.T, there.T, strict=True)),
    }


def _rewire(
    lobe: wg.Connectome, kept: tuple[tuple[str, str], ...], rng: np.random.Generator
) -> wg.Connectome:
    """Draw the ends of connections anew within pairs of classes: degrees and counts stay."""
    counts = lobe.counts.tocoo()
    classes = lobe.neurons["cell_class"].to_numpy(str)
    # counts are [pre, post] or [post, pre]: permuting either end keeps both ends' degrees
    first, second = (axis.copy() for axis in counts.coords)
    for one in CLASSES:
        for other in CLASSES:
            rows = np.flatnonzero((classes[first] == one) & (classes[second] == other))
            if {(one, other), (other, one)} & set(kept):
                continue
            second[rows] = second[rng.permutation(rows)]
    neurons = lobe.neurons.reset_index(drop=True)
    pre, post = (second, first) if _post_first(lobe) else (first, second)
    edges = pd.DataFrame(
        {
            "pre": neurons["id"].to_numpy()[pre],
            "post": neurons["id"].to_numpy()[post],
            "count": counts.data,
        }
    )
    return wg.Connectome.from_edges(edges, neurons, name="rewired")


def _post_first(lobe: wg.Connectome) -> bool:
    """Say whether counts are [post, pre], as their receptors' rows or columns tell."""
    receptors = (lobe.neurons["cell_class"] == "olfactory").to_numpy()
    matrix = lobe.counts
    return bool(matrix[:, receptors].sum() > matrix[receptors].sum())
