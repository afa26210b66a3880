"""A lesion screen in a folder: what was saved comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg


@pytest.fixture(scope="module")
def touched() -> tuple[wg.Connectome, wg.MultilayeredNetwork]:
    worm = wg.datasets.celegans()
    network = wg.MultilayeredNetwork.from_connectome(worm, ["ASH", "FLP"], 3, device="cpu")
    return worm, network


@pytest.mark.parametrize("nulls", [0, 2])
def test_what_was_saved_comes_back(
    touched: tuple[wg.Connectome, wg.MultilayeredNetwork], tmp_path: Path, nulls: int
) -> None:
    worm, network = touched
    screen = wg.lesion_screen(
        network, np.ones((4, 3)), "AVA", nulls=nulls, connectome=worm, progress=False
    )
    again = wg.LesionScreen.load(str(screen.save(tmp_path / "saved")))
    pd.testing.assert_frame_equal(again.table, screen.table, check_exact=True)
    np.testing.assert_array_equal(again.null_effects, screen.null_effects)
    np.testing.assert_array_equal(again.null_intact, screen.null_intact)
    assert screen.stimulus is not None
    assert again.stimulus is not None
    np.testing.assert_array_equal(again.stimulus, screen.stimulus)
    assert (again.intact, again.version) == (screen.intact, screen.version)
    assert again.arguments == screen.arguments
    assert again.provenance["checksum"] == screen.provenance["checksum"]
    assert repr(again) == repr(screen)
    again.save(tmp_path / "saved")
    assert len(list((tmp_path / "saved").iterdir())) == 3


def test_groups_named_by_several_kinds_are_saved_as_texts(tmp_path: Path) -> None:
    table = pd.DataFrame({"group": pd.Series(["a", 7], dtype=object), "effect": [0.1, 0.2]})
    screen = wg.LesionScreen(table, 0.5, np.zeros(0), np.zeros((0, 2)))
    again = wg.LesionScreen.load(screen.save(tmp_path / "saved"))
    assert again.table["group"].tolist() == ["a", "7"]
    assert again.stimulus is None


def test_what_is_no_screen_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no result: there is no result.json in it"):
        wg.LesionScreen.load(tmp_path)
    (tmp_path / "result.json").write_text("[1]")
    with pytest.raises(ValueError, match="is damaged"):
        wg.LesionScreen.load(tmp_path)
