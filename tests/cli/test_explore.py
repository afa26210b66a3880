"""`wiregrad explore`: what it serves, to whom, and what it says where it cannot."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wiregrad.cli import _explore

Command = Callable[..., Any]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What would be served, in place of serving it."""
    calls: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(_explore, "serve", lambda shelf, **given: calls.append((shelf, given)))
    return calls


def test_the_worm_is_served_to_this_machine_unless_told_otherwise(
    command: Command, served: list[tuple[Any, dict[str, Any]]]
) -> None:
    assert command("explore").status == 0
    shelf, given = served[0]
    assert shelf.names == ["celegans", "celegans+gap", "flyvis_column"]
    assert shelf["celegans"].connectome.n_neurons == 302
    assert (given["host"], given["port"], given["open_browser"]) == ("127.0.0.1", 8050, False)


def test_a_folder_comes_first_with_its_options(
    command: Command, served: list[tuple[Any, dict[str, Any]]], tmp_path: Path
) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "neurons.csv").write_text("id,cell_type,nt\na,A,gaba\nb,B,ach\nc,C,ach\n")
    (folder / "edges.csv").write_text("pre,post,count\na,b,9\nb,c,3\n")
    options = ("--host", "0.0.0.0", "--port", "0", "--open", "--sign", "1", "--min-synapses", "5")
    assert command("explore", str(folder), *options).status == 0
    shelf, given = served[0]
    assert shelf.names[0] == "tables"  # the page does not tell where it lies
    wiring = shelf["tables"]
    assert wiring.connectome.n_edges == 1  # the other counts too little
    assert wiring.network(("a",), 2).weights.to_scipy().data.tolist() == [1.0]
    assert (given["host"], given["port"], given["open_browser"]) == ("0.0.0.0", 0, True)


def test_a_folder_called_like_a_bundled_connectome_has_its_whole_name(
    command: Command, served: list[tuple[Any, dict[str, Any]]]
) -> None:
    assert command("explore", "mine/celegans").status == 0
    assert served[0][0].names[:2] == ["mine/celegans", "celegans"]


def test_bad_input_is_one_line(command: Command) -> None:
    said = command("explore", "nosuch")
    assert said.status == 2
    assert "there is no connectome 'nosuch'" in said.err
    assert command("explore", "--port", "99999").status == 2
    taken = command("explore", "--host", "203.0.113.1", "--port", "0")
    assert (taken.status, "cannot listen on port 0 of 203.0.113.1" in taken.err) == (2, True)


def test_without_dash_the_extra_is_named(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dash", None)
    said = command("explore")
    assert said.status == 2
    assert 'pip install "wiregrad[explore]"' in said.err
