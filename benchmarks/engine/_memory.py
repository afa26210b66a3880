"""Memory of this process, in MB."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

__all__ = ["peak_mb", "reset_peak", "resident_mb"]

_STATUS = Path("/proc/self/status")


def resident_mb() -> float:
    """Return what the process holds now; where the system does not say, its peak so far."""
    return _field("VmRSS")


def peak_mb() -> float:
    """Return the most that the process has held since `reset_peak`, or since it began."""
    return _field("VmHWM")


def reset_peak() -> None:
    """Begin to watch for a new peak, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _field(name: str) -> float:
    # On Linux a process inherits its parent's ru_maxrss; on macOS ru_maxrss counts bytes.
    if _STATUS.exists():
        return int(_STATUS.read_text(encoding="ascii").split(f"{name}:")[1].split()[0]) * 1.024e-3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
