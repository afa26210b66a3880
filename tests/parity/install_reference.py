"""Install the reference package into a folder of its own, apart from wiregrad's environment.

    python tests/parity/install_reference.py [VERSION]

The version that wiregrad is compared with, 2.9.1, goes to `.reference`; another one, which only the
benchmarks run, to `.reference-VERSION`. Ends with 0 when it is there and imports, with 75
("temporary failure") when the package registry cannot be reached, and with pip's own status when
pip fails for any other reason.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).with_name("reference.txt")
ROOT = Path(__file__).resolve().parents[2]

UNREACHABLE = 75
# What pip says, before it tries again, of an address that gives no answer; hence one retry. A
# registry that answers "no such version" is another failure.
NO_ANSWER = "connection broken by"
PATIENCE = ["--retries", "1", "--timeout", "20"]

PINNED = re.compile(r"^(connectome-interpreter==)(.+)$", re.MULTILINE)


def main(version: str | None = None) -> int:
    """Install the pinned versions, unless they are there already."""
    pins = PINS.read_text(encoding="utf-8")
    if version is not None:
        pins = PINNED.sub(rf"\g<1>{version}", pins)
    folder = folder_of(version)
    stamp = folder / "installed.txt"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == pins):
        shutil.rmtree(folder, ignore_errors=True)
        status = install(pins, folder)
        if status:
            return status
        stamp.write_text(pins, encoding="utf-8")
    importing = f"import sys; sys.path.append({str(folder)!r}); import connectome_interpreter"
    return subprocess.run([sys.executable, "-c", importing], check=False).returncode


def folder_of(version: str | None = None) -> Path:
    """Return where a version is installed; by default the one that is pinned."""
    pinned = PINNED.search(PINS.read_text(encoding="utf-8"))
    if version is None or (pinned is not None and pinned[2] == version):
        return ROOT / ".reference"
    return ROOT / f".reference-{version}"


def install(pins: str, folder: Path) -> int:
    """Run pip, show what it says and return its status."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = subprocess.run(
        [*pip, *PATIENCE, "--no-deps", "--target", str(folder), *requirements(pins)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    sys.stderr.write(done.stdout)
    if done.returncode and NO_ANSWER in done.stdout:
        sys.stderr.write("parity: skipped, since the package registry cannot be reached\n")
        return UNREACHABLE
    return done.returncode


def requirements(pins: str) -> list[str]:
    """Return the lines that are no comments."""
    lines = (line.strip() for line in pins.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
