"""Lesions of the worm: which classes AVA's answer to a touch on the nose needs.

    python benchmarks/lesions.py --nulls 100 --out docs/experiments.md

ASH and FLP are driven, every class in turn is silenced, and AVA is looked at. Some seconds, and a
few more for the nulls.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from measure import machine
from pages import write_between

import wiregrad as wg

STEPS, SHOWN = 3, 12

#: Input to each driven neuron: at full strength AVA is saturated, and no class seems to be needed.
STRENGTH = 0.05

#: A change that is worth a row.
NOTABLE = 0.0005


def screen(unknown_sign: int, nulls: int, keep: str) -> wg.LesionScreen:
    """Silence every class in turn, with connections of unknown sign taken as is said."""
    worm = wg.datasets.celegans()
    network = wg.MultilayeredNetwork.from_connectome(
        worm, ["ASH", "FLP"], STEPS, unknown_sign=unknown_sign, device="cpu"
    )
    touch = np.full((len(network.sensory_indices), STEPS), STRENGTH)
    return wg.lesion_screen(network, touch, "AVA", nulls=nulls, connectome=worm, keep=keep)


def rows(found: wg.LesionScreen) -> str:
    """Write the largest effects as a table."""
    columns = ["class", "neurons", "peak activity", "AVA without it", "change"]
    nulls = len(found.null_intact)
    columns += ["change in nulls, mean ± SD", "share of nulls as large"] if nulls else []
    lines = [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
    table = found.to_frame()
    for row in table[table["effect"].abs() >= NOTABLE].head(SHOWN).itertuples():
        cells = [row.group, row.neurons, f"{row.peak:.2f}", f"{row.response:.3f}"]
        cells.append(f"{row.effect:+.3f} ({row.relative:+.0%})")
        if nulls:
            least = f"under {1 / nulls:g}" if row.null_share == 0 else f"{row.null_share:.2f}"
            cells += [f"{row.null_mean:+.3f} ± {row.null_sd:.3f}", least]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def section(unknown_sign: int, found: wg.LesionScreen) -> str:
    """Write what was found under one assumption."""
    signs = {0: "have no effect", 1: "excite", -1: "inhibit"}[unknown_sign]
    felt = int((found.table["effect"] != 0).sum())
    said = (
        f"Connections of unknown sign {signs}. AVA's activation with nothing silenced is "
        f"{found.intact:.3f}; {felt} of {len(found)} classes change it."
    )
    if len(found.null_intact):
        said += (
            f" In {len(found.null_intact)} rewired worms AVA reaches "
            f"{found.null_intact.mean():.3f} ± {found.null_intact.std():.3f}."
        )
    return f"{said}\n\n{rows(found)}"


def main() -> None:
    """Write the figures, into the page if there is one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nulls", type=int, default=0, help="rewired connectomes to compare with")
    parser.add_argument("--keep", default="degree+sign", help="what rewiring keeps")
    parser.add_argument("--out", type=Path, help="the page to write them into")
    options = parser.parse_args()
    parts = [section(sign, screen(sign, options.nulls, options.keep)) for sign in (0, 1)]
    call = "python benchmarks/lesions.py"
    call += f" --nulls {options.nulls} --keep {options.keep}" if options.nulls else ""
    written = f"Written by `{call} --out docs/experiments.md` with wiregrad {wg.__version__} on "
    text = "\n\n".join([f"{written}{machine()}.", *parts])
    print(text)
    if options.out:
        write_between(options.out, "lesions", text)


if __name__ == "__main__":
    main()
