"""`wiregrad info`: what a connectome holds."""

from __future__ import annotations

import pandas as pd
import typer

from ..connectome import Connectome

__all__ = ["print_info"]

# Columns with more values than this are described by examples.
_MOST_VALUES = 8


def print_info(connectome: Connectome) -> None:
    """Print the summary, the columns to select by, and what to cite."""
    typer.echo(str(connectome.describe()))
    typer.echo("\nselect neurons by")
    for column in connectome.neurons.columns:
        typer.echo(f"  {column:<12}{_values(connectome.neurons[column])}")
    citations = connectome.provenance.get("citations", ())
    if citations:
        typer.echo("\nplease cite")
        for citation in citations:
            typer.echo(f"  {citation}")


def _values(column: pd.Series) -> str:
    counts = column.value_counts()
    if len(counts) > _MOST_VALUES:
        examples = ", ".join(str(value) for value in column.dropna().unique()[:4])
        return f"{len(counts):,} values, such as {examples}"
    missing = int(column.isna().sum())
    parts = [f"{value} ({count:,})" for value, count in counts.items()]
    return ", ".join([*parts, f"none ({missing:,})"] if missing else parts)
