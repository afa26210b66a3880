"""The page of a circuit, and the section on it in other pages."""

from __future__ import annotations

from collections.abc import Iterable

from .._version import __version__
from ..circuits import BestPaths, Circuit, CircuitComparison, best_paths, strongest_circuit
from ._circuit import circuit_width, plot_circuit
from ._comparison_figures import plot_activation_changes, plot_flow_changes
from ._html import Page, csv_links, details, footer_of, paragraph, table, tiles
from ._member_tables import edge_table
from ._words import amount, counted, joined, signed

__all__ = ["circuit_html", "circuit_page", "comparison_page", "paths_html", "paths_page"]

_MOST_GROUPS, _MOST_EDGES = 12, 80  # in the picture of the circuit
_MOST_PATHS, _MOST_CHANGES = 25, 200
_COMPARED = (
    "Two circuits, edge by edge and group by group. The flow of an edge is its weight times the "
    "activation of the presynaptic neurons one step before: what it really delivers. A change is "
    "the second circuit less the first; an edge that is not in one of them has the flow 0 there."
)


def circuit_page(found: Circuit, title: str | None) -> tuple[Page, str]:
    """Make the page of a circuit, and what to call its file."""
    targets = found.nodes.loc[found.nodes["n_targets"] > 0, "group"].unique().tolist()
    names = joined(targets, 4) if targets else "nothing"
    best = best_paths(found, _MOST_PATHS)
    numbers = {
        "groups (nodes, all layers)": f"{len(found.nodes):,}",
        "edges": f"{len(found.edges):,}",
        "paths from stimulus to targets": f"{best.n_paths:,}",
        "steps": f"{found.n_layers}",
    }
    heading = title or f"The circuit that leads to {names}"
    page = Page(heading, tiles(numbers), footer_of(__version__, "a circuit"))
    page.add("The circuit", circuit_html(found, page))
    page.add("The strongest paths", paths_html(best))
    page.add(
        "Tables", csv_links({"edges": found.edges, "groups": found.nodes, "paths": best.paths})
    )
    return page, f"circuit of {names}"


def paths_page(best: BestPaths, title: str | None) -> tuple[Page, str]:
    """Make the page of a list of paths, and what to call its file."""
    page = Page(title or "The strongest paths", "", footer_of(__version__, "a circuit's paths"))
    page.add("The strongest paths", paths_html(best, most=500))
    page.add("Tables", csv_links({"paths": best.paths, "edges": best.edges}))
    return page, "paths"


def comparison_page(found: CircuitComparison, title: str | None) -> tuple[Page, str]:
    """Make the page of a comparison of circuits, and what to call its file."""
    flips = int(found.edges["sign_flips"].sum())
    numbers = {
        "edges in either": f"{len(found.edges):,}",
        "of them in both": f"{int((found.edges['in_first'] & found.edges['in_second']).sum()):,}",
        "change between exciting and inhibiting": f"{flips:,}",
        "similarity of flows (cosine)": f"{found.flow_similarity:.2f}",
    }
    page = Page(title or "Two circuits", tiles(numbers), footer_of(__version__, "two circuits"))
    rows = found.edges.head(_MOST_CHANGES)
    columns: dict[str, Iterable[object]] = {
        "Step": rows["layer"],
        "From": rows["pre"],
        "To": rows["post"],
        "Flow, first": [signed(flow) for flow in rows["flow_first"]],
        "Flow, second": [signed(flow) for flow in rows["flow_second"]],
        "Change": [signed(flow) for flow in rows["flow_change"]],
    }
    page.add("What is compared", paragraph(_COMPARED))
    said = f"The {counted(len(rows), 'edge')} whose flow changes most, of {len(found.edges):,}."
    if len(rows) == len(found.edges):
        said = f"{counted(len(rows), 'edge')}, the largest change of flow first."
    words = {"From", "To"}
    figure = page.figure(
        plot_flow_changes(found),
        "Edges whose flow changes most",
        "A bar is an edge, up to the step it arrives at. Vermilion: the flow grows from the first "
        "circuit to the second; blue: it falls.",
        min_width=420,
    )
    table_ = table(columns, numbers=set(columns) - words)
    page.add("What changes most", figure + paragraph(said) + table_)
    nodes = found.nodes.head(_MOST_CHANGES)
    columns = {
        "Step": nodes["layer"],
        "Group": nodes["group"],
        "Activation, first": [f"{value:.3f}" for value in nodes["activation_first"]],
        "Activation, second": [f"{value:.3f}" for value in nodes["activation_second"]],
        "Change": [signed(value) for value in nodes["activation_change"]],
    }
    figure = page.figure(
        plot_activation_changes(found),
        "Change of activation by group and step",
        "A row is a group, a column a step. Vermilion: more active in the second circuit; blue: "
        "less. White: in neither circuit.",
        min_width=420,
    )
    page.add("Groups", figure, table(columns, numbers=set(columns) - {"Group"}))
    page.add("Tables", csv_links({"edges": found.edges, "groups": found.nodes}))
    return page, "comparison of circuits"


def circuit_html(whole: Circuit, page: Page) -> str:
    """Show what carries activity from the stimulus to the targets."""
    if not len(whole.edges):
        return paragraph("No connection leads from an active input to a target in these steps.")
    small = strongest_circuit(whole, _MOST_GROUPS, _MOST_EDGES)
    figure = page.figure(
        plot_circuit(small),
        "Circuit from the stimulus to the targets",
        "Activity runs from left to right, one hop a column. A box is a cell type: the darker, "
        "the larger the mean activation of those of its neurons that take part. A line is as "
        f"wide as its flow; the widest is a flow of {amount(small.edges['flow'].abs().max())}. "
        "Shown is only what lies on a walk from an active input to a target at its step. "
        + _left_out(whole, small),
        min_width=circuit_width(small),
    )
    return figure + details("The edges as a table", edge_table(small))


def paths_html(best: BestPaths, most: int = _MOST_PATHS) -> str:
    """Show the strongest paths as a table."""
    if not len(best.paths):
        return paragraph("No path leads from an active input to a target.")
    rows = best.paths.head(most)
    said = (
        f"There are {counted(best.n_paths, 'path')} from a driven group to a target; the strongest "
        f"{len(rows):,} have {rows['share'].sum():.1%} of the strength of all. Strength is the "
        "product of weight times presynaptic activation along the path; a path excites if an even "
        "number of its edges inhibits."
    )
    columns: dict[str, Iterable[object]] = {
        "Rank": rows["path"] + 1,  # first, since the first column is not wrapped
        "Path": rows["route"],
        "Hops": rows["hops"],
        "Ends at step": rows["last_layer"],
        "Effect": ["excites" if sign > 0 else "inhibits" for sign in rows["sign"]],
        "Strength": [f"{strength:.3g}" for strength in rows["strength"]],
        "Share of all strength": [f"{share:.1%}" for share in rows["share"]],
    }
    return paragraph(said) + table(columns, numbers=set(columns) - {"Path", "Effect"})


def _left_out(whole: Circuit, small: Circuit) -> str:
    merged = int((small.nodes["n_groups"] > 1).sum())
    said = f"There are {counted(len(whole.edges), 'edge')} between cell types in all"
    if not merged and not small.edges_left_out:
        return f"{said}; none is left out."
    said += "; the weaker cell types of a column are summed up as others" if merged else ""
    if small.edges_left_out:
        said += (
            f"; left out are the {counted(small.edges_left_out, 'weakest line')}, with "
            f"{small.share_left_out:.1%} of the flow traced back from the targets"
        )
    return f"{said}."
