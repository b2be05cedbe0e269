"""The shape that a network sees: whole signals, frames of them, images."""

from __future__ import annotations

from drsn_keras.errors import UsageError, mismatch

from .config import DenoiseConfig

#: Networks that work in frames, and the samples of one where the command line says nothing.
FRAMED = {"frame-drsn": 64}


def signal_shape(config: DenoiseConfig) -> tuple[int, int]:
    """``(n_samples, 1)``, or ``(n_frames, hop_length)`` for a network in frames; what is left of a frame is dropped.

    Raises
    ------
    UsageError
        An example that is shorter than a frame.
    """
    hop = config.network.get("hop_length", FRAMED.get(config.model, 1)) if config.model in FRAMED else 1
    if not isinstance(hop, int) or not 0 < hop <= config.n_samples:
        raise UsageError(mismatch("--network hop_length", f"1 to {config.n_samples} (--samples)", hop))
    return config.n_samples // hop, hop
