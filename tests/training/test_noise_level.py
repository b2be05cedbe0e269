"""Whether thresholds follow the noise is judged, not assumed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from drsn_keras.noise import make_noise
from drsn_keras.training import noise_level
from drsn_keras.training.clips import Clips
from drsn_keras.training.noise_level import SNRS_DB, calibrate_noise_level, summary_rows
from drsn_keras.training.recordings import Recording


class Corpus:
    """Sines of one length and level."""

    training_noise_names = ("white", "pink")

    def clips(self, part):
        rng = np.random.default_rng(len(part))
        t = np.arange(512) / 8000
        x = np.stack([np.sin(2 * np.pi * rng.uniform(200, 900) * t) for _ in range(24)]).astype(np.float32)
        recordings = tuple(Recording(f"{part}{i}", "a", part, str(i)) for i in range(len(x)))
        return Clips(x * np.float32(3000), np.zeros(len(x), int), recordings, ("a",), 8000)

    def recorded(self, part):
        return {}

    def source(self, name, part):
        return make_noise(name)


@dataclasses.dataclass
class Config:
    noise_kinds: tuple = ("white", "pink")


@pytest.fixture
def calibrate(monkeypatch):
    def run(tau_of):
        monkeypatch.setattr(noise_level, "thresholds", lambda model, x: {"unit1": (tau_of(x), None)} if tau_of else {})
        return calibrate_noise_level(None, Corpus(), Config(), lambda y: y)

    return run


def roughness(x):
    """A threshold that does follow the noise: the size of differences, which sines have little of."""
    return np.abs(np.diff(x, n=3)).mean(axis=1)[:, None]


def test_a_threshold_that_follows_the_noise_is_found(calibrate):
    found = calibrate(roughness)
    assert found["monotone"]
    assert found["correlation"] > 0.8
    assert found["spec"]["low_db"] == -15.0
    assert found["spec"]["high_db"] == 10.0
    assert len(found["rows"]) == 3 * len(SNRS_DB)
    assert {row["noise"]: row["seen"] for row in found["rows"]} == {"white": True, "pink": True, "impulsive": False}
    levels = [row["white_db"] for row in summary_rows(found)]
    assert levels == sorted(levels)


@pytest.mark.parametrize(
    "tau_of", [lambda x: np.ones((len(x), 2)), lambda x: 1.5 + np.sin(np.arange(2 * len(x)).reshape(-1, 2))]
)
def test_one_that_does_not_is_not_exported(calibrate, tau_of):
    found = calibrate(tau_of)
    assert not found["monotone"]
    assert "spec" not in found


def test_no_shrinkage_no_level(calibrate):
    assert calibrate(None) == {}
