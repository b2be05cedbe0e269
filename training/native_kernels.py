"""Loops over samples, frames and bins that NumPy has no single operation for, compiled by Numba.

All hold no lock of Python's while they run, and each row comes out the same whatever the other rows are. Compiled once
a machine (seconds), then read from Numba's cache: ``__pycache__`` beside this file, or the user's cache folder where
that is read-only, or NUMBA_CACHE_DIR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import float32, int16, int64, types, uint64, void


def _given(kind: Any, dimensions: int) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=True)


def _compiled(*signature: Any, **options: Any) -> Callable[[Callable], Callable]:
    def compile_it(function: Callable) -> Callable:
        try:
            return numba.njit(void(*signature), nogil=True, cache=True, error_model="numpy", **options)(function)
        except Exception:
            # Nowhere to keep it, the disk is full, or what was kept is damaged. Any other fault comes up again.
            return numba.njit(void(*signature), nogil=True, error_model="numpy", **options)(function)

    return compile_it


#: Sums in any order, so that they are vectors.
_SUMS = {"reassoc", "contract", "nsz"}
# Indices are unsigned: Numba would look for negative ones, which count from the end, in every step.
_ONE, _TWO = np.uint64(1), np.uint64(2)
_BLOCK = 512


@_compiled(_given(int16, 2), _given(float32, 1), _given(float32, 1), float32[:, ::1])
def place(clips, first, step, y):
    """Samples at ``first + i * step`` of each clip, linearly interpolated, 0 outside; 32768 becomes 1.

    To the last bit what ``tf.image.crop_and_resize`` makes of a picture one pixel high.

    Parameters
    ----------
    clips : int16 [shape=(rows, n)]
    first, step : float32 [shape=(rows,)], step >= 0
    y : float32 [shape=(rows, n)], written
    """
    n = clips.shape[1]
    last = np.float32(n - 1)
    source = np.empty(n + 1, np.float32)
    source[n] = 0.0
    left = np.empty(_BLOCK, np.int32)
    part, low, high = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    for row in range(clips.shape[0]):
        for i in range(n):
            source[i] = np.float32(clips[row, i]) * np.float32(1.0 / 32768.0)
        # Positions grow with i: where they enter the clip and leave it is found by halving.
        begin, end = 0, n
        while begin < end:
            middle = (begin + end) // 2
            if first[row] + np.float32(middle) * step[row] < np.float32(0.0):
                begin = middle + 1
            else:
                end = middle
        stop, end = begin, n
        while stop < end:
            middle = (stop + end) // 2
            if first[row] + np.float32(middle) * step[row] <= last:
                stop = middle + 1
            else:
                end = middle
        y[row, :begin] = 0.0
        y[row, stop:] = 0.0
        a, b = first[row], step[row]
        # Only what looks samples up is no work of vectors.
        while begin < stop:
            size = min(_BLOCK, stop - begin)
            own = y[row, begin : begin + size]
            for i in range(size):
                position = a + np.float32(np.int32(begin + i)) * b
                left[i] = np.int32(position)
                part[i] = position - np.float32(np.int32(position))
            for i in range(size):
                at = np.uint64(np.uint32(left[i]))
                low[i] = source[at]
                high[i] = source[at + _ONE]
            for i in range(size):
                own[i] = low[i] + (high[i] - low[i]) * part[i]
            begin += size


@_compiled(
    *(float32[:, ::1], _given(float32, 1), _given(int64, 1), _given(float32, 1), _given(float32, 1)), fastmath=_SUMS
)
def mix(y, noise, first, ratio, gain):
    """Add to each row the noise from ``noise[first]`` on at a given ratio of mean powers, then amplify.

    Parameters
    ----------
    y : float32 [shape=(rows, n)], changed in place
    noise : float32 [shape=(total,)]
    first : int64 [shape=(rows,)], at most total - n
    ratio : float32 [shape=(rows,)], power of the noise over the row's; 0 for none
    gain : float32 [shape=(rows,)]
    """
    n = y.shape[1]
    for row in range(y.shape[0]):
        own, factor = y[row], gain[row]
        if ratio[row] > 0.0:
            other = noise[first[row] : first[row] + n]
            power, noise_power = np.float32(0.0), np.float32(0.0)
            for i in range(n):
                power += own[i] * own[i]
                noise_power += other[i] * other[i]
            # As in Augmenter: digital silence has no SNR, and gets noise as if it were speech at -60 dBFS.
            power = max(power / np.float32(n), np.float32(1e-6))
            noise_power = max(noise_power / np.float32(n), np.float32(1e-12))
            noise_factor = np.sqrt(power / noise_power * ratio[row]) * factor
            for i in range(n):
                own[i] = own[i] * factor + other[i] * noise_factor
        else:
            for i in range(n):
                own[i] *= factor


@_compiled(_given(float32, 2), _given(float32, 1), uint64, uint64, uint64, float32[:, :, ::1])
def cut_frames(y, window, hop, first, count, frames):
    """Windowed frames, padded with zeros, each beside the next: a pair of them is one complex signal.

    Parameters
    ----------
    y : float32 [shape=(rows, n)]
    window : float32 [shape=(frame_length,)]
    hop : samples from frame to frame
    first, count : which frames
    frames : float32 [shape=(rows, fft_length, count or count + 1)], written; after an odd count the last comes twice
    """
    length = np.uint64(window.shape[0])
    columns = count + (length - _ONE) // hop
    # A hop a column: frames beside each other begin in columns beside each other.
    turned = np.empty((hop, columns), np.float32)
    for row in range(y.shape[0]):
        for column in range(np.uint64(0), columns):
            begin = (first + column) * hop
            own = y[row, begin : min(begin + hop, np.uint64(y.shape[1]))]
            for i in range(np.uint64(0), np.uint64(own.shape[0])):
                turned[i, column] = own[i]
        for i in range(np.uint64(0), length):
            later = i // hop
            source = turned[i - later * hop, later : later + count]
            across, factor = frames[row, i, :count], window[i]
            for frame in range(np.uint64(0), count):
                across[frame] = source[frame] * factor
        if count % _TWO:
            for i in range(np.uint64(0), length):
                frames[row, i, count] = frames[row, i, count - _ONE]
        frames[row, length:] = 0.0


@_compiled(
    *(_given(float32, 3), _given(uint64, 1), _given(float32, 1), _given(float32, 1), float32, uint64, uint64),
    float32[:, :, ::1],
    fastmath=_SUMS,
)
def sum_bands(spectra, band, weight, next_weight, floor, first, count, mel):
    """Power of each frame in each band from the spectra of pairs of frames.

    With Z the spectrum of ``a + ib`` and Y its mirror image, ``|A|^2 = ((Re Z + Re Y)^2 + (Im Z - Im Y)^2) / 4`` and
    ``|B|^2 = ((Im Z + Im Y)^2 + (Re Z - Re Y)^2) / 4``.

    Parameters
    ----------
    spectra : float32 [shape=(rows, fft_length, frames, even)], complex numbers of pairs
    band : uint64 [shape=(fft_length // 2 + 1,)]
        The first band that a bin lies in; the only other one is the next.
    weight, next_weight : float32 [shape=(fft_length // 2 + 1,)], of both, divided by 4
    floor : added to every band
    first, count : which frames
    mel : float32 [shape=(rows, n_frames, bands)], those frames of it written
    """
    bins, across = np.uint64(spectra.shape[1]), np.uint64(spectra.shape[2])
    bands = np.uint64(mel.shape[2])
    power = np.empty(across, np.float32)
    # Frames lie side by side, so that all is done to vectors of them.
    sums = np.empty((bands + _ONE, across), np.float32)
    for row in range(spectra.shape[0]):
        sums[:] = floor
        for k in range(np.uint64(0), bins // _TWO + _ONE):
            z, y = spectra[row, k], spectra[row, (bins - k) % bins]
            for pair in range(np.uint64(0), across // _TWO):
                a = pair * _TWO
                b = a + _ONE
                one, two, three, four = z[a] + y[a], z[b] - y[b], z[b] + y[b], z[a] - y[a]
                power[a] = one * one + two * two
                power[b] = three * three + four * four
            own, above = sums[band[k]], sums[band[k] + _ONE]
            for frame in range(np.uint64(0), across):
                own[frame] += weight[k] * power[frame]
            for frame in range(np.uint64(0), across):
                above[frame] += next_weight[k] * power[frame]
        for frame in range(np.uint64(0), count):
            for m in range(np.uint64(0), bands):
                mel[row, first + frame, m] = sums[m, frame]


@_compiled(float32[:, :, ::1], _given(int64, 3), _given(int64, 3), fastmath=_SUMS)
def mask(features, frames, bands):
    """Set stretches of frames and of bands to the clip's mean.

    Parameters
    ----------
    features : float32 [shape=(rows, n_frames, n_bands)], changed in place
    frames, bands : int64 [shape=(masks, 2, rows)], first and number of positions, all inside
    """
    n = np.float32(features.shape[1] * features.shape[2])
    for row in range(features.shape[0]):
        own = features[row]
        flat = own.reshape(-1)
        mean = np.float32(0.0)
        for i in range(flat.shape[0]):
            mean += flat[i]
        mean /= n
        for i in range(frames.shape[0]):
            own[frames[i, 0, row] : frames[i, 0, row] + frames[i, 1, row]] = mean
        for i in range(bands.shape[0]):
            own[:, bands[i, 0, row] : bands[i, 0, row] + bands[i, 1, row]] = mean
