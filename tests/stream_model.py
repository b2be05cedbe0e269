"""A small streaming denoiser with weights as no network starts with, and signals for it."""

from __future__ import annotations

import numpy as np

from drsn_keras.models import frame_denoiser
from random_weights import randomise

HOP, FRAMES, STEPS = 8, 4, 6


def small_denoiser():
    """Frames of 8 samples, two units with dilations 1 and 2, a running mean over 5 frames."""
    options = {"coefficients": 12, "filters": 6, "dilations": (1, 2), "window": 5, "hidden": 3}
    return randomise(frame_denoiser(HOP, **options))


def signals(n: int = 3, frames: int = FRAMES * STEPS) -> np.ndarray:
    """Noise in frames [shape=(n, frames, 8), float32]."""
    return np.random.default_rng(3).standard_normal((n, frames, HOP)).astype(np.float32)
