"""Circuits as vector files."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from show_cases import HOSTILE

import wiregrad as wg
from wiregrad.circuits import Circuit
from wiregrad.show import print_circuit


@pytest.fixture(autouse=True)
def matplotlib() -> None:
    pytest.importorskip("matplotlib", reason="printing circuits needs matplotlib")


def texts(path: Path) -> list[str]:
    root = ET.parse(path).getroot()
    return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_every_group_is_named_in_the_file(
    worm_result: wg.MaximisationResult, tmp_path: Path
) -> None:
    carried = wg.result_circuit(worm_result)
    path = print_circuit(carried, tmp_path / "worm.svg")
    written = texts(path)
    for group in carried.nodes["group"]:
        assert any(group in text for text in written)
    assert any("widest line: flow" in text for text in written)
    assert "step 3" in written


@pytest.mark.parametrize(("suffix", "start"), [("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_formats(
    worm_result: wg.MaximisationResult, tmp_path: Path, suffix: str, start: bytes
) -> None:
    path = print_circuit(wg.result_circuit(worm_result), tmp_path / f"worm.{suffix}")
    assert path.read_bytes().startswith(start)


def test_what_is_left_out_is_said(many_result: wg.MaximisationResult, tmp_path: Path) -> None:
    carried = wg.result_circuit(many_result)
    path = print_circuit(carried, tmp_path / "many.svg", groups=5, edges=20)
    assert any("not drawn:" in text for text in texts(path))


def test_names_are_only_text(hostile_result: wg.MaximisationResult, tmp_path: Path) -> None:
    path = print_circuit(wg.result_circuit(hostile_result), tmp_path / "hostile.svg")
    assert len(texts(path)) >= len(HOSTILE)
    assert not list(ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}script"))


def test_bad_input(worm_result: wg.MaximisationResult, tmp_path: Path) -> None:
    carried = wg.result_circuit(worm_result)
    with pytest.raises(ValueError, match=r"worm\.gif ends with none of \.pdf, \.svg"):
        print_circuit(carried, tmp_path / "worm.gif")
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        print_circuit(carried, tmp_path / "no" / "worm.pdf")
    nothing = Circuit(carried.edges[:0], carried.nodes[:0], 3)
    with pytest.raises(ValueError, match="there is no target, hence no circuit to print"):
        print_circuit(nothing, tmp_path / "a.pdf")


def test_without_matplotlib(
    worm_result: wg.MaximisationResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "wiregrad\[plot\]"'):
        print_circuit(wg.result_circuit(worm_result), tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_a_target_alone_is_printed(tmp_path: Path) -> None:
    network = wg.MultilayeredNetwork(np.zeros((2, 2)), [0], num_layers=1, device="cpu")
    alone = wg.circuit(network, np.zeros((1, 1)), np.zeros((2, 1)), {0: 1})
    assert "1" in texts(print_circuit(alone, tmp_path / "alone.svg"))
