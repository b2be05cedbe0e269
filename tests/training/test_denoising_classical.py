"""The spikes' task reproduces the published figures; every classical row does what its formula says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.denoising import rmse, slide_psnr
from drsn_keras.errors import UsageError
from drsn_keras.training.denoising.bayes import bayes_estimate, occupied_places
from drsn_keras.training.denoising.classical import CLASSICAL, mean_subtracted, wavelet
from drsn_keras.training.denoising.sparse_filters import gmc_filter, l1_filter, soft
from drsn_keras.training.denoising.spikes import draw_pairs, draw_spikes

TRIALS = 2000
IMAGE_ROWS = {"nl-means", "bm3d-lite"}
#: RMSE and the slides' "PSNR", means over trials.
PUBLISHED = {
    "noisy": (2.99, 1.00),
    "zeros": (2.78, 2.34),
    "wiener": (2.40, 4.83),
    "l1": (2.44, 4.55),
    "gmc": (2.88, 1.68),
    "soft": (1.83, 9.58),
    "soft-nonnegative": (1.67, 11.23),
}


@pytest.fixture(scope="module")
def trials():
    return draw_pairs(np.random.default_rng(1), TRIALS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(trials, name):
    noisy, clean = trials
    estimate = CLASSICAL[name](noisy)
    error, slides = PUBLISHED[name]
    assert rmse(clean, estimate, axis=-1).mean() == pytest.approx(error, abs=0.02)
    assert slide_psnr(clean, estimate, axis=-1).mean() == pytest.approx(slides, abs=0.15)


def test_no_row_beats_the_bound(trials):
    noisy, clean = trials
    alone = rmse(clean, bayes_estimate(noisy), axis=-1)
    assert alone.mean() == pytest.approx(1.62, abs=0.02)
    assert slide_psnr(clean, bayes_estimate(noisy), axis=-1).mean() == pytest.approx(11.81, abs=0.15)
    few, clean_few = noisy[:300], clean[:300]
    joint = rmse(clean_few, bayes_estimate(few, joint=True))
    assert 0.98 < joint / rmse(clean_few, bayes_estimate(few)) < 1.0
    for name in CLASSICAL.keys() - IMAGE_ROWS:
        assert rmse(clean_few, CLASSICAL[name](few)) > joint, name


def test_the_posterior_mean_is_the_mean_of_what_gave_such_samples():
    """Beside a brute-force average over all ways to place 2 spikes in 3 samples."""
    noisy, sigma, amplitudes = np.array([[1.0, 6.0, -2.0]]), 3.0, np.arange(2, 11)
    total, weight = np.zeros(3), 0.0
    for a in range(3):
        for b in range(3):
            for first in amplitudes:
                for second in amplitudes:
                    clean = np.zeros(3)
                    clean[a] = first
                    clean[b] = second
                    likelihood = np.exp(-np.sum((noisy[0] - clean) ** 2) / (2 * sigma**2))
                    total += likelihood * clean
                    weight += likelihood
    np.testing.assert_allclose(bayes_estimate(noisy, sigma, 2, joint=True)[0], total / weight, rtol=1e-9)
    assert occupied_places(3, 2).tolist() == pytest.approx([0, 1 / 3, 2 / 3])


def test_spikes_are_whole_and_distinct_on_request():
    rng = np.random.default_rng(0)
    clean = draw_spikes(rng, 500, distinct=True)
    assert ((clean > 0).sum(axis=1) == 20).all()
    assert sorted(np.unique(clean)) == [0, *range(2, 11)]
    # Each place is as likely: 100 counts of mean 100 and deviation sqrt(500 * 0.2 * 0.8) = 9
    assert np.abs((clean > 0).sum(axis=0) - 100).max() < 45
    assert (draw_spikes(rng, 2000) > 0).sum(axis=1).mean() == pytest.approx(100 * (1 - 0.99**20), abs=0.15)
    with pytest.raises(UsageError, match="n_spikes: expected at most 10 distinct places, got 20"):
        draw_spikes(rng, 1, 10, distinct=True)


def test_l1_filter_by_hand():
    """The orthonormal DFT of a constant is 2 at 0 Hz (n = 4); of +1 -1 +1 -1, 2 at half the rate."""
    np.testing.assert_allclose(l1_filter(np.array([1.0, 1, 1, 1]), 0.5), np.full(4, 0.75))
    np.testing.assert_allclose(l1_filter(np.array([[5.0, 3, 5, 3]]), 2.5), np.full((1, 4), 2.75), atol=1e-12)
    image = np.ones((2, 4, 4))
    np.testing.assert_allclose(l1_filter(image, 1.0, rank=2), np.full((2, 4, 4), 0.75))


def test_gmc_is_the_firm_threshold_of_a_unitary_transform():
    """Zero up to the threshold, untouched from threshold / gamma on, a line between; gamma = 0 is the L1 filter."""
    threshold, gamma = 3.0, 0.8
    coefficients = np.array([0.0, 2.9, 3.3, 3.7, 3.8, 9.0])
    expected = np.array([0.0, 0.0, 0.3 * 5, 0.7 * 5, 3.8, 9.0])
    noisy = np.fft.ifft(np.concatenate([coefficients, coefficients[:0:-1]]), norm="ortho").real
    found = np.fft.fft(gmc_filter(noisy, threshold, gamma, tolerance=1e-9), norm="ortho").real
    np.testing.assert_allclose(found[:6], expected, atol=1e-5)
    np.testing.assert_allclose(gmc_filter(noisy, 3.0, 0.0, tolerance=1e-9), l1_filter(noisy, 3.0), atol=1e-6)
    with pytest.raises(UsageError, match=r"gamma: expected 0 <= gamma < 1, got 1\.0"):
        gmc_filter(noisy, gamma=1.0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.complex_numbers(max_magnitude=1e3), min_size=1, max_size=9), st.floats(0, 100))
def test_soft_threshold_shrinks_magnitudes_and_keeps_angles(values, threshold):
    x = np.array(values)
    y = soft(x, threshold)
    np.testing.assert_allclose(np.abs(y), np.maximum(np.abs(x) - threshold, 0), atol=1e-9)
    assert (np.real(y * x.conj()) >= -1e-9).all()


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("rank", [1, 2])
def test_every_signal_is_filtered_alone(name, rank):
    noisy = np.random.default_rng(0).standard_normal((2, 3, *(12, 17)[:rank]))
    if rank == 1 and name in IMAGE_ROWS:
        with pytest.raises(UsageError, match=r"rank: expected 2 \(images\), got 1"):
            CLASSICAL[name](noisy, rank=rank)
        return
    filtered = CLASSICAL[name](noisy, rank=rank)
    assert filtered.shape == noisy.shape
    np.testing.assert_allclose(CLASSICAL[name](noisy[1, 2], rank=rank), filtered[1, 2], atol=1e-12)


@pytest.mark.parametrize("mode", ["soft", "garrote"])
def test_wavelets_remove_noise_from_a_smooth_signal(mode):
    rng = np.random.default_rng(0)
    clean = 5.0 * np.sin(2 * np.pi * np.arange(512) / 128)
    noisy = clean + rng.standard_normal(512)
    assert rmse(clean, wavelet(noisy, mode)) < 0.6 * rmse(clean, noisy)
    np.testing.assert_allclose(wavelet(clean, mode, sigma=0.0), clean, atol=1e-9)
    with pytest.raises(UsageError, match="mode: expected soft or garrote, got 'hard'"):
        wavelet(noisy, "hard")


def test_mean_subtraction_alone_gains_6_db_where_noise_is_uniform_above_zero():
    """Of uniform noise between 0 and s the power is s^2 / 3, its variance s^2 / 12."""
    noise = np.random.default_rng(0).uniform(0.0, 2.0, 100_000)
    gain = 20 * np.log10(rmse(0 * noise, noise) / rmse(0 * noise, mean_subtracted(noise, 1.0)))
    assert gain == pytest.approx(6.02, abs=0.05)
