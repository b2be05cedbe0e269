"""Rows for images that look for likes: block matching and 3-D filtering, non-local means."""

import numpy as np
import pytest

from drsn_keras.denoising import psnr, rmse
from drsn_keras.errors import UsageError
from drsn_keras.training.denoising import bm3d as module
from drsn_keras.training.denoising.bm3d import bm3d
from drsn_keras.training.denoising.classical import bm3d_lite, image_deviation, nl_means, total_variation, wiener
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.corruption import Condition
from drsn_keras.training.denoising.recipes import recipe
from drsn_keras.training.denoising.rows import classical_candidates, row_names
from drsn_keras.training.denoising.tasks import prepare
from drsn_keras.training.denoising.textures import draw_texture

SIGMA = 25.0


def _noisy(clean, sigma=SIGMA, seed=0):
    return clean + np.random.default_rng(seed).normal(0, sigma, clean.shape)


@pytest.fixture(scope="module")
def textures():
    clean = [draw_texture(np.random.default_rng(seed), 48, 56).astype(np.float64) for seed in (1, 2, 3)]
    return np.stack(clean), np.stack([_noisy(image, seed=k) for k, image in enumerate(clean)])


@pytest.fixture(scope="module")
def cleaned(textures):
    return bm3d_lite(textures[1], SIGMA)


def test_likes_do_better_than_neighbours(textures, cleaned):
    clean, noisy = textures
    rows = {
        "bm3d-lite": cleaned,
        "nl-means": nl_means(noisy, SIGMA),
        "tv": total_variation(noisy, 0.7 * SIGMA, rank=2),
        "wiener": wiener(noisy, rank=2),
    }
    found = {name: np.mean([psnr(a, b, 255) for a, b in zip(clean, row, strict=True)]) for name, row in rows.items()}
    assert found["bm3d-lite"] > found["tv"] + 0.5 and found["bm3d-lite"] > found["nl-means"] > found["wiener"] + 1.0


def test_the_second_stage_adds(textures, cleaned):
    clean, noisy = textures[0][0], textures[1][0]
    first = module._stage((noisy / SIGMA).astype(np.float32), None) * SIGMA
    assert psnr(clean, cleaned[0], 255) > psnr(clean, first, 255) + 0.3


def test_equal_blocks_average_the_noise_down():
    """Tiles that nothing can tell from noise: of one alone all is kept, sixteen and more are averaged."""
    alone = np.random.default_rng(3).normal(128, 40, (48, 48))
    tiled = np.tile(alone[:8, :8], (6, 6))
    assert rmse(alone, bm3d(_noisy(alone, 10.0), 10.0)) > 9.0
    assert rmse(tiled, bm3d(_noisy(tiled, 10.0), 10.0)) < 5.0


def test_a_constant_image_stays_constant_and_its_noise_goes():
    flat = np.full((40, 33), 117.0)
    np.testing.assert_allclose(bm3d(flat, SIGMA), flat, atol=1e-4)
    np.testing.assert_array_equal(bm3d_lite(flat), flat)
    np.testing.assert_array_equal(nl_means(flat), flat)
    np.testing.assert_allclose(bm3d(0 * flat, SIGMA), 0 * flat, atol=1e-4)
    assert rmse(flat, bm3d(_noisy(flat), SIGMA)) < 0.15 * SIGMA


def test_without_noise_nothing_is_done(textures):
    noisy = textures[1]
    np.testing.assert_array_equal(bm3d(noisy[0], 0.0), noisy[0])
    for row in (bm3d_lite, nl_means):
        np.testing.assert_array_equal(row(noisy, 0.0), noisy)


def test_the_unit_does_not_matter(textures, cleaned):
    noisy = textures[1][1]
    np.testing.assert_allclose(bm3d(noisy / 16 - 3, SIGMA / 16), cleaned[1] / 16 - 3, atol=0.02)


@pytest.mark.parametrize(("width", "at_once"), [(20, 20), (12, 1)])
def test_reference_blocks_in_parts_are_the_same_as_at_once(textures, monkeypatch, width, at_once):
    noisy = textures[1][0, : 4 * width, :width]
    whole = bm3d(noisy, SIGMA)
    monkeypatch.setattr(module, "_REFERENCES", at_once)
    np.testing.assert_allclose(bm3d(noisy, SIGMA), whole, atol=1e-3)


def test_likes_are_the_nearest_of_the_window():
    image = np.random.default_rng(0).normal(0, 1, (50, 31)).astype(np.float32)
    rows, columns = np.array([3, 21, 42]), np.array([0, 10, 23])
    at = module._similar(image, rows, columns, 16)
    blocks = np.lib.stride_tricks.sliding_window_view(image, (8, 8))
    for k, (row, column) in enumerate((r, c) for r in rows for c in columns):
        distance = np.square(blocks - blocks[row, column]).sum(axis=(2, 3))
        y, x = np.mgrid[:43, :24]
        distance[(abs(y - row) > 19) | (abs(x - column) > 19)] = np.inf
        assert at[k, 0] == row * 24 + column, "itself first"
        np.testing.assert_allclose(distance.ravel()[at[k]], np.sort(distance.ravel())[:16], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(8, 8), (8, 41), (9, 12), (27, 10)])
def test_small_and_odd_images(shape):
    clean = 60.0 + 2.0 * np.add.outer(np.arange(shape[0]), np.arange(shape[1]))
    noisy = _noisy(clean)
    assert rmse(clean, bm3d(noisy, SIGMA)) < 0.7 * rmse(clean, noisy)


@pytest.mark.parametrize(("shape", "got"), [((7, 40), "7 x 40"), ((40, 5), "40 x 5"), ((64,), "64")])
def test_images_that_hold_no_block(shape, got):
    with pytest.raises(UsageError, match=f"bm3d-lite: expected an image of at least 8 x 8 pixels, got {got}"):
        bm3d(np.zeros(shape), SIGMA)


@pytest.mark.parametrize("sigma", [5.0, 25.0])
def test_the_noise_of_an_image_is_estimated(textures, sigma):
    for k, clean in enumerate(textures[0]):
        assert image_deviation(_noisy(clean, sigma, k)) == pytest.approx(sigma, rel=0.1)
    with pytest.raises(UsageError, match="noise's deviation: expected an image of at least 3 x 3 pixels, got 2 x 9"):
        bm3d_lite(np.zeros((2, 9)))


def test_a_table_of_images_has_them_and_they_are_told_the_level(textures):
    task = prepare(DenoiseConfig(**{**recipe("images"), "kind": "images", "drawn": 2, "textures": 1.0}))[1]
    scale = task.spec.full_scale
    assert {"nl-means", "bm3d-lite"} <= set(row_names(task))
    noisy = textures[1][0][:24, :30]
    for one, row in zip(classical_candidates(task, ["nl-means", "bm3d-lite"]), (nl_means, bm3d_lite), strict=True):
        for measure, sigma in (("sigma", 40.0), ("quality", None)):
            (found,) = one.denoise([(noisy / scale).astype(np.float32)], Condition("any", 40.0, measure))
            np.testing.assert_allclose(found * scale, row(noisy, sigma), atol=0.02)
