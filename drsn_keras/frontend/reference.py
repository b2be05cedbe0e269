"""The front end in NumPy: what the device runs in Python, and what the Keras layer and the C code are held to."""

from __future__ import annotations

import functools

import numpy as np

from ..errors import DataError, mismatch
from .mel import mel_filters
from .specification import FrontEndSpec


@functools.lru_cache(maxsize=8)
def constants(spec: FrontEndSpec) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Window, mel filters and DCT matrix (None but for MFCC) of a specification, as read-only float64."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(spec.frame_length) / spec.frame_length)
    filters = mel_filters(spec.sample_rate_hz, spec.fft_length, spec.n_mels, spec.fmin_hz, spec.fmax_hz, spec.mel_scale)
    dct = dct_matrix(spec.n_mels, spec.n_mfcc) if spec.kind == "mfcc" else None
    for array in (window, filters, dct):
        if array is not None:
            array.setflags(write=False)
    return window, filters, dct


def dct_matrix(n_inputs: int, n_outputs: int) -> np.ndarray:
    """Orthonormal DCT-II as a matrix [shape=(n_inputs, n_outputs)] to multiply from the right."""
    k = np.arange(n_outputs)
    basis = np.cos(np.pi / n_inputs * (np.arange(n_inputs)[:, None] + 0.5) * k[None, :])
    return basis * np.where(k == 0, np.sqrt(1.0 / n_inputs), np.sqrt(2.0 / n_inputs))


def frame_features(frames: np.ndarray, spec: FrontEndSpec) -> np.ndarray:
    """Features of frames that are already cut.

    Parameters
    ----------
    frames : np.ndarray [shape=(..., frame_length)], samples in [-1, 1]

    Returns
    -------
    np.ndarray [shape=(..., n_features), float32]
    """
    if spec.is_waveform:
        return np.asarray(frames, np.float32)
    window, filters, dct = constants(spec)
    spectrum = np.fft.rfft(frames * window, n=spec.fft_length, axis=-1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel = power @ filters + spec.log_floor
    features = np.sqrt(np.sqrt(mel)) if spec.kind == "root_mel" else np.log(mel)
    if dct is not None:
        features = features @ dct
    return features.astype(np.float32)


def compute_features(y: np.ndarray, spec: FrontEndSpec) -> np.ndarray:
    """Features of whole signals.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)], samples in [-1, 1], n_samples >= frame_length
    spec : FrontEndSpec

    Returns
    -------
    np.ndarray [shape=(..., n_frames, n_features), float32]

    Raises
    ------
    DataError
        If the signal is shorter than a frame or holds NaN or infinity.

    Examples
    --------
    >>> compute_features(np.zeros(16000), FrontEndSpec()).shape
    (98, 40)
    """
    y = np.asarray(y)
    if y.shape[-1] < spec.frame_length:
        raise DataError(mismatch("signal", f"at least {spec.frame_length} samples (a frame)", f"{y.shape[-1]}"))
    if not np.isfinite(y).all():
        raise DataError(mismatch("signal", "finite samples", "NaN or infinity"))
    frames = np.lib.stride_tricks.sliding_window_view(y, spec.frame_length, axis=-1)
    return frame_features(frames[..., :: spec.hop_length, :], spec)
