"""Windows of a vibration signal: waveform, spectrum, spectrum of the envelope; specification and NumPy reference."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .card_spec import CardSpec

SIGNAL, SPECTRUM, ENVELOPE_SPECTRUM = "signal", "spectrum", "envelope_spectrum"
#: What a window can be shown to a model as; several may be stacked as channels.
CHANNELS = (SIGNAL, SPECTRUM, ENVELOPE_SPECTRUM)
#: Power below this share of the spectrum's mean is all the same [-40 dB].
SPECTRUM_FLOOR = 1e-4
_LARGEST = 1_000_000
#: Fourier bins that an envelope's band has to hold.
_LEAST_BAND_BINS = 8


@dataclasses.dataclass(frozen=True)
class WindowSpec(CardSpec):
    """Cuts a stream into windows of samples and says what a model gets of each.

    Window ``t`` covers samples ``t * hop_length`` to ``t * hop_length + n_samples - 1``: nothing is padded.

    Parameters
    ----------
    kind : {"window"}
    sample_rate_hz : int
    n_samples : int
        Of one model evaluation.
    hop_length : int
        Samples between evaluations, at most ``n_samples``.
    standardize : bool
        Of the channel ``signal``: each window becomes (x - mean) / std, with the population's standard deviation; a
        window of equal samples becomes zeros. Otherwise the model gets the samples in real units.
    full_scale : float
        The real value of a sample of 1.0 (of 32768 as int16), such as 16.0 for an accelerometer of +-16 g.
    channels : tuple of {"signal", "spectrum", "envelope_spectrum"}
        ``spectrum`` is 0.5 ln(P / mean P + 1e-4) of the powers P of the Hann-windowed samples without their mean: the
        logarithm of amplitudes, whatever the sensor's gain. ``envelope_spectrum`` is the same of the squared envelope
        of a band. With ``signal`` among them every channel has ``n_samples`` points (spectra are then padded with
        zeros to twice the length), else ``n_samples // 2``. Point k of a spectrum lies at
        k * sample_rate_hz / (2 * points).
    band_hz : (float, float) or None
        The envelope's band, for ``envelope_spectrum`` and only for it.
    """

    CALLED: ClassVar[str] = "window"

    kind: str = "window"
    sample_rate_hz: int = 12000
    n_samples: int = 1024
    hop_length: int = 1024
    standardize: bool = True
    full_scale: float = 1.0
    channels: tuple[str, ...] = (SIGNAL,)
    band_hz: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        def need(condition: bool, name: str, expected: str) -> None:
            if not condition:
                raise UsageError(mismatch(f"window, {name}", expected, repr(getattr(self, name))))

        need(self.kind == "window", "kind", "window")
        for name in ("sample_rate_hz", "n_samples", "hop_length"):
            value = getattr(self, name)
            need(isinstance(value, int) and 0 < value <= _LARGEST, name, f"a whole number, 1 to {_LARGEST:,}")
        need(self.hop_length <= self.n_samples, "hop_length", f"at most n_samples ({self.n_samples})")
        need(isinstance(self.standardize, bool), "standardize", "true or false")
        need(math.isfinite(self.full_scale) and self.full_scale > 0, "full_scale", "a number above 0")
        different = 0 < len(set(self.channels)) == len(self.channels)
        need(different and set(self.channels) <= set(CHANNELS), "channels", f"some of {', '.join(CHANNELS)}, each once")
        need(
            self.channels == (SIGNAL,) or self.n_samples >= 2 * _LEAST_BAND_BINS, "n_samples", "16 or more for spectra"
        )
        needs_band = ENVELOPE_SPECTRUM in self.channels
        need(
            (self.band_hz is not None) == needs_band, "band_hz", "a band" if needs_band else "none without an envelope"
        )
        if self.band_hz is not None:
            nyquist_hz = self.sample_rate_hz / 2
            inside = len(self.band_hz) == 2 and 0 <= self.band_hz[0] < self.band_hz[1] <= nyquist_hz
            need(inside, "band_hz", f"0 <= low < high <= {nyquist_hz:g} Hz")
            low, high = self.band_bins
            least = f"at least {_LEAST_BAND_BINS} bins of {self.sample_rate_hz / self.n_samples:g} Hz"
            need(high - low + 1 >= _LEAST_BAND_BINS, "band_hz", least)

    @property
    def n_points(self) -> int:
        """Points of every channel."""
        return self.n_samples if SIGNAL in self.channels else self.n_samples // 2

    @property
    def shape(self) -> tuple[int, int]:
        """(points, channels) of one model evaluation."""
        return self.n_points, len(self.channels)

    @property
    def band_bins(self) -> tuple[int, int]:
        """First and last Fourier bin of the envelope's band; the mean and half the rate are never in it."""
        low, high = (edge * self.n_samples / self.sample_rate_hz for edge in self.band_hz)
        return max(1, math.ceil(low - 1e-9)), min((self.n_samples - 1) // 2, math.floor(high + 1e-9))

    @property
    def duration_s(self) -> float:
        """Seconds of one model evaluation."""
        return self.n_samples / self.sample_rate_hz

    @property
    def hop_s(self) -> float:
        """Seconds between evaluations."""
        return self.hop_length / self.sample_rate_hz


def window_features(y: np.ndarray, spec: WindowSpec) -> np.ndarray:
    """What the model gets of windows that are already cut.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)], samples in [-1, 1]
    spec : WindowSpec

    Returns
    -------
    np.ndarray [shape=(..., n_points, channels), float32]
        ``signal`` in standard deviations from the mean, or in real units (those of ``full_scale``); spectra in nepers
        above their root mean square. A window of equal samples has zeros.

    Raises
    ------
    DataError
        On another length, NaN or infinity.

    References
    ----------
    R. B. Randall, J. Antoni, "Rolling element bearing diagnostics - a tutorial", Mechanical Systems and Signal
    Processing 25:485-520, 2011, doi:10.1016/j.ymssp.2010.07.017 (squared envelope spectrum).

    Examples
    --------
    >>> window_features(np.array([0.5, -0.5, 0.5, -0.5]), WindowSpec(n_samples=4, hop_length=4))[:, 0].tolist()
    [1.0, -1.0, 1.0, -1.0]
    >>> spec = WindowSpec(n_samples=64, hop_length=64, channels=("spectrum",))
    >>> window_features(np.sin(2 * np.pi * np.arange(64) / 8), spec)[:, 0].argmax().item()  # 8 periods: bin 8
    8
    """
    y = np.asarray(y, dtype=np.float64)
    if y.shape[-1:] != (spec.n_samples,):
        raise DataError(mismatch("window", f"{spec.n_samples} samples", f"shape {y.shape}"))
    if not np.isfinite(y).all():
        raise DataError(mismatch("window", "finite samples", "NaN or infinity"))
    # The mean of equal samples may be off by a rounding: their deviation is 0 all the same.
    flat = y.max(axis=-1, keepdims=True) == y.min(axis=-1, keepdims=True)
    centred = np.where(flat, 0.0, y - y.mean(axis=-1, keepdims=True))
    makers = {SIGNAL: _signal, SPECTRUM: _spectrum, ENVELOPE_SPECTRUM: _envelope_spectrum}
    return np.stack([makers[name](y, centred, spec) for name in spec.channels], axis=-1).astype(np.float32)


def _signal(y: np.ndarray, centred: np.ndarray, spec: WindowSpec) -> np.ndarray:
    if not spec.standardize:
        return y * spec.full_scale
    std = np.sqrt(np.mean(np.square(centred), axis=-1, keepdims=True))
    return centred / np.where(std > 0, std, 1.0)


def _spectrum(_: np.ndarray, centred: np.ndarray, spec: WindowSpec) -> np.ndarray:
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(spec.n_samples) / spec.n_samples)
    bins = np.fft.rfft(centred * hann, 2 * spec.n_points, axis=-1)[..., : spec.n_points]
    power = np.square(bins.real) + np.square(bins.imag)
    mean = power.mean(axis=-1, keepdims=True)
    return np.where(mean > 0, 0.5 * np.log(power / np.where(mean > 0, mean, 1.0) + SPECTRUM_FLOOR), 0.0)


def _envelope_spectrum(_: np.ndarray, centred: np.ndarray, spec: WindowSpec) -> np.ndarray:
    low, high = spec.band_bins
    band = np.zeros((*centred.shape[:-1], spec.n_samples), np.complex128)
    band[..., low : high + 1] = np.fft.rfft(centred, axis=-1)[..., low : high + 1]
    analytic = np.fft.ifft(band, axis=-1)
    squared = np.square(analytic.real) + np.square(analytic.imag)
    return _spectrum(squared, squared - squared.mean(axis=-1, keepdims=True), spec)
