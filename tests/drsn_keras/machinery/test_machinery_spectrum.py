"""Amplitude spectra, envelopes and the kurtogram on signals whose answer is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import signal

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import (
    WINDOWS,
    amplitude_spectrum,
    analytic_band,
    band_pass,
    choose_band,
    envelope,
    envelope_spectrum,
    kurtogram,
    noise_bandwidth_hz,
    window_values,
)

RATE = 12000


def sine(f_hz, amplitude=1.0, n_samples=RATE, phase=0.3):
    return amplitude * np.sin(2.0 * np.pi * f_hz * np.arange(n_samples) / RATE + phase)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("n_samples", [12000, 12001, 2047])
def test_a_sine_reads_its_amplitude(window, n_samples):
    f_hz = 100 * RATE / n_samples
    frequency_hz, amplitude = amplitude_spectrum(7.0 + sine(f_hz, 0.25, n_samples), RATE, window)
    assert len(frequency_hz) == len(amplitude) == n_samples // 2 + 1
    assert amplitude.argmax() == 100
    assert frequency_hz[100] == pytest.approx(f_hz)
    assert amplitude[100] == pytest.approx(0.25, rel=1e-9)
    assert amplitude[0] < 0.25 * 1e-6


@pytest.mark.parametrize(("window", "loss"), [("rectangular", 0.363), ("hann", 0.151), ("flattop", 0.001)])
def test_loss_between_two_bins(window, loss):
    amplitude = amplitude_spectrum(sine(100.5), RATE, window)[1]
    assert 1.0 - amplitude.max() == pytest.approx(loss, abs=0.003)


def test_half_the_rate_is_not_doubled():
    amplitude = amplitude_spectrum(0.5 * (-1.0) ** np.arange(64), RATE, "rectangular")[1]
    assert amplitude[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("window", WINDOWS)
def test_power_of_noise_follows_from_the_noise_bandwidth(window):
    y = np.random.default_rng(0).standard_normal((20, 4096))
    amplitude = amplitude_spectrum(y, RATE, window)[1]
    power = np.sum(np.square(amplitude[:, 1:]) / 2.0, axis=-1).mean()
    assert power * (RATE / 4096) / noise_bandwidth_hz(window, 4096, RATE) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(("window", "theirs"), [("hann", "hann"), ("flattop", "flattop"), ("rectangular", "boxcar")])
def test_windows_are_those_of_scipy(window, theirs):
    np.testing.assert_allclose(window_values(window, 500), signal.get_window(theirs, 500), atol=1e-8)


@pytest.mark.parametrize("n_samples", [1000, 1001])
def test_whole_band_is_the_hilbert_transform(n_samples):
    y = np.random.default_rng(1).standard_normal(n_samples)
    expected = signal.hilbert(y - y.mean())
    np.testing.assert_allclose(analytic_band(y, RATE, (0.0, RATE / 2)), expected, atol=1e-12)


def test_band_pass_keeps_the_band_only():
    kept = sine(2000)
    np.testing.assert_allclose(band_pass(kept + sine(500) + sine(4000), RATE, (1500.0, 3000.0)), kept, atol=1e-9)


@pytest.mark.parametrize("depth", [0.2, 0.9])
@pytest.mark.parametrize("squared", [False, True])
def test_envelope_line_stands_at_the_modulation_with_its_depth(depth, squared):
    t = np.arange(2 * RATE) / RATE
    y = 3.0 * (1.0 + depth * np.cos(2.0 * np.pi * 107.0 * t)) * np.sin(2.0 * np.pi * 3000.0 * t) + sine(
        30, 50.0, len(t)
    )
    frequency_hz, amplitude = envelope_spectrum(y, RATE, (2500.0, 3500.0), squared=squared)
    assert frequency_hz[amplitude.argmax()] == pytest.approx(107.0)
    # (3 (1 + d cos))^2 has the line 9 * 2 d at the modulation's frequency.
    assert amplitude.max() == pytest.approx(18.0 * depth if squared else 3.0 * depth, rel=1e-6)
    assert frequency_hz[-1] <= 1000.0


def test_envelope_takes_many_signals_at_once():
    y = np.random.default_rng(2).standard_normal((3, 2, 512))
    many = envelope(y, RATE, (1000.0, 3000.0))
    np.testing.assert_allclose(many[1, 1], envelope(y[1, 1], RATE, (1000.0, 3000.0)), atol=1e-12)


def ringing(rng, resonance_hz, n_samples=3 * RATE, every_hz=90.0):
    """Impulses through a resonance, in noise."""
    pulses = np.zeros(n_samples)
    pulses[(np.arange(0.0, n_samples / RATE - 0.02, 1.0 / every_hz) * RATE).astype(int)] = 1.0
    t = np.arange(200) / RATE
    ring = np.exp(-600.0 * t) * np.sin(2.0 * np.pi * resonance_hz * t)
    return np.convolve(pulses, ring)[:n_samples] + 0.1 * rng.standard_normal(n_samples)


@pytest.mark.parametrize("resonance_hz", [1500.0, 2700.0, 4300.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_kurtogram_picks_the_resonance_and_its_envelope_the_rate(resonance_hz, seed):
    # A loud shaft line and a loud gear beside the resonance must not be preferred.
    y = ringing(np.random.default_rng(seed), resonance_hz) + sine(31.7, 3.0, 3 * RATE) + sine(623.4, 2.0, 3 * RATE)
    best = choose_band(y, RATE, min_bandwidth_hz=400.0)
    assert best.low_hz <= resonance_hz <= best.high_hz
    assert best.low_hz > 700.0
    assert best.kurtosis > 1.0
    frequency_hz, amplitude = envelope_spectrum(y, RATE, best.edges_hz)
    assert frequency_hz[amplitude.argmax()] == pytest.approx(90.0, rel=0.01)


def test_kurtosis_of_noise_is_0_and_of_a_tone_minus_1():
    rng = np.random.default_rng(3)
    bands = kurtogram(rng.standard_normal(60000), RATE, max_level=4)
    assert max(abs(band.kurtosis) for band in bands) < 0.25
    tone = kurtogram(sine(1000.3, n_samples=60000) + 1e-3 * rng.standard_normal(60000), RATE, max_level=3)
    assert all(band.kurtosis == pytest.approx(-1.0, abs=0.02) for band in tone if band.low_hz < 1000 < band.high_hz)


def test_bands_tile_the_spectrum():
    bands = kurtogram(np.random.default_rng(4).standard_normal(50001), RATE)
    for divisions in {band.divisions for band in bands}:
        level = [band for band in bands if band.divisions == divisions]
        assert len(level) == divisions
        assert level[0].low_hz == 0.0
        assert all(a.high_hz == b.low_hz for a, b in itertools.pairwise(level))
        assert 0.995 * RATE / 2 < level[-1].high_hz <= RATE / 2


def test_impulses_at_the_edges_of_a_record_are_not_invented():
    """A tone without a whole number of periods jumps where the periodic filter joins the ends."""
    rng = np.random.default_rng(5)
    y = sine(49.3, 5.0, 24000) + 0.05 * rng.standard_normal(24000)
    assert choose_band(y, RATE, min_bandwidth_hz=400.0).kurtosis < 1.0


GOOD = np.random.default_rng(6).standard_normal(4096)
WITH_NAN = np.where(np.arange(4096) == 7, np.nan, GOOD)


@pytest.mark.parametrize(
    "measure",
    [
        lambda y: amplitude_spectrum(y, RATE),
        lambda y: envelope_spectrum(y, RATE, (1000.0, 2000.0)),
        lambda y: kurtogram(y, RATE),
    ],
    ids=["spectrum", "envelope", "kurtogram"],
)
@pytest.mark.parametrize(
    ("y", "why"),
    [
        (WITH_NAN, "NaN"),
        (np.full(4096, 0.3), "constant 0.3"),
        (np.zeros(5), "at least"),
        (np.array(["a"] * 4096), "real numbers"),
        (GOOD * 1j, "real numbers"),
    ],
)
def test_what_is_no_vibration_is_refused(measure, y, why):
    with pytest.raises(DataError, match=why) as caught:
        measure(y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "error", "why"),
    [
        (lambda: envelope(GOOD, RATE, (4000.0, 6001.0)), DataError, r"6000 Hz \(half the rate\)"),
        (lambda: envelope(GOOD, RATE, (2000.0, 2010.0)), DataError, "at least 0.8 s for the band 2000 to 2010 Hz"),
        (lambda: envelope(GOOD, RATE, (2000.0, 1000.0)), UsageError, "0 <= lower < upper"),
        (lambda: envelope(GOOD, RATE, (2000.0,)), UsageError, "two frequencies"),
        (lambda: envelope(GOOD, 0, (1.0, 2.0)), UsageError, "sample_rate_hz"),
        (lambda: amplitude_spectrum(GOOD, RATE, "hamming"), UsageError, "window"),
        (lambda: kurtogram(GOOD, RATE, min_bandwidth_hz=7000), DataError, "half the rate"),
        (lambda: kurtogram(GOOD, RATE, max_level=5), DataError, "enough for level 3"),
        (lambda: kurtogram(GOOD, RATE, max_level=-1), UsageError, "max_level"),
        (lambda: kurtogram(GOOD[None], RATE), DataError, "one channel"),
    ],
)
def test_impossible_questions_are_refused(call, error, why):
    with pytest.raises(error, match=why) as caught:
        call()
    assert "\n" not in str(caught.value)
