"""A page of another site cannot send a browser here under its own name."""

from __future__ import annotations

import socket

import pytest

from wiregrad.explore._hosts import is_loopback, own_names, speaks_to_us


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        *(("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.1.2.3", True)),
        *(("0.0.0.0", False), ("192.168.0.2", False), ("::", False), ("box", False)),
    ],
)
def test_loopback(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_beyond_this_machine_its_name_and_any_address_will_do() -> None:
    names = own_names("0.0.0.0")
    assert speaks_to_us(f"{socket.gethostname()}:8050", names, everywhere=True)
    assert speaks_to_us("192.168.0.7:8050", names, everywhere=True)
    assert speaks_to_us("[fe80::1]:8050", names, everywhere=True)
    assert not speaks_to_us("evil.example", names, everywhere=True)
    assert "0.0.0.0" not in names
    assert "box" in own_names("box")


@pytest.mark.parametrize(
    "header", [None, "", ":8050", "[::1", "evil.example", "127.0.0.1@evil.com"]
)
def test_on_this_machine_alone_nothing_else_does(header: str | None) -> None:
    assert not speaks_to_us(header, own_names("127.0.0.1"), everywhere=False)
