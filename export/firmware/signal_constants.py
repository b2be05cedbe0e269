"""C text of a model's signal side: front end, detector and listener, or the windows of a vibration model."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from drsn_keras.edge.detector import Detector
from drsn_keras.errors import BundleError, mismatch
from drsn_keras.frontend import FrontEndSpec, WindowSpec
from drsn_keras.model_card import BACKGROUND_LABELS, DetectorSpec, TensorSpec

from .detector_tables import detector_tables
from .front_end_tables import front_end_tables
from .signal_tables import Tables
from .signal_text import LISTENER_CALLS, STREAM_LISTENER_CALLS, SignalSource, define, file_text, filled, header_text
from .window_source import window_source

_FRONT_END_FILES = (
    "drsn_bits.h",
    "drsn_fft.c",
    "drsn_fft.h",
    "drsn_fft_angle.h",
    "drsn_front_end.c",
    "drsn_front_end.h",
    "drsn_log.h",
    "drsn_mel.c",
    "drsn_mel.h",
    "drsn_quantize.h",
    "drsn_root.h",
    "drsn_sample_ring.c",
    "drsn_sample_ring.h",
)
_LISTENER_FILES = ("drsn_detector.c", "drsn_detector.h", "drsn_listener.c", "drsn_listener.h")


def signal_source(
    spec: FrontEndSpec | WindowSpec,
    model_input: TensorSpec,
    model_output: TensorSpec | None = None,
    detector: DetectorSpec | None = None,
    labels: Sequence[str] = (),
    prefix: str = "model",
    *,
    step_frames: int | None = None,
) -> SignalSource:
    """What a bundle needs beside its model: a listener for words, windows for vibration, else a bare front end.

    Parameters
    ----------
    spec : FrontEndSpec or WindowSpec
    model_input, model_output : TensorSpec
        As the model file has them. A listener needs both.
    detector : DetectorSpec, optional
    labels : sequence of str
        A listener is made where one of them is a word (no background label) and there is a detector.
    prefix : str
        Of every C name. The model's are PREFIX_state, PREFIX_input, PREFIX_invoke and PREFIX_output in PREFIX.h.
    step_frames : int, optional
        Of a model of streams: its input is a step, and PREFIX_reset forgets the past that its state holds.

    Raises
    ------
    BundleError
        Naming the field that the integer arithmetic cannot take.
    """
    if isinstance(spec, WindowSpec):
        return window_source(spec, model_input, prefix)
    if model_output is not None and detector is not None and any(one not in BACKGROUND_LABELS for one in labels):
        return listener_source(spec, model_input, model_output, detector, labels, prefix, step_frames=step_frames)
    return front_end_source(spec, model_input, prefix, step_frames=step_frames)


def front_end_source(
    spec: FrontEndSpec, tensor: TensorSpec, prefix: str = "model", *, step_frames: int | None = None
) -> SignalSource:
    """PREFIX_front_end.h/.c: ``const drsn_front_end PREFIX_front_end`` and its sizes. No model is needed."""
    tables = Tables(prefix)
    front_end = front_end_tables(tables, spec, tensor, step_frames=step_frames)
    name = f"{prefix}_front_end"
    header = header_text(
        name,
        ["drsn_front_end.h"],
        [*_front_end_sizes(spec, prefix), "", f"extern const drsn_front_end {front_end};"],
    )
    source = file_text(name, ["stddef.h"], tables.text)
    ram = 2 * spec.frame_length + 20
    return SignalSource(name, header, source, _FRONT_END_FILES, tables.n_bytes, ram, 8 * _scratch(spec))


def listener_source(
    spec: FrontEndSpec,
    model_input: TensorSpec,
    model_output: TensorSpec,
    detector: DetectorSpec,
    labels: Sequence[str],
    prefix: str = "model",
    *,
    step_frames: int | None = None,
) -> SignalSource:
    """PREFIX_listener.h/.c: from samples to verdicts, timed as :class:`drsn_keras.edge.listener.KeywordListener`."""
    tables = Tables(prefix)
    front_end = front_end_tables(tables, spec, model_input, step_frames=step_frames)
    stream = step_frames is not None
    if not stream:
        step_frames = max(1, math.floor(detector.hop_s / spec.hop_s + 0.5))
    # Of a stream the ring holds a step and no more: it is full of new frames at every evaluation.
    n_frames = step_frames if stream else spec.n_frames
    hop_s = step_frames * spec.hop_s
    window = (spec.n_frames - 1) * spec.hop_length + spec.frame_length
    window_s = window / spec.sample_rate_hz
    decide = Detector(labels, dataclasses.replace(detector, hop_s=hop_s), window_s)
    if math.prod(model_output.shape) != len(labels):
        raise BundleError(mismatch("labels", f"{math.prod(model_output.shape)} (the model's outputs)", len(labels)))
    n = decide.n_smoothing
    tail_s = window_s / 2 + n * hop_s
    tables.struct(
        "drsn_listener",
        "listener",
        {
            "front_end": f"&{front_end}",
            "detector": f"&{detector_tables(tables, decide, model_output)}",
            "model": "{input_of, invoke, output_of}",
            "sample_rate_hz": f"{spec.sample_rate_hz}U",
            "n_frames": f"{n_frames}U",
            "step_frames": f"{step_frames}U",
            "look_back": f"{window + (n - 1) * step_frames * spec.hop_length}U",
            "tail": f"{round(tail_s * spec.sample_rate_hz)}U",
        },
    )
    n_labels = len(decide.labels)
    sizes = [
        *_front_end_sizes(spec, prefix),
        define(prefix, "N_FRAMES", n_frames),
        define(prefix, "N_LABELS", n_labels),
        define(prefix, "N_SMOOTHING", n),
    ]
    name = f"{prefix}_listener"
    calls = STREAM_LISTENER_CALLS if stream else LISTENER_CALLS
    header = header_text(
        name,
        [f"{prefix}.h", "drsn_listener.h"],
        [*sizes, "", filled(calls.declarations, prefix)],
    )
    source = file_text(
        name, ["stddef.h"], "\n\n".join([filled(calls.before, prefix), tables.text, filled(calls.functions, prefix)])
    )
    kept = 2 * spec.frame_length + n_frames * spec.n_features + n * n_labels + 4 * n_labels + n_labels + 80
    files = tuple(sorted((*_FRONT_END_FILES, *_LISTENER_FILES)))
    scratch = 8 * _scratch(spec)
    ram = (kept + scratch, 0) if stream else (kept, scratch)
    return SignalSource(name, header, source, files, tables.n_bytes, *ram)


def _front_end_sizes(spec: FrontEndSpec, prefix: str) -> list[str]:
    """Sizes that the caller's arrays need."""
    return [
        define(prefix, "SAMPLE_RATE_HZ", spec.sample_rate_hz),
        define(prefix, "FRAME_LENGTH", spec.frame_length),
        define(prefix, "HOP_LENGTH", spec.hop_length),
        define(prefix, "N_FEATURES", spec.n_features),
        define(prefix, "SCRATCH", _scratch(spec)),
    ]


def _scratch(spec: FrontEndSpec) -> int:
    """Elements of drsn_bin, see drsn_front_end.h."""
    return spec.fft_length // 2 + 1 + (int(np.ceil(spec.n_mels / 2)) if spec.kind == "mfcc" else 0)
