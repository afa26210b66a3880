"""The page of an attribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ..gradients import Attribution
from ..network import MultilayeredNetwork
from ._asked import wiring_html
from ._attribution_figures import (
    attribution_unit,
    plot_attribution,
    plot_verified,
    ranked_sources,
    source_names,
)
from ._html import Page, code, csv_links, details, footer_of, paragraph, table, tiles
from ._repeat_question import attribution_lines, require_asked
from ._words import amount, counted, signed

__all__ = ["attribution_page"]

_MOST_MEMBERS = 6  # that get figures of their own
_MOST_ROWS = 40
_MOST_JUMPS = 200

_METHODS = {
    "integrated_gradients": "Integrated gradients: the mean gradient on the way from the baseline "
    "to the stimulus, times the way. The shares of all sources add up to the change of the "
    "response, but for what jumps carry.",
    "input_x_gradient": "The gradient at this stimulus, times the value of the source.",
    "gradient": "The gradient at this stimulus: how the response changes with a little more of the "
    "source.",
    "smoothgrad": "The mean gradient under noise.",
}
_WHEN = {
    "stimulus": " Behind the comma: the step at which the input is given.",
    "neurons": " Behind the comma: the step after which the neuron has this activation.",
}
_KINDS = {
    "stimulus": "the inputs to sensory neurons, step by step",
    "neurons": "the activations of neurons, step by step",
    "synapses": "connections",
}


def attribution_page(
    found: Attribution, network: MultilayeredNetwork | None, title: str | None
) -> tuple[Page, str]:
    """Make the page of an attribution, and what to call its file.

    Raises
    ------
    ValueError
        If the network is not the one that was asked.
    """
    network = found.network if network is None else network
    require_asked(network, found.provenance, found.stimulus.shape[1:])
    origin = str(found.provenance.get("connectome", "bare weights"))
    asked = _targets(found.arguments.get("targets"))
    heading_ = title or f"What carries the response of {asked}?"
    page = Page(heading_, tiles(_numbers(found)), footer_of(found.version, origin))
    more = [
        ("Response", _response(found.arguments.get("targets"))),
        ("Attributed to", f"{_KINDS[found.kind]}: {len(found.sources):,} sources"),
        ("Method", _METHODS[found.method]),
    ]
    page.add("What was asked", wiring_html(network, found.provenance, more))
    for member in range(min(len(found.values), _MOST_MEMBERS)):
        name = "What carries it" if len(found.values) == 1 else f"Member {member}"
        page.add(name, _member(found, member, page))
    page.add("Does it add up?", _completeness(found))
    page.add("Is it true?", _verified(found, page))
    page.add("How to repeat this", _repeat(found, network))
    tables = {
        "attributions": found.to_frame(),
        "completeness": found.completeness,
        "jumps": found.jumps,
        "ablations": _named_ablations(found),
    }
    page.add("Tables", csv_links(tables))
    return page, f"attribution {origin} {asked} seed{found.seed}"


def _numbers(found: Attribution) -> dict[str, str]:
    response = found.target
    numbers = {
        "response (activation)" if len(response) == 1 else "responses (activation)": (
            amount(float(response[0]), 3)
            if len(response) == 1
            else f"{amount(float(response.min()), 2)} to {amount(float(response.max()), 2)}"
        ),
        "sources": f"{len(found.sources):,}",
        "of them not 0": f"{int((found.values != 0).any(axis=0).sum()):,}",
    }
    change = float(found.completeness["change"].abs().sum())
    if change > 0:
        jumps = float(found.completeness["jump"].abs().sum()) / change
        error = float(found.completeness["error"].abs().sum()) / change
        numbers["of the change is carried by jumps"] = f"{jumps:.1%}"
        numbers["of the change is not accounted for"] = f"{error:.1%}"
    numbers["runs of the network"] = f"{found.n_runs:,}"
    return numbers


def _member(found: Attribution, member: int, page: Page) -> str:
    order = ranked_sources(found, member)
    total = float(np.abs(found.values[member]).sum())
    figure = page.figure(
        plot_attribution(found, member),
        "Sources with the largest attributions",
        "Vermilion: the source raises the response; blue: it lowers it."
        + _WHEN.get(found.kind, "")
        + (
            " To the right: the share of null models in which the source has at least as large an "
            "attribution."
            if found.null_share is not None
            else ""
        ),
        min_width=420,
    )
    if not len(order):
        return figure
    rows = order[:_MOST_ROWS]
    values = found.values[member, rows]
    columns: dict[str, Iterable[object]] = {
        "Source": source_names(found.sources.iloc[rows]),
        "Attribution": [signed(value, 4) for value in values],
        "Share of all, by size": [f"{abs(value) / total:.1%}" for value in values],
        "Activity": [f"{value:.3g}" for value in found.activity[member, rows]],
    }
    if found.null_share is not None:
        columns["As large in nulls"] = [f"{s:.1%}" for s in found.null_share[member, rows]]
    said = (
        f"{counted(len(order), 'source')} of {found.values.shape[1]:,} have an attribution other "
        f"than 0; these {len(rows):,} have {np.abs(values).sum() / total:.1%} of it, by size. "
        f"Each number is the {attribution_unit(found.method)}."
    )
    return figure + paragraph(said) + table(columns, numbers=set(columns) - {"Source"})


def _completeness(found: Attribution) -> str:
    rows = found.completeness
    if not len(rows):
        return paragraph(
            "Only integrated gradients add up to the change of the response; this method does not "
            "claim to."
        )
    by_layer = rows["layer"].notna().any()
    columns: dict[str, Iterable[object]] = {"Member": rows["batch"]}
    if by_layer:
        columns["Step"] = [f"{layer + 1}" for layer in rows["layer"]]
    columns |= {
        "Response": [amount(value, 4) for value in rows["target"]],
        "At the baseline": [amount(value, 4) for value in rows["at_baseline"]],
        "Change": [signed(value, 5) for value in rows["change"]],
        "Attributed": [signed(value, 5) for value in rows["attributed"]],
        "Carried by jumps": [signed(value, 5) for value in rows["jump"]],
        "Jumps": [f"{n:,}" for n in rows["n_jumps"]],
        "Not accounted for": [signed(value, 2) for value in rows["error"]],
    }
    said = (
        "Change = attributed + carried by jumps + what is not accounted for, in units of "
        "activation. A neuron that crosses its threshold makes the response jump; gradients do not "
        "see that, and "
    )
    shared = found.jump_values is not None
    said += "what each source has of it is in `jump_values`." if shared else "no source gets it."
    body = paragraph(said) + table(columns, numbers=set(columns))
    if len(found.jumps):
        largest = found.jumps["jump"].abs().sort_values(ascending=False, kind="stable").index
        jumps = found.jumps.loc[largest[:_MOST_JUMPS]]
        columns = {
            "Member": jumps["batch"],
            "At this part of the path": [f"{at:.4f}" for at in jumps["at"]],
            "By": [signed(jump, 4) for jump in jumps["jump"]],
        }
        said = f"The {counted(len(jumps), 'jump')}, the largest first"
        body += details(said, table(columns, numbers=set(columns)))
    return body


def _verified(found: Attribution, page: Page) -> str:
    if not len(found.verified):
        return paragraph(
            "No source was ablated. With verify=10, say, the ten sources with the largest "
            "attributions are ablated one by one, beside as many random ones."
        )
    rows = found.verified
    top, random = (rows[rows["chosen"] == chosen] for chosen in ("top", "random"))
    said = (
        f"The {counted(len(top), 'source')} with the largest attributions: ablated one by one. "
        f"Without one of them the response changed by {_mean_size(top)} in the mean"
    )
    if len(random):
        said += (
            f"; without one of {len(random):,} random ones of about the same activity by "
            f"{_mean_size(random)}"
        )
    said += "." + _agreement(rows)
    figure = page.figure(
        plot_verified(found),
        "What ablating sources does, over what is attributed to them",
        "A mark is a source. On the dotted line, the response loses by its ablation just what was "
        "attributed to it. Below the line less is lost: others stand in for the source. Above it "
        "more is lost: the source also lets others through.",
        min_width=360,
    )
    named = _named_ablations(found).head(2 * _MOST_ROWS)
    columns: dict[str, Iterable[object]] = {
        "Source": named["name"],
        "Chosen": named["chosen"],
        "Member": named["batch"],
        "Activity": [f"{value:.3g}" for value in named["activity"]],
        "Attributed": [signed(value, 4) for value in named["attributed"]],
        "Measured": [signed(value, 4) for value in named["measured"]],
    }
    return paragraph(said) + figure + table(columns, numbers=set(columns) - {"Source", "Chosen"})


def _mean_size(rows: pd.DataFrame) -> str:
    return amount(float(rows["measured"].abs().mean()), 4) if len(rows) else "nothing"


def _agreement(rows: pd.DataFrame) -> str:
    both = rows[["attributed", "measured"]].to_numpy(dtype=np.float64)
    if len(both) < 3 or (both.std(axis=0) == 0).any():
        return ""
    return (
        f" Correlation of attributed and measured: {np.corrcoef(both.T)[0, 1]:.2f} (Pearson's, "
        f"over {len(both):,} sources)."
    )


def _named_ablations(found: Attribution) -> pd.DataFrame:
    names = source_names(found.sources.iloc[found.verified["source"]])
    return found.verified.assign(name=pd.array(names, dtype="string"))


def _repeat(found: Attribution, network: MultilayeredNetwork | None) -> str:
    said = f"With wiregrad {found.version} and seed {found.seed} these lines give the same numbers."
    return paragraph(said) + code(attribution_lines(found, network))


def _targets(targets: object) -> str:
    """Name the targets of a response, short enough for a heading."""
    if not isinstance(targets, Mapping):
        return "the targets"
    names: list[str] = []
    for places in targets.values():
        listed = list(places) if isinstance(places, (Mapping, list, tuple)) else [places]
        names += [str(name) for name in listed if isinstance(name, (str, int, np.integer))]
    names = list(dict.fromkeys(names))
    if not names or len(names) > 4:
        return f"{len(names):,} targets" if names else "the targets"
    return ", ".join(names)


def _response(targets: object) -> str:
    if not isinstance(targets, Mapping):
        return "as it was given"
    parts = []
    for layer, places in targets.items():
        weighted = isinstance(places, Mapping)
        what = str(places)
        if weighted:
            what = ", ".join(f"{weight:+g} times {name}" for name, weight in places.items())
        number = int(layer)
        when = f"at step {number + 1}" if number >= 0 else f"at step {number} from the end"
        parts.append(f"{'weighted sum' if weighted else 'sum'} of the activations {when}: {what}")
    return "; ".join(parts)
