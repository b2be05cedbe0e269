"""C text of a vibration model's signal side: windows of samples, as they are or with their spectra."""

from __future__ import annotations

import math

from drsn_keras.errors import BundleError, mismatch
from drsn_keras.frontend import WindowSpec
from drsn_keras.frontend.window import SIGNAL
from drsn_keras.model_card import TensorSpec

from .signal_tables import Tables
from .signal_text import SignalSource, define, file_text, filled, header_text
from .window_tables import channels_members, check_window, scratch_bins, window_members
from .window_text import CHANNELS_CALLS, WINDOW_CALLS

_WINDOW_FILES = (
    "drsn_bits.h",
    "drsn_quantize.h",
    "drsn_sample_ring.c",
    "drsn_sample_ring.h",
    "drsn_window.c",
    "drsn_window.h",
)
_SPECTRUM_FILES = (
    "drsn_channels.c",
    "drsn_channels.h",
    "drsn_envelope.c",
    "drsn_envelope.h",
    "drsn_fft.c",
    "drsn_fft.h",
    "drsn_fft_angle.h",
    "drsn_log.h",
    "drsn_spectrum.c",
    "drsn_spectrum.h",
)


def window_source(spec: WindowSpec, tensor: TensorSpec, prefix: str = "model") -> SignalSource:
    """PREFIX_window.h/.c: from samples to evaluations of a vibration model.

    Raises
    ------
    BundleError
        Naming the field that the integer arithmetic cannot take.
    """
    check_window(spec)
    _check_shape(spec, tensor)
    with_spectra = spec.channels != (SIGNAL,)
    tables = Tables(prefix)
    if with_spectra:
        tables.struct("drsn_channels", "window", channels_members(tables, spec, tensor))
    else:
        tables.struct("drsn_window", "window", window_members(spec, tensor))
    sizes = [
        define(prefix, "SAMPLE_RATE_HZ", spec.sample_rate_hz),
        define(prefix, "N_SAMPLES", spec.n_samples),
        define(prefix, "HOP_LENGTH", spec.hop_length),
    ]
    scratch_bytes = 0
    if with_spectra:
        sizes += [
            define(prefix, "N_POINTS", spec.n_points),
            define(prefix, "N_CHANNELS", len(spec.channels)),
            define(prefix, "SCRATCH", scratch_bins(spec)),
        ]
        scratch_bytes = 8 * scratch_bins(spec) + math.prod(spec.shape)
    name = f"{prefix}_window"
    calls = CHANNELS_CALLS if with_spectra else WINDOW_CALLS
    include = "drsn_channels.h" if with_spectra else "drsn_window.h"
    header = header_text(name, [f"{prefix}.h", include], [*sizes, "", filled(calls.declarations, prefix)])
    source = file_text(name, [], "\n\n".join([tables.text, filled(calls.functions, prefix)]))
    files = tuple(sorted((*_WINDOW_FILES, *(_SPECTRUM_FILES if with_spectra else ()))))
    return SignalSource(name, header, source, files, tables.n_bytes, 2 * spec.n_samples + 16, scratch_bytes)


def _check_shape(spec: WindowSpec, tensor: TensorSpec) -> None:
    """A window of one channel may have any shape; of several, points come first."""
    several = len(spec.channels) > 1
    found = [n for n in tensor.shape if n != 1] if several else [math.prod(tensor.shape)]
    if found != (list(spec.shape) if several else [math.prod(spec.shape)]):
        raise BundleError(mismatch("input, shape", f"{spec.shape} (the window's)", tensor.shape))
