"""What a simulated sensor gives: 16-bit counts of acceleration in g."""

from __future__ import annotations

import numpy as np

from drsn_keras.machinery import STANDARD_GRAVITY_M_S2

FORMAT = "s16le"
#: Acceleration that 1.0 of a WAV and 32768 counts stand for [g].
FULL_SCALE_G = 16.0
#: What a count stands for [g].
SCALE_G = FULL_SCALE_G / 32768.0
_GAIN = np.float32(1.0 / (STANDARD_GRAVITY_M_S2 * SCALE_G))


def to_counts(acceleration_m_s2: np.ndarray) -> np.ndarray:
    """Counts [shape of ``acceleration_m_s2``, int16], rounded and clipped."""
    return np.clip(np.rint(acceleration_m_s2 * _GAIN), -32768, 32767).astype(np.int16)
