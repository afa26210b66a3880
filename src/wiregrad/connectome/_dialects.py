"""The columns people have: how edge and neuron tables of the common sources are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from .._messages import did_you_mean, few
from ._edges import COUNT_COLUMNS

__all__ = [
    "DIALECTS",
    "ID_COLUMNS",
    "INDEX_COLUMNS",
    "TYPE_COLUMNS",
    "Dialect",
    "find_dialect",
    "first_column",
]


@dataclass(frozen=True)
class Dialect:
    """The columns of one kind of edge table.

    Attributes
    ----------
    name : str
        What the source is called.
    pre, post : str
        Columns with the ends of a connection.
    counts : tuple of str
        Columns that may hold the count. Where a table has none of them and `row_is_synapse`, each
        row counts 1.
    signed : str, optional
        Column with signed counts, for both count and sign.
    transmitter : str, optional
        Column with a transmitter for each row.
    row_is_synapse : bool
        Whether a row is one synapse.
    """

    name: str
    pre: str
    post: str
    counts: tuple[str, ...] = COUNT_COLUMNS
    signed: str | None = None
    transmitter: str | None = None
    row_is_synapse: bool = False


#: The edge tables that are known, the more particular ones first.
DIALECTS = (
    Dialect("FlyWire Codex", "pre_root_id", "post_root_id", ("syn_count",), transmitter="nt_type"),
    Dialect("neuPrint", "bodyId_pre", "bodyId_post", ("weight",)),
    Dialect("CAVE", "pre_pt_root_id", "post_pt_root_id", row_is_synapse=True),
    Dialect(
        "Shiu et al. 2024",
        "Presynaptic_ID",
        "Postsynaptic_ID",
        ("Connectivity",),
        signed="Excitatory x Connectivity",
    ),
    Dialect(
        "Shiu et al. 2024",
        "Presynaptic_Index",
        "Postsynaptic_Index",
        ("Connectivity",),
        signed="Excitatory x Connectivity",
    ),
    Dialect("plain", "pre", "post"),
)

#: Columns of a neurons table that may hold ids, the likelier first ...
ID_COLUMNS = ("id", "root_id", "bodyId", "pt_root_id", "skid", "neuron_id", "name")
#: ... positions, by which edges may refer to its rows ...
INDEX_COLUMNS = ("idx", "index")
#: ... and cell types.
TYPE_COLUMNS = ("cell_type", "type", "primary_type", "hemibrain_type")


def find_dialect(
    columns: Sequence[str],
    pre: str | None = None,
    post: str | None = None,
    table: str = "the edge table",
) -> Dialect:
    """Find out how an edge table is to be read from its columns.

    Parameters
    ----------
    columns : sequence of str
        The table's columns.
    pre, post : str, optional
        What the caller says of them.
    table : str
        What the error calls the table.

    Raises
    ------
    ValueError
        If the ends of a connection are in none of the columns; those that there are, are named.

    Examples
    --------
    >>> find_dialect(["bodyId_pre", "bodyId_post", "roi", "weight"]).name
    'neuPrint'
    """
    for given in (pre, post):
        if given is not None and given not in columns:
            raise ValueError(
                f"{table} has no column {given!r}: it has {few(columns, limit=20)}"
                f"{did_you_mean(given, columns)}"
            )
    told = [replace(d, pre=pre or d.pre, post=post or d.post) for d in DIALECTS]
    fits = [dialect for dialect in told if dialect.pre in columns and dialect.post in columns]
    if fits:  # as it is known; else with the ends that the caller names
        return next((dialect for dialect in fits if dialect in DIALECTS), fits[-1])
    known = dict.fromkeys(f"{dialect.pre}, {dialect.post}" for dialect in DIALECTS)
    raise ValueError(
        f"no columns of {table} hold the ends of a connection: it has "
        f"{few(columns, limit=20)}; known are {'; '.join(known)}; name others with pre= and post="
    )


def first_column(table: pd.DataFrame, names: Sequence[str]) -> str | None:
    """Return the first of some columns that a table has."""
    return next((name for name in names if name in table.columns), None)
