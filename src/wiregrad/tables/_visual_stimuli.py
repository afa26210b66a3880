"""Visual stimuli over hexagonal columns: gratings, edges, looming discs, films."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..network import MultilayeredNetwork
from ._hexagonal import read_eye

__all__ = ["image_sequence", "looming_disc", "moving_edge", "sine_grating"]

Stimulus = npt.NDArray[np.float32]
Columns = tuple[str, str]


def sine_grating(
    network: MultilayeredNetwork,
    neurons: Any = None,
    *,
    wavelength: float,
    direction: float = 0.0,
    speed: float = 1.0,
    contrast: float = 1.0,
    mean: float = 0.5,
    phase: float = 0.0,
    columns: Columns = ("u", "v"),
) -> Stimulus:
    """Make a sine grating that drifts over the columns of an eye.

    Parameters
    ----------
    network : MultilayeredNetwork
        With labels; its sensory neurons see, and it has as many steps as the stimulus.
    neurons : selection, optional
        The sensory neurons that see; by default all that have a place. The others receive 0.
    wavelength : float
        In columns.
    direction : float
        Of the drift, in degrees from x towards y. Column (u, v) lies at x = u + v / 2,
        y = v * sqrt(3) / 2, so that neighbours are 1 apart.
    speed : float
        In columns a step.
    contrast, mean : float
        The input is mean * (1 + contrast * sine).
    phase : float
        In degrees.
    columns : (str, str)
        Columns of the neurons table with the axial hexagonal coordinates.

    Returns
    -------
    ndarray of float32, shape (sensory, step)
        In [0, 1].

    Raises
    ------
    ValueError
        If the network does not know where its neurons look, or the wavelength is not above 0.

    Notes
    -----
    Photoreceptors inhibit what is behind them: without a bias that keeps those neurons active, a
    light stimulus excites nothing.

    Cost: 4 bytes for each value of the result; so for the other stimuli.

    Examples
    --------
    >>> import wiregrad as wg
    >>> eye = wg.datasets.flyvis_column()
    >>> network = wg.MultilayeredNetwork.from_connectome(eye, "R1", 4, device="cpu")
    >>> sine_grating(network, wavelength=8).shape
    (721, 4)
    """
    if not wavelength > 0:
        raise ValueError(f"wavelength is a number of columns above 0, not {wavelength!r}")
    eye = read_eye(network, neurons, columns)
    way = eye.along(direction)[:, None] - speed * np.arange(eye.n_steps)
    wave = np.sin(2 * np.pi * way / wavelength + np.deg2rad(phase))
    return eye.stimulus(mean * (1 + contrast * wave))


def moving_edge(
    network: MultilayeredNetwork,
    neurons: Any = None,
    *,
    direction: float = 0.0,
    speed: float = 1.0,
    start: float | None = None,
    before: float = 0.0,
    after: float = 1.0,
    columns: Columns = ("u", "v"),
) -> Stimulus:
    """Make an edge that moves over the columns of an eye.

    Parameters
    ----------
    network, neurons, direction, speed, columns
        As for `sine_grating`.
    start : float, optional
        Where the edge is at the first step, in columns from the centre along its direction. By
        default so that it crosses the centre at the middle of the stimulus.
    before, after : float
        The input before the edge has come and after it has passed, 0 to 1. The first more than the
        second makes an OFF edge.

    Returns
    -------
    ndarray of float32, shape (sensory, step)
        In [0, 1]. The edge is a column wide, so that it moves smoothly.

    Raises
    ------
    ValueError
        If the network does not know where its neurons look.

    Examples
    --------
    >>> import wiregrad as wg
    >>> eye = wg.datasets.flyvis_column()
    >>> network = wg.MultilayeredNetwork.from_connectome(eye, "R1 and v=0", 4, device="cpu")
    >>> moving_edge(network).mean(axis=0).round(2)
    array([0.44, 0.47, 0.5 , 0.53], dtype=float32)
    """
    eye = read_eye(network, neurons, columns)
    first = -speed * eye.n_steps / 2 if start is None else start
    front = first + speed * np.arange(eye.n_steps)
    passed = np.clip(front - eye.along(direction)[:, None] + 0.5, 0, 1)
    return eye.stimulus(before + (after - before) * passed)


def looming_disc(
    network: MultilayeredNetwork,
    neurons: Any = None,
    *,
    centre: tuple[float, float] = (0, 0),
    radius: float = 1.0,
    final_radius: float = 8.0,
    disc: float = 0.0,
    background: float = 1.0,
    columns: Columns = ("u", "v"),
) -> Stimulus:
    """Make a disc that looms: an object that comes nearer at constant speed.

    Its radius grows as 1 / (time to collision), from the first step to the last.

    Parameters
    ----------
    network, neurons, columns
        As for `sine_grating`.
    centre : (float, float)
        The column (u, v) that it comes from.
    radius, final_radius : float
        At the first and the last step, in columns, above 0.
    disc, background : float
        Inputs, 0 to 1: by default a dark disc.

    Returns
    -------
    ndarray of float32, shape (sensory, step)
        In [0, 1].

    Raises
    ------
    ValueError
        If the network does not know where its neurons look, or a radius is not above 0.

    Notes
    -----
    Source: the geometry is that of Gabbiani et al. 1999, J Neurosci 19:1122.

    Examples
    --------
    >>> import wiregrad as wg
    >>> eye = wg.datasets.flyvis_column()
    >>> network = wg.MultilayeredNetwork.from_connectome(eye, "R1", 4, device="cpu")
    >>> (looming_disc(network) < 0.5).sum(axis=0).tolist()
    [1, 7, 19, 235]
    """
    if not (radius > 0 and final_radius > 0):
        raise ValueError(
            f"radius and final_radius are numbers of columns above 0, not {radius!r} and "
            f"{final_radius!r}"
        )
    eye = read_eye(network, neurons, columns)
    u, v = centre
    distance = np.hypot(eye.x - (u + v / 2), eye.y - v * np.sqrt(3) / 2)
    passed = np.linspace(0, 1, eye.n_steps)
    radii = 1 / (1 / radius + (1 / final_radius - 1 / radius) * passed)
    covered = np.clip(radii - distance[:, None] + 0.5, 0, 1)
    return eye.stimulus(background + (disc - background) * covered)


def image_sequence(
    network: MultilayeredNetwork,
    frames: npt.ArrayLike,
    neurons: Any = None,
    *,
    low: float | None = None,
    high: float | None = None,
    columns: Columns = ("u", "v"),
) -> Stimulus:
    """Sample a sequence of images at the columns of an eye.

    Parameters
    ----------
    network, neurons, columns
        As for `sine_grating`.
    frames : array, shape (step, height, width)
        Grey values. The eye, all columns that see, covers the largest part of the image that has
        its shape, in the middle; y points up. Fewer frames than steps: the last one stays.
    low, high : float, optional
        The grey values that become 0 and 1; by default the smallest and the largest of all frames.

    Returns
    -------
    ndarray of float32, shape (sensory, step)
        In [0, 1]; between pixels, interpolated linearly.

    Raises
    ------
    ValueError
        If the frames are no sequence of images, hold NaN, or the network does not know where its
        neurons look.

    Examples
    --------
    >>> import wiregrad as wg
    >>> eye = wg.datasets.flyvis_column()
    >>> network = wg.MultilayeredNetwork.from_connectome(eye, "R1", 2, device="cpu")
    >>> dark_to_light = np.linspace(0, 1, 64) * np.ones((2, 64, 1))
    >>> image_sequence(network, dark_to_light).mean(axis=0).round(2).tolist()
    [0.5, 0.5]
    """
    from scipy.ndimage import map_coordinates

    film = np.asarray(frames, dtype=np.float64)
    if film.ndim != 3 or not film.size or not np.isfinite(film).all():
        raise ValueError(
            f"frames are finite grey values of shape (step, height, width), not {film.shape}"
            f"{'' if np.isfinite(film).all() else ' with NaN or infinite values'}"
        )
    eye = read_eye(network, neurons, columns)
    dark, light = (film.min() if low is None else low), (film.max() if high is None else high)
    grey = (film - dark) / (light - dark if light > dark else 1.0)
    height, width = film.shape[1:]
    x, y = (axis - (axis.max() + axis.min()) / 2 for axis in (eye.x, eye.y))
    spans = [
        size / span for size, span in ((width - 1, np.ptp(x)), (height - 1, np.ptp(y))) if span
    ]
    scale = min(spans, default=0.0)  # pixels a column
    places = [(height - 1) / 2 - scale * y, (width - 1) / 2 + scale * x]
    seen = [
        map_coordinates(grey[min(step, len(grey) - 1)], places, order=1, mode="nearest")
        for step in range(eye.n_steps)
    ]
    return eye.stimulus(np.stack(seen, axis=1))
