"""Drawn grey images for training without photographs: shapes, gradients, stripes, clouds, filtered noise, mixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Side of a drawn image where nothing else is said [pixels].
SIDE = 180


def draw_texture(rng: np.random.Generator, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """One image: a background, usually something in front of it, with its own range of grey.

    Parameters
    ----------
    rng : np.random.Generator
        The only source of chance.
    height, width : int, >= 8

    Returns
    -------
    np.ndarray [shape=(height, width), float32, 0 to 255]

    Examples
    --------
    >>> image = draw_texture(np.random.default_rng(0), 40, 60)
    >>> image.shape, bool(0 <= image.min() < image.max() <= 255)
    ((40, 60), True)
    """
    blurred = rng.random() < 0.6
    tall, wide = height + blurred, width + blurred
    image = _surface(rng, tall, wide)
    for _ in range(int(rng.integers(0, 4))):
        image = np.where(_pick_mask(rng)(rng, tall, wide), _surface(rng, tall, wide), image)
    if rng.random() < 0.7:
        image = shapes(rng, image)
    if blurred:  # a lens does: edges of photographs are not as hard as drawn ones
        image = 0.25 * (image[1:, 1:] + image[1:, :-1] + image[:-1, 1:] + image[:-1, :-1])
    return (255.0 * image).astype(np.float32)


def _surface(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One of the drawings below, 0 to 1, in a range of grey of its own."""
    image = _SURFACES[int(rng.integers(len(_SURFACES)))](rng, height, width)
    low, high = np.sort(rng.random(2))
    return low + (high - low) * _unit(image)


def gradient(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A plane of grey, bent a little."""
    y, x = _axes(height, width)
    a, b, c = rng.standard_normal(3)
    return a * x + b * y + 0.5 * c * x * y


def stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Bars or waves of one direction; their width may change along it."""
    y, x = _axes(height, width)
    angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4.0), np.log(60.0))) / max(height, width)
    along = x * np.cos(angle) + y * np.sin(angle)
    wave = np.sin(2 * np.pi * (along + rng.uniform(0.0, 0.5) * np.square(along)) / period + rng.uniform(0, 2 * np.pi))
    hard = rng.random()
    return np.tanh(wave * 8.0) if hard < 0.4 else wave


def checks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Fields like a board's or bricks, each of its own grey."""
    y, x = np.mgrid[:height, :width]
    a, b = rng.integers(4, 40, 2)
    row = y // a
    column = (x + (row % 2) * (b // 2) * int(rng.integers(0, 2))) // b
    greys = rng.uniform(-1, 1, (int(row.max()) + 1, int(column.max()) + 1))
    return greys[row, column]


def filtered_noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Gaussian noise whose amplitude falls as a power of the frequency, as that of photographs does."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    stretch = np.exp(rng.uniform(-1.0, 1.0))
    radius = np.hypot(fy * stretch, fx / stretch)
    radius[0, 0] = np.inf
    bins = rng.standard_normal((*radius.shape, 2)) @ np.array([1.0, 1.0j])
    return np.fft.irfft2(bins * radius ** -rng.uniform(0.7, 2.2), s=(height, width))


def clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Octaves of smoothly interpolated random lattices; folded they become ridges."""
    total, amplitude = np.zeros((height, width)), 1.0
    cells = int(rng.integers(1, 5))
    ridged = rng.random() < 0.4
    for _ in range(int(rng.integers(2, 6))):
        layer = _lattice(rng, height, width, min(cells, height // 2, width // 2))
        total += amplitude * (np.abs(layer) if ridged else layer)
        amplitude, cells = amplitude * rng.uniform(0.4, 0.65), cells * 2
    return total


def shapes(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Discs, rings, polygons and lines in front of an image of 0 to 1."""
    for _ in range(int(rng.integers(1, 13))):
        mask = _pick_mask(rng)(rng, *image.shape)
        opacity = 1.0 if rng.random() < 0.7 else rng.uniform(0.2, 0.8)
        image = np.where(mask, (1 - opacity) * image + opacity * rng.random(), image)
    return image


def _disc(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = _axes(height, width)
    cy, cx = rng.random(2)
    angle, (a, b) = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(0.02), np.log(0.35), 2))
    u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
    v = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
    inside = np.square(u / a) + np.square(v / b)
    return (inside < 1) if rng.random() < 0.7 else ((inside < 1) & (inside > rng.uniform(0.4, 0.9)))


def _polygon(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Convex: what lies on the inner side of three to six lines."""
    y, x = _axes(height, width)
    cy, cx = rng.random(2)
    size = np.exp(rng.uniform(np.log(0.03), np.log(0.35)))
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
    mask = np.ones((height, width), bool)
    for angle in angles:
        mask &= (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle) < size * rng.uniform(0.5, 1.0)
    return mask & (np.hypot(x - cx, y - cy) < 3.0 * size)


def _line(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = _axes(height, width)
    angle, place = rng.uniform(0, np.pi), rng.uniform(-0.5, 1.5)
    thickness = rng.uniform(0.5, 4.0) / max(height, width)
    return np.abs(x * np.cos(angle) + y * np.sin(angle) - place) < thickness


def _half(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = _axes(height, width)
    angle = rng.uniform(0, 2 * np.pi)
    return (x - rng.random()) * np.cos(angle) + (y - rng.random()) * np.sin(angle) > 0


def _lattice(rng: np.random.Generator, height: int, width: int, cells: int) -> np.ndarray:
    """Random values on a lattice, cubic between them."""
    values = rng.standard_normal((cells + 2, cells + 2))
    rows, columns = (np.linspace(0, cells, n, endpoint=False) for n in (height, width))
    i, j = rows.astype(int), columns.astype(int)
    u, v = (np.square(t) * (3 - 2 * t) for t in ((rows - i)[:, None], (columns - j)[None, :]))
    top = values[np.ix_(i, j)] * (1 - v) + values[np.ix_(i, j + 1)] * v
    bottom = values[np.ix_(i + 1, j)] * (1 - v) + values[np.ix_(i + 1, j + 1)] * v
    return top * (1 - u) + bottom * u


def _axes(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates, 0 to 1 along the longer side."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    return y, x


def _unit(image: np.ndarray) -> np.ndarray:
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.full(image.shape, 0.5)


Drawing = Callable[[np.random.Generator, int, int], np.ndarray]
_SURFACES: tuple[Drawing, ...] = (gradient, stripes, checks, filtered_noise, filtered_noise, clouds, clouds)
_MASKS: tuple[Drawing, ...] = (_disc, _polygon, _line, _half)


def _pick_mask(rng: np.random.Generator) -> Drawing:
    return _MASKS[int(rng.integers(len(_MASKS)))]
