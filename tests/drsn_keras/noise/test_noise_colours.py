"""Spectra and distributions of the plain kinds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal, stats

from drsn_keras.errors import UsageError
from drsn_keras.noise import BrownNoise, ImpulsiveNoise, LaplacianNoise, PinkNoise, WhiteNoise
from drsn_keras.noise.spectrum import fast_length, hump, low_pass, shaped_noise


def density(y, sample_rate_hz):
    return signal.welch(y.astype(np.float64), sample_rate_hz, nperseg=4096)


@pytest.mark.parametrize("sample_rate_hz", [4000, 16000, 96000])
@pytest.mark.parametrize(("kind", "slope_db"), [(WhiteNoise, 0.0), (PinkNoise, -10.0), (BrownNoise, -20.0)])
def test_slope_per_decade(kind, slope_db, sample_rate_hz):
    y = kind()(np.random.default_rng(2), 2**17, sample_rate_hz)
    f, power = density(y, sample_rate_hz)
    # From above the corner (and the window's own width) to below half the rate, evenly in the logarithm.
    edges = np.geomspace(max(100.0, f[6]), 0.45 * sample_rate_hz, 13)
    bands = [(f >= low) & (f < high) for low, high in itertools.pairwise(edges)]
    levels = [10 * np.log10(power[band].mean()) for band in bands]
    middles = np.log10(np.sqrt(edges[:-1] * edges[1:]))
    assert np.polyfit(middles, levels, 1)[0] == pytest.approx(slope_db, abs=0.5)


def test_the_spectrum_is_flat_below_the_corner():
    y = BrownNoise(corner_hz=1000.0)(np.random.default_rng(0), 2**17, 16000)
    f, power = density(y, 16000)
    low, high = power[(f > 50) & (f < 300)].mean(), power[(f > 300) & (f < 900)].mean()
    assert 10 * np.log10(low / high) == pytest.approx(0.0, abs=0.5)
    # -6 dB an octave above it.
    one, two = power[(f > 1900) & (f < 2100)].mean(), power[(f > 3800) & (f < 4200)].mean()
    assert 10 * np.log10(one / two) == pytest.approx(6.02, abs=0.5)


@pytest.mark.parametrize("corner_hz", [0.0, -3.0, float("nan"), float("inf")])
def test_a_corner_has_to_be_above_zero(corner_hz):
    with pytest.raises(UsageError, match="pink noise, corner_hz: expected a number above 0"):
        PinkNoise(corner_hz)


@pytest.mark.parametrize(("kind", "kurtosis"), [(WhiteNoise, 3.0), (PinkNoise, 3.0), (LaplacianNoise, 6.0)])
def test_kurtosis(kind, kurtosis):
    y = kind()(np.random.default_rng(4), 400_000, 16000)
    # Standard error of the estimate: 0.008 for the normal distribution, about 0.05 for Laplace's.
    assert stats.kurtosis(y.astype(np.float64), fisher=False) == pytest.approx(kurtosis, abs=0.25)


def test_laplacian_noise_is_white():
    f, power = density(LaplacianNoise()(np.random.default_rng(1), 2**17, 16000), 16000)
    low, high = power[(f > 100) & (f < 2000)].mean(), power[(f > 6000) & (f < 7900)].mean()
    assert 10 * np.log10(low / high) == pytest.approx(0.0, abs=0.3)


@pytest.mark.parametrize("sample_rate_hz", [4000, 16000, 96000])
def test_impulsive_noise_is_rare_and_strong(sample_rate_hz):
    for seed in range(20):
        y = ImpulsiveNoise()(np.random.default_rng(seed), sample_rate_hz, sample_rate_hz).astype(np.float64)
        # A Gaussian second would stay below a crest factor of about 5 and a kurtosis of 3.2.
        assert np.abs(y).max() > 10.0
        assert stats.kurtosis(y, fisher=False) > 15.0


def test_clicks_come_as_often_as_drawn():
    source = ImpulsiveNoise()
    drawn = {"seed": 8, "clicks_per_s": 20.0, "peak_to_floor_db": 60.0, "decay_s": 1e-6}
    y = np.abs(source.render(drawn, 60 * 8000, 8000))
    clicks = np.count_nonzero(y > 30.0 * np.median(y))
    # 1200 expected, standard deviation 35; some share a sample.
    assert clicks == pytest.approx(1200, abs=150)


@given(st.integers(1, 2_000_000))
def test_fast_length_is_the_least_smooth_number_that_is_enough(n):
    assert fast_length(n) == scipy.fft.next_fast_len(n, real=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(2000, 20000), st.sampled_from([1, 2, 4]), st.integers(0, 99))
def test_shaped_noise_has_unit_power_at_any_oversampling(n_samples, oversampling, seed):
    y = shaped_noise(np.random.default_rng(seed), n_samples, 8000, hump(1500.0, 3.0, 3.0), oversampling)
    assert len(y) == n_samples * oversampling
    assert np.mean(y**2) == pytest.approx(1.0, abs=0.35)


def test_oversampled_noise_has_nothing_above_the_band():
    y = shaped_noise(np.random.default_rng(0), 16000, 8000, np.ones_like, 4)
    power = np.abs(np.fft.rfft(y)) ** 2
    assert power[8001:].sum() < 1e-20 * power.sum()


def test_gains_fall_as_named():
    f = np.array([100.0, 200.0, 6400.0, 12800.0])
    fall_db = 20 * np.log10(low_pass(800.0, 12.0)(f))
    assert fall_db[0] == pytest.approx(0.0, abs=0.3)
    assert fall_db[3] - fall_db[2] == pytest.approx(-12.0, abs=0.3)
    sides_db = 20 * np.log10(hump(1000.0, 6.0, 9.0)(np.array([10.0, 20.0, 50e3, 100e3])))
    assert sides_db[1] - sides_db[0] == pytest.approx(6.0, abs=0.1)
    assert sides_db[3] - sides_db[2] == pytest.approx(-9.0, abs=0.1)
