"""Tables of the sparse product alone."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from ._markdown import how_many_times, section, three_digits
from ._records import Record
from ._summary import select

__all__ = ["active_section", "stream_section"]


def stream_section(records: Sequence[Record]) -> str:
    """Set the dense product beside one read of its bytes."""
    rows = []
    for record in _by_batch(records, "stream"):
        taken = {name: median(seconds) for name, seconds in record["seconds_by"].items()}
        read = taken["read"]
        rows.append(
            [
                record["problem"],
                record["batch"],
                three_digits(read * 1e3),
                f"{record['bytes'] / read / 1e9:.1f}",
                three_digits(taken["product"] * 1e3),
                how_many_times(taken["product"] / read),
                f"{taken['product'] / record['edges'] * 1e9:.2f}",
                three_digits(taken["torch CSR"] * 1e3),
                how_many_times(taken["torch CSR"] / read),
            ]
        )
    text = (
        "One product with every neuron active, beside one read of the same matrix from memory (its "
        "values added up and its indices mixed, on all threads), in turn; medians."
    )
    header = [
        "problem", "batch", "one read, ms", "GB/s", "product, ms", "of one read",
        "ns a connection", "torch CSR, ms", "of one read",
    ]  # fmt: skip
    return section("Dense product", text, header, rows)


def active_section(records: Sequence[Record]) -> str:
    """Set the product against the fraction of neurons that are active."""
    runs = _by_batch(records, "active")
    if not runs:
        return ""
    rows = []
    for fraction, edges in runs[0]["edges_by"].items():
        share = edges / runs[0]["edges"]
        times = [three_digits(median(run["seconds_by"][fraction]) * 1e3) for run in runs]
        rows.append([f"{float(fraction):.0%}", f"{share:.1%}", *times])
    header = [
        "active neurons", "their connections", *(f"batch {run['batch']}, ms" for run in runs)
    ]  # fmt: skip
    text = (
        f"One product of the network's matrix ({runs[0]['problem']}) with a random part of the "
        "neurons active; medians."
    )
    return section("Product against activity", text, header, rows)


def _by_batch(records: Sequence[Record], kind: str) -> list[Record]:
    """Return one record a batch, with the seconds of all its processes together."""
    pooled: dict[int, Record] = {}
    for record in select(records, kind=kind):
        known = pooled.setdefault(record["batch"], {**record, "seconds_by": {}})
        for name, seconds in record["seconds_by"].items():
            known["seconds_by"].setdefault(name, []).extend(seconds)
    return [pooled[batch] for batch in sorted(pooled)]
