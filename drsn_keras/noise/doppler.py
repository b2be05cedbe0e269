"""A source that passes a listener: when its sound was emitted, how its pitch shifts and how far it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import UsageError, mismatch
from .spectrum import Gain, fast_length, shaped_noise
from .values import log_uniform

#: In dry air at 20 degrees Celsius.
SPEED_OF_SOUND_M_S = 343.0

_OVERSAMPLING = 2
#: Samples rendered beyond either end, for the filter at half the rate.
_EDGE = 32


@dataclasses.dataclass(frozen=True)
class Heard:
    """What reaches the listener at each moment.

    Attributes
    ----------
    emitted_s : np.ndarray [shape=(n,)]
        When the sound was emitted (retarded time), in seconds.
    pitch : np.ndarray [shape=(n,)]
        Received over emitted frequency: the derivative of ``emitted_s``.
    range_m : np.ndarray [shape=(n,)]
        Distance from the source, where it was then, to the listener.
    """

    emitted_s: np.ndarray
    pitch: np.ndarray
    range_m: np.ndarray


@dataclasses.dataclass(frozen=True)
class Passage:
    """Straight motion at a constant speed past a listener.

    Parameters
    ----------
    speed_m_s : float
        0 (a source that stands) to below the speed of sound.
    distance_m : float, > 0
        At the closest point.
    passing_s : float
        When the source is at the closest point.

    Raises
    ------
    UsageError
        If the speed or the distance is out of its range.

    Notes
    -----
    With u = t - passing_s and s = emitted_s - passing_s, sound that arrives at t has travelled
    c (u - s) = sqrt(d^2 + v^2 s^2). The earlier root is

        s = (c^2 u - sqrt(c^2 v^2 u^2 + (c^2 - v^2) d^2)) / (c^2 - v^2)

    and ds/du is the Doppler factor, c / (c - v) on a far approach and c / (c + v) once far gone. The directivity of
    a moving source, (1 - v/c cos)^-2, is below 2 dB on a road and left out.

    References
    ----------
    P. M. Morse, K. U. Ingard, "Theoretical Acoustics", McGraw-Hill, 1968, section 11.2.

    Examples
    --------
    >>> far = Passage(speed_m_s=34.3, distance_m=5.0, passing_s=0.0).heard(np.array([-60.0, 60.0]))
    >>> np.round(far.pitch, 3).tolist()
    [1.111, 0.909]
    """

    speed_m_s: float
    distance_m: float
    passing_s: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.speed_m_s < SPEED_OF_SOUND_M_S:
            expected = f"0 to below {SPEED_OF_SOUND_M_S:g} m/s"
            raise UsageError(mismatch("passage, speed_m_s", expected, repr(self.speed_m_s)))
        if not self.distance_m > 0.0:
            raise UsageError(mismatch("passage, distance_m", "a number above 0", repr(self.distance_m)))

    @classmethod
    def of(cls, part: Mapping[str, Any]) -> Passage:
        """The passage in a part's parameters."""
        return cls(part["speed_m_s"], part["distance_m"], part["passing_s"])

    def heard(self, t: np.ndarray) -> Heard:
        """What arrives at the times ``t`` [shape=(n,), s]."""
        c, v, d = SPEED_OF_SOUND_M_S, self.speed_m_s, self.distance_m
        u = t - self.passing_s
        root = np.sqrt(np.square(v * u) + (1.0 - (v / c) ** 2) * d**2)
        below = c * c - v * v
        s = (c * c * u - c * root) / below
        return Heard(s + self.passing_s, (c * c - c * v * v * u / root) / below, c * (u - s))


def draw_passage(
    rng: np.random.Generator, passing_s: float, speed_m_s: tuple[float, float], distance_m: tuple[float, float]
) -> dict[str, float]:
    """Parameters of a passage: speed and distance within these limits."""
    return {
        "speed_m_s": log_uniform(rng, *speed_m_s),
        "distance_m": log_uniform(rng, *distance_m),
        "passing_s": float(passing_s),
    }


def passing_noise(rng: np.random.Generator, heard: Heard, sample_rate_hz: float, gain: Gain) -> np.ndarray:
    """Noise of a moving source: shaped noise in the source's time, read at the retarded times.

    Parameters
    ----------
    rng : np.random.Generator
    heard : Heard
        On a grid of ``sample_rate_hz``.
    sample_rate_hz : float
    gain : callable
        Spectrum of the source (see :func:`~drsn_keras.noise.spectrum.shaped_noise`). What the Doppler shift lifts
        above half the rate is filtered out.

    Returns
    -------
    np.ndarray [shape=(n,), float64]
        Power about 1; no attenuation by distance.
    """
    # The ear's side runs at twice the rate and a little beyond either end, so that what the shift lifts above half
    # the rate can be taken out, and what it brings down from above is there.
    steps = np.arange(1, _EDGE + 1) / sample_rate_hz
    emitted = np.concatenate(
        [
            heard.emitted_s[0] - heard.pitch[0] * steps[::-1],
            heard.emitted_s,
            heard.emitted_s[-1] + heard.pitch[-1] * steps,
        ]
    )
    fine = np.empty(2 * len(emitted) - 1)
    fine[::2] = emitted
    fine[1::2] = 0.5 * (emitted[1:] + emitted[:-1])
    limit_hz = 0.5 * sample_rate_hz / min(1.0, float(heard.pitch.min()))
    place = (fine - fine[0]) * (2.0 * sample_rate_hz)
    source = shaped_noise(
        rng, int(place[-1]) + 2, 2.0 * sample_rate_hz, lambda f: gain(f) * (f < limit_hz), _OVERSAMPLING
    )
    place *= _OVERSAMPLING
    left = place.astype(np.intp)
    received = source[left] + (place - left) * (source[left + 1] - source[left])
    length = 2 * fast_length(len(emitted))
    spectrum = np.fft.rfft(received, length)[: length // 4 + 1]
    return np.fft.irfft(spectrum, length // 2)[_EDGE : _EDGE + len(heard.pitch)] * 0.5
