"""`wiregrad info`: what a connectome holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import typer

from ..connectome import SET_ASIDE, Connectome

__all__ = ["print_info"]

# Columns with more values than this are described by examples.
_MOST_VALUES = 8


def print_info(connectome: Connectome) -> None:
    """Print the summary, the columns to select by, and what to cite."""
    typer.echo(str(connectome.describe()))
    typer.echo("\nselect neurons by")
    width = max(map(len, connectome.neurons.columns))
    for column in connectome.neurons.columns:
        typer.echo(f"  {column:<{width}}  {_values(connectome.neurons[column])}")
    _print_source(connectome.provenance)
    citations = connectome.provenance.get("citations", ())
    if citations:
        typer.echo("\nplease cite")
        for citation in citations:
            typer.echo(f"  {citation}")


def _print_source(provenance: Mapping[str, Any]) -> None:
    """Say which files it was read from, and what was merged and left out."""
    if "files" not in provenance:
        return
    typer.echo(f"\nread from ({provenance['source']})")
    for name, checksum in provenance["files"].items():
        typer.echo(f"  {name}, SHA-256 {checksum[:12]}...")
    for key, words in SET_ASIDE.items():
        if provenance.get(key):
            typer.echo(f"  {provenance[key]:,} {words}")


def _values(column: pd.Series) -> str:
    counts = column.value_counts()
    if len(counts) > _MOST_VALUES:
        examples = ", ".join(str(value) for value in column.dropna().unique()[:4])
        return f"{len(counts):,} values, such as {examples}"
    missing = int(column.isna().sum())
    parts = [f"{value} ({count:,})" for value, count in counts.items()]
    return ", ".join([*parts, f"none ({missing:,})"] if missing else parts)
