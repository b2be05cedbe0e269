"""Signal-to-noise ratios of arrays: setting one and measuring it."""

from __future__ import annotations

import math

import numpy as np

from ..errors import DataError, UsageError, mismatch

#: Mean power below this (-200 dB of full scale) counts as silence.
SILENCE = 1e-20


def mix_at_snr(y: np.ndarray, noise: np.ndarray, snr_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Add noise so that mean power of the whole clip over mean power of the noise is the ratio asked for.

    Parameters
    ----------
    y, noise : np.ndarray [same shape]
    snr_db : float

    Returns
    -------
    mixed, noise : np.ndarray [shape of y, float32]
        The sum, not clipped, and the scaled noise.

    Raises
    ------
    DataError
        If signal or noise is silent (below -200 dB) or not finite, or their shapes differ.
    UsageError
        If the ratio is not finite.

    Examples
    --------
    >>> y = np.array([1.0, -1.0, 1.0, -1.0])
    >>> mixed, noise = mix_at_snr(y, np.array([5.0, 5.0, -5.0, -5.0]), 20.0)
    >>> np.round(noise, 6).tolist()
    [0.10000000149011612, 0.10000000149011612, -0.10000000149011612, -0.10000000149011612]
    """
    if not math.isfinite(snr_db):
        raise UsageError(mismatch("snr_db", "a finite number", repr(snr_db)))
    y, noise = np.asarray(y), np.asarray(noise)
    if y.shape != noise.shape:
        raise DataError(mismatch("noise", f"the signal's shape {y.shape}", f"shape {noise.shape}"))
    gain = math.sqrt(mean_power("signal", y) / mean_power("noise", noise)) * 10.0 ** (-snr_db / 20.0)
    scaled = noise.astype(np.float64) * gain
    return (y.astype(np.float64) + scaled).astype(np.float32), scaled.astype(np.float32)


def measure_snr_db(clean: np.ndarray, mixed: np.ndarray) -> float:
    """The SNR [dB] of a mix, from its difference to the clean signal.

    Parameters
    ----------
    clean, mixed : np.ndarray [same shape]

    Raises
    ------
    DataError
        If the clean signal or the difference is silent or not finite, or the shapes differ.
    """
    clean, mixed = np.asarray(clean, dtype=np.float64), np.asarray(mixed, dtype=np.float64)
    if clean.shape != mixed.shape:
        raise DataError(mismatch("mixed signal", f"the clean one's shape {clean.shape}", f"shape {mixed.shape}"))
    return 10.0 * math.log10(mean_power("clean signal", clean) / mean_power("mixed less clean signal", mixed - clean))


def mean_power(what: str, y: np.ndarray) -> float:
    """Mean power of an array that has to hold a signal.

    Parameters
    ----------
    what : str
        How to name the array in an error.
    y : np.ndarray

    Raises
    ------
    DataError
        If the array is empty, silent (below -200 dB) or not finite.
    """
    power = float(np.mean(np.square(y, dtype=np.float64))) if y.size else 0.0
    if not math.isfinite(power):
        raise DataError(mismatch(what, "finite samples", "NaN or infinity"))
    if power < SILENCE:
        raise DataError(mismatch(what, "a signal", "silence"))
    return power
