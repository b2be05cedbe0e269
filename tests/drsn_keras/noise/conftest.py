"""All kinds of noise at any rate, and something like speech to mix them with."""

from __future__ import annotations

import numpy as np
import pytest

from drsn_keras.noise import GENERATORS, BabbleNoise, RecordedNoise, make_noise


def speech_like(rng, n_samples, sample_rate_hz):
    """Voiced stretches with pauses between them [shape=(n_samples,), float32], peak 0.5."""
    t = np.arange(n_samples) / sample_rate_hz
    voice = sum(np.sin(2 * np.pi * 130 * k * t + rng.uniform(0, 6)) / k for k in range(1, 8))
    syllables = np.maximum(np.sin(2 * np.pi * 3.1 * t + rng.uniform(0, 6)), 0.0)
    y = voice * syllables + 1e-3 * rng.standard_normal(n_samples)
    return (0.5 * y / np.abs(y).max()).astype(np.float32)


@pytest.fixture(scope="session")
def make_speech():
    return speech_like


@pytest.fixture(scope="session")
def make_sources():
    """A function from a rate to all sources of noise, by name."""

    def build(sample_rate_hz):
        rng = np.random.default_rng(99)
        length = max(8, sample_rate_hz // 2)
        speech = [speech_like(rng, length + 37 * k, sample_rate_hz) for k in range(6)]
        room = [rng.standard_normal(length), rng.standard_normal(2 * length)]
        return {
            **{name: make_noise(name) for name in GENERATORS},
            "babble": BabbleNoise(speech, sample_rate_hz),
            "room": RecordedNoise("room", room, sample_rate_hz),
        }

    return build
