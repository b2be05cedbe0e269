"""The constants of the C front end from its specification."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drsn_keras.edge.interpreter import quantize
from drsn_keras.errors import BundleError, mismatch
from drsn_keras.frontend import FrontEndSpec, frame_features
from drsn_keras.frontend.mel import hz_to_mel, mel_filters, mel_to_hz
from drsn_keras.frontend.reference import constants
from drsn_keras.model_card import TensorSpec

from .signal_tables import Tables, fixed, quantizer, real

_SHORTEST_FFT, _LONGEST_FFT = 16, 4096
_MOST_MELS = 512
_MEL_BITS, _DCT_BITS, _BAND_BITS, _MFCC_BITS = 20, 30, 24, 20
#: Parts of [1, 2) in the tables of the logarithm and of the root.
_STEPS = 32
#: The root fits its 31 bits below a power of 2^28; no frame has more than 2^23.
_LARGEST_FLOOR = {"root_mel": 1e6}


def check_front_end(spec: FrontEndSpec) -> None:
    """Raise :class:`BundleError` naming the field that the C front end cannot compute."""
    if spec.is_waveform:
        raise BundleError(mismatch("front end, kind", "log_mel, mfcc or root_mel for C", spec.kind))
    length = spec.fft_length
    if length & (length - 1) or not _SHORTEST_FFT <= length <= _LONGEST_FFT:
        expected = f"a power of two, {_SHORTEST_FFT} to {_LONGEST_FFT}, for C"
        raise BundleError(mismatch("front end, fft_length", expected, length))
    if spec.n_mels > _MOST_MELS:
        raise BundleError(mismatch("front end, n_mels", f"at most {_MOST_MELS} for C", spec.n_mels))
    largest = _LARGEST_FLOOR.get(spec.kind, 1e26)
    if not 1e-26 <= spec.log_floor <= largest:
        raise BundleError(mismatch("front end, log_floor", f"1e-26 to {largest:g} for C", spec.log_floor))


def front_end_tables(
    tables: Tables, spec: FrontEndSpec, tensor: TensorSpec, name: str = "front_end", step_frames: int | None = None
) -> str:
    """Define a ``drsn_front_end`` and its tables; returns its C name.

    ``step_frames``: the model takes the frames of a step instead of a window.

    Raises
    ------
    BundleError
        If the specification or the quantisation is beyond the C front end, or the two disagree on the shape.
    """
    check_front_end(spec)
    shape = tuple(n for n in tensor.shape if n != 1)
    wanted = spec.shape if step_frames is None else (step_frames, spec.n_features)
    if shape != tuple(n for n in wanted if n != 1):
        raise BundleError(mismatch("input, shape", f"{wanted} (the front end's)", tensor.shape))
    window, _, dct = constants(spec)
    quarter = np.arange(spec.fft_length // 4 + 1)
    first_bin, counts, rising = mel_segments(spec)
    to_int8 = quantizer(tensor, 2.0 ** -(_BAND_BITS if dct is None else _MFCC_BITS))
    steps = {"log_steps": "NULL", "root_steps": "NULL"}
    if spec.kind == "root_mel":
        steps["root_steps"] = tables.array("drsn_root_step", "root_steps", root_steps())
    else:
        steps["log_steps"] = tables.array("drsn_log_step", "log_steps", log_steps())
    silence = quantize(frame_features(np.zeros(spec.frame_length), spec), tensor)
    cosine = tables.array("int32_t", "cosine", fixed(np.cos(2 * np.pi * quarter / spec.fft_length), 31))
    members = {
        "frame_length": f"{spec.frame_length}U",
        "hop_length": f"{spec.hop_length}U",
        "n_mels": f"{spec.n_mels}U",
        "n_features": f"{spec.n_features}U",
        "fft": f"{{{cosine}, {spec.fft_length}U}}",
        "window": tables.array("int32_t", "hann", fixed(window[: spec.frame_length // 2 + 1], 31)),
        "segment_bins": tables.array("uint16_t", "segment_bins", counts),
        "rising": tables.array("uint32_t", "rising", rising),
        "first_bin": f"{first_bin}U",
        "log_floor": real(spec.log_floor),
        **steps,
        "dct": "NULL",
        "quantizer": to_int8,
        "silence": tables.array("int8_t", "silence", silence),
    }
    if dct is not None:
        half = fixed(dct[: (spec.n_mels + 1) // 2], _DCT_BITS)
        members["dct"] = tables.array("int32_t", "dct", half.reshape(-1))
    return tables.struct("drsn_front_end", name, members)


def mel_segments(spec: FrontEndSpec) -> tuple[int, np.ndarray, np.ndarray]:
    """The mel filters as segments between neighbouring edges: in each, one filter rises as the one before it falls.

    Returns
    -------
    (int, np.ndarray [shape=(n_mels + 1,)], np.ndarray [shape=(bins in all segments,)])
        The first bin, the bins of each segment, the rising filter's weight in 2^-20.

    Raises
    ------
    BundleError
        If these do not give the filters back.
    """
    edges_mel = np.linspace(
        hz_to_mel(spec.fmin_hz, spec.mel_scale), hz_to_mel(spec.fmax_hz, spec.mel_scale), spec.n_mels + 2
    )
    edges_hz = mel_to_hz(edges_mel, spec.mel_scale)
    bins_hz = np.arange(spec.fft_length // 2 + 1) * (spec.sample_rate_hz / spec.fft_length)
    starts = np.searchsorted(bins_hz, edges_hz)
    bins = np.arange(starts[0], starts[-1])
    segment = np.repeat(np.arange(spec.n_mels + 1), np.diff(starts))
    rising = fixed((bins_hz[bins] - edges_hz[segment]) / np.diff(edges_hz)[segment], _MEL_BITS)
    rebuilt = np.zeros((len(bins_hz), spec.n_mels + 2))
    rebuilt[bins, segment + 1] = rising / 2.0**_MEL_BITS
    rebuilt[bins, segment] = 1.0 - rising / 2.0**_MEL_BITS
    filters = mel_filters(spec.sample_rate_hz, spec.fft_length, spec.n_mels, spec.fmin_hz, spec.fmax_hz, spec.mel_scale)
    if np.abs(rebuilt[:, 1:-1] - filters).max() > 2.0**-_MEL_BITS:
        raise BundleError(mismatch("front end, n_mels", "filters that rise as their neighbour falls", spec.n_mels))
    return int(starts[0]), np.diff(starts), rising


def log_steps() -> list[str]:
    """Each part of [1, 2) as a ``drsn_log_step``: reciprocal (Q31) and logarithm (Q24) of its middle."""
    return _steps(lambda middles: fixed(np.log(middles), 24))


def root_steps() -> list[str]:
    """Each part of [1, 2) as a ``drsn_root_step``: reciprocal (Q31) and fourth root (Q30) of its middle."""
    return _steps(lambda middles: fixed(middles**0.25, 30))


def _steps(value: Callable[[np.ndarray], np.ndarray]) -> list[str]:
    middles = 1.0 + (np.arange(_STEPS) + 0.5) / _STEPS
    return [f"{{{reciprocal}, {it}}}" for reciprocal, it in zip(fixed(1.0 / middles, 31), value(middles), strict=True)]
