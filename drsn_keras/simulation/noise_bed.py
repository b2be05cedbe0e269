"""Noise that goes on for ever at the price of a copy: cut from long tables at places drawn for each chunk."""

from __future__ import annotations

import numpy as np

from ..noise.spectrum import Gain, shaped_noise

#: Samples over which one cut goes over into the next.
_FADE = 256
_LENGTH = 1 << 17


class NoiseBed:
    """Coloured Gaussian noise of power 1.

    Parameters
    ----------
    rng : np.random.Generator
    sample_rate_hz : int
    gain : callable
        Frequencies [Hz] to amplitude gains.
    chunk : int
        Samples of a chunk, at most 65536.

    Notes
    -----
    A chunk is the sum of two cuts at random places, each of half the power; neighbours overlap by 256 samples with
    gains whose squares add up to 1. Chunks repeat each other's samples in ever other sums, never as a whole.
    """

    def __init__(self, rng: np.random.Generator, sample_rate_hz: int, gain: Gain, chunk: int) -> None:
        self._table = (shaped_noise(rng, _LENGTH, sample_rate_hz, gain) * np.sqrt(0.5)).astype(np.float32)
        self._chunk = chunk
        angle = (np.arange(_FADE) + 0.5) * (np.pi / 2.0 / _FADE)
        self._rise, self._fall = (np.sin(angle).astype(np.float32), np.cos(angle).astype(np.float32))

    @property
    def n_places(self) -> int:
        """Places that may be drawn are 0 to this, less 1."""
        return _LENGTH - self._chunk - _FADE

    def chunk(self, before: np.ndarray, here: np.ndarray) -> np.ndarray:
        """A chunk [shape=(chunk,), float32].

        Parameters
        ----------
        before, here : np.ndarray [shape=(2,), int]
            Places drawn for the chunk before this one and for this one.
        """
        y = self._cut(here, 0, self._chunk)
        y[:_FADE] *= self._rise
        y[:_FADE] += self._fall * self._cut(before, self._chunk, self._chunk + _FADE)
        return y

    def _cut(self, places: np.ndarray, start: int, stop: int) -> np.ndarray:
        first, second = places
        return self._table[first + start : first + stop] + self._table[second + start : second + stop]
