"""Whose requests are answered: those that were sent to this machine by its own names."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

__all__ = ["is_loopback", "own_names", "speaks_to_us"]


def own_names(host: str) -> frozenset[str]:
    """Return the names by which a server that listens on some address may be called.

    Examples
    --------
    >>> sorted(own_names("127.0.0.1"))
    ['127.0.0.1', '::1', 'localhost']
    """
    names = {"localhost", "127.0.0.1", "::1"}
    if not is_loopback(host):
        names |= {host.casefold(), socket.gethostname().casefold(), socket.getfqdn().casefold()}
    return frozenset(names - {"0.0.0.0", "::", ""})


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def speaks_to_us(header: str | None, names: Collection[str], *, everywhere: bool) -> bool:
    """Whether a request's Host header names this server.

    A page of another site can send a browser here by letting its own name point to this machine
    (DNS rebinding); its requests then carry that name. An address cannot be rebound, so where the
    server listens beyond this machine, any address will do.

    Parameters
    ----------
    header : str or None
        Such as `localhost:8050`; the port is the tunnel's, if there is one, and does not matter.
    names : collection of str
        As of `own_names`.
    everywhere : bool
        Whether the server listens beyond this machine.

    Examples
    --------
    >>> names = own_names("127.0.0.1")
    >>> speaks_to_us("127.0.0.1:8050", names, everywhere=False)
    True
    >>> speaks_to_us("evil.example:8050", names, everywhere=False)
    False
    """
    try:
        host = urlsplit(f"//{header or ''}").hostname or ""
    except ValueError:
        return False
    return host in names or (everywhere and _address(host) is not None)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
