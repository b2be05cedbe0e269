"""The classical rows: better than chance on machines they have not seen, and the same for one seed."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import time_features
from drsn_keras.simulation import simulated_task
from drsn_keras.training.vibration.baselines import BASELINES, Baseline, baseline
from drsn_keras.training.vibration.baselines_features import (
    envelope_features,
    level_features,
    spectrum_features,
)

RATE_HZ = 12000
N = 2048
BAND_HZ = (2000.0, 4000.0)
STATES = ("normal", "bearing-outer-race", "bearing-inner-race", "gear-chipped-tooth")


@pytest.fixture(scope="module")
def machines() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows, states and numbers of three simulated machines of one design."""
    task = simulated_task(3, 3, states=STATES, speeds_rpm=(1800.0,), loads=(0.6, 1.0), duration_s=1.4)
    x = np.concatenate([r.acceleration_m_s2()[: 8 * N].reshape(8, N) for r in task])
    return x, np.repeat([r.label for r in task], 8), np.repeat([int(r.group[-3:]) for r in task], 8)


def fitted(name: str, machines: tuple[np.ndarray, np.ndarray, np.ndarray], seed: int = 0) -> Baseline:
    """A row fitted on the first two machines."""
    x, y, machine = machines
    return baseline(name, RATE_HZ, BAND_HZ, seed).fit(x[machine < 2], y[machine < 2])


@pytest.mark.parametrize("name", BASELINES)
def test_a_machine_not_seen_is_named_better_than_by_chance(name: str, machines) -> None:
    x, y, machine = machines
    row = fitted(name, machines)
    share = np.mean(row.predict(x[machine == 2]) == y[machine == 2])
    # Chance is 0.25; levels alone cannot tell the races apart.
    assert share > (0.55 if name == "rms-kurtosis" else 0.8)
    assert row.classes.tolist() == sorted(STATES)


@pytest.mark.parametrize("name", BASELINES)
def test_same_seed_same_answers_in_any_order_of_windows(name: str, machines) -> None:
    x, y, machine = machines
    train, test = machine < 2, machine == 2
    order = np.random.default_rng(1).permutation(np.count_nonzero(train))
    one, again = fitted(name, machines), fitted(name, machines)
    shuffled = baseline(name, RATE_HZ, BAND_HZ, 0).fit(x[train][order], y[train][order])
    answer = one.predict(x[test])
    np.testing.assert_array_equal(again.predict(x[test]), answer)
    np.testing.assert_array_equal(shuffled.predict(x[test]), answer)
    np.testing.assert_array_equal(one.predict(x[test][::-1])[::-1], answer)
    np.testing.assert_array_equal(one.predict(x[test][:1]), answer[:1])
    if one.has_probabilities:
        p = one.predict_proba(x[test])
        np.testing.assert_array_equal(shuffled.predict_proba(x[test]), p)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        np.testing.assert_array_equal(one.classes[p.argmax(axis=1)], answer)
    else:
        with pytest.raises(UsageError, match=f"^baseline {name}: expected a classifier with probabilities, got lab"):
            one.predict_proba(x[test])


def test_whole_numbers_are_labels_too() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(30) % 3
    x = rng.standard_normal((30, 256)).astype(np.float32) * (1 + y)[:, None]
    for name in BASELINES:
        assert baseline(name, RATE_HZ, BAND_HZ, 0).fit(x, y).predict(x).dtype == y.dtype


@pytest.mark.parametrize("name", BASELINES)
def test_bad_windows_are_one_line(name: str, machines) -> None:
    x, y, _ = machines
    row = fitted(name, machines)
    bad = np.where(np.arange(N) == 5, np.nan, x[:3])
    shape = rf"^{name}, windows: expected numbers of shape \(n, n_samples\), got shape "
    for wrong, message in (
        (bad, f"^{name}, windows: expected finite samples, got NaN or infinity$"),
        (x[:0], shape + r"\(0, 2048\), float32$"),
        (x[0], shape + r"\(2048,\), float32$"),
    ):
        for call in (row.predict, lambda w: baseline(name, RATE_HZ, BAND_HZ, 0).fit(w, y[: len(w)])):
            with pytest.raises(DataError, match=message):
                call(wrong)
    with pytest.raises(DataError, match=f"^{name}, windows: expected 2048 samples as in training, got 1024$"):
        row.predict(x[:, :1024])
    fresh = baseline(name, RATE_HZ, BAND_HZ, 0)
    with pytest.raises(UsageError, match=f"^baseline {name}: expected fit before this, got no fit$"):
        fresh.predict(x)
    with pytest.raises(DataError, match=rf"^{name}, labels: expected shape \(192,\), got shape \(191,\)$"):
        fresh.fit(x, y[1:])
    with pytest.raises(DataError, match=f"^{name}, labels: expected two or more different ones, got only a$"):
        fresh.fit(x, np.full(len(x), "a"))
    with pytest.raises(DataError, match=f"^{name}, windows: expected at least 64 samples, got 63$"):
        fresh.fit(x[:, :63], y)


