"""Which kinds of work are done on which problems, in which batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ._problems import GROWTH

__all__ = ["SUITES", "Case", "cases_of"]

#: Suites, and what each is.
SUITES = {
    "maximise": "activation maximisation, seconds an iteration",
    "saliency": "saliency of ten neurons, seconds a call",
    "train": "training of slopes and biases, seconds an epoch; batches above 1",
    "forward": "a forward pass of the network, of a random stimulus and with every neuron active",
    "growth": "activation maximisation at batch 1 from 1,000 neurons to the whole brain",
    "stream": "one dense product beside one read of its bytes; the largest size alone",
    "active": "one product against the active fraction; the largest size alone",
    "first": "the first call on a machine where no kernel is compiled, and the second",
    "graph": "statistics of the whole brain that is made",
}

#: Kinds of work that only wiregrad does.
ALONE = ("stream", "active", "first", "graph")

#: Where activation maximisation is timed with groups as well (slope and bias by cell type).
_GROUPED = ("flywire",)


@dataclass(frozen=True)
class Case:
    """One comparison: a kind of work on a problem, at a batch size."""

    kind: str
    problem: str
    batch: int

    @property
    def alone(self) -> bool:
        """Whether only wiregrad does it."""
        return self.kind in ALONE

    def __str__(self) -> str:
        return f"{self.kind}, {self.problem}, batch {self.batch}"


def cases_of(suites: Sequence[str], sizes: Sequence[str], batches: Sequence[int]) -> list[Case]:
    """List the cases of suites, small problems first."""
    listed: list[Case] = []
    for suite in suites:
        match suite:
            case "maximise":
                listed += _product("maximise", sizes, batches)
                listed += _product("grouped", [s for s in sizes if s in _GROUPED], batches[:1])
            case "saliency":
                listed += _product(suite, sizes, batches)
            case "train":
                # Four fifths of the members are trained on, rounded down: none of one.
                listed += _product(suite, sizes, [batch for batch in batches if batch > 1])
            case "forward":
                listed += _product("forward", sizes, batches) + _product("dense", sizes, batches)
            case "growth":
                listed += [Case("maximise", f"growth-{n}", 1) for n in GROWTH]
            case "stream" | "active":
                listed += _product(suite, sizes[-1:], [b for b in batches if b <= 16])
            case "first":
                listed.append(Case("first", "worm", 1))
            case "graph":
                listed.append(Case("graph", "brain", 1))
    return listed


def _product(kind: str, sizes: Sequence[str], batches: Sequence[int]) -> list[Case]:
    return [Case(kind, size, batch) for size in sizes for batch in batches]
