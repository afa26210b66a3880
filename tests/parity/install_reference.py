"""Install the reference package into `.reference`, apart from wiregrad's own environment.

Ends with 0 when it is there and imports, with 75 ("temporary failure") when the package registry
cannot be reached, and with pip's own status when pip fails for any other reason.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).with_name("reference.txt")
FOLDER = Path(__file__).resolve().parents[2] / ".reference"
STAMP = FOLDER / "installed.txt"

UNREACHABLE = 75
# What pip says, before it tries again, of an address that gives no answer; hence one retry. A
# registry that answers "no such version" is another failure.
NO_ANSWER = "connection broken by"
PATIENCE = ["--retries", "1", "--timeout", "20"]

IMPORT = f"import sys; sys.path.append({str(FOLDER)!r}); import connectome_interpreter"


def main() -> int:
    """Install the pinned versions, unless they are there already."""
    if not (STAMP.is_file() and STAMP.read_bytes() == PINS.read_bytes()):
        shutil.rmtree(FOLDER, ignore_errors=True)
        status = install()
        if status:
            return status
        STAMP.write_bytes(PINS.read_bytes())
    return subprocess.run([sys.executable, "-c", IMPORT], check=False).returncode


def install() -> int:
    """Run pip, show what it says and return its status."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    where = ["--no-deps", "--target", str(FOLDER), "--requirement", str(PINS)]
    done = subprocess.run(
        [*pip, *PATIENCE, *where],
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


if __name__ == "__main__":
    sys.exit(main())
