"""One record: a label's number and 16-bit samples, little-endian."""

from __future__ import annotations

import numpy as np

#: int16 numbers before the samples: the two halves of the label.
HEAD = 2


def encode(label: int, samples: np.ndarray) -> bytes:
    """A record of a clip, or of a piece of noise [shape=(n,), int16]."""
    return np.array(label, "<i4").tobytes() + np.ascontiguousarray(samples, "<i2").tobytes()


def decode(record: bytes) -> tuple[int, np.ndarray]:
    """Label and samples of :func:`encode`.

    >>> decode(encode(70_000, np.array([1, -2], np.int16)))
    (70000, array([ 1, -2], dtype=int16))
    """
    return int(np.frombuffer(record, "<i4", 1)[0]), np.frombuffer(record, "<i2", offset=4).astype(np.int16, copy=False)
