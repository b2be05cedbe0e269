"""Features of an endless signal, chunk by chunk, equal to those of the whole signal."""

from __future__ import annotations

import numpy as np

from .reference import frame_features
from .specification import FrontEndSpec


class StreamingFrontEnd:
    """Push samples of any chunk size, get the frames that became complete.

    Parameters
    ----------
    spec : FrontEndSpec

    Examples
    --------
    >>> front_end = StreamingFrontEnd(FrontEndSpec())
    >>> front_end.push(np.zeros(479)).shape, front_end.push(np.zeros(161)).shape
    ((0, 40), (2, 40))
    """

    def __init__(self, spec: FrontEndSpec) -> None:
        self.spec = spec
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._rest = np.zeros(0, dtype=np.float32)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Add samples [shape=(n,), -1 to 1]; returns the new frames' features [shape=(k, n_features), float32]."""
        spec = self.spec
        self._rest = np.concatenate([self._rest, np.asarray(samples, dtype=np.float32)])
        count = (len(self._rest) - spec.frame_length) // spec.hop_length + 1
        if count <= 0:
            return np.zeros((0, spec.n_features), dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._rest, spec.frame_length)
        features = frame_features(windows[: count * spec.hop_length : spec.hop_length], spec)
        self._rest = self._rest[count * spec.hop_length :].copy()
        return features
