"""Measure, and write the page: python -m benchmarks.training --data DATA --parts larva,epoch."""

from __future__ import annotations

import argparse
import json
import logging
import time
import warnings
from pathlib import Path

import wiregrad as wg

from ..engine._packages import ROOT, describe_machine
from ._epoch import epochs
from ._odours import odours
from ._page import page
from ._recovery import EXPERIMENTS, recover

RESULTS = ROOT / "benchmarks" / "training.json"
PAGE = ROOT / "docs" / "training.md"
PARTS = (*EXPERIMENTS, "odours", "epoch")


def main() -> None:
    """Measure the parts that are asked for, keep the others, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--parts", default=",".join(PARTS), help="any of " + ", ".join(PARTS))
    parser.add_argument("--reference", type=Path, default=ROOT / ".reference")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    wg.set_threads(1)  # quicker than more for so small networks; the epoch has its own process
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for part in filter(None, options.parts.split(",")):
        if part not in PARTS:
            raise SystemExit(f"{part!r} is none of {', '.join(PARTS)}")
        began = time.perf_counter()
        if part == "epoch":
            found = epochs(options.data, options.reference)
        elif part == "odours":
            found = odours(options.data)
        else:
            found = recover(EXPERIMENTS[part], options.data)
        results[part] = found | {"machine": describe_machine()}
        results = {name: results[name] for name in PARTS if name in results}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"{part}: {time.perf_counter() - began:.0f} s", flush=True)
    PAGE.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
