"""The band of a training set: found where the simulator's defects ring, from some of the windows only."""

from __future__ import annotations

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import kurtogram
from drsn_keras.simulation import simulated_task
from drsn_keras.training.vibration.band import choose_envelope_band

RATE_HZ = 12000
N = 2048


def simulated_windows(states: tuple[str, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of two machines and the state of each."""
    task = simulated_task(seed, 2, states=states, speeds_rpm=(1800.0,), loads=(0.2, 1.0), duration_s=0.7)
    cuts = [r.acceleration_m_s2()[: 4 * N].reshape(4, N) for r in task]
    return np.concatenate(cuts), np.repeat([r.label for r in task], 4)


def kurtosis_in(x: np.ndarray, band_hz: tuple[float, float]) -> float:
    """Median kurtosis of windows in the cell of the kurtogram that is nearest to a band."""
    trees = [kurtogram(w, RATE_HZ, max_level=2, min_bandwidth_hz=RATE_HZ / 8) for w in x]
    apart = [abs(b.low_hz - band_hz[0]) + abs(b.high_hz - band_hz[1]) for b in trees[0]]
    assert min(apart) < 20
    return float(np.median([tree[int(np.argmin(apart))].kurtosis for tree in trees]))


def median_band(x: np.ndarray) -> tuple[float, float]:
    """The other way to average over windows, that was not taken."""
    trees = [kurtogram(w, RATE_HZ, max_level=2, min_bandwidth_hz=RATE_HZ / 8) for w in x]
    return trees[0][int(np.median([[b.kurtosis for b in t] for t in trees], axis=0).argmax())].edges_hz


def test_the_band_suits_the_few_impulsive_windows() -> None:
    """One state of four is a bearing defect: its windows are nearly as impulsive in the band as in any other.

    The median over all windows would choose by the three other states and lose a third of it.
    """
    states = ("normal", "imbalance", "misalignment", "bearing-outer-race")
    kept, kept_by_median = [], []
    for seed in range(8):
        x, label = simulated_windows(states, seed)
        faulty = x[label == "bearing-outer-race"]
        cells = kurtogram(x[0], RATE_HZ, max_level=2, min_bandwidth_hz=RATE_HZ / 8)
        best = max(kurtosis_in(faulty, cell.edges_hz) for cell in cells)
        kept.append(kurtosis_in(faulty, choose_envelope_band(x, RATE_HZ, np.random.default_rng(0))) / best)
        kept_by_median.append(kurtosis_in(faulty, median_band(x)) / best)
    assert min(kept) > 0.8
    assert np.mean(kept) > 0.95
    assert np.mean(kept_by_median) < 0.7


def ringing(frequency_hz: float, n: int, seed: int, n_samples: int = N) -> np.ndarray:
    """Windows of noise, a quarter of them struck 100 times a second."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / RATE_HZ
    y = np.exp(-800 * (t % 0.01)) * np.sin(2 * np.pi * frequency_hz * t)
    return 0.2 * rng.standard_normal((n, n_samples)) + np.where(np.arange(n) % 4 == 0, 1.0, 0.0)[:, None] * y


@pytest.mark.parametrize("frequency_hz", [800.0, 2200.0, 3700.0, 5200.0])
@pytest.mark.parametrize("n_samples", [1024, 2050, 4095])
def test_the_resonance_is_inside(frequency_hz: float, n_samples: int) -> None:
    low_hz, high_hz = choose_envelope_band(ringing(frequency_hz, 16, 0, n_samples), RATE_HZ, np.random.default_rng(0))
    assert low_hz < frequency_hz < high_hz
    assert 0 < low_hz < high_hz <= RATE_HZ / 2
    assert high_hz - low_hz >= RATE_HZ / 8 - 1e-9


def test_one_seed_one_band() -> None:
    x = ringing(3700.0, 60, 1)
    bands = {choose_envelope_band(x, RATE_HZ, np.random.default_rng(5), n_windows=20) for _ in range(3)}
    assert len(bands) == 1
    # All windows fit in: nothing is drawn, and their order does not matter.
    rng = np.random.default_rng(0)
    assert choose_envelope_band(x, RATE_HZ, rng) == choose_envelope_band(x[::-1], RATE_HZ, rng)
    assert rng.random() == np.random.default_rng(0).random()


def test_dead_windows_are_passed_over_and_bad_ones_refused() -> None:
    x = ringing(3700.0, 16, 2)
    rng = np.random.default_rng(0)
    with_dead = np.concatenate([np.zeros((5, N)), x])
    assert choose_envelope_band(with_dead, RATE_HZ, rng) == choose_envelope_band(x, RATE_HZ, rng)
    for bad, message in (
        (np.zeros((3, N)), "^windows: expected a vibration, got 3 constant windows$"),
        (np.where(np.arange(N) == 7, np.nan, x), "^windows: expected finite samples, got NaN or infinity$"),
        (x[:0], r"^windows: expected numbers of shape \(n, n_samples\), got shape \(0, 2048\), float64$"),
        (x[0], r"^windows: expected numbers of shape \(n, n_samples\), got shape \(2048,\), float64$"),
        (x[:, :512], "^signal: expected at least 1024 samples, got "),
    ):
        with pytest.raises(DataError, match=message):
            choose_envelope_band(bad, RATE_HZ, rng)
    with pytest.raises(UsageError, match=r"^n_windows: expected a whole number from 1, got 0$"):
        choose_envelope_band(x, RATE_HZ, rng, n_windows=0)
    with pytest.raises(UsageError, match=r"^sample_rate_hz: expected a number above 0, got 0"):
        choose_envelope_band(x, 0, rng)
