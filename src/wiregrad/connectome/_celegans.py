"""The hermaphrodite worm, 302 neurons (Cook et al. 2019)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._bundled import Arrays, load_bundled
from ._connectome import Connectome

__all__ = ["celegans"]

CITATIONS = (
    "Cook et al. 2019, Nature 571:63 (wiring, SI 5 as corrected in July 2020)",
    "Fenyves et al. 2020, PLoS Comput Biol 16:e1007974 (predicted signs)",
    "Wang et al. 2024, eLife 13:RP95402 (transmitters)",
)


def celegans(*, gap_junctions: bool = False) -> Connectome:
    """Load the nervous system of the adult hermaphrodite worm *C. elegans*.

    Parameters
    ----------
    gap_junctions : bool
        Add the electrical connections, as positive connections both ways.

    Returns
    -------
    Connectome
        302 neurons, 3,709 chemical connections (and 2,196 electrical ones on request, each pair
        listed in both directions). Columns: `id` (`"AVAL"`), `cell_type` (`"AVA"`), `side` (L, R,
        M), `role` (sensory, inter, motor, polymodal, unknown), `subclass`, `transmitter` (missing
        where there is none).

    Notes
    -----
    A count is the number of EM serial sections a contact spans: the number of synapses times their
    size. Signs belong to single connections: they are predicted from the transmitter and the
    receptors that the postsynaptic neuron expresses; "complex" and missing predictions are unknown,
    which is 45 % of all chemical input. Neuropeptides are not in the data, and the counts combine
    several animals.

    Source: Cook et al. 2019, Nature 571:63; signs of Fenyves et al. 2020, PLoS Comput Biol
    16:e1007974; transmitters of Wang et al. 2024, eLife 13:RP95402.

    Cost: milliseconds; the file is part of the package.

    Examples
    --------
    >>> import wiregrad as wg
    >>> wg.datasets.celegans()
    Connectome('C. elegans': 302 neurons, 3,709 connections, 20,965 EM serial sections)
    >>> wg.datasets.celegans(gap_junctions=True).select("AVA").tolist()
    [53, 54]
    """
    file = load_bundled("celegans_cook2019.npz")
    edges = _chemical(file)
    if gap_junctions:
        edges = pd.concat([edges, _electrical(file)], ignore_index=True)
    wiring = "chemical and electrical" if gap_junctions else "chemical"
    return Connectome.from_edges(
        edges,
        _neurons(file),
        sign="sign",
        unit="EM serial sections",
        name="C. elegans" + (" with gap junctions" if gap_junctions else ""),
        provenance={
            "source": "wiregrad.datasets.celegans",
            "connections": wiring,
            "citations": CITATIONS,
        },
    )


def _neurons(file: Arrays) -> pd.DataFrame:
    def labels(name: str) -> pd.Series:
        values = pd.Series(file[f"{name}_cat"][file[f"{name}_code"]])
        return values.where(values != "")

    return pd.DataFrame(
        {
            "id": file["name"],
            "cell_type": labels("cell_class"),
            "side": labels("side"),
            "role": labels("role"),
            "subclass": labels("subclass"),
            "transmitter": labels("nt"),
        }
    )


def _chemical(file: Arrays) -> pd.DataFrame:
    names = file["name"]
    return pd.DataFrame(
        {
            "pre": names[file["chem_pre"]],
            "post": names[file["chem_post"]],
            "count": file["chem_weight"],
            "sign": file["chem_sign_pred"],
        }
    )


def _electrical(file: Arrays) -> pd.DataFrame:
    names = file["name"]
    return pd.DataFrame(
        {
            "pre": names[file["gap_pre"]],
            "post": names[file["gap_post"]],
            "count": file["gap_weight"],
            "sign": np.int8(1),
        }
    )