def test_the_factory_refuses_in_a_line() -> None:
    with pytest.raises(UsageError, match=r"^baseline: expected envelope-forest, fft-svm, .*, got 'cnn'$"):
        baseline("cnn", RATE_HZ, BAND_HZ, 0)
    with pytest.raises(UsageError, match=r"^baseline envelope-forest: expected a band .*, got none$"):
        baseline("envelope-forest", RATE_HZ, None, 0)
    with pytest.raises(UsageError, match=r"^sample_rate_hz: expected a positive number, got nan$"):
        baseline("fft-svm", float("nan"), None, 0)
    x = np.random.default_rng(0).standard_normal((4, N))
    with pytest.raises(DataError, match=r"^band: expected at most 6000 Hz \(half the rate\), got 5000 to 7000 Hz$"):
        baseline("envelope-forest", RATE_HZ, (5000.0, 7000.0), 0).fit(x, np.array([0, 1, 0, 1]))


def test_the_envelope_line_stands_at_the_rate_of_the_impulses() -> None:
    """100 impulses a second in a resonance outside the band: the quarters of the spectrum see them."""
    t = np.arange(N) / RATE_HZ
    y = np.exp(-800 * (t % 0.01)) * np.sin(2 * np.pi * 5200 * t)
    y += 0.01 * np.random.default_rng(0).standard_normal(N)
    spectrum = envelope_features(y[None], RATE_HZ, BAND_HZ)[0, :96]
    bin_hz = 1000 / 96
    assert abs((spectrum.argmax() + 0.5) * bin_hz - 100) <= bin_hz


def test_features_are_measures_of_the_window() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, N))
    found = time_features(x)
    levels = np.stack([found["rms"], found["kurtosis"], found["crest_factor"]], axis=1)
    np.testing.assert_allclose(level_features(x), np.log(levels), rtol=1e-5)
    # Ten times the amplitude: the levels rise by ln 10, the envelope's shape and the shape of the peaks stay.
    rise = envelope_features(10 * x, RATE_HZ, BAND_HZ) - envelope_features(x, RATE_HZ, BAND_HZ)
    assert rise.shape == (3, 96 + 16 + 3)
    np.testing.assert_allclose(rise[:, :96], 0, atol=1e-5)
    np.testing.assert_allclose(rise[:, 96:113], np.log(10), atol=1e-5)
    np.testing.assert_allclose(rise[:, 113:], 0, atol=1e-5)
    tone = np.sin(2 * np.pi * 3000 * np.arange(N) / RATE_HZ)
    assert spectrum_features(tone[None], RATE_HZ)[0].argmax() in (127, 128)
    assert spectrum_features(x[:, :128], RATE_HZ).shape == (3, 64)


def test_a_dead_sensor_is_no_error() -> None:
    x = np.concatenate([np.random.default_rng(0).standard_normal((5, N)), np.zeros((2, N))]).astype(np.float32)
    for of in (lambda w: envelope_features(w, RATE_HZ, BAND_HZ), lambda w: spectrum_features(w, RATE_HZ)):
        features = of(x)
        assert np.isfinite(features).all()
        assert not features[5:].any()
        np.testing.assert_array_equal(of(x[5:]), features[5:])


def test_two_thousand_windows_in_three_seconds() -> None:
    x = np.random.default_rng(0).standard_normal((2000, N)).astype(np.float32)
    start = time.process_time()
    envelope_features(x, RATE_HZ, BAND_HZ)  # the slowest: five envelopes
    assert time.process_time() - start < 3.0


def test_scikit_learn_is_loaded_for_a_row_only() -> None:
    code = "import sys, drsn_keras.training.vibration.baselines; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
