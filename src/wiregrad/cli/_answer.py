"""The answer of a search as text, short enough to read whatever the size of the connectome."""

from __future__ import annotations

from typing import Any

import pandas as pd
import typer

from .._messages import few
from ..gradients import MaximisationResult
from ..network import MultilayeredNetwork
from ..tables import active_inputs, neuron_names

__all__ = ["print_answer", "print_question", "unreachable_line"]

# Rows of a table that are printed; the rest is summed up.
_MOST_ROWS = 20


def print_question(
    network: MultilayeredNetwork, n_targets: int, layer: int, asked: str = "to switch on"
) -> None:
    """Say what is asked, of which wiring, and how much of it has no known sign."""
    source = network.provenance
    typer.echo(
        f"{source['connectome']}: {source['n_neurons']:,} neurons, {source['n_edges']:,} "
        f"connections, {source['total_count']:,.10g} {source['unit']}\n"
        f"{source['signs_in_words']}\n"
        f"{len(network.sensory_indices):,} neurons to drive, {n_targets:,} {asked} at step "
        f"{layer + 1} of {network.num_layers}"
    )
    if network.manipulations:
        typer.echo(f"{network.manipulations}")


def print_answer(result: MaximisationResult) -> None:
    """Print what was attained, and the inputs that do it, by cell type."""
    network = _network(result)
    member = result.members.iloc[0]
    _print_targets(result)
    typer.echo(
        f"\n{member.active_neurons:,} of {len(network.sensory_indices):,} input neurons are active "
        f"({member.active_inputs:,} inputs, found in {result.n_passes:,} passes and "
        f"{result.seconds:.1f} s)"
    )
    inputs = _inputs_by_type(network, result)
    if len(inputs):
        _print_table(inputs.head(_MOST_ROWS))
    _print_rest(inputs.iloc[_MOST_ROWS:])


def unreachable_line(result: MaximisationResult) -> str:
    """Say which targets no stimulus can move, and in how many steps they could be."""
    lost = result.targets[result.targets["status"] == "unreachable"]
    names = _names(result, lost)
    remedies = [
        f"{name} ({_remedy(walk, layer)})"
        for name, walk, layer in zip(names, lost["shortest_walk"], lost["layer"], strict=True)
    ]
    which = "no target" if len(lost) == len(result.targets) else f"{len(lost):,} targets"
    verb = "can" if which == "no target" else "cannot"
    steps = lost["layer"].max() + 1
    return (
        f"{which} {verb} be reached from the inputs in {steps} step{'s' if steps > 1 else ''}: "
        f"{few(remedies)}"
    )


def _remedy(walk: Any, layer: int) -> str:
    if pd.isna(walk):
        return "no walk leads to it"
    if walk <= layer + 1:
        return f"none of the right length from the input steps; the shortest walk has {walk} steps"
    return f"needs {walk} steps"


def _print_targets(result: MaximisationResult) -> None:
    targets = result.targets.sort_values("attained", ascending=False)
    shown = targets.head(_MOST_ROWS)
    table = pd.DataFrame(
        {
            "target": _names(result, shown),
            "asked": shown["value"].map("{:.2f}".format),
            "attained": shown["attained"].map("{:.3f}".format),
            "at rest": shown["resting"].map("{:.3f}".format),
            "status": shown["status"],
        }
    )
    typer.echo("")
    _print_table(table)
    rest = targets.iloc[_MOST_ROWS:]
    if len(rest):
        typer.echo(f"and {len(rest):,} more targets, mean attained {rest['attained'].mean():.3f}")


def _inputs_by_type(network: MultilayeredNetwork, result: MaximisationResult) -> pd.DataFrame:
    """Give each cell type a row: its driven neurons, and their mean input at each step."""
    inputs = active_inputs(network, result.batch_input[0])
    strength = inputs.groupby("group")["input"].sum().sort_values(ascending=False, kind="stable")
    names = inputs.groupby("group")["id"].agg(lambda ids: few(dict.fromkeys(ids), limit=4))
    by_step = inputs.pivot_table(
        index="group", columns="step", values="input", aggfunc="mean", observed=True
    )
    table = pd.DataFrame({"type": strength.index, "neurons": names.loc[strength.index].to_numpy()})
    for step in range(network.num_layers):
        label = "start" if step == 0 else f"step {step}"
        column = by_step[step] if step in by_step else pd.Series(dtype=float)
        values = column.reindex(strength.index)
        table[label] = values.map(lambda value: "" if pd.isna(value) else f"{value:.2f}").to_numpy()
    return table


def _print_rest(rest: pd.DataFrame) -> None:
    if len(rest):
        typer.echo(f"and {len(rest):,} more types with weaker input")


def _print_table(table: pd.DataFrame) -> None:
    """Print a frame with its text to the left and its numbers to the right."""
    widths = [max([len(name), *table[name].str.len()]) for name in table.columns]
    left = [not table[name].str.fullmatch(r"[\d.]*").all() for name in table.columns]
    rows = [list(table.columns), *table.to_numpy().tolist()]
    for row in rows:
        cells = [
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(row, widths, left, strict=True)
        ]
        typer.echo(("  " + "  ".join(cells)).rstrip())


def _names(result: MaximisationResult, targets: pd.DataFrame) -> list[str]:
    return neuron_names(_network(result), targets["neuron"])


def _network(result: MaximisationResult) -> MultilayeredNetwork:
    if result.network is None:
        raise ValueError("the result has lost its network")
    return result.network
