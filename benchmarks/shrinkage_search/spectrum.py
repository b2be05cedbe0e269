"""Mel powers of a second at 16 kHz: the library's log-mel front end up to its logarithm."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

SAMPLE_RATE_HZ = 16000
N_SAMPLES = 16000
FRAME_LENGTH, HOP_LENGTH, FFT_LENGTH = 480, 160, 512
FRAMES, BANDS = 98, 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 7800.0
#: Added to every mel power.
FLOOR = 1e-6


def mel_filters() -> np.ndarray:
    """Triangles on the HTK mel scale [shape=(FFT_LENGTH // 2 + 1, BANDS), float32]."""
    hz = np.arange(FFT_LENGTH // 2 + 1) * SAMPLE_RATE_HZ / FFT_LENGTH
    lowest, highest = (2595 * np.log10(1 + f / 700) for f in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    rising = (hz[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - hz[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_FILTERS = mel_filters()
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_LENGTH) / FRAME_LENGTH)).astype(np.float32)
_PLACES = np.arange(FRAMES)[:, None] * HOP_LENGTH + np.arange(FRAME_LENGTH)[None]


def mel_power(y: jax.Array) -> jax.Array:
    """Waveforms [shape=(..., 16000)] to mel powers [shape=(..., 98, 40)], each above 0."""
    spectrum = jnp.fft.rfft(y[..., _PLACES] * _WINDOW, FFT_LENGTH)
    power = jnp.real(spectrum) ** 2 + jnp.imag(spectrum) ** 2
    # A GPU would multiply in TensorFloat-32, whose 10 bits are seen in quiet bands.
    return jnp.matmul(power, _FILTERS, precision="float32") + FLOOR
