"""Stimuli over hexagonal columns, against a network whose neurons are columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import wiregrad as wg

STEPS = 9


@pytest.fixture(scope="module")
def network() -> wg.MultilayeredNetwork:
    """A hexagon of 61 columns and a neuron without a place; all receive input."""
    u, v = np.mgrid[-4:5, -4:5].reshape(2, -1)
    inside = np.abs(u + v) <= 4
    table = pd.DataFrame({"u": u[inside], "v": v[inside], "nt": "ACh"}, dtype=object)
    table.loc[61] = [None, None, "ACh"]
    table["id"] = [f"c{i}" for i in range(62)]
    edges = pd.DataFrame({"pre": ["c0"], "post": ["c1"], "count": [1]})
    eye = wg.Connectome.from_edges(edges, table)
    return wg.MultilayeredNetwork.from_connectome(eye, range(62), STEPS, device="cpu")


def place(network: wg.MultilayeredNetwork) -> tuple[Any, Any]:
    table = network.neurons.iloc[:61]
    u, v = (table[name].to_numpy(dtype=float) for name in ("u", "v"))
    return u + v / 2, v * np.sqrt(3) / 2


def test_neighbouring_columns_are_1_apart(network: wg.MultilayeredNetwork) -> None:
    x, y = place(network)
    centre = np.hypot(x, y)
    assert (centre.round(9) == 1).sum() == 6


def test_a_grating_drifts_at_its_speed_in_its_direction(network: wg.MultilayeredNetwork) -> None:
    x, y = place(network)
    options: dict[str, Any] = {"wavelength": 5, "speed": 0.5, "contrast": 0.8, "mean": 0.4}
    stimulus = wg.sine_grating(network, direction=90, **options)
    assert stimulus.shape == (62, STEPS)
    assert not stimulus[61].any()
    for t in (0, 4, 8):
        wave = 0.4 * (1 + 0.8 * np.sin(2 * np.pi * (y - 0.5 * t) / 5))
        np.testing.assert_allclose(stimulus[:61, t], wave, atol=1e-6)
    along_x = wg.sine_grating(network, direction=0, phase=90, **options)
    np.testing.assert_allclose(
        along_x[:61, 0], 0.4 * (1 + 0.8 * np.cos(2 * np.pi * x / 5)), atol=1e-6
    )


def test_an_edge_passes_column_after_column(network: wg.MultilayeredNetwork) -> None:
    x, _ = place(network)
    edge = wg.moving_edge(network, speed=1, start=-4)
    for t in range(STEPS):
        np.testing.assert_allclose(edge[:61, t], np.clip(t - 4 - x + 0.5, 0, 1))
    off = wg.moving_edge(network, speed=1, start=-4, before=1, after=0)
    np.testing.assert_allclose(off[:61], 1 - edge[:61])
    back = wg.moving_edge(network, direction=180, speed=1, start=-4)
    np.testing.assert_allclose(np.sort(back[:61].mean(0)), np.sort(edge[:61].mean(0)), atol=1e-6)
    assert back[:61][x == 4, 1].tolist() == [1]
    centred = wg.moving_edge(network, speed=0.5)
    assert centred[:61][np.hypot(*place(network)) == 0].ravel().tolist()[4:6] == [0.25, 0.75]


def test_a_disc_looms_as_one_over_the_time_that_is_left(network: wg.MultilayeredNetwork) -> None:
    stimulus = wg.looming_disc(network, radius=0.5, final_radius=4.5, background=0.9, disc=0.1)
    dark = (stimulus[:61] < 0.5).sum(axis=0)
    assert (np.diff(dark) >= 0).all()
    assert dark[-1] == 61
    x, y = place(network)
    radii = 1 / np.linspace(1 / 0.5, 1 / 4.5, STEPS)
    covered = np.clip(radii - np.hypot(x, y)[:, None] + 0.5, 0, 1)
    np.testing.assert_allclose(stimulus[:61], 0.9 - 0.8 * covered, atol=1e-6)
    aside = wg.looming_disc(network, centre=(2, 1), radius=0.4, final_radius=0.4)
    table = network.neurons.iloc[:61]
    at = (table["u"] == 2) & (table["v"] == 1)
    assert (aside[:61][at.to_numpy()] < 0.2).all()


def test_images_are_sampled_at_columns(network: wg.MultilayeredNetwork) -> None:
    x, y = place(network)
    rows, columns = np.mgrid[0:81, 0:81]
    frames = np.stack([columns, rows, 0 * rows + 40]).astype(float)
    stimulus = wg.image_sequence(network, frames)
    scale = 80 / np.ptp(x)
    np.testing.assert_allclose(stimulus[:61, 0], (40 + scale * x) / 80, atol=1e-5)
    np.testing.assert_allclose(stimulus[:61, 1], (40 - scale * y) / 80, atol=1e-5)  # y points up
    np.testing.assert_allclose(stimulus[:61, 2:], 0.5, atol=1e-6)  # the last frame stays
    bright = wg.image_sequence(network, frames, low=-80, high=80)
    np.testing.assert_allclose(bright[:61, 0], (120 + scale * x) / 160, atol=1e-5)
    flat = wg.image_sequence(network, np.ones((1, 5, 5)))
    assert not flat.any()


def test_some_neurons_see(network: wg.MultilayeredNetwork) -> None:
    edge = wg.moving_edge(network, ["u=0"], before=1)
    seeing = (network.neurons["u"] == 0).to_numpy(dtype=bool)
    assert edge[seeing].all()
    assert not edge[~seeing].any()


def test_what_cannot_be_seen_is_told(network: wg.MultilayeredNetwork, worm: wg.Connectome) -> None:
    blind = wg.MultilayeredNetwork.from_connectome(worm, "ASH", 3, device="cpu")
    with pytest.raises(ValueError, match=r"no column 'u' that says where neurons look.*columns="):
        wg.moving_edge(blind)
    bare = wg.MultilayeredNetwork(np.eye(2), [0], device="cpu")
    with pytest.raises(ValueError, match="no labels"):
        wg.moving_edge(bare)
    with pytest.raises(ValueError, match="none of these neurons"):
        wg.moving_edge(network, [61])
    with pytest.raises(ValueError, match="wavelength is a number of columns above 0"):
        wg.sine_grating(network, wavelength=0)
    with pytest.raises(ValueError, match="radius and final_radius"):
        wg.looming_disc(network, radius=0)
    with pytest.raises(ValueError, match=r"shape \(step, height, width\), not \(2, 2\)"):
        wg.image_sequence(network, np.ones((2, 2)))
    with pytest.raises(ValueError, match="with NaN"):
        wg.image_sequence(network, np.full((1, 2, 2), np.nan))
