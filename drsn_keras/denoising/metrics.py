"""How close an estimate is to the clean signal or image. NumPy only."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .structural_similarity import ssim

__all__ = ["prd", "psnr", "rmse", "segmental_snr", "si_sdr", "slide_psnr", "ssim"]

#: A frame's ratio counts within these [dB]: below nothing is heard of the signal, above nothing of the noise.
SEGMENTAL_LIMITS_DB = (-10.0, 35.0)

Axis = int | tuple[int, ...] | None


def _pair(clean: np.ndarray, estimate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64, if they are real numbers of one shape."""
    clean, estimate = np.asarray(clean), np.asarray(estimate)
    for what, y in (("clean", clean), ("estimate", estimate)):
        if y.dtype.kind not in "iuf" or not y.size or not np.isfinite(y).all():
            raise DataError(mismatch(what, "finite real numbers", f"shape {y.shape}, {y.dtype}"))
    if clean.shape != estimate.shape:
        raise DataError(mismatch("estimate", f"the shape of the clean signal, {clean.shape}", f"{estimate.shape}"))
    return clean.astype(np.float64), estimate.astype(np.float64)


def _plain(values: np.ndarray) -> float | np.ndarray:
    return float(values) if np.ndim(values) == 0 else values


def _decibels(ratio: np.ndarray, factor: float = 10.0) -> float | np.ndarray:
    """``factor * log10(ratio)``: infinite where nothing is left of the error."""
    with np.errstate(divide="ignore"):
        return _plain(factor * np.log10(ratio))


def _power(values: np.ndarray, axis: Axis, keepdims: bool = False) -> np.ndarray:
    return np.mean(np.square(values), axis=axis, keepdims=keepdims)


