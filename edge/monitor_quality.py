"""What makes a window unfit to be judged, whatever a model would say of it."""

from __future__ import annotations

import numpy as np

#: That many equal samples in a row at the largest or the smallest value are clipping, not a peak.
CLIP_RUN = 3
#: Share of a window in such runs from which on it is called clipped.
CLIPPED_SHARE = 0.005
#: Less than this share of the largest magnitude is no vibration: float32 arithmetic leaves as much of a constant.
_FLAT = 1e-6

CONSTANT, CLIPPED, NAN = "constant", "clipped", "nan"


def clipped_samples(y: np.ndarray) -> np.ndarray:
    """Samples in runs of at least 3 equal ones at the largest or the smallest value.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        NaN and infinity are passed over.

    Returns
    -------
    np.ndarray [shape=(n,), bool]
        All False for equal samples: those are a dead sensor, not a clipped one.

    Examples
    --------
    >>> clipped_samples(np.array([0.0, 1.0, 1.0, 1.0, 0.5, -1.0, -1.0])).tolist()
    [False, True, True, True, False, False, False]
    """
    y = np.asarray(y)
    finite = y[np.isfinite(y)]
    marked = np.zeros(len(y), bool)
    if not finite.size or finite.max() == finite.min():
        return marked
    for end in (finite.max(), finite.min()):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], y == end, [False]]).astype(np.int8)))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if last - first >= CLIP_RUN:
                marked[first:last] = True
    return marked


def window_flag(window: np.ndarray, clipped: np.ndarray) -> str | None:
    """Why a window must not be classified, or None.

    Parameters
    ----------
    window : np.ndarray [shape=(n_samples,)]
    clipped : np.ndarray [shape=(n_samples,), bool]
        Samples known to be clipped, from before the rate was converted.

    Returns
    -------
    {"nan", "constant", "clipped"} or None
        Not a finite number among them; no vibration; more than 0.5 % at the sensor's limits.
    """
    if not fits_float32(window):
        return NAN
    if is_constant(window):
        return CONSTANT
    return CLIPPED if np.mean(clipped | clipped_samples(window)) > CLIPPED_SHARE else None


def fits_float32(y: np.ndarray) -> bool:
    """Whether all are finite numbers in 32 bits: what those cannot hold, the model cannot be shown."""
    with np.errstate(over="ignore"):
        return bool(np.isfinite(y.astype(np.float32)).all())


def is_constant(y: np.ndarray) -> bool:
    """Whether there is no vibration but what float32 arithmetic leaves of a constant."""
    high, low = y.max(), y.min()
    return bool(high - low <= _FLAT * max(abs(high), abs(low)))
