"""Signals in 8 bits: mu-law over each signal's own peak."""

from __future__ import annotations

import numpy as np

MU = 1023.0


def encode(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and peaks of signals.

    Parameters
    ----------
    y : np.ndarray [shape=(signals, n)]

    Returns
    -------
    codes : np.ndarray [shape=(signals, n), int8]
    peaks : np.ndarray [shape=(signals, 1), float32]
    """
    peaks = np.abs(y).max(1, keepdims=True) + 1e-9
    z = y / peaks
    codes = np.sign(z) * np.log1p(MU * np.abs(z)) / np.log1p(MU) * 127
    return np.round(codes).astype(np.int8), peaks.astype(np.float32)


def decode(codes: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Signals [shape of the codes] of codes and peaks that broadcast with them."""
    z = np.arange(-128, 128).astype(np.float32) / 127.0
    levels = np.sign(z) * np.expm1(np.abs(z) * np.log1p(MU)) / MU
    return levels[codes.astype(np.int16) + 128] * peaks