def _over(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """A ratio of powers: infinite over zero, and 1 of nothing to nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(numerator / denominator)
    return np.where(np.isnan(ratio), 1.0, ratio)


def _need_signal(what: str, power: np.ndarray) -> None:
    if (power == 0).any():
        raise DataError(mismatch(what, "a signal", "silence"))


def rmse(clean: np.ndarray, estimate: np.ndarray, axis: Axis = None) -> float | np.ndarray:
    """Root of the mean squared error, in the signal's unit.

    Parameters
    ----------
    clean, estimate : np.ndarray [shape=(...)]
    axis : int or tuple of int, optional
        Axes of one signal; all by default. With ``axis=-1`` a batch gives one number a signal.

    Returns
    -------
    float or np.ndarray, >= 0

    Raises
    ------
    DataError
        The shapes differ, or there is NaN, infinity or nothing. All metrics of this page raise it.

    Examples
    --------
    >>> rmse(np.zeros(2), np.array([1.0, 7.0]))
    5.0
    """
    clean, estimate = _pair(clean, estimate)
    return _plain(np.sqrt(_power(estimate - clean, axis)))


def psnr(clean: np.ndarray, estimate: np.ndarray, peak: float, axis: Axis = None) -> float | np.ndarray:
    """Peak signal-to-noise ratio ``10 log10(peak^2 / MSE)`` [dB].

    Parameters
    ----------
    clean, estimate : np.ndarray [shape=(...)]
    peak : float > 0
        Largest value that the signal can have, in its unit: 255 of 8-bit images, 1 of images in [0, 1].
    axis : int or tuple of int, optional

    Returns
    -------
    float or np.ndarray
        Infinite where the two are equal.

    Examples
    --------
    >>> psnr(np.zeros(4), np.full(4, 0.1), peak=1.0)
    20.0
    """
    if not (np.isfinite(peak) and peak > 0):
        raise UsageError(mismatch("peak", "a number above 0", repr(peak)))
    clean, estimate = _pair(clean, estimate)
    with np.errstate(divide="ignore"):
        return _decibels(np.float64(peak) ** 2 / _power(estimate - clean, axis))


def slide_psnr(clean: np.ndarray, estimate: np.ndarray, axis: Axis = None) -> float | np.ndarray:
    """``20 log10(10 / MSE)``, which the slides of the prior-guided network call PSNR.

    It is no ratio of powers: the error is squared and the peak of 10 is not, so it changes by 40 dB, not 20, for a
    tenfold error, and depends on the unit. It stands here to compare with those slides; use :func:`psnr` else.

    Examples
    --------
    >>> slide_psnr(np.zeros(4), np.ones(4)), psnr(np.zeros(4), np.ones(4), peak=10.0)
    (20.0, 20.0)
    >>> slide_psnr(np.zeros(4), np.full(4, 10.0)), psnr(np.zeros(4), np.full(4, 10.0), peak=10.0)
    (-20.0, 0.0)
    """
    clean, estimate = _pair(clean, estimate)
    with np.errstate(divide="ignore"):
        return _decibels(10.0 / _power(estimate - clean, axis), 20.0)


def si_sdr(clean: np.ndarray, estimate: np.ndarray, axis: Axis = None) -> float | np.ndarray:
    """Scale-invariant signal-to-distortion ratio [dB].

    ``10 log10(|a s|^2 / |a s - e|^2)`` with the clean signal s, the estimate e and ``a = <e, s> / |s|^2``. Means are
    not removed.

    Raises
    ------
    DataError
        If a clean signal is silent.

    References
    ----------
    J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR: half-baked or well done?", ICASSP 2019,
    doi:10.1109/ICASSP.2019.8683855.

    Examples
    --------
    >>> round(si_sdr(np.array([3.0, 0.0]), np.array([10.0, 1.0])), 6)
    20.0
    """
    clean, estimate = _pair(clean, estimate)
    power = _power(clean, axis, keepdims=True)
    _need_signal("clean", power)
    target = np.mean(estimate * clean, axis=axis, keepdims=True) / power * clean
    return _decibels(_over(_power(target, axis), _power(estimate - target, axis)))


def segmental_snr(clean: np.ndarray, estimate: np.ndarray, sample_rate_hz: float, frame_s: float = 0.03) -> float:
    """Mean over frames of the signal-to-noise ratio [dB], each within -10 to 35 dB.

    Parameters
    ----------
    clean, estimate : np.ndarray [shape=(n,)]
    sample_rate_hz : float > 0
    frame_s : float
        Duration of a frame [s]. Frames stand side by side; a rest behind the last whole one is left out.

    Returns
    -------
    float, -10 to 35
        Over the frames in which the clean signal is not exactly zero.

    Raises
    ------
    DataError
        No signal of one axis, shorter than a frame, or silent in all frames.
    UsageError
        Frames of less than a sample.

    References
    ----------
    J. H. L. Hansen, B. L. Pellom, "An effective quality evaluation protocol for speech enhancement algorithms", ICSLP
    1998.

    Examples
    --------
    >>> clean = np.array([1.0, 1.0, 10.0, 10.0])
    >>> segmental_snr(clean, clean + 1.0, sample_rate_hz=100, frame_s=0.02)
    10.0
    """
    clean, estimate = _pair(clean, estimate)
    length = round(sample_rate_hz * frame_s) if np.isfinite(sample_rate_hz * frame_s) else 0
    if length < 1:
        raise UsageError(
            mismatch("sample_rate_hz, frame_s", "frames of 1 sample or more", f"{sample_rate_hz}, {frame_s}")
        )
    if clean.ndim != 1 or len(clean) < length:
        raise DataError(mismatch("clean", f"one signal of at least {length} samples", f"shape {clean.shape}"))
    count = len(clean) // length
    power, error = (_power(y[: count * length].reshape(count, length), -1) for y in (clean, estimate - clean))
    sounding = power > 0
    if not sounding.any():
        raise DataError(mismatch("clean", "a signal", "silence"))
    return float(np.clip(_decibels(_over(power[sounding], error[sounding])), *SEGMENTAL_LIMITS_DB).mean())


def prd(clean: np.ndarray, estimate: np.ndarray, axis: Axis = None, *, remove_mean: bool = False) -> float | np.ndarray:
    """Percentage root-mean-square difference ``100 sqrt(sum (s - e)^2 / sum s^2)`` [%], as of ECG.

    Parameters
    ----------
    clean, estimate : np.ndarray [shape=(...)]
    axis : int or tuple of int, optional
    remove_mean : bool
        Divide by the clean signal about its mean (PRDN): an offset of the recorder then does not make it look better.

    Raises
    ------
    DataError
        If a clean signal is silent (or, with ``remove_mean``, constant).

    Examples
    --------
    >>> round(prd(np.array([3.0, 4.0]), np.array([3.0, 4.5])), 6)
    10.0
    """
    clean, estimate = _pair(clean, estimate)
    error = _power(estimate - clean, axis)
    power = _power(clean - clean.mean(axis=axis, keepdims=True) if remove_mean else clean, axis)
    _need_signal("clean", power)
    return _plain(100.0 * np.sqrt(error / power))
