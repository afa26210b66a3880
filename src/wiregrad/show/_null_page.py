"""The pages of a lesion screen, and of a question asked of null models too."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .._version import __version__
from ..experiments import LesionScreen, NullComparison
from ..network import MultilayeredNetwork
from ._asked import target_names, wiring_html
from ._html import Page, code, csv_links, footer_of, paragraph, table, tiles
from ._null_figures import plot_lesions, plot_nulls
from ._repeat_question import lesion_lines, require_asked
from ._words import amount, counted, joined, signed

__all__ = ["lesion_page", "null_page"]

_MOST_ROWS = 200
_MODES = {
    "outgoing": "their synapses onto others have no effect",
    "incoming": "what they receive has no effect",
    "both": "neither what they receive nor what they give has any effect",
}
_CHANCE = (
    "Null models are networks with the wiring shuffled. The share of them in which a number is as "
    "large says what chance and what is kept of the wiring already explain; of {n:,} no share says "
    "more than about {least:.1%}."
)


def lesion_page(
    screen: LesionScreen, network: MultilayeredNetwork | None, title: str | None
) -> tuple[Page, str]:
    """Make the page of a lesion screen, and what to call its file.

    Raises
    ------
    ValueError
        If the network is not the one that was asked.
    """
    shape = None if screen.stimulus is None else screen.stimulus.shape
    require_asked(network, screen.provenance, shape)
    origin = str(screen.provenance.get("connectome", "bare weights"))
    targets = _targets(screen, network)
    name = title or f"Which neurons does the response of {targets} need?"
    page = Page(name, tiles(_numbers(screen)), footer_of(screen.version, origin))
    asked = (
        "Each group of neurons in turn is silenced: what does the mean activation of the targets "
        "lose? Effects do not add up: one group may stand in for another."
    )
    more = [("Targets", targets), *_how(screen)]
    page.add("What was asked", paragraph(asked), wiring_html(network, screen.provenance, more))
    figure = page.figure(
        plot_lesions(screen),
        "Change of the response with each group silenced",
        "A bar is a group of neurons (behind the dot: how many). Blue: the response falls without "
        "them; vermilion: it rises." + (_beside(screen) if len(screen.null_intact) else ""),
        min_width=420,
    )
    page.add("What the response needs", figure, _effects(screen.table))
    if len(screen.null_intact):
        page.add("Beside null models", _chance(screen))
    said = f"With wiregrad {screen.version} these lines give the same numbers."
    page.add("How to repeat this", paragraph(said), code(lesion_lines(screen, network)))
    page.add("Tables", csv_links({"lesions": screen.table}))
    return page, f"lesions {origin} {targets}"


def _numbers(screen: LesionScreen) -> dict[str, str]:
    effects = screen.table["effect"]
    numbers = {
        "response with nothing silenced (activation)": amount(screen.intact, 3),
        "groups silenced": f"{len(screen):,}",
        "change the response": f"{int((effects != 0).sum()):,}",
    }
    if len(effects):
        largest = float(effects.iloc[0])
        numbers[f"largest change, without {screen.table['group'].iloc[0]}"] = f"{largest:+.3f}"
    if len(screen.null_intact):
        numbers["null models"] = f"{len(screen.null_intact):,}"
    return numbers


def _targets(screen: LesionScreen, network: MultilayeredNetwork | None) -> str:
    neurons = np.asarray(screen.arguments.get("targets", []), dtype=np.int64)
    if network is not None and len(neurons):
        return target_names(network, pd.DataFrame({"neuron": neurons}))
    return counted(len(neurons), "target neuron")


def _how(screen: LesionScreen) -> list[tuple[str, str]]:
    arguments = screen.arguments
    steps = [str(step + 1) for step in arguments.get("steps", [])]
    mode = str(arguments.get("mode"))
    pairs = [("Silenced", f"{mode}: {_MODES.get(mode, 'as it was given')}")]
    if steps:
        pairs.append(("Response", f"mean activation of the targets over step {joined(steps, 12)}"))
    if arguments.get("manipulations"):
        pairs.append(("Besides, in every run", str(arguments["manipulations"])))
    if len(screen.null_intact):
        kept = f"{len(screen.null_intact):,}, which keep {arguments.get('keep')}"
        pairs.append(("Null models", kept))
    return pairs


def _effects(whole: pd.DataFrame) -> str:
    rows = whole.head(_MOST_ROWS)
    columns: dict[str, Iterable[object]] = {
        "Group": rows["group"],
        "Neurons": [f"{n:,}" for n in rows["neurons"]],
        "Holds a target": ["yes" if held else "" for held in rows["holds_target"]],
        "Largest activation": [amount(peak, 3) for peak in rows["peak"]],
        "Response without": [amount(value, 3) for value in rows["response"]],
        "Change": [signed(value, 4) for value in rows["effect"]],
        "Share of the response": [
            f"{value:+.1%}" if pd.notna(value) else "" for value in rows["relative"]
        ],
    }
    if "null_mean" in rows.columns:
        columns |= {
            "Change in nulls": [signed(value, 4) for value in rows["null_mean"]],
            "SD in nulls": [f"{value:.2g}" for value in rows["null_sd"]],
            "As large in nulls": [f"{value:.1%}" for value in rows["null_share"]],
        }
    left = len(whole) - len(rows)
    said = f"{left:,} more groups are not in this table; the CSV below has them." if left else ""
    words = {"Group", "Holds a target"}
    return table(columns, numbers=set(columns) - words) + (paragraph(said) if said else "")


def _beside(screen: LesionScreen) -> str:
    return (
        " Diamonds: mean change in the null models, with one standard deviation to each side; to "
        f"the right, the share of the {len(screen.null_intact):,} null models in which the change "
        "has the same sign and is at least as large."
    )


def _chance(screen: LesionScreen) -> str:
    intact, n = screen.null_intact, len(screen.null_intact)
    said = _CHANCE.format(n=n, least=1 / (n + 1))
    responses = (
        f" With nothing silenced the null models respond with {amount(float(intact.mean()), 3)} in "
        f"the mean ({amount(float(intact.min()), 3)} to {amount(float(intact.max()), 3)}), the "
        f"network asked with {amount(screen.intact, 3)}."
    )
    weak = (
        " They hardly respond at all: there is nothing to lose in them, and shares are small "
        "whatever the group."
        if intact.mean() < abs(screen.intact) / 10
        else ""
    )
    return paragraph(said + responses + weak)


def null_page(comparison: NullComparison, title: str | None) -> tuple[Page, str]:
    """Make the page of a comparison with null models, and what to call its file."""
    frame = comparison.to_frame()
    n = len(comparison.nulls)
    numbers = {"numbers": f"{len(frame):,}", "null models": f"{n:,}"}
    if len(frame):
        rare = int((frame["share_as_far"] == 0).sum())
        numbers["farther from the nulls' mean than any null"] = f"{rare:,}"
    heading = title or "What does wiring by chance explain?"
    page = Page(heading, tiles(numbers), footer_of(__version__, "a network and null models"))
    figure = page.figure(
        plot_nulls(comparison),
        "Numbers of the network beside those of null models",
        "A bar is a number of the network asked. Diamonds: the mean over null models, with one "
        "standard deviation to each side; to the right, the share of null models that are at least "
        "as far from that mean.",
        min_width=420,
    )
    rows = frame.head(_MOST_ROWS)
    columns: dict[str, Iterable[object]] = {
        "Number": [str(name) for name in rows.index],
        "Network": [f"{value:.4g}" for value in rows["observed"]],
        "Nulls, mean": [f"{value:.4g}" for value in rows["null_mean"]],
        "Nulls, SD": [f"{value:.2g}" for value in rows["null_sd"]],
        "Nulls at least as large": [f"{value:.1%}" for value in rows["share_larger"]],
        "Nulls at most as large": [f"{value:.1%}" for value in rows["share_smaller"]],
        "Nulls at least as far": [f"{value:.1%}" for value in rows["share_as_far"]],
    }
    said = _CHANCE.format(n=n, least=1 / (n + 1))
    shown = table(columns, numbers=set(columns) - {"Number"})
    page.add("Beside null models", paragraph(said), figure, shown)
    lines = (
        f"import wiregrad as wg  # wiregrad {__version__}\n\n"
        "network = ...  # the one that was asked\n"
        "nulls = wg.rewired_networks(connectome, ...)  # as it was given\n"
        "compared = wg.ask_of_nulls(ask, network, nulls)  # ask: from a network to its numbers\n"
        "wg.report(compared)\n"
    )
    page.add("How to repeat this", code(lines))
    every = pd.DataFrame(comparison.nulls.T, index=frame.index).rename(columns="null {}".format)
    tables = {"numbers": frame, "null-models": every}
    named = {name: each.rename_axis("number").reset_index() for name, each in tables.items()}
    page.add("Tables", csv_links(named))
    return page, "null models"
