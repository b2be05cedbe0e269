"""Edge runtime: standard library, numpy and (in interpreter.py alone) the LiteRT interpreter.

The names below are loaded when they are first used, so that ``drsn-edge --help`` needs neither.

Examples
--------
>>> from drsn_keras.edge import KeywordListener, load_bundle
>>> bundle = load_bundle("runs/yes-no/bundle")  # doctest: +SKIP
>>> listener = KeywordListener(bundle)  # doctest: +SKIP
>>> for verdict in listener.push(samples):  # doctest: +SKIP
...     if verdict.detection:
...         print(verdict.detection.label, verdict.detection.time_s)
"""

from __future__ import annotations

import importlib

_HOMES = {
    "Bundle": "bundle",
    "ConditionMonitor": "monitor",
    "Detection": "detector",
    "Detector": "detector",
    "FeatureRing": "ring",
    "Interpreter": "interpreter",
    "KeywordListener": "listener",
    "MonitorVerdict": "monitor",
    "PcmStream": "pcm",
    "PieceDenoiser": "denoiser",
    "Resampler": "resample",
    "StreamDenoiser": "denoiser",
    "Verdict": "listener",
    "WavFile": "wav",
    "load_bundle": "bundle",
    "open_denoiser": "denoiser",
    "with_threshold": "detector",
}

__all__ = [
    "Bundle",
    "ConditionMonitor",
    "Detection",
    "Detector",
    "FeatureRing",
    "Interpreter",
    "KeywordListener",
    "MonitorVerdict",
    "PcmStream",
    "PieceDenoiser",
    "Resampler",
    "StreamDenoiser",
    "Verdict",
    "WavFile",
    "load_bundle",
    "open_denoiser",
    "with_threshold",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
