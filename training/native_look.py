"""Clips to augmented features outside TensorFlow's graph, at about a third of its cost."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.fft

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.frontend.reference import constants

from . import native_kernels as kernels

if TYPE_CHECKING:
    from .augment import Augmenter

#: Complex numbers whose spectra are computed at a time: 0.8 MB stay in a core's cache ...
_AT_A_TIME = 100_000
#: ... and of one clip at most so many.
_OF_A_CLIP = 32_768


class _Memory(NamedTuple):
    """Samples [shape=(rows, n_samples), float32], and complex numbers for the spectra computed at a time."""

    y: np.ndarray
    pairs: np.ndarray


class NativeLook:
    """What :class:`~.augment.Augmenter` and :class:`~.graph_front_end.GraphFrontEnd` do to a batch, within 1e-4.

    Their parameters are drawn in the graph as ever, so that both ways see the same batches. Loops compiled by Numba and
    SciPy's FFT, two frames in each complex transform; no lock of Python's is held by either, so that several batches
    may be made at once.

    Parameters
    ----------
    augmenter : Augmenter
    spec : FrontEndSpec

    Raises
    ------
    ImportError
        If Numba does not work here.
    """

    def __init__(self, augmenter: Augmenter, spec: FrontEndSpec) -> None:
        self.spec, self.noise = spec, augmenter.noise
        shortest = spec.n_samples if self.noise is None else int(self.noise.lengths.min())
        if shortest < spec.n_samples:
            raise UsageError(mismatch("noise of a kind", f"at least {spec.n_samples} samples", shortest))
        self._length, self._rooms = 0, None
        responses = augmenter.impulse_responses
        if responses is not None:
            self._length = scipy.fft.next_fast_len(spec.n_samples + responses.shape[1] - 1, real=True)
            self._rooms = scipy.fft.rfft(responses.astype(np.float32), self._length)
        if not spec.is_waveform:
            window, filters, dct = constants(spec)
            self._window = window.astype(np.float32)
            self._dct = None if dct is None else dct.astype(np.float32)
            self._bands = _neighbours(filters)
            self._frames = min(2 * max(_OF_A_CLIP // spec.fft_length, 4), spec.n_frames)
            self._clips = max(_AT_A_TIME // (spec.fft_length * ((self._frames + 1) // 2)), 1)
            self._spare: list[_Memory] = []

    def __call__(self, clips: np.ndarray, parameters: Mapping[str, np.ndarray], reverberated: int = 0) -> np.ndarray:
        """Features [shape=(rows, n_frames, n_features), float32] of clips.

        Parameters
        ----------
        clips : np.ndarray [shape=(rows, n_samples), int16]
        parameters : from :meth:`.Augmenter.draw` and :meth:`.Augmenter.draw_masks`, of these rows; without the latter
            nothing is masked
        reverberated : int
            So many of the first rows.
        """
        clips = np.ascontiguousarray(clips)
        if clips.dtype != np.int16 or clips.ndim != 2 or clips.shape[1] != self.spec.n_samples:
            found = f"{clips.dtype} of shape {clips.shape}"
            raise DataError(mismatch("clips", f"int16 of shape (rows, {self.spec.n_samples})", found))
        if self.spec.is_waveform:
            return self._augment(clips, parameters, reverberated, np.empty(clips.shape, np.float32))[..., None]
        memory = self._take_memory(len(clips))
        try:
            features = self._features(self._augment(clips, parameters, reverberated, memory.y[: len(clips)]), memory)
        finally:
            self._spare.append(memory)
        if "frame_masks" in parameters:
            kernels.mask(features, *(_array(parameters[name], np.int64) for name in ("frame_masks", "band_masks")))
        return features

    def _take_memory(self, rows: int) -> _Memory:
        """What an earlier batch has left, or new: the first touch of new memory costs as much as its use."""
        try:
            memory = self._spare.pop()
        except IndexError:
            memory = None
        if memory is not None and len(memory.y) >= rows:
            return memory
        y = np.empty((rows, self.spec.n_samples), np.float32)
        return _Memory(y, np.empty(self._clips * self.spec.fft_length * ((self._frames + 1) // 2), np.complex64))

    def _augment(
        self, clips: np.ndarray, parameters: Mapping[str, np.ndarray], reverberated: int, y: np.ndarray
    ) -> np.ndarray:
        """Speed and shift, in 32 bits as TensorFlow computes them (positions to 0.001 samples), room, noise, gain."""
        speed, shift = (_array(parameters[name], np.float32) for name in ("speed", "shift"))
        n = clips.shape[1]
        last = n - 1
        begin, end = (((side * (last / 2) - shift) * speed + last / 2) / max(last, 1) for side in (-1, 1))
        scale = np.float32(last)
        kernels.place(clips, begin * scale, (end - begin) * scale / np.float32(max(last, 1)), y)
        if self._rooms is not None and reverberated > 0:
            spectra = scipy.fft.rfft(y[:reverberated], self._length)
            spectra *= self._rooms[parameters["response"][:reverberated]]
            y[:reverberated] = scipy.fft.irfft(spectra, self._length)[:, :n]
        self._mix(y, parameters)
        return y

    def _mix(self, y: np.ndarray, parameters: Mapping[str, np.ndarray]) -> None:
        rows, n = y.shape
        gain = np.float32(10.0) ** (_array(parameters["gain_db"], np.float32) / np.float32(20.0))
        noise, first, ratio = np.zeros(n, np.float32), np.zeros(rows, np.int64), np.zeros(rows, np.float32)
        if "snr_db" in parameters:
            noise, first = self.noise.samples, self.noise.first(parameters["noise_kind"], parameters["noise_place"], n)
            wanted = np.float32(10.0) ** (-_array(parameters["snr_db"], np.float32) / np.float32(10.0))
            ratio = wanted * _array(parameters["noisy"], np.float32)
        kernels.mix(y, noise, first, ratio, gain)

    def _features(self, y: np.ndarray, memory: _Memory) -> np.ndarray:
        spec = self.spec
        features = np.empty((len(y), spec.n_frames, spec.n_mels), np.float32)
        for row in range(0, len(y), self._clips):
            for first in range(0, spec.n_frames, self._frames):
                some = slice(row, row + self._clips)
                count = min(self._frames, spec.n_frames - first)
                self._sum_bands(y[some], first, count, features[some], memory.pairs)
        if spec.kind == "root_mel":
            np.sqrt(features, out=features)
            return np.sqrt(features, out=features)
        np.log(features, out=features)
        return features if self._dct is None else features @ self._dct

    def _sum_bands(self, y: np.ndarray, first: int, count: int, mel: np.ndarray, pairs: np.ndarray) -> None:
        spec = self.spec
        shape = len(y), spec.fft_length, (count + 1) // 2
        pairs = pairs[: math.prod(shape)].reshape(shape)
        kernels.cut_frames(y, self._window, spec.hop_length, first, count, pairs.view(np.float32))
        spectra = scipy.fft.fft(pairs, axis=1, overwrite_x=True)
        kernels.sum_bands(spectra.view(np.float32), *self._bands, np.float32(spec.log_floor), first, count, mel)


def _neighbours(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles as what a bin gives to the first band that it lies in and to the next (a quarter of it).

    Parameters
    ----------
    filters : np.ndarray [shape=(bins, bands)]
    """
    inside = filters > 0.0
    band = inside.argmax(axis=1)
    rows = np.arange(len(filters))
    padded = np.pad(filters, ((0, 0), (0, 1)))
    both = padded[rows, band], padded[rows, band + 1]
    if not np.allclose(sum(both), filters.sum(axis=1)):
        raise UsageError(mismatch("mel filters", "each bin in two neighbours at most", "more"))
    return band.astype(np.uint64), *((part / 4.0).astype(np.float32) for part in both)


def _array(values: np.ndarray, kind: type) -> np.ndarray:
    return np.ascontiguousarray(values, kind)
