"""The report's account of the question: which connectome, which signs, which model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..network import MultilayeredNetwork
from ..tables import neuron_labels, neuron_names
from ._html import definitions, details, paragraph
from ._words import counted, joined

__all__ = ["asked_html", "target_names", "wiring_html"]

_UNKNOWN = {
    0: "They have no effect here (weight 0), but still count as input.",
    1: "They are taken to excite here.",
    -1: "They are taken to inhibit here.",
}

_GLOSSARY = (
    ("Step", "One synaptic hop: activity crosses every connection once."),
    (
        "Activation",
        "How active a neuron is, from 0 (silent) to 1 (as active as it can be). No unit.",
    ),
    (
        "Input",
        "What the stimulus gives to a sensory neuron, from 0 to 1. Input given at step 0 starts "
        "the first hop; input given later is added to what the neuron receives by then.",
    ),
    (
        "Weight",
        "The share of a neuron's input that comes along a connection, by count; negative where "
        "the connection inhibits.",
    ),
    (
        "Flow",
        "Weight times the activation of the presynaptic neuron one step before: what a connection "
        "really delivers. Between groups of neurons: summed over the presynaptic neurons, mean "
        "over the postsynaptic ones that take part.",
    ),
)


def target_names(network: MultilayeredNetwork, targets: pd.DataFrame, limit: int = 4) -> str:
    """Name the target neurons, or their groups where these are many."""
    neurons = targets["neuron"].drop_duplicates().to_numpy()
    if len(neurons) <= limit:
        return joined(neuron_names(network, neurons))
    groups = pd.unique(neuron_labels(network)["group"].iloc[neurons]).tolist()
    return f"{counted(len(neurons), 'neuron')} ({joined(groups, limit)})"


def asked_html(
    network: MultilayeredNetwork, targets: pd.DataFrame, provenance: Mapping[str, Any]
) -> str:
    """Return what was asked, of which connectome and with which model."""
    question = (
        "Which input to the sensory neurons brings the target neurons to the activation asked of "
        "them, with as few active inputs as the search finds? The search follows gradients through "
        "the network; it finds one good answer, not all of them."
    )
    targets_pair = ("Targets", _targets(network, targets))
    return paragraph(question) + wiring_html(network, provenance, [targets_pair])


def wiring_html(
    network: MultilayeredNetwork | None,
    provenance: Mapping[str, Any],
    more: Sequence[tuple[str, str]] = (),
) -> str:
    """Return which connectome and which model it is, and what the page's words mean.

    Of a network that is not there, only the connectome.
    """
    model = _model(network) if network is not None else []
    pairs = [*_wiring(network, provenance), *model, *more]
    citations = provenance.get("connectome_citations", ())
    if citations:
        listed = [citations] if isinstance(citations, str) else map(str, citations)
        pairs.append(("Please cite", "; ".join(listed)))
    glossary = details("What the words on this page mean", definitions(_GLOSSARY))
    return definitions(pairs) + glossary


def _wiring(
    network: MultilayeredNetwork | None, provenance: Mapping[str, Any]
) -> list[tuple[str, str]]:
    if not provenance:
        pairs = [("Connectome", "Not known: the network was made from bare weights.")]
        if network is not None:
            n_edges = len(network.weights.values)
            size = f"{counted(network.n_neurons, 'neuron')}, {counted(n_edges, 'connection')}"
            pairs.append(("Size", size))
        signs = "As the weights had them; how many are unknown is not recorded."
        return [*pairs, ("Signs", signs)]
    size = (
        f"{counted(provenance['n_neurons'], 'neuron')}, "
        f"{counted(provenance['n_edges'], 'connection')}, "
        f"{provenance['total_count']:,.10g} {provenance['unit']}"
    )
    return [
        ("Connectome", str(provenance["connectome"])),
        ("Size", size),
        ("Signs", _rule(provenance["signs"]["rule"])),
        ("Unknown signs", _unknown(provenance)),
    ]


def _rule(rule: str) -> str:
    if rule == "connection":
        return "Excitatory or inhibitory connection by connection, as the data has it."
    return f"Excitatory or inhibitory by {rule}."


def _unknown(provenance: Mapping[str, Any]) -> str:
    signs = provenance["signs"]
    if not signs["unknown_edges"]:
        return "None: all signs are known."
    return (
        f"{counted(signs['unknown_edges'], 'connection')} of "
        f"{counted(signs['unknown_neurons'], 'neuron')} have no known sign; they carry "
        f"{signs['unknown_share']:.1%} of all input ({signs['unknown_input']:,.10g} "
        f"{provenance['unit']}). {_UNKNOWN[signs['unknown_sign']]}"
    )


def _model(network: MultilayeredNetwork) -> list[tuple[str, str]]:
    sensory = network.sensory_indices.cpu().numpy()
    types = pd.unique(neuron_labels(network)["group"].iloc[sensory]).tolist()
    inputs = f"{counted(len(sensory), 'sensory neuron')} of {counted(len(types), 'type')}"
    neuron = _neuron(network)
    if network.divisive_strength is not None:
        n = network.divnorm_weights.numel()
        neuron += (
            f"; {counted(n, 'connection')} act divisively: they scale the slope, and are not drawn "
            "in the circuit"
        )
    pairs = [
        ("Inputs", f"{inputs}: {joined(types, 12)}"),
        ("Steps", f"{network.num_layers}"),
        ("Each neuron", neuron),
    ]
    if network.manipulations:
        pairs.append(("Manipulations", f"{network.manipulations}."))
    return pairs


def _neuron(network: MultilayeredNetwork) -> str:
    if network.dynamics is not None:
        return f"dynamics of its own: {type(network.dynamics).__name__}"
    said = "a custom activation function"
    if network.custom_activation_function is None:
        said = (
            "tanh(slope * summed input + bias), silent where that is below the threshold "
            f"{network.threshold:g}; {_slopes(network)}"
        )
    if network.tau is not None:
        said += f"; mixed with its state before, tau {_range(network.tau.tolist())} steps"
    return said


def _slopes(network: MultilayeredNetwork) -> str:
    if network.slope is None or network.biases is None:
        return f"slope {network.tanh_steepness:g}, bias {network.default_bias:g}"
    return f"slope {_range(network.slope.tolist())}, bias {_range(network.biases.tolist())}"


def _range(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:.3g} to {high:.3g} by group"


def _targets(network: MultilayeredNetwork, targets: pd.DataFrame) -> str:
    questions = len(set(targets["batch"]))
    if questions > 1:
        return f"{counted(questions, 'question')} at once, listed below"
    parts = []
    for (step, value), asked in targets.groupby([targets["layer"] + 1, "value"]):
        names = target_names(network, asked)
        parts.append(f"{names}: activation {value:g} at step {step}")
    if len(parts) > 8:
        return f"{counted(len(targets), 'activation')} of {target_names(network, targets)}"
    return "; ".join(parts)
