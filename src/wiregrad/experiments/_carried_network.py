"""The network on its way to other processes: once to each, whatever number of batches follow."""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..network import MultilayeredNetwork
from ..product import n_threads, set_threads
from ._problems import Batch
from ._solve import Outcome, solve

__all__ = ["digest_of", "pack", "solve_elsewhere"]

_lock = threading.Lock()

# The network that this process was given last, by its digest.
_kept: tuple[str, MultilayeredNetwork] | None = None

# The threads this process had at first: what is shared among those who work here.
_at_first: int | None = None


def pack(network: MultilayeredNetwork) -> bytes:
    """Turn a network into bytes.

    Raises
    ------
    ValueError
        If something in it cannot be sent to another process.
    """
    try:
        return pickle.dumps(network, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"the network cannot be sent to other processes ({error}): define its "
            "activation_function with def in a module that they can import, or use threads"
        ) from None


def digest_of(packed: bytes) -> str:
    """SHA-256 of a packed network."""
    return hashlib.sha256(packed).hexdigest()


def solve_elsewhere(
    digest: str,
    source: str | bytes,
    batch: Batch,
    arguments: Mapping[str, Any],
    seed: int,
    sharing: int,
    threads: int | None,
) -> Outcome:
    """Solve a batch in another process.

    Parameters
    ----------
    digest : str
        Of the packed network.
    source : str or bytes
        The file that holds it, or itself.
    sharing : int
        How many batches are solved at the same time on this machine: each takes its share of the
        threads ...
    threads : int, optional
        ... if their number is not given.

    Raises
    ------
    ValueError
        If the network is not the one that was sent.
    """
    network = _unpack(digest, source)
    set_threads(_share(sharing) if threads is None else threads)
    return solve(network, batch, arguments, seed)


def _share(sharing: int) -> int:
    global _at_first
    if _at_first is None:
        _at_first = n_threads()
    return max(1, _at_first // sharing)


def _unpack(digest: str, source: str | bytes) -> MultilayeredNetwork:
    global _kept
    with _lock:
        if _kept is None or _kept[0] != digest:
            packed = Path(source).read_bytes() if isinstance(source, str) else source
            if digest_of(packed) != digest:  # looked at before it is unpickled
                raise ValueError("the network that arrived is not the one that was sent: run again")
            _kept = digest, pickle.loads(packed)
        return _kept[1]
