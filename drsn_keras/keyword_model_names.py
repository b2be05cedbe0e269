"""Names of the keyword spotters, and the front ends that each can hear; standard library only.

The command line reads them without loading Keras; :data:`drsn_keras.models.keyword_models.PEERS` builds the peers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import UsageError, mismatch

if TYPE_CHECKING:
    from .frontend.specification import FrontEndSpec

#: This project's own, a kind of unit each.
OWN = ("drsn-cw", "drsn-cs", "senet", "resnet", "convnet")
#: Of those, what also hears a stream step by step.
STREAMING = ("streaming-drsn-cw", "streaming-resnet")
#: Published networks to compare with.
PEERS = ("ds-cnn", "tc-resnet8", "bc-resnet-1", "bc-resnet-3", "matchboxnet", "raw-m5")
KEYWORD_MODEL_NAMES = (*OWN, *STREAMING, *PEERS)
#: Networks of thresholds, which get one on the spectrum where nothing else is asked for.
SHRINKING = ("drsn-cw", "drsn-cs", "streaming-drsn-cw")
#: Thresholds on the spectrum: for the whole clip, or for every frame.
SPECTRAL = ("clip", "frames")
#: Hears samples; all others hear features.
RAW = "raw-m5"
#: Samples that a network on the waveform needs, and bands that one with sub-spectral normalisation comes in.
LEAST_SAMPLES, BAND_STEP = 6848, 40
#: Compiled by XLA for a CPU, a depthwise convolution takes 10 to 40 times as long, a strided one over samples twice
#: (TensorFlow 2.21).
_FASTER_UNCOMPILED = ("ds-cnn", "bc-resnet-1", "bc-resnet-3", "matchboxnet", "raw-m5")


def check_keyword_model(name: str, spec: FrontEndSpec, spectral: str | None = None) -> None:
    """That there is such a model, and that it can hear what a front end gives; ``spectral`` is its shrinkage of it.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> from drsn_keras.frontend import FrontEndSpec
    >>> check_keyword_model("bc-resnet-1", FrontEndSpec())
    >>> check_keyword_model("raw-m5", FrontEndSpec())
    Traceback (most recent call last):
    drsn_keras.errors.UsageError: --front-end with --model raw-m5: expected waveform, got log-mel
    """
    if name not in KEYWORD_MODEL_NAMES:
        raise UsageError(mismatch("--model", f"one of {', '.join(KEYWORD_MODEL_NAMES)}", repr(name)))
    got = spec.kind.replace("_", "-")
    if name == RAW and not spec.is_waveform:
        raise UsageError(mismatch(f"--front-end with --model {name}", "waveform", got))
    if name != RAW and spec.is_waveform:
        raise UsageError(mismatch(f"--front-end with --model {name}", "log-mel, mfcc or root-mel", got))
    if name == RAW and spec.n_samples < LEAST_SAMPLES:
        expected = f"at least {LEAST_SAMPLES / spec.sample_rate_hz:g} s at {spec.sample_rate_hz} Hz"
        raise UsageError(mismatch(f"--duration with --model {name}", expected, f"{spec.duration_s:g} s"))
    if spectral is not None:
        _check_spectral(name, got, spectral)
    if name.startswith("bc-resnet") and spec.n_features % BAND_STEP:
        expected = f"a front end with bands in multiples of {BAND_STEP} (log-mel, root-mel)"
        raise UsageError(mismatch(f"--model {name}", expected, f"{spec.n_features} ({got})"))


def _check_spectral(name: str, front_end: str, spectral: str) -> None:
    if spectral not in SPECTRAL:
        raise UsageError(mismatch("--spectral", f"one of {', '.join(SPECTRAL)}", repr(spectral)))
    if name in PEERS:
        raise UsageError(mismatch(f"--spectral {spectral}", f"a model of {', '.join((*OWN, *STREAMING))}", name))
    if name in STREAMING and spectral == "clip":
        raise UsageError(mismatch(f"--spectral with --model {name}", "frames (a stream has no end)", spectral))
    if front_end != "root-mel":
        raise UsageError(mismatch(f"--front-end with --spectral {spectral}", "root-mel", front_end))


def trains_compiled(name: str) -> bool:
    """Whether a training step is faster compiled by XLA."""
    return name not in _FASTER_UNCOMPILED
