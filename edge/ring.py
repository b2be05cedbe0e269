"""The last frames of a stream."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import DataError, mismatch


class FeatureRing:
    """Ring buffer of feature frames.

    Parameters
    ----------
    n_frames, n_features : int
    fill : np.ndarray [shape=(n_features,)], optional
        The frame that stands for the time before the stream began; zeros if absent.

    Examples
    --------
    >>> ring = FeatureRing(3, 1)
    >>> ring.push(np.array([[1.0], [2.0], [3.0], [4.0]]))
    >>> ring.window()[:, 0].tolist()
    [2.0, 3.0, 4.0]
    """

    def __init__(self, n_frames: int, n_features: int, fill: np.ndarray | None = None) -> None:
        self._fill = np.zeros(n_features) if fill is None else np.asarray(fill)
        self._frames = np.empty((n_frames, n_features), dtype=np.float32)
        self.reset()

    def reset(self) -> None:
        """Back to the time before the stream began."""
        self._frames[:] = self._fill
        self._oldest = 0

    def push(self, frames: np.ndarray) -> None:
        """Add frames [shape=(k, n_features)], oldest first; as many old ones go."""
        size, n_features = self._frames.shape
        if frames.ndim != 2 or frames.shape[1] != n_features:
            raise DataError(mismatch("frames", f"shape (any, {n_features})", frames.shape))
        frames = frames[-size:]
        first = min(len(frames), size - self._oldest)
        self._frames[self._oldest : self._oldest + first] = frames[:first]
        self._frames[: len(frames) - first] = frames[first:]
        self._oldest = (self._oldest + len(frames)) % size

    def window(self) -> np.ndarray:
        """A copy of the last frames, oldest first [shape=(n_frames, n_features), float32]."""
        return np.concatenate([self._frames[self._oldest :], self._frames[: self._oldest]])
