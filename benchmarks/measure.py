"""Time a piece of Python in a process of its own, with its peak memory."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

#: For processes whose warnings nobody reads.
QUIET = {"PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Measured:
    """Seconds and peak memory of the runs of one piece of code, and what it printed last."""

    seconds: list[float]
    peak_mb: list[float]
    answer: Any

    def row(self) -> str:
        """Return median, spread and peak as cells of a table."""
        low, high = min(self.seconds), max(self.seconds)
        return (
            f"{statistics.median(self.seconds):.2f} ({low:.2f} to {high:.2f}) | "
            f"{statistics.median(self.peak_mb):,.0f}"
        )


def measure(
    code: str,
    repeats: int,
    *,
    environment: dict[str, str] | None = None,
    timeout: float | None = None,
) -> Measured:
    """Run code in fresh processes; its last line is an expression, the answer.

    Seconds count from the start of the process, imports included; peak memory is the largest
    resident set. The environment is added to this process's own, but for how OpenMP's threads wait.
    """
    runs = [_run(code, environment or {}, timeout) for _ in range(repeats)]
    return Measured(
        [run["seconds"] for run in runs], [run["peak_mb"] for run in runs], runs[-1]["answer"]
    )


def _run(code: str, environment: dict[str, str], timeout: float | None) -> dict[str, Any]:
    *body, last = code.strip().splitlines()
    program = "\n".join([*body, f"answer = {last}", _REPORT])
    began = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**_environment(), **environment},
        timeout=timeout,
    )
    seconds = time.perf_counter() - began
    return {"seconds": seconds, **json.loads(process.stdout.splitlines()[-1])}


# How OpenMP's threads wait: wiregrad sets it where it is imported, as here, for itself alone.
_OF_WIREGRAD = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def _environment() -> dict[str, str]:
    """Return the environment in which any package finds itself when a user starts it."""
    return {name: value for name, value in os.environ.items() if name not in _OF_WIREGRAD}


# On Linux a process inherits its parent's ru_maxrss, so the peak is read from the kernel's own
# account of it; on macOS ru_maxrss is right, and counts bytes.
_REPORT = """
import json, pathlib, resource
status = pathlib.Path("/proc/self/status")
if status.exists():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"answer": answer, "peak_mb": peak}))
"""


def machine() -> str:
    """Describe this machine in a line."""
    memory = resource.getpagesize() * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"
