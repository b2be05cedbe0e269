"""Fourier transforms of planes: matrix products at short known lengths, which every device has, else the FFT."""

from __future__ import annotations

import numpy as np
from keras import ops

#: Longer axes, and those of unknown length, are left to the FFT, which has no operator on the devices.
LONGEST_MATRIX = 256


def spectrum(planes):
    """Real and imaginary part of the two-dimensional transform of real planes.

    Parameters
    ----------
    planes : tensor [shape=(..., height, width), float32]
        Signals are planes of height 1.

    Returns
    -------
    re, im : tensors [shape of planes]
    """
    if _needs_fft(planes):
        return ops.fft2((planes, ops.zeros_like(planes)))
    re, im = planes, None
    for _ in range(2):
        re, im = _swapped(*_along_last(re, im))
    return re, im


def inverse_real(re, im):
    """Real part of the inverse transform of :func:`spectrum`."""
    if _needs_fft(re):
        return ops.ifft2((re, im))[0]
    # The inverse is the transform of the conjugate, conjugated, over the number of points.
    points = re.shape[-1] * re.shape[-2]
    im = -1.0 * im
    for _ in range(2):
        re, im = _swapped(*_along_last(re, im))
    return re * (1.0 / points)


def _needs_fft(planes) -> bool:
    return any(n is None or n > LONGEST_MATRIX for n in planes.shape[-2:])


def _along_last(re, im):
    """(re + i im) (C - i S), with im None for zero."""
    n = re.shape[-1]
    if n == 1:
        return re, im
    angle = 2.0 * np.pi * np.outer(np.arange(n), np.arange(n)) / n
    cos, sin = np.cos(angle).astype("float32"), np.sin(angle).astype("float32")
    if im is None:
        return ops.matmul(re, cos), ops.matmul(re, -sin)
    return ops.matmul(re, cos) + ops.matmul(im, sin), ops.matmul(im, cos) - ops.matmul(re, sin)


def _swapped(re, im):
    return ops.swapaxes(re, -1, -2), None if im is None else ops.swapaxes(im, -1, -2)
