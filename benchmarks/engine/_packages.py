"""The packages that are compared, where they are installed, and what is known of this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from ..measure import machine

__all__ = ["NAMES", "ROOT", "Package", "describe_machine", "find_packages"]

ROOT = Path(__file__).resolve().parents[2]
_INSTALLER = ROOT / "tests" / "parity" / "install_reference.py"

#: wiregrad, the version it is compared with, and the newest release on PyPI when this was written.
NAMES = ("wiregrad", "2.9.1", "2.9.5")


@dataclass(frozen=True)
class Package:
    """A package to be timed.

    Attributes
    ----------
    name : str
        wiregrad, or a version of connectome_interpreter.
    folder : str or None
        Where it is installed, if not in this environment.
    missing : str or None
        Why it cannot be run.
    """

    name: str
    folder: str | None = None
    missing: str | None = None

    @property
    def is_wiregrad(self) -> bool:
        """Whether it is wiregrad."""
        return self.name == NAMES[0]


def find_packages(names: list[str]) -> list[Package]:
    """Install what is not there; a package that cannot be had says why."""
    return [Package(name) if name == NAMES[0] else _install(name) for name in names]


def _install(name: str) -> Package:
    installer = _installer()
    done = subprocess.run([sys.executable, str(_INSTALLER), name], check=False)
    if done.returncode == installer.UNREACHABLE:
        return Package(name, missing="the package registry cannot be reached")
    if done.returncode:
        return Package(name, missing=f"it could not be installed (status {done.returncode})")
    return Package(name, folder=str(installer.folder_of(name)))


def _installer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_reference", _INSTALLER)
    if spec is None or spec.loader is None:
        raise ImportError(f"{_INSTALLER.name} is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe_machine() -> dict[str, Any]:
    """Describe the machine, the versions and wiregrad's source, without a path."""
    return {
        "machine": machine(),
        "processor": _processor(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        **{name: version(name) for name in ("torch", "numba", "numpy", "wiregrad")},
        "source": _digest(ROOT / "src" / "wiregrad"),
    }


def _processor() -> str:
    """Return the processor's name, if the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _digest(folder: Path) -> str:
    """Return a few letters that change with any of the folder's modules."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()[:12]
