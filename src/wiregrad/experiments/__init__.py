"""Many problems at once: sweeps that stream to a folder, on one machine or a cluster."""

from ._problems import problems_for
from ._sweep import sweep
from ._sweep_result import SweepResult

__all__ = ["SweepResult", "problems_for", "sweep"]
