"""Many problems at once: sweeps that stream to a folder, on one machine or a cluster."""

from ._nulls import NullComparison, ask_of_nulls, rewired_networks
from ._problems import problems_for
from ._sweep import sweep
from ._sweep_result import SweepResult

__all__ = [
    "NullComparison",
    "SweepResult",
    "ask_of_nulls",
    "problems_for",
    "rewired_networks",
    "sweep",
]
