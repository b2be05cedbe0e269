"""The one specification of the signal front end: training, Python on the device and C all read this."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from ..errors import UsageError, mismatch
from .card_spec import CardSpec

#: No length, rate or number of bands is beyond this; damage is.
_LARGEST = 1_000_000
KINDS = ("log_mel", "mfcc", "root_mel", "waveform")
MEL_SCALES = ("htk", "slaney")


@dataclasses.dataclass(frozen=True)
class FrontEndSpec(CardSpec):
    """Framing, window, mel filters, then a logarithm (for MFCC with a cosine transform) or a fourth root; or nothing.

    Frames are not centred and not padded: frame ``t`` covers samples ``t * hop_length`` to
    ``t * hop_length + frame_length - 1``, so that a stream and a clip give the same numbers.

    Parameters
    ----------
    kind : {"log_mel", "mfcc", "root_mel", "waveform"}
        ``ln(mel power + log_floor)``; its cosine transform; ``(mel power + log_floor) ** 0.25``. What is taken off a
        root is taken off the spectrum, so that a threshold on it is a spectral subtraction; what is taken off a
        logarithm divides the spectrum. ``waveform`` is the samples as they are, each a frame of one feature: lengths in
        samples and numbers of bands are then 1, and nothing else is used.
    sample_rate_hz : int
    duration_s : float
        Length of the signal that one model evaluation looks at.
    frame_length, hop_length : int
        In samples. The window is a periodic Hann window of ``frame_length``.
    fft_length : int
        In samples, >= frame_length; frames are zero-padded at the end.
    n_mels : int
    fmin_hz, fmax_hz : float
        0 <= fmin < fmax <= sample_rate / 2.
    mel_scale : {"htk", "slaney"}
        Triangular filters of unit peak on this scale (no area normalisation).
    log_floor : float
        What is added to every band's power before the logarithm or the root; samples are in [-1, 1]. Digital silence
        is ``ln(log_floor)`` or ``log_floor ** 0.25``: with 1e-6, -13.8 or 0.032 (white noise at -60 dBFS: 0.12 to
        0.23), above 0, so that dividing by a root is safe too.
    n_mfcc : int
        Coefficients kept of the orthonormal DCT-II (``kind="mfcc"`` only).
    """

    CALLED: ClassVar[str] = "front end"

    kind: str = "log_mel"
    sample_rate_hz: int = 16000
    duration_s: float = 1.0
    frame_length: int = 480
    hop_length: int = 160
    fft_length: int = 512
    n_mels: int = 40
    fmin_hz: float = 60.0
    fmax_hz: float = 7800.0
    mel_scale: str = "htk"
    log_floor: float = 1e-6
    n_mfcc: int = 10

    def __post_init__(self) -> None:
        def need(condition: bool, name: str, expected: str) -> None:
            if not condition:
                raise UsageError(mismatch(f"front end, {name}", expected, repr(getattr(self, name))))

        need(self.kind in KINDS, "kind", f"one of {', '.join(KINDS)}")
        need(self.mel_scale in MEL_SCALES, "mel_scale", f"one of {', '.join(MEL_SCALES)}")
        for name in ("sample_rate_hz", "frame_length", "hop_length", "fft_length", "n_mels", "n_mfcc"):
            value = getattr(self, name)
            need(isinstance(value, int) and value > 0, name, "a whole number above 0")
            need(value <= _LARGEST, name, f"at most {_LARGEST:,}")
        need(self.hop_length <= self.frame_length, "hop_length", f"at most frame_length ({self.frame_length})")
        need(math.isfinite(self.duration_s) and 0 < self.duration_s <= 60, "duration_s", "above 0 and at most 60 s")
        need(self.fft_length >= self.frame_length, "fft_length", f"at least frame_length ({self.frame_length})")
        need(
            self.n_samples >= self.frame_length,
            "duration_s",
            f"at least one frame of {self.frame_length} samples",
        )
        need(0 <= self.fmin_hz < self.fmax_hz, "fmin_hz", f"0 to fmax_hz ({self.fmax_hz})")
        need(
            self.fmax_hz <= self.sample_rate_hz / 2,
            "fmax_hz",
            f"at most {self.sample_rate_hz / 2:g} Hz (half the rate)",
        )
        need(self.log_floor > 0, "log_floor", "a number above 0")
        need(self.n_mfcc <= self.n_mels, "n_mfcc", f"at most n_mels ({self.n_mels})")
        if self.is_waveform:
            for name in ("frame_length", "hop_length", "fft_length", "n_mels"):
                need(getattr(self, name) == 1, name, "1 for a waveform")

    @property
    def is_waveform(self) -> bool:
        """Whether the features are the samples themselves."""
        return self.kind == "waveform"

    @property
    def n_samples(self) -> int:
        """Samples of one model evaluation."""
        return round(self.duration_s * self.sample_rate_hz)

    @property
    def n_frames(self) -> int:
        """Frames of one model evaluation."""
        return 1 + (self.n_samples - self.frame_length) // self.hop_length

    @property
    def n_features(self) -> int:
        """Channels a frame."""
        return self.n_mfcc if self.kind == "mfcc" else self.n_mels

    @property
    def shape(self) -> tuple[int, int]:
        """(frames, channels) of one model evaluation."""
        return self.n_frames, self.n_features

    @property
    def hop_s(self) -> float:
        """Seconds between frames."""
        return self.hop_length / self.sample_rate_hz


#: The working default of the keyword models: 30 ms windows, 10 ms hop, 40 bands (98 x 40 for one second).
LOG_MEL_40 = FrontEndSpec()

#: The same bands, their fourth roots.
ROOT_MEL_40 = FrontEndSpec(kind="root_mel")

#: The MFCC of MLPerf Tiny keyword spotting: 30 ms windows, 20 ms hop, 40 bands 20-4000 Hz, 10 coefficients (49 x 10).
MFCC_MLPERF = FrontEndSpec(kind="mfcc", hop_length=320, fmin_hz=20.0, fmax_hz=4000.0)

#: The samples themselves (16000 x 1 for one second).
WAVEFORM = FrontEndSpec(kind="waveform", frame_length=1, hop_length=1, fft_length=1, n_mels=1, n_mfcc=1)
