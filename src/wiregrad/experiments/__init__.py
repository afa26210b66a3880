"""Many problems at once: sweeps that stream to a folder, and lesion screens."""

from ._lesion_result import LesionScreen
from ._lesion_screen import lesion_screen
from ._nulls import NullComparison, ask_of_nulls, rewired_networks
from ._problems import problems_for
from ._sweep import sweep
from ._sweep_result import SweepResult

__all__ = [
    "LesionScreen",
    "NullComparison",
    "SweepResult",
    "ask_of_nulls",
    "lesion_screen",
    "problems_for",
    "rewired_networks",
    "sweep",
]
