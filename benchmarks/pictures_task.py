"""Pictures with one shape that counts among others that do not: drawn anew for every batch from a generator."""

from __future__ import annotations

import dataclasses

import numpy as np

SIDE = 40
#: What a picture is classified by.
TARGETS = ("triangle", "square", "ring", "plus", "star", "crescent")
#: What stands around: never a class, of every contrast and size that targets have.
DISTRACTORS = ("bar", "half disc", "pentagon", "dots", "chevron")
N_DISTRACTORS = 4
#: Radius of a shape [pixels], contrast above a dark ground, standard deviation of the noise.
RADII, CONTRASTS, NOISES = (4.5, 7.0), (0.5, 1.0), (0.02, 0.15)


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures [shape=(n, 40, 40, 1), float32], classes, and where the shape that counts is [shape=(n, 40, 40)]."""

    x: np.ndarray
    y: np.ndarray
    mask: np.ndarray


def draw(rng: np.random.Generator, n: int, distractors: int = N_DISTRACTORS) -> Pictures:
    """Draw ``n`` pictures: a target, then ``distractors`` other shapes that leave its middle free, then noise."""
    y = rng.integers(len(TARGETS), size=n)
    centres = rng.uniform(9.0, SIDE - 9.0, (n, 2))
    mask = _shapes(rng, [TARGETS[i] for i in y], centres)
    x = mask * rng.uniform(*CONTRASTS, (n, 1, 1))
    for _ in range(distractors):
        names = [DISTRACTORS[i] for i in rng.integers(len(DISTRACTORS), size=n)]
        others = _away(rng, centres)
        x = np.maximum(x, _shapes(rng, names, others) * rng.uniform(*CONTRASTS, (n, 1, 1)))
    x += rng.uniform(*NOISES, (n, 1, 1)) * rng.standard_normal(x.shape)
    return Pictures(x[..., None].astype(np.float32), y, mask)


def _away(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    """Places at least 11 pixels from the targets: of eight draws the first that is, or the farthest."""
    drawn = rng.uniform(3.0, SIDE - 3.0, (8, *centres.shape))
    distance = np.hypot(*np.moveaxis(drawn - centres, -1, 0))
    far = distance >= 11.0
    chosen = np.where(far.any(axis=0), far.argmax(axis=0), distance.argmax(axis=0))
    return drawn[chosen, np.arange(len(centres))]


def _shapes(rng: np.random.Generator, names: list[str], centres: np.ndarray) -> np.ndarray:
    """Coverage in [0, 1] of one shape a picture, turned and scaled at random [shape=(n, 40, 40)]."""
    n = len(names)
    angle, radius = rng.uniform(0.0, 2.0 * np.pi, n), rng.uniform(*RADII, n)
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(float)
    v, u = rows - centres[:, 0, None, None], columns - centres[:, 1, None, None]
    c, s = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    u, v = c * u + s * v, c * v - s * u
    r = radius[:, None, None]
    result = np.empty((n, SIDE, SIDE))
    for name in set(names):
        here = np.array([one == name for one in names])
        # A distance below zero is inside; half a pixel of blur at the edge.
        result[here] = 1.0 / (1.0 + np.exp(np.clip(2.5 * _distance(name, u[here], v[here], r[here]), -30.0, 30.0)))
    return result


def _distance(name: str, u: np.ndarray, v: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Distance to the edge of a shape of radius ``r`` around the origin [pixels]."""
    circle = np.hypot(u, v) - r
    if name == "triangle":
        return _polygon(u, v, r, 3)
    if name == "square":
        return _polygon(u, v, r, 4)
    if name == "pentagon":
        return _polygon(u, v, r, 5)
    if name == "star":
        return np.minimum(_polygon(u, v, r, 3), _polygon(-u, v, r, 3))
    if name == "ring":
        return np.abs(circle + 1.2) - 1.2
    if name == "plus":
        return np.minimum(_box(u, v, r, 0.3 * r), _box(u, v, 0.3 * r, r))
    if name == "crescent":
        return np.maximum(circle, 0.85 * r - np.hypot(u - 0.45 * r, v))
    if name == "bar":
        return _box(u, v, r, 0.25 * r)
    if name == "half disc":
        return np.maximum(circle, u)
    if name == "dots":
        return np.minimum(np.hypot(u - 0.6 * r, v), np.hypot(u + 0.6 * r, v)) - 0.35 * r
    w = u - 0.8 * np.abs(v)  # chevron
    return np.maximum(np.abs(w + 0.3 * r) - 0.25 * r, np.abs(v) - 0.8 * r)


def _box(u: np.ndarray, v: np.ndarray, half_width: np.ndarray, half_height: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)


def _polygon(u: np.ndarray, v: np.ndarray, r: np.ndarray, sides: int) -> np.ndarray:
    """A regular polygon with corners at radius ``r``."""
    inner = r * np.cos(np.pi / sides)
    angles = 2.0 * np.pi * (np.arange(sides) + 0.5) / sides
    return np.max([u * np.cos(a) + v * np.sin(a) for a in angles], axis=0) - inner
