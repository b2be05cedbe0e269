"""The power of speech while somebody speaks."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, mismatch

_FRAME_S = 0.02


def active_power(y: np.ndarray, sample_rate_hz: int, range_db: float = 30.0) -> float:
    """Mean power over the active frames: those of 20 ms within ``range_db`` of the loudest.

    A word of 0.4 s in a clip of 1 s has 4 dB more active power than mean power. The rule is a plain stand-in for the
    active speech level of ITU-T P.56, which follows an envelope over longer speech than a keyword.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        A rest shorter than a frame counts as one; a clip shorter than a frame is one frame.
    sample_rate_hz : int
    range_db : float, > 0

    Returns
    -------
    float
        Never below the mean power of ``y``.

    Raises
    ------
    DataError
        If the signal is empty, silent or not finite.

    References
    ----------
    ITU-T Recommendation P.56, "Objective measurement of active speech level", 2011.

    Examples
    --------
    >>> y = np.concatenate([np.ones(400), np.zeros(600)])
    >>> active_power(y, 1000)
    1.0
    """
    square = np.square(np.asarray(y, dtype=np.float64))
    if not np.isfinite(square).all():
        raise DataError(mismatch("speech", "finite samples", "NaN or infinity"))
    if square.size == 0 or not square.any():
        raise DataError(mismatch("speech", "a signal", "silence"))
    starts = np.arange(0, len(square), max(1, round(_FRAME_S * sample_rate_hz)))
    lengths = np.diff(np.append(starts, len(square)))
    sums = np.add.reduceat(square, starts)
    powers = sums / lengths
    active = powers >= powers.max() * 10.0 ** (-range_db / 10.0)
    return float(sums[active].sum() / lengths[active].sum())
