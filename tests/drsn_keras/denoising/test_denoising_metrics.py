"""Metrics: values by hand, properties, SSIM beside two other implementations."""

import numpy as np
import pytest

from drsn_keras.denoising import prd, psnr, rmse, segmental_snr, si_sdr, slide_psnr, ssim
from drsn_keras.errors import DataError, UsageError


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    clean = rng.standard_normal((4, 50))
    return clean, clean + 0.1 * rng.standard_normal((4, 50))


def test_values_by_hand():
    clean, estimate = np.array([[3.0, 4.0], [0.0, 5.0]]), np.array([[3.0, 5.0], [1.0, 5.0]])
    assert rmse(clean, estimate) == pytest.approx(np.sqrt(0.5))
    assert psnr(clean, estimate, peak=10.0) == pytest.approx(10 * np.log10(100 / 0.5))
    assert slide_psnr(clean, estimate) == pytest.approx(20 * np.log10(10 / 0.5))
    assert prd(clean, estimate) == pytest.approx(100 * np.sqrt(2 / 50))
    np.testing.assert_allclose(prd(clean, estimate, axis=1), [20.0, 20.0])
    np.testing.assert_allclose(prd(clean, estimate, axis=1, remove_mean=True), 100 * np.sqrt([1 / 0.5, 1 / 12.5]))
    # <e, s> = 29, |s|^2 = 25: target 1.16 s, rest (-0.48, 0.36)
    assert si_sdr(clean[0], estimate[0]) == pytest.approx(10 * np.log10(1.16**2 * 25 / 0.36))


def test_an_error_ten_times_as_large_costs_20_db_and_40_of_the_slides(pair):
    clean, estimate = pair
    worse = clean + 10 * (estimate - clean)
    assert psnr(clean, estimate, 1.0) - psnr(clean, worse, 1.0) == pytest.approx(20)
    assert slide_psnr(clean, estimate) - slide_psnr(clean, worse) == pytest.approx(40)


@pytest.mark.parametrize("metric", [rmse, slide_psnr, si_sdr, prd, lambda s, e, axis: psnr(s, e, 2.0, axis)])
def test_an_axis_gives_one_number_a_signal(pair, metric):
    clean, estimate = pair
    several = metric(clean, estimate, axis=-1)
    assert several.shape == (4,)
    np.testing.assert_allclose(several[2], metric(clean[2], estimate[2], axis=None))


def test_nothing_left_of_the_error(pair):
    clean, _ = pair
    assert (rmse(clean, clean), psnr(clean, clean, 1.0), slide_psnr(clean, clean)) == (0.0, np.inf, np.inf)
    assert si_sdr(clean, 2.0 * clean) > 250
    assert prd(clean, clean) == 0.0


def test_si_sdr_forgets_scale_and_white_noise_gives_its_ratio(pair):
    clean, estimate = pair
    assert si_sdr(clean, 7.0 * estimate) == pytest.approx(si_sdr(clean, estimate))
    assert si_sdr(clean, estimate) == pytest.approx(20.0, abs=1.0)


def test_segmental_snr_by_hand():
    """Frames of 20, -20 (counts -10), silence (left out) and without an error (35) dB, then a rest."""
    clean = np.array([1.0, 1, 0.1, 0.1, 0, 0, 1, 1, 1])
    error = np.array([0.1, 0.1, 1, 1, 1, 1, 0, 0, 9])
    assert segmental_snr(clean, clean + error, 100, frame_s=0.02) == pytest.approx((20 - 10 + 35) / 3)


@pytest.mark.parametrize("shape", [(16, 21), (12, 11, 3)])
def test_ssim_is_tensorflows_and_scikit_images(shape):
    rng = np.random.default_rng(0)
    clean = rng.random(shape).cumsum(axis=0)
    clean /= clean.max()
    estimate = clean + 0.1 * rng.standard_normal(shape)
    value = ssim(clean, estimate, data_range=1.0)
    assert 0.0 < value < 1.0
    skimage = pytest.importorskip("skimage.metrics")
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    axis = -1 if len(shape) == 3 else None
    expected = skimage.structural_similarity(clean, estimate, channel_axis=axis, **options)
    assert value == pytest.approx(expected, abs=1e-10)
    tf = pytest.importorskip("tensorflow")
    images = [tf.constant(image.reshape(*shape[:2], -1)) for image in (clean, estimate)]
    assert value == pytest.approx(float(tf.image.ssim(*images, max_val=1.0)), abs=1e-4)


def test_ssim_of_one_window_by_hand():
    """Images of 11 x 11 have one place: means 2 and 4, no variance: (2 * 8 + c1) / (4 + 16 + c1)."""
    c1 = (0.01 * 10) ** 2
    value = ssim(np.full((11, 11), 2.0), np.full((11, 11), 4.0), data_range=10.0)
    assert value == pytest.approx((16 + c1) / (20 + c1))
    image = np.arange(121.0).reshape(11, 11)
    assert ssim(image, image, 120.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: rmse(np.zeros(3), np.zeros(4)), DataError, r"estimate: expected the shape .* \(3,\), got \(4,\)"),
        (lambda: rmse(np.array([np.nan]), np.zeros(1)), DataError, "clean: expected finite real numbers"),
        (lambda: rmse(np.zeros(0), np.zeros(0)), DataError, r"clean: .* got shape \(0,\)"),
        (lambda: psnr(np.zeros(1), np.ones(1), 0.0), UsageError, r"peak: expected a number above 0, got 0\.0"),
        (lambda: si_sdr(np.zeros(3), np.ones(3)), DataError, "clean: expected a signal, got silence"),
        (lambda: prd(np.ones(3), np.zeros(3), remove_mean=True), DataError, "got silence"),
        (lambda: segmental_snr(np.ones(3), np.ones(3), 1000), DataError, "one signal of at least 30 samples"),
        (lambda: segmental_snr(np.zeros(30), np.ones(30), 1000), DataError, "got silence"),
        (lambda: segmental_snr(np.ones(3), np.ones(3), 0.1), UsageError, "frames of 1 sample or more"),
        (lambda: ssim(np.zeros((10, 20)), np.zeros((10, 20)), 1.0), DataError, "at least 11 pixels on a side"),
        (lambda: ssim(np.zeros((11, 11)), np.zeros((11, 12)), 1.0), DataError, "estimate: expected the shape"),
        (lambda: ssim(np.zeros((11, 11)), np.zeros((11, 11)), -1.0), UsageError, "data_range: expected"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
