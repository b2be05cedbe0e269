"""The constants of the C windows from their specification."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import BundleError, mismatch
from drsn_keras.frontend import WindowSpec
from drsn_keras.frontend.window import ENVELOPE_SPECTRUM, SIGNAL, SPECTRUM, SPECTRUM_FLOOR
from drsn_keras.model_card import TensorSpec

from .front_end_tables import log_steps
from .signal_tables import Tables, fixed, quantizer, real, sample_quantizer

_LONGEST_WINDOW = 32768
_SHORTEST_FFT, _LONGEST_FFT = 16, 4096
_Z_BITS, _LOG_BITS = 22, 24
#: A channel that a window does not have.
_NO_CHANNEL = 255


def check_window(spec: WindowSpec) -> None:
    """Raise :class:`BundleError` naming the field that the C windows cannot compute."""
    if spec.n_samples > _LONGEST_WINDOW:
        raise BundleError(mismatch("window, n_samples", f"at most {_LONGEST_WINDOW} for C", spec.n_samples))
    if spec.channels == (SIGNAL,):
        return
    longest = _LONGEST_FFT // 2 if SIGNAL in spec.channels else _LONGEST_FFT
    if spec.n_samples & (spec.n_samples - 1) or not _SHORTEST_FFT <= spec.n_samples <= longest:
        expected = f"a power of two, {_SHORTEST_FFT} to {longest}, for {', '.join(spec.channels)} in C"
        raise BundleError(mismatch("window, n_samples", expected, spec.n_samples))


def window_members(spec: WindowSpec, tensor: TensorSpec) -> dict[str, str]:
    """A ``drsn_window``."""
    to_int8 = quantizer(tensor, 2.0**-_Z_BITS) if spec.standardize else sample_quantizer(tensor, spec.full_scale)
    return {
        "n_samples": f"{spec.n_samples}U",
        "hop_length": f"{spec.hop_length}U",
        "standardize": f"{int(spec.standardize)}U",
        "quantizer": to_int8,
    }


def channels_members(tables: Tables, spec: WindowSpec, tensor: TensorSpec) -> dict[str, str]:
    """A ``drsn_channels``; defines its tables."""
    length = 2 * spec.n_points
    quarter = np.arange(length // 4 + 1)
    cosine = tables.array("int32_t", "cosine", fixed(np.cos(2 * np.pi * quarter / length), 31))
    steps = tables.array("drsn_log_step", "log_steps", log_steps())
    # Without the signal nothing standardises samples: a step that is right for spectra may be none for samples.
    window = window_members(spec, tensor) if SIGNAL in spec.channels else _stream_members(spec)
    spectrum = {
        "fft": f"{{{cosine}, {length}U}}",
        "sample_bits": f"{spec.n_samples.bit_length() - 1}U",
        "floor": real(SPECTRUM_FLOOR),
        "log_steps": steps,
        # The logarithm of a power is twice that of an amplitude.
        "quantizer": quantizer(tensor, 2.0 ** -(_LOG_BITS + 1)),
    }
    low, high = spec.band_bins if spec.band_hz is not None else (0, 0)
    places = {name: place for place, name in enumerate(spec.channels)}
    return {
        "window": _nested(window),
        "spectrum": _nested(spectrum),
        "band": f"{{{low}U, {high}U}}",
        "n_channels": f"{len(spec.channels)}U",
        "signal": f"{places.get(SIGNAL, _NO_CHANNEL)}U",
        "plain": f"{places.get(SPECTRUM, _NO_CHANNEL)}U",
        "envelope": f"{places.get(ENVELOPE_SPECTRUM, _NO_CHANNEL)}U",
    }


def scratch_bins(spec: WindowSpec) -> int:
    """Elements of ``drsn_bin``, see drsn_envelope.h."""
    half_of_squares = ENVELOPE_SPECTRUM in spec.channels and SIGNAL not in spec.channels
    return spec.n_points + 1 + (spec.n_points // 2 if half_of_squares else 0)


def _stream_members(spec: WindowSpec) -> dict[str, str]:
    return {"n_samples": f"{spec.n_samples}U", "hop_length": f"{spec.hop_length}U"}


def _nested(members: dict[str, str]) -> str:
    body = "\n".join(f"        .{member} = {value}," for member, value in members.items())
    return f"{{\n{body}\n    }}"
