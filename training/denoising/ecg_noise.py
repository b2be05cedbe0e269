"""What disturbs an electrocardiogram: a wandering baseline, muscles, mains hum; one at a time or together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from drsn_keras.noise import NoiseSource, WhiteNoise

#: Breathing and moving electrodes shift the baseline below this [Hz].
WANDER_BELOW_HZ = 0.5
#: Muscles are heard in this band [Hz].
MUSCLE_HZ = (20.0, 150.0)
_MAINS_HZ = (50.0, 60.0)
_HARMONICS = 3


def _spectrum_noise(rng: np.random.Generator, n: int, gain: np.ndarray) -> np.ndarray:
    """Gaussian noise whose amplitude over frequency is ``gain`` [shape=(n // 2 + 1,)]."""
    bins = rng.standard_normal(len(gain)) + 1j * rng.standard_normal(len(gain))
    return np.fft.irfft(bins * gain, n)


class BaselineWander(NoiseSource):
    """Breathing at 0.15 to 0.4 Hz with its first harmonic, and a random walk of the electrode below 0.5 Hz.

    Examples
    --------
    >>> y = BaselineWander()(np.random.default_rng(0), 3600, 360)
    >>> power = np.square(np.abs(np.fft.rfft(y)))
    >>> bool(power[np.fft.rfftfreq(3600, 1 / 360) > 1.0].sum() < 0.02 * power.sum())
    True
    """

    name = "baseline"

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        del n_samples, sample_rate_hz
        return {"breath_hz": float(rng.uniform(0.15, 0.25)), "walk": float(rng.uniform(0.2, 1.0))}

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        t = np.arange(n_samples) / sample_rate_hz
        breath_hz = parameters["breath_hz"]
        breath = np.zeros(n_samples)
        for harmonic, share in ((1, 1.0), (2, 0.3)):
            breath += share * np.sin(2 * np.pi * (harmonic * breath_hz * t + rng.random()))
        # A walk that is made longer than asked for, so that its two ends need not meet.
        long = 2 * n_samples
        hz = np.fft.rfftfreq(long, 1 / sample_rate_hz)
        lowest = sample_rate_hz / long
        gain = np.where(hz <= WANDER_BELOW_HZ, 1.0 / np.maximum(hz, lowest), 0.0)
        gain[0] = 0.0
        walk = _spectrum_noise(rng, long, gain)[:n_samples]
        walk -= walk.mean()
        spread = float(np.std(walk))
        return breath + parameters["walk"] * walk / (spread if spread > 0 else 1.0)


class MuscleNoise(NoiseSource):
    """Noise of 20 to 150 Hz (or to 0.45 of a lower rate): contractions of 0.2 to 2 s, faint between them.

    Examples
    --------
    >>> y = MuscleNoise()(np.random.default_rng(0), 3600, 360)
    >>> power = np.square(np.abs(np.fft.rfft(y)))
    >>> bool(power[np.fft.rfftfreq(3600, 1 / 360) < 10.0].sum() < 0.02 * power.sum())
    True
    """

    name = "muscle"

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        del n_samples, sample_rate_hz
        return {"bursts_a_second": float(rng.uniform(0.3, 1.5)), "rest": float(rng.uniform(0.05, 0.5))}

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        hz = np.fft.rfftfreq(n_samples, 1 / sample_rate_hz)
        high = min(MUSCLE_HZ[1], 0.45 * sample_rate_hz)
        noise = _spectrum_noise(rng, n_samples, ((hz >= MUSCLE_HZ[0]) & (hz <= high)).astype(float))
        envelope = np.full(n_samples, parameters["rest"])
        t = np.arange(n_samples) / sample_rate_hz
        for _ in range(max(1, rng.poisson(parameters["bursts_a_second"] * n_samples / sample_rate_hz))):
            middle, length = rng.uniform(0, max(t[-1], 1e-9)), rng.uniform(0.2, 2.0)
            place = np.abs(t - middle) / (0.5 * length)
            envelope += rng.uniform(0.5, 2.0) * np.where(place < 1, 0.5 + 0.5 * np.cos(np.pi * place), 0.0)
        return noise * envelope


class MainsHum(NoiseSource):
    """50 or 60 Hz, a little off, with weaker harmonics as far as the rate has room for them.

    Examples
    --------
    >>> y = MainsHum()(np.random.default_rng(1), 3600, 360)
    >>> hz = np.fft.rfftfreq(3600, 1 / 360)[np.abs(np.fft.rfft(y)).argmax()]
    >>> bool(min(abs(hz - 50), abs(hz - 60)) < 0.5)
    True
    """

    name = "hum"

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        del n_samples, sample_rate_hz
        return {"hz": float(rng.choice(_MAINS_HZ) + rng.uniform(-0.2, 0.2))}

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        t = np.arange(n_samples) / sample_rate_hz
        y = np.zeros(n_samples)
        for harmonic in range(1, _HARMONICS + 1):
            phase, level = rng.random(), 1.0 if harmonic == 1 else rng.uniform(0.0, 0.3)
            if harmonic * parameters["hz"] < 0.5 * sample_rate_hz or harmonic == 1:
                y += level * np.sin(2 * np.pi * (harmonic * parameters["hz"] * t + phase))
        return y


class MixedEcgNoise(NoiseSource):
    """All of them and white noise at once, their shares of the power drawn anew each time."""

    name = "mixed"

    def __init__(self) -> None:
        self._parts = (BaselineWander(), MuscleNoise(), MainsHum(), WhiteNoise())

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        return {
            "shares": rng.dirichlet(np.ones(len(self._parts))).tolist(),
            "parts": [part.draw(rng, n_samples, sample_rate_hz) for part in self._parts],
        }

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        del rng
        drawn = zip(self._parts, parameters["shares"], parameters["parts"], strict=True)
        return sum(np.sqrt(share) * part.render(p, n_samples, sample_rate_hz) for part, share, p in drawn)


#: By name; ``white`` is the library's.
ECG_NOISES: dict[str, type[NoiseSource]] = {
    kind.name: kind for kind in (BaselineWander, MuscleNoise, MainsHum, MixedEcgNoise)
}
