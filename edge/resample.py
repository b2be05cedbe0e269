"""Sample rate conversion of a stream: a windowed sinc in polyphase form.

References
----------
J. O. Smith, "Digital Audio Resampling", CCRMA, Stanford University; J. F. Kaiser, "Nonrecursive digital filter
design using the I0-sinh window function", Proc. IEEE ISCAS, 1974.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from drsn_keras.errors import UsageError, mismatch

#: Kaiser window for a stop band of 80 dB, and the sinc's zero crossings to each side.
_STOP_BAND_DB = 80.0
_ZERO_CROSSINGS = 48
_MAX_PHASES = 4096
_ROWS = 512


class Resampler:
    """Push samples at one rate, get them at another.

    Output sample ``n`` is the band-limited input at time ``n / target_rate``: no delay, but it can be given
    only once the input is 3 ms (48 samples of the lower rate) further. The stop band begins at half the
    lower rate (80 dB), the pass band ends at 45 % of it. Each output is the same sum whatever the chunks.

    Parameters
    ----------
    source_rate_hz, target_rate_hz : int
        Any. Where their ratio in lowest terms needs more than 4096 phases, times are rounded to 1/4096 input
        sample (an error below -68 dB).

    Examples
    --------
    >>> resampler = Resampler(8000, 16000)
    >>> len(resampler.push(np.zeros(800))) + len(resampler.flush())
    1600
    """

    def __init__(self, source_rate_hz: int, target_rate_hz: int) -> None:
        for rate in (source_rate_hz, target_rate_hz):
            if rate < 1:
                raise UsageError(mismatch("sample rate", "at least 1 Hz", rate))
        common = math.gcd(source_rate_hz, target_rate_hz)
        self._up, self._down = target_rate_hz // common, source_rate_hz // common
        self._phases = min(self._up, _MAX_PHASES)
        lower = min(1.0, self._up / self._down)
        #: Input samples to each side of an output.
        self.half_width = math.ceil(_ZERO_CROSSINGS / lower)
        self._table = _filters(self._phases, self.half_width, lower)
        self.reset()

    def reset(self) -> None:
        """Forget the stream; silence went before."""
        self._start = 1 - self.half_width
        self._buffer = np.zeros(self.half_width - 1, dtype=np.float32)
        self._n_in = self._n_out = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take samples [shape=(n,)], give those that became computable [shape=(m,), float32]."""
        samples = np.asarray(samples, dtype=np.float32)
        self._n_in += len(samples)
        self._buffer = np.concatenate([self._buffer, samples])
        # The last whole input position with all its neighbours; one more where phases round up.
        last = self._start + len(self._buffer) - 1 - self.half_width - (self._phases < self._up)
        return self._compute(max(self._n_out, -(-(last + 1) * self._up // self._down)))

    def flush(self) -> np.ndarray:
        """End of the stream: silence follows. Gives the rest, n * target / source samples in all, rounded up."""
        wanted = -(-self._n_in * self._up // self._down)
        padding = np.zeros(self.half_width + 1, dtype=np.float32)
        self._buffer = np.concatenate([self._buffer, padding])
        rest = self._compute(wanted)
        self.reset()
        return rest

    def _compute(self, end: int) -> np.ndarray:
        """Output samples up to ``end``, in blocks so that memory stays small."""
        windows = None
        parts = [np.zeros(0, dtype=np.float32)]
        if end > self._n_out:
            windows = np.lib.stride_tricks.sliding_window_view(self._buffer, 2 * self.half_width)
        for first in range(self._n_out, end, _ROWS):
            n = np.arange(first, min(first + _ROWS, end), dtype=np.int64)
            base, remainder = np.divmod(n * self._down, self._up)
            phase = remainder
            if self._phases < self._up:
                phase = (2 * remainder * self._phases + self._up) // (2 * self._up)
                base, phase = base + phase // self._phases, phase % self._phases
            rows = windows[base - (self.half_width - 1) - self._start]
            parts.append((rows * self._table[phase]).sum(axis=1))
        self._n_out = max(self._n_out, end)
        # Keep what the next output needs.
        needed = self._n_out * self._down // self._up - (self.half_width - 1)
        drop = min(max(0, needed - self._start), len(self._buffer))
        self._buffer = self._buffer[drop:]
        self._start += drop
        return np.concatenate(parts)


@functools.lru_cache(maxsize=8)
def _filters(phases: int, half_width: int, lower: float) -> np.ndarray:
    """Filter rows [shape=(phases, 2 * half_width), float32], each of sum 1.

    Row p weighs inputs -half_width + 1 ... half_width around the position p / phases; ``lower`` is the lower
    rate by the input rate. Read-only: all streams of the same rates share it.
    """
    # Kaiser's formulas; the transition ends at half the lower rate, so that nothing folds back.
    beta = 0.1102 * (_STOP_BAND_DB - 8.7)
    transition = (_STOP_BAND_DB - 8.0) / (2.285 * 2.0 * np.pi * 2.0 * half_width)
    cutoff = 0.5 * lower - 0.5 * transition
    offsets = np.arange(1 - half_width, half_width + 1)
    table = np.empty((phases, 2 * half_width), dtype=np.float32)
    for phase, row in enumerate(table):
        t = offsets - phase / phases
        window = np.i0(beta * np.sqrt(np.maximum(0.0, 1.0 - (t / half_width) ** 2)))
        weights = np.sinc(2.0 * cutoff * t) * window
        row[:] = weights / weights.sum()
    table.flags.writeable = False
    return table
