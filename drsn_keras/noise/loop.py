"""Cutting any length out of a recording, around its end if need be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import DataError, UsageError, mismatch

_FADE_S = 0.01


def checked_signals(what: str, signals: Sequence[np.ndarray], sample_rate_hz: int) -> tuple[np.ndarray, ...]:
    """Recordings as read-only float32 [shape=(n,)], each of them with something to hear.

    Parameters
    ----------
    what : str
        How to name the recordings in an error.
    signals : sequence of np.ndarray [shape=(n,)]
    sample_rate_hz : int, > 0

    Raises
    ------
    DataError
        If there are none, or one is empty, not one-dimensional, not finite or silent.
    UsageError
        If the rate is not a whole number above 0.
    """
    if isinstance(sample_rate_hz, bool) or not isinstance(sample_rate_hz, (int, np.integer)) or sample_rate_hz < 1:
        raise UsageError(mismatch(f"{what}, sample_rate_hz", "a whole number above 0", repr(sample_rate_hz)))
    if len(signals) == 0:
        raise DataError(mismatch(what, "at least one recording", "none"))
    checked = []
    for index, signal in enumerate(signals):
        # A copy, unless nobody can change it.
        kept = isinstance(signal, np.ndarray) and not signal.flags.writeable and signal.base is None
        array = np.asarray(signal, np.float32) if kept else np.array(signal, dtype=np.float32)
        name = f"{what}, recording {index}"
        if array.ndim != 1 or array.size < 2:
            raise DataError(mismatch(name, "one channel of at least 2 samples", f"shape {array.shape}"))
        if not np.isfinite(array).all():
            raise DataError(mismatch(name, "finite samples", "NaN or infinity"))
        if array.min() == array.max():
            raise DataError(mismatch(name, "a signal", "silence"))
        array.setflags(write=False)
        checked.append(array)
    return tuple(checked)


def loop_period(length: int, sample_rate_hz: int) -> int:
    """Samples after which a looped recording of this length repeats: its length less the cross-fade."""
    return length - _fade_length(length, sample_rate_hz)


def cut(signal: np.ndarray, offset: int, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """Samples ``offset`` to ``offset + n_samples`` of a recording, looped where it ends.

    The end fades into the start over 10 ms (a quarter of the recording at most) with constant power. A cut that fits
    into the recording is left as it is.

    Parameters
    ----------
    signal : np.ndarray [shape=(n,)]
    offset : int, >= 0
    n_samples : int
    sample_rate_hz : int

    Returns
    -------
    np.ndarray [shape=(n_samples,)]

    Raises
    ------
    DataError
        If the offset is below 0.
    """
    if offset < 0:
        raise DataError(mismatch("offset into a recording", "0 or more samples", offset))
    if offset + n_samples <= len(signal):
        return signal[offset : offset + n_samples]
    fade = _fade_length(len(signal), sample_rate_hz)
    period = len(signal) - fade
    loop = np.array(signal[:period], dtype=np.float64)
    angle = (np.arange(fade) + 0.5) * (0.5 * np.pi / max(fade, 1))
    loop[:fade] = np.sin(angle) * signal[:fade] + np.cos(angle) * signal[period:]
    return np.take(loop, np.arange(offset, offset + n_samples), mode="wrap")


def _fade_length(length: int, sample_rate_hz: int) -> int:
    return min(int(_FADE_S * sample_rate_hz), length // 4)
